"""The page's view in a real browser: it shows what matplotlib and Python would show."""

import gzip
import unicodedata

import numpy as np
import pytest
from pygments import token
from pygments.lexers import JavascriptLexer

from dlbook.live.checks import random_settings
from dlbook.live.inputs import Pad
from dlbook.live.text.numbers import JAVASCRIPT
from dlbook.live.views import page as view
from dlbook.live.views.shrink import shrunk
from dlbook.plotting import PALETTE
from drawings import TREE, differences, from_markup
from zoo import ZOO

POLICY = "default-src 'none'; script-src 'self' file:; style-src 'self' file:"


def site(folder, lives, order=("runtime.js", "page.js")):
    """Write a page with live figures and return its address."""
    (folder / "runtime.js").write_text(view.runtime(), "utf-8")
    (folder / "page.js").write_text("".join(map(view.script, lives)), "utf-8")
    style = view.__file__.replace("page.py", "live.css")
    with open(style, encoding="utf-8") as css:
        colours = "".join(f"--dl-{role}:{c.light};" for role, c in PALETTE.items())
        text = f":root {{ {colours} }} body {{ margin: 0 1rem }}\n{css.read()}"
    (folder / "live.css").write_text(text, "utf-8")
    scripts = "".join(f'<script defer src="{name}"></script>' for name in order)
    body = "".join(map(view.html, lives))
    (folder / "index.html").write_text(
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Figures'
        f'</title><meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width">'
        f'<link rel="stylesheet" href="live.css">{scripts}</head>'
        f'<body><h1 id="top">Figures</h1>{body}</body></html>',
        "utf-8",
    )
    return (folder / "index.html").as_uri()


def drawn(page, name):
    """Return the trees of a figure's panels as the browser has them."""
    return [
        svg.evaluate(TREE)
        for svg in page.query_selector_all(f"#live-{name} .dl-row svg")
    ]


@pytest.fixture(scope="module")
def zoo(tmp_path_factory):
    """Every kind of figure on one page: its address, and the figures."""
    lives = [make() for make in ZOO]
    return site(tmp_path_factory.mktemp("zoo"), lives), lives


def go(page, live, state):
    """Set a figure's inputs by the page's address, but for an image that is written."""
    name, written = live.name, any(isinstance(h, Pad) for h in live.hands.values())
    text = page.evaluate(
        """([name, state, written]) => {
          const figure = dlbook.figures.get(name), before = [...figure.values];
          state.forEach((value, k) => figure.set(k, value));
          const text = figure.state().split(";met")[0];
          if (written) { figure.update(); return text; }
          before.forEach((value, k) => figure.set(k, value));
          location.hash = `${name}=${text}`;
          return text;
        }""",
        [name, state.tolist(), written],
    )
    page.wait_for_function(
        "f => dlbook.figures.get(f[0]).state().split(';met')[0] === f[1]",
        arg=[name, text],
    )
    assert page.evaluate("n => [...dlbook.figures.get(n).values]", name) == list(state)
    return text


def test_moved_picture_is_the_one_that_matplotlib_draws(zoo, page):
    url, lives = zoo
    page.goto(url)
    for live in lives:
        for state in random_settings(live.sliders, 5, np.random.default_rng(7)):
            text = go(page, live, state)
            live.redraw(state)
            for wanted, got in zip(live.svg(), drawn(page, live.name), strict=True):
                assert not differences(from_markup(wanted), got), (live.name, text)


def test_numbers_on_the_page_are_those_that_python_prints(zoo, page):
    url, lives = zoo
    page.goto(url)
    read = """html => [...new DOMParser().parseFromString(html, "text/html")
        .querySelectorAll(".dl-readout, [data-slot]")].map(e => e.textContent)"""
    for live in lives[3:]:
        for state in random_settings(live.sliders, 3, np.random.default_rng(1))[-5:]:
            go(page, live, state)
            live.redraw(state)
            assert page.evaluate(read, view.html(live)) == [
                *page.eval_on_selector_all(
                    f"#live-{live.name} :is(.dl-readout, [data-slot])",
                    "found => found.map(e => e.textContent)",
                )
            ]
            outputs = page.eval_on_selector_all(
                f"#live-{live.name} output", "found => found.map(e => e.textContent)"
            )
            by_group = [s for g in live.groups for s in g.sliders]
            assert outputs == [
                s.text(state[live.sliders.index(s)])
                for s in by_group
                if not s.choices or s.play
            ]


