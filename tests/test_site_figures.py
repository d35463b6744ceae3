"""The live figures of the built site, moved by keyboard as a reader would."""

import pytest

from challenges import KNOWN, SEARCH
from conftest import ROOT
from test_site import CHAPTERS
from test_site_files import figures_in

NOTEBOOKS = [name for name in CHAPTERS if (ROOT / f"{name}.ipynb").exists()]
#: What somebody may write into the address.
MADE_UP = ("<img src=x onerror=alert(1)>", "1e999", "NaN,NaN", "1,2;3", "9e9,-9e9", "")

each_notebook = pytest.mark.parametrize("name", NOTEBOOKS, scope="module")
one_notebook = pytest.mark.parametrize("name", NOTEBOOKS[:1], scope="module")

AWAKE = "() => !document.querySelector('[data-wakes]:disabled')"
UNFOLD = """() => document.querySelectorAll("details:is(.dl-live *, :has(.dl-live))")
  .forEach(fold => { fold.open = true; })"""

#: Kept in the page: what a figure shows but for its controls (drawing, formula and
#: read-out, as far as they can be seen), and the number that stands beside a control.
PROBE = """() => {
  const seen = part => {
    const copy = part.cloneNode(true);
    copy.removeAttribute("style");  // a height that has grown stays
    copy.querySelectorAll('[display="none"]').forEach(hidden => hidden.remove());
    copy.querySelectorAll(".dl-linked").forEach(e => e.classList.remove("dl-linked"));
    return copy.outerHTML.replaceAll(' class=""', "");
  };
  const shown = figure =>
    [...figure.querySelectorAll(".dl-row svg, .dl-formula, .dl-readout")]
    .filter(part => part.checkVisibility() && part.getBoundingClientRect().width > 0)
    .map(seen).join("");
  const number = control => {
    const output = control.closest(".dl-slider").querySelector("output");
    if (!output) return control.selectedOptions[0].textContent;
    const box = output.getBoundingClientRect();
    return output.checkVisibility() && box.width > 0 ? output.textContent : null;
  };
  const keys = control => {
    if (control.type === "checkbox") return ["Space"];
    if (control.type === "range")
      return control.value === control.max ? ["ArrowLeft", "Home"]
        : ["ArrowRight", "End", "Home"];
    const last = control.selectedIndex === control.options.length - 1;
    return [last ? "ArrowUp" : "ArrowDown"];
  };
  const click = name => {
    const button = probe.figure.querySelector(name);
    if (button) button.click();
    return !!button;
  };
  // What a figure that learns shows is what it shows after some steps.
  const after = () => {
    if (click("[data-run=restart]")) {
      const figure = dlbook.figures.get(probe.figure.id.slice(5));
      for (let k = 0; k < 8; k++) figure.run.advance();
      figure.update();
    }
    return shown(probe.figure);
  };
  self.probe = {
    start: figure => { probe.figure = figure; probe.first = after(); },
    focus: control => {
      control.focus();
      Object.assign(probe, {control, number: number(control)});
      return keys(control);
    },
    changed: () => ({
      focused: document.activeElement === probe.control,
      number: ![null, probe.number].includes(number(probe.control)),
      shown: after() !== probe.first,
    }),
    reset: () => probe.figure.querySelector(".dl-reset").focus(),
    restored: () => after() === probe.first,
    // What the browser itself makes of a key.
    press: (control, key) => {
      const {min, max} = control;
      ({ArrowLeft: () => control.stepDown(), ArrowRight: () => control.stepUp(),
        Home: () => { control.value = min }, End: () => { control.value = max },
        Space: () => { control.checked = !control.checked },
        ArrowUp: () => { control.selectedIndex-- },
        ArrowDown: () => { control.selectedIndex++ }})[key]();
      for (const type of ["input", "change"])
        control.dispatchEvent(new Event(type, {bubbles: true}));
    },
    // Those that do not change what is shown, or that Reset does not take back.
    silent: controls => controls.filter(control => {
      const seen = probe.focus(control).some(key => {
        probe.press(control, key);
        const {focused, number, shown} = probe.changed();
        return focused && number && shown;
      });
      click(".dl-reset");
      return !(seen && probe.restored());
    }).map(control => control.id),
  };
}"""

SLIDERS, HANDLES = "[data-slider]", ".dl-over, .dl-point, .dl-typed input"

#: Of the elements that are chosen and seen, the first of each kind, and the others.
KINDS = """(figure, chosen) => {
  const all = [...figure.querySelectorAll(chosen)].filter(e => e.checkVisibility());
  const kinds = all.map(e => e.type || e.classList.value);
  return [true, false].map(first =>
    all.filter((e, k) => (kinds.indexOf(kinds[k]) === k) === first));
}"""

