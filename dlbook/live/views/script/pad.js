// A pad to write on ------------------------------------------------------------------

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

// A pad: strokes on 64 by 64 places, kept two characters a place.
HANDS.pad = (figure, box, start, end, part, [x, width, y, height], given, name) => {
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
};
