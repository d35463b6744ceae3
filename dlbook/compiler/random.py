"""Random numbers that are the same in Python and on the page.

The generator has no hidden state: a number is a hash of a seed, a step and how many
numbers the step has drawn before. So a run can be repeated from its seed, and a
compiled program can draw. The hash is pcg4d (Jarzynski and Olano 2020), a few rounds of
32-bit arithmetic; the page's twin is ``$draw`` in `dlbook.compiler.rules`.
"""

import math

import numpy as np

__all__ = ["Random", "hashed", "shuffled"]

_UNIT = 2.0**-53


class Random:
    """A counter-based generator with the signatures of `numpy.random.Generator`.

    Parameters
    ----------
    seed, step : int
        From 0 to 2**32 - 1. Other seeds and other steps give other numbers.

    Examples
    --------
    >>> rng = Random(seed=1, step=0)
    >>> rng.uniform(size=2).round(3)
    array([0.994, 0.617])
    >>> bool(Random(1).uniform() == Random(1).uniform())
    True
    """

    counted = True

    def __init__(self, seed=0, step=0):
        self.seed, self.step, self._drawn = seed, step, 0

    def uniform(self, low=0.0, high=1.0, size=None):
        """Return floats in [low, high)."""
        shape = np.broadcast_shapes(np.shape(low), np.shape(high))
        return low + np.subtract(high, low) * self._units(
            shape if size is None else size
        )

    def random(self, size=None):
        """Return floats in [0, 1)."""
        return self.uniform(size=size)

    def normal(self, loc=0.0, scale=1.0, size=None):
        """Return normal floats, by the method of Box and Muller."""
        shape = np.broadcast_shapes(np.shape(loc), np.shape(scale))
        shape = shape if size is None else size
        radius = np.sqrt(-2 * np.log(1 - self._units(shape)))
        return loc + scale * (radius * np.cos(2 * np.pi * self._units(shape)))

    def standard_normal(self, size=None):
        """Return normal floats of mean 0 and variance 1."""
        return self.normal(size=size)

    def integers(self, low, high=None, size=None, *, endpoint=False):
        """Return integers in [low, high), or in [0, low) if only one bound is given."""
        low, high = (0, low) if high is None else (low, high)
        count = np.subtract(high, low) + endpoint
        shape = np.broadcast_shapes(np.shape(low), np.shape(high))
        units = self._units(shape if size is None else size)
        return low + np.floor(units * count).astype(np.intp)

    def permutation(self, x):
        """Return the numbers below x, or the rows of x, in a random order."""
        rows = np.ndim(x) > 0
        order = shuffled(self._units(len(x) if rows else int(x))).astype(np.intp)
        return np.take(x, order, axis=0) if rows else order

    def _units(self, size):
        shape = (size,) if np.ndim(size) == 0 else tuple(size)
        first, n = self._drawn, math.prod(shape)
        self._drawn += n
        counts = np.arange(first, first + n)
        return hashed(counts, self.step, self.seed).reshape(shape)[()]


def hashed(*words):
    """Return floats in [0, 1) with 53 random bits, from a count, a step and a seed."""
    words = [np.asarray(word).astype(np.int64).astype(np.uint32) for word in words]
    x, y, z = np.broadcast_arrays(*words)
    factor, increment = np.uint32(1664525), np.uint32(1013904223)
    x, y, z = (v * factor + increment for v in (x, y, z))
    w = increment
    for shift in (16, 16, None):
        x = x + y * w
        y = y + z * x
        z = z + x * y
        w = w + y * z
        if shift:
            x, y, z, w = (v ^ (v >> np.uint32(shift)) for v in (x, y, z, w))
    high = (x >> np.uint32(5)).astype(np.float64)
    return (high * 2.0**26 + (y >> np.uint32(6))) * _UNIT


def shuffled(units):
    """Return the order that Fisher and Yates' shuffle makes of numbers in [0, 1)."""
    units = np.asarray(units)
    n = units.shape[-1]
    order = np.broadcast_to(np.arange(n), units.shape).copy()
    rows = np.indices(units.shape[:-1])
    for k in range(n - 1, 0, -1):
        other = (*rows, np.floor(units[..., k] * (k + 1)).astype(int))
        kept = order[other]
        order[other] = order[..., k]
        order[..., k] = kept
    return order
