"""Firefox and WebKit beside Chromium: the same digits, formulas laid out, no error."""

import json
import os
import sys

import pytest

from engines import ENGINES
from test_site import APART, CHAPTERS, PAGES

#: Shows each slider at both ends, all of them together, and some settings between, and
#: gives for each a hash of every text and of every attribute of the drawing.
SWEEP = r"""(() => {
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
  const faults = [], all = {};
  const shown = ({root, inputs}) => {
    const told = root.querySelectorAll("output, .dl-readout, [data-slot], svg text");
    const parts = [...told].map(e => e.textContent);
    inputs.forEach(e => parts.push(e.getAttribute("aria-valuetext")));
    root.querySelectorAll(".dl-row svg, .dl-row svg *").forEach(e =>
      parts.push(e.localName, ...[...e.attributes].map(a => a.value)));
    if (/\b(nan|inf|NaN|Infinity|undefined)\b/.test(told[told.length - 1]?.textContent
        + root.querySelector(".dl-readout").textContent)) faults.push(root.id);
    return hash(parts.join(" "));
  };
  for (const [name, figure] of self.dlbook?.figures ?? []) {
    const {own, sliders} = figure, ends = [() => 0, k => sliders[k].count - 1];
    const settings = own.flatMap(k => ends.map(end => i => i === k ? end(i) : null));
    settings.push(...ends);
    for (let i = 0; i < 3; i++) settings.push(k => random(sliders[k].count));
    all[name] = settings.map(setting => {
      figure.reset();
      for (const k of own) {
        const place = setting(k), {low, step} = sliders[k];
        if (place !== null) figure.set(k, low + place * step);
      }
      figure.update();
      return `${figure.state()} ${shown(figure)}`;
    });
    figure.reset();
    figure.update();
    const click = of => figure.root.querySelector(`[data-run=${of}]`)?.click();
    click("restart");
    for (let i = 0; i < 3; i++) click("step");
    all[name].push(`after three steps ${shown(figure)}`);
  }
  return [all, faults];
})()"""

#: Opens what is folded; lists what does not answer, and formulas that are laid out
#: wrong: accents that float, fractions of full size in a line, too few parts, and
#: names of functions that stand further from their argument than a thin space; and
#: code that does not fit though no line is longer than this project's.
WRONG = """(() => {
  document.querySelectorAll("details").forEach(e => { e.open = true; });
  const all = chosen => [...document.querySelectorAll(chosen)];
  const size = e => parseFloat(getComputedStyle(e).fontSize);
  const tall = e => e.getBoundingClientRect().height;
  const [first, parts] = [e => e.firstElementChild, e => e.childElementCount];
  const wrong = {
    dead: all(".dl-still, [data-wakes]:disabled, #theme-switch:not([title])"),
    accents: all("mover[accent=true]")
      .filter(e => tall(e) - tall(first(e)) > 0.5 * size(e)),
    fractions: all("math:not([display=block]) mfrac")
      .filter(e => !e.closest("mtable, [displaystyle=true]"))
      .filter(e => size(first(e)) > 0.8 * size(e)),
    spaces: all("mi + mspace + mo + mi").filter(e => {
      const mo = e.previousSibling, name = mo.previousSibling.previousSibling;
      const gap = e.getBoundingClientRect().left - name.getBoundingClientRect().right;
      return mo.textContent === "\u2061" && gap > 0.35 * size(e);
    }),
    code: all("article .highlight > pre").filter(e => e.scrollWidth > e.clientWidth)
      .filter(e => e.textContent.split("\\n").every(line => line.length <= 88))
      .filter(e => !e.closest("details, dd")),
    parts: all("msub, msup, mfrac, mover, munder").filter(e => parts(e) !== 2)
      .concat(all("msubsup, munderover").filter(e => parts(e) !== 3)),
  };
  return Object.entries(wrong).flatMap(([name, list]) =>
    list.map(e => `${name}: ${e.outerHTML.slice(0, 200)}`));
})()"""

#: Firefox says so of a formula that it has read the first half of.
PASSING = "Invalid markup: Incorrect number of children"


@pytest.fixture(scope="module", params=ENGINES)
def engine(request):
    """One of the two browsers; without it a test is skipped, but not in CI."""
    kind = ENGINES[request.param]
    if sys.platform != "linux":
        pytest.skip("only Debian and its like have Firefox and WebKit ready to drive")
    if missing := kind.missing():
        reason = f"no {' and no '.join(missing)}: see .ci/run"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    browser = kind()
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def chromium_shows(browser, built_site):
    """What Chromium shows on a page, looked at once."""
    page, known = browser.new_page(viewport={"width": 1280, "height": 900}), {}

    def shows(name):
        if name not in known:
            page.goto((built_site / f"{name}.html").as_uri())
            known[name] = page.evaluate(SWEEP)
        return known[name]

    yield shows
    page.close()


