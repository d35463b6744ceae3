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

const HANDS = {};

// A line of text: the places of its characters in the alphabet, then -1.
HANDS.text = (figure, box, start, end, alphabet) => {
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
