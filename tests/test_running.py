"""State and step in Python: what runs, what is refused, and the same run in V8."""

import re
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pytest
from py_mini_racer import MiniRacer

from dlbook.compiler import Random
from dlbook.live import LiveFigure
from dlbook.live.checks import random_settings
from dlbook.live.running import broken, flat
from dlbook.live.views import display, page, run
from learners import LEARNERS, burst, drift, moons, rule
from zoo import axes, done

CLOSE = dict(rtol=1e-9, atol=1e-12)


@pytest.fixture(autouse=True)
def closed():
    """Close the figures of what is refused."""
    yield
    plt.close("all")


def start(sliders, rng):
    return dict(w=rng.normal(size=2) * sliders.spread, seen=0)


def step(state, sliders, rng):
    return dict(w=state["w"] * sliders.rate, seen=state["seen"] + 1)


def model(state, rate, spread):
    return dict(y=np.sum(state["w"]))


SLIDERS = dict(rate=(0, 1, 0.1, 0.5), spread=(0, 2, 0.5, 1))


def simple(model=model, state=start, step=step, sliders=SLIDERS, **options):
    fig, _ = axes()
    return LiveFigure("f", fig, model, sliders, state=state, step=step, **options)


# What runs ------------------------------------------------------------------------


def test_a_run_is_start_and_then_step_by_step():
    live = simple()
    state = start(Values(rate=0.5, spread=2), Random(3, 0))
    for k in range(4):
        state = step(state, Values(rate=0.5, spread=2), Random(3, k + 1))
    got = live.run(4, seed=3, spread=2)
    assert got["seen"] == 4
    np.testing.assert_array_equal(got["w"], state["w"])
    outputs = live.outputs(4, seed=3, spread=2)
    assert outputs["y"] == np.sum(state["w"])
    assert (outputs["steps"], outputs["seed"], outputs["spread"]) == (4, 3, 2)


class Values(NamedTuple):
    rate: float
    spread: float


def test_what_start_and_step_read_is_found():
    live = simple()
    assert live.system.starting == {"spread"} and live.system.acting == {"rate"}
    assert (live.starting, live.acting) == ([1], [0])


def test_the_figure_stands_after_the_steps_that_it_states():
    live = done(simple(steps=5), "{steps}: {y:.4f}")
    assert "0: " in repr(live)  # not yet drawn
    live.draw()
    wanted = np.sum(live.run(5)["w"])
    assert repr(live) == f"LiveFigure('f': 5: {wanted:.4f})".replace("-", "−")
    assert live.redraw(steps=2, seed=1)["y"] == np.sum(live.run(2, seed=1)["w"])
    assert run.told(live) == "After 2 steps, seed 1."
    assert "After 5 steps, seed 0." in display.bundle(live)["text/html"]


def test_a_figure_is_run_and_compiled_once_for_its_picture_and_script():
    counted = dict(step=0, model=0)

    def watched(state, rate, spread):
        counted["model"] += not isinstance(rate, float)  # traced
        return model(state, rate, spread)

    def stepped(state, sliders, rng):
        counted["step"] += isinstance(sliders.rate, float)
        return step(state, sliders, rng)

    live = simple(model=watched, step=stepped, steps=7)
    once, counted["model"], counted["step"] = counted["model"], 0, 0
    live.challenge("Take three steps.", lambda steps: steps >= 3)
    live.challenge("Take four steps.", lambda steps: steps >= 4)
    live.describe("{y:.2f}")
    display.bundle(live)
    assert counted == dict(step=7, model=once)
    assert live.redraw(spread=2)["y"] != live.redraw(spread=0)["y"]


def test_a_constant_state_stays_what_it_was():
    first = dict(w=np.zeros(2), k=[1, 2])

    def inplace(state, sliders, rng):
        state["w"] += 1
        return state

    live = simple(state=first, step=inplace, compile=False)
    assert live.run(3)["w"].tolist() == [3, 3]
    assert first["w"].tolist() == [0, 0]
    assert live.run(0)["w"].tolist() == [0, 0] and live.run(0)["k"].tolist() == [1, 2]


class Pair(NamedTuple):
    w: object
    seen: object


def test_a_state_may_be_any_tree_and_keeps_its_kinds():
    live = simple(
        lambda state, rate, spread: dict(y=state[0].w[0] + state[1]["a"]),
        lambda sliders, rng: (Pair([1, 2], 0.0), dict(a=True), None, "name"),
        lambda state, sliders, rng: (
            Pair(state[0].w + 1, state[0].seen), dict(a=state[1]["a"]), None, "name"
        ),
    )  # fmt: skip
    pair, mask, nothing, name = live.run(2)
    assert isinstance(pair, Pair) and pair.w.tolist() == [3, 4]
    assert (pair.w.dtype, pair.seen.dtype, mask["a"].dtype) == (int, float, bool)
    assert nothing is None and name == "name"
    assert list(flat(live.run(0))) == ["state[0].w", "state[0].seen", "state[1].a"]
    live.check(5)


