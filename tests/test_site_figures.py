"""The live figures of the built site, moved by keyboard as a reader would."""

import re

import pytest

from conftest import ROOT, watched
from test_site import CHAPTERS, open_page
from test_site_files import figures_in

NOTEBOOKS = [name for name in CHAPTERS if (ROOT / f"{name}.ipynb").exists()]
#: What somebody may write into the address.
MADE_UP = ("<img src=x onerror=alert(1)>", "1e999", "NaN,NaN", "1,2;3", "9e9,-9e9", "")

each_notebook = pytest.mark.parametrize("name", NOTEBOOKS)

AWAKE = "() => !document.querySelector('[data-wakes]:disabled')"

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
    // Whether a control changes what is shown, and Reset takes it back.
    answers: control => {
      const seen = probe.focus(control).some(key => {
        probe.press(control, key);
        const {focused, number, shown} = probe.changed();
        return focused && number && shown;
      });
      click(".dl-reset");
      return seen && probe.restored();
    },
  };
}"""

VALUES = """() => [...document.querySelectorAll("[data-slider]")]
  .map(e => [e.id, e.type === "checkbox" ? String(e.checked) : e.value])"""

OUTSIDE = """() => [...document.querySelectorAll("input[type=range]")]
  .filter(e => !(+e.value >= +e.min && +e.value <= +e.max)).map(e => e.id)"""


def awake(page, site, name, state=""):
    """Open a page and wait until its figures answer."""
    page.goto((site / f"{name}.html").as_uri() + state)
    page.wait_for_function(AWAKE)
    for fold in page.locator("details:is(.dl-live *, :has(.dl-live))").all():
        fold.evaluate("e => e.open = true")
    return page


@pytest.fixture(scope="module")
def open_pages(browser):
    """The page that the last test of this file has left, by its name."""
    kept = {}
    yield kept
    for page in kept.values():
        page.context.close()


@pytest.fixture
def visit(open_pages, browser, built_site):
    """Open a page that is awake, or go on with it where another test left it."""

    def stay(name):
        if name not in open_pages:
            for other in [*open_pages]:
                open_pages.pop(other).context.close()
            context = browser.new_context(viewport={"width": 1280, "height": 900})
            open_pages[name] = awake(watched(context), built_site, name)
        return open_pages[name]

    yield stay
    for page in open_pages.values():
        found, page.problems[:] = [*page.problems], []
        assert not found, "\n".join(found)


def moved(page, control):
    """Whether a key changes the control's number and what the figure shows."""
    for key in control.evaluate("control => probe.focus(control)"):
        page.keyboard.press(key)
        changed = page.evaluate("probe.changed()")
        assert changed["focused"] and changed["number"]
        if changed["shown"]:
            return True
    return False


@each_notebook
def test_every_slider_and_every_input_of_the_hand_answers_to_the_keyboard(name, visit):
    """Real keys for the first slider, box and menu of a figure, and their events."""
    page = visit(name)
    for figure in page.locator(".dl-live:has(.dl-over, .dl-point, .dl-typed)").all():
        assert set_by_hand(page, figure)
    page.evaluate(PROBE)
    for figure in page.locator(".dl-live:has([data-slider])").all():
        figure.evaluate("figure => probe.start(figure)")
        kinds = set()
        for control in figure.locator("[data-slider]").element_handles():
            ident, kind = control.evaluate("control => [control.id, control.type]")
            if kind in kinds:
                assert control.evaluate("control => probe.answers(control)"), ident
                continue
            kinds.add(kind)
            assert moved(page, control), ident
            page.evaluate("probe.reset()")
            page.keyboard.press("Enter")
            assert page.evaluate("probe.restored()"), ident
    stored = figures_in(name)
    assert page.locator(".dl-live").count() == len(stored)


#: Focuses some controls of each figure, the first and the last among them, and lists
#: those that are then out of sight themselves, or part of the picture above them.
OUT_OF_SIGHT = """async () => {
  const lost = [], top = document.querySelector(".bar").offsetHeight;
  const frame = () => new Promise(requestAnimationFrame);
  for (const figure of document.querySelectorAll(".dl-live:has([data-slider])")) {
    const picture = figure.querySelector(".dl-picture");
    const controls = [...figure.querySelectorAll("[data-slider]")];
    const apart = Math.ceil(controls.length / 4), last = controls.length - 1;
    for (const control of controls.filter((_, k) => k % apart === 0 || k === last)) {
      control.focus();
      await frame(); await frame();
      const seen = e => {
        const box = e.getBoundingClientRect();
        return box.top >= top - 1 && box.bottom <= innerHeight + 1;
      };
      if (!seen(control) || !seen(picture)) lost.push(control.id);
      control.blur();
    }
  }
  return lost;
}"""


@each_notebook
def test_picture_and_hand_are_in_sight_together(name, new_page, built_site):
    page = awake(new_page(reduced_motion="reduce"), built_site, name)
    for width, height in [(360, 640), (390, 664), (768, 1024), (1280, 720)]:
        page.set_viewport_size(dict(width=width, height=height))
        assert page.evaluate(OUT_OF_SIGHT) == [], width


