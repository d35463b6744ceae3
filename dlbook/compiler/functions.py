"""NumPy's functions on symbolic arrays: those that are no ufuncs.

Functions that only move elements (reshape, stack, roll, pad, ...) are NumPy's own, run
on ids; of some NumPy's own code runs on symbols. The others are written with ufuncs or
nodes. What is not listed here is refused.
"""

import math

import numpy as np
from numpy import asarray, zeros_like  # a trace replaces these for models
from numpy.lib.array_utils import normalize_axis_index
from numpy.lib.stride_tricks import sliding_window_view

from dlbook.compiler.nodes import active, refuse, view_of
from dlbook.compiler.random import hashed, shuffled

from dlbook.compiler.symbolic import (  # isort: skip
    FUNCTIONS, NO_INDEX, SymbolicArray, apply, cast, common, implements, kind_like,
    plain, symbolic, symbols, wrap,
)  # fmt: skip
from dlbook.compiler.ufuncs import contract, folded

#: Functions that do not ask all arguments whether they are symbolic.
UNASKED = "array asarray asanyarray ascontiguousarray asfortranarray full take".split()

# What moves elements ------------------------------------------------------------------


def _bare(value):
    """Return the ids of a value as the structures that NumPy moves."""
    return np.ndarray.view(symbols(value), np.ndarray)


def _wrapped(value):
    if isinstance(value, (list, tuple)):
        return type(value)(map(_wrapped, value))
    ids = isinstance(value, (np.ndarray, np.void))
    return asarray(value).view(SymbolicArray) if ids else value


def _known(value):
    value = plain(value)
    return refuse(*NO_INDEX) if symbolic(value) else value


def _first(a, *args):
    return _bare(a), *map(_known, args)


def _moved(function, prepared=_first):
    """Return the symbolic form of a function that moves elements."""
    return lambda *args, **kwargs: _wrapped(
        function(*prepared(*args), **{key: _known(x) for key, x in kwargs.items()})
    )


for _prepared, _names in {
    _first: "array_split broadcast_to copy delete diag diagflat diagonal dsplit "
    "expand_dims flip fliplr flipud hsplit matrix_transpose moveaxis ravel repeat "
    "reshape resize roll rollaxis rot90 split squeeze swapaxes take_along_axis tile "
    "transpose tril triu unstack vsplit",
    lambda arrays, *args: (list(map(_bare, common(arrays))), *args): (
        "concatenate stack column_stack dstack hstack vstack"
    ),
    lambda *arrays: map(_bare, arrays): (
        "atleast_1d atleast_2d atleast_3d broadcast_arrays meshgrid"
    ),
}.items():
    for _name in _names.split():
        if hasattr(np, _name):  # NumPy 2.0 has no unstack
            FUNCTIONS[getattr(np, _name)] = _moved(getattr(np, _name), _prepared)
for _name in (  # NumPy's own code runs on symbols
    "all any append astype clip cumprod cumsum diff digitize full_like iscomplexobj "
    "isneginf isposinf isrealobj max mean min nan_to_num ndim ones_like outer polyval "
    "prod ptp real select shape size std sum tensordot var zeros_like"
).split():
    FUNCTIONS[getattr(np, _name)] = getattr(np, _name).__wrapped__
FUNCTIONS |= {
    np.compress: lambda condition, a, axis=None: _wrapped(
        np.compress(_known(condition), _bare(a), axis)
    ),
    np.fix: np.trunc,
    np.insert: lambda arr, obj, values, axis=None: _wrapped(
        np.insert(_bare(arr), _known(obj), _bare(cast(values, symbols(arr).kind)), axis)
    ),
    np.full: lambda shape, fill_value, dtype=None, **options: np.full_like(
        fill_value, fill_value, dtype, shape=shape
    ),
    np.linalg.matrix_transpose: _moved(np.matrix_transpose),
    np.linalg.norm: np.linalg.norm.__wrapped__,
    np.result_type: lambda *values: np.result_type(
        *[getattr(value, "dtype", value) for value in values]
    ),
    hashed: lambda *words: apply("uniform", "f", *words),
    sliding_window_view: _moved(sliding_window_view),
}


@implements(np.pad)
def _pad(array, pad_width, mode="constant", **options):
    if mode not in ("constant", "edge", "reflect", "symmetric", "wrap"):
        refuse(f"np.pad with mode {mode!r}", "use 'constant', 'edge' or 'reflect'")
    if mode == "constant":
        value = options.get("constant_values", 0)
        options["constant_values"] = _bare(cast(value, symbols(array).kind))
    return _wrapped(np.pad(_bare(array), pad_width, mode, **options))


