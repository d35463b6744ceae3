"""Looking up constants by a traced index: np.take, np.interp, np.searchsorted.

A slider that picks a recorded step or a trained checkpoint is ``np.take(table, k)``.
Indices count from the end if negative, as in NumPy. An index that is out of bounds, at
which NumPy raises, takes the nearest entry.
"""

import numpy as np
from numpy import asarray
from numpy.lib.array_utils import normalize_axis_index

from dlbook.compiler.functions import moved
from dlbook.compiler.nodes import active, kind_of, refuse, view_of
from dlbook.compiler.symbolic import implements, kind_like, wrap
from dlbook.compiler.ufuncs import apply, cast, common, elements, plain, symbolic

__all__ = ["take"]


@implements(np.take)
def take(a, indices, axis=None, mode="raise"):
    """Return ``np.take(a, indices, axis)`` where one of the two is symbolic."""
    indices = plain(indices)
    if not symbolic(indices):
        return moved(np.take)(a, indices, axis=axis, mode=mode)
    if not symbolic(a):
        kind_like(asarray(a).dtype)
    array = elements(a)
    if axis is None:
        array, axis = array.reshape(-1), 0
    axis = normalize_axis_index(axis, array.ndim)
    index = _bounded(indices.ids, array.shape[axis], mode)
    before, after = array.ndim - axis - 1, index.ndim
    index = index.reshape(index.shape + (1,) * before)
    rows = np.moveaxis(array, axis, -1).reshape(
        *array.shape[:axis], *(1,) * after, *array.shape[axis + 1 :], array.shape[axis]
    )
    return wrap(_looked_up(rows, index))


def _looked_up(rows, index):
    """Return ``rows[..., index]`` for an index that broadcasts with the rows."""
    shape = np.broadcast_shapes(rows.shape[:-1], index.shape)
    rows = np.broadcast_to(rows, (*shape, rows.shape[-1]))
    table = view_of(rows)
    reach = table.strides[-1], rows.shape[-1]
    table = table._replace(strides=table.strides[:-1])
    args = (table, view_of(np.broadcast_to(index, shape)))
    return active().add("take", args, kind_of(rows), shape, static=reach)


def _bounded(index, n, mode):
    index = cast(index, "i")
    if mode == "wrap":
        return elements(wrap(index) % n)
    if mode == "clip":
        index = elements(np.maximum(wrap(index), 0))
    return apply("index", "i", index, static=(n,))


@implements(np.choose)
def _choose(a, choices, mode="raise"):
    arrays, kind = common(choices)
    index = _bounded(elements(a), len(arrays), mode)
    arrays = np.broadcast_arrays(*arrays)
    return wrap(_looked_up(np.stack(arrays, axis=-1), index))


@implements(np.searchsorted)
def searchsorted(a, v, side="left", sorter=None):
    """Return how many entries of a constant table stand before each value."""
    if symbolic(a) or sorter is not None:
        refuse("np.searchsorted in a traced table", "count by np.sum(table < x)")
    v = plain(v)
    if not symbolic(v):
        return np.searchsorted(a, v, side)
    reaches = np.greater_equal if side == "left" else np.greater
    return np.sum(~reaches(asarray(a, dtype=float), v[..., None]), axis=-1)


@implements(np.digitize)
def _digitize(x, bins, right=False):
    bins = asarray(bins)
    if np.any(np.diff(bins) < 0):
        refuse("np.digitize with decreasing bins", "let the bins increase")
    return searchsorted(bins, x, "left" if right else "right")


@implements(np.interp)
def _interp(x, xp, fp, left=None, right=None, period=None):
    if symbolic(xp) or period is not None:
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
    if symbolic(fp):  # values that may be infinite
        stop, other = take(xp, below + 1), take(fp, below + 1)
        result = np.where(np.isnan(result), slope * (x - stop) + other, result)
        result = np.where(np.isnan(result) & (value == other), value, result)
    return np.where(x == start, value, result)
