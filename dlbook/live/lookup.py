"""Looking up constants by a traced index: np.take, np.interp, np.searchsorted.

A slider that picks a recorded step or a trained checkpoint is ``np.take(table, k)``.
Indices count from the end if negative, as in NumPy. An index that is out of bounds, at
which NumPy raises, takes the nearest entry.
"""

import numpy as np
from numpy import asarray
from numpy.lib.array_utils import normalize_axis_index

from dlbook.live.arithmetic import apply, boxed, cast, common, elements, kind_of
from dlbook.live.functions import moved
from dlbook.live.nodes import active, refuse
from dlbook.live.rules import Table
from dlbook.live.symbolic import implements, kind_like, wrap

__all__ = ["take"]


@implements(np.take)
def take(a, indices, axis=None, mode="raise"):
    """Return ``np.take(a, indices, axis)`` where one of the two is symbolic."""
    if not getattr(indices, "symbolic", False):
        return moved(np.take)(a, indices, axis=axis, mode=mode)
    array = elements(a) if getattr(a, "symbolic", False) else asarray(a)
    if axis is None:
        array, axis = array.reshape(-1), 0
    axis = normalize_axis_index(axis, array.ndim)
    n = array.shape[axis]
    index = _bounded(elements(indices), n, mode)
    rows = np.moveaxis(array, axis, 0).reshape(n, -1)
    columns = (_picked if array.dtype == object else _looked_up)(rows, index)
    before, after = array.shape[:axis], array.shape[axis + 1 :]
    result = boxed([n for c in columns for n in c.flat], before + after + index.shape)
    for k in range(index.ndim):
        result = np.moveaxis(result, len(before + after) + k, axis + k)
    return wrap(result)


def _bounded(index, n, mode):
    index = cast(index, "i")
    if mode == "wrap":
        return elements(wrap(index) % n)
    if mode == "clip":
        index = elements(np.maximum(wrap(index), 0))
    return apply("index", "i", index, static=(n,))


def _looked_up(rows, index):
    kind = kind_like(rows.dtype)
    table = Table(rows)
    width = rows.shape[1]
    return [
        apply("lookup", kind, index, static=(table, width, k)) for k in range(width)
    ]


def _picked(rows, index):
    kind, graph = kind_of(rows), active()
    return [
        boxed([graph.node("pick", (k, *column), kind) for k in index.flat], index.shape)
        for column in rows.T
    ]


@implements(np.choose)
def _choose(a, choices, mode="raise"):
    arrays, kind = common(choices)
    index = _bounded(elements(a), len(arrays), mode)
    index, *arrays = np.broadcast_arrays(index, *arrays)
    nodes = [
        active().node("pick", args, kind)
        for args in zip(*(array.flat for array in (index, *arrays)), strict=True)
    ]
    return wrap(boxed(nodes, index.shape))


@implements(np.searchsorted)
def searchsorted(a, v, side="left", sorter=None):
    """Return how many entries of a constant table stand before each value."""
    if getattr(a, "symbolic", False) or sorter is not None:
        refuse("np.searchsorted in a traced table", "count by np.sum(table < x)")
    static = (Table(a), side)
    return wrap(apply("search", "i", cast(elements(v), "f"), static=static))


@implements(np.digitize)
def _digitize(x, bins, right=False):
    bins = asarray(bins)
    if np.any(np.diff(bins) < 0):
        refuse("np.digitize with decreasing bins", "let the bins increase")
    return searchsorted(bins, x, "left" if right else "right")


@implements(np.interp)
def _interp(x, xp, fp, left=None, right=None, period=None):
    if getattr(xp, "symbolic", False) or period is not None:
        refuse("np.interp with traced places or a period", "use constant places")
    xp, fp, x = asarray(xp, dtype=float), np.multiply(fp, 1.0), np.multiply(x, 1.0)
    inside = _between(x, xp, fp) if len(xp) > 1 else fp[0] + x * 0
    inside = np.where(x >= xp[-1], fp[-1], inside)
    inside = np.where(x > xp[-1], fp[-1] if right is None else right, inside)
    inside = np.where(x < xp[0], fp[0] if left is None else left, inside)
    return np.where(np.isnan(x), x, inside)


def _between(x, xp, fp):
    below = np.clip(searchsorted(xp, x, "right") - 1, 0, len(xp) - 2)
    slope = take(np.diff(fp) / np.diff(xp), below)
    start, value = take(xp, below), take(fp, below)
    result = slope * (x - start) + value
    if getattr(fp, "symbolic", False):  # values that may be infinite
        stop, other = take(xp, below + 1), take(fp, below + 1)
        result = np.where(np.isnan(result), slope * (x - stop) + other, result)
        result = np.where(np.isnan(result) & (value == other), value, result)
    return np.where(x == start, value, result)
