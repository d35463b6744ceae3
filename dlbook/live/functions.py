"""NumPy's functions on symbolic arrays: those that are no ufuncs.

Functions that only move elements (reshape, stack, roll, pad, ...) are NumPy's own, run
on plain object arrays. The others are written with operations on nodes, in NumPy's
order. What is not listed here or in `dlbook.live.lookup` is refused.
"""

import math

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from dlbook.live.arithmetic import apply, boxed, cast, common, elements, kind_of
from dlbook.live.linear import contract
from dlbook.live.nodes import Node, active, refuse
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
    if isinstance(value, Node) or getattr(value, "dtype", None) == object:
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
    np.transpose, np.tril, np.triu, np.unstack, np.vsplit, np.vstack,
    np.lib.stride_tricks.sliding_window_view, np.linalg.matrix_transpose,
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


# Reductions ---------------------------------------------------------------------------


def _reduction(ufunc):
    def reduced(a, axis=None, dtype=None, **options):
        return ufunc.reduce(a, axis, dtype, **options)

    return reduced


def _extreme(ufunc):
    def reduced(a, axis=None, **options):
        return ufunc.reduce(a, axis=axis, **options)

    return reduced


FUNCTIONS |= {
    np.sum: _reduction(np.add), np.prod: _reduction(np.multiply),
    np.max: _extreme(np.maximum), np.min: _extreme(np.minimum),
    np.any: _extreme(np.logical_or), np.all: _extreme(np.logical_and),
}  # fmt: skip


def _count(a, axis):
    """Return how many numbers a reduction takes together."""
    axes = range(np.ndim(a)) if axis is None else normalize_axis_tuple(axis, np.ndim(a))
    return math.prod(np.shape(a)[k] for k in axes)


@implements(np.mean)
def _mean(a, axis=None, dtype=None, *, keepdims=False):
    dtype = np.float64 if dtype is None else dtype
    return np.sum(a, axis, dtype, keepdims=keepdims) / _count(a, axis)


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


@implements(np.var)
def _var(a, axis=None, dtype=None, *, ddof=0, keepdims=False):
    mean = np.mean(a, axis, dtype, keepdims=True)
    total = np.sum(np.square(a - mean), axis, keepdims=keepdims)
    return total / max(_count(a, axis) - ddof, 0)


@implements(np.std)
def _std(a, axis=None, dtype=None, *, ddof=0, keepdims=False):
    return np.sqrt(np.var(a, axis, dtype, ddof=ddof, keepdims=keepdims))


@implements(np.ptp)
def _ptp(a, axis=None, *, keepdims=False):
    return np.max(a, axis, keepdims=keepdims) - np.min(a, axis, keepdims=keepdims)


@implements(np.count_nonzero)
def _count_nonzero(a, axis=None, *, keepdims=False):
    return np.sum(wrap(cast(elements(a), "b")), axis, keepdims=keepdims)


def _place(op):
    def reduced(a, axis=None, *, keepdims=False):
        if axis is not None:
            return wrap(_place_along(elements(a), axis, keepdims))
        shape = (1,) * np.ndim(a) if keepdims else ()
        return wrap(_place_along(elements(a).reshape(-1), 0, False).reshape(shape))

    def _place_along(array, axis, keepdims):
        last = np.moveaxis(array, axis, -1)
        rows = last.reshape(-1, last.shape[-1])
        nodes = [active().node(op, tuple(row), "i") for row in rows]
        result = boxed(nodes, last.shape[:-1])
        return np.expand_dims(result, axis) if keepdims else result

    return reduced


FUNCTIONS |= {np.argmax: _place("argmax"), np.argmin: _place("argmin")}


def _running(ufunc):
    def accumulated(a, axis=None, dtype=None):
        if axis is None:
            a, axis = wrap(elements(a).ravel()), 0
        return ufunc.accumulate(a, axis, dtype)

    return accumulated


FUNCTIONS |= {np.cumsum: _running(np.add), np.cumprod: _running(np.multiply)}


@implements(np.linalg.norm)
def _norm(x, ord=None, axis=None, keepdims=False):
    axes = tuple(range(np.ndim(x))) if axis is None else axis
    flat = len(np.atleast_1d(axes)) == 1
    if ord is None or (ord == 2 and flat) or (ord == "fro" and not flat):
        return np.sqrt(np.sum(np.square(x), axes, keepdims=keepdims))
    if ord == 1 and flat:
        return np.sum(np.abs(x), axes, keepdims=keepdims)
    if ord in (np.inf, -np.inf) and flat:
        extreme = np.max if ord > 0 else np.min
        return extreme(np.abs(x), axes, keepdims=keepdims)
    return refuse(f"np.linalg.norm of order {ord!r}", "write the sum of powers")


# Products -----------------------------------------------------------------------------


@implements(np.dot)
def _dot(a, b):
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return np.multiply(a, b)
    return np.tensordot(a, b, (-1, -2 if np.ndim(b) > 1 else -1))


@implements(np.inner)
def _inner(a, b):
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return np.multiply(a, b)
    return np.tensordot(a, b, (-1, -1))


@implements(np.vdot)
def _vdot(a, b):
    return wrap(contract("i,i->", elements(a).ravel(), elements(b).ravel()))


@implements(np.outer)
def _outer(a, b):
    return wrap(contract("i,j->ij", elements(a).ravel(), elements(b).ravel()))


@implements(np.tensordot)
def _tensordot(a, b, axes=2):
    a, b = elements(a), elements(b)
    if np.ndim(axes) == 0:
        axes = (range(a.ndim - axes, a.ndim), range(axes))
    first, second = (np.atleast_1d(list(np.atleast_1d(k))) for k in axes)
    left = [chr(97 + k) for k in range(a.ndim)]
    right = [chr(97 + a.ndim + k) for k in range(b.ndim)]
    for i, j in zip(first, second, strict=True):
        right[int(j)] = left[int(i)]
    shared = {left[int(i)] for i in first}
    output = [label for label in left + right if label not in shared]
    return wrap(contract(f"{''.join(left)},{''.join(right)}->{''.join(output)}", a, b))


@implements(np.einsum)
def _einsum(subscripts, *operands, optimize=False):
    if not isinstance(subscripts, str):
        refuse("np.einsum with lists of axes", "write the subscripts as a text")
    return wrap(contract(subscripts, *map(elements, operands)))


@implements(np.trace)
def _trace(a, offset=0, axis1=0, axis2=1):
    return np.sum(np.diagonal(a, offset, axis1, axis2), axis=-1)


def _correlated(flip):
    def correlate(a, v, mode="valid" if not flip else "full"):
        a, v = wrap(elements(a)), wrap(elements(v))
        swap = np.size(v) > np.size(a)
        if swap:
            a, v = v, a
        n = np.size(v)
        width = {"valid": (0, 0), "full": (n - 1, n - 1), "same": (n // 2, (n - 1) // 2)}
        windows = np.lib.stride_tricks.sliding_window_view(np.pad(a, width[mode]), n)
        if flip:
            return windows @ v[::-1]
        result = windows @ v
        return result[::-1] if swap else result

    return correlate


FUNCTIONS |= {np.correlate: _correlated(False), np.convolve: _correlated(True)}


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