@pytest.mark.parametrize("name", PAGES)
def test_an_engine_shows_what_chromium_shows(name, engine, chromium_shows, built_site):
    engine.open((built_site / f"{name}.html").as_uri())
    shown, faults = engine.evaluate(SWEEP)
    assert faults == []
    expected, _ = chromium_shows(name)
    assert shown.keys() == expected.keys()
    for figure, settings in shown.items():
        for here, there in zip(settings, expected[figure], strict=True):
            assert here == there, figure
    assert engine.evaluate(WRONG) == []
    assert engine.evaluate(f"({APART})()") == []
    assert [told for told in engine.problems if PASSING not in told] == []


#: Brings an element to the middle of the window; gives a point of it, so far across.
POINT = """((chosen, across) => {
  const element = document.querySelector(chosen);
  element.scrollIntoView({behavior: "instant", block: "center"});
  const box = element.getBoundingClientRect();
  return [box.x + across * box.width, box.y + box.height / 2].map(Math.round);
})"""


def point(engine, chosen, across):
    """Return where an element is, once it is in the middle of the window."""
    return engine.evaluate(f"{POINT}({json.dumps(chosen)}, {across})")


GRIP = "#live-perceptron-points .dl-point, .dl-grip"
HELD = "[scrollY, [...dlbook.figures.values()].map(f => f.state()).join()]"


def test_a_finger_moves_a_point_and_not_the_page(engine, built_site):
    engine.open((built_site / f"{CHAPTERS[0]}.html").as_uri())
    x, y = point(engine, GRIP, 1 / 2)
    place, state = engine.evaluate(HELD)
    engine.touch((x, y), (x + 24, y - 24))
    after, moved = engine.evaluate(HELD)
    assert after == place and moved != state


SLIDER = ".dl-live input[type=range]"
CANCEL = f"""document.querySelector("{SLIDER}").dispatchEvent(
  new PointerEvent("pointercancel", {{bubbles: true, pointerType: "touch"}}))"""
ADDRESS = "new Promise(done => setTimeout(() => done(location.hash), 600))"


def test_a_swipe_that_begins_on_a_slider_leaves_its_value(engine, built_site):
    """The finger is the driver's, and the end of it the test's.

    Firefox's driver gives touches to the page and not to what scrolls it, and WebKit's
    makes a mouse of the finger: neither page is ever panned, which is when a browser
    cancels the pointer. So the event that it then sends comes from here.
    """
    engine.open((built_site / f"{CHAPTERS[0]}.html").as_uri())
    x, y = point(engine, SLIDER, 1 / 5)
    before = engine.evaluate(HELD)
    with engine.finger((x, y), (x + 2, y - 120)) as to:
        assert engine.evaluate(HELD) != before
        engine.evaluate(CANCEL)
        assert engine.evaluate(HELD) == before
        to(x + 60, y - 120)
        assert engine.evaluate(HELD) == before
        assert engine.evaluate(ADDRESS) == ""
    engine.touch((x, y), (x + 24, y))
    assert engine.evaluate(HELD) != before
    assert engine.evaluate(ADDRESS) != ""


#: Goes to two sections and moves a slider there, then all the way back and forth; gives
#: for each entry of the history its address, and what the figure shows there.
WALK = """(async () => {
  const [figure] = dlbook.figures.values(), [k] = figure.own, input = figure.inputs[k];
  const wait = time => new Promise(done => setTimeout(done, time));
  const seen = () => [location.hash, figure.values[k]];
  const section = async id => { location.hash = id; await wait(100); return seen(); };
  const put = async side => {
    input.value = input[side];
    input.dispatchEvent(new Event("input"));
    await wait(600);
    return seen();
  };
  const go = async way => {
    const there = new Promise(done => addEventListener("popstate", done, {once: true}));
    history.go(way);
    await there;
    await wait(50);
    return seen();
  };
  const [, one, other] = document.querySelectorAll("article section[id]");
  const forth = [seen(), await section(one.id), await put("max")];
  forth.push(await section(other.id), await put("min"));
  const back = [];
  for (let i = 0; i < 4; i++) back.unshift(await go(-1));
  const again = [];
  for (let i = 0; i < 4; i++) again.push(await go(1));
  return [forth, back, again];
})()"""


def walked(forth, back, again):
    """Whether each entry shows what it did, and moving a slider left the section's."""
    (start, first), (one, held), (moved, high), (other, kept), (last, low) = forth
    assert start == "" and first == held and high == kept and low < first < high
    assert "=" not in one + other and "=" in moved and "=" in last
    assert len({one, other, moved, last}) == 4
    assert back == forth[:4] and again == forth[1:]


def test_back_shows_what_the_entry_did(engine, built_site):
    engine.open((built_site / f"{CHAPTERS[0]}.html").as_uri())
    walked(*engine.evaluate(WALK))
    assert engine.problems == []


def test_back_shows_what_the_entry_did_in_chromium(page, built_site):
    page.goto((built_site / f"{CHAPTERS[0]}.html").as_uri())
    walked(*page.evaluate(WALK))
    page.reload()
    assert page.evaluate("[...dlbook.figures.values()][0].moved()")