# Controls -------------------------------------------------------------------------


def values(page, name):
    return page.evaluate("name => [...dlbook.figures.get(name).values]", name)


def test_keyboard_moves_a_slider_and_all_that_depends_on_it(zoo, page):
    page.goto(zoo[0])
    slider = page.get_by_role("slider", name="a", exact=True).nth(1)
    slider.focus()
    for key, value in [
        ("ArrowRight", 1.1),
        ("ArrowLeft", 1.0),
        ("ArrowDown", 0.9),
        ("End", 2.0),
        ("Home", -2.0),
    ]:
        page.keyboard.press(key)
        assert values(page, "bars") == [value]
        shown = f"{value:.1f}".replace("-", "−")
        assert page.locator("#live-bars output").inner_text() == shown
        assert slider.get_attribute("aria-valuetext") == shown
        assert f"a is {shown}0." == page.locator("#bars-readout").inner_text()
    page.keyboard.press("PageUp")
    assert values(page, "bars")[0] > -1.95
    focused = slider.screenshot()
    slider.blur()
    assert slider.screenshot() != focused


def test_every_control_has_a_name_and_its_group(zoo, page):
    page.goto(zoo[0])
    figure = page.locator("#live-grid")
    weights = figure.get_by_role("group", name="Weights")
    names = ["W11", "W12", "W21", "W22"]
    for k, name in enumerate(names):
        control = weights.get_by_role("slider").nth(k)
        assert control.get_attribute("id") == f"grid-{name}"
        label = page.locator(f"label[for=grid-{name}]").text_content()
        assert unicodedata.normalize("NFKC", label) == name
        spoken = "weight W " + " ".join(name[1:])
        assert control.get_attribute("aria-label") == spoken
    assert figure.get_by_role("slider").count() == 7
    page.locator("#grid-mode").select_option("slow")
    assert values(page, "grid")[-1] == 0
    page.locator("#shapes-on").focus()
    page.keyboard.press("Space")
    assert values(page, "shapes") == [0, 0]
    assert page.locator("#live-shapes output").nth(1).inner_text() == "0"


def test_reset_restores_and_clears_the_address(zoo, page):
    page.goto(zoo[0] + "#bars=-1.5&grid=0,0,0,0,0,0,9,0")
    assert values(page, "bars") == [-1.5]
    page.locator("#live-bars").get_by_role("button", name="Reset").click()
    assert values(page, "bars") == [1]
    page.wait_for_function("() => location.hash === '#grid=0,0,0,0,0,0,9,0'")
    page.locator("#live-grid").get_by_role("button", name="Reset").click()
    page.wait_for_function("() => location.hash === ''")
    assert values(page, "grid") == [1, 0, 0.5, -1, 1, 0.5, 3, 1]
    assert page.locator("#grid-mode").input_value() == "fast"


def test_address_is_bounded_and_never_markup(zoo, page):
    for given, taken in [
        ("1.26", 1.3),
        ("99", 2),
        ("-1e9", -2),
        ("1,2", 1),
        ("", 1),
        ("x", 1),
        ("NaN", 1),
        ("Infinity", 1),
        ("1<img src=x onerror=alert(1)>", 1),
        ("1=1", 1),
    ]:
        page.goto("about:blank")
        page.goto(f"{zoo[0]}#bars={given}")
        assert values(page, "bars") == [taken], given
        assert page.locator("img").count() == 0, given


def test_address_keeps_what_was_moved_and_only_that(zoo, new_page):
    page = new_page()
    page.goto(zoo[0] + "#top")
    assert page.evaluate("location.hash") == "#top"
    entries = page.evaluate("history.length")
    page.locator("#bars-a").focus()
    page.keyboard.press("Home")
    page.wait_for_function("() => location.hash === '#bars=-2'")
    page.locator("#curves-b").focus()
    page.keyboard.press("End")
    page.wait_for_function("() => location.hash === '#bars=-2&curves=0.5,3'")
    assert page.evaluate("history.length") == entries + 1  # the way back to the top
    page.evaluate("location.hash = 'top'")
    assert values(page, "bars") == [-2]


