"""The live figures of a notebook, made by running its code in this process."""

import json
import linecache
from pathlib import Path

import matplotlib.pyplot as plt

from dlbook.live.figure import LiveFigure, gather

__all__ = ["collect"]


def collect(path: str | Path) -> list[LiveFigure]:
    r'''Run the code of a notebook and return its live figures.

    Parameters
    ----------
    path : path-like
        A notebook whose code cells are plain Python.

    Returns
    -------
    list of LiveFigure
        In the order in which the notebook makes them.

    Raises
    ------
    ValueError
        If two figures of the notebook have one name.

    Examples
    --------
    >>> import tempfile
    >>> code = """from dlbook.live import LiveFigure
    ... from dlbook.plotting import subplots
    ... LiveFigure("a", subplots()[0], lambda x: {"y": x}, {"x": (0, 1, 1, 0)})"""
    >>> cells = [{"cell_type": "code", "source": code}]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "mine.ipynb"
    ...     _ = path.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    ...     [live.name for live in collect(path)]
    ['a']
    '''
    path = Path(path)
    cells = json.loads(path.read_text("utf-8"))["cells"]
    space = {"__name__": "__main__"}
    try:
        with gather() as found, plt.rc_context():
            for k, cell in enumerate(cells):
                if cell["cell_type"] == "code":
                    _run("".join(cell["source"]), f"<{path.name}, cell {k}>", space)
    finally:
        plt.close("all")
    names = [live.name for live in found]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"figure {name!r}: {path.name} has two of this name")
    return found


def _run(source, name, space):
    """Run the source of one cell, kept so that a function's source can be read."""
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    exec(compile(source, name, "exec"), space)
