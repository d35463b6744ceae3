// Keeps the book in the browser, to be read without a network. Pages come from the
// network as long as there is one; their scripts and styles are named by their content.
"use strict";
const FILES = new Map(Object.entries({/* files */}));
const SCOPE = new URL("./", location);
const key = (path) => new URL(`${path}?kept=${FILES.get(path)}`, SCOPE).href;

async function fill() {
  const cache = await caches.open("book");
  for (const path of FILES.keys()) {
    if (await cache.match(key(path))) continue;
    const answer = await fetch(new URL(path, SCOPE), { cache: "no-cache" });
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    // An answer of our own making has no address: the page keeps that of its request.
    const headers = { "Content-Type": answer.headers.get("Content-Type") };
    await cache.put(key(path), new Response(await answer.blob(), { headers }));
  }
}

async function tidy() {
  const cache = await caches.open("book");
  const current = new Set([...FILES.keys()].map(key));
  for (const request of await cache.keys()) {
    if (!current.has(request.url)) await cache.delete(request);
  }
  await clients.claim();
}

async function answer(request, path) {
  const cache = await caches.open("book");
  const kept = () => cache.match(key(path));
  if (request.mode !== "navigate") return (await kept()) ?? fetch(request);
  return fetch(request).catch(async () => (await kept()) ?? Response.error());
}

addEventListener("install", (event) => event.waitUntil(fill()));
addEventListener("activate", (event) => event.waitUntil(tidy()));
addEventListener("fetch", (event) => {
  const { request } = event, url = new URL(request.url);
  if (request.method !== "GET" || !url.href.startsWith(SCOPE.href)) return;
  const path = decodeURIComponent(url.pathname.slice(SCOPE.pathname.length));
  const file = path === "" || path.endsWith("/") ? `${path}index.html` : path;
  if (FILES.has(file)) event.respondWith(answer(request, file));
});
