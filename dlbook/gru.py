r"""The gated recurrent unit: two gates, and a state that is its own memory.

.. math::

   r_t &= \sigma(W_r [h_{t-1}, x_t] + b_r) & z_t &= \sigma(W_z [h_{t-1}, x_t] + b_z) \\
   \tilde h_t &= \tanh\bigl(W_x x_t + b_x + r_t \odot (W_h h_{t-1} + b_h)\bigr) &
   h_t &= z_t \odot h_{t-1} + (1 - z_t) \odot \tilde h_t

The update gate z does the work of an LSTM's forget and input gates at once: the shares
that are kept and written add up to 1. The reset gate r decides how much the candidate
sees of the past. Cho and others reset the state before its product with the weights,
:math:`W_h (r_t \odot h_{t-1})`; to reset the product, as here and in PyTorch, does as
well and lets all the products of a step be one.

Sequences are (T, D) or, in a batch, (T, N, D): time comes first. In W_r and W_z the
columns for the state come first.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dlbook._core import check
from dlbook._core.check import array, floating, generator, integer, like
from dlbook._core.formulas import PHI, sigmoid
from dlbook._core.types import ArrayLike, DTypeLike, Source
from dlbook._core.unrolled import (
    by_time,
    features_first,
    flat,
    joined,
    sequence,
    start,
)

__all__ = [
    "GRUCache",
    "GRUGradients",
    "GRUParams",
    "GRUStep",
    "gru",
    "gru_backward",
    "gru_forward",
    "gru_step",
    "init_params",
]


class GRUParams(NamedTuple):
    """Weights and biases (H,) of the gates and of the candidate, or their gradients."""

    W_r: np.ndarray
    """(H, H + D), as W_z."""
    W_z: np.ndarray
    W_x: np.ndarray
    """(H, D)."""
    W_h: np.ndarray
    """(H, H)."""
    b_r: np.ndarray
    b_z: np.ndarray
    b_x: np.ndarray
    b_h: np.ndarray


class GRUStep(NamedTuple):
    """What one step computes, each (H,) or (N, H); or all steps, with T in front."""

    r: np.ndarray
    z: np.ndarray
    h_tilde: np.ndarray
    h: np.ndarray


class GRUCache(NamedTuple):
    """What `gru_forward` leaves for `gru_backward`, features first."""

    h: np.ndarray
    """The states, as `gru_forward` returned them."""
    inputs: np.ndarray
    """Step t holds [h_{t-1}, x_t, 1]: (T + 1, H + D + 1, N)."""
    gates: np.ndarray
    """r, z, W_h h + b_h and h_tilde: (T, 4, H, N)."""
    W: np.ndarray
    """The four blocks of weights and biases as one matrix."""


class GRUGradients(NamedTuple):
    """Gradients of a pass, in the shapes of its arguments."""

    dx: np.ndarray
    params: GRUParams
    dh0: np.ndarray


def gru_step(x: ArrayLike, h_prev: ArrayLike, params: GRUParams) -> GRUStep:
    r"""Advance a GRU by one time step.

    .. math::

       r_t &= \sigma(W_r [h_{t-1}, x_t] + b_r) \\
       z_t &= \sigma(W_z [h_{t-1}, x_t] + b_z) \\
       \tilde h_t &= \tanh\bigl(W_x x_t + b_x + r_t \odot (W_h h_{t-1} + b_h)\bigr) \\
       h_t &= z_t \odot h_{t-1} + (1 - z_t) \odot \tilde h_t

    Parameters
    ----------
    x : array_like of shape (D,) or (N, D)
        Input at this time step.
    h_prev : array_like of shape (H,) or (N, H)
        State of the step before.
    params : GRUParams
        W_r and W_z (H, H + D), W_x (H, D), W_h (H, H), biases (H,).

    Returns
    -------
    GRUStep
        r, z, h_tilde and h.

    Raises
    ------
    TypeError, ValueError
        If a shape does not fit or a number is not finite.

    References
    ----------
    Cho et al. 2014, :cite:`cho2014`.

    See Also
    --------
    gru : a whole sequence.
    dlbook.lstm.lstm_step : the LSTM's step.

    Examples
    --------
    One unit, one input. With all weights 0 half of the state is kept:

    >>> W, w, b = [[0.0, 0.0]], [[0.0]], [0.0]
    >>> step = gru_step([1.0], [0.5], GRUParams(W, W, w, w, b, b, b, b))
    >>> step.z, step.h
    (array([0.5]), array([0.25]))
    """
    x = array(x, "x", (..., "D"))
    p = checked(params, x.shape[-1])
    h_prev = array(h_prev, "h_prev", (*x.shape[:-1], len(p.b_r)))
    hx = np.concatenate([h_prev, x], axis=-1)
    r = sigmoid(hx @ p.W_r.T + p.b_r)
    z = sigmoid(hx @ p.W_z.T + p.b_z)
    h_tilde = np.tanh(x @ p.W_x.T + p.b_x + r * (h_prev @ p.W_h.T + p.b_h))
    return GRUStep(r, z, h_tilde, z * h_prev + (1 - z) * h_tilde)


def gru(x: ArrayLike, params: GRUParams, h0: ArrayLike | None = None) -> GRUStep:
    """Run a GRU over a sequence.

    Parameters
    ----------
    x : array_like of shape (T, D) or (T, N, D)
        The inputs, time first.
    params : GRUParams
        W_r and W_z (H, H + D), W_x (H, D), W_h (H, H), biases (H,).
    h0 : array_like of shape (H,) or (N, H), optional
        State before the first step, zeros if not given.

    Returns
    -------
    GRUStep
        r, z, h_tilde and h of all steps, each (T, H) or (T, N, H); views that cannot be
        written to.

    Raises
    ------
    TypeError, ValueError
        As in `gru_step`.

    References
    ----------
    Cho et al. 2014, :cite:`cho2014`.

    See Also
    --------
    gru_forward : keeps what the backward pass needs.
    gru_step : one step.

    Examples
    --------
    A state that keeps three quarters of itself at each step:

    >>> W, w, b = [[0.0, 0.0]], [[0.0]], [0.0]
    >>> params = GRUParams(W, W, w, w, b, [np.log(3)], b, b)
    >>> gru(np.zeros((3, 1)), params, [1.0]).h[:, 0].round(4)
    array([0.75  , 0.5625, 0.4219])
    """
    return gru_forward(x, params, h0)[0]


def gru_forward(
    x: ArrayLike, params: GRUParams, h0: ArrayLike | None = None
) -> tuple[GRUStep, GRUCache]:
    """Do as `gru` does, and keep what `gru_backward` needs.

    Parameters
    ----------
    x, params, h0
        As in `gru`.

    Returns
    -------
    steps : GRUStep
        What `gru` returns.
    cache : GRUCache
        For `gru_backward`; it has copies of the arguments.

    Raises
    ------
    TypeError, ValueError
        As in `gru`.

    See Also
    --------
    gru_backward : carries a gradient back.

    Examples
    --------
    >>> params = init_params(2, 3, rng=np.random.default_rng(0))
    >>> steps, cache = gru_forward(np.ones((5, 2)), params)
    >>> steps.h.shape, cache.gates.shape
    ((5, 3), (5, 4, 3, 1))
    """
    x = sequence(x)
    params = checked(params, x.shape[-1])
    return forward(x, params, start(h0, "h0", x, len(params.b_r)))


def forward(x, params, h0):
    """Do as `gru_forward` does with arguments that are trusted."""
    hidden, single, W = h0.shape[-1], x.ndim == 2, _fused(params)
    inputs = joined(x, h0, np.result_type(x, h0, W))
    gates = _run(W, inputs, hidden)
    r, z, _, h_tilde = (by_time(gates[:, k], single) for k in range(4))
    h = by_time(inputs[1:, :hidden], single)
    return GRUStep(r, z, h_tilde, h), GRUCache(h, inputs, gates, W)


def gru_backward(dh: ArrayLike, cache: GRUCache) -> GRUGradients:
    r"""Carry gradients back through time.

    With :math:`dh_t` for the gradient that arrives at the state of step t, from its
    loss and from the step after it, :math:`s_t = W_h h_{t-1} + b_h` and
    :math:`\delta` for the gradients before each bend,

    .. math::

       \delta_{\tilde h} &= dh_t \odot (1 - z_t) \odot (1 - \tilde h_t^2) &
       \delta_z &= dh_t \odot (h_{t-1} - \tilde h_t) \odot z_t \odot (1 - z_t) \\
       \delta_s &= \delta_{\tilde h} \odot r_t &
       \delta_r &= \delta_{\tilde h} \odot s_t \odot r_t \odot (1 - r_t)

    .. math::

       dh_{t-1} = dh_t \odot z_t + W_{r,h}^\top \delta_r + W_{z,h}^\top \delta_z
       + W_h^\top \delta_s

    Parameters
    ----------
    dh : array_like of shape (T, H) or (T, N, H)
        Gradient of the loss of each step with respect to that step's state.
    cache : GRUCache
        What `gru_forward` returned beside the steps.

    Returns
    -------
    GRUGradients
        dx, params (summed over steps and batch) and dh0.

    Raises
    ------
    TypeError, ValueError
        If ``dh`` does not have the shape of the states, or ``cache`` is not what
        `gru_forward` left.

    See Also
    --------
    gru_forward : leaves the cache.

    Examples
    --------
    >>> params = init_params(2, 3, rng=np.random.default_rng(0))
    >>> steps, cache = gru_forward(np.ones((5, 2)), params)
    >>> gradients = gru_backward(np.ones_like(steps.h), cache)
    >>> gradients.dx.shape, gradients.params.W_r.shape
    ((5, 2), (3, 5))
    """
    return backward(like(dh, "dh", check.cache(cache, GRUCache).h, "h"), cache)


def backward(dh, cache):
    """Do as `gru_backward` does with arguments that are trusted."""
    lead, hidden = cache.h.shape[:-1], cache.h.shape[-1]
    deltas, dh0 = _back(features_first(dh), cache)
    rows = flat(deltas.reshape(len(deltas), -1, deltas.shape[-1]))
    dW = rows @ flat(cache.inputs[:-1]).T
    return GRUGradients(
        (rows.T @ cache.W[:, hidden:-1]).reshape(*lead, -1),
        _split(dW, hidden),
        dh0.T.reshape(*lead[1:], hidden),
    )


def init_params(
    inputs: int, units: int, *, rng: Source, dtype: DTypeLike = np.float64
) -> GRUParams:
    r"""Draw the parameters of a GRU.

    .. math:: W_{ij} \sim U(-1/\sqrt H, 1/\sqrt H), \qquad b = 0

    Parameters
    ----------
    inputs, units : int
        Numbers D of inputs and H of units.
    rng : numpy.random.Generator
        Source of the draws.
    dtype : dtype
        float32 or float64.

    Returns
    -------
    GRUParams
        W_r and W_z (H, H + D), W_x (H, D), W_h (H, H), biases (H,).

    Raises
    ------
    TypeError, ValueError
        If a size is no positive integer, ``rng`` no generator, or ``dtype`` no float
        type.

    See Also
    --------
    gru_forward : what uses them.
    dlbook.lstm.init_params : the cell with three gates.

    Examples
    --------
    >>> params = init_params(2, 3, rng=np.random.default_rng(0))
    >>> params.W_r.shape, params.W_x.shape, params.W_h.shape
    ((3, 5), (3, 2), (3, 3))
    """
    rng, dtype = generator(rng), floating(dtype)
    inputs, units = integer(inputs, "inputs", low=1), integer(units, "units", low=1)
    limit, columns = 1 / np.sqrt(units), (units + inputs, units + inputs, inputs, units)
    weights = [rng.uniform(-limit, limit, (units, n)).astype(dtype) for n in columns]
    return GRUParams(*weights, *(np.zeros(units, dtype) for _ in range(4)))


def sizes(params):
    """Return the numbers of inputs and of units."""
    return params.W_x.shape[::-1]


def checked(params, inputs="D") -> GRUParams:
    """Check the parameters of a GRU."""
    if not isinstance(params, GRUParams):
        raise TypeError(f"params: wanted GRUParams, got {type(params).__name__}")
    W_x = array(params.W_x, "W_x", ("H", inputs))
    units, inputs = W_x.shape
    joint, bias = (units, units + inputs), (units,)
    shapes = joint, joint, (units, units), bias, bias, bias, bias
    others = [name for name in GRUParams._fields if name != "W_x"]
    checked = {
        name: array(getattr(params, name), name, shape)
        for name, shape in zip(others, shapes, strict=True)
    }
    return GRUParams(W_x=W_x, **checked)


def _fused(p):
    """Join r, z, W_h h + b_h and W_x x + b_x to one matrix that acts on [h, x, 1]."""
    candidate = np.concatenate(
        [
            np.concatenate([p.W_h, 0 * p.W_x], axis=1),
            np.concatenate([0 * p.W_h, p.W_x], axis=1),
        ]
    )
    weights = np.concatenate([p.W_r, p.W_z, candidate])
    biases = np.concatenate([p.b_r, p.b_z, p.b_h, p.b_x])
    return np.concatenate([weights, biases[:, None]], axis=1)


def _split(dW, hidden):
    """Undo `_fused` for a gradient."""
    r, z, s, a = np.split(dW, 4)
    weights = r[:, :-1], z[:, :-1], a[:, hidden:-1], s[:, :hidden]
    return GRUParams(*weights, r[:, -1], z[:, -1], a[:, -1], s[:, -1])


def _run(W, inputs, hidden):
    """Fill in the states of `inputs`, step by step."""
    T, _, N = inputs[:-1].shape
    gates = np.empty((T, 4, hidden, N), inputs.dtype)
    with np.errstate(under="ignore"):
        for t in range(T):
            r, z, s, h_tilde = gates[t]
            np.matmul(W, inputs[t], out=gates[t].reshape(-1, N))
            PHI["sigmoid"].overwrite(gates[t, :2])
            h_tilde += r * s
            np.tanh(h_tilde, out=h_tilde)
            h = inputs[t + 1, :hidden]
            np.multiply(z, inputs[t, :hidden], out=h)
            h += (1 - z) * h_tilde
    return gates


def _back(dh, cache):
    """Go back step by step; first prepare what does not depend on the gradients."""
    deltas, z = _slopes(cache), cache.gates[:, 1]
    T, _, hidden, N = deltas.shape
    W_h, d = cache.W[:, :hidden], np.zeros_like(deltas[0, 0])
    for t in reversed(range(T)):
        d += dh[t]
        deltas[t] *= d
        d *= z[t]
        d += W_h.T @ deltas[t].reshape(-1, N)
    return deltas, d


def _slopes(cache):
    """Return what multiplies dh to give the gradient before each bend."""
    r, z, s, h_tilde = cache.gates.swapaxes(0, 1)
    slopes = np.empty_like(cache.gates)
    of_candidate = (1 - z) * (1 - h_tilde * h_tilde)
    slopes[:, 0] = of_candidate * s * r * (1 - r)
    slopes[:, 1] = (cache.inputs[:-1, : len(h_tilde[0])] - h_tilde) * z * (1 - z)
    slopes[:, 2] = of_candidate * r
    slopes[:, 3] = of_candidate
    return slopes
