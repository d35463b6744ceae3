// Changes: each returns a function that brings its elements up to date -----------

function write(element, name, value) {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function sentence(pieces, s) {
  const parts = pieces.map(p => typeof p === "string" ? p : [+p[0], p[1]]);
  return () => parts.map(p => typeof p === "string" ? p : inText(s[p[0]], p[1])).join("");
}

// A line, a closed line (1), or dots (2): lines without length.
function outline(n, x, y, kind) {
  let d = "", last = "";
  for (let i = 0; i < n; i++) {
    const px = x(i), py = y(i);
    if (px !== px || py !== py) { last = ""; continue; }
    const letter = last ? "L" : "M";
    d += (letter === last ? " " : letter) + px + " " + py;
    last = letter;
    if (kind > 1) { d += "h0"; last = ""; }
  }
  return kind < 2 && d ? d + "Z" : d;
}

// Marks that are elements of their own, each at its place where it is seen.
function marked(group, x, y, seen) {
  const marks = [...group.querySelectorAll("use")];
  return () => marks.forEach((mark, i) => {
    write(mark, "display", seen(i) ? null : "none");
    if (seen(i)) { write(mark, "x", x.at(i)); write(mark, "y", y.at(i)); }
  });
}

const leaves = group => [...group.querySelectorAll("path,use,text")];

// Which attributes of a leaf carry its colour: those that are painted at first.
function painted(leaf, names) {
  const style = getComputedStyle(leaf);
  return names.filter(name => style[name] !== "none");
}

const CHANGES = {
  xy(parts, s, part, X, Y, kind) {
    const x = channel(X, s), y = channel(Y, s), n = Math.max(x.n, y.n);
    const path = parts[part].querySelector("path");
    const marks = marked(parts[part], x, y, i => !isNaN(x.at(i) + y.at(i)));
    return () => {
      if (path) write(path, "d", outline(n, x.at, y.at, kind));
      marks();
    };
  },
  box(parts, s, first, count, ...sides) {
    const [x0, x1, y0, y1] = sides.map(side => channel(side, s));
    const paths = parts.slice(first, first + count).map(p => p.querySelector("path"));
    return () => paths.forEach((path, i) => {
      const x = [x0, x1, x1, x0], y = [y0, y0, y1, y1];
      write(path, "d", outline(4, k => x[k].at(i), k => y[k].at(i), 1));
    });
  },
  move(parts, s, part, X, Y) {
    const x = channel(X, s), y = channel(Y, s), path = parts[part].querySelector("path");
    return () => write(path, "transform", `translate(${x.at(0)} ${y.at(0)})`);
  },
  at(parts, s, part, X, Y) {
    const x = channel(X, s), y = channel(Y, s), text = parts[part].querySelector("text");
    return () => { write(text, "x", x.at(0)); write(text, "y", y.at(0)); };
  },
  text(parts, s, part, pieces) {
    const text = parts[part].querySelector("text"), words = sentence(pieces, s);
    return () => say(text, words());
  },
  show(parts, s, list, data) {
    const value = reader(data, s);
    return () => list.forEach((k, i) => write(parts[k], "display", value.at(i) > 0.5 ? null : "none"));
  },
  alpha(parts, s, list, data) {
    const value = reader(data, s);
    return () => list.forEach((k, i) =>
      write(parts[k], "opacity", pixel(within(value.at(i) || 0, 0, 1))));
  },
  width(parts, s, part, data) {
    const value = reader(data, s), all = parts[part].querySelectorAll("path");
    return () => all.forEach(leaf => write(leaf, "stroke-width", pixel(Math.max(value.at(0) || 0, 0.01))));
  },
  tint(parts, s, part, data, colours, edge) {
    const value = reader(data, s), names = edge ? ["fill", "stroke"] : ["fill"];
    const all = leaves(parts[part]).map(leaf => [leaf, painted(leaf, names)]);
    return () => all.forEach(([leaf, attributes], i) => {
      const k = Math.floor((value.at(i) || 0) + 0.5);
      const colour = colours[within(k, 0, colours.length - 1)];
      attributes.forEach(name => write(leaf, name, colour));
    });
  },
  heat(parts, s, part, data, stops, table, edge) {
    const value = reader(data, s), all = leaves(parts[part]), last = stops.length - 1;
    const rgb = stops.map((_, k) => [0, 2, 4].map(c => parseInt(table.substr(6 * k + c, 2), 16)));
    const mix = v => {
      let k = 0;
      while (k < last - 1 && v > stops[k + 1]) k++;
      const t = within((v - stops[k]) / (stops[k + 1] - stops[k]), 0, 1);
      const a = rgb[k], b = rgb[k + 1], at = c => Math.floor(a[c] + t * (b[c] - a[c]) + 0.5);
      return "#" + (1 << 24 | at(0) << 16 | at(1) << 8 | at(2)).toString(16).slice(1);
    };
    const old = [];
    return () => all.forEach((leaf, i) => {
      const v = value.at(i);
      if (v === old[i]) return;
      const colour = v === (old[i] = v) ? mix(v) : "none";
      leaf.setAttribute("fill", colour);  // which differs as its number does
      if (edge) write(leaf, "stroke", colour);
    });
  },
  cells(parts, s, first, data, positive, negative, scale, strongest, edge, below) {
    const value = reader(data, s);
    const paths = parts.slice(first, first + value.n).map(p => p.querySelector("path"));
    return () => paths.forEach((path, i) => {
      const v = value.at(i) || 0;
      write(path, "fill", v >= 0 ? positive : negative);
      write(path, "fill-opacity", pixel(strongest * Math.min(Math.abs(v) / scale, 1)));
      if (edge) write(path, "stroke", v < 0 ? below : edge);
    });
  },
};
