r"""Learn sequences: a recurrent cell between an embedding and a softmax.

The same model reads text character by character and solves toy tasks of memory, with an
Elman network, an LSTM or a GRU as its cell:

.. math:: x_t = E_{c_t}, \qquad h_t = \text{cell}(x_t, h_{t-1}), \qquad
   p_t = \operatorname{softmax}(W_{ho} h_t + b_o) .

The embedding E has one row for each code. Taking row c is what a product with the
one-hot vector of c would do, without the zeros. A model without E reads vectors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from dlbook import gru, losses, lstm, rnn
from dlbook._core import check
from dlbook._core.check import array, choice, floating, generator, integer, number
from dlbook._core.formulas import softmax
from dlbook._core.types import ArrayLike, DTypeLike, Optimiser, Source
from dlbook._core.unrolled import start as state_before
from dlbook.optim import clip_by_global_norm, global_norm
from dlbook.rnn import OutputParams

__all__ = [
    "CELLS",
    "Cell",
    "LossAndGradients",
    "SequenceParams",
    "TextBatch",
    "TrainStep",
    "init_params",
    "logits",
    "loss_and_gradients",
    "predict",
    "sample",
    "text_batches",
    "train",
]


class Cell(NamedTuple):
    """What a sequence model asks of a recurrent cell; only the draws check."""

    init_params: Callable
    """(inputs, units, rng=, dtype=) to parameters."""
    checked: Callable
    """(parameters) to parameters that may be trusted."""
    sizes: Callable
    """(parameters) to the numbers of inputs and of units."""
    forward: Callable
    """(x, state or None, parameters) to (h, last state, cache)."""
    backward: Callable
    """(dh, cache) to (dx, gradients)."""


class SequenceParams(NamedTuple):
    """Parameters of a sequence model, or their gradients."""

    E: np.ndarray | None
    """One row for each code, (V, D), or None if the inputs are vectors."""
    cell: rnn.RNNParams | lstm.LSTMParams | gru.GRUParams
    output: OutputParams


class LossAndGradients(NamedTuple):
    """A loss, its gradients, and the state after the last step."""

    loss: np.ndarray
    gradients: SequenceParams
    state: Any


class TextBatch(NamedTuple):
    """Codes (T, N) of some strands of a text, and the code that follows each."""

    x: np.ndarray
    y: np.ndarray


class TrainStep(NamedTuple):
    """The loss before one step of an optimiser, and what it left."""

    loss: np.ndarray
    norm: float
    """Length of the gradients before clipping."""
    params: SequenceParams


def _rnn_forward(x, state, params):
    h, cache = rnn.forward(x, params, state_before(state, "state", x, len(params.b_h)))
    return h, h[-1], cache


def _rnn_backward(dh, cache):
    return rnn.backward(dh, cache)[:2]


def _lstm_forward(x, state, params):
    state = (None, None) if state is None else state
    states = (state_before(s, "state", x, len(params.b_i)) for s in state)
    steps, cache = lstm.forward(x, params, *states)
    return steps.h, (steps.h[-1], steps.C[-1]), cache


def _lstm_backward(dh, cache):
    return lstm.backward(dh, cache, np.zeros_like(cache.h[-1]))[:2]


def _gru_forward(x, state, params):
    steps, cache = gru.forward(
        x, params, state_before(state, "state", x, len(params.b_r))
    )
    return steps.h, steps.h[-1], cache


def _gru_backward(dh, cache):
    return gru.backward(dh, cache)[:2]


CELLS = {
    "rnn": Cell(rnn.init_params, rnn.checked, rnn.sizes, _rnn_forward, _rnn_backward),
    "lstm": Cell(
        lstm.init_params, lstm.checked, lstm.sizes, _lstm_forward, _lstm_backward
    ),
    "gru": Cell(gru.init_params, gru.checked, gru.sizes, _gru_forward, _gru_backward),
}
"""The cells by name."""

_KINDS = {
    rnn.RNNParams: CELLS["rnn"],
    lstm.LSTMParams: CELLS["lstm"],
    gru.GRUParams: CELLS["gru"],
}


def init_params(
    cell: str,
    inputs: int,
    units: int,
    outputs: int,
    *,
    embedding: int | None = None,
    rng: Source,
    dtype: DTypeLike = np.float64,
    **settings: Any,
) -> SequenceParams:
    """Draw the parameters of a sequence model.

    Parameters
    ----------
    cell : {"rnn", "lstm", "gru"}
        The recurrent cell.
    inputs : int
        Length of the input vectors; with an embedding, number of codes.
    units : int
        Number of units of the cell.
    outputs : int
        Number of classes.
    embedding : int, optional
        Length of the rows of E. Without it there is no E.
    rng : numpy.random.Generator
        Source of the draws.
    dtype : dtype
        float32 or float64.
    **settings
        What else the cell's own ``init_params`` takes, such as ``forget_bias`` or
        ``phi``.

    Returns
    -------
    SequenceParams
        E, cell and output.

    Raises
    ------
    TypeError, ValueError
        If the cell is unknown, a size is no positive integer, ``rng`` no generator, or
        ``dtype`` no float type.

    See Also
    --------
    logits : what uses them.
    train : what learns them.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> params = init_params("lstm", 39, 64, 39, embedding=16, rng=rng)
    >>> params.E.shape, params.cell.W_f.shape, params.output.W_ho.shape
    ((39, 16), (64, 80), (39, 64))
    """
    kind = CELLS[choice(cell, "cell", CELLS)]
    rng, dtype = generator(rng), floating(dtype)
    inputs = integer(inputs, "inputs", low=1)
    outputs, E = integer(outputs, "outputs", low=1), None
    if embedding is not None:
        width = integer(embedding, "embedding", low=1)
        E, inputs = rng.normal(size=(inputs, width)).astype(dtype), width
    params = kind.init_params(inputs, units, rng=rng, dtype=dtype, **settings)
    limit = 1 / np.sqrt(units)
    W_ho = rng.uniform(-limit, limit, (outputs, units)).astype(dtype)
    return SequenceParams(E, params, OutputParams(W_ho, np.zeros(outputs, dtype)))


def logits(
    x: ArrayLike, params: SequenceParams, state: Any = None
) -> tuple[np.ndarray, Any]:
    """Run a sequence model over a batch.

    Parameters
    ----------
    x : array_like of int of shape (T, N), or array_like of shape (T, N, D)
        Codes if the model has an embedding, else vectors; time first.
    params : SequenceParams
        From `init_params`.
    state : optional
        What an earlier call returned; zeros if not given.

    Returns
    -------
    logits : ndarray of shape (T, N, K)
        The outputs of all steps, before the softmax.
    state : object
        The cell's state after the last step.

    Raises
    ------
    TypeError, ValueError
        If a shape does not fit, a number is not finite, or a code is not in E.

    See Also
    --------
    predict : the class after the last step.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> params = init_params("rnn", 5, 8, 5, embedding=4, rng=rng)
    >>> logits([[0, 1], [4, 2], [3, 3]], params)[0].shape
    (3, 2, 5)
    """
    return _logits(*_checked(x, params), state)


def _logits(x, params, state):
    h, state, _ = _cell(params).forward(_looked_up(x, params.E), state, params.cell)
    return rnn.output_of(h, params.output), state


def predict(x: ArrayLike, params: SequenceParams) -> np.ndarray:
    """Return the class with the largest logit after the last step.

    Parameters
    ----------
    x : array_like of int of shape (T, N), or array_like of shape (T, N, D)
        As in `logits`.
    params : SequenceParams
        From `init_params`.

    Returns
    -------
    ndarray of int of shape (N,)
        The classes; the first of equals.

    Raises
    ------
    TypeError, ValueError
        As `logits` does.

    See Also
    --------
    logits : the outputs of all steps.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> predict(np.zeros((5, 2, 3)), init_params("lstm", 3, 8, 4, rng=rng))
    array([0, 0])
    """
    return np.argmax(logits(x, params)[0][-1], axis=-1)


def loss_and_gradients(
    x: ArrayLike, y: ArrayLike, params: SequenceParams, state: Any = None
) -> LossAndGradients:
    r"""Return the mean cross-entropy of a sequence model, and its gradients.

    Parameters
    ----------
    x : array_like of int of shape (T, N), or array_like of shape (T, N, D)
        As in `logits`.
    y : array_like of int of shape (T, N) or (N,)
        Class of each step, or of the last step alone.
    params : SequenceParams
        From `init_params`.
    state : optional
        The state to start from; it counts as constant, so that gradients end there.

    Returns
    -------
    LossAndGradients
        loss, gradients, and the state after the last step.

    Raises
    ------
    TypeError, ValueError
        As `logits` and the loss do.

    See Also
    --------
    train : steps along them.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> params = init_params("lstm", 5, 8, 5, embedding=4, rng=rng)
    >>> x, y = [[0, 1], [4, 2], [3, 3]], [[4, 2], [3, 3], [0, 1]]
    >>> loss_and_gradients(x, y, params).loss.round(3)
    np.float64(1.614)
    """
    x, params = _checked(x, params)
    return _loss_and_gradients(x, y, params, state)


def _loss_and_gradients(x, y, params, state):
    cell = _cell(params)
    h, state, cache = cell.forward(_looked_up(x, params.E), state, params.cell)
    read = h if np.ndim(y) == 2 else h[-1]
    z, entropy = rnn.output_of(read, params.output), "cross_entropy_with_logits"
    y = losses.targets(entropy, y, z)
    loss, dz = losses.value_and_slope(entropy, z, y)
    dh = dz @ params.output.W_ho
    if dh.ndim == 2:
        dh = np.concatenate([np.zeros_like(h[:-1]), dh[None]])
    dx, d_cell = cell.backward(dh, cache)
    rows = dz.reshape(-1, z.shape[-1])
    dW = rows.T @ read.reshape(len(rows), -1)
    output = OutputParams(dW, np.sum(rows, axis=0), params.output.phi)
    dE = None if params.E is None else _add_rows(x, dx, params.E)
    return LossAndGradients(loss, SequenceParams(dE, d_cell, output), state)


def train(
    batches: Iterable,
    params: SequenceParams,
    optimiser: Optimiser,
    *,
    max_norm: float | None = None,
    carry: bool = False,
) -> Iterator[TrainStep]:
    """Yield a sequence model after each batch, and train it on the way.

    Nothing is trained before the first step is asked for, by a loop or by ``list``; the
    model and the settings are checked at once, a batch when its turn comes.

    Parameters
    ----------
    batches : iterable of pairs (x, y)
        As for `loss_and_gradients`.
    params : SequenceParams
        The model at the start.
    optimiser : SGD, Momentum or Adam
        From `dlbook.optim`.
    max_norm : float, optional
        Length to which gradients are clipped.
    carry : bool
        Whether a batch starts from the state in which the one before it ended, as the
        pieces of one text do. Gradients end at the border: truncated backpropagation.

    Returns
    -------
    iterator of TrainStep
        One after each batch.

    Raises
    ------
    TypeError, ValueError
        If the model does not fit together, ``max_norm`` is not above 0, or a batch does
        not fit.

    See Also
    --------
    loss_and_gradients : what each step goes by.

    References
    ----------
    Clipping: Pascanu, Mikolov and Bengio 2013, :cite:`pascanu2013`.

    Examples
    --------
    >>> from dlbook.datasets import latch_task
    >>> from dlbook.optim import Adam
    >>> rng = np.random.default_rng(0)
    >>> params = init_params("lstm", 2, 8, 2, rng=rng)
    >>> batches = (latch_task(32, 8, rng=rng) for _ in range(200))
    >>> *_, last = train(batches, params, Adam(lr=0.02), max_norm=1.0)
    >>> x, y = latch_task(100, 8, rng=rng)
    >>> (predict(x, last.params) == y).mean()
    np.float64(1.0)
    """
    params = _model(params)
    if max_norm is not None:
        max_norm = number(max_norm, "max_norm", above=0)
    return _steps(batches, params, check.optimiser(optimiser), max_norm, carry)


def _steps(batches, params, optimiser, max_norm, carry):
    memory, state = optimiser.init(params), None
    for x, y in batches:
        x = _read(x, params)
        loss, gradients, state = _loss_and_gradients(x, y, params, state)
        norm = global_norm(gradients)
        if max_norm is not None:
            gradients = clip_by_global_norm(gradients, max_norm, norm=norm)
        params, memory = optimiser.update(params, gradients, memory)
        state = state if carry else None
        yield TrainStep(loss, norm, params)


def text_batches(
    codes: ArrayLike, length: int, n: int, steps: int
) -> Iterator[TextBatch]:
    """Cut a text into strands that are read side by side, a piece at a time.

    The strands start at evenly spaced places. Each piece goes on where the one before
    it ended; after the end of the text comes its beginning.

    Parameters
    ----------
    codes : array_like of int of shape (L,)
        The text.
    length : int
        Steps T of a piece.
    n : int
        Number of strands, at most L.
    steps : int
        Number of pieces.

    Returns
    -------
    iterator of TextBatch
        x and y (T, n); y is x one step later.

    Raises
    ------
    TypeError, ValueError
        If ``codes`` is no row of integers or a number is too small.

    See Also
    --------
    dlbook.datasets.load_text : a text to cut.
    train : takes examples instead.

    Examples
    --------
    >>> for x, y in text_batches(np.arange(10), length=3, n=2, steps=2):
    ...     print(x.T.tolist(), y.T.tolist())
    [[0, 1, 2], [5, 6, 7]] [[1, 2, 3], [6, 7, 8]]
    [[3, 4, 5], [8, 9, 0]] [[4, 5, 6], [9, 0, 1]]
    """
    codes = _codes(codes, "codes", ("L",))
    length, steps = integer(length, "length", 1), integer(steps, "steps", 1)
    if integer(n, "n", low=1) > len(codes):
        raise ValueError(f"n: wanted at most {len(codes)} strands, got {n}")
    begins = np.arange(n) * len(codes) // n

    def piece(step):
        places = begins + np.arange(step * length, (step + 1) * length + 1)[:, None]
        read = codes[places % len(codes)]
        return TextBatch(read[:-1], read[1:])

    return map(piece, range(steps))


def sample(
    params: SequenceParams,
    start: ArrayLike,
    length: int,
    *,
    rng: Source,
    temperature: float = 1.0,
) -> np.ndarray:
    r"""Let a model of text go on, one code at a time.

    .. math:: c_{t+1} \sim \operatorname{softmax}(z_t / \tau)

    Parameters
    ----------
    params : SequenceParams
        A model with an embedding, and as many outputs as codes.
    start : array_like of int of shape (S,)
        Codes to read first.
    length : int
        Number of codes to draw.
    rng : numpy.random.Generator
        Source of the draws.
    temperature : float
        The temperature :math:`\tau`; below 1 the likely becomes likelier.

    Returns
    -------
    ndarray of int of shape (length,)
        The codes that were drawn.

    Raises
    ------
    TypeError, ValueError
        If the model has no embedding, a code is not in it, ``length`` is no positive
        integer, or ``temperature`` is not above 0.

    See Also
    --------
    text_batches : text to learn from.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> params = init_params("rnn", 5, 8, 5, embedding=4, rng=rng)
    >>> sample(params, [0], 6, rng=rng).shape
    (6,)
    """
    if params.E is None:
        raise ValueError("params: wanted a model with an embedding, got E = None")
    temperature = number(temperature, "temperature", above=0)
    codes, state, drawn = _codes(start, "start", ("S",))[:, None], None, []
    codes, params = _checked(codes, params, "start")
    generator(rng)
    for _ in range(integer(length, "length", low=1)):
        z, state = _logits(codes, params, state)
        below = np.cumsum(softmax(z[-1, 0].astype(np.float64) / temperature))
        draw = np.searchsorted(below / below[-1], rng.uniform(), side="right")
        codes = np.full((1, 1), draw)
        drawn.append(draw)
    return np.array(drawn)


def _cell(params):
    kind = type(params.cell)
    if kind not in _KINDS:
        wanted = " or ".join(known.__name__ for known in _KINDS)
        raise TypeError(f"params.cell: wanted {wanted}, got {kind.__name__}")
    return _KINDS[kind]


def _checked(x, params, name="x") -> tuple[np.ndarray, SequenceParams]:
    params = _model(params)
    return _read(x, params, name), params


def _model(params) -> SequenceParams:
    """Check a model, whose parts must fit to each other."""
    kind = _cell(params)
    cell = kind.checked(params.cell)
    inputs, units = kind.sizes(cell)
    E = None if params.E is None else array(params.E, "E", ("V", inputs))
    return SequenceParams(E, cell, rnn.output_params(params.output, units))


def _read(x, params, name="x") -> np.ndarray:
    """Check a batch for a model that is trusted."""
    E = params.E
    if E is None:
        return array(x, name, ("T", "N", _cell(params).sizes(params.cell)[0]))
    x = _codes(x, name, ("T", "N"))
    if getattr(x, "symbolic", False):
        return x
    if x.min() < 0 or x.max() >= len(E):
        wrong = x[(x < 0) | (x >= len(E))][0]
        raise ValueError(f"{name}: wanted codes from 0 to {len(E) - 1}, got {wrong}")
    return x


def _looked_up(x, E) -> np.ndarray:
    return x if E is None else np.take(E, x, axis=0)


def _codes(codes, name, shape) -> np.ndarray:
    array(codes, name, shape)
    if getattr(codes, "symbolic", False):
        return codes
    codes = np.asarray(codes)
    if codes.dtype.kind not in "iu":
        raise TypeError(f"{name}: wanted integers, got dtype {codes.dtype}")
    return codes


def _add_rows(codes, dx, E):
    """Add each gradient to the row of E that it belongs to, sorted by row."""
    codes, dx = codes.ravel(), dx.reshape(codes.size, -1)
    if getattr(dx, "symbolic", False) or getattr(codes, "symbolic", False):
        return (
            np.equal(np.arange(len(E))[:, None], codes) * np.ones_like(dx[:1, 0]) @ dx
        )
    order = np.argsort(codes, kind="stable")
    rows, first = np.unique(codes[order], return_index=True)
    dE = np.zeros_like(E)
    dE[rows] = np.add.reduceat(dx[order], first, axis=0)
    return dE
