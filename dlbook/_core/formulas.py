"""The formulas alone: what they are given is trusted, what they return is new.

A public function checks its arguments once, at its door; all that follows runs here
and checks nothing again.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

__all__ = [
    "LEAK",
    "PHI",
    "Phi",
    "leaky_relu",
    "log_softmax",
    "logsumexp",
    "sigmoid",
    "softmax",
    "softmax_backward",
    "softplus",
    "step",
]

LEAK = 0.01
"""Slope of the leaky relu where it leaks."""


def step(z):
    """Return 1 where z is positive, else 0."""
    return (z > 0).astype(z.dtype)


def sigmoid(z):
    """Return 1 / (1 + e^-z); where e^-z overflows the quotient is 0, the limit."""
    if type(z) is np.ndarray and z.ndim:  # the same numbers in one array, not in four
        h = -z
        with np.errstate(over="ignore", under="ignore"):
            np.exp(h, out=h)
            h += 1
            return np.divide(1, h, out=h)
    with np.errstate(over="ignore", under="ignore"):
        return 1 / (1 + np.exp(-z))


def softplus(z):
    """Return log(1 + e^z) in the form that cannot overflow."""
    with np.errstate(under="ignore"):
        return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))


def leaky_relu(z, slope=LEAK):
    """Return z where it is positive, and a part of it elsewhere."""
    return np.where(z > 0, z, slope * z)


def logsumexp(z, axis=-1):
    """Return log sum e^z, with the largest z taken out first."""
    m = np.max(z, axis=axis, keepdims=True)
    return np.squeeze(m, axis) + np.log(np.sum(_exp_below(z, m), axis=axis))


def softmax(z, axis=-1):
    """Return e^z / sum e^z, with the largest z taken out first."""
    e = _exp_below(z, np.max(z, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


def log_softmax(z, axis=-1):
    """Return z - log sum e^z; a difference too large for the dtype is the largest."""
    m = np.max(z, axis=axis, keepdims=True)
    with np.errstate(over="ignore"):
        shifted = np.maximum(z - m, np.finfo(z.dtype).min)
    with np.errstate(under="ignore"):
        return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


def softmax_backward(dy, y, axis=-1):
    """Return dz for y = softmax(z)."""
    return y * (dy - np.sum(dy * y, axis=axis, keepdims=True))


def _exp_below(z, m):
    with np.errstate(over="ignore", under="ignore"):
        return np.exp(z - m)


class Phi(NamedTuple):
    """An activation in the forms that a network needs."""

    f: Callable
    """Of z, as a new array."""
    overwrite: Callable
    """Put f(z) into the place of z."""
    slope: Callable
    """The derivative at z, from h = f(z)."""
    curvature: Callable
    """The second derivative at z, from h = f(z)."""


def _overwrite_sigmoid(z):
    np.negative(z, out=z)
    with np.errstate(over="ignore", under="ignore"):
        np.exp(z, out=z)
        z += 1
        np.reciprocal(z, out=z)


PHI = {
    "identity": Phi(lambda z: +z, lambda z: None, np.ones_like, np.zeros_like),
    "sigmoid": Phi(
        sigmoid,
        _overwrite_sigmoid,
        lambda h: h * (1 - h),
        lambda h: h * (1 - h) * (1 - 2 * h),
    ),
    "tanh": Phi(
        np.tanh,
        lambda z: np.tanh(z, out=z),
        lambda h: 1 - h * h,
        lambda h: -2 * h * (1 - h * h),
    ),
    "relu": Phi(
        lambda z: np.maximum(z, 0),
        lambda z: np.maximum(z, 0, out=z),
        lambda h: (h > 0) * np.ones_like(h),
        np.zeros_like,
    ),
    "leaky_relu": Phi(
        leaky_relu,
        lambda z: np.maximum(z, LEAK * z, out=z),
        lambda h: np.where(h > 0, np.ones_like(h), LEAK),
        np.zeros_like,
    ),
    "softplus": Phi(
        softplus,
        lambda z: np.logaddexp(0, z, out=z),
        lambda h: -np.expm1(-h),
        lambda h: -np.expm1(-h) * np.exp(-h),
    ),
}
"""The activations by name."""
