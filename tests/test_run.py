"""Figures that learn: the page's run is the one that NumPy makes, and the reader's."""

import itertools

import nbformat
import numpy as np
import pytest
from nbconvert import HTMLExporter

from dlbook.live.checks import random_settings
from dlbook.live.running import flat
from dlbook.live.views import display
from drawings import differences, from_markup
from learners import LEARNERS, rule
from test_runtime import drawn, site

CLOSE = dict(rtol=1e-9, atol=1e-12)


@pytest.fixture(scope="module")
def learners(tmp_path_factory):
    """Every figure that learns, on one page: its address, and the figures by name."""
    lives = [make() for make in LEARNERS]
    url = site(tmp_path_factory.mktemp("learners"), lives)
    return url, {live.name: live for live in lives}


STATE = """name => {
  const {run} = dlbook.figures.get(name);
  return [run.seed, run.steps, ...run.state];
}"""


def state(page, name):
    """Return seed, count of steps and state of a run on the page."""
    return np.array(page.evaluate(STATE, name), float)


def button(page, name, action):
    return page.locator(f"#live-{name} [data-run={action}]")


def count(page, name):
    return int(button(page, name, "count").inner_text())


def restore(page, live, values, seed=0, steps=0):
    """Set a figure's sliders, seed and steps by the address, and wait for its run."""
    text = ",".join(f"{value:g}" for value in values) + f";run:{seed}.{steps}"
    page.evaluate("([n, t]) => dlbook.figures.get(n).restore(t)", [live.name, text])
    page.locator(f"#live-{live.name}").scroll_into_view_if_needed()
    page.wait_for_function(
        "([n, k]) => dlbook.figures.get(n).run.steps === k && "
        "!dlbook.figures.get(n).run.goal",
        arg=[live.name, steps],
    )


@pytest.mark.parametrize("name", ["drift", "rule", "moons"])
def test_a_run_on_the_page_is_the_one_that_numpy_makes(learners, page, name):
    url, lives = learners
    live = lives[name]
    page.goto(url)
    for steps, seed in itertools.product((0, 1, 10, 300), (0, 7)):
        rng = np.random.default_rng(steps)
        values = random_settings(live.sliders, 1, rng)[-1 if seed else 0]
        restore(page, live, values, seed, steps)
        live.redraw(values, steps=steps, seed=seed)
        wanted = live.vector(values)[len(values) :]
        np.testing.assert_allclose(state(page, name), wanted, **CLOSE)
        for wanted, got in zip(live.svg(), drawn(page, name), strict=True):
            assert not differences(from_markup(wanted), got)
        words = page.locator(f"#{name}-readout").inner_text()
        assert words == live.readout.fill(live.evaluate(values))


# The reader's controls ------------------------------------------------------------


def test_nothing_plays_by_itself_and_one_step_is_one(learners, page):
    page.goto(learners[0])
    page.wait_for_timeout(300)
    for name in learners[1]:
        assert count(page, name) == 0
    one = button(page, "rule", "step")
    one.focus()
    for steps in (1, 2, 3):
        page.keyboard.press("Enter")
        assert count(page, "rule") == steps
    assert one.evaluate("e => e === document.activeElement")
    wanted = learners[1]["rule"].run(3)
    np.testing.assert_allclose(state(page, "rule")[2:], _numbers(wanted), **CLOSE)
    assert page.locator("#rule-readout").inner_text().startswith("After 3 steps")


def _numbers(tree):
    return np.concatenate([np.ravel(leaf) for leaf in flat(tree).values()])


def test_play_runs_until_it_is_paused(learners, page):
    page.goto(learners[0])
    play = button(page, "rule", "play")
    assert play.inner_text() == "Play"
    play.click()
    assert play.inner_text() == "Pause"
    page.wait_for_function("() => dlbook.figures.get('rule').run.steps > 3")
    play.click()
    assert play.inner_text() == "Play"
    assert play.evaluate("e => e === document.activeElement")
    stopped = count(page, "rule")
    page.wait_for_timeout(400)
    assert count(page, "rule") == stopped
    wanted = learners[1]["rule"].run(stopped)
    np.testing.assert_allclose(state(page, "rule")[2:], _numbers(wanted), **CLOSE)


