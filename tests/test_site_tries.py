"""What chapters 5 and 6 ask a reader to try at their figures does happen there."""

import re

import numpy as np
import pytest

from conftest import watched
from dlbook import datasets
from test_site_figures import awake

#: The value in a map of greys of each cell of a figure's pictures, eight by eight.
PICTURES = """figure => [...figure.querySelectorAll("g[data-part]")]
  .map(part => [...part.querySelectorAll("path")])
  .filter(cells => cells.length === 64)
  .map(cells => cells.map(cell => getComputedStyle(cell).fill))
  .map(fills => fills.map(fill => fill.match(/\\d+/)[0] / 255))"""

#: For codes on a grid, what the read-out says: how far the nearest code is, and whose.
NEAREST = """figure => {
  const [x, y] = ["h1", "h2"].map(n => figure.querySelector(`[id$=explorer-${n}]`));
  const put = (input, value) => {
    input.value = value;
    input.dispatchEvent(new Event("input", {bubbles: true}));
    return +input.value;
  };
  const found = [];
  for (let i = 0; i <= 40; i++) for (let j = 0; j <= 40; j++) {
    const at = [x, y].map((e, k) => put(e, +e.min + [i, j][k] * (e.max - e.min) / 40));
    const said = figure.querySelector(".dl-readout").textContent
      .match(/is ([\\d.]+) from the nearest code, that of a (\\d)/);
    found.push([...at, +said[1], +said[2]]);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def pages(browser, built_site):
    """The two chapters, awake."""
    numbers = {"lstm": "05_lstm", "autoencoder": "06_autoencoder"}
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield {
        name: awake(watched(context), built_site, f"chapters/{number}")
        for name, number in numbers.items()
    }
    context.close()


@pytest.fixture
def figure(pages):
    """A figure of a chapter, as it is at first."""

    def opened(name):
        page = pages[name.partition("-")[0]]
        page.bring_to_front()
        found = page.locator(f"#live-{name}")
        found.locator(".dl-reset").press("Enter")
        found.scroll_into_view_if_needed()
        return found

    yield opened
    found = [problem for page in pages.values() for problem in page.problems]
    assert not found, "\n".join(found)


def put(figure, **values):
    """Move sliders, and choose from lists by place."""
    for name, value in values.items():
        control = figure.locator(f"[data-slider][id$='-{name}']")
        if control.evaluate("e => e.tagName") == "SELECT":
            control.select_option(index=value)
        else:
            control.fill(str(value))


def said(figure):
    return figure.locator(".dl-readout").inner_text().replace("−", "-")


def numbers(text):
    return [float(found) for found in re.findall(r"-?\d+\.?\d*", text)]


def pictures(figure, count):
    """Return the last pictures of a figure, from 0 for white to 1 for black."""
    figure.page.wait_for_timeout(100)
    return 1 - np.array(figure.evaluate(PICTURES))[-count:]


def test_walk_from_a_zero_to_a_zero_passes_through_zeros(figure):
    explorer = figure("autoencoder-explorer")
    found = np.array(explorer.evaluate(NEAREST))
    zeros = found[(found[:, 3] == 0) & (found[:, 2] < 0.7), :2]
    assert len(zeros) > 1, "the grid meets too few codes of zeros"
    away = np.linalg.norm(zeros[:, None] - zeros, axis=-1)
    first, last = np.unravel_index(away.argmax(), away.shape)
    (h1, h2), (g1, g2) = zeros[first], zeros[last]
    put(explorer, h1=h1, h2=h2, g1=g1, g2=g2)
    digits = datasets.load_digits()
    known = digits.images.reshape(-1, 64)
    for made in pictures(explorer, 4):
        nearest = np.argsort(((known - made) ** 2).sum(axis=1))[:5]
        assert np.bincount(digits.labels[nearest]).argmax() == 0, (zeros, made)


def test_walk_from_a_zero_to_a_one_passes_through_other_digits(figure):
    digits = datasets.load_digits()
    known = digits.images.reshape(-1, 64)
    walk = pictures(figure("autoencoder-explorer"), 4)
    nearest = [((known - made) ** 2).sum(axis=1).argmin() for made in walk]
    assert digits.labels[nearest[0]] == 0 and digits.labels[nearest[-1]] == 1
    assert not set(digits.labels[nearest[1:3]]) <= {0, 1}


def test_noise_on_the_pad_is_seen_and_taken_away(figure):
    pad = figure("autoencoder-pad")
    before = 0.0
    for noise in (0, 0.4, 0.8):
        put(pad, noise=noise)
        seen, _, noisy, clean = pictures(pad, 4)
        added, left = (((v - seen) ** 2).sum() for v in (noisy, clean))
        assert added >= before, "more noise, and the picture is nearer"
        assert noise == 0 or left < 0.8 * added, (noise, added, left)
        before = added
    put(pad, noise=0)
    seen, _, noisy, _ = pictures(pad, 4)
    np.testing.assert_allclose(noisy, seen, atol=0.02)


def test_noise_in_training_decides_where_points_are_moved(figure):
    """Few strong arrows without noise; with 1 they come to the middle."""
    denoiser = figure("autoencoder-denoise")
    strong, ends = [], []
    for level in range(5):
        put(denoiser, level=level)
        denoiser.page.wait_for_timeout(100)
        strong.append(
            denoiser.evaluate(
                """figure => {
                const d = [...figure.querySelectorAll("g[data-part] path")]
                  .map(path => (path.getAttribute("d").match(/M/g) || []).length);
                return d.filter(n => n > 1).at(-1) / d.filter(n => n > 1)
                  .reduce((a, b) => a + b);
                }"""
            )
        )
        for x1, x2 in [(-0.2, 0.4), (-1.5, 1.2), (1.5, -1.2)]:
            put(denoiser, x1=x1, x2=x2)
            ends.append((level, *numbers(said(denoiser))))
    assert strong[0] < 0.3 < 0.5 < strong[2] < strong[3], strong
    within = {row[0]: row[-1] for row in ends if row[1:3] == (-0.2, 0.4)}
    assert within[2] < 0.2 < within[0], within
    for level, x1, x2, _, to_x, to_y, _ in ends:
        assert level != 3 or np.hypot(to_x, to_y) < np.hypot(x1, x2), (x1, x2)


def test_one_stored_network_is_a_latch_and_the_other_is_not(figure):
    opened = figure("lstm-opened")
    ends = {}
    for begin in (1, 2):
        put(opened, begin=begin)
        for length in (40, 100, 200):
            put(opened, length=length)
            opened.page.wait_for_timeout(200)
            *_, shown, other, share = numbers(said(opened))
            ends[begin, length] = shown, other, share
    for begin, length in ends:
        shown, other, share = ends[begin, length]
        if begin == 1 or length == 40:
            assert min(shown, other) > 1 and share >= 95, ends
        else:
            assert min(shown, other) < 0 and share < 95, ends
