// Lets the figures of a page answer to their sliders. A figure's script calls
// (self.dlbook = self.dlbook || []).push({name, compute, sliders, ...}), before or after
// this file is loaded. Nothing is evaluated; markup comes in a notebook's own output only.
(() => {
"use strict";
const FAR = 9999, figures = new Map();

// Numbers -------------------------------------------------------------------------

// An address is "start:count:step" or "i,j,k"; data are an address or constants.
function address(text) {
  if (text.includes(",")) return text.split(",").map(Number);
  const [start, count = 1, step = 1] = text.split(":").map(Number);
  return Array.from({length: count}, (_, i) => start + i * step);
}

function reader(data, s) {
  if (typeof data !== "string") return {n: data.length, at: i => data[data.length > 1 ? i : 0]};
  const at = address(data), one = at.length === 1;
  return {n: at.length, at: i => s[at[one ? 0 : i]]};
}

const pixel = p => isFinite(p) ? Math.round(Math.min(Math.max(p, -FAR), FAR) * 100) / 100 : NaN;
const lg = v => v <= 0 ? -1000 : Math.log10(v);

// Pixels of a coordinate, or of the sum of two.
function channel([data, start = 0, unit = 1, log = 0, more], s) {
  const a = reader(data, s), b = reader(more === undefined ? [0] : more, s);
  const at = i => {
    const v = a.at(i) + b.at(i);
    return pixel(start + unit * (log ? lg(v) : v));
  };
  return {n: Math.max(a.n, b.n), at};
}

/* parts */

// The address keeps the values of the figures that were moved ----------------------

function stated() {
  const pairs = location.hash.slice(1).split("&").map(part => part.split("="));
  return new Map(pairs.filter(pair => pair.length === 2));
}

function note() {
  const old = stated();
  figures.forEach(f => f.lent ? 0 : f.moved() ? old.set(f.name, f.state()) : old.delete(f.name));
  const hash = [...old].map(pair => pair.join("=")).join("&");
  const url = location.href.split("#")[0] + (hash && "#" + hash);
  try {
    if (url !== location.href) history.replaceState(history.state, "", url);
  } catch (error) { /* a browser may forbid it for files; the figure works without */ }
}

// In a notebook the script brings the markup, which takes the place of the picture.
function unfold({markup, at, name}) {
  const chosen = `.dl-kept[data-figure="${name}"]`;
  const kept = at && (at.closest(chosen) || at.parentElement.querySelector(chosen))
    || document.querySelector(chosen);
  const range = document.createRange();
  range.selectNode(kept);
  kept.replaceChildren(range.createContextualFragment(markup));
  // JupyterLab takes the keys of whatever does not say that it wants them itself.
  kept.addEventListener("focusin", e => e.target.setAttribute("data-lm-suppress-shortcuts", ""));
  return kept.firstElementChild;
}

function mount(spec) {
  const {name, markup} = spec;
  const root = markup ? unfold(spec) : document.getElementById("live-" + name);
  if (!root && document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", () => mount(spec), {once: true});
  } else if (root && spec.compute && (markup || !figures.has(name))) {
    try {
      const figure = new Figure(spec, root);
      figure.lent = !!markup;
      figure.reset();
      figure.update();
      figures.set(name, figure);
      if (!markup) recall(figure);
    } catch (error) {
      still(root);
      console.warn(`figure ${name}:`, error);
    }
  }
}

// A figure that cannot answer says so, and its page goes on without it.
function still(root) {
  const note = document.createElement("p");
  note.className = "dl-still";
  note.textContent = "This figure does not answer, for its script did not load or fit. It shows its first values.";
  root.querySelector(".dl-controls").before(note);
  root.querySelector(".dl-controls").disabled = true;
}

// Takes the state that the address has for a figure, and shows the first figure named.
function recall(figure) {
  const all = stated(), text = all.get(figure.name);
  if (text === undefined || !figure.restore(text) || all.keys().next().value !== figure.name) return;
  for (let e = figure.root; e; e = e.parentElement) if (e.localName === "details") e.open = true;
  figure.root.scrollIntoView({behavior: "instant"});
}

addEventListener("hashchange", () => figures.forEach(f => f.lent || recall(f)));

const waiting = self.dlbook;
self.dlbook = {push: mount, figure: mount, figures};
if (Array.isArray(waiting)) waiting.forEach(mount);
addEventListener("load", () => document.querySelectorAll(".dl-live [data-wakes]").forEach(e => {
  const root = e.closest(".dl-live");
  if (e.disabled && !root.querySelector(".dl-still")) still(root);
}));
})();
