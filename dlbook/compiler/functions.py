"""NumPy's functions on symbolic arrays: those that are no ufuncs.

Functions that only move elements (reshape, stack, roll, pad, ...) are NumPy's own, run
on ids. The others are written with operations on nodes. What is not
listed here, in `dlbook.compiler.folds` or in `dlbook.live.lookup` is refused.
"""

import functools

import numpy as np
from numpy import asarray, empty_like  # a trace replaces these for models

from dlbook.compiler.nodes import active, kind_of, refuse
from dlbook.compiler.symbolic import FUNCTIONS, NO_INDEX, implements, kind_like, wrap
from dlbook.compiler.ufuncs import (
    FORMULAS,
    apply,
    cast,
    common,
    elements,
    plain,
    symbolic,
)

__all__ = ["moved"]


def _wrapped(value):
    if isinstance(value, (list, tuple)):
        return type(value)(_wrapped(v) for v in value)
    if not isinstance(value, np.ndarray):
        return wrap(value) if isinstance(value, np.int64) else value
    if (value == 0).any():  # zeros that NumPy has filled in
        kind = kind_of(value[value != 0])
        value = np.where(value == 0, active().const(0.0, kind), value)
    return wrap(value)


def moved(function, place=0):
    """Return the symbolic form of a function that moves elements of one argument."""

    def symbolic_form(*args, **kwargs):
        args = [
            elements(arg) if k == place else _known(arg) for k, arg in enumerate(args)
        ]
        kwargs = {key: _known(value) for key, value in kwargs.items()}
        return _wrapped(function(*args, **kwargs))

    return symbolic_form


def _known(value):
    value = plain(value)
    return refuse(*NO_INDEX) if symbolic(value) else value


def _joined(function):
    """Return the symbolic form of a function of a sequence of arrays."""
    return lambda arrays, **kwargs: _wrapped(function(common(arrays)[0], **kwargs))


def _side_by_side(function):
    """Return the symbolic form of a function of any number of arrays."""
    return lambda *arrays, **kwargs: _wrapped(
        function(*map(elements, arrays), **kwargs)
    )


for _function in (
    np.array_split, np.broadcast_to, np.copy, np.delete, np.diag, np.diagflat,
    np.diagonal, np.dsplit, np.expand_dims, np.flip, np.fliplr, np.flipud, np.hsplit,
    np.matrix_transpose, np.moveaxis, np.ravel, np.repeat, np.reshape, np.resize,
    np.roll, np.rollaxis, np.rot90, np.split, np.squeeze, np.swapaxes,
    np.take_along_axis, np.tile, np.transpose, np.tril, np.triu, np.vsplit,
    np.lib.stride_tricks.sliding_window_view, np.linalg.matrix_transpose,
    getattr(np, "unstack", np.squeeze),  # NumPy 2.0 has none
):  # fmt: skip
    FUNCTIONS[_function] = moved(_function)
FUNCTIONS[np.compress] = moved(np.compress, 1)
for _function in (np.column_stack, np.dstack, np.hstack, np.vstack):
    FUNCTIONS[_function] = _joined(_function)
for _function in (
    np.atleast_1d, np.atleast_2d, np.atleast_3d, np.broadcast_arrays, np.meshgrid,
):  # fmt: skip
    FUNCTIONS[_function] = _side_by_side(_function)
for _function in (
    np.all, np.any, np.append, np.clip, np.cumprod, np.cumsum, np.diff, np.iscomplexobj,
    np.isrealobj, np.linalg.norm, np.max, np.mean, np.min, np.outer, np.polyval,
    np.prod, np.ptp, np.real, np.std, np.sum, np.tensordot, np.var,
):  # fmt: skip
    FUNCTIONS[_function] = _function.__wrapped__  # NumPy's own code runs on symbols
FUNCTIONS |= {
    np.fix: np.trunc,
    np.ndim: lambda a: elements(a).ndim,
    np.shape: lambda a: elements(a).shape,
    np.size: lambda a, axis=None: np.size(elements(a), axis),
}


def _along(function):
    return lambda arrays, axis=0: wrap(function(common(arrays)[0], axis))


FUNCTIONS |= {function: _along(function) for function in (np.concatenate, np.stack)}


@implements(np.insert)
def _insert(arr, obj, values, axis=None):
    arr = elements(arr)
    values = cast(elements(values), kind_of(arr))
    return wrap(np.insert(arr, _known(obj), values, axis))


