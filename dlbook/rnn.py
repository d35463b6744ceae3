r"""Recurrent networks: one state, carried from step to step by the same weights.

.. math:: h_t = \varphi(W_{xh} x_t + W_{hh} h_{t-1} + b_h), \qquad
   o_t = W_{ho} h_t + b_o

Sequences are (T, D) or, in a batch, (T, N, D): time comes first. `rnn_forward` computes
the same as `rnn_step` step by step, with :math:`[W_{hh}\ W_{xh}\ b_h]` as one matrix.

The gradient of a shared weight is the sum over the steps. With :math:`z_t` for the
argument of :math:`\varphi` and :math:`\delta_t = \partial L / \partial z_t`,

.. math::

   \delta_t = \operatorname{diag}(\varphi'(z_t)) \Bigl(
   \frac{\partial L_t}{\partial h_t} + W_{hh}^\top \delta_{t+1} \Bigr), \qquad
   \frac{\partial L}{\partial W_{hh}} = \sum_t \delta_t h_{t-1}^\top .
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dlbook._core import check, publish
from dlbook._core.check import array, choice, floating, generator, integer, like
from dlbook._core.formulas import PHI
from dlbook._core.spectrum import (
    eigenvalues,
    largest_singular_value,
    norms,
    spectral_radius,
)
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
    "OutputParams",
    "RNNCache",
    "RNNGradients",
    "RNNParams",
    "eigenvalues",
    "init_params",
    "jacobian_norms",
    "largest_singular_value",
    "rnn",
    "rnn_backward",
    "rnn_forward",
    "rnn_output",
    "rnn_step",
    "spectral_radius",
]
publish(globals())


class RNNParams(NamedTuple):
    """W_xh (H, D), W_hh (H, H) and b_h (H,), or their gradients."""

    W_xh: np.ndarray
    W_hh: np.ndarray
    b_h: np.ndarray
    phi: str = "tanh"
    """The activation, a name in `dlbook.activations.ACTIVATIONS`. The source's formula
    says "sigmoid", its example computes "tanh"."""


class OutputParams(NamedTuple):
    """W_ho (K, H) and b_o (K,), or their gradients."""

    W_ho: np.ndarray
    b_o: np.ndarray
    phi: str = "identity"
    """The activation: "identity" gives logits, the source's formula says "sigmoid"."""


class RNNCache(NamedTuple):
    """What `rnn_forward` leaves for `rnn_backward`."""

    h: np.ndarray
    """The states, as `rnn_forward` returned them."""
    inputs: np.ndarray
    """Step t holds [h_{t-1}, x_t, 1], features first: (T + 1, H + D + 1, N)."""
    W: np.ndarray
    """W_hh, W_xh and b_h as one matrix."""
    phi: str


class RNNGradients(NamedTuple):
    """Gradients of a recurrent pass, in the shapes of its arguments."""

    dx: np.ndarray
    params: RNNParams
    dh0: np.ndarray


def rnn_step(x: ArrayLike, h_prev: ArrayLike, params: RNNParams) -> np.ndarray:
    r"""Advance an Elman network by one time step.

    .. math:: h_t = \varphi(W_{xh} x_t + W_{hh} h_{t-1} + b_h)

    Parameters
    ----------
    x : array_like of shape (D,) or (N, D)
        Input at this time step.
    h_prev : array_like of shape (H,) or (N, H)
        State of the step before.
    params : RNNParams
        W_xh (H, D), W_hh (H, H), b_h (H,), and the name of the activation, phi.

    Returns
    -------
    ndarray of shape (H,) or (N, H)
        The new state, with tanh each entry in (-1, 1).

    Raises
    ------
    ValueError
        If a shape does not fit, a number is not finite, or the activation is unknown.

    See Also
    --------
    rnn : a whole sequence.

    References
    ----------
    Elman 1990, :cite:`elman1990`.

    Examples
    --------
    >>> params = RNNParams([[0.1, 0.3], [0.2, -0.1]], [[0.5, 0.4], [0.3, 0.2]],
    ...                    [0.1, -0.1])
    >>> rnn_step([1, 0.5], [0.2, -0.1], params).round(4)
    array([0.3885, 0.0898])
    >>> rnn_step([1, 0.5], [0.2, -0.1], params._replace(phi="sigmoid")).round(4)
    array([0.6011, 0.5225])
    """
    x = array(x, "x", (..., "D"))
    W_xh, W_hh, b_h, phi = checked(params, x.shape[-1])
    h_prev = array(h_prev, "h_prev", (*x.shape[:-1], len(b_h)))
    return PHI[phi].f(x @ W_xh.T + h_prev @ W_hh.T + b_h)


