"""A loop's progress: seen while it runs, and nowhere afterwards."""

from types import SimpleNamespace

import ipywidgets as widgets
import nbformat
import pytest
from bs4 import BeautifulSoup
from nbconvert import HTMLExporter

from dlbook.live import loops, progress
from dlbook.notebooks import canonical, execute


@pytest.fixture
def told(monkeypatch):
    """What stands beside the bar, one after another; a round takes three seconds."""
    told, clock = [], iter(range(0, 1000, 3))

    class Label(widgets.Label):
        def __setattr__(self, name, value):
            super().__setattr__(name, value)
            if name == "value":
                told.append(value)

    monkeypatch.setattr(loops, "get_ipython", lambda: SimpleNamespace(kernel=None))
    monkeypatch.setattr(loops, "perf_counter", lambda: next(clock))
    monkeypatch.setattr(loops, "publish_display_data", lambda *args, **more: None)
    monkeypatch.setattr(loops, "update_display", lambda *args, **more: told.append("-"))
    monkeypatch.setattr(widgets, "Label", Label)
    return told


def test_what_is_left_follows_from_the_rounds_that_are_done(told):
    assert list(progress("abc")) == ["a", "b", "c"]
    ahead = ", about {} s left".format
    rounds = [f"{k} of 3{ahead(3 * (3 - k))}" for k in (1, 2, 3)]
    assert told == ["0 of 3", *rounds, "-"]


def test_what_a_loop_costs_is_told_before_it_begins(told):
    rounds = progress(range(2), seconds=40)
    next(rounds)
    assert told == ["0 of 2, about 40 s left"]


def test_the_bar_goes_with_a_loop_that_is_left(told):
    for _ in progress(range(5)):
        break
    assert told == ["0 of 5", "-"]


def test_quick_rounds_do_not_flood_the_page(told, monkeypatch):
    clock = iter(k / 1000 for k in range(1000))
    monkeypatch.setattr(loops, "perf_counter", lambda: next(clock))
    assert len(list(progress(range(900)))) == 900
    assert 8 <= len(told) - 2 <= 9


def test_nothing_of_it_is_stored(tmp_path):
    """The bar was there; what the loop printed stays, and nothing else."""
    path = tmp_path / "loop.ipynb"
    cells = [
        f"{imported}for k in {items}:\n    print(k)"
        for imported, items in (
            ("from dlbook.live import progress\n", "progress(range(3))"),
            ("", "range(3)"),
        )
    ]
    cells = [nbformat.v4.new_code_cell(source) for source in cells]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    run = execute(path)
    assert {"text/html": ""} in [o.get("data") for o in run.cells[0].outputs]
    bar, plain = (cell.outputs for cell in canonical(run).cells)
    assert bar == plain and bar[0].text == "0\n1\n2\n"
    html, _ = HTMLExporter().from_notebook_node(run)
    shown = BeautifulSoup(html, "html.parser").select(".jp-OutputArea-output")
    assert "".join(output.get_text() for output in shown).split() == [*"012012"]