@implements(np.block)
def _block(arrays):
    depth, inner = 0, arrays
    while isinstance(inner, list):
        depth, inner = depth + 1, inner[0]

    def joined(part, axis):
        if isinstance(part, list):
            return np.concatenate([joined(p, axis + 1) for p in part], axis)
        return np.array(part, ndmin=depth)

    return joined(arrays, -depth)


@implements(np.empty_like)
def _empty_like(prototype, dtype=None, order="K", subok=True, shape=None, **device):
    kind = kind_like(prototype.dtype if dtype is None else dtype)
    return wrap(zeros_like(prototype.ids, np.int64, order, False, shape), kind)


@implements(np.asarray, np.asanyarray, np.ascontiguousarray, np.asfortranarray)
def _asarray(a, dtype=None, **options):
    return symbols(a) if dtype is None else cast(a, kind_like(dtype))


@implements(np.array)
def _array(object, dtype=None, *, copy=True, ndmin=0, **options):
    array = _asarray(object, dtype)
    array = array.copy("K") if copy else array
    return array.reshape((1,) * (ndmin - array.ndim) + array.shape)


@implements(np.copyto)
def _copyto(dst, src, casting="same_kind", where=True):
    if not symbolic(dst):
        refuse("np.copyto", "write np.where or np.full_like of a traced array")
    dst[...] = src if where is True else np.where(where, src, dst)


# Elements -----------------------------------------------------------------------------


@implements(np.where)
def _where(condition, *choices):
    if not choices:
        refuse("np.where with one argument", "write np.where(condition, a, b)")
    arrays = common(choices)
    return apply("select", arrays[0].kind, cast(condition, "b"), *arrays)


@implements(np.round, np.around)
def _round(a, decimals=0):
    if symbols(a).kind != "f":
        return a + 0 if decimals >= 0 else refuse("np.round of integers", "use floats")
    factor = 10.0 ** abs(decimals)
    if decimals < 0:
        return np.rint(a / factor) * factor
    return np.rint(a * factor) / factor if decimals else np.rint(a)


@implements(np.linspace)
def _linspace(start, stop, num=50, endpoint=True, *, dtype=None, axis=0):
    start, stop = np.multiply(start, 1.0), np.multiply(stop, 1.0)
    shape = np.broadcast_shapes(np.shape(start), np.shape(stop))
    steps = np.arange(num, dtype=float).reshape((num,) + (1,) * len(shape))
    result = steps * ((stop - start) / max(num - bool(endpoint), 1)) + start
    if endpoint and num > 1:
        result[-1] = stop
    return np.moveaxis(result, 0, axis)


# Reductions and products --------------------------------------------------------------


@implements(np.average)
def _average(a, axis=None, weights=None, *, keepdims=False):
    if weights is None:
        return np.mean(a, axis, keepdims=keepdims)
    weights = symbols(weights)
    if np.shape(weights) != np.shape(a):
        shape = [1] * np.ndim(a)
        shape[normalize_axis_index(axis, np.ndim(a))] = np.size(weights)
        weights = np.broadcast_to(weights.reshape(shape), np.shape(a))
    scale = np.sum(weights, axis, np.float64, keepdims=keepdims)
    return np.sum(np.multiply(a, weights), axis, keepdims=keepdims) / scale


def _place(op):
    def place(a, axis=None, *, keepdims=False):
        rows = np.ravel(a) if axis is None else np.moveaxis(a, axis, -1)
        result = folded(op, [np.ascontiguousarray(rows)], 1, "i")
        axes = tuple(range(np.ndim(a))) if axis is None else axis
        return np.expand_dims(result, axes) if keepdims else result

    return place


FUNCTIONS |= {
    np.argmax: _place("argmax"),
    np.argmin: _place("argmin"),
    np.count_nonzero: lambda a, axis=None, *, keepdims=False: np.sum(
        cast(a, "b"), axis, keepdims=keepdims
    ),
}


@implements(np.dot)
def _dot(a, b):
    m, n = np.ndim(a) - 1, np.ndim(b) - 1
    if m < 0 or n < 0:
        return np.multiply(a, b)
    left, right = "abcdefgh"[:m], "ijklmnop"[:n]
    return contract(f"{left}z,{right[:-1]}z{right[-1:]}->{left}{right}", a, b)


