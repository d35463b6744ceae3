"""NumPy's functions on symbolic arrays: those that are no ufuncs.

Functions that only move elements (reshape, stack, roll, pad, ...) are NumPy's own, run
on ids; of some NumPy's own code runs on symbols. The others are written with ufuncs or
nodes. What is not listed here is refused.
"""

import functools
import math

import numpy as np
from numpy import asarray, empty_like  # a trace replaces these for models
from numpy.lib.array_utils import normalize_axis_index
from numpy.lib.stride_tricks import sliding_window_view

from dlbook.compiler import ufuncs
from dlbook.compiler.nodes import active, kind_of, refuse, view_of
from dlbook.compiler.symbolic import FUNCTIONS, NO_INDEX, implements, kind_like, wrap
from dlbook.compiler.ufuncs import apply, cast, common, elements, plain, symbolic

# What moves elements ------------------------------------------------------------------


def _wrapped(value):
    if isinstance(value, (list, tuple)):
        return type(value)(_wrapped(v) for v in value)
    if not isinstance(value, np.ndarray):
        return wrap(value) if isinstance(value, np.int64) else value
    if (value == 0).any():  # zeros that NumPy has filled in
        zero = active().const(0.0, kind_of(value[value != 0]))
        value = np.where(value == 0, zero, value)
    return wrap(value)


def _known(value):
    value = plain(value)
    return refuse(*NO_INDEX) if symbolic(value) else value


def _as(value, like):
    return cast(elements(value), kind_of(elements(like)))


def _first(a, *args):
    return elements(a), *map(_known, args)


def _second(a, b, *args):
    return _known(a), elements(b), *map(_known, args)


def _sequence(arrays, *args):
    return common(arrays)[0], *args


def _each(*arrays):
    return map(elements, arrays)


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
    _second: "compress",
    _sequence: "concatenate stack column_stack dstack hstack vstack",
    _each: "atleast_1d atleast_2d atleast_3d broadcast_arrays meshgrid",
}.items():
    for _name in _names.split():
        if hasattr(np, _name):  # NumPy 2.0 has no unstack
            FUNCTIONS[getattr(np, _name)] = _moved(getattr(np, _name), _prepared)
for _name in (  # NumPy's own code runs on symbols
    "all any append clip cumprod cumsum diff digitize full_like iscomplexobj isneginf "
    "isposinf isrealobj max mean min nan_to_num ones_like outer polyval prod ptp real "
    "select std sum tensordot var zeros_like"
).split():
    FUNCTIONS[getattr(np, _name)] = getattr(np, _name).__wrapped__
FUNCTIONS |= {
    np.astype: lambda x, dtype, /, *, copy=True: x.astype(dtype),
    np.fix: np.trunc,
    np.insert: lambda arr, obj, values, axis=None: wrap(
        np.insert(elements(arr), _known(obj), _as(values, arr), axis)
    ),
    np.linalg.matrix_transpose: _moved(np.matrix_transpose),
    np.linalg.norm: np.linalg.norm.__wrapped__,
    np.ndim: lambda a: elements(a).ndim,
    np.result_type: lambda *values: np.result_type(
        *[getattr(value, "dtype", value) for value in values]
    ),
    np.shape: lambda a: elements(a).shape,
    np.size: lambda a, axis=None: np.size(elements(a), axis),
    sliding_window_view: _moved(sliding_window_view),
}


@implements(np.pad)
def _pad(array, pad_width, mode="constant", **options):
    if mode not in ("constant", "edge", "reflect", "symmetric", "wrap"):
        refuse(f"np.pad with mode {mode!r}", "use 'constant', 'edge' or 'reflect'")
    if mode == "constant":
        value = options.get("constant_values", 0)
        options["constant_values"] = _as(value, array)
    return wrap(np.pad(elements(array), pad_width, mode, **options))


@implements(np.block)
def _block(arrays):
    depth, inner = 0, arrays
    while isinstance(inner, list):
        depth, inner = depth + 1, inner[0]

    def joined(parts, axis):
        if isinstance(parts, list):
            return np.concatenate([joined(p, axis + 1) for p in parts], axis)
        part = elements(parts)
        return wrap(part.reshape((1,) * (depth - part.ndim) + part.shape))

    return joined(arrays, -depth)


