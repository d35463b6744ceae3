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
    stage(root);
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
