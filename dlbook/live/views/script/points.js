// Points that are added, moved and removed -------------------------------------------

CHANGES.dots = (parts, s, part, X, Y, labels, used, number) => {
  const x = channel(X, s), y = channel(Y, s), label = reader(labels, s), there = reader(used, s);
  return marked(parts[part], x, y, i => there.at(i) > 0 && label.at(i) === number);
};

// Points: places, classes and whether they are used stand one after the other.
HANDS.points = (figure, box, start, end, parts, [x0, xu, xlog], [y0, yu, ylog], classes) => {
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
};