def test_address_shows_the_figure_it_names(zoo, new_page):
    page = new_page(viewport={"width": 800, "height": 600})
    page.goto(zoo[0] + "#grid=0,0,0,0,0,0,9,0")
    assert values(page, "grid") == [0, 0, 0, 0, 0, 0, 9, 0]
    assert -1 <= page.locator("#live-grid").bounding_box()["y"] < 600
    page.evaluate("() => { location.hash = 'bars=2&grid=1,0,0,0,0,0,9,0' }")
    page.wait_for_function("() => dlbook.figures.get('bars').values[0] === 2")
    assert values(page, "grid")[0] == 1
    assert -1 <= page.locator("#live-bars").bounding_box()["y"] < 600
    page.reload()
    assert values(page, "bars") == [2]


def test_link_is_copied_or_shown(zoo, new_page):
    page = new_page()
    page.goto(zoo[0] + "#bars=1.5")
    page.evaluate(
        "() => { navigator.clipboard.writeText = text => { self.copied = text;"
        " return Promise.resolve() } }"
    )
    button = page.locator("#live-bars").get_by_role("button", name="Copy link")
    status = page.locator("#live-bars [role=status]")
    button.click()
    status.filter(has_text="Link copied").wait_for()
    assert page.evaluate("copied") == zoo[0] + "#bars=1.5"
    page.evaluate(
        "() => { navigator.clipboard.writeText = () => Promise.reject(Error('no')) }"
    )
    button.click()
    status.filter(has_text="#bars=1.5").wait_for()


def test_play_runs_to_the_end_and_stops(zoo, page):
    page.goto(zoo[0] + "#grid=0,0,0,0,0,0,26,0")
    button = page.get_by_role("button", name="Play")
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    page.wait_for_function("() => dlbook.figures.get('grid').values[6] === 29")
    assert button.get_attribute("aria-pressed") == "false"
    button.click()  # begins again
    page.wait_for_function("() => dlbook.figures.get('grid').values[6] === 1")
    button.click()
    stopped = values(page, "grid")[6]
    page.wait_for_timeout(600)
    assert values(page, "grid")[6] == stopped


def test_play_steps_where_motion_is_unwanted(zoo, new_page):
    page = new_page(reduced_motion="reduce")
    page.goto(zoo[0] + "#grid=0,0,0,0,0,0,28,0")
    button = page.get_by_role("button", name="Play")
    for expected in (29, 0, 1):
        button.click()
        assert values(page, "grid")[6] == expected
    page.wait_for_timeout(500)
    assert values(page, "grid")[6] == 1


def test_point_is_dragged_by_mouse(zoo, page):
    page.goto(zoo[0])
    grip = page.locator("#live-points .dl-grip")
    grip.scroll_into_view_if_needed()
    box = grip.bounding_box()
    assert min(box["width"], box["height"]) >= 24
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 20, y - 30, steps=3)
    page.mouse.up()
    (a,) = values(page, "points")
    assert a > 0.5
    page.mouse.move(x, y - 100)
    assert values(page, "points") == [a]


@pytest.mark.parametrize("touch", [False, True])
def test_point_comes_to_where_the_axes_are_clicked_or_tapped(zoo, new_page, touch):
    page = new_page(has_touch=touch)
    page.goto(zoo[0])
    grip = page.locator("#live-points .dl-grip")
    grip.scroll_into_view_if_needed()
    box = grip.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    press = page.touchscreen.tap if touch else page.mouse.click
    press(x + 40, y - 40)
    (a,) = values(page, "points")
    assert a > 1
    page.mouse.move(x, y)
    assert values(page, "points") == [a]
    other = page.locator("#live-points .dl-row svg").last.bounding_box()
    press(other["x"] + other["width"] / 2, y)  # the other axes
    assert values(page, "points") == [a]


