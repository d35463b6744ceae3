r"""Long short-term memory: a cell that is added to, guarded by gates.

.. math::

   f_t &= \sigma(W_f [h_{t-1}, x_t] + b_f) & i_t &= \sigma(W_i [h_{t-1}, x_t] + b_i) \\
   \tilde C_t &= \tanh(W_C [h_{t-1}, x_t] + b_C) &
   o_t &= \sigma(W_o [h_{t-1}, x_t] + b_o) \\
   C_t &= f_t \odot C_{t-1} + i_t \odot \tilde C_t & h_t &= o_t \odot \tanh(C_t)

Sequences are (T, D) or, in a batch, (T, N, D): time comes first. Every weight matrix is
(H, H + D) and acts on the state and the input joined, the state first. Within a pass
the four gates are one matrix product.

On the way back the cell's gradient is only multiplied by the forget gate,

.. math:: \frac{\partial L}{\partial C_{t-1}} =
   f_t \odot \frac{\partial L}{\partial C_t} + \dots ,

the constant error carousel. It does not vanish while f stays near 1; it does where f
does not.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from dlbook._core import check
from dlbook._core.check import array, floating, generator, integer, like, number
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
    "LSTMCache",
    "LSTMGradients",
    "LSTMParams",
    "LSTMStep",
    "carousel",
    "init_params",
    "lstm",
    "lstm_backward",
    "lstm_forward",
    "lstm_step",
]


class LSTMParams(NamedTuple):
    """Weights (H, H + D) and biases (H,) of the gates, or their gradients.

    An LSTM without a forget gate, as that of 1997, has None for W_f and b_f. One with
    peepholes has weights (H,) by which the gates look at the cell.
    """

    W_f: np.ndarray | None
    W_i: np.ndarray
    W_C: np.ndarray
    W_o: np.ndarray
    b_f: np.ndarray | None
    b_i: np.ndarray
    b_C: np.ndarray
    b_o: np.ndarray
    p_f: np.ndarray | None = None
    p_i: np.ndarray | None = None
    p_o: np.ndarray | None = None


class LSTMStep(NamedTuple):
    """What one step computes, each (H,) or (N, H); or all steps, with T in front."""

    f: np.ndarray
    i: np.ndarray
    C_tilde: np.ndarray
    C: np.ndarray
    o: np.ndarray
    h: np.ndarray


class LSTMCache(NamedTuple):
    """What `lstm_forward` leaves for `lstm_backward`, features first."""

    h: np.ndarray
    """The states, as `lstm_forward` returned them."""
    inputs: np.ndarray
    """Step t holds [h_{t-1}, x_t, 1]: (T + 1, H + D + 1, N)."""
    gates: np.ndarray
    """o, f, i and C_tilde: (T, 4, H, N)."""
    C: np.ndarray
    """The cell before each step and after the last: (T + 1, H, N)."""
    tanh_C: np.ndarray
    W: np.ndarray
    """The weights of o, f, i, C_tilde and their biases as one matrix."""
    peepholes: tuple[np.ndarray | None, ...]
    """p_o, p_f and p_i as columns (H, 1)."""
    forget_gate: bool


class LSTMGradients(NamedTuple):
    """Gradients of a pass, in the shapes of its arguments."""

    dx: np.ndarray
    params: LSTMParams
    dh0: np.ndarray
    dC0: np.ndarray


def lstm_step(
    x: ArrayLike, h_prev: ArrayLike, C_prev: ArrayLike, params: LSTMParams
) -> LSTMStep:
    r"""Advance an LSTM by one time step.

    .. math::

       f_t &= \sigma(W_f [h_{t-1}, x_t] + b_f) \\
       i_t &= \sigma(W_i [h_{t-1}, x_t] + b_i) \\
       \tilde C_t &= \tanh(W_C [h_{t-1}, x_t] + b_C) \\
       C_t &= f_t \odot C_{t-1} + i_t \odot \tilde C_t \\
       o_t &= \sigma(W_o [h_{t-1}, x_t] + b_o) \\
       h_t &= o_t \odot \tanh(C_t)

    The LSTM of 1997 had no forget gate: :math:`f_t = 1`. Peepholes add
    :math:`p_f \odot C_{t-1}`, :math:`p_i \odot C_{t-1}` and :math:`p_o \odot C_t`
    within the three sigmoids.

    Parameters
    ----------
    x : array_like of shape (D,) or (N, D)
        Input at this time step.
    h_prev, C_prev : array_like of shape (H,) or (N, H)
        State and cell of the step before.
    params : LSTMParams
        Weights (H, H + D) and biases (H,); peepholes (H,) if there are any.

    Returns
    -------
    LSTMStep
        f, i, C_tilde, C, o and h.

    Raises
    ------
    ValueError
        If a shape does not fit or a number is not finite.

    See Also
    --------
    lstm : a whole sequence.

    References
    ----------
    Hochreiter and Schmidhuber 1997, :cite:`hochreiter1997`; the forget gate: Gers,
    Schmidhuber and Cummins 2000, :cite:`gers2000`; the variants compared: Greff et al.
    2017, :cite:`greff2017`.

    Examples
    --------
    One unit, one input. With all weights 0 the gates are half open:

    >>> W, b = [[0.0, 0.0]], [0.0]
    >>> step = lstm_step([1.0], [0.2], [0.5], LSTMParams(W, W, W, W, b, b, b, b))
    >>> step.f, step.C, step.h.round(4)
    (array([0.5]), array([0.25]), array([0.1225]))
    """
    x = array(x, "x", (..., "D"))
    p = checked(params, x.shape[-1])
    state = (*x.shape[:-1], len(p.b_i))
    h_prev, C_prev = array(h_prev, "h_prev", state), array(C_prev, "C_prev", state)
    hx = np.concatenate([h_prev, x], axis=-1)

    def gate(W, b, peephole, C):
        z = hx @ W.T + b
        return sigmoid(z if peephole is None else z + peephole * C)

    i = gate(p.W_i, p.b_i, p.p_i, C_prev)
    f = np.ones_like(i) if p.W_f is None else gate(p.W_f, p.b_f, p.p_f, C_prev)
    C_tilde = np.tanh(hx @ p.W_C.T + p.b_C)
    C = f * C_prev + i * C_tilde
    o = gate(p.W_o, p.b_o, p.p_o, C)
    return LSTMStep(f, i, C_tilde, C, o, o * np.tanh(C))


def lstm(
    x: ArrayLike,
    params: LSTMParams,
    h0: ArrayLike | None = None,
    C0: ArrayLike | None = None,
) -> LSTMStep:
    r"""Run an LSTM over a sequence.

    Parameters
    ----------
    x : array_like of shape (T, D) or (T, N, D)
        The inputs, time first.
    params : LSTMParams
        Weights (H, H + D) and biases (H,); peepholes (H,) if there are any.
    h0, C0 : array_like of shape (H,) or (N, H), optional
        State and cell before the first step, zeros if not given.

    Returns
    -------
    LSTMStep
        f, i, C_tilde, C, o and h of all steps, each (T, H) or (T, N, H); views that
        cannot be written to.

    Raises
    ------
    TypeError, ValueError
        As in `lstm_step`.

    References
    ----------
    Gers, Schmidhuber and Cummins 2000, :cite:`gers2000`.

    See Also
    --------
    lstm_forward : keeps what the backward pass needs.
    lstm_step : one step.

    Examples
    --------
    A cell that is written to once and then keeps its value, for f is near 1:

    >>> W, O, b = [[0.0, 20.0]], [[0.0, 0.0]], [0.0]
    >>> params = LSTMParams(O, W, W, O, [20.0], [-10.0], b, b)
    >>> lstm([[1.0], [0.0], [0.0]], params).C[:, 0].round(3)
    array([1., 1., 1.])
    """
    return lstm_forward(x, params, h0, C0)[0]


def lstm_forward(
    x: ArrayLike,
    params: LSTMParams,
    h0: ArrayLike | None = None,
    C0: ArrayLike | None = None,
) -> tuple[LSTMStep, LSTMCache]:
    """Do as `lstm` does, and keep what `lstm_backward` needs.

    Parameters
    ----------
    x, params, h0, C0
        As in `lstm`.

    Returns
    -------
    steps : LSTMStep
        What `lstm` returns.
    cache : LSTMCache
        For `lstm_backward`; it has copies of the arguments.

    Raises
    ------
    TypeError, ValueError
        As in `lstm`.

    See Also
    --------
    lstm_backward : carries a gradient back.

    Examples
    --------
    >>> params = init_params(2, 3, rng=np.random.default_rng(0))
    >>> steps, cache = lstm_forward(np.ones((5, 2)), params)
    >>> steps.h.shape, cache.gates.shape
    ((5, 3), (5, 4, 3, 1))
    """
    x = sequence(x)
    params = checked(params, x.shape[-1])
    states = (start(s, n, x, len(params.b_i)) for s, n in ((h0, "h0"), (C0, "C0")))
    return forward(x, params, *states)


def forward(x, params, h0, C0):
    """Do as `lstm_forward` does with arguments that are trusted."""
    hidden, single = len(params.b_i), x.ndim == 2
    W, peepholes = _fused(params)
    inputs = joined(x, h0, np.result_type(x, h0, C0, W))
    C0, forget_gate = C0.reshape(-1, hidden).T, params.W_f is not None
    gates, C, tanh_C = _run(W, inputs, C0, peepholes, forget_gate)
    o, f, i, C_tilde = (by_time(gates[:, k], single) for k in range(4))
    h = by_time(inputs[1:, :hidden], single)
    steps = LSTMStep(f, i, C_tilde, by_time(C[1:], single), o, h)
    return steps, LSTMCache(h, inputs, gates, C, tanh_C, W, peepholes, forget_gate)


def lstm_backward(
    dh: ArrayLike, cache: LSTMCache, dC: ArrayLike | None = None
) -> LSTMGradients:
    r"""Carry gradients back through time.

    With :math:`dh_t` and :math:`dC_t` for the gradients that arrive at the state and
    the cell of step t, from its loss and from the step after it,

    .. math::

       dC_t &\leftarrow dC_t + dh_t \odot o_t \odot (1 - \tanh^2 C_t) \\
       do_t &= dh_t \odot \tanh C_t & df_t &= dC_t \odot C_{t-1} \\
       di_t &= dC_t \odot \tilde C_t & d\tilde C_t &= dC_t \odot i_t \\
       dC_{t-1} &= dC_t \odot f_t

    .. math::

       [dh_{t-1}, dx_t] = \sum_{g \in f, i, o} W_g^\top \bigl( dg_t \odot g_t \odot
       (1 - g_t) \bigr) + W_C^\top \bigl( d\tilde C_t \odot (1 - \tilde C_t^2) \bigr)

    Parameters
    ----------
    dh : array_like of shape (T, H) or (T, N, H)
        Gradient of the loss of each step with respect to that step's state.
    cache : LSTMCache
        What `lstm_forward` returned.
    dC : array_like of shape (H,) or (N, H), optional
        Gradient with respect to the last cell; zero if not given.

    Returns
    -------
    LSTMGradients
        dx, params (summed over steps and batch), dh0 and dC0.

    Raises
    ------
    TypeError, ValueError
        If ``dh`` or ``dC`` does not have the shape of what it belongs to, or ``cache``
        is not what `lstm_forward` left.

    See Also
    --------
    lstm_forward : leaves the cache.

    References
    ----------
    Greff et al. 2017, :cite:`greff2017`.

    Examples
    --------
    >>> params = init_params(2, 3, rng=np.random.default_rng(0))
    >>> steps, cache = lstm_forward(np.ones((5, 2)), params)
    >>> grads = lstm_backward(np.ones_like(steps.h), cache)
    >>> grads.dx.shape, grads.params.W_f.shape
    ((5, 2), (3, 5))
    """
    h = check.cache(cache, LSTMCache).h
    return backward(like(dh, "dh", h, "h"), cache, start(dC, "dC", h, h.shape[-1]))


def backward(dh, cache, dC):
    """Do as `lstm_backward` does with arguments that are trusted."""
    lead, hidden = cache.h.shape[:-1], cache.h.shape[-1]
    dz, dh0, dC0 = _back(features_first(dh), dC.reshape(-1, hidden).T, cache)
    rows = flat(dz.reshape(len(dz), -1, dz.shape[-1]))
    dW = rows @ flat(cache.inputs[:-1]).T
    return LSTMGradients(
        (rows.T @ cache.W[:, hidden:-1]).reshape(*lead, -1),
        _split(dW, dz, cache),
        dh0.T.reshape(*lead[1:], hidden),
        dC0.T.reshape(*lead[1:], hidden),
    )


def carousel(f: ArrayLike) -> np.ndarray:
    r"""Multiply up the forget gates: what is left of a gradient on the cell's own path.

    .. math:: \prod_{t=T-k+1}^{T} f_t

    Parameters
    ----------
    f : array_like of shape (T, H) or (T, N, H)
        The forget gates, from `lstm_forward`.

    Returns
    -------
    ndarray of shape (T + 1, H) or (T + 1, N, H)
        The products at lags k = 0 ... T.

    Raises
    ------
    ValueError
        If ``f`` is not in [0, 1] or has another shape.

    See Also
    --------
    dlbook.rnn.jacobian_norms : what becomes of a gradient without gates.

    References
    ----------
    Hochreiter and Schmidhuber 1997, :cite:`hochreiter1997`.

    Examples
    --------
    What 100 steps leave, for the forget biases 0, 1, 2 and 5 alone:

    >>> f = sigmoid(np.tile([0.0, 1.0, 2.0, 5.0], (100, 1)))
    >>> [f"{product:.1e}" for product in carousel(f)[-1]]
    ['7.9e-31', '2.5e-14', '3.1e-06', '5.1e-01']
    """
    f = array(f, "f", (..., "T", "H"), low=0, high=1)
    return np.multiply.accumulate(
        np.concatenate([np.ones_like(f[:1]), f[::-1]]), axis=0
    )


def init_params(
    inputs: int,
    units: int,
    *,
    forget_bias: float = 1.0,
    forget_gate: bool = True,
    peepholes: bool = False,
    rng: Source,
    dtype: DTypeLike = np.float64,
) -> LSTMParams:
    r"""Draw the parameters of an LSTM.

    .. math:: W_{ij} \sim U(-1/\sqrt H, 1/\sqrt H)

    The biases are 0, but for the forget gate's: a gate that starts open lets gradients
    through before anything is learned. Peepholes are 0: they look away at first.

    Parameters
    ----------
    inputs, units : int
        Numbers D of inputs and H of units.
    forget_bias : float
        Bias of the forget gate.
    forget_gate, peepholes : bool
        Whether there are any.
    rng : numpy.random.Generator
        Source of the draws.
    dtype : dtype
        float32 or float64.

    Returns
    -------
    LSTMParams
        Weights (H, H + D) and biases (H,).

    Raises
    ------
    TypeError, ValueError
        If a size is no positive integer, ``forget_bias`` no finite number, ``rng`` no
        generator, or ``dtype`` no float type.

    See Also
    --------
    lstm_forward : what uses them.
    dlbook.gru.init_params : the cell with two gates.

    References
    ----------
    Jozefowicz, Zaremba and Sutskever 2015, :cite:`jozefowicz2015`.

    Examples
    --------
    >>> params = init_params(2, 3, forget_bias=2.0, rng=np.random.default_rng(0))
    >>> params.W_f.shape, params.b_f, params.b_i
    ((3, 5), array([2., 2., 2.]), array([0., 0., 0.]))
    """
    rng, dtype = generator(rng), floating(dtype)
    inputs, units = integer(inputs, "inputs", low=1), integer(units, "units", low=1)
    forget_bias = number(forget_bias, "forget_bias")
    limit, shape = 1 / np.sqrt(units), (units, units + inputs)
    weights = [rng.uniform(-limit, limit, shape).astype(dtype) for _ in range(4)]
    biases = [np.full(units, b, dtype) for b in (forget_bias, 0, 0, 0)]
    looks = [np.zeros(units, dtype) if peepholes else None for _ in range(3)]
    params = LSTMParams(*weights, *biases, *looks)
    return params if forget_gate else params._replace(W_f=None, b_f=None, p_f=None)


def sizes(params):
    """Return the numbers of inputs and of units."""
    units = len(params.b_i)
    return params.W_i.shape[1] - units, units


def checked(params, inputs=None) -> LSTMParams:
    """Check the parameters of an LSTM."""
    if not isinstance(params, LSTMParams):
        raise TypeError(f"params: wanted LSTMParams, got {type(params).__name__}")
    W_i = array(params.W_i, "W_i", ("H", "H + D"))
    hidden = len(W_i)
    if inputs is None:
        inputs = max(W_i.shape[1] - hidden, 1)
    shapes = [(hidden, hidden + inputs)] * 4 + [(hidden,)] * 7
    check.shaped(W_i, "W_i", shapes[0])
    free = {"p_f", "p_i", "p_o"}
    if params.W_f is None or params.b_f is None:
        free |= {"W_f", "b_f"}
        for name in ("W_f", "b_f", "p_f"):
            if getattr(params, name) is not None:
                raise ValueError(f"{name}: wanted None as W_f or b_f is, got an array")
    checked: dict[str, Any] = {
        name: None if a is None and name in free else array(a, name, shape)
        for a, name, shape in zip(params, params._fields, shapes, strict=True)
        if name != "W_i"
    }
    return LSTMParams(W_i=W_i, **checked)


def _fused(p):
    """Join the gates to one matrix that acts on [h, x, 1]; the sigmoids come first.

    A forget gate that is missing has a place of zeros.
    """
    W_f, b_f = np.zeros_like(p.W_i), np.zeros_like(p.b_i)
    if p.W_f is not None:
        W_f, b_f = p.W_f, p.b_f
    weights = np.concatenate([p.W_o, W_f, p.W_i, p.W_C])
    biases = np.concatenate([p.b_o, b_f, p.b_i, p.b_C])
    looks = (p.p_o, p.p_f, p.p_i)
    columns = tuple(None if look is None else +look[:, None] for look in looks)
    return np.concatenate([weights, biases[:, None]], axis=1), columns


def _split(dW, dz, cache):
    """Undo `_fused` for a gradient."""
    o, f, i, C = np.split(dW, 4)
    weights, biases = zip(*((g[:, :-1], g[:, -1]) for g in (f, i, C, o)), strict=True)
    seen = (cache.C[1:], cache.C[:-1], cache.C[:-1])
    p_o, p_f, p_i = (
        None if look is None else np.sum(dz[:, k] * C, axis=(0, 2))
        for k, (look, C) in enumerate(zip(cache.peepholes, seen, strict=True))
    )
    params = LSTMParams(*weights, *biases, p_f, p_i, p_o)
    return params if cache.forget_gate else params._replace(W_f=None, b_f=None)


def _run(W, inputs, C0, peepholes, forget_gate):
    """Fill in the states of `inputs`, step by step."""
    T, _, N = inputs[:-1].shape
    hidden, (p_o, p_f, p_i) = len(C0), peepholes
    overwrite_sigmoid = PHI["sigmoid"].overwrite
    gates = np.empty((T, 4, hidden, N), inputs.dtype)
    C, tanh_C = np.empty((2, T + 1, hidden, N), inputs.dtype)
    C[0] = C0
    with np.errstate(under="ignore"):
        for t in range(T):
            o, f, i, C_tilde = gates[t]
            np.matmul(W, inputs[t], out=gates[t].reshape(-1, N))
            for gate, look in ((f, p_f), (i, p_i)):
                if look is not None:
                    gate += look * C[t]
            overwrite_sigmoid(gates[t, 1:3] if p_o is not None else gates[t, :3])
            np.tanh(C_tilde, out=C_tilde)
            if not forget_gate:
                f[...] = 1
            np.multiply(f, C[t], out=C[t + 1])
            C[t + 1] += i * C_tilde
            if p_o is not None:
                o += p_o * C[t + 1]
                overwrite_sigmoid(o)
            np.tanh(C[t + 1], out=tanh_C[t])
            np.multiply(o, tanh_C[t], out=inputs[t + 1, :hidden])
    return gates, C, tanh_C[:-1]


def _back(dh, dC, cache):
    """Go back step by step; first prepare what does not depend on the gradients."""
    dz, by_C = _slopes(cache)
    T, _, hidden, N = dz.shape
    W_h, (p_o, p_f, p_i) = cache.W[:, :hidden], cache.peepholes
    d, dC = np.zeros_like(dC), dC.copy()
    for t in reversed(range(T)):
        d += dh[t]
        dC += d * by_C[t]
        dz[t, 0] *= d
        if p_o is not None:
            dC += p_o * dz[t, 0]
        dz[t, 1:] *= dC
        dC *= cache.gates[t, 1]
        for k, look in ((1, p_f), (2, p_i)):
            if look is not None:
                dC += look * dz[t, k]
        np.matmul(W_h.T, dz[t].reshape(-1, N), out=d)
    return dz, d, dC


def _slopes(cache):
    """Return what multiplies dh or dC to give the gradient before each gate's bend."""
    o, f, i, C_tilde = cache.gates.swapaxes(0, 1)
    slopes = np.subtract(1, cache.gates)
    slopes *= cache.gates
    slopes[:, 0] *= cache.tanh_C
    slopes[:, 1] *= cache.C[:-1]
    slopes[:, 2] *= C_tilde
    slopes[:, 3] = (1 - C_tilde * C_tilde) * i
    return slopes, (1 - cache.tanh_C * cache.tanh_C) * o