@implements(np.empty_like)
def _empty_like(prototype, dtype=None, order="K", subok=True, shape=None, **device):
    kind = kind_like(prototype.dtype if dtype is None else dtype)
    result = empty_like(elements(prototype), np.int64, order, False, shape)
    result[...] = active().const(0, kind)
    return wrap(result)


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
    arrays, kind = common(choices)
    return wrap(apply("select", kind, cast(elements(condition), "b"), *arrays))


@implements(np.round, np.around)
def _round(a, decimals=0):
    if kind_of(elements(a)) != "f":
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


_EASY = {0.5: np.sqrt, 1: np.copy, 2: np.square, -1: np.reciprocal}


def _power(x, exponent):
    base, exponent, whole = plain(x), plain(exponent), x.dtype.kind == "i"
    if not symbolic(exponent) and np.ndim(exponent) == 0:
        if whole and exponent > 64:
            refuse("an integer power above 64", "make the base a float")
        if whole:
            return functools.reduce(np.multiply, [x] * int(exponent), x * 0 + 1)
        if float(exponent) in _EASY:
            return _EASY[float(exponent)](x)
    elif whole:
        refuse("an integer to a traced integer power", "make the base a float")
    fixed = np.abs(exponent) < np.inf if not symbolic(exponent) else np.abs(base) != 1
    plainly = not symbolic(fixed) and np.all(fixed)
    return wrap(apply("power" if plainly else "pow", "f", x.ids, elements(exponent)))


def _reciprocal(x):
    if x.dtype.kind != "f":
        refuse("np.reciprocal of integers", "make them floats")
    return 1.0 / x


def _logaddexp2(a, b):
    smaller = np.log2(np.e) * np.log1p(2.0 ** -np.abs(a - b))
    return np.where(a == b, a + 1.0, np.maximum(a, b) + smaller)


def _on_ids(function):
    def formula(*arrays):
        results = function(*map(wrap, arrays))
        return [elements(x) for x in (results if type(results) is tuple else [results])]

    return formula