def test_a_step_in_python_may_do_what_cannot_be_compiled():
    def sorting(state, sliders, rng):
        return dict(w=np.sort(state["w"] + rng.normal(size=2)), seen=state["seen"])

    live = simple(step=sorting, compile=False)
    assert live.programs == {} and live.program is None
    assert (np.diff(live.run(9)["w"]) >= 0).all()
    assert page.script(done(live, "{y:.1f}")) == ""
    html = page.html(live)
    assert "stands at its first setting, after 0 steps, seed 0." in html
    assert "data-run" not in html


# What is refused ------------------------------------------------------------------


def after(**changed):
    return lambda state, sliders, rng: {**state, **changed}


@pytest.mark.parametrize(
    "options, message",
    [
        (dict(step=None), "wanted both state= and step=, or neither"),
        (dict(state=None), "wanted both state= and step=, or neither"),
        (dict(state=dict), "state: wanted a tree with an array, got {}"),
        (dict(state=dict(w="x" * 3, k=object())), "state: state.k: wanted numbers"),
        (dict(step=after(w=np.zeros(3))), "step: state.w: wanted shape (2,) as at "),
        (dict(step=after(w=np.zeros(2, int))), "state.w: wanted floats as at"),
        (dict(step=after(seen=0.5)), "state.seen: wanted integers as at the"),
        (dict(step=after(more=1)), "step: wanted state.w, state.seen as at the"),
        (dict(step=lambda *_: None), "step: state: wanted numbers, got None"),
        (dict(step=after(w="text")), "got state.seen"),
        (
            dict(sliders=SLIDERS | dict(steps=(0, 1, 1, 0))),
            "slider 'steps': steps is the run's own; wanted another",
        ),
        (dict(model=lambda state, rate: {}), "sliders: got an unexpected keyword"),
        (dict(model=lambda state, rate, spread, k: {}), "missing a required argument"),
    ],
)  # fmt: skip
def test_a_run_is_refused_by_name(options, message):
    if options.get("state") is dict:
        options = dict(state=lambda sliders, rng: {}, step=lambda *_: {})
    with pytest.raises(ValueError, match=re.escape(message)) as error:
        simple(**options)
    assert str(error.value).startswith("figure 'f': ")


def test_a_slider_that_is_not_there_is_named():
    with pytest.raises(AttributeError, match="sliders.lr: wanted one of rate, spread"):
        simple(step=lambda state, sliders, rng: dict(w=state["w"] * sliders.lr))

    def moves(state, sliders, rng):
        sliders.rate = 2

    with pytest.raises(AttributeError, match="sliders.rate: no step moves a slider"):
        simple(step=moves)


def test_a_challenge_asks_for_state_and_steps():
    live = simple()
    asked = lambda state, steps, y: (steps >= 3) & (state["seen"] == 3) & (y < 9)  # noqa: E731
    live.challenge("Take three steps.", asked)
    assert [live.met(), live.met(3), live.met(4, seed=1)] == [[False], [True], [False]]
    live.check(10)


def test_a_figure_without_step_takes_none():
    fig, _ = axes()
    live = LiveFigure("f", fig, lambda a: dict(y=a), dict(a=(0, 1, 1, 0)))
    assert live.outputs(a=1)["y"] == 1
    with pytest.raises(ValueError, match="figure 'f': it has no step=, so it takes no"):
        live.run(2)
    fig, _ = axes()
    live = LiveFigure(
        "g", fig, lambda n, seed, steps: dict(y=n + seed + steps),
        dict(n=(0, 9, 1, 0), seed=(0, 9, 1, 0), steps=(0, 9, 1, 0)),
    )  # fmt: skip
    assert live.outputs(n=1, seed=2, steps=3)["y"] == 6
    assert live.redraw(n=1, seed=2, steps=3)["y"] == 6


# Compiled -------------------------------------------------------------------------


@pytest.mark.parametrize("make", LEARNERS)
def test_compiled_start_and_step_agree_with_numpy(make):
    make().check(20)


