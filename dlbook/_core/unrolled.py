"""A recurrent cell written out over time: what its forward and backward passes share.

Inside of a pass an array is (T, features, N): a time step is then one block, a gate is
a block within it, and a product with the weights needs no copy.
"""

from __future__ import annotations

import numpy as np

from dlbook._core.check import array, read_only

__all__ = [
    "by_time",
    "features_first",
    "flat",
    "joined",
    "sequence",
    "start",
]


def sequence(x, name="x", width="D") -> np.ndarray:
    """Check one sequence (T, D) or a batch of them (T, N, D)."""
    x = array(x, name, (..., "T", width))
    if x.ndim > 3:
        wanted = f"(T, {width}) or (T, N, {width})"
        raise ValueError(f"{name}: wanted shape {wanted}, got {x.shape}")
    return x


def start(state, name, x, hidden) -> np.ndarray:
    """Return the state before the first step, zeros if none is given."""
    shape = (*x.shape[1:-1], hidden)
    if state is None:
        return np.zeros(shape, x.dtype)
    return array(state, name, shape)


def joined(x, h0, dtype):
    """Return a buffer whose step t holds [h_{t-1}, x_t, 1], with h_t yet to come."""
    steps, width, hidden = len(x), x.shape[-1], h0.shape[-1]
    buffer = np.empty((steps + 1, hidden + width + 1, x[0].size // width), dtype)
    buffer[0, :hidden] = h0.reshape(-1, hidden).T
    buffer[:-1, hidden:-1] = features_first(x)
    buffer[:, -1] = 1
    return buffer


def features_first(a):
    """Turn (T, D) or (T, N, D) into (T, D, N)."""
    return a.reshape(len(a), -1, a.shape[-1]).swapaxes(1, 2)


def by_time(columns, single):
    """Turn (T, D, N) back, as a view that cannot be written to."""
    return read_only(columns[:, :, 0] if single else columns.swapaxes(1, 2))


def flat(columns):
    """Turn (T, D, N) into (D, T * N), so that one product sums over all steps."""
    return columns.transpose(1, 0, 2).reshape(columns.shape[1], -1)
