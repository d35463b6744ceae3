"""NumPy's reductions and products of symbolic arrays: those that are no ufuncs.

Each is written with ufuncs, `contract` or nodes, in NumPy's order.
"""

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from dlbook.compiler.nodes import refuse
from dlbook.compiler.symbolic import FUNCTIONS, implements, wrap
from dlbook.compiler.ufuncs import cast, contract, elements, folded

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


# Products -----------------------------------------------------------------------------


@implements(np.dot)
def _dot(a, b):
    m, n = np.ndim(a) - 1, np.ndim(b) - 1
    if m < 0 or n < 0:
        return np.multiply(a, b)
    left, right = _LETTERS[:m], _LETTERS[m : m + n]
    return wrap(contract(f"{left}z,{right[:-1]}z{right[-1:]}->{left}{right}", a, b))


_LETTERS = "abcdefghijklmnopqrstuvw"


@implements(np.inner)
def _inner(a, b):
    return np.dot(a, np.moveaxis(b, -1, -2) if np.ndim(b) > 1 else b)


@implements(np.vdot)
def _vdot(a, b):
    return np.dot(np.ravel(a), np.ravel(b))


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
