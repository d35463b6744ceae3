// Shows what a reference leads to in place: an equation, a figure, a term, a work, a
// section. Pointing or the keyboard opens it, Escape closes it, and one can point into
// it. A finger follows the link as ever. (sphinx-tippy 0.4 loads its scripts from another
// host and adds a style element, which the pages' policy forbids.)
"use strict";
(() => {
  const REFERENCES = 'article a[href*="#"]:not(.headerlink, [href*="="], [id])';
  const BOX = "div.math, .dl-live, .citation, .admonition, details, section";
  const pages = new Map(), panel = document.createElement("div");
  let shownAt = null, wanted = null, timer = 0;
  panel.className = "preview";
  panel.popover = "manual";
  document.body.append(panel);

  async function pageOf(url) {
    const [here, file] = [location, url].map((u) => u.href.split(/[?#]/)[0]);
    if (file === here) return document;
    if (!/^https?:/.test(url.protocol) || url.origin !== location.origin) return null;
    if (!pages.has(file)) {
      const read = fetch(file).then((answer) => answer.text());
      pages.set(file, read.then((text) => new DOMParser().parseFromString(text, "text/html")));
    }
    return pages.get(file);
  }

  // The parts of a page that say what the place in it is.
  function parts(target) {
    if (target.matches("dt")) return [target, target.nextElementSibling];
    const box = target.closest(BOX);
    if (!box) return [];
    if (box.matches(".dl-live")) return [...box.querySelectorAll("figcaption, .dl-picture")];
    if (!box.matches("section")) return [box];
    return [...box.children].filter((e) => e.matches("h1, h2, h3, h4, p, div.math")).slice(0, 3);
  }

  async function show(link) {
    const url = new URL(link.href), page = await pageOf(url).catch(() => null);
    const target = page?.getElementById(decodeURIComponent(url.hash.slice(1)));
    const copies = (target ? parts(target) : []).filter(Boolean).map((e) => document.importNode(e, true));
    if (wanted !== link || !copies.length) return;
    panel.replaceChildren(...copies);
    panel.querySelectorAll(".headerlink").forEach((e) => e.remove());
    for (const e of panel.querySelectorAll("a[href], img[src]")) {
      const name = e.matches("a") ? "href" : "src";
      e.setAttribute(name, new URL(e.getAttribute(name), url));
    }
    panel.querySelectorAll("details").forEach((e) => { e.open = true; });
    link.removeAttribute("title");
    panel.showPopover();
    place(link);
    shownAt = link;
  }

  // Above or below its link, wherever the page has been scrolled.
  function place(link) {
    panel.style.maxHeight = "";
    const at = link.getBoundingClientRect(), rooms = [innerHeight - at.bottom - 12, at.top - 64];
    const below = panel.offsetHeight <= rooms[0] || rooms[0] >= rooms[1];
    panel.style.maxHeight = `min(24rem, ${rooms[below ? 0 : 1]}px)`;
    const own = panel.getBoundingClientRect();
    panel.style.top = `${below ? at.bottom + 4 : at.top - own.height - 4}px`;
    panel.style.left = `${Math.max(8, Math.min(at.left, innerWidth - own.width - 8))}px`;
  }

  function hide() {
    clearTimeout(timer);
    wanted = shownAt = null;
    panel.hidePopover();
  }

  function later(delay, action) {
    clearTimeout(timer);
    timer = setTimeout(action, delay);
  }

  function open(link, delay) {
    if (link === shownAt) return clearTimeout(timer);
    if (shownAt) hide();
    wanted = link;
    later(delay, () => show(link));
  }

  for (const link of document.querySelectorAll(REFERENCES)) {
    link.addEventListener("pointerenter", (e) => e.pointerType === "mouse" && open(link, 300));
    link.addEventListener("pointerleave", () => later(250, hide));
    link.addEventListener("focus", () => link.matches(":focus-visible") && open(link, 100));
    link.addEventListener("blur", hide);
    link.addEventListener("click", hide);
  }
  panel.addEventListener("pointerenter", () => clearTimeout(timer));
  panel.addEventListener("pointerleave", () => later(250, hide));
  addEventListener("scroll", () => shownAt && place(shownAt), { passive: true });
  addEventListener("keydown", (event) => event.key === "Escape" && hide());
})();