ufuncs.FORMULAS |= {
    name: _on_ids(function)
    for name, function in {
        "positive": np.copy,
        "conjugate": np.copy,
        "square": lambda x: x * x,
        "reciprocal": _reciprocal,
        "power": _power,
        "float_power": _power,
        "exp2": lambda x: 2.0**x,
        "deg2rad": lambda x: x * (np.pi / 180),
        "radians": lambda x: x * (np.pi / 180),
        "rad2deg": lambda x: x * (180 / np.pi),
        "degrees": lambda x: x * (180 / np.pi),
        "isinf": lambda x: np.abs(x) == np.inf,
        "isfinite": lambda x: np.abs(x) < np.inf,
        "signbit": lambda x: (x < 0) | (1 / x < 0),
        "heaviside": lambda x, middle: np.where(
            np.isnan(x), x, np.where(x == 0, middle, x > 0)
        ),
        "logaddexp2": _logaddexp2,
        "clip": lambda x, low, high: np.minimum(np.maximum(x, low), high),
        "divmod": lambda a, b: (a // b, a % b),
    }.items()
}

# Reductions and products --------------------------------------------------------------


@implements(np.average)
def _average(a, axis=None, weights=None, *, keepdims=False):
    if weights is None:
        return np.mean(a, axis, keepdims=keepdims)
    weights = wrap(elements(weights))
    if np.shape(weights) != np.shape(a):
        shape = [1] * np.ndim(a)
        shape[normalize_axis_index(axis, np.ndim(a))] = np.size(weights)
        weights = np.broadcast_to(weights.reshape(shape), np.shape(a))
    scale = np.sum(weights, axis, np.float64, keepdims=keepdims)
    return np.sum(np.multiply(a, weights), axis, keepdims=keepdims) / scale


def _place(op):
    def reduced(a, axis=None, *, keepdims=False):
        array, k = (np.ravel(a), 0) if axis is None else (a, axis)
        last = np.ascontiguousarray(np.moveaxis(elements(array), k, -1))
        result = ufuncs.folded(op, "i", (last,), 1)
        axes = k if axis is not None else tuple(range(np.ndim(a)))
        return wrap(np.expand_dims(result, axes) if keepdims else result)

    return reduced


FUNCTIONS |= {
    np.argmax: _place("argmax"),
    np.argmin: _place("argmin"),
    np.count_nonzero: lambda a, axis=None, *, keepdims=False: np.sum(
        wrap(cast(elements(a), "b")), axis, keepdims=keepdims
    ),
}


@implements(np.dot)
def _dot(a, b):
    m, n = np.ndim(a) - 1, np.ndim(b) - 1
    if m < 0 or n < 0:
        return np.multiply(a, b)
    left, right = "abcdefgh"[:m], "ijklmnop"[:n]
    return wrap(
        ufuncs.contract(f"{left}z,{right[:-1]}z{right[-1:]}->{left}{right}", a, b)
    )


@implements(np.einsum)
def _einsum(subscripts, *operands, optimize=False):
    if not isinstance(subscripts, str):
        refuse("np.einsum with lists of axes", "write the subscripts as a text")
    return wrap(ufuncs.contract(subscripts, *operands))


def _correlate(a, v, mode="valid"):
    a, v = wrap(elements(a)), wrap(elements(v))
    if np.size(v) > np.size(a):
        return _correlate(v, a, mode)[::-1]
    n = np.size(v)
    left = {"valid": 0, "full": n - 1, "same": n // 2}[mode]
    right = {"valid": 0, "full": n - 1, "same": (n - 1) // 2}[mode]
    return sliding_window_view(np.pad(a, (left, right)), n) @ v


def _convolve(a, v, mode="full"):
    short, long = sorted((v, a), key=np.size)
    return _correlate(long, wrap(elements(short))[::-1], mode)


FUNCTIONS |= {
    np.convolve: _convolve,
    np.correlate: _correlate,
    np.inner: lambda a, b: np.dot(a, np.moveaxis(b, -1, -2) if np.ndim(b) > 1 else b),
    np.trace: lambda a, *axes: np.sum(np.diagonal(a, *axes), axis=-1),
    np.vdot: lambda a, b: np.dot(np.ravel(a), np.ravel(b)),
}

# Looking up by a traced index ---------------------------------------------------------


@implements(np.take)
def take(a, indices, axis=None, mode="raise"):
    """Return ``np.take(a, indices, axis)`` where one of the two is symbolic.

    An index that is out of bounds, at which NumPy raises, takes the nearest entry.
    """
    indices = plain(indices)
    if not symbolic(indices):
        return _moved(np.take)(a, indices, axis=axis, mode=mode)
    if not symbolic(a):
        kind_like(asarray(a).dtype)
    array = elements(a)
    if axis is None:
        array, axis = array.reshape(-1), 0
    axis = normalize_axis_index(axis, array.ndim)
    index = _bounded(indices.ids, array.shape[axis], mode)
    index = index.reshape(index.shape + (1,) * (array.ndim - axis - 1))
    rows = np.moveaxis(array, axis, -1)
    between = tuple(range(axis, axis + np.ndim(indices)))
    return wrap(_looked_up(np.expand_dims(rows, between), index))


def _bounded(index, n, mode):
    index = cast(index, "i")
    if mode == "wrap":
        return elements(wrap(index) % n)
    if mode == "clip":
        index = elements(np.maximum(wrap(index), 0))
    return apply("index", "i", index, elements(n))


def _looked_up(rows, index):
    """Return ``rows[..., index]`` for an index that broadcasts with the rows."""
    shape = np.broadcast_shapes(rows.shape[:-1], index.shape)
    if not math.prod(shape):
        return np.zeros(shape, np.int64)
    table = view_of(np.broadcast_to(rows, (*shape, rows.shape[-1])))
    reach = table.strides[-1], rows.shape[-1]
    table = table._replace(strides=table.strides[:-1])
    args = (table, view_of(np.broadcast_to(index, shape)))
    return active().add("take", args, kind_of(rows), shape, static=reach)


@implements(np.choose)
def _choose(a, choices, mode="raise"):
    arrays, _ = common(choices)
    index = _bounded(elements(a), len(arrays), mode)
    arrays = np.broadcast_arrays(*arrays)
    return wrap(_looked_up(np.stack(arrays, axis=-1), index))


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
    slope = take(np.diff(fp) / np.diff(xp), below)
    start, value = take(xp, below), take(fp, below)
    result = slope * (x - start) + value
    if symbolic(fp):  # values that may be infinite
        stop, other = take(xp, below + 1), take(fp, below + 1)
        result = np.where(np.isnan(result), slope * (x - stop) + other, result)
        result = np.where(np.isnan(result) & (value == other), value, result)
    return np.where(x == start, value, result)
