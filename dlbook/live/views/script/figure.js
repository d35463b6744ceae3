// A figure ------------------------------------------------------------------------

class Figure {
  constructor(spec, root) {
    Object.assign(this, {name: spec.name, compute: spec.compute, root});
    // Several values of one entry belong to an input of the hand.
    this.sliders = spec.sliders.flatMap(([low, step, count, value, digits, choices]) =>
      [].concat(value).map(v => ({low, step, count, value: v, digits, choices, hand: v !== value})));
    this.own = [...this.sliders.keys()].filter(k => !this.sliders[k].hand);
    this.kept = new Map();  // what else the address keeps: its code, and how to take it
    this.inputs = [];
    root.querySelectorAll("[data-slider]").forEach(e => { this.inputs[e.dataset.slider] = e; });
    this.outputs = this.inputs.map(input => {
      input.autocomplete = "off";  // the address keeps the state, not the browser
      const output = root.querySelector(`output[for="${input.id}"]`);
      if (output) write(output, "aria-live", "off");  // the read-out speaks
      return output;
    });
    const values = this.values = this.sliders.map(s => s.value), {run} = spec;
    const first = run ? [...values, 0, 0, ...run.start([...values, 0, 0])] : values;
    const s = this.numbers = new Float64Array(first.length + spec.compute(first).length);
    this.given = s.subarray(0, first.length);  // what the functions take
    const parts = this.parts = [];
    root.querySelectorAll("[data-part]").forEach(e => { parts[e.dataset.part] = e; });
    this.changes = spec.changes.map(([kind, ...rest]) => CHANGES[kind](parts, s, ...rest));
    root.querySelectorAll("[data-formula] math").forEach(math => this.formula(math, spec.formulas));
    const words = sentence(spec.readout, s), told = [...root.querySelectorAll(".dl-readout .dl-at")];
    const fields = spec.readout.filter(Array.isArray).map(field => sentence([field], s));
    this.changes.push(() => told.forEach((e, i) => say(e, fields[i]())));
    if (run) this.run = new Run(this, run);
    this.spoken = () => say(root.querySelector(".dl-spoken[aria-live]"),
      (run ? `Step ${this.run.steps}. ` : "") + words());
    (spec.hands || []).forEach(given => hand(this, given));
    links(this, spec);
    if (spec.met.length) challenges(this, reader(spec.met, s));
    this.beckon((spec.drags || []).flatMap(drag => this.grip(...drag)));
    this.listen();
    root.querySelectorAll("[data-wakes]").forEach(e => { e.disabled = false; });
    this.steady();
    stage(root);
  }

  formula(math, formulas) {
    const {formula} = math.closest("[data-formula]").dataset, s = this.numbers;
    const slots = formulas[formula].map(([at, spec], k) =>
      [math.querySelector(`[data-slot="${k}"]`), +at, spec]);
    this.changes.push(() => slots.forEach(([e, at, spec]) => setSlot(e, s[at], spec)));
  }

  listen() {
    this.inputs.forEach((input, k) => {
      let before, lost;
      input.addEventListener("input", () => {
        const range = input.type === "range", box = input.type === "checkbox";
        this.set(k, lost ? before : range ? +input.value : box ? +input.checked : this.sliders[k].low + input.selectedIndex);
        this.touched();
      });
      // A finger that scrolls the page is no longer the slider's.
      input.addEventListener("pointerdown", () => { lost = false; before = this.values[k]; });
      input.addEventListener("pointercancel", () => { lost = true; this.set(k, before); this.touched(); });
      input.addEventListener("touchend", () => { lost = false; });
    });
    const on = (name, action) =>
      this.root.querySelector(name)?.addEventListener("click", e => action(e.currentTarget));
    on(".dl-reset", () => { this.reset(); this.touched(); });
    on(".dl-link", button => this.copy(button));
    on(".dl-play", button => this.play(button));
  }

  // The nearest position of the slider.
  position(k, value = this.values[k]) {
    const {low, step, count} = this.sliders[k];
    return within(Math.floor((value - low) / step + 0.5), 0, count - 1);
  }

  set(k, value) {
    const {low, step, digits} = this.sliders[k];
    this.values[k] = +(low + this.position(k, value) * step).toFixed(digits);
    if (this.inputs[k]) this.label(k);
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
    this.look();
    this.changes.forEach(change => change());
  }

  look() {
    this.numbers.set(this.values);
    if (this.run) this.run.follow();
    this.numbers.set(this.compute(this.given), this.given.length);
  }

  reset() {
    this.own.forEach(k => this.set(k, this.sliders[k].value));
    this.kept.forEach(keeper => keeper.take(""));
  }

  // After a reader's action: draw, and when the hand rests, speak and note the address.
  touched() {
    this.update();
    clearTimeout(this.rest);
    this.rest = setTimeout(() => { this.spoken(); note(); }, 400);
  }

