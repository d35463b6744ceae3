"""NumPy's reductions and products of symbolic arrays: those that are no ufuncs.

Each is written with ufuncs, `contract` or nodes, in NumPy's order.
"""

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from dlbook.compiler.arithmetic import cast, elements
from dlbook.compiler.linear import contract
from dlbook.compiler.nodes import refuse
from dlbook.compiler.reductions import folded
from dlbook.compiler.symbolic import FUNCTIONS, implements, wrap

__all__ = []

# Reductions ---------------------------------------------------------------------------


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
        last = np.ascontiguousarray(np.moveaxis(array, axis, -1))
        result = folded(op, "i", (last,), 1)
        return np.expand_dims(result, axis) if keepdims else result

    return reduced


FUNCTIONS |= {np.argmax: _place("argmax"), np.argmin: _place("argmin")}


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
    return wrap(contract("i,i->", np.ravel(a), np.ravel(b)))


@implements(np.outer)
def _outer(a, b):
    return wrap(contract("i,j->ij", np.ravel(a), np.ravel(b)))


@implements(np.tensordot)
def _tensordot(a, b, axes=2):
    if np.ndim(axes) == 0:
        axes = (range(np.ndim(a) - axes, np.ndim(a)), range(axes))
    first, second = (np.atleast_1d(list(np.atleast_1d(k))) for k in axes)
    left = [chr(97 + k) for k in range(np.ndim(a))]
    right = [chr(97 + np.ndim(a) + k) for k in range(np.ndim(b))]
    for i, j in zip(first, second, strict=True):
        right[int(j)] = left[int(i)]
    shared = {left[int(i)] for i in first}
    output = [label for label in left + right if label not in shared]
    return wrap(contract(f"{''.join(left)},{''.join(right)}->{''.join(output)}", a, b))


@implements(np.einsum)
def _einsum(subscripts, *operands, optimize=False):
    if not isinstance(subscripts, str):
        refuse("np.einsum with lists of axes", "write the subscripts as a text")
    return wrap(contract(subscripts, *operands))


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
        left = {"valid": 0, "full": n - 1, "same": n // 2}[mode]
        right = {"valid": 0, "full": n - 1, "same": (n - 1) // 2}[mode]
        padded = np.pad(a, (left, right))
        windows = np.lib.stride_tricks.sliding_window_view(padded, n)
        if flip:
            return windows @ v[::-1]
        result = windows @ v
        return result[::-1] if swap else result

    return correlate


FUNCTIONS |= {np.correlate: _correlated(False), np.convolve: _correlated(True)}