def test_speed_is_that_of_the_words(learners, page):
    page.goto(learners[0])
    speed = page.locator("#live-rule").get_by_label("Speed")
    chosen = "e => e.selectedOptions[0].textContent"
    assert speed.evaluate(chosen) == "8 steps/s"
    assert button(page, "moons", "speed").evaluate(chosen) == "30 steps/s"
    for pace, fewest, most in (("8 steps/s", 6, 11), ("30 steps/s", 22, 40)):
        speed.select_option(pace)
        button(page, "rule", "restart").click()
        button(page, "rule", "play").click()
        page.wait_for_timeout(1000)
        button(page, "rule", "play").click()
        assert fewest <= count(page, "rule") <= most


def test_restart_and_another_seed_begin_anew(learners, page):
    url, lives = learners
    page.goto(url)
    first = state(page, "drift")
    for _ in range(2):
        button(page, "drift", "step").click()
    button(page, "drift", "restart").click()
    assert np.array_equal(state(page, "drift"), first, equal_nan=True)
    button(page, "drift", "seed").click()
    assert button(page, "drift", "number").inner_text() == "1"
    got = state(page, "drift")
    wanted = _numbers(lives["drift"].run(0, seed=1))
    np.testing.assert_allclose(got, [1, 0, *wanted], **CLOSE)
    assert abs(got[2:5] - first[2:5]).min() > 1e-6
    page.locator("#live-drift").get_by_role("button", name="Reset").click()
    assert np.array_equal(state(page, "drift"), first, equal_nan=True)


def test_sliders_that_the_start_reads_restart_and_others_act_at_once(learners, page):
    url, lives = learners
    page.goto(url)
    live, one = lives["drift"], button(page, "drift", "step")
    one.click()
    for name, key, steps in (
        ("rate", "End", 1),
        ("shown", "End", 1),
        ("spread", "End", 0),
    ):
        page.locator(f"#drift-{name}").focus()
        page.keyboard.press(key)
        assert count(page, "drift") == steps, name
    one.click()
    values = live.settings(rate=1, shown=3, spread=2)
    now = live.advance(values, live.begin(values))
    np.testing.assert_allclose(
        state(page, "drift"), live.vector(values, now)[3:], **CLOSE
    )


def test_a_slider_moved_within_a_run_acts_from_the_next_step_on(learners, page):
    url, lives = learners
    page.goto(url)
    live, one = lives["drift"], button(page, "drift", "step")
    one.click()
    page.locator("#drift-rate").focus()
    page.keyboard.press("Home")
    one.click()
    now = live.advance(live.defaults, live.begin(live.defaults))
    values = live.settings(rate=0)
    wanted = live.vector(values, live.advance(values, now))[3:]
    np.testing.assert_allclose(state(page, "drift"), wanted, **CLOSE)


def test_numbers_that_cease_to_be_finite_stop_the_run(learners, page):
    page.goto(learners[0])
    play, note = button(page, "burst", "play"), button(page, "burst", "note")
    button(page, "burst", "speed").select_option("fastest")
    play.click()
    page.wait_for_function("() => !dlbook.figures.get('burst').run.playing")
    assert count(page, "burst") == 4  # 1e308 is the last
    assert play.inner_text() == "Play"
    assert "Step 5 gives numbers that are not finite" in note.inner_text()
    assert note.get_attribute("role") == "status"
    assert page.locator("#burst-readout").inner_text() == "It has 308 digits."
    button(page, "burst", "step").click()
    assert count(page, "burst") == 4
    button(page, "burst", "restart").click()
    assert (count(page, "burst"), note.inner_text()) == (0, "")
    button(page, "burst", "step").click()
    assert count(page, "burst") == 1
    page.locator("#burst-by").focus()
    page.keyboard.press("Home")
    for _ in range(9):
        button(page, "burst", "step").click()
    assert count(page, "burst") == 10


def test_a_run_rests_while_it_is_out_of_sight(learners, new_page):
    page = new_page(viewport={"width": 800, "height": 500})
    page.goto(learners[0])
    button(page, "drift", "speed").select_option("120 steps/s")
    button(page, "drift", "play").click()
    page.wait_for_function("() => dlbook.figures.get('drift').run.steps > 5")
    page.locator("#live-burst").scroll_into_view_if_needed()
    page.wait_for_timeout(200)
    away = state(page, "drift")[1]
    page.wait_for_timeout(400)
    assert state(page, "drift")[1] == away
    page.locator("#live-drift").scroll_into_view_if_needed()
    page.wait_for_function("n => dlbook.figures.get('drift').run.steps > n", arg=away)
    assert state(page, "drift")[1] < away + 60  # nothing was made up for


