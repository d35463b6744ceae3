"""Every live figure of the book, moved: the page against NumPy, Python and matplotlib.

The figures of a chapter are made by running its notebook, as on a processor without
AVX-512: one run tells whether the notebook shows there what is stored, and how its
figures move. Their compiled models run in a JavaScript engine, their pictures and
numbers on the built page. Each slider stands at its ends, and all are at random in 30
more settings, or in 8 of a figure that learns; weekly, where FIGURES is set to ``all``,
in 200.
"""

import numpy as np
import pytest

from drawings import TREE, differences, from_markup
from elsewhere import STEPS, elsewhere
from test_site_figures import NOTEBOOKS, awake
from test_site_files import figures_in

NUMBERS = ".dl-readout, [data-slot]"
TEXTS = "found => found.map(e => e.textContent)"
PARSED = """([html, chosen]) => [...new DOMParser().parseFromString(html, "text/html")
  .querySelectorAll(chosen)].map(e => e.textContent)"""


@pytest.fixture(scope="module", params=NOTEBOOKS)
def chapter(request):
    """The name of a chapter and what a run of its notebook told."""
    return request.param, elsewhere("AVX2", request.param, "figures")


#: Sets all values of a figure and takes steps if it learns.
MOVED = """([name, values, steps]) => {
  const figure = dlbook.figures.get(name), {run} = figure;
  values.forEach((value, k) => figure.set(k, value));
  if (run) run.take("");
  figure.update();
  for (let k = 0; run && k < steps; k++) run.advance();
  figure.update();
}"""


def test_without_avx_512_a_notebook_shows_what_is_stored(chapter):
    assert not chapter[1]["faults"], "\n\n".join(chapter[1]["faults"])


def test_models_and_scripts_give_what_numpy_gives(chapter):
    name, told = chapter
    assert [live["name"] for live in told["figures"]] == figures_in(name)
    for live in told["figures"]:
        assert not live["faults"], "\n\n".join(live["faults"])


def test_a_moved_figure_shows_what_matplotlib_and_python_show(
    chapter, page, built_site
):
    name, told = chapter
    awake(page, built_site, name)
    for live in told["figures"]:
        figure = page.locator(f"#live-{live['name']}")
        for moved in live["moved"]:
            state = moved["state"]
            page.evaluate(MOVED, [live["name"], state, STEPS])
            shown = figure.locator(".dl-row svg").evaluate_all(
                f"found => found.map({TREE})"
            )
            for wanted, got in zip(moved["svg"], shown, strict=True):
                found = differences(from_markup(wanted), got)
                if live["rounding"]:  # of what rounding leaves, each has its own course
                    found = [told for told in found if not told.startswith("path")]
                assert found == [], (live["name"], state)
            numbers = figure.locator(f":is({NUMBERS})").evaluate_all(TEXTS)
            assert numbers == page.evaluate(PARSED, [moved["html"], NUMBERS])
            beside = figure.locator("output[for]").evaluate_all(TEXTS)
            assert beside == moved["beside"]


def test_five_steps_of_the_discriminator_prevent_a_collapse_of_the_ring(chapter):
    """Of five seeds weekly, of one else; the chapter's own code has its five always."""
    for live in chapter[1]["figures"]:
        if live["name"] == "gan-ring":
            found = {pace: np.mean(modes) for pace, modes in live["modes"].items()}
            assert found["slow"] < 3 and found["five"] > 6 and found["equal"] > 6
