// Inputs of the hand: what a reader sets in the picture itself ----------------------

const B64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

function node(name, attributes, parent) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const key in attributes) write(element, key, attributes[key]);
  parent.append(element);
  return element;
}

// Numbers of a figure as text, each by its position: one character, or two where there
// are many positions; "*" and a character repeat the one before.
function coded(figure, start, end) {
  const token = k => {
    const p = figure.position(k);
    return (figure.sliders[k].count > 64 ? B64[p >> 6] : "") + B64[p & 63];
  };
  let text = "";
  for (let k = start, n; k < end; k += n) {
    for (n = 1; n < 63 && k + n < end && token(k + n) === token(k);) n++;
    text += n > 2 ? token(k) + "*" + B64[n] : token(k).repeat(n);
  }
  return text;
}

function decoded(figure, start, end, text) {
  const found = [];
  for (let i = 0; start + found.length < end;) {
    const width = figure.sliders[start + found.length].count > 64 ? 2 : 1;
    const digits = [...text.substr(i, width)].map(c => B64.indexOf(c));
    let n = 1;
    i += width;
    if (text[i] === "*") { n = B64.indexOf(text[i + 1]); i += 2; }
    if (digits.length < width || digits.includes(-1) || n < 1) return null;
    while (n--) found.push(digits.reduce((p, d) => 64 * p + d));
  }
  return found;
}

const spot = (panel, e) =>
  new DOMPoint(e.clientX, e.clientY).matrixTransform(panel.getScreenCTM().inverse());

// Follows a pointer that goes down on an element, in its panel's coordinates. A finger
// then does not scroll the page, for touch-action does not hold inside of an SVG.
function follow(element, move, down, up) {
  const at = e => spot(element.ownerSVGElement, e);
  element.addEventListener("touchstart", e => { if (e.touches.length < 2) e.preventDefault(); },
    {passive: false});
  element.addEventListener("pointerdown", e => {
    if (e.button) return;
    element.setPointerCapture(e.pointerId);
    e.preventDefault();
    if (down) down(at(e));
  });
  element.addEventListener("pointermove", e => {
    if (element.hasPointerCapture(e.pointerId)) move(at(e));
  });
  if (up) element.addEventListener("pointerup", up);
}

const focus = element => element.focus({preventScroll: true});

// Sets a run of numbers.
function fill(figure, start, end, value) {
  for (let k = start; k < end; k++) figure.set(k, value(k - start, k));
}

// Calls an action with each key pressed alone; the browser gets a key that it refuses.
function keyed(element, action) {
  element.addEventListener("keydown", e => {
    if (!(e.ctrlKey || e.metaKey || e.altKey) && action(e.key, e) !== false) e.preventDefault();
  });
}

// What is focusable must not stand within an image: what is drawn becomes one instead.
function opened(panel) {
  if (panel.getAttribute("role") === "img") {
    [...panel.children].forEach(child => write(child, "aria-hidden", true));
    write(panel, "role", "group");
  }
  return panel;
}

CHANGES.dots = (parts, s, part, X, Y, labels, used, number) => {
  const x = channel(X, s), y = channel(Y, s), label = reader(labels, s), there = reader(used, s);
  const marks = [...parts[part].querySelectorAll("use")];
  return () => marks.forEach((mark, i) => {
    const seen = there.at(i) > 0 && label.at(i) === number;
    write(mark, "display", seen ? null : "none");
    if (seen) { write(mark, "x", x.at(i)); write(mark, "y", y.at(i)); }
  });
};

const WAYS = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};
const within = (v, low, high) => Math.min(Math.max(v, low), high);

// What is focused of a drawing and takes a pointer: a box over it, and a cursor.
function over(figure, part, x, y, width, height, name) {
  const panel = opened(figure.parts[part].ownerSVGElement);
  const box = node("rect", {class: "dl-plane dl-over", tabindex: 0, role: "slider", "aria-label": name,
    x: Math.min(x, x + width), y: Math.min(y, y + height), width: Math.abs(width), height: Math.abs(height),
    "aria-valuemin": 0, "aria-valuenow": 0}, panel);
  box.cursor = node("rect", {class: "dl-cursor"}, panel);
  return box;
}

