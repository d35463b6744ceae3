// Links between symbol, number, picture and code -----------------------------------

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
  const over = e => !e || places.has(e) ? e : over(e.parentElement);
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