#: Those of a figure's handles that have no name, that no key moves, or Reset resets.
UNMOVED = """(root, handles) => {
  const figure = dlbook.figures.get(root.id.slice(5));
  const keys = [" ", "ArrowDown", "ArrowUp", "ArrowRight", "ArrowLeft"];
  return handles.filter(handle => {
    const first = figure.state();
    handle.focus();
    const moved = keys.some(key => {
      handle.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
      return figure.state() !== first;
    });
    const known = document.activeElement === handle && handle.ariaLabel;
    root.querySelector(".dl-reset").click();
    return !(moved && known && figure.state() === first);
  }).map(handle => handle.outerHTML);
}"""

VALUES = """() => [...document.querySelectorAll("[data-slider]")]
  .map(e => [e.id, e.type === "checkbox" ? String(e.checked) : e.value])"""

#: Whether the address has what figures show that were moved, and no other.
NOTED = """() => location.hash.slice(1).split("&").sort().join("&") ===
  [...dlbook.figures.values()].filter(figure => figure.moved())
  .map(figure => `${figure.name}=${figure.state()}`).sort().join("&")"""

#: Goes to an address; lists what then is out of bounds, is markup, or is no number.
ASTRAY = """hash => {
  location.hash = hash;
  const all = chosen => [...document.querySelectorAll(chosen)];
  const outside = all("input[type=range]")
    .filter(e => !(+e.value >= +e.min && +e.value <= +e.max));
  const told = all(".dl-live :is(output, .dl-readout)")
    .filter(e => /NaN|undefined|Infinity/.test(e.textContent));
  return [...outside, ...told, ...all(".dl-live :is(img, script)")]
    .map(e => e.outerHTML.slice(0, 120));
}"""


def awake(page, site, name, state=""):
    """Open a page and wait until its figures answer."""
    page.goto((site / f"{name}.html").as_uri() + state)
    page.wait_for_function(AWAKE)
    page.evaluate(UNFOLD)
    return page


@pytest.fixture
def alive(visited):
    """A chapter whose figures answer, and that is where it scrolls to at once."""
    visited.emulate_media(reduced_motion="reduce")
    visited.wait_for_function(AWAKE)
    visited.evaluate(UNFOLD)
    return visited


def moved(page, control):
    """Whether a key changes the control's number and what the figure shows."""
    for key in control.evaluate("control => probe.focus(control)"):
        page.keyboard.press(key)
        changed = page.evaluate("probe.changed()")
        assert changed["focused"] and changed["number"]
        if changed["shown"]:
            return True
    return False


def kinds(figure, chosen):
    """Return the first of each kind of elements in a figure, and the rest's handle."""
    first, rest = figure.evaluate_handle(KINDS, chosen).get_properties().values()
    return [each.as_element() for each in first.get_properties().values()], rest


def set_by_hand(page, figure, handle):
    """Set an input of the hand by keys, and take that back."""
    state = "figure => dlbook.figures.get(figure.id.slice(5)).state()"
    first, typed = figure.evaluate(state), handle.get_attribute("type") == "text"
    keys = ["End", "Backspace", "e"] if typed else ["Space", "ArrowDown", "ArrowUp"]
    handle.focus()
    for key in [*keys, "ArrowRight", "ArrowLeft"]:
        page.keyboard.press(key)
        if figure.evaluate(state) != first:
            break
    assert figure.evaluate(state) != first, handle.evaluate("e => e.outerHTML")
    assert typed or handle.get_attribute("aria-label")
    figure.query_selector(".dl-reset").press("Enter")
    assert figure.evaluate(state) == first


@each_notebook
def test_every_slider_and_every_input_of_the_hand_answers_to_the_keyboard(name, alive):
    """Real keys for the first of each kind of a figure, and their events for others."""
    alive.evaluate(PROBE)
    figures = alive.query_selector_all(".dl-live")
    assert len(figures) == len(figures_in(name))
    for figure in figures:
        handles, others = kinds(figure, HANDLES)
        assert handles or not figure.query_selector(HANDLES)
        for handle in handles:
            set_by_hand(alive, figure, handle)
        assert figure.evaluate(UNMOVED, others) == []
        figure.evaluate("figure => probe.start(figure)")
        controls, others = kinds(figure, SLIDERS)
        for control in controls:
            assert moved(alive, control), control.get_attribute("id")
            alive.evaluate("probe.reset()")
            alive.keyboard.press("Enter")
            assert alive.evaluate("probe.restored()"), control.get_attribute("id")
        assert alive.evaluate("others => probe.silent(others)", others) == []