// The same over cells: which one is at a point, which one has the cursor.
function grid(figure, part, [x, dx, y, dy], rows, cols, name, tell) {
  const box = over(figure, part, x, y, cols * dx, rows * dy, name);
  write(box, "aria-valuemax", rows * cols - 1);
  for (const [key, side] of [["width", dx], ["height", dy]]) write(box.cursor, key, Math.abs(side));
  return Object.assign(box, {
    k: 0,
    at: p => within(Math.floor((p.y - y) / dy), 0, rows - 1) * cols + within(Math.floor((p.x - x) / dx), 0, cols - 1),
    near: ([c, r]) => within((box.k / cols | 0) + r, 0, rows - 1) * cols + within(box.k % cols + c, 0, cols - 1),
    go(k) {
      const r = k / cols | 0, c = k % cols;
      box.k = k;
      write(box.cursor, "x", Math.min(x + c * dx, x + c * dx + dx));
      write(box.cursor, "y", Math.min(y + r * dy, y + r * dy + dy));
      write(box, "aria-valuenow", k);
      write(box, "aria-valuetext", `row ${r + 1}, column ${c + 1}${tell(k)}`);
    },
  });
}

// The twin of pad.py: how many bits of each block strokes make dark, their lean, size,
// place and pen normalised.
function counted(strokes) {
  const blocks = new Array(64).fill(0), axis = k => strokes.flat().map(p => p[k]);
  if (!strokes.length) return blocks;
  const ends = list => [Math.min(...list), Math.max(...list)];
  const [top, foot] = ends(axis(1)), height = foot - top, edge = height / 16;
  const left = keep => Math.min(...strokes.flat().filter(p => keep(p[1])).map(p => p[0]));
  const lean = (left(y => y >= foot - edge) - left(y => y <= top + edge)) / Math.max(height, 1);
  strokes = strokes.map(stroke => stroke.map(([x, y]) => [x - lean * y, y]));
  const [low, high] = ends(axis(0));
  const drawn = r => {
    const tall = (32 - 2 * r) / Math.max(height, 1);
    const wide = Math.min((20 - 2 * r) / Math.max(high - low, 1), 1.5 * tall);
    const put = ([x, y]) => [16 + (x - (low + high) / 2) * wide, 16 + (y - (top + foot) / 2) * tall];
    const dark = new Uint8Array(1024), first = v => Math.max(Math.floor(v - r) - 1, 0) + 0.5;
    strokes.forEach(stroke => (stroke[1] ? stroke.slice(1) : stroke).forEach((b, i) => {
      const [ax, ay] = put(stroke[i]), [bx, by] = put(b), dx = bx - ax, dy = by - ay;
      const right = Math.min(Math.max(ax, bx) + r + 1, 32), below = Math.min(Math.max(ay, by) + r + 1, 32);
      for (let y = first(Math.min(ay, by)); y < below; y++) for (let x = first(Math.min(ax, bx)); x < right; x++) {
        const t = within(((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1), 0, 1);
        const across = ax + t * dx - x, down = ay + t * dy - y;
        if (across * across + down * down <= r * r) dark[y * 32 + x - 16.5] = 1;
      }
    }));
    return dark;
  };
  let fine = 8, broad = 48;
  while (fine < broad) {
    const r = fine + broad >> 1;
    if (drawn(r / 8).filter(d => d).length < 310) fine = r + 1; else broad = r;
  }
  drawn(fine / 8).forEach((dark, k) => { blocks[(k >> 7) * 8 + (k % 32 >> 2)] += dark; });
  return blocks;
}

const HANDS = {
  // A matrix: with a brush where cells are painted, else each cell is a dial.
  paint(figure, box, start, end, part, place, rows, cols, name) {
    const {values, sliders} = figure, {low, step, count, digits} = sliders[start];
    const top = low + step * (count - 1), blank = within(0, low, top), dial = !box && count > 2;
    const slider = box && box.querySelector("input"), brush = () => slider ? +slider.value : top;
    const cells = grid(figure, part, place, rows, cols, name,
      k => ": " + typeset(formatNumber(values[start + k], `.${digits}f`)));
    const put = (k, v) => { figure.set(start + k, v); figure.touched(); };
    const ink = () => values[start + cells.k] === brush() ? blank : brush();
    let paint, from, typed = "", last = 0;
    follow(cells, p => {
      if (dial) return put(cells.k, from.v + Math.round((from.y - p.y) / 8) * step);
      const k = cells.at(p), c = cells.k % cols, r = cells.k / cols | 0;
      const dc = k % cols - c, dr = (k / cols | 0) - r, n = Math.max(Math.abs(dc), Math.abs(dr));
      for (let i = 1; i <= n; i++)
        figure.set(start + (r + Math.round(dr * i / n)) * cols + c + Math.round(dc * i / n), paint);
      cells.k = k;
      if (n) figure.touched();
    }, p => {
      focus(cells);
      cells.go(cells.at(p));
      paint = ink();
      from = {y: p.y, v: values[start + cells.k]};
      if (!dial) put(cells.k, paint);
    });
    keyed(cells, (key, e) => {
      const way = WAYS[key], turn = {PageUp: 1, PageDown: -1}[key] || (dial && way ? -way[1] : 0);
      const value = values[start + cells.k], n = rows * cols;
      if (turn) put(cells.k, value + turn * step);
      else if (way) cells.go(dial ? (cells.k + way[0] + n) % n : cells.near(way));
      else if (key === " " || key === "Enter")
        put(cells.k, !dial ? ink() : value < top ? value + step : low);
      else if (/^[-.\d]$/.test(key)) {
        typed = (e.timeStamp - last < 1500 ? typed : "") + key;
        last = e.timeStamp;
        if (!isNaN(typed)) put(cells.k, +typed);
      } else return false;
    });
    figure.changes.push(() => cells.go(cells.k));
    return {clear() { fill(figure, start, end, () => blank); figure.touched(); }};
  },

  // A cell that is pointed at sets the number of its place, or of its row and column.
  pick(figure, box, start, end, part, place, rows, cols, name, second) {
    const {values} = figure, two = second !== undefined;
    const cells = grid(figure, part, place, rows, cols, name, () => "");
    const choose = k => {
      if (k === cells.k) return;
      figure.set(start, two ? k / cols | 0 : k);
      if (two) figure.set(second, k % cols);
      figure.touched();
    };
    const at = e => choose(cells.at(spot(cells.ownerSVGElement, e)));
    cells.addEventListener("click", e => { focus(cells); at(e); });
    cells.addEventListener("pointermove", e => { if (e.pointerType === "mouse") at(e); });
    keyed(cells, key => WAYS[key] ? choose(cells.near(WAYS[key])) : false);
    figure.changes.push(() => cells.go(two ? values[start] * cols + values[second] : values[start]));
  },

  // A pad: strokes on 64 by 64 places, kept two characters a place.
  pad(figure, box, start, end, part, [x, width, y, height], given, name) {
    const pad = over(figure, part, x, y, width, height, name), N = 64;
    const line = node("path", {class: "dl-ink"}, pad.ownerSVGElement);
    let strokes = given, pen = false, here = [N / 2, N / 2];
    for (const key of ["width", "height"]) write(pad.cursor, key, 5);
    const pixels = ([u, v]) => `${pixel(x + (u + 0.5) / N * width)} ${pixel(y + (v + 0.5) / N * height)}`;
    const show = () => {
      const [px, py] = pixels(here).split(" ");
      write(pad.cursor, "x", px - 2.5);
      write(pad.cursor, "y", py - 2.5);
      write(pad, "aria-valuetext", `pen ${pen ? "down" : "up"}, column ${here[0]}, row ${here[1]} of ${N}`);
    };
    const take = found => {
      strokes = found;
      const counts = found && counted(found);
      fill(figure, start, end, (i, k) => counts ? counts[i] / 16 : figure.sliders[k].value);
      write(line, "d", (found || []).map(s => `M${pixels(s[0])}L${s.map(pixels).join("L")}`).join(""));
      show();
    };
    const written = found => { take(found); figure.touched(); };
    const on = fresh => {
      const all = fresh ? [...strokes || [], []] : [...strokes], old = all.pop();
      written([...all, [...old, here]]);
    };
    const at = p => [[p.x - x, width], [p.y - y, height]].map(([d, side]) => within(Math.floor(d / side * N), 0, N - 1));
    follow(pad, p => {
      const next = at(p);
      if (next.join() === here.join()) return;
      here = next;
      on();
    }, p => { focus(pad); pen = false; here = at(p); on(true); });
    const undo = () => { pen = false; written((strokes || []).slice(0, -1)); };
    keyed(pad, (key, e) => {
      if (WAYS[key]) {
        here = here.map((u, k) => within(u + WAYS[key][k] * (e.shiftKey ? 1 : 3), 0, N - 1));
        if (pen) on(); else show();
      } else if (key === " ") { if ((pen = !pen)) on(true); else show(); }
      else if (/^(Delete|Backspace)$/.test(key)) undo();
      else return false;
    });
    figure.kept.set(box.dataset.hand, {
      code: () => strokes === given ? "" : strokes.map(s => s.flat().map(u => B64[u]).join("")).join(".") + ".",
      take(text) {
        const found = text.split(".").slice(0, -1).filter(Boolean)
          .map(s => (s.match(/../g) || []).map(p => [...p].map(c => B64.indexOf(c))));
        take(/^[\w.-]+$/.test(text) && found.every(s => s.length) ? found : given);
      },
    });
    return {undo, clear: () => written([])};
  },

  // A line of text: the places of its characters in the alphabet, then -1.
  text(figure, box, start, end, alphabet) {
    const field = box.querySelector("input"), letters = [...alphabet];
    field.addEventListener("input", () => {
      const found = [...field.value].map(c => [c, c.toLowerCase(), c.toUpperCase()]
        .map(c => letters.indexOf(c)).find(k => k >= 0)).filter(k => k >= 0);
      fill(figure, start, end, i => i < found.length ? found[i] : -1);
      figure.touched();
    });
    figure.changes.push(() => {
      const text = figure.values.slice(start, end).filter(k => k >= 0).map(k => letters[k]).join("");
      if (field.value !== text) field.value = text;
    });
    return {};
  },

  // Points: places, classes and whether they are used stand one after the other.
  points(figure, box, start, end, parts, [x0, xu, xlog], [y0, yu, ylog], classes) {
    const {values, sliders} = figure, n = (end - start) / 4, LABEL = start + 2 * n, USED = LABEL + n;
    const panel = opened(figure.parts[parts[0]].ownerSVGElement), select = box.querySelector("select");
    const used = () => values.slice(USED, end).filter(u => u > 0).length;
    const data = ({x, y}) => [(x - x0) / xu, (y - y0) / yu]
      .map((v, k) => (k ? ylog : xlog) ? 10 ** v : v);
    const put = (i, place) => place.forEach((v, k) => figure.set(start + 2 * i + k, v));
    const add = place => {
      const i = used();
      if (i === n) return figure.tell(`There are ${n} points, and no more are possible.`);
      figure.set(USED + i, 1);
      figure.set(LABEL + i, select ? select.selectedIndex : 0);
      put(i, place);
      figure.touched();
      focus(rings[i]);
    };
    const remove = i => {
      for (const last = used() - 1; i <= last; i++) {
        if (i < last) {
          figure.set(LABEL + i, values[LABEL + i + 1]);
          put(i, values.slice(start + 2 * i + 2, start + 2 * i + 4));
        } else figure.set(USED + i, 0);
      }
    };
    // Pixels of a coordinate, and the value at a fraction of its range.
    const shown = (k, v) => pixel(k ? y0 + yu * (ylog ? lg(v) : v) : x0 + xu * (xlog ? lg(v) : v));
    const along = (k, t) => sliders[start + k].low + sliders[start + k].step * t * (sliders[start + k].count - 1);
    const [left, right, bottom, top] = [0, 0, 1, 1].map((k, i) => shown(k, along(k, i % 2)));
    node("rect", {class: "dl-plane", x: left, y: top, width: right - left, height: bottom - top}, panel)
      .addEventListener("click", e => add(data(spot(panel, e))));
    const words = k => typeset(formatNumber(values[k], `.${Math.min(sliders[k].digits, 2)}f`));
    const rings = Array.from({length: n}, (_, i) => {
      const ring = node("circle", {class: "dl-grip dl-point", r: 10, tabindex: 0, role: "slider",
        "aria-roledescription": "point", "aria-label": `Point ${i + 1}`,
        "aria-valuemin": along(0, 0), "aria-valuemax": along(0, 1)}, panel);
      const x = start + 2 * i;
      let tapped = -1e4, still;
      follow(ring, p => { still = false; put(i, data(p)); figure.touched(); }, () => {
        still = true;
        focus(ring);
      }, e => {
        if (still && e.timeStamp - tapped < 400) leave();
        tapped = still ? e.timeStamp : -1e4;
      });
      const leave = () => {
        tapped = -1e4;
        remove(i);
        figure.touched();
        const last = used() - 1;
        focus(last < 0 ? box.querySelector("button") : rings[Math.min(i, last)]);
      };
      keyed(ring, (key, e) => {
        const way = WAYS[key], class_ = /\d/.test(key) ? key - 1 : values[LABEL + i] + 1;
        if (way) put(i, way.map((w, k) => values[x + k] + (k ? -w : w) * sliders[x + k].step * (e.shiftKey ? 1 : 5)));
        else if (/^(Delete|Backspace)$/.test(key)) return leave();
        else if (/^c$/i.test(key) || classes[class_] && /^\d$/.test(key)) figure.set(LABEL + i, class_ % classes.length);
        else return false;
        figure.touched();
      });
      figure.changes.push(() => {
        const there = values[USED + i] > 0;
        write(ring, "display", there ? null : "none");
        if (!there) return;
        ["cx", "cy"].forEach((name, k) => write(ring, name, shown(k, values[x + k])));
        write(ring, "aria-valuenow", values[x]);
        const which = classes.length > 1 ? `class ${classes[values[LABEL + i]]}, ` : "";
        write(ring, "aria-valuetext", `${which}x ${words(x)}, y ${words(x + 1)}`);
      });
      return ring;
    });
    return {
      add: () => add([along(0, 0.5), along(1, 0.5)]),
      clear() { fill(figure, USED, end, () => 0); figure.touched(); },
    };
  },
};

// Makes an input of the hand answer, and keeps it in the address.
function hand(figure, [kind, name, start, end, ...rest]) {
  const box = figure.root.querySelector(`[data-hand="${name}"]`), {sliders, values} = figure;
  if (sliders[start].hand) figure.kept.set(name, {
    code: () => values.slice(start, end).every((v, i) => v === sliders[start + i].value)
      ? "" : coded(figure, start, end),
    take(text) {
      const found = text && decoded(figure, start, end, text);
      fill(figure, start, end, (i, k) => found ? sliders[k].low + sliders[k].step * found[i] : sliders[k].value);
    },
  });
  const actions = HANDS[kind](figure, box, start, end, ...rest);
  figure.root.querySelectorAll(":is(.dl-plane,.dl-grip):not([data-of])").forEach(e => write(e, "data-of", name));
  if (box) box.querySelectorAll("[data-do]").forEach(button =>
    button.addEventListener("click", () => actions[button.dataset.do]()));
}

// What a reader is asked to reach: once met it stays so, and the address keeps it.
function challenges(figure, test) {
  const marks = [...figure.root.querySelectorAll(".dl-mark")], met = new Set();
  const show = () => marks.forEach((mark, k) => {
    say(mark, met.has(k) ? "met" : "open");
    mark.parentNode.classList.toggle("dl-met", met.has(k));
  });
  figure.kept.set("met", {
    code: () => [...met].sort().join("."),
    take(text) {
      met.clear();
      text.split(".").forEach(k => { if (marks[k]) met.add(+k); });
      show();
    },
  });
  figure.changes.push(() => {
    marks.forEach((mark, k) => {
      if (test.at(k) < 0.5 || met.has(k)) return;
      met.add(k);
      figure.tell(`Challenge ${k + 1} of ${marks.length} is met.`);
    });
    show();
  });
}

// Pointing at a slider, a number, a drawn thing or a name in the code, or having the
// focus there, marks the same quantity elsewhere in the figure.
function links({root, parts, inputs}, {links: [names, same, shown], formulas, readout, hands}) {
  const places = new Map(), alias = new Map();
  same.forEach(([from, to, n]) => { for (let i = 0; i < n; i++) alias.set(from + i, to + i); });
  const put = (e, list) => {
    if (e) places.set(e, [...places.get(e) || [], ...list.map(k => alias.get(+k) ?? +k)]);
  };
  const run = (start, n) => Array.from({length: n}, (_, i) => start + i);
  inputs.forEach((input, k) => put(input.closest(".dl-slider"), [k]));
  shown.forEach(([first, count, each, data]) => {
    const all = address(data);
    for (let i = 0; i < count; i++) put(parts[first + i], each > 1 ? [all[i]] : all);
  });
  hands.forEach(([, name, start, end]) =>
    root.querySelectorAll(`[data-of="${name}"],[data-hand="${name}"]`).forEach(e =>
      put(e, run(start, end - start))));
  root.querySelectorAll("[data-slot]").forEach(e =>
    put(e, [formulas[e.closest("[data-formula]").dataset.formula][e.dataset.slot][0]]));
  const fields = readout.filter(Array.isArray);
  root.querySelectorAll(".dl-readout .dl-at").forEach((e, i) => put(e, [fields[i][0]]));
  root.querySelectorAll(".dl-code .n").forEach(e => {
    for (const name in names) if (name.split(".")[0] === e.textContent)
      put(e, run(...names[name]));
  });
  const over = e => {
    while (e && !places.has(e)) e = e.parentElement;
    return e;
  };
  let last;
  const mark = e => {
    if (e === last) return;
    last = e;
    const own = new Set(places.get(e));
    places.forEach((list, other) =>
      other.classList.toggle("dl-linked", other !== e && !other.dataset.of && !(e?.dataset.of && (other.dataset.part || other.dataset.hand)) && list.some(k => own.has(k))));
  };
  const focused = () => mark(over(root.contains(document.activeElement) ? document.activeElement : null));
  root.addEventListener("pointerover", e => {
    if (e.pointerType === "touch") return;
    const found = over(e.target);
    if (found) mark(found); else focused();
  });
  root.addEventListener("pointerleave", focused);
  root.addEventListener("focusin", focused);
  root.addEventListener("focusout", () => mark(null));
}
