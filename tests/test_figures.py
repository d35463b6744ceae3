"""Every live figure of the book, moved: the page against NumPy, Python and matplotlib.

The figures of a chapter are made by running the code that they need. Their compiled
models run in a JavaScript engine, their pictures and numbers on the built page.
Each slider stands at its ends, with all others at random in 30 more settings; weekly,
where FIGURES is set to ``all``, in 200.
"""

import json
import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest

from changes import figures, needed
from conftest import ROOT
from dlbook.gan import mode_counts
from dlbook.live import collect
from dlbook.live.checks import random_settings
from dlbook.live.views import page as view
from dlbook.plotting import use_style
from drawings import TREE, differences, from_markup
from engine import Engine
from test_site_figures import NOTEBOOKS, awake
from test_site_files import figures_in

ALL = os.environ.get("FIGURES") == "all"
SETTINGS, SEEDS = (200, 5) if ALL else (30, 2)

NUMBERS = ".dl-readout, [data-slot]"
TEXTS = "found => found.map(e => e.textContent)"
PARSED = """([html, chosen]) => [...new DOMParser().parseFromString(html, "text/html")
  .querySelectorAll(chosen)].map(e => e.textContent)"""


@pytest.fixture(scope="module", params=NOTEBOOKS)
def chapter(request, tmp_path_factory):
    """The name of a chapter and its figures, drawn in the book's style.

    Cells that no figure needs are not run: the notebooks' own tests run them.
    """
    text = (ROOT / f"{request.param}.ipynb").read_text("utf-8")
    cells = [c for c in json.loads(text)["cells"] if c["cell_type"] == "code"]
    sources = ["".join(cell["source"]) for cell in cells]
    kept = [cells[k] for k in needed(sources, figures(sources))]
    path = tmp_path_factory.mktemp("figures") / Path(request.param).name
    path.write_text(json.dumps({"cells": kept}), "utf-8")
    lives = collect(path)
    assert [live.name for live in lives] == figures_in(request.param)
    with plt.rc_context():
        use_style()
        for live in lives:
            live.draw()  # lays the figure out before a slider moves
        yield request.param, lives


#: Sets all values of a figure and takes steps if it learns.
MOVED = """([name, values, steps]) => {
  const figure = dlbook.figures.get(name), {run} = figure;
  values.forEach((value, k) => figure.set(k, value));
  if (run) run.take("");
  figure.update();
  for (let k = 0; run && k < steps; k++) run.advance();
  figure.update();
}"""
STEPS = 3


def run_of(live, values, steps):
    """Return where a figure that learns is after some steps, or None."""
    if live.system is None:
        return None
    now = live.begin(values)
    for _ in range(steps):
        now = live.advance(values, now)
    return now


def compiled(lives):
    return [live for live in lives if live.program]


def test_a_compiled_model_gives_what_numpy_gives(chapter):
    for live in compiled(chapter[1]):
        live.check(SETTINGS)


def test_a_script_gives_what_numpy_gives(chapter):
    with Engine() as engine:
        for live in compiled(chapter[1]):
            rng = np.random.default_rng(2)
            states = random_settings(live.sliders, SETTINGS, rng)
            now = run_of(live, live.defaults, 4)
            for name, program in live.programs.items():
                wanted = live.replay(states, now, name).values()
                wanted = [np.empty((len(states), 0)), *wanted]
                wanted = np.hstack([value.reshape(len(states), -1) for value in wanted])
                got = engine.run(program.javascript(), live.vector(states, now))
                np.testing.assert_allclose(
                    got, wanted, rtol=1e-12, atol=1e-13, err_msg=f"{live.name} {name}"
                )


def test_a_moved_figure_shows_what_matplotlib_and_python_show(
    chapter, page, built_site
):
    name, lives = chapter
    awake(page, built_site, name)
    for k, live in enumerate(compiled(lives)):
        if not view.moves(live):
            continue  # it has no script
        figure = page.locator(f"#live-{live.name}")
        rng = np.random.default_rng(3)
        # all sliders at one end or the other, and all at random
        for state in random_settings(live.sliders, 1, rng)[[k % 2, -1]]:
            page.evaluate(MOVED, [live.name, state.tolist(), STEPS])
            live.show(state, run_of(live, state, STEPS))
            shown = figure.locator(".dl-row svg").evaluate_all(
                f"found => found.map({TREE})"
            )
            for wanted, got in zip(live.svg(), shown, strict=True):
                assert differences(from_markup(wanted), got) == [], (live.name, state)
            numbers = figure.locator(f":is({NUMBERS})").evaluate_all(TEXTS)
            assert numbers == page.evaluate(PARSED, [view.html(live), NUMBERS])
            beside = figure.locator("output[for]").evaluate_all(TEXTS)
            sliders = [s for group in live.groups for s in group.sliders]
            assert beside == [
                slider.text(state[live.sliders.index(slider)])
                for slider in sliders
                if not slider.choices or slider.play
            ]


LOOP = """((start, step, given, n) => {
  let state = Array.from(start(given));
  for (let k = 0; k < n; k++) {
    given[given.length - 1] = k;
    state = Array.from(step([...given, ...state]));
  }
  return state.join();
})"""
TURN = 2 * np.pi * np.arange(8) / 8
EIGHT = np.stack([np.cos(TURN), np.sin(TURN)], axis=1)
#: The generator's shapes.
RING = [(32, 2), (1, 32), (32, 32), (1, 32), (2, 32), (1, 2)]


def modes_found(engine, live, steps, seed, **sliders):
    """Return how many of eight modes the ring's generator finds after some steps."""
    given = [*live.settings(**sliders).tolist(), seed, 0]
    start, step = (live.programs[name].javascript() for name in ("start", "step"))
    text = engine.evaluate(f"{LOOP}({start},{step},{given},{steps})")
    numbers, net = np.array(text.split(","), float), []
    for shape in RING:  # the generator comes first in the state
        net.append(numbers[: np.prod(shape)].reshape(shape))
        numbers = numbers[np.prod(shape) :]
    x = np.random.default_rng(5).normal(size=(1000, 2))
    for k in (0, 2, 4):
        x = x @ net[k].T + net[k + 1]
        x = np.maximum(x, 0) if k < 4 else x
    return int((mode_counts(x, EIGHT, within=0.2) >= 10).sum())


def test_five_steps_of_the_discriminator_prevent_a_collapse_of_the_ring(chapter):
    """Of five seeds weekly, of two else; the chapter's own code has its five always."""
    slow = dict(eta_G=0.02, eta_D=0.003)
    for live in (f for f in chapter[1] if f.name == "gan-ring"):
        with Engine() as engine:
            alone, five, equal = (
                [modes_found(engine, live, n, seed, **way) for seed in range(SEEDS)]
                for n, way in [(400, slow), (1000, slow | dict(every=5)), (400, {})]
            )
        assert np.mean(alone) < 3 and np.mean(five) > 6 and np.mean(equal) > 6