def test_a_step_in_sight_is_compiled_before_it_is_asked_for(learners, new_page):
    page = new_page(viewport={"width": 800, "height": 300})
    page.goto(learners[0])
    cold = "name => dlbook.figures.get(name).run.cold"
    seen, *_, unseen = learners[1]
    page.locator(f"#live-{seen} .dl-row").first.scroll_into_view_if_needed()
    before = state(page, seen)
    page.wait_for_function(f"name => ({cold})(name) < 1", arg=seen)
    np.testing.assert_array_equal(state(page, seen), before)
    assert count(page, seen) == 0
    assert page.evaluate(cold, unseen) == 12  # nothing of what is out of sight


def test_a_run_rests_while_its_tab_is_hidden(learners, page):
    page.goto(learners[0])
    hide = """hidden => {
      Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
      document.dispatchEvent(new Event("visibilitychange")) }"""
    button(page, "drift", "play").click()
    page.wait_for_function("() => dlbook.figures.get('drift').run.steps > 2")
    page.evaluate(hide, True)
    page.wait_for_timeout(100)
    away = state(page, "drift")[1]
    page.wait_for_timeout(400)
    assert state(page, "drift")[1] == away
    page.evaluate(hide, False)
    page.wait_for_function("n => dlbook.figures.get('drift').run.steps > n", arg=away)


def test_play_takes_a_seconds_steps_where_motion_is_unwanted(learners, new_page):
    page = new_page(reduced_motion="reduce")
    page.goto(learners[0])
    page.evaluate("""() => { self.seen = new Set();
      new MutationObserver(() => seen.add(document.querySelector("#drift-readout")
        .textContent)).observe(document.querySelector("#drift-readout"),
        {childList: true, characterData: true, subtree: true}) }""")
    button(page, "drift", "speed").select_option("30 steps/s")
    button(page, "drift", "play").click()
    page.wait_for_function("() => dlbook.figures.get('drift').run.steps === 30")
    page.wait_for_timeout(300)
    assert count(page, "drift") == 30
    assert button(page, "drift", "play").inner_text() == "Play"
    assert page.evaluate("seen.size") == 1  # the picture changes once


#: Makes steps slow, and counts the frames that work.
SLOW = """([name, milliseconds]) => {
  const {run} = dlbook.figures.get(name), {step} = run, work = run.work.bind(run);
  self.frames = 0;
  run.step = v => { const t = performance.now();
    while (performance.now() < t + milliseconds); return step(v) };
  run.work = time => { frames++; work(time) } }"""


def test_of_slow_steps_a_frame_takes_one_or_draws(learners, page):
    page.goto(learners[0])
    page.evaluate(SLOW, ["drift", 20])
    button(page, "drift", "speed").select_option("fastest")
    button(page, "drift", "play").click()
    page.wait_for_function("() => frames >= 8")
    frames, steps = page.evaluate("[frames, dlbook.figures.get('drift').run.steps]")
    assert frames / 3 < steps <= (frames + 1) / 2


#: Makes what a figure changes slow, and counts how much of it a frame does at most.
HEAVY = """([name, milliseconds]) => {
  const figure = dlbook.figures.get(name), {run} = figure, work = run.work.bind(run);
  Object.assign(self, {done: 0, most: 0});
  figure.changes.push(...Array(6).fill(() => {
    const t = performance.now();
    done++;
    while (performance.now() < t + milliseconds);
  }));
  run.work = time => { const before = done; work(time);
    most = Math.max(most, done - before) } }"""


def test_a_heavy_picture_is_drawn_in_several_frames(learners, page):
    page.goto(learners[0])
    page.evaluate(HEAVY, ["drift", 3])
    button(page, "drift", "speed").select_option("fastest")
    button(page, "drift", "play").click()
    page.wait_for_function("() => done >= 6")
    page.evaluate("most = 0")  # how long each takes is known now
    page.wait_for_function("() => done >= 24")
    assert page.evaluate("most") <= 2


