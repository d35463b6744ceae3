"""NumPy's functions on symbolic arrays: those that are no ufuncs.

Functions that only move elements (reshape, stack, roll, pad, ...) are NumPy's own, run
on plain object arrays. The others are written with operations on nodes. What is not
listed here, in `dlbook.live.folds` or in `dlbook.live.lookup` is refused.
"""

import numpy as np

from dlbook.live.arithmetic import apply, cast, common, elements, kind_of
from dlbook.live.nodes import Node, refuse
from dlbook.live.symbolic import FUNCTIONS, implements, kind_like, wrap

__all__ = ["moved"]


def _plain(value):
    if getattr(value, "symbolic", False):
        return elements(value)
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value


def _wrapped(value):
    if isinstance(value, (list, tuple)):
        return type(value)(_wrapped(v) for v in value)
    if isinstance(value, (Node, np.ndarray)):
        return wrap(elements(value))
    return value


def moved(function):
    """Return the symbolic form of a function that only moves elements."""

    def symbolic(*args, **kwargs):
        kwargs = {key: _plain(value) for key, value in kwargs.items()}
        return _wrapped(function(*map(_plain, args), **kwargs))

    return symbolic


for _function in (
    np.append, np.array_split, np.atleast_1d, np.atleast_2d, np.atleast_3d,
    np.broadcast_arrays, np.broadcast_to, np.column_stack, np.compress,
    np.concatenate, np.copy, np.delete, np.diag, np.diagflat, np.diagonal, np.dsplit,
    np.dstack, np.expand_dims, np.flip, np.fliplr, np.flipud, np.hsplit, np.hstack,
    np.insert, np.matrix_transpose, np.meshgrid, np.moveaxis, np.ndim, np.ravel,
    np.repeat, np.reshape, np.resize, np.roll, np.rollaxis, np.rot90, np.shape,
    np.size, np.split, np.squeeze, np.stack, np.swapaxes, np.take_along_axis, np.tile,
    np.transpose, np.tril, np.triu, np.vsplit, np.vstack,
    np.lib.stride_tricks.sliding_window_view, np.linalg.matrix_transpose,
    getattr(np, "unstack", np.stack),  # NumPy 2.0 has none
):  # fmt: skip
    FUNCTIONS[_function] = moved(_function)


@implements(np.pad)
def _pad(array, pad_width, mode="constant", **options):
    if mode not in ("constant", "edge", "reflect", "symmetric", "wrap"):
        refuse(f"np.pad with mode {mode!r}", "use 'constant', 'edge' or 'reflect'")
    return moved(np.pad)(array, pad_width, mode, **options)


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
    arrays, kind = common([*choicelist, default])
    result = arrays.pop()
    for condition, choice in reversed(list(zip(condlist, arrays, strict=True))):
        result = apply("select", kind, elements(condition), choice, result)
    return wrap(result)


@implements(np.clip)
def _clip(a, a_min=None, a_max=None, *, min=None, max=None):
    low = a_min if a_min is not None else min
    high = a_max if a_max is not None else max
    result = a if low is None else np.maximum(a, low)
    return result if high is None else np.minimum(result, high)


@implements(np.round, np.around)
def _round(a, decimals=0):
    kind = kind_of(elements(a))
    if kind != "f":
        return a + 0 if decimals >= 0 else refuse("np.round of integers", "use floats")
    if decimals >= 0:
        factor = 10.0**decimals
        return np.rint(a * factor) / factor if decimals else np.rint(a)
    factor = 10.0**-decimals
    return np.rint(a / factor) * factor


@implements(np.fix)
def _fix(x):
    return np.trunc(x)


@implements(np.nan_to_num)
def _nan_to_num(x, copy=True, nan=0.0, posinf=None, neginf=None):
    largest = np.finfo(np.float64).max
    x = np.where(np.isnan(x), nan, x)
    x = np.where(x == np.inf, largest if posinf is None else posinf, x)
    return np.where(x == -np.inf, -largest if neginf is None else neginf, x)


@implements(np.diff)
def _diff(a, n=1, axis=-1):
    a = np.moveaxis(a, axis, -1)
    for _ in range(n):
        a = (np.not_equal if a.dtype == bool else np.subtract)(a[..., 1:], a[..., :-1])
    return np.moveaxis(a, -1, axis)


@implements(np.polyval)
def _polyval(p, x):
    result = wrap(elements(x)) * 0
    for coefficient in p:
        result = result * x + coefficient
    return result


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


@implements(np.zeros_like, np.empty_like)
def _zeros_like(prototype, dtype=None, order="K", subok=True, shape=None):
    return np.full_like(prototype, 0, dtype, shape=shape)


@implements(np.ones_like)
def _ones_like(prototype, dtype=None, order="K", subok=True, shape=None):
    return np.full_like(prototype, 1, dtype, shape=shape)


@implements(np.full_like)
def _full_like(prototype, value, dtype=None, order="K", subok=True, shape=None):
    shape = np.shape(prototype) if shape is None else shape
    kind = kind_like(np.result_type(prototype) if dtype is None else dtype)
    return wrap(np.broadcast_to(cast(elements(value), kind), shape).copy())


@implements(np.astype)
def _astype(x, dtype, /, *, copy=True):
    return x.astype(dtype)


@implements(np.real)
def _real(value):
    return value


@implements(np.result_type)
def _result_type(*values):
    return np.result_type(*[getattr(value, "dtype", value) for value in values])


@implements(np.iscomplexobj)
def _iscomplexobj(x):
    return False


@implements(np.isrealobj)
def _isrealobj(x):
    return True