#: Focuses the first, the middle and the last control of each figure, and lists those
#: that are then out of sight themselves, or part of the picture above them, also when
#: what scrolls the page has had some frames to make room for it.
OUT_OF_SIGHT = """async () => {
  const lost = [], top = document.querySelector(".bar").offsetHeight;
  const frame = () => new Promise(requestAnimationFrame);
  const seen = e => {
    const box = e.getBoundingClientRect();
    return box.top >= top - 1 && box.bottom <= innerHeight + 1;
  };
  for (const figure of document.querySelectorAll(".dl-live:has([data-slider])")) {
    const picture = figure.querySelector(".dl-picture");
    const controls = [...figure.querySelectorAll("[data-slider]")];
    const places = [0, 0.5, 1].map(t => Math.round(t * (controls.length - 1)));
    for (const control of new Set(places.map(k => controls[k]))) {
      control.focus();
      const both = () => seen(control) && seen(picture);
      await frame();
      for (let k = 0; k < 5 && !both(); k++) await frame();
      if (!both()) lost.push(control.id);
      control.blur();
    }
  }
  return lost;
}"""


@each_notebook
def test_picture_and_hand_are_in_sight_together(alive):
    for width, height in [(360, 640), (390, 664), (768, 1024), (1280, 720)]:
        alive.set_viewport_size(dict(width=width, height=height))
        assert alive.evaluate(OUT_OF_SIGHT) == [], width


#: Sweeps each slider once to know the height that it takes, and then listens; the first
#: sliders of all figures together, then the second ones, and so on.
JUMPS = """async () => {
  const frame = () => new Promise(requestAnimationFrame), jumps = [];
  const figures = [...dlbook.figures.values()];
  const top = ({root}) => root.querySelector(".dl-controls").offsetTop - root.offsetTop;
  const sweep = async (k, act) => {
    for (let i = 0; i < 7; i++) {
      for (const figure of figures.filter(({own}) => k < own.length)) {
        const {low, step, count} = figure.sliders[figure.own[k]];
        figure.set(figure.own[k], low + step * Math.round(i * (count - 1) / 6));
        figure.update();
      }
      await act();
    }
  };
  for (let k = 0; k < 5; k++) {
    await frame();  // within a frame: at its end the heights are known
    await sweep(k, frame);
    const still = figures.map(top);
    const moved = (figure, n) => Math.abs(top(figure) - still[n]) > 0.5;
    await sweep(k, () => figures.forEach((figure, n) => {
      if (moved(figure, n)) jumps.push([figure.name, k]);
    }));
  }
  for (const figure of figures) {
    figure.reset();
    figure.update();
  }
  return jumps;
}"""


@each_notebook
def test_controls_stay_where_they_are_while_a_slider_moves(alive):
    assert alive.evaluate(JUMPS) == []


@each_notebook
def test_the_address_keeps_the_values(name, alive, new_page, built_site):
    first = alive.evaluate(VALUES)
    for figure in alive.query_selector_all(".dl-live"):
        for slider in figure.query_selector_all("input[type=range]")[-1:]:
            slider.focus()
            alive.keyboard.press("Home")
            alive.keyboard.press("ArrowRight")
    alive.wait_for_function(NOTED)
    values, state = alive.evaluate(VALUES), alive.evaluate("location.hash")
    assert values != first
    for reset in alive.query_selector_all(".dl-reset"):
        reset.press("Enter")
    alive.wait_for_function(NOTED)
    assert alive.evaluate(VALUES) == first
    alive.evaluate("state => { location.hash = state; }", state)
    assert alive.evaluate(VALUES) == values
    if name == NOTEBOOKS[0]:
        for address, shown in ((state, values), ("", first)):
            other = awake(new_page(), built_site, name, address)
            assert other.evaluate(VALUES) == shown


@each_notebook
def test_a_made_up_address_stays_within_bounds(name, alive):
    for state in MADE_UP:
        assert alive.evaluate(ASTRAY, f"{figures_in(name)[0]}={state}") == []


@each_notebook
def test_each_challenge_can_be_met(name, alive):
    for figure in figures_in(name, answering=True):
        unmet = alive.evaluate(SEARCH, [figure, KNOWN.get(figure, [])])
        assert unmet == [], figure


@one_notebook
def test_a_button_copies_the_address_of_a_setting(name, alive):
    alive.context.grant_permissions(["clipboard-read", "clipboard-write"])
    figure = alive.locator(".dl-live:has(input[type=range])").first
    figure.locator("input[type=range]").first.focus()
    alive.keyboard.press("Home")
    figure.locator(".dl-link").press("Enter")
    alive.wait_for_function("() => navigator.clipboard.readText().then(t => t)")
    copied = alive.evaluate("navigator.clipboard.readText()")
    ident = figure.get_attribute("id").removeprefix("live-")
    assert f"#{ident}=" in copied and copied.startswith("file:")
