"""Where the parts of formulas and figures land on the built page."""

import pytest

from test_site import CHAPTERS
from test_site_figures import awake, each_notebook

#: How far the right edges of cells set flush right, and of what stands in them,
#: are apart. A sign at the end has space of its own.
APART = """() => [...document.querySelectorAll("mtd.dl-right")]
  .filter(cell => cell.checkVisibility() && cell.matches(":has(> :last-child:not(mo))"))
  .map(cell => {
    const style = getComputedStyle(cell), box = cell.getBoundingClientRect();
    const inner = box.right - parseFloat(style.paddingRight);
    return inner - cell.lastElementChild.getBoundingClientRect().right;
  })
  .filter(gap => Math.abs(gap) > 1.5)"""

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


@pytest.mark.parametrize("name", CHAPTERS)
def test_left_sides_of_formulas_stand_at_their_signs(name, page, built_site):
    page.goto((built_site / f"{name}.html").as_uri())
    for fold in page.locator("details").all():
        fold.evaluate("e => e.open = true")
    assert page.evaluate(APART) == []


@each_notebook
def test_controls_stay_where_they_are_while_a_slider_moves(name, page, built_site):
    awake(page, built_site, name)
    assert page.evaluate(JUMPS) == []


def test_a_percent_sign_in_the_address_leaves_the_page_alive(page, built_site):
    page.goto((built_site / f"{CHAPTERS[0]}.html").as_uri() + "#%")
    assert page.locator("button.copy").count() > 0
