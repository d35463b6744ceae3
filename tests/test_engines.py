"""Firefox and WebKit beside Chromium: the same digits, and formulas laid out."""

import os

import pytest

from engines import ENGINES
from test_site import PAGES
from test_site_geometry import APART

#: Each slider at both ends, all of them together, and some settings between, as one
#: number each: a hash of every text and of every attribute of the drawing.
SWEEP = """(() => {
  const hash = text => {
    let a = 0x9e3779b9, b = 0x85ebca6b;
    for (let i = 0; i < text.length; i++) {
      a = Math.imul(a ^ text.charCodeAt(i), 0x01000193);
      b = Math.imul(b + text.charCodeAt(i), 0x5bd1e995) ^ (b >>> 13);
    }
    return (a >>> 0).toString(36) + (b >>> 0).toString(36);
  };
  let seed = 1;
  const random = n => {
    seed = Math.imul(seed, 1664525) + 1013904223 >>> 0;
    return Math.floor(seed / 2 ** 32 * n);
  };
  const shown = figure => {
    const told = figure.root.querySelectorAll("output, .dl-readout, [data-slot], svg text");
    const parts = [...told].map(e => e.textContent);
    figure.inputs.forEach(e => parts.push(e.getAttribute("aria-valuetext")));
    figure.root.querySelectorAll(".dl-row svg, .dl-row svg *").forEach(e =>
      parts.push(e.localName, ...[...e.attributes].map(a => a.value)));
    return parts.join(" ");
  };
  const sweep = figure => {
    const {own, sliders} = figure, ends = [() => 0, k => sliders[k].count - 1];
    const settings = own.flatMap(k => ends.map(end => i => i === k ? end(i) : null));
    settings.push(...ends);
    for (let i = 0; i < 6; i++) settings.push(k => random(sliders[k].count));
    const result = settings.map(setting => {
      figure.reset();
      for (const k of own) {
        const place = setting(k), {low, step} = sliders[k];
        if (place !== null) figure.set(k, low + place * step);
      }
      figure.update();
      const text = shown(figure);
      if (/\\b(nan|inf|NaN|Infinity|undefined)\\b/.test(figure.root.querySelector(".dl-readout").textContent))
        faults.push(figure.state());
      return figure.state() + " " + hash(text);
    });
    figure.reset();
    figure.update();
    const click = name => figure.root.querySelector(`[data-run=${name}]`)?.click();
    click("restart");
    for (let i = 0; i < 3; i++) click("step");
    return [...result, "steps " + hash(shown(figure))];
  };
  const faults = [], result = {};
  for (const figure of self.dlbook?.figures.values() ?? []) result[figure.name] = sweep(figure);
  return {settings: result, faults};
})()"""

#: Figures that do not answer, and comforts of the page that are not there.
DEAD = """[...document.querySelectorAll(".dl-still, [data-wakes]:disabled")]
  .map(e => e.outerHTML.slice(0, 99)).concat(document.title && document.querySelector(
    "#theme-switch").title ? [] : ["site.js"])"""

#: Accents that float above their letter, and fractions that spread a line of text.
LOOSE = """(() => {
  const size = e => parseFloat(getComputedStyle(e).fontSize);
  const tall = (e, most) => e.getBoundingClientRect().height > most * size(e);
  document.querySelectorAll("details").forEach(e => { e.open = true; });
  const accents = [...document.querySelectorAll("mover[accent=true]")].filter(e =>
    e.getBoundingClientRect().height > e.firstElementChild.getBoundingClientRect().height + MOST * size(e));
  const fractions = [...document.querySelectorAll("math:not([display=block]) mfrac")]
    .filter(e => !e.closest("mstyle, mtable") && tall(e, 2));
  return accents.concat(fractions).map(e => e.outerHTML.slice(0, 200));
})()"""


@pytest.fixture(scope="module", params=ENGINES)
def engine(request):
    """One of the two browsers; without it a test is skipped, but not in CI."""
    kind = ENGINES[request.param]
    if missing := kind.missing():
        reason = f"no {', '.join(missing)}: apt install {kind.package}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    browser = kind()
    yield browser
    browser.close()
