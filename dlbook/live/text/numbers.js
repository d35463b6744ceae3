// The twin of numbers.py and of the slots of formula.py.

// JavaScript rounds ties away from zero, Python to even. A tie is rare: twice the
// number, shifted, is odd then, or too large to tell; a long expansion decides.
function halfway(x, digits) {
  const twice = digits < 0 ? 2 * x / +("1e" + -digits) : 2 * x * +("1e" + digits);
  return twice % 2 === 1 || twice >= 9007199254740992;
}

function halfEven(rounded, exact, keep) {
  const cut = exact.slice(0, keep);
  return /^\.?50*$/.test(exact.slice(keep)) && /[02468]$/.test(cut) ? cut : rounded;
}

function fixed(x, digits) {
  if (x >= 1e21) return BigInt(x) + (digits ? "." + "0".repeat(digits) : "");
  const rounded = x.toFixed(digits);
  if (!halfway(x, digits)) return rounded;
  const exact = x.toFixed(100);
  return halfEven(rounded, exact, exact.indexOf(".") + (digits && digits + 1));
}

function scientific(x, digits) {
  const [rounded, power] = x.toExponential(digits).split("e");
  const uncarried = x < +("1e" + power) ? power - 1 : +power;
  if (!halfway(x, digits - uncarried)) return [rounded, +power];
  const exact = x.toExponential(100).split("e")[0];
  const mantissa = halfEven(rounded, exact, digits ? digits + 2 : 1);
  return [mantissa, mantissa === rounded ? +power : uncarried];
}

function general(x, digits) {
  const [mantissa, power] = scientific(x, digits - 1);
  const trim = s => s.includes(".") ? s.replace(/\.?0+$/, "") : s;
  return power < -4 || power >= digits
    ? trim(mantissa) + exponent(power) : trim(fixed(x, digits - 1 - power));
}

function exponent(power) {
  return (power < 0 ? "e-" : "e+") + String(Math.abs(power)).padStart(2, "0");
}

function formatNumber(value, spec) {
  if (spec === "c") return value >= 1 ? String.fromCodePoint(Math.round(value)) : "";
  const [, sign, comma, digits, kind] =
    /^([-+ ]?)z?(,?)(?:\.(\d+))?([fegd%])$/.exec(spec || ".4g");
  const x = Math.abs(value) * (kind === "%" ? 100 : 1);
  const n = +(digits ?? 6);
  let text;
  if (isNaN(x)) text = "nan";
  else if (x === Infinity) text = "inf";
  else if (kind === "g") text = general(x, n || 1);
  else if (kind === "e" || x >= 1e12 && kind !== "%")
    text = scientific(x, n).map((p, i) => i ? exponent(p) : p).join("");
  else text = fixed(x, kind === "d" ? 0 : n);
  if (comma) text = text.replace(/^\d+/, s => s.replace(/\B(?=(\d{3})+$)/g, ","));
  const minus = value < 0 && /[1-9]|inf/.test(text);
  return (minus ? "-" : sign === "-" ? "" : sign) + text + (kind === "%" ? "%" : "");
}

function typeset(text) {
  const [, mantissa, power] = /^(.*)e([-+]\d+)$/.exec(text) || [0, text];
  const raised = power ? "×10" +
    String(+power).replace(/./g, c => c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c]) : "";
  return mantissa.replace("inf", "∞").replace("nan", "undefined").replace("-", "−") + raised;
}

// A format with bars is a list of words for the numbers 0, 1 and so on.
function inText(value, spec) {
  const words = spec.split("|");
  return words.length > 1 ? words[words.filter((_, k) => k && value >= k).length]
    : typeset(formatNumber(value, spec));
}

// A slot is an <mn>, or an <mrow> of sign and number or of brackets and number.
function setSlot(element, value, spec) {
  const text = typeset(formatNumber(value, spec)), parts = element.children;
  const shown = !parts.length ? [text]
    : parts.length === 2 ? [text[0], text.slice(1)]
    : /[−+×]/.test(text) ? ["(", text, ")"] : ["", text, ""];
  shown.forEach((s, i) => {
    const node = parts.length ? parts[i] : element;
    if (node.textContent !== s) node.textContent = s;
  });
}