def test_a_frame_works_for_eight_milliseconds_at_most(learners, page):
    page.goto(learners[0])
    page.evaluate(SLOW, ["drift", 1])
    button(page, "drift", "speed").select_option("fastest")
    button(page, "drift", "play").click()
    page.wait_for_function("() => frames >= 12")
    frames, steps = page.evaluate("[frames, dlbook.figures.get('drift').run.steps]")
    assert frames < steps <= 8 * frames


# The address ----------------------------------------------------------------------


def test_address_repeats_a_run(learners, page, new_page):
    url, lives = learners
    page.goto(url)
    page.locator("#drift-spread").focus()
    page.keyboard.press("End")
    button(page, "drift", "seed").click()
    for _ in range(3):
        button(page, "drift", "step").click()
    page.wait_for_function("() => location.hash === '#drift=0.5,2,1;run:1.3'")
    there = state(page, "drift")
    other = new_page()
    other.goto(page.url)
    other.wait_for_function("() => dlbook.figures.get('drift').run.steps === 3")
    assert np.array_equal(state(other, "drift"), there, equal_nan=True)
    assert other.locator("#drift-readout").inner_text() == (
        page.locator("#drift-readout").inner_text()
    )
    wanted = _numbers(lives["drift"].run(3, seed=1, spread=2))
    np.testing.assert_allclose(there[2:], wanted, **CLOSE)


def test_a_run_whose_sliders_moved_is_not_in_the_address(learners, page):
    page.goto(learners[0])
    button(page, "drift", "seed").click()
    button(page, "drift", "step").click()
    page.locator("#drift-shown").focus()
    page.keyboard.press("End")  # the step does not read it
    page.wait_for_function("() => location.hash === '#drift=0.5,1,3;run:1.1'")
    page.locator("#drift-rate").focus()
    page.keyboard.press("End")
    page.wait_for_function("() => location.hash === '#drift=1,1,3;run:1'")
    page.keyboard.press("Home")
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    page.wait_for_function("() => location.hash === '#drift=0.5,1,3;run:1.1'")
    page.keyboard.press("End")
    button(page, "drift", "step").click()
    page.keyboard.press("Tab")
    page.locator("#drift-rate").focus()
    page.keyboard.press("Home")
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    page.wait_for_function("() => location.hash === '#drift=0.5,1,3;run:1'")
    page.evaluate("() => { navigator.clipboard.writeText = text => Promise.resolve() }")
    page.locator("#live-drift .dl-link").click()
    told = page.locator("#live-drift .dl-buttons [role=status]")
    told.filter(has_text="it begins anew there").wait_for()
    button(page, "drift", "restart").click()
    page.wait_for_function("() => location.hash === '#drift=0.5,1,3;run:1'")


def test_a_long_run_is_replayed_in_slices(learners, page):
    page.goto(learners[0])
    page.evaluate(SLOW, ["moons", 1])
    page.evaluate("location.hash = 'moons=0.02;run:0.200'")
    page.wait_for_function("() => dlbook.figures.get('moons').run.steps > 10")
    assert count(page, "moons") < 200
    assert page.locator("#moons-readout").inner_text().startswith("After 0 steps")
    page.wait_for_function("() => dlbook.figures.get('moons').run.steps === 200")
    assert page.evaluate("frames") >= 200 / 8
    assert page.locator("#moons-readout").inner_text().startswith("After 200 steps")


def test_address_of_a_run_is_bounded(learners, page):
    for given, seed, steps in [
        ("1.5", 1, 5),
        ("99999999999.1", 0, 0),
        ("9999999999", 2**32 - 1, 0),
        ("0.9999999", 0, 0),
        ("-1.3", 0, 0),
        ("1.2.3", 0, 0),
        ("<b>.1", 0, 0),
        ("", 0, 0),
    ]:
        page.goto("about:blank")
        page.goto(f"{learners[0]}#drift=0.5,1,1;run:{given}")
        page.wait_for_function("() => !dlbook.figures.get('drift').run.goal")
        assert state(page, "drift")[:2].tolist() == [seed, steps], given


def test_address_asks_for_no_more_steps_than_it_may(learners, page):
    page.goto(learners[0])
    page.evaluate(SLOW, ["rule", 5])
    page.evaluate("location.hash = 'rule=1;run:0.999999'")
    page.wait_for_function("() => dlbook.figures.get('rule').run.goal")
    assert page.evaluate("dlbook.figures.get('rule').run.goal") == 20_000
    button(page, "rule", "play").click()  # enough
    assert page.evaluate("dlbook.figures.get('rule').run.goal") == 0


