// Lets the figures of a page answer to their sliders. A figure's script calls
// (self.dlbook = self.dlbook || []).push({name, compute, sliders, ...}), before or after
// this file is loaded. Nothing of a page is evaluated, and nothing becomes markup.
(() => {
"use strict";
/* numbers.js */

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

// Changes: each returns a function that brings its elements up to date -----------

function write(element, name, value) {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function sentence(pieces, s) {
  const parts = pieces.map(p => typeof p === "string" ? p : [+p[0], p[1]]);
  return () => parts.map(p => typeof p === "string" ? p : typeset(formatNumber(s[p[0]], p[1]))).join("");
}

function outline(n, x, y, close) {
  let d = "", last = "";
  for (let i = 0; i < n; i++) {
    const px = x(i), py = y(i);
    if (px !== px || py !== py) { last = ""; continue; }
    const letter = last ? "L" : "M";
    d += (letter === last ? " " : letter) + px + " " + py;
    last = letter;
  }
  return close ? d + "Z" : d;
}

const leaves = group => [...group.querySelectorAll("path,use,text")];

// Which attributes of a leaf carry its colour: those that are painted at first.
function painted(leaf, names) {
  const style = getComputedStyle(leaf);
  return names.filter(name => style[name] !== "none");
}

const CHANGES = {
  xy(parts, s, part, X, Y, close) {
    const x = channel(X, s), y = channel(Y, s), n = Math.max(x.n, y.n);
    const path = parts[part].querySelector("path");
    const marks = [...parts[part].querySelectorAll("use")];
    return () => {
      if (path) write(path, "d", outline(n, x.at, y.at, close));
      marks.forEach((mark, i) => {
        const px = x.at(i), py = y.at(i), seen = px === px && py === py;
        write(mark, "display", seen ? null : "none");
        if (seen) { write(mark, "x", px); write(mark, "y", py); }
      });
    };
  },
  box(parts, s, first, count, ...sides) {
    const [x0, x1, y0, y1] = sides.map(side => channel(side, s));
    const paths = parts.slice(first, first + count).map(p => p.querySelector("path"));
    return () => paths.forEach((path, i) => {
      const x = [x0, x1, x1, x0], y = [y0, y0, y1, y1];
      write(path, "d", outline(4, k => x[k].at(i), k => y[k].at(i), 1));
    });
  },
  move(parts, s, part, X, Y) {
    const x = channel(X, s), y = channel(Y, s), path = parts[part].querySelector("path");
    return () => write(path, "transform", `translate(${x.at(0)} ${y.at(0)})`);
  },
  at(parts, s, part, X, Y) {
    const x = channel(X, s), y = channel(Y, s), text = parts[part].querySelector("text");
    return () => { write(text, "x", x.at(0)); write(text, "y", y.at(0)); };
  },
  text(parts, s, part, pieces) {
    const text = parts[part].querySelector("text"), words = sentence(pieces, s);
    return () => say(text, words());
  },
  show(parts, s, list, data) {
    const value = reader(data, s);
    return () => list.forEach((k, i) => write(parts[k], "display", value.at(i) > 0.5 ? null : "none"));
  },
  alpha(parts, s, list, data) {
    const value = reader(data, s);
    return () => list.forEach((k, i) =>
      write(parts[k], "opacity", pixel(Math.min(Math.max(value.at(i) || 0, 0), 1))));
  },
  width(parts, s, part, data) {
    const value = reader(data, s), all = parts[part].querySelectorAll("path");
    return () => all.forEach(leaf => write(leaf, "stroke-width", pixel(Math.max(value.at(0) || 0, 0.01))));
  },
  tint(parts, s, part, data, colours, edge) {
    const value = reader(data, s), names = edge ? ["fill", "stroke"] : ["fill"];
    const all = leaves(parts[part]).map(leaf => [leaf, painted(leaf, names)]);
    return () => all.forEach(([leaf, attributes], i) => {
      const k = Math.floor((value.at(i) || 0) + 0.5);
      const colour = colours[Math.min(Math.max(k, 0), colours.length - 1)];
      attributes.forEach(name => write(leaf, name, colour));
    });
  },
  heat(parts, s, part, data, stops, table, edge) {
    const value = reader(data, s), all = leaves(parts[part]), last = stops.length - 1;
    const rgb = stops.map((_, k) => [0, 2, 4].map(c => parseInt(table.substr(6 * k + c, 2), 16)));
    const mix = v => {
      let k = 0;
      while (k < last - 1 && v > stops[k + 1]) k++;
      const t = Math.min(Math.max((v - stops[k]) / (stops[k + 1] - stops[k]), 0), 1);
      const hex = rgb[k].map((from, c) => Math.floor(from + t * (rgb[k + 1][c] - from) + 0.5));
      return "#" + hex.map(h => h.toString(16).padStart(2, "0")).join("");
    };
    return () => all.forEach((leaf, i) => {
      const v = value.at(i), colour = v === v ? mix(v) : "none";
      write(leaf, "fill", colour);
      if (edge) write(leaf, "stroke", colour);
    });
  },
  cells(parts, s, first, data, positive, negative, scale, strongest) {
    const value = reader(data, s);
    const paths = parts.slice(first, first + value.n).map(p => p.querySelector("path"));
    return () => paths.forEach((path, i) => {
      const v = value.at(i) || 0;
      write(path, "fill", v >= 0 ? positive : negative);
      write(path, "fill-opacity", pixel(strongest * Math.min(Math.abs(v) / scale, 1)));
    });
  },
};

// A figure ------------------------------------------------------------------------

class Figure {
  constructor(spec, root) {
    Object.assign(this, {name: spec.name, compute: spec.compute, root});
    this.sliders = spec.sliders.map(([low, step, count, value, digits, choices]) =>
      ({low, step, count, value, digits, choices}));
    this.inputs = [];
    root.querySelectorAll("[data-slider]").forEach(e => { this.inputs[e.dataset.slider] = e; });
    this.outputs = this.inputs.map(input => {
      input.autocomplete = "off";  // the address keeps the state, not the browser
      const output = root.querySelector(`output[for="${input.id}"]`);
      if (output) output.setAttribute("aria-live", "off");  // the read-out speaks
      return output;
    });
    const values = this.sliders.map(s => s.value), n = values.length;
    const s = this.numbers = new Float64Array(n + spec.compute(values).length);
    this.values = values;
    const parts = [];
    root.querySelectorAll("[data-part]").forEach(e => { parts[e.dataset.part] = e; });
    this.parts = parts;
    this.changes = spec.changes.map(([kind, ...rest]) => CHANGES[kind](parts, s, ...rest));
    root.querySelectorAll("math").forEach(math => this.formula(math, spec.formulas));
    const words = sentence(spec.readout, s), readout = root.querySelector(".dl-readout");
    this.changes.push(() => say(readout, words()));
    this.spoken = () => say(root.querySelector("[aria-live=polite]"), words());
    (spec.drags || []).forEach(drag => this.grip(...drag));
    this.listen();
    root.querySelectorAll("[data-wakes]").forEach(e => { e.disabled = false; });
    this.scrollable();
  }

  formula(math, formulas) {
    const box = math.closest("[data-formula]"), s = this.numbers;
    if (!box) return;
    const slots = formulas[box.dataset.formula].map(([at, spec], k) =>
      [math.querySelector(`[data-slot="${k}"]`), +at, spec]);
    this.changes.push(() => slots.forEach(([e, at, spec]) => setSlot(e, s[at], spec)));
  }

  listen() {
    this.inputs.forEach((input, k) => input.addEventListener("input", () => {
      const range = input.type === "range", box = input.type === "checkbox";
      this.set(k, range ? +input.value : box ? +input.checked : this.sliders[k].low + input.selectedIndex);
      this.touched();
    }));
    const on = (name, action) => {
      const button = this.root.querySelector(name);
      if (button) button.addEventListener("click", () => action(button));
    };
    on(".dl-reset", () => { this.reset(); this.touched(); });
    on(".dl-link", button => this.copy(button));
    on(".dl-play", button => this.play(button));
  }

  // Takes the nearest value that the slider has.
  set(k, value) {
    const {low, step, count, digits} = this.sliders[k];
    const position = Math.min(Math.max(Math.floor((value - low) / step + 0.5), 0), count - 1);
    this.values[k] = +(low + position * step).toFixed(digits);
    this.label(k);
  }

  label(k) {
    const {low, digits, choices} = this.sliders[k], value = this.values[k], input = this.inputs[k];
    const text = choices ? choices[value - low] : typeset(formatNumber(value, `.${digits}f`));
    if (input.type === "checkbox") input.checked = value > 0;
    else if (input.type !== "range") input.selectedIndex = value - low;
    else {
      if (+input.value !== value) input.value = value;
      write(input, "aria-valuetext", text);
    }
    if (this.outputs[k]) say(this.outputs[k], text);
  }

  update() {
    this.numbers.set(this.values);
    this.numbers.set(this.compute(this.values), this.values.length);
    this.changes.forEach(change => change());
  }

  reset() {
    this.sliders.forEach((slider, k) => this.set(k, slider.value));
  }

  // After a reader's action: draw, and when the hand rests, speak and note the address.
  touched() {
    this.update();
    clearTimeout(this.rest);
    this.rest = setTimeout(() => { this.spoken(); note(); }, 400);
  }

  state() {
    return this.values.map((v, k) => +v.toFixed(this.sliders[k].digits)).join(",");
  }

  moved() {
    return this.values.some((v, k) => v !== this.sliders[k].value);
  }

  restore(text) {
    const values = text.split(",").map(v => v.trim() === "" ? NaN : Number(v));
    if (values.length !== this.values.length || !values.every(isFinite)) return false;
    values.forEach((v, k) => this.set(k, v));
    this.update();
    return true;
  }

  copy(button) {
    const url = location.href.split("#")[0] + `#${this.name}=${this.state()}`;
    const status = this.root.querySelector("[role=status]");
    const told = text => {
      say(status, text);
      setTimeout(() => say(status, ""), 3000);
    };
    const failed = () => told(url);
    if (!navigator.clipboard) return failed();
    navigator.clipboard.writeText(url).then(() => told("Link copied"), failed);
  }

  play(button) {
    const k = +button.parentNode.querySelector("input").dataset.slider, {low, step, count} = this.sliders[k];
    const stop = () => {
      clearInterval(this.timer);
      this.timer = 0;
      button.setAttribute("aria-pressed", "false");
    };
    if (this.timer) return stop();
    const position = () => Math.round((this.values[k] - low) / step);
    const go = to => { this.set(k, low + to * step); this.touched(); };
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return go((position() + 1) % count);
    if (position() >= count - 1) go(0);
    button.setAttribute("aria-pressed", "true");
    const pace = Math.max(60, Math.min(400, 8000 / count));
    this.timer = setInterval(() => {
      go(position() + 1);
      if (position() >= count - 1) stop();
    }, pace);
  }

  // A drawn point that can be dragged: its coordinates are two sliders.
  grip(part, xs, ys, [x0, xu, xlog], [y0, yu, ylog]) {
    const marks = this.parts[part].querySelectorAll("use"), panel = this.parts[part].closest("svg");
    marks.forEach((mark, i) => {
      const ring = document.createElementNS("http://www.w3.org/2000/svg", "circle");
      ring.setAttribute("class", "dl-grip");
      ring.setAttribute("r", 14);
      panel.append(ring);  // above all that is drawn
      this.changes.push(() => {
        const gone = [mark, this.parts[part]].some(e => e.getAttribute("display") === "none");
        write(ring, "display", gone ? "none" : null);
        write(ring, "cx", mark.getAttribute("x"));
        write(ring, "cy", mark.getAttribute("y"));
      });
      ring.addEventListener("pointerdown", e => { ring.setPointerCapture(e.pointerId); e.preventDefault(); });
      ring.addEventListener("pointermove", e => {
        if (!ring.hasPointerCapture(e.pointerId)) return;
        const p = new DOMPoint(e.clientX, e.clientY).matrixTransform(panel.getScreenCTM().inverse());
        const x = (p.x - x0) / xu, y = (p.y - y0) / yu;
        this.set(xs[i], xlog ? 10 ** x : x);
        this.set(ys[i], ylog ? 10 ** y : y);
        this.touched();
      });
    });
  }

  // A formula that is wider than its box can be scrolled by keyboard.
  scrollable() {
    const boxes = this.root.querySelectorAll("[data-formula]");
    const look = () => boxes.forEach(box => {
      const wide = box.scrollWidth > box.clientWidth + 1;
      write(box, "tabindex", wide ? 0 : null);
      write(box, "role", wide ? "region" : null);
      write(box, "aria-label", wide ? "Formula with its numbers" : null);
    });
    if (self.ResizeObserver) {
      const observer = new ResizeObserver(look);
      boxes.forEach(box => observer.observe(box));
    } else look();
  }
}

// The address keeps the values of the figures that were moved ----------------------

function stated() {
  const pairs = location.hash.slice(1).split("&").map(part => part.split("="));
  return new Map(pairs.filter(pair => pair.length === 2));
}

function note() {
  const old = stated();
  figures.forEach(f => f.moved() ? old.set(f.name, f.state()) : old.delete(f.name));
  const hash = [...old].map(pair => pair.join("=")).join("&");
  const url = location.href.split("#")[0] + (hash && "#" + hash);
  try {
    if (url !== location.href) history.replaceState(history.state, "", url);
  } catch (error) { /* a browser may forbid it for files; the figure works without */ }
}

function mount(spec) {
  const root = document.getElementById("live-" + spec.name);
  if (!root && document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", () => mount(spec), {once: true});
  } else if (root && !figures.has(spec.name)) {
    const figure = new Figure(spec, root);
    figures.set(spec.name, figure);
    figure.reset();
    figure.update();
    recall(figure);
  }
}

// Takes the state that the address has for a figure, and shows the first figure named.
function recall(figure) {
  const all = stated(), text = all.get(figure.name);
  if (text !== undefined && figure.restore(text) && all.keys().next().value === figure.name)
    figure.root.scrollIntoView();
}

addEventListener("hashchange", () => figures.forEach(recall));

const waiting = self.dlbook || [];
self.dlbook = {push: mount, figure: mount, figures};
waiting.forEach(mount);
})();