@implements(np.pad)
def _pad(array, pad_width, mode="constant", **options):
    if mode not in ("constant", "edge", "reflect", "symmetric", "wrap"):
        refuse(f"np.pad with mode {mode!r}", "use 'constant', 'edge' or 'reflect'")
    array = elements(array)
    if mode == "constant":
        value = elements(options.get("constant_values", 0))
        options["constant_values"] = cast(value, kind_of(array))
    return wrap(np.pad(array, pad_width, mode, **options))


@implements(np.block)
def _block(arrays):
    depth, inner = 0, arrays
    while isinstance(inner, list):
        depth, inner = depth + 1, inner[0]
    return _joined_blocks(arrays, depth, -depth)


def _joined_blocks(parts, depth, axis):
    if not isinstance(parts, list):
        part = elements(parts)
        return wrap(part.reshape((1,) * (depth - part.ndim) + part.shape))
    return np.concatenate([_joined_blocks(p, depth, axis + 1) for p in parts], axis)


# Elements -----------------------------------------------------------------------------


@implements(np.where)
def _where(condition, *choices):
    if not choices:
        refuse("np.where with one argument", "write np.where(condition, a, b)")
    arrays, kind = common(choices)
    return wrap(apply("select", kind, cast(elements(condition), "b"), *arrays))


@implements(np.select)
def _select(condlist, choicelist, default=0):
    arrays, _ = common([*choicelist, default])
    pairs = reversed(list(zip(condlist, arrays[:-1], strict=True)))
    return functools.reduce(
        lambda rest, pair: np.where(pair[0], wrap(pair[1]), rest),
        pairs,
        wrap(arrays[-1]),
    )


@implements(np.round, np.around)
def _round(a, decimals=0):
    if kind_of(elements(a)) != "f":
        return a + 0 if decimals >= 0 else refuse("np.round of integers", "use floats")
    factor = 10.0 ** abs(decimals)
    if decimals < 0:
        return np.rint(a / factor) * factor
    return np.rint(a * factor) / factor if decimals else np.rint(a)


@implements(np.nan_to_num)
def _nan_to_num(x, copy=True, nan=0.0, posinf=None, neginf=None):
    largest = np.finfo(np.float64).max
    x = np.where(np.isnan(x), nan, x)
    x = np.where(x == np.inf, largest if posinf is None else posinf, x)
    return np.where(x == -np.inf, -largest if neginf is None else neginf, x)


@implements(np.linspace)
def _linspace(start, stop, num=50, endpoint=True, *, dtype=None, axis=0):
    start, stop = np.multiply(start, 1.0), np.multiply(stop, 1.0)
    parts = num - 1 if endpoint else num
    steps = np.arange(num, dtype=float)
    shape = np.broadcast_shapes(np.shape(start), np.shape(stop))
    steps = steps.reshape((num,) + (1,) * len(shape))
    result = steps * ((stop - start) / max(parts, 1)) + start
    if endpoint and num > 1:
        result = np.concatenate([result[:-1], np.broadcast_to(stop, (1, *shape))])
    return np.moveaxis(result, 0, axis)


@implements(np.full_like)
def _full_like(prototype, value, dtype=None, order="K", subok=True, shape=None):
    kind = kind_like(np.result_type(prototype) if dtype is None else dtype)
    like = prototype.ids if symbolic(prototype) else asarray(prototype)
    result = empty_like(like, np.int64, order, False, shape)
    result[...] = cast(elements(value), kind)
    return wrap(result)


def _filled(value):
    def like(prototype, dtype=None, order="K", subok=True, shape=None):
        return _full_like(prototype, value, dtype, order, subok, shape)

    return like


FUNCTIONS |= {np.zeros_like: _filled(0), np.empty_like: _filled(0)}
FUNCTIONS |= {np.ones_like: _filled(1)}


@implements(np.astype)
def _astype(x, dtype, /, *, copy=True):
    return x.astype(dtype)


# Ufuncs -------------------------------------------------------------------------------


def _formula(function):
    def on_ids(*arrays):
        results = function(*map(wrap, arrays))
        return [elements(x) for x in (results if type(results) is tuple else [results])]

    return on_ids


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
    return (
        1.0 / x
        if x.dtype.kind == "f"
        else refuse("np.reciprocal of integers", "make them floats")
    )


FORMULAS |= {
    name: _formula(function)
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
        "logaddexp2": lambda a, b: np.where(
            a == b, a + 1.0,
            np.maximum(a, b) + np.log2(np.e) * np.log1p(2.0 ** -np.abs(a - b)),
        ),
        "clip": lambda x, low, high: np.minimum(np.maximum(x, low), high),
        "divmod": lambda a, b: (a // b, a % b),
    }.items()
}  # fmt: skip


@implements(np.result_type)
def _result_type(*values):
    return np.result_type(*[getattr(value, "dtype", value) for value in values])
