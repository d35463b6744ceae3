"""Where a shown number comes from: a model's output, a slider, or an element of one.

A name stands for all of its numbers; an array of an input of the hand has a dotted one,
such as ``points.x``. ``terms[0]``, ``C[1, 2]``, ``W[:, 0]`` and
``W.flat[3]`` choose among them, by NumPy's own rules.
"""

import ast
from typing import NamedTuple

import numpy as np

__all__ = ["Scope", "Source"]


class Source(NamedTuple):
    """Chosen numbers: of the values ``name``, those at the flat positions ``index``."""

    text: str
    name: str
    index: np.ndarray

    def take(self, values):
        """Return the chosen numbers as floats, in the shape that was chosen."""
        return np.ravel(values[self.name])[self.index].astype(float)


class Scope:
    """The names that a figure may show, with their shapes.

    Parameters
    ----------
    figure : str
        Name of the figure, for messages.
    shapes : dict of str to tuple
        Sliders and outputs.

    Examples
    --------
    >>> scope = Scope("demo", {"W": (2, 3)})
    >>> scope.source("W[:, 1]").index
    array([1, 4])
    """

    def __init__(self, figure, shapes):
        self.figure, self.shapes, self.used = figure, shapes, set()

    def source(self, text):
        """Return the source that a name or an element of it stands for."""
        try:
            name, index = self._read(ast.parse(text.strip(), mode="eval").body)
        except (SyntaxError, IndexError, TypeError, ValueError) as error:
            raise ValueError(self._message(text, str(error))) from None
        self.used.add(name)
        return Source(text, name, index)

    def _read(self, node):
        name = ast.unparse(node)
        if name in self.shapes:
            shape = self.shapes[name]
            return name, np.arange(np.prod(shape, dtype=int)).reshape(shape)
        if isinstance(node, ast.Name):
            raise TypeError("no such name")
        if isinstance(node, ast.Attribute) and node.attr == "flat":
            name, index = self._read(node.value)
            return name, index.ravel()
        if isinstance(node, ast.Subscript):
            name, index = self._read(node.value)
            return name, index[_index(node.slice)]
        raise TypeError("wanted a name, or a name and an index")

    def _message(self, text, reason):
        names = ", ".join(f"{name} {shape}" for name, shape in self.shapes.items())
        return f"figure {self.figure!r}: {text!r}: {reason}; there is {names}"


def _index(node):
    if isinstance(node, ast.Tuple):
        return tuple(_index(part) for part in node.elts)
    if isinstance(node, ast.Slice):
        parts = (node.lower, node.upper, node.step)
        return slice(*(None if p is None else ast.literal_eval(p) for p in parts))
    value = ast.literal_eval(node)
    if not isinstance(value, int):
        raise TypeError("an index is an integer")
    return value