def set_by_hand(page, figure):
    """Set each input of the hand of a figure by keys; return the kinds of them."""
    state = "figure => dlbook.figures.get(figure.id.slice(5)).state()"
    first, kinds = figure.evaluate(state), set()
    for handle in figure.locator(".dl-over, .dl-point, .dl-typed input").all():
        if not handle.is_visible():
            continue
        typed = handle.get_attribute("type") == "text"
        keys = ["End", "Backspace", "e"] if typed else ["Space", "ArrowDown", "ArrowUp"]
        handle.focus()
        for key in [*keys, "ArrowRight", "ArrowLeft"]:
            page.keyboard.press(key)
            if figure.evaluate(state) != first:
                break
        assert figure.evaluate(state) != first, handle.evaluate("e => e.outerHTML")
        assert typed or handle.get_attribute("aria-label")
        kinds.add("text" if typed else handle.get_attribute("class").split()[-1])
        figure.locator(".dl-reset").press("Enter")
        assert figure.evaluate(state) == first
    return kinds


#: Sweeps each slider once to know the height that it takes, and then listens.
JUMPS = """async () => {
  const frame = () => new Promise(requestAnimationFrame), jumps = [];
  const sweep = async (figure, k, act) => {
    const {low, step, count} = figure.sliders[k];
    for (let i = 0; i < 7; i++) {
      figure.set(k, low + step * Math.round(i * (count - 1) / 6));
      figure.update();
      await act();
    }
  };
  for (const figure of dlbook.figures.values()) {
    const controls = figure.root.querySelector(".dl-controls");
    const top = () => controls.offsetTop - figure.root.offsetTop;
    for (const k of figure.sliders.keys()) {
      if (k > 3) break;
      await frame();  // within a frame: at its end the heights are known
      await sweep(figure, k, frame);
      const still = top();
      const moved = () => Math.abs(top() - still) > 0.5;
      await sweep(figure, k, () => { if (moved()) jumps.push([figure.name, k]); });
    }
    figure.reset();
    figure.update();
  }
  return jumps;
}"""


@each_notebook
def test_controls_stay_where_they_are_while_a_slider_moves(name, visit):
    page = visit(name)
    assert page.evaluate(JUMPS) == []


@each_notebook
def test_the_address_keeps_the_values(name, new_page, visit, built_site):
    page = visit(name)
    sliders = page.locator(".dl-live input[type=range]")
    if not sliders.count():
        return
    first = page.evaluate(VALUES)
    for figure in page.locator(".dl-live:has(input[type=range])").all():
        slider = figure.locator("input[type=range]").last
        slider.focus()
        page.keyboard.press("Home")
        page.keyboard.press("ArrowRight")
    page.wait_for_function("() => location.hash.includes('=')")
    page.wait_for_timeout(400)
    values = page.evaluate(VALUES)
    assert values != first
    other = awake(new_page(), built_site, name, "#" + page.url.split("#")[1])
    assert other.evaluate(VALUES) == values
    if name == NOTEBOOKS[0]:
        back = awake(new_page(), built_site, name)
        assert back.evaluate(VALUES) == first


@each_notebook
def test_a_made_up_address_stays_within_bounds(name, visit):
    figures = figures_in(name)
    page = visit(name)
    for state in MADE_UP if figures else ():
        page.evaluate("hash => { location.hash = hash }", f"{figures[0]}={state}")
        assert page.evaluate(OUTSIDE) == []
        assert page.locator(".dl-live :is(img, script)").count() == 0
        for text in page.locator(".dl-live :is(output, .dl-readout)").all_inner_texts():
            assert not re.search(r"NaN|undefined|Infinity", text), text


@each_notebook
def test_a_figure_stands_at_its_defaults_without_scripts(name, new_page, built_site):
    page = open_page(new_page(java_script_enabled=False), built_site, name)
    for figure in page.locator(".dl-live").all():
        folded = figure.locator("xpath=ancestor::details[not(@open)]").count()
        assert folded or figure.locator(".dl-row svg").first.is_visible()
        controls = figure.locator("[data-slider]").all()
        told = figure.locator(".dl-readout").text_content()
        assert re.search(r"\d", told) if controls else told
        assert not any(control.is_enabled() for control in controls)


def test_a_button_copies_the_address_of_a_setting(new_page, built_site):
    name = next(name for name in NOTEBOOKS if figures_in(name))
    page = new_page(permissions=["clipboard-read", "clipboard-write"])
    awake(page, built_site, name)
    figure = page.locator(".dl-live:has(input[type=range])").first
    figure.locator("input[type=range]").first.focus()
    page.keyboard.press("Home")
    figure.locator(".dl-link").press("Enter")
    page.wait_for_function("() => navigator.clipboard.readText().then(t => t)")
    copied = page.evaluate("navigator.clipboard.readText()")
    ident = figure.get_attribute("id").removeprefix("live-")
    assert f"#{ident}=" in copied and copied.startswith("file:")
