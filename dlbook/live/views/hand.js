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
function pack(figure, start, end) {
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

function unpack(figure, start, end, text) {
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

const HANDS = {
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
      rings[i].focus({preventScroll: true});
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
        ring.focus({preventScroll: true});
      }, e => {
        if (still && e.timeStamp - tapped < 400) leave();
        tapped = still ? e.timeStamp : -1e4;
      });
      const leave = () => {
        tapped = -1e4;
        remove(i);
        figure.touched();
        const last = used() - 1;
        (last < 0 ? box.querySelector("button") : rings[Math.min(i, last)]).focus({preventScroll: true});
      };
      ring.addEventListener("keydown", e => {
        const way = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]}[e.key];
        const class_ = /^[1-9]$/.test(e.key) ? e.key - 1 : values[LABEL + i] + 1;
        if (e.ctrlKey || e.metaKey || e.altKey) return;
        if (way) put(i, way.map((w, k) => values[x + k] + w * sliders[x + k].step * (e.shiftKey ? 1 : 5)));
        else if (/^(Delete|Backspace)$/.test(e.key)) leave();
        else if (/^[c1-9]$/i.test(e.key) && (isNaN(e.key) || class_ < classes.length))
          figure.set(LABEL + i, class_ % classes.length);
        else return;
        e.preventDefault();
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
      clear: () => { for (let i = 0; i < n; i++) figure.set(USED + i, 0); figure.touched(); },
    };
  },
};

// Makes an input of the hand answer, and keeps it in the address.
function hand(figure, [kind, name, start, end, ...rest]) {
  const box = figure.root.querySelector(`[data-hand="${name}"]`), {sliders, values} = figure;
  figure.kept.set(name, {
    code: () => values.slice(start, end).every((v, i) => v === sliders[start + i].value)
      ? "" : pack(figure, start, end),
    take(text) {
      const found = text && unpack(figure, start, end, text);
      for (let k = start; k < end; k++) {
        const {low, step, value} = sliders[k];
        figure.set(k, found ? low + step * found[k - start] : value);
      }
    },
  });
  const actions = HANDS[kind](figure, box, start, end, ...rest);
  box.querySelectorAll("[data-do]").forEach(button =>
    button.addEventListener("click", () => actions[button.dataset.do]()));
}
