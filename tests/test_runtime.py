"""The page's view in a real browser: it shows what matplotlib and Python would show."""

import numpy as np
import pytest
from drawings import TREE, differences, from_markup
from zoo import ZOO

from dlbook.live import page as view
from dlbook.live.checks import random_settings

POLICY = "default-src 'none'; script-src 'self' file:; style-src 'self' file:"


def site(folder, lives, order=("runtime.js", "page.js")):
    """Write a page with live figures and return its address."""
    (folder / "runtime.js").write_text(view.runtime(), "utf-8")
    (folder / "page.js").write_text("".join(map(view.script, lives)), "utf-8")
    style = view.__file__.replace("page.py", "live.css")
    with open(style, encoding="utf-8") as css:
        (folder / "live.css").write_text(css.read(), "utf-8")
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


def shown_text(page, name):
    """Return what a figure says outside of its picture."""
    return page.eval_on_selector_all(
        f"#live-{name} :is(.dl-readout, output, [data-slot])",
        "found => found.map(e => e.textContent)",
    )


@pytest.mark.parametrize("number", range(len(ZOO)), ids=lambda k: ZOO[k].__name__)
def test_moved_picture_is_the_one_that_matplotlib_draws(zoo, page, number, tmp_path):
    url, lives = zoo
    live = lives[number]
    page.goto(url)
    for state in random_settings(live.sliders, 12, np.random.default_rng(7)):
        text = ",".join(f"{value:g}" for value in state)
        page.evaluate("hash => { location.hash = hash }", f"{live.name}={text}")
        page.wait_for_function("f => dlbook.figures.get(f[0]).state() === f[1]",
                               arg=[live.name, text])  # fmt: skip
        live.redraw(state)
        for wanted, got in zip(live.svg(), drawn(page, live.name), strict=True):
            assert not differences(from_markup(wanted), got), (live.name, text)
