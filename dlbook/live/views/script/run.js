// A run: the state and the step of a figure that learns ---------------------------

// Milliseconds of work that a frame plans, so that with what takes longer than before it
// stays at eight; the most steps that an address can ask for.
const WORK = 5, MOST = 20000;

// Notes how long a task takes; asks whether it will be done in time if it takes as long.
function timed(task) {
  task.took = -performance.now();
  const done = task();
  task.took += performance.now();
  return done;
}

const fits = (task, until) => performance.now() + (task.took || 0) < until;

class Run {
  // The state lies behind the sliders' values, the seed and the count of steps.
  constructor(figure, {start, step, starting, acting}) {
    Object.assign(this, {figure, start, step, starting, acting, seen: new Set(), goal: 0, cold: 12});
    this.given = figure.given;
    this.at = figure.values.length;
    this.state = this.given.subarray(this.at + 2);
    this.look = () => figure.look();
    this.control = {};
    figure.root.querySelectorAll("[data-run]").forEach(e => { this.control[e.dataset.run] = e; });
    const {play, step: one, restart, seed, speed} = this.control;
    play.addEventListener("click", () => this.playing || this.goal ? this.pause() : this.play());
    one.addEventListener("click", () => { this.stop(); this.watch(); this.advance(); figure.touched(); });
    const begin = seed => { this.fresh = seed; this.goal = 0; figure.touched(); };
    restart.addEventListener("click", () => begin(this.seed));
    seed.addEventListener("click", () => begin((this.seed + 1) % 2 ** 32));
    speed.autocomplete = "off";
    const observer = new IntersectionObserver(found => {
      found.forEach(({target, isIntersecting: here}) => this.seen[here ? "add" : "delete"](target));
      this.wake();
      this.warm();
    });
    figure.root.querySelectorAll(".dl-row").forEach(row => observer.observe(row));
    document.addEventListener("visibilitychange", () => this.wake());
    figure.kept.set("run", {code: () => this.code(), take: text => this.take(text)});
    this.fresh = 0;
  }

  get seed() { return this.given[this.at]; }
  get steps() { return this.given[this.at + 1]; }

  // Begins anew where that is asked for, or where a slider moved that the start reads.
  follow() {
    const {values} = this.figure, moved = list => list.some(k => values[k] !== this.held[k]);
    if (this.fresh === undefined && moved(this.starting)) {
      this.fresh = this.seed;
      this.goal = 0;
    }
    if (this.fresh !== undefined) {
      this.given[this.at] = this.fresh;
      this.given[this.at + 1] = 0;
      this.state.set(this.start(this.given));
      this.fresh = undefined;
      this.mixed = false;
      this.note("");
    }
    if (!this.steps) this.held = values.slice();
    this.moved = moved(this.acting);
    this.count();
  }

  // What moves within a run cannot be told by an address.
  watch() { this.mixed = this.mixed || this.moved; }

  // Takes a step, unless a number of the state would cease to be finite.
  advance() {
    const next = this.step(this.given), {state} = this;
    for (let i = 0; i < state.length; i++) {
      if (!isFinite(next[i]) && isFinite(state[i])) {
        this.stop();
        this.note(`Step ${this.steps + 1} gives numbers that are not finite, so the run stops. Restart it, or set it otherwise.`);
        return false;
      }
    }
    state.set(next);
    this.given[this.at + 1]++;
    return true;
  }

  play() {
    const pace = +this.control.speed.value;
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.goal = this.steps + Math.min(pace, 500);  // what else took a second
    } else {
      this.playing = true;
      say(this.control.play, "Pause");
    }
    this.last = this.due = undefined;
    this.wake();
  }

  stop() {
    this.playing = false;
    this.goal = this.drawing = 0;
    say(this.control.play, "Play");
  }

  pause() {
    this.stop();
    this.figure.touched();
  }

  wake() {
    if (this.frame || !(this.playing || this.goal)) return;
    if (document.hidden || !this.seen.size) this.last = undefined;
    else this.frame = requestAnimationFrame(time => {
      this.frame = 0;
      if (!document.hidden && this.seen.size) this.work(time);
      this.wake();
    });
  }

  // In idle time, lets the engine compile a picture in sight before it is to play.
  warm() {
    if (this.seen.size && !this.steps && this.cold-- > 0)
      (self.requestIdleCallback || setTimeout)(() => {
        this.step(this.given);
        this.figure.compute(this.given);
        this.warm();
      });
  }

  // As many steps as are due and half a frame's time allows, one at least; then draws.
  work(time) {
    const began = performance.now(), pace = +this.control.speed.value;
    this.until = began + WORK;
    if (!this.drawing) {
      const before = this.last === undefined ? time - 1000 / Math.min(pace, 60) : this.last;
      this.due = (this.due || 0) + Math.min(time - before, 500) * pace / 1000;
      this.last = time;
      const wanted = this.goal ? this.goal - this.steps : Math.floor(this.due + 1e-6);
      const until = this.goal ? this.until : began + WORK / 2, step = () => this.advance();
      this.watch();
      let done = 0;
      while (done < wanted && (!done || fits(step, until)) && timed(step)) done++;
      this.due = Math.min(this.due - done, 1);
      if (this.goal && this.steps < this.goal) return this.count();
      if (!this.playing) return this.pause();
      if (!done) return;
      this.drawing = this.draw();
    }
    if (this.drawing.next().done) this.drawing = 0;
  }

  // Draws, in more frames than one where one has not the time.
  *draw() {
    for (const task of [this.look, ...this.figure.changes]) {
      if (!fits(task, this.until)) yield;
      timed(task);
    }
  }

  count() {
    say(this.control.count, String(this.steps));
    say(this.control.number, String(this.seed));
  }

  note(text) { say(this.control.note, text); }

  repeatable() { return !this.mixed && !this.moved && this.steps <= MOST; }

  code() {
    const steps = this.repeatable() ? this.goal || this.steps : 0;
    return this.seed || steps ? this.seed + (steps ? "." + steps : "") : "";
  }

  take(text) {
    const [, seed = 0, steps = 0] = /^(\d{1,10})(?:\.(\d{1,6}))?$/.exec(text) || [];
    this.stop();
    this.fresh = Math.min(seed, 2 ** 32 - 1);
    this.goal = Math.min(steps, MOST);
    this.wake();
  }
}