def rnn_output(h: ArrayLike, params: OutputParams) -> np.ndarray:
    r"""Read an output off the state.

    .. math:: o_t = \varphi(W_{ho} h_t + b_o)

    Parameters
    ----------
    h : array_like of shape (..., H)
        One state, a batch, or the states of whole sequences.
    params : OutputParams
        W_ho (K, H), b_o (K,), and the name of the activation, phi.

    Returns
    -------
    ndarray of shape (..., K)
        The outputs.

    Raises
    ------
    ValueError
        If a shape does not fit, a number is not finite, or the activation is unknown.

    See Also
    --------
    rnn : the states that it reads.

    Examples
    --------
    The source gives no weights here; these are the book's.

    >>> rnn_output([0.3885, 0.0898], OutputParams([[1.0, -1.0]], [0.2], "sigmoid"))
    array([0.62215378])
    """
    h = array(h, "h", (..., "H"))
    return output_of(h, output_params(params, h.shape[-1]))


def output_of(h, params):
    """Do as `rnn_output` does with arguments that are trusted."""
    W_ho, b_o, phi = params
    return PHI[phi].f(h @ W_ho.T + b_o)


def output_params(params, hidden):
    """Check the parameters of an output."""
    p = OutputParams(*params)
    W_ho = array(p.W_ho, "W_ho", ("K", hidden))
    b_o = array(p.b_o, "b_o", W_ho.shape[:1])
    return OutputParams(W_ho, b_o, choice(p.phi, "phi", PHI))


def rnn(x: ArrayLike, params: RNNParams, h0: ArrayLike | None = None) -> np.ndarray:
    r"""Run an Elman network over a sequence.

    Parameters
    ----------
    x : array_like of shape (T, D) or (T, N, D)
        The inputs, time first.
    params : RNNParams
        W_xh (H, D), W_hh (H, H), b_h (H,), and the name of the activation, phi.
    h0 : array_like of shape (H,) or (N, H), optional
        State before the first step, zeros if not given.

    Returns
    -------
    ndarray of shape (T, H) or (T, N, H)
        The states :math:`h_1 \dots h_T`; a view that cannot be written to.

    Raises
    ------
    TypeError, ValueError
        As in `rnn_step`.

    References
    ----------
    Elman 1990, :cite:`elman1990`.

    See Also
    --------
    rnn_forward : keeps what the backward pass needs.
    rnn_step : one step.

    Examples
    --------
    >>> params = RNNParams([[1.0]], [[0.5]], [0.0])
    >>> rnn([[1.0], [0.0], [0.0]], params)[:, 0].round(4)
    array([0.7616, 0.3634, 0.1797])
    """
    return rnn_forward(x, params, h0)[0]


def rnn_forward(
    x: ArrayLike, params: RNNParams, h0: ArrayLike | None = None
) -> tuple[np.ndarray, RNNCache]:
    """Do as `rnn` does, and keep what `rnn_backward` needs.

    Parameters
    ----------
    x, params, h0
        As in `rnn`.

    Returns
    -------
    h : ndarray of shape (T, H) or (T, N, H)
        The states; a view that cannot be written to.
    cache : RNNCache
        For `rnn_backward`; it has copies of the arguments.

    Raises
    ------
    TypeError, ValueError
        As in `rnn`.

    See Also
    --------
    rnn_backward : carries a gradient back.

    Examples
    --------
    >>> h, cache = rnn_forward([[1.0], [0.0]], RNNParams([[1.0]], [[0.5]], [0.0]))
    >>> cache.inputs[1, :, 0].round(4)  # h_1, x_2 and 1
    array([0.7616, 0.    , 1.    ])
    """
    x = sequence(x)
    params = checked(params, x.shape[-1])
    h0 = start(h0, "h0", x, len(params.b_h))
    return forward(x, params, h0)


def forward(x, params, h0):
    """Do as `rnn_forward` does with arguments that are trusted."""
    W_xh, W_hh, b_h, phi = params
    hidden, overwrite = len(b_h), PHI[phi].overwrite
    W = np.concatenate([W_hh, W_xh, b_h[:, None]], axis=1)
    inputs = joined(x, h0, np.result_type(x, h0, W))
    for t in range(len(x)):
        overwrite(np.matmul(W, inputs[t], out=inputs[t + 1, :hidden]))
    h = by_time(inputs[1:, :hidden], x.ndim == 2)
    return h, RNNCache(h, inputs, W, phi)