@pytest.mark.parametrize("function", ["start", "step", "compute"])
def test_a_compiled_function_that_is_wrong_is_found(function):
    live = rule()

    class Wrong:
        def __init__(self, program):
            self.program, self.outputs = program, program.outputs

        def replay(self, values):
            found = self.program.replay(values)
            return {key: value + 1e-3 for key, value in found.items()}

    live.programs[function] = Wrong(live.programs[function])
    message = rf"figure 'rule': {function}: \S+ at \{{'lr': .*\}} after \d+ steps:\n"
    with pytest.raises(AssertionError, match=message):
        live.check(2)


RUN = """((start, step, sliders, seed, counts) => {
  const state = start([...sliders, seed, 0]), v = [...sliders, seed, 0, ...state];
  const at = sliders.length + 1, found = [];
  for (; v[at] <= Math.max(...counts);) {
    if (counts.includes(v[at])) found.push(v.slice(at + 1));
    const next = Array.from(step(v));
    next.forEach((x, k) => { v[at + 1 + k] = x; });
    v[at]++;
  }
  return JSON.stringify(found.map(s => s.map(x => isFinite(x) ? x : String(x))));
})"""


@pytest.mark.parametrize("make", [drift, rule, moons])
def test_a_run_in_v8_is_the_one_that_numpy_makes(make):
    live, counts = make(), (1, 10, 300)
    scripts = ",".join(live.programs[key].javascript() for key in ("start", "step"))
    racer = MiniRacer()
    settings = random_settings(live.sliders, 2, np.random.default_rng(5))[[0, -2, -1]]
    for values, seed in zip(settings, (0, 1, 2**32 - 1), strict=True):
        arguments = f"{values.tolist()},{seed},{list(counts)}"
        got = racer.eval(f"JSON.parse({RUN}({scripts},{arguments}))")
        now = live.begin(values, seed)
        for row, n in zip(np.array(list(map(list, got)), float), counts, strict=True):
            while now.steps < n:
                now = live.advance(values, now)
            wanted = np.concatenate([*map(np.ravel, flat(now.state).values())])
            np.testing.assert_allclose(row, wanted, **CLOSE, err_msg=f"{values} {n}")
    racer.close()


def test_the_parts_of_a_next_state_may_come_in_any_order():
    def turned(state, sliders, rng):
        return dict(reversed(step(state, sliders, rng).items()))

    lives = [simple(step=s) for s in (step, turned)]
    assert len({live.programs["step"].javascript() for live in lives}) == 1
    assert lives[1].run(3)["seen"] == 3


# In a notebook --------------------------------------------------------------------


def test_widgets_run_the_figure_in_python():
    live = drift(compile=False)
    widget = live.widget()
    runner = widget.runner
    assert runner.count.value == "after 0 steps, seed 0"
    assert [b.description for b in (runner.one, runner.restart, runner.seed)] == [
        "One step", "Restart", "Another seed",
    ]  # fmt: skip
    before = widget.picture.value
    runner.one.click()
    runner.one.click()
    assert runner.count.value == "after 2 steps, seed 0"
    assert np.array_equal(runner.now.state["x"], live.run(2)["x"])
    assert widget.picture.value != before and "After 2 steps" in widget.readout.value
    runner.player.value = 1
    runner.pace.value = 10
    runner.player.value = 2
    assert runner.now.steps == 13
    runner.player.value = 0  # what the stop button does
    assert runner.now.steps == 13
    widget.controls[0].value = 1.0  # the step reads it: it acts at once
    assert runner.now.steps == 13
    widget.controls[1].value = 2.0  # the start reads it
    assert runner.now.steps == 0
    runner.seed.click()
    runner.one.click()
    wanted = live.run(1, seed=1, rate=1, spread=2)
    assert np.array_equal(runner.now.state["x"], wanted["x"])
    runner.restart.click()
    assert runner.count.value == "after 0 steps, seed 1"
    widget.reset.click()
    assert runner.count.value == "after 0 steps, seed 0"
    assert widget.state() == live.defaults.tolist()


def test_widgets_stop_where_numbers_cease_to_be_finite():
    widget = burst().widget()
    runner = widget.runner
    runner.pace.value = 100
    runner.player.playing = True
    with np.errstate(over="ignore"):
        runner.player.value = 1
        assert runner.now.steps == 4 and not runner.player.playing
        assert "step 5 gives numbers that are not finite" in runner.count.value
        runner.restart.click()
    assert runner.count.value == "after 0 steps, seed 0"


def test_what_was_never_finite_breaks_nothing():
    past = dict(x=np.array([1.0, np.nan]))
    assert not broken(past, dict(x=np.array([2.0, np.nan])))
    assert not broken(past, dict(x=np.array([2.0, 1.0])))
    assert broken(past, dict(x=np.array([np.inf, np.nan])))