def test_what_is_clicked_in_the_axes_follows_the_mouse(zoo, page):
    page.goto(zoo[0])
    grip = page.locator("#live-points .dl-grip")
    grip.scroll_into_view_if_needed()
    box = grip.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x + 40, y - 40)
    page.mouse.down()
    page.mouse.move(x - 30, y + 30, steps=3)
    page.mouse.up()
    (a,) = values(page, "points")
    assert a < -0.5
    page.mouse.move(x, y - 100)
    assert values(page, "points") == [a]


#: Makes a formula higher and the page narrower, and then the formula as it was.
LOWER = """async () => {
  const frame = () => new Promise(requestAnimationFrame);
  const box = document.querySelector("#live-grid [data-formula]"), heights = [];
  for (const [padding, width] of [["30px", "300px"], ["0", "300px"], ["0", "400px"]]) {
    Object.assign(box.style, {paddingTop: padding, width});
    for (let k = 0; k < 3; k++) await frame();
    heights.push(box.offsetHeight);
  }
  return heights;
}"""


def test_a_formula_keeps_its_room_until_its_width_changes(zoo, page):
    page.goto(zoo[0])
    high, after, anew = page.evaluate(LOWER)
    assert high == after > anew + 20, (high, after, anew)


def test_screen_reader_hears_one_message_when_the_hand_rests(zoo, page):
    page.goto(zoo[0])
    page.evaluate(
        """() => { self.heard = [];
        const spoken = document.querySelector("#live-bars [aria-live=polite]");
        new MutationObserver(() => heard.push(spoken.textContent))
          .observe(spoken, {childList: true, characterData: true, subtree: true}) }"""
    )
    page.locator("#bars-a").focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    page.wait_for_function("() => heard.length > 0")
    page.wait_for_timeout(600)
    assert page.evaluate("heard") == ["a is 1.50."]
    described = page.locator("#live-bars svg").first.get_attribute("aria-describedby")
    assert page.locator(f"#{described}").inner_text() == "a is 1.50."


# The page -------------------------------------------------------------------------


def test_scripts_may_come_in_either_order_and_add_one_global(zoo, page, tmp_path):
    url = site(tmp_path, [zoo[1][0]], ("page.js", "runtime.js"))
    page.goto(url)
    assert values(page, "curves") == [0.5, 1]
    added = """() => {
      const frame = document.createElement("iframe");
      document.body.append(frame);
      const plain = new Set(Object.getOwnPropertyNames(frame.contentWindow));
      frame.remove();
      return Object.getOwnPropertyNames(self).filter(
        n => !plain.has(n) && isNaN(n) && !n.startsWith("__")
          && !document.getElementById(n));
    }"""
    assert page.evaluate(added) == ["dlbook"]


def test_script_before_its_figure_waits_for_it(zoo, page, tmp_path):
    site(tmp_path, [zoo[1][0]])
    text = (tmp_path / "index.html").read_text("utf-8").replace(" defer", "")
    (tmp_path / "index.html").write_text(text, "utf-8")
    page.goto((tmp_path / "index.html").as_uri())
    assert values(page, "curves") == [0.5, 1]
    page.locator("#curves-a").focus()
    page.keyboard.press("Home")
    assert values(page, "curves") == [-2, 1]


def test_a_broken_figure_says_so_and_leaves_the_others_alive(zoo, new_page, tmp_path):
    lives = [live for live in zoo[1] if live.program][:2]
    site(tmp_path, lives)
    path = tmp_path / "index.html"
    text = path.read_text("utf-8")
    path.write_text(text.replace("data-part=", "data-lost=", 1), "utf-8")
    page = new_page()
    page.goto(path.as_uri())
    broken, whole = (page.locator(f"#live-{live.name}") for live in lives)
    assert "does not answer" in broken.locator(".dl-still").inner_text()
    assert broken.locator(".dl-controls:disabled").count() == 1
    assert whole.locator(".dl-controls:enabled").count() == 1
    assert whole.locator(".dl-still").count() == 0


def test_figures_whose_script_does_not_come_say_so(zoo, new_page, tmp_path):
    site(tmp_path, zoo[1][:2], ("runtime.js",))
    page = new_page()
    page.goto((tmp_path / "index.html").as_uri())
    page.wait_for_selector(".dl-still")
    assert page.locator(".dl-still").count() == 2
    assert page.locator(".dl-controls:enabled").count() == 0


