"""NumPy's functions on symbolic arrays: those that are no ufuncs.

Functions that only move elements (reshape, stack, roll, pad, ...) are NumPy's own, run
on plain object arrays. The others are written with operations on nodes.
"""

import numpy as np
from numpy import asarray

from dlbook.live.arithmetic import apply, cast, elements, kind_of
from dlbook.live.linear import contract
from dlbook.live.nodes import DTYPES, Node, active, refuse
from dlbook.live.rules import Table
from dlbook.live.symbolic import FUNCTIONS, SymbolicArray, implements, wrap

__all__ = []


def _plain(value):
    if isinstance(value, SymbolicArray):
        return value.view(np.ndarray)
    if isinstance(value, (list, tuple)):
        return type(value)(_plain(v) for v in value)
    return value


def _wrapped(value):
    if isinstance(value, (list, tuple)):
        return type(value)(_wrapped(v) for v in value)
    if isinstance(value, np.ndarray) and value.dtype == object:
        return wrap(elements(value))
    return wrap(elements(value)) if isinstance(value, Node) else value


def _move(function):
    def moved(*args, **kwargs):
        args = [_plain(a) for a in args]
        return _wrapped(function(*args, **{k: _plain(v) for k, v in kwargs.items()}))

    return moved


for _function in (
    np.reshape, np.ravel, np.transpose, np.moveaxis, np.swapaxes, np.rollaxis,
    np.squeeze, np.expand_dims, np.atleast_1d, np.atleast_2d, np.atleast_3d,
    np.broadcast_to, np.broadcast_arrays, np.flip, np.fliplr, np.flipud, np.roll,
    np.rot90, np.repeat, np.tile, np.split, np.array_split, np.hsplit, np.vsplit,
    np.dsplit, np.diagonal, np.diag, np.diagflat, np.tril, np.triu, np.copy,
    np.shape, np.size, np.ndim, np.meshgrid, np.delete, np.resize,
    np.lib.stride_tricks.sliding_window_view, np.matrix_transpose, np.unstack,
):  # fmt: skip
    FUNCTIONS[_function] = _move(_function)


def _joined(function):
    def joined(arrays, *args, **kwargs):
        arrays = [elements(a) for a in arrays]
        kind = max((kind_of(a) for a in arrays), key="bif".index)
        arrays = [cast(a, kind) for a in arrays]
        return wrap(function(arrays, *args, **kwargs))

    return joined


for _function in (
    np.concatenate, np.stack, np.vstack, np.hstack, np.dstack, np.column_stack,
):  # fmt: skip
    FUNCTIONS[_function] = _joined(_function)


def _reduction(ufunc):
    def reduced(a, axis=None, dtype=None, out=None, keepdims=False, **options):
        if options:
            return ufunc.reduce(a, axis, dtype, out, keepdims=keepdims, **options)
        return ufunc.reduce(a, axis, dtype, out, keepdims=keepdims)

    return reduced


FUNCTIONS[np.sum] = _reduction(np.add)
FUNCTIONS[np.prod] = _reduction(np.multiply)


def _extreme(ufunc):
    def reduced(a, axis=None, out=None, keepdims=False, **options):
        return ufunc.reduce(a, axis=axis, out=out, keepdims=keepdims, **options)

    return reduced


for _functions, _ufunc in (
    ((np.max, np.amax), np.maximum), ((np.min, np.amin), np.minimum),
    ((np.any,), np.logical_or), ((np.all,), np.logical_and),
):  # fmt: skip
    for _function in _functions:
        FUNCTIONS[_function] = _extreme(_ufunc)


@implements(np.mean)
def _mean(a, axis=None, dtype=None, out=None, keepdims=False):
    count = np.sum(np.ones(a.shape), axis=axis, keepdims=keepdims)
    return np.sum(a, axis=axis, dtype=float, keepdims=keepdims) / count


@implements(np.cumsum)
def _cumsum(a, axis=None, dtype=None, out=None):
    return np.add.accumulate(a.ravel() if axis is None else a, axis or 0, dtype)


@implements(np.where)
def _where(condition, *choices):
    if len(choices) != 2:
        refuse("np.where with one argument", "give it both values")
    arrays = [elements(c) for c in choices]
    kind = max(map(kind_of, arrays), key="bif".index)
    arrays = [cast(a, kind) for a in arrays]
    return wrap(apply("select", kind, cast(elements(condition), "b"), *arrays))


@implements(np.clip)
def _clip(a, a_min=None, a_max=None, out=None, *, min=None, max=None):
    low = a_min if a_min is not None else min
    high = a_max if a_max is not None else max
    result = a if low is None else np.maximum(a, low)
    return result if high is None else np.minimum(result, high)


@implements(np.zeros_like)
def _zeros_like(a, *args, **kwargs):
    return np.full_like(a, 0, *args, **kwargs)


@implements(np.ones_like)
def _ones_like(a, *args, **kwargs):
    return np.full_like(a, 1, *args, **kwargs)


@implements(np.full_like)
def _full_like(a, value, dtype=None, order="K", subok=True, shape=None):
    shape = np.shape(a) if shape is None else shape
    kind = kind_of(elements(a)) if dtype is None else np.dtype(dtype).kind
    return wrap(np.broadcast_to(cast(elements(value), kind), shape).copy())


@implements(np.dot)
def _dot(a, b, out=None):
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return np.multiply(a, b)
    if np.ndim(b) == 1:
        return wrap(contract("...i,i->...", elements(a), elements(b)))
    return np.tensordot(a, b, (-1, -2))


@implements(np.tensordot)
def _tensordot(a, b, axes=2):
    a, b = elements(a), elements(b)
    if np.ndim(axes) == 0:
        axes = (range(a.ndim - axes, a.ndim), range(axes))
    first, second = ([k] if np.ndim(k) == 0 else list(k) for k in axes)
    left = [chr(97 + k) for k in range(a.ndim)]
    right = [chr(97 + a.ndim + k) for k in range(b.ndim)]
    for i, j in zip(first, second, strict=True):
        right[j] = left[i]
    shared = {left[i] for i in first}
    output = [x for x in left + right if x not in shared]
    return wrap(
        contract(f"{''.join(left)},{''.join(right)}->{''.join(output)}", a, b)
    )


@implements(np.einsum)
def _einsum(subscripts, *operands, optimize=False, out=None):
    return wrap(contract(subscripts, *[elements(x) for x in operands]))


@implements(np.take)
def _take(a, indices, axis=None, out=None, mode="raise"):
    if not getattr(indices, "symbolic", False):
        return _move(np.take)(a, indices, axis=axis, mode=mode)
    indices = elements(indices)
    if kind_of(indices) != "i":
        raise TypeError("np.take: wanted integer indices")
    array = elements(a) if getattr(a, "symbolic", False) else asarray(a)
    if axis is None:
        array, axis = array.reshape(-1), 0
    axis = axis % array.ndim
    n = array.shape[axis]
    whole = apply("index", "i", indices, static=(n,))
    table = Table(np.moveaxis(array, axis, 0))
    rest = array.size // n
    kind = {"b": "b", "f": "f"}.get(array.dtype.kind, "i")
    columns = [
        apply("lookup", kind, whole, static=(table, rest, k)) for k in range(rest)
    ]
    shape = array.shape[:axis] + array.shape[axis + 1 :]
    result = np.stack(columns, axis=0).reshape(shape + indices.shape)
    for k in range(indices.ndim):
        result = np.moveaxis(result, len(shape) + k, axis + k)
    return wrap(result)