def rnn_backward(
    dh: ArrayLike, cache: RNNCache, window: int | None = None
) -> RNNGradients:
    r"""Carry gradients back through time.

    .. math::

       \delta_t = \operatorname{diag}(\varphi'(z_t)) \Bigl(
       \frac{\partial L_t}{\partial h_t} + W_{hh}^\top \delta_{t+1} \Bigr), \qquad
       \frac{\partial L}{\partial W_{xh}} &= \sum_t \delta_t x_t^\top , \\
       \frac{\partial L}{\partial W_{hh}} = \sum_t \delta_t h_{t-1}^\top , \qquad
       \frac{\partial L}{\partial b_h} &= \sum_t \delta_t

    A window of k steps truncates: the loss of step t sends its gradient to the steps t,
    t - 1, ..., t - k + 1 and no further.

    Parameters
    ----------
    dh : array_like of shape (T, H) or (T, N, H)
        Gradient of the loss of each step with respect to that step's state.
    cache : RNNCache
        What `rnn_forward` returned.
    window : int, optional
        Steps that a gradient goes back; all of them if not given.

    Returns
    -------
    RNNGradients
        dx, params (summed over steps and batch) and dh0.

    Raises
    ------
    TypeError, ValueError
        If ``dh`` does not have the shape of the states, ``cache`` is not what
        `rnn_forward` left, or ``window`` is no positive integer.

    See Also
    --------
    rnn_forward : leaves the cache.

    References
    ----------
    Werbos 1990, :cite:`werbos1990`.

    Examples
    --------
    >>> params = RNNParams([[1.0]], [[0.5]], [0.0])
    >>> h, cache = rnn_forward([[1.0], [0.0], [0.0]], params)
    >>> rnn_backward([[0.0], [0.0], [1.0]], cache).params.W_xh.round(4)
    array([[0.0882]])
    >>> rnn_backward([[0.0], [0.0], [1.0]], cache, window=2).params.W_xh
    array([[0.]])
    """
    dh = like(dh, "dh", check.cache(cache, RNNCache).h, "h")
    window = None if window is None else integer(window, "window", low=1)
    return backward(dh, cache, window)


def backward(dh, cache, window=None):
    """Do as `rnn_backward` does with arguments that are trusted."""
    dh, hidden = features_first(dh), len(cache.W)
    W_hh, W_xh = cache.W[:, :hidden], cache.W[:, hidden:-1]
    slope = PHI[cache.phi].slope(cache.inputs[1:, :hidden])
    if window is None:
        dz, dh0 = _back(dh, slope, W_hh)
    else:
        dz, dh0 = _back_within(dh, slope, W_hh, window)
    dz = flat(dz)
    dW = dz @ flat(cache.inputs[:-1]).T
    params = RNNParams(dW[:, hidden:-1], dW[:, :hidden], dW[:, -1], cache.phi)
    lead = cache.h.shape[:-1]
    return RNNGradients(
        (dz.T @ W_xh).reshape(*lead, -1),
        params,
        dh0.T.reshape(*lead[1:], hidden),
    )


