// Cells that are painted, dialled or picked ----------------------------------------

const WAYS = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};

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

// A matrix: with a brush where cells are painted, else each cell is a dial.
HANDS.paint = (figure, box, start, end, part, place, rows, cols, name) => {
  const {values, sliders} = figure, {low, step, count, digits} = sliders[start];
  const top = low + step * (count - 1), blank = count === 2 ? low : within(0, low, top), dial = !box && count > 2;
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
};

// A cell that is pointed at sets the number of its place, or of its row and column.
HANDS.pick = (figure, box, start, end, part, place, rows, cols, name, second) => {
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
};
