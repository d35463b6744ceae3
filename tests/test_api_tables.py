"""The tables of the page on figures say what the code does, row by row."""

import math  # noqa: F401  (what the table refuses)
import re

import numpy as np
import pytest
from matplotlib.collections import PathCollection, QuadMesh
from matplotlib.lines import Line2D
from matplotlib.patches import Ellipse, Polygon, Rectangle
from matplotlib.text import Text

from conftest import ROOT
from dlbook.compiler import Random, TraceError, trace  # noqa: F401
from dlbook.live import LiveFigure
from dlbook.live.bindings import _KNOWN
from dlbook.plotting import Matrix
from zoo import axes

PAGE = (ROOT / "chapters" / "api_figures.md").read_text("utf-8")
MATRIX = np.array([[0.25, 0.5], [0.75, 0.5]])
#: Arguments of the functions that are not called with one or two matrices.
CALLS = {
    "arctanh": lambda f, a: f(a / 2),
    "average": lambda f, a: f(a),
    "broadcast_to": lambda f, a: f(a, (3, 2, 2)),
    "choose": lambda f, a: f((a > 0.4).astype(int), [a, 2 * a]),
    "clip": lambda f, a: f(a, 0.3, 0.6),
    "concatenate": lambda f, a: f([a, a]),
    "column_stack": lambda f, a: f([a, a]),
    "convolve": lambda f, a: f(a[0], a[1]),
    "correlate": lambda f, a: f(a[0], a[1]),
    "digitize": lambda f, a: f(a, [0.1, 0.6]),
    "einsum": lambda f, a: f("ij,jk->ik", a, a),
    "empty": lambda f, a: filled(f((2, 2)), a),
    "expand_dims": lambda f, a: f(a, 0),
    "full": lambda f, a: filled(f((2, 2), 1.0), a),
    "hstack": lambda f, a: f([a, a]),
    "insert": lambda f, a: f(a, 1, a[0], axis=0),
    "interp": lambda f, a: f(a, [0, 1], [2, 3]),
    "linspace": lambda f, a: f(a[0, 0], 1, 4),
    "logical_not": lambda f, a: f(a > 0.3),
    "meshgrid": lambda f, a: f(a[0], a[1])[0],
    "moveaxis": lambda f, a: f(a, 0, 1),
    "ones": lambda f, a: filled(f((2, 2)), a),
    "pad": lambda f, a: f(a, 1),
    "reshape": lambda f, a: f(a, (4, 1)),
    "append": lambda f, a: f(a, a),
    "repeat": lambda f, a: f(a, 2, axis=0),
    "roll": lambda f, a: f(a, 1),
    "searchsorted": lambda f, a: f(np.array([0.1, 0.6]), a),
    "select": lambda f, a: f([a > 0.4, a > 0.3], [a, 2 * a]),
    "split": lambda f, a: f(a, 2)[0],
    "stack": lambda f, a: f([a, a]),
    "swapaxes": lambda f, a: f(a, 0, 1),
    "take": lambda f, a: f([3.0, 4.0], (a > 0.4).astype(int)),
    "tensordot": lambda f, a: f(a, a, axes=1),
    "tile": lambda f, a: f(a, 2),
    "vstack": lambda f, a: f([a, a]),
    "where": lambda f, a: f(a > 0.4, a, 0),
    "zeros": lambda f, a: filled(f((2, 2)), a),
    "linalg.solve": lambda f, a: f(a, a[0]),
    "nonzero": lambda f, a: f(a)[0],
    "argwhere": lambda f, a: f(a),
}
#: What readers of the page can only be told by an expression.
SIGNS = {
    **{sign: f"a {sign} 0.5" for sign in "+ - * / // % ** < <= == != >= > ".split()},
    "@": "a @ a", "x[k]": "a[k]", "slices": "a[:, 1:]",
    "+=": "filled(np.zeros((2, 2)), a)",
    "out=": "np.add(a, 1, out=np.zeros((2, 2)))",
    "_like": "filled(np.zeros_like(a), a)",
    "rng.normal": "Random(1, k).normal(size=2)", "rng": "Random(1, k).uniform()",
    "rng.uniform": "Random(1, k).uniform(size=2)",
    "rng.integers": "Random(1, k).integers(5, size=2)",
    "rng.permutation": "Random(1, k).permutation(4)",
}  # fmt: skip
REFUSED = {
    "if": "1 if a[0, 0] > 0 else 2", "while": "next(b for b in a[0] if b > 0)",
    "max()": "max(a[0])", "min()": "min(a[0])",
    "math": "math.exp(a[0, 0])",
    "x[mask]": "a[a > 0.4]", "np.random": "a + np.random.rand()",
}  # fmt: skip