  state() {
    const parts = [this.own.map(k => +this.values[k].toFixed(this.sliders[k].digits)).join(",")];
    this.kept.forEach((keeper, name) => { if (keeper.code()) parts.push(name + ":" + keeper.code()); });
    return parts.join(";");
  }

  moved() {
    return this.own.some(k => this.values[k] !== this.sliders[k].value)
      || [...this.kept.values()].some(keeper => keeper.code());
  }

  restore(text) {
    const [first, ...rest] = text.split(";"), codes = new Map(rest.map(part => part.split(":")));
    const values = first ? first.split(",").map(v => v.trim() === "" ? NaN : Number(v)) : [];
    if (values.length !== this.own.length || !values.every(isFinite)) return false;
    values.forEach((v, i) => this.set(this.own[i], v));
    this.kept.forEach((keeper, name) => keeper.take(codes.get(name) || ""));
    this.update();
    return true;
  }

  copy(button) {
    const url = location.href.split("#")[0] + `#${this.name}=${this.state()}`;
    const failed = () => this.tell(url, true);
    if (!navigator.clipboard) return failed();
    const told = this.run && !this.run.repeatable()
      ? "Link copied; this run cannot be repeated, so it begins anew there" : "Link copied";
    navigator.clipboard.writeText(url).then(() => this.tell(told), failed);
  }

  tell(text, kept) {
    const status = this.root.querySelector(".dl-buttons [role=status]");
    say(status, text);
    clearTimeout(this.told);
    if (!kept) this.told = setTimeout(() => say(status, ""), 3000);
  }

  play(button) {
    const k = +button.parentNode.querySelector("input").dataset.slider, {low, step, count} = this.sliders[k];
    const stop = () => {
      clearInterval(this.timer);
      this.timer = 0;
      write(button, "aria-pressed", false);
    };
    if (this.timer) return stop();
    const go = to => { this.set(k, low + to * step); this.touched(); };
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return go((this.position(k) + 1) % count);
    if (this.position(k) === count - 1) go(0);
    write(button, "aria-pressed", true);
    const pace = Math.max(60, Math.min(400, 8000 / count));
    this.timer = setInterval(() => {
      go(this.position(k) + 1);
      if (this.position(k) === count - 1) stop();
    }, pace);
  }

  // A drawn point that can be dragged: its coordinates are two sliders.
  grip(part, xs, ys, [x0, xu, xlog], [y0, yu, ylog], plane) {
    const marks = this.parts[part].querySelectorAll("use"), panel = this.parts[part].closest("svg");
    return [...marks].map((mark, i) => {
      const ring = node("circle", {class: "dl-grip", r: 14}, panel);  // above all that is drawn
      this.changes.push(() => {
        const gone = [mark, this.parts[part]].some(e => e.getAttribute("display") === "none");
        write(ring, "display", gone ? "none" : null);
        write(ring, "cx", mark.getAttribute("x"));
        write(ring, "cy", mark.getAttribute("y"));
      });
      const put = p => {
        const x = (p.x - x0) / xu, y = (p.y - y0) / yu;
        this.set(xs[i], xlog ? 10 ** x : x);
        this.set(ys[i], ylog ? 10 ** y : y);
        this.touched();
      };
      follow(ring, put);
      const away = p => Math.hypot(p.x - ring.getAttribute("cx"), p.y - ring.getAttribute("cy"));
      return {ring, panel, plane, put, away};
    });
  }

  // Pointing at a place of the axes brings the nearest of their points there.
  beckon(grips) {
    const jump = e => {
      const p = spot(e.currentTarget, e), mouse = e.type === "pointerdown";
      if (e.button || e.target.matches(".dl-grip") || mouse && e.pointerType !== "mouse") return;
      const [near] = grips.filter(({panel, plane: [x, y, width, height], ring}) =>
        panel === e.currentTarget && !ring.getAttribute("display")
        && p.x > x && p.x < x + width && p.y > y && p.y < y + height
      ).sort((one, other) => one.away(p) - other.away(p));
      if (!near) return;
      near.put(p);
      if (mouse) { near.ring.setPointerCapture(e.pointerId); e.preventDefault(); }
    };
    for (const panel of new Set(grips.map(grip => grip.panel)))
      for (const kind of ["pointerdown", "click"]) panel.addEventListener(kind, jump);
  }

  // Formulas and read-out may grow and do not shrink again: the controls below stay. What
  // is wider than its box can be scrolled by keyboard.
  steady() {
    const widths = new Map();
    const observer = new ResizeObserver(entries => entries.forEach(({target: box}) => {
      const {width} = box.getBoundingClientRect(), wide = box.scrollWidth > box.clientWidth;
      if (widths.get(box) !== width) box.style.minHeight = "";
      widths.set(box, width);
      box.style.minHeight = box.getBoundingClientRect().height + "px";
      write(box, "tabindex", wide ? 0 : null);
      write(box, "role", wide ? "group" : null);
      write(box, "aria-label", wide ? "Formula with its numbers" : null);
    }));
    this.root.querySelectorAll("[data-formula],.dl-readout").forEach(box => observer.observe(box));
  }
}