def _correlate(a, v, mode="valid"):
    a, v = symbols(a), symbols(v)
    if np.size(v) > np.size(a):
        return _correlate(v, a, mode)[::-1]
    n = np.size(v)
    left = {"valid": 0, "full": n - 1, "same": n // 2}[mode]
    right = {"valid": 0, "full": n - 1, "same": (n - 1) // 2}[mode]
    return sliding_window_view(np.pad(a, (left, right)), n) @ v


def _convolve(a, v, mode="full"):
    short, long = sorted((v, a), key=np.size)
    return _correlate(long, symbols(short)[::-1], mode)


FUNCTIONS |= {
    np.convolve: _convolve,
    np.correlate: _correlate,
    np.einsum: contract,
    np.inner: lambda a, b: np.dot(a, np.moveaxis(b, -1, -2) if np.ndim(b) > 1 else b),
    np.trace: lambda a, *axes: np.sum(np.diagonal(a, *axes), axis=-1),
    np.vdot: lambda a, b: np.dot(np.ravel(a), np.ravel(b)),
}

# Looking up by a traced index ---------------------------------------------------------


@implements(np.take)
def _take(a, indices, axis=None, mode="raise"):
    """Return ``np.take(a, indices, axis)`` where one of the two is symbolic.

    An index that is out of bounds, at which NumPy raises, takes the nearest entry.
    """
    indices = plain(indices)
    if not symbolic(indices):
        return _moved(np.take)(a, indices, axis=axis, mode=mode)
    kind_like(np.asarray(a).dtype)
    array = symbols(a)
    if axis is None:
        array, axis = array.reshape(-1), 0
    axis = normalize_axis_index(axis, array.ndim)
    index = _bounded(indices, array.shape[axis], mode)
    index = index.reshape(index.shape + (1,) * (array.ndim - axis - 1))
    rows = np.moveaxis(array, axis, -1)
    between = tuple(range(axis, axis + np.ndim(indices)))
    return _looked_up(np.expand_dims(rows, between), index)


def _bounded(index, n, mode):
    index = cast(index, "i")
    if mode == "wrap":
        return index % n
    return apply("index", "i", np.maximum(index, 0) if mode == "clip" else index, n)


def _looked_up(rows, index):
    """Return ``rows[..., index]`` for an index that broadcasts with the rows."""
    shape = np.broadcast_shapes(rows.shape[:-1], index.shape)
    if not math.prod(shape):
        return wrap(np.empty(shape, np.int64), rows.kind)
    table = view_of(np.broadcast_to(rows.ids, (*shape, rows.shape[-1])))
    reach = table.strides[-1], rows.shape[-1]
    table = table._replace(strides=table.strides[:-1], shape=shape)
    args = (table, view_of(np.broadcast_to(index.ids, shape)))
    return wrap(active().add("take", args, shape, static=reach), rows.kind)


@implements(shuffled)
def _shuffled(units):
    ids = np.ascontiguousarray(units.ids)
    return wrap(active().add("shuffle", (view_of(ids),), ids.shape), "i")


@implements(np.choose)
def _choose(a, choices, mode="raise"):
    arrays = np.broadcast_arrays(*common(choices))
    return _looked_up(np.stack(arrays, axis=-1), _bounded(a, len(arrays), mode))


@implements(np.searchsorted)
def searchsorted(a, v, side="left", sorter=None):
    """Return how many entries of a constant table stand before each value."""
    if symbolic(a) or sorter is not None:
        refuse("np.searchsorted in a traced table", "count by np.sum(table < x)")
    if not symbolic(v := plain(v)):
        return np.searchsorted(a, v, side)
    reaches = np.greater_equal if side == "left" else np.greater
    return np.sum(~reaches(asarray(a, dtype=float), v[..., None]), axis=-1)


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
    slope = np.take(np.diff(fp) / np.diff(xp), below)
    start, value = np.take(xp, below), np.take(fp, below)
    result = slope * (x - start) + value
    if symbolic(fp):  # values that may be infinite
        stop, other = np.take(xp, below + 1), np.take(fp, below + 1)
        result = np.where(np.isnan(result), slope * (x - stop) + other, result)
        result = np.where(np.isnan(result) & (value == other), value, result)
    return np.where(x == start, value, result)
