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

const within = (v, low, high) => Math.min(Math.max(v, low), high);
const pixel = p => isFinite(p) ? Math.round(within(p, -FAR, FAR) * 100) / 100 : NaN;
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

// The address keeps the values of the figures that were moved, and so does the entry of
// the history, whose address may be that of a section ---------------------------------

const ours = () => [...figures.values()].filter(f => !f.lent);

function stated() {
  const {state} = history, text = state?.at ? state : location.hash.slice(1);
  return new Map(text.split("&").map(part => part.split("=")).filter(pair => pair.length === 2));
}

// A section's entry stays for the way back, unless this only notes what is shown there.
function note(there) {
  const all = stated(), own = ours(), {hash, href} = location;
  own.forEach(f => f.moved() ? all.set(f.name, f.state()) : all.delete(f.name));
  const text = [...all].map(pair => pair.join("=")).join("&"), section = /^#[^=]+$/.test(hash);
  const stay = there || section && !text;
  try {
    if (own.length && text !== history.state)
      history[stay || !section ? "replaceState" : "pushState"](text, "",
        stay ? href : href.split("#")[0] + (text && "#" + text));
  } catch { /* a browser may forbid it for files; the figure works without */ }
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
  kept.addEventListener("focusin", e => write(e.target, "data-lm-suppress-shortcuts", ""));
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
  const told = document.createElement("p"), controls = root.querySelector(".dl-controls");
  told.className = "dl-still";
  told.textContent = "This figure does not answer, for its script did not load or fit. It shows its first values.";
  controls.before(told);
  controls.disabled = true;
}

// Takes the state that the address has for a figure, and shows the first figure named.
function recall(figure) {
  const text = stated().get(figure.name), known = history.state?.at;
  if (!text || !figure.restore(text)) {
    if (known && figure.moved()) { figure.reset(); figure.update(); }
    return;
  }
  for (let e = figure.root; e; e = e.parentElement) if (e.localName === "details") e.open = true;
  if (!known && location.hash.startsWith(`#${figure.name}=`))
    figure.root.scrollIntoView({behavior: "instant"});
}

addEventListener("popstate", () => {
  ours().forEach(recall);
  note(true);
});

const waiting = self.dlbook;
self.dlbook = {push: mount, figure: mount, figures};
if (Array.isArray(waiting)) waiting.forEach(mount);
addEventListener("load", () => {
  note(true);
  document.querySelectorAll(".dl-live:has([data-wakes]:disabled):not(:has(.dl-still))").forEach(still);
});
})();