def filled(new, a):
    new[:] = a
    new[0] += a[1]
    return new


def rows(title):
    """Return the code in both cells of the rows of the tables below a heading."""
    part = re.split(r"^#+ ", PAGE.split(f"# {title}\n")[1], flags=re.MULTILINE)[0]
    found = re.findall(r"^\|([^|\n]+)\|([^|\n]+)\|$", part, re.MULTILINE)
    return [tuple(re.findall(r"`([^`]+)`", cell) for cell in row) for row in found]


def compiled(expression):
    """Compile what a name of the table stands for."""

    def model(a, k):
        text = (SIGNS | REFUSED).get(expression)
        if text:
            return dict(y=eval(text, globals(), dict(a=a, k=k)))
        function = np
        for part in expression.split("."):
            function = getattr(function, part)
        if expression in CALLS:
            return dict(y=CALLS[expression](function, a))
        n = function.nin if isinstance(function, np.ufunc) else 1
        n = 2 if expression in ("dot", "outer", "inner", "vdot") else n
        return dict(y=function(*[a] * n))

    return trace(model, dict(a=MATRIX, k=1))


KNOWN = [
    name
    for left, right in rows("What compiles") if not left
    for cell in right
    for name in (cell.split() if cell[0] in "+<" else [cell])
]  # fmt: skip


@pytest.mark.parametrize("name", KNOWN)
def test_what_the_table_lists_compiles(name):
    compiled(name)


@pytest.mark.parametrize(
    "name", [name for left, _ in rows("What compiles") for name in left]
)
def test_what_the_table_refuses_is_refused(name):
    with pytest.raises(TraceError):
        compiled(name)


KINDS = {
    "ax.plot": Line2D, "ax.scatter": PathCollection, "ax.bar": Rectangle,
    "ax.fill": Polygon, "Circle": Ellipse, "ax.text": Text, "ax.pcolormesh": QuadMesh,
    "plotting.matrix": Matrix,
}  # fmt: skip
INSTEAD = {
    "ax.imshow": lambda ax: ax.imshow(MATRIX),
    "ax.contourf": lambda ax: ax.contourf(MATRIX),
    "ax.quiver": lambda ax: ax.quiver([0], [0], [1], [1]),
    "ax.arrow": lambda ax: ax.arrow(0, 0, 1, 1),
    "ax.fill_between": lambda ax: ax.fill_between([0, 1], [0, 1]),
    "ax.vlines": lambda ax: ax.vlines([0], 0, 1),
    "ax.hlines": lambda ax: ax.hlines([0], 0, 1),
}


def test_the_table_of_what_can_be_bound_is_the_codes():
    shown = {left[0]: set(right) for left, right in rows("What can be bound") if left}
    for name, kind in KINDS.items():
        assert shown[name] == _KNOWN[kind] | {"visible", "alpha"}, name
    assert {Text, *KINDS.values()} == {kind for kind in _KNOWN if _KNOWN[kind]}


def test_the_table_of_what_is_drawn_otherwise_is_the_codes():
    other = [left for left, _ in rows("What can be bound") if left]
    other = [name for left in other for name in left if name not in KINDS]
    assert set(INSTEAD) <= set(other)
    for draw in INSTEAD.values():
        fig, ax = axes()
        live = LiveFigure("f", fig, lambda a: dict(y=a), dict(a=(0, 1, 1, 0)))
        with pytest.raises(ValueError, match="; draw|; show|no property"):
            live.bind(draw(ax), values="y", x="y")