def test_page_without_script_reads_in_full_and_stands_where_it_will(zoo, new_page):
    still = new_page(java_script_enabled=False)
    still.goto(zoo[0])
    live = new_page()
    live.goto(zoo[0])
    for page in (still, live):
        assert page.locator("#grid-readout").inner_text().startswith("y is (1.00, 0.00")
        assert "1.00" in page.locator("#live-grid math").first.text_content()
    assert still.locator("#live-grid input:visible").count() == 0
    assert still.locator("#live-grid output").first.inner_text() == "1.0"
    assert still.locator("button:visible").count() == 0
    for live_figure in zoo[1]:
        boxes = [
            p.locator(f"#live-{live_figure.name} .dl-row").bounding_box()
            for p in (still, live)
        ]
        assert boxes[0]["height"] == boxes[1]["height"]


def test_nothing_shifts_when_figures_come_alive(zoo, new_page):
    page = new_page()
    page.add_init_script(
        """self.shift = 0;
        new PerformanceObserver(list => list.getEntries().forEach(
          e => { self.shift += e.value })).observe({type: "layout-shift",
          buffered: true})"""
    )
    page.goto(zoo[0])
    page.wait_for_timeout(500)
    assert page.evaluate("shift") == 0


@pytest.mark.parametrize("width", [360, 320, 1280])
def test_page_fits_a_narrow_screen(zoo, new_page, width):
    page = new_page(viewport={"width": width, "height": 800})
    page.goto(zoo[0])
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if width == 360:
        small = page.evaluate(
            """() => [...document.querySelectorAll("svg text, svg tspan")].filter(t => {
            const scale = t.ownerSVGElement.getScreenCTM().a;
            return t.textContent.trim() && t.textContent !== "\\u200b"
              && parseFloat(getComputedStyle(t).fontSize) * scale < 8.95;
          }).map(t => t.textContent)"""
        )
        assert small == []
    low = page.evaluate(
        """() => [...document.querySelectorAll("input, select, button, summary")]
        .filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 23.9)
        .map(e => e.id || e.className || e.tagName)"""
    )
    assert low == []


def test_wide_formula_scrolls_in_its_own_box(zoo, new_page):
    page = new_page(viewport={"width": 320, "height": 800})
    page.goto(zoo[0])
    box = page.get_by_role("group", name="Formula with its numbers").first
    assert box.get_attribute("tabindex") == "0"
    page.set_viewport_size({"width": 1280, "height": 800})
    page.wait_for_function("() => !document.querySelector('[data-formula][tabindex]')")


def test_print_shows_values_and_no_controls(zoo, page):
    page.goto(zoo[0] + "#bars=1.5")
    page.emulate_media(media="print")
    assert page.locator("#live-bars input:visible, button:visible").count() == 0
    assert page.locator("#live-bars output:visible").inner_text() == "1.5"


def test_no_serious_fault_for_readers_with_assistive_technology(zoo, page):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page.goto(zoo[0])
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        found = axe.Axe().run(page).response["violations"]
        grave = [v["id"] for v in found if v["impact"] in ("serious", "critical")]
        assert not grave, grave
    page.problems.clear()  # axe asks for the style sheet, which the policy forbids


def test_shrunk_scripts_say_the_same():
    def words(text):
        found = JavascriptLexer().get_tokens(text)
        found = [
            (kind, char)
            for kind, word in found
            for char in (word if kind in token.Punctuation else [word])
            if kind not in token.Comment and char.strip()
        ]
        pairs = zip(found, [*found[1:], (None, "")], strict=True)
        return [one for one, after in pairs if (one[1], after[1]) != (";", "}")]

    parts = ["runtime.js", *view.PARTS]
    for path in [JAVASCRIPT, *(view.SCRIPTS / name for name in parts)]:
        text = path.read_text("utf-8")
        assert words(shrunk(text)) == words(text), path.name
        assert len(shrunk(text)) < 0.93 * len(text)


def test_runtime_is_small_and_evaluates_nothing():
    text = view.runtime()
    assert len(gzip.compress(text.encode())) < 14_000
    for word in ("eval(", "new Function", "innerHTML", "insertAdjacentHTML", "onclick"):
        assert word not in text