# Everybody ------------------------------------------------------------------------


def test_a_screen_reader_hears_the_end_of_a_run_and_no_frame_of_it(learners, page):
    page.goto(learners[0])
    page.evaluate("""() => { self.heard = [];
      const chosen = "#live-rule :is([aria-live], [role=status])";
      const all = document.querySelectorAll(chosen);
      all.forEach(e => e.getAttribute("aria-live") === "off" || new MutationObserver(
        () => heard.push(e.textContent)).observe(e,
        {childList: true, characterData: true, subtree: true})) }""")
    button(page, "rule", "speed").select_option("30 steps/s")
    button(page, "rule", "play").click()
    page.wait_for_timeout(900)
    assert page.evaluate("heard") == []
    button(page, "rule", "play").click()
    page.wait_for_function("() => heard.length")
    page.wait_for_timeout(500)
    steps = count(page, "rule")
    said = page.locator("#rule-readout").inner_text()
    assert page.evaluate("heard") == [f"Step {steps}. {said}"]


def test_controls_of_a_run_have_names(learners, page):
    page.goto(learners[0])
    group = page.locator("#live-rule").get_by_role("group", name="Run")
    names = ["Play", "One step", "Restart", "Another seed"]
    assert group.get_by_role("button").all_inner_texts() == names
    actions = ["play", "step", "restart", "seed"]
    for name, action in zip(names, actions, strict=True):
        found = group.get_by_role("button", name=name)
        assert found.get_attribute("data-run") == action
    assert group.get_by_role("combobox", name="Speed").is_enabled()


def test_without_script_the_picture_shows_the_stated_steps(learners, new_page):
    url, lives = learners
    page = new_page(java_script_enabled=False)
    page.goto(url)
    live = lives["rule"]
    live.redraw()
    shown = page.locator("#live-rule .dl-count")
    assert shown.is_visible() and shown.inner_text() == "after 60 steps, seed 0"
    assert page.locator("#rule-readout").inner_text() == live.readout.fill(
        live.outputs(60)
    )
    assert page.locator("#live-rule :is(button, select):visible").count() == 0


@pytest.mark.parametrize("width", [360, 1280])
def test_controls_of_a_run_fit_the_screen(learners, new_page, width):
    page = new_page(viewport={"width": width, "height": 800})
    page.goto(learners[0])
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for control in page.locator(".dl-drive :is(button, select)").all():
        assert control.bounding_box()["height"] >= 24


def test_nothing_shifts_when_a_run_comes_alive_and_plays(learners, new_page):
    page = new_page()
    page.add_init_script(
        """self.shift = 0;
        new PerformanceObserver(list => list.getEntries().forEach(
          e => { if (!e.hadRecentInput) self.shift += e.value })).observe(
          {type: "layout-shift", buffered: true})"""
    )
    page.goto(learners[0])
    button(page, "rule", "speed").select_option("120 steps/s")
    button(page, "rule", "play").click()
    page.wait_for_timeout(1500)
    assert page.evaluate("shift") < 0.001


def test_no_serious_fault_of_a_run_for_assistive_technology(learners, page):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page.goto(learners[0])
    found = axe.Axe().run(page).response["violations"]
    grave = [v["id"] for v in found if v["impact"] in ("serious", "critical")]
    assert not grave, grave
    page.problems.clear()  # axe asks for the style sheet, which the policy forbids


def test_a_notebooks_page_trains_offline(new_page, tmp_path, monkeypatch):
    monkeypatch.setattr(display, "_carrier", None)
    live = rule()
    output = nbformat.v4.new_output("display_data", display.bundle(live))
    cell = nbformat.v4.new_code_cell("live", outputs=[output])
    html, _ = HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    path = tmp_path / "notebook.html"
    path.write_text(html, "utf-8")
    page = new_page()
    page.goto(path.as_uri())
    page.wait_for_selector(".dl-kept .dl-controls:enabled")
    for _ in range(2):
        page.locator("[data-run=step]").click()
    assert page.locator("[data-run=count]").inner_text() == "2"
    said = live.readout.fill(live.outputs(2))
    assert page.locator(".dl-readout").inner_text() == said
    # Exported pages ask a CDN for MathJax; that there is none must not matter.
    page.problems[:] = [p for p in page.problems if "cdn" not in p and "ERR_" not in p]