def jacobian_norms(h: ArrayLike, W_hh: ArrayLike, phi: str = "tanh") -> np.ndarray:
    r"""Measure how much of a gradient arrives, by how far back it was sent.

    .. math:: \left\lVert \frac{\partial h_T}{\partial h_{T-k}} \right\rVert_2
       = \left\lVert \prod_{t=T}^{T-k+1}
       \operatorname{diag}(\varphi'(z_t)) \, W_{hh} \right\rVert_2

    The norms vanish if :math:`\sigma_{\max}(W_{hh}) < 1 / \gamma`, where
    :math:`\gamma` is the largest slope of the activation. To explode,
    :math:`\sigma_{\max} > 1 / \gamma` is necessary and not sufficient.

    Parameters
    ----------
    h : array_like of shape (T, H) or (T, N, H)
        The states, from `rnn_forward`.
    W_hh : array_like of shape (H, H)
        The recurrent weights.
    phi : str
        Name of the activation.

    Returns
    -------
    ndarray of shape (T + 1,) or (T + 1, N)
        The norms at lags k = 0 ... T; infinite where a product overflows.

    Raises
    ------
    ValueError
        If a shape does not fit, a number is not finite, or the activation is unknown.

    See Also
    --------
    spectral_radius : tells whether they grow or vanish.

    References
    ----------
    Bengio, Simard and Frasconi 1994, :cite:`bengio1994`; Pascanu, Mikolov and Bengio
    2013, :cite:`pascanu2013`.

    Examples
    --------
    Spectral radius 0.9, yet the norms first grow:

    >>> W = [[0.9, 5.0], [0.0, 0.9]]
    >>> jacobian_norms(np.zeros((20, 2)), W, "identity")[[1, 5, 10, 20]].round(1)
    array([ 5.2, 16.4, 19.4, 13.5])
    """
    h = sequence(h, "h", "H")
    W_hh = array(W_hh, "W_hh", (h.shape[-1], h.shape[-1]))
    slope = PHI[choice(phi, "phi", PHI)].slope(h)[..., None]
    J = [np.zeros_like(slope[0]) + np.eye(len(W_hh), dtype=h.dtype)]
    with np.errstate(over="ignore", invalid="ignore"):
        for t in reversed(range(len(h))):
            J.append(J[-1] @ (slope[t] * W_hh))
    return norms(np.stack(J))


def init_params(
    inputs: int,
    units: int,
    *,
    phi: str = "tanh",
    rng: Source,
    dtype: DTypeLike = np.float64,
) -> RNNParams:
    r"""Draw the parameters of a recurrent network.

    .. math:: W_{ij}, b_i \sim U(-1/\sqrt H, 1/\sqrt H)

    Parameters
    ----------
    inputs, units : int
        Numbers D of inputs and H of units.
    phi : str
        Name of the activation.
    rng : numpy.random.Generator
        Source of the draws.
    dtype : dtype
        float32 or float64.

    Returns
    -------
    RNNParams
        W_xh (H, D), W_hh (H, H), b_h (H,).

    Raises
    ------
    TypeError, ValueError
        If a size is no positive integer, ``rng`` no generator, or ``dtype`` no float
        type.

    See Also
    --------
    rnn_forward : what uses them.

    Examples
    --------
    >>> params = init_params(2, 3, rng=np.random.default_rng(0))
    >>> params.W_xh.shape, params.W_hh.shape, params.b_h.shape, params.phi
    ((3, 2), (3, 3), (3,), 'tanh')
    """
    rng, dtype = generator(rng), floating(dtype)
    inputs, units = integer(inputs, "inputs", low=1), integer(units, "units", low=1)
    limit = 1 / np.sqrt(units)
    shapes = (units, inputs), (units, units), (units,)
    W_xh, W_hh, b_h = (rng.uniform(-limit, limit, s).astype(dtype) for s in shapes)
    return RNNParams(W_xh, W_hh, b_h, choice(phi, "phi", PHI))


def sizes(params):
    """Return the numbers of inputs and of units."""
    return params.W_xh.shape[::-1]


def checked(params, width="D") -> RNNParams:
    """Check the parameters of an Elman network."""
    if not isinstance(params, RNNParams):
        raise TypeError(f"params: wanted RNNParams, got {type(params).__name__}")
    W_xh, W_hh, b_h, phi = params
    W_xh = array(W_xh, "W_xh", ("H", width))
    hidden = len(W_xh)
    W_hh = array(W_hh, "W_hh", (hidden, hidden))
    b_h = array(b_h, "b_h", (hidden,))
    return RNNParams(W_xh, W_hh, b_h, choice(phi, "phi", PHI))


def _back(dh, slope, W_hh):
    """Go back step by step; the slopes are overwritten by the gradients at z."""
    d = np.zeros_like(slope[0])
    for t in reversed(range(len(dh))):
        d += dh[t]
        slope[t] *= d
        np.matmul(W_hh.T, slope[t], out=d)
    return slope, d


def _back_within(dh, slope, W_hh, window):
    """Go back lag by lag, with the gradients of all steps at once."""
    dz, dh0, d = np.zeros_like(slope), np.zeros_like(slope[0]), dh
    for lag in range(min(window, len(dh))):
        d = d * slope[: len(dh) - lag]
        dz[: len(dh) - lag] += d
        d = W_hh.T @ d
        dh0 += d[0]
        d = d[1:]
    return dz, dh0
