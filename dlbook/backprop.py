r"""Backpropagation: the chain rule, from the loss back to every weight.

First the source's one sigmoid unit, then a multilayer perceptron of any depth. Each
layer computes :math:`h_l = \phi_l(W_l h_{l-1} + b_l)` on the way forward. On the way
back, with :math:`\delta_l` for the gradient before the activation,

.. math::

   \delta_l = \frac{\partial L}{\partial h_l} \odot \phi_l', \qquad
   \frac{\partial L}{\partial W_l} = \delta_l h_{l-1}^\top, \qquad
   \frac{\partial L}{\partial b_l} = \delta_l, \qquad
   \frac{\partial L}{\partial h_{l-1}} = W_l^\top \delta_l .

The derivative :math:`\phi'` is taken from what the activation returned, as in the
source's :math:`\hat y (1 - \hat y)`. The same rules for single numbers, one operation a
node, are in `dlbook.graph`.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from dlbook import losses
from dlbook._check import array, choice, floating, generator, integer, like, number
from dlbook.activations import ACTIVATIONS, sigmoid

__all__ = [
    "LOSSES",
    "Epoch",
    "Layer",
    "Loss",
    "LossAndGradients",
    "MLPCache",
    "TrainStep",
    "init_params",
    "loss_and_gradients",
    "minibatches",
    "mlp",
    "mlp_backward",
    "sigmoid_unit",
    "sigmoid_unit_backward",
    "train",
    "train_step",
]


class Layer(NamedTuple):
    """Weights (K, D) and bias (K,) of one layer, or their gradients."""

    W: np.ndarray
    b: np.ndarray


class MLPCache(NamedTuple):
    """What the forward pass leaves for the backward pass."""

    outputs: tuple[np.ndarray, ...]
    """The input, then the output of each layer."""
    layers: tuple[Layer, ...]
    activations: tuple[str, ...]
    """Name of each layer's activation."""

    @property
    def out(self):
        """The network's output."""
        return self.outputs[-1]


class Loss(NamedTuple):
    """A loss and its gradient with respect to the network's output."""

    f: Callable
    df: Callable


class LossAndGradients(NamedTuple):
    """A loss, and its gradients in the structure of the parameters."""

    loss: np.ndarray
    gradients: Any


class TrainStep(NamedTuple):
    """The loss before one step of an optimiser, and what it left."""

    loss: np.ndarray
    layers: tuple[Layer, ...]
    state: Any


class Epoch(NamedTuple):
    """One pass over the data."""

    epoch: int
    """Passes finished, this one included."""
    loss: float
    """Mean over the examples, each seen before the step that it led to."""
    layers: tuple[Layer, ...]


LOSSES = {
    name: Loss(getattr(losses, name), getattr(losses, "d_" + name))
    for name in (
        "half_squared_error",
        "mean_squared_error",
        "binary_cross_entropy",
        "binary_cross_entropy_with_logits",
        "cross_entropy_with_logits",
    )
}
"""The losses that a network can be trained with, by the names of `dlbook.losses`."""

_PULLED_BACK = {
    "identity": lambda d, h: d,
    "sigmoid": lambda d, h: d * h * (1 - h),
    "tanh": lambda d, h: d * (1 - h * h),
    "relu": lambda d, h: d * (h > 0),
    "softplus": lambda d, h: d * -np.expm1(-h),
}


def sigmoid_unit(x, w, b):
    r"""Return the output of one unit with a sigmoid.

    .. math:: \hat y = \sigma\Bigl(\sum_j w_j x_j + b\Bigr)

    Parameters
    ----------
    x : array_like of shape (D,) or (N, D)
        Inputs.
    w : array_like of shape (D,)
        Weights.
    b : float
        Bias.

    Returns
    -------
    ndarray of shape () or (N,)
        Predictions in (0, 1).

    Raises
    ------
    ValueError
        If a shape does not fit or a number is not finite.

    Examples
    --------
    >>> sigmoid_unit([1, 0, 1], [0.5, -0.6, 0.2], 0.1).round(4)
    np.float64(0.69)
    """
    x = array(x, "x", (..., "D"))
    return sigmoid(x @ array(w, "w", x.shape[-1:]) + number(b, "b"))


def sigmoid_unit_backward(x, y, w, b):
    r"""Return the gradient of half the squared error of `sigmoid_unit`.

    .. math::

       \frac{\partial L}{\partial w_j} =
       -\sum_i (y_i - \hat y_i)\,\hat y_i (1 - \hat y_i)\,x_{ij}, \qquad
       L = \frac12 \sum_i (y_i - \hat y_i)^2

    Without the minus this would be the direction to go, not the gradient.

    Parameters
    ----------
    x : array_like of shape (D,) or (N, D)
        Inputs.
    y : array_like of shape () or (N,)
        Targets.
    w : array_like of shape (D,)
        Weights.
    b : float
        Bias.

    Returns
    -------
    dw : ndarray of shape (D,)
        Gradient of the weights.
    db : ndarray of shape ()
        Gradient of the bias.

    Raises
    ------
    ValueError
        If a shape does not fit or a number is not finite.

    References
    ----------
    Rumelhart, Hinton and Williams 1986, :cite:`rumelhart1986`.

    Examples
    --------
    >>> dw, db = sigmoid_unit_backward([1.0, 0.5], 0.5, [0.0, 2.0], -1.0)
    >>> dw, db
    (array([0., 0.]), np.float64(0.0))
    """
    x = array(x, "x", (..., "D"))
    y_hat = sigmoid_unit(x, w, b)
    y = like(y, "y", y_hat, "the prediction")
    delta = -(y - y_hat) * y_hat * (1 - y_hat)
    return delta.reshape(-1) @ x.reshape(-1, x.shape[-1]), np.sum(delta)


def init_params(*sizes, rng, dtype=np.float64):
    r"""Draw the layers of a network.

    .. math:: W_{kd} \sim U(-a, a), \qquad a = \sqrt{\frac{6}{D + K}}, \qquad b = 0

    Parameters
    ----------
    *sizes : int
        Number of inputs, of units in each hidden layer, of outputs.
    rng : numpy.random.Generator
        Source of the draws.
    dtype : dtype
        float32 or float64.

    Returns
    -------
    tuple of Layer
        One for each pair of neighbouring sizes.

    Raises
    ------
    TypeError
        If a size is no integer, ``rng`` no generator, or ``dtype`` no float type.
    ValueError
        If there are fewer than two sizes, or one is not positive.

    References
    ----------
    Glorot and Bengio 2010, :cite:`glorot2010`.

    Examples
    --------
    >>> layers = init_params(4, 3, 2, rng=np.random.default_rng(0))
    >>> [layer.W.shape for layer in layers]
    [(3, 4), (2, 3)]
    """
    rng, dtype = generator(rng), floating(dtype)
    sizes = [integer(size, f"sizes[{i}]", low=1) for i, size in enumerate(sizes)]
    if len(sizes) < 2:
        raise ValueError(f"sizes: wanted at least 2, got {len(sizes)}")

    def layer(n_in, n_out):
        limit = np.sqrt(6 / (n_in + n_out))
        W = rng.uniform(-limit, limit, (n_out, n_in))
        return Layer(W.astype(dtype), np.zeros(n_out, dtype))

    return tuple(layer(*pair) for pair in zip(sizes[:-1], sizes[1:], strict=True))


def mlp(x, layers, *, hidden="tanh", output="identity"):
    r"""Run a multilayer perceptron forward.

    .. math:: h_0 = x, \qquad h_l = \phi_l(W_l h_{l-1} + b_l)

    Parameters
    ----------
    x : array_like of shape (D,) or (N, D)
        Inputs.
    layers : sequence of Layer or of pairs (W, b)
        W_l is (units of layer l, units of layer l - 1).
    hidden, output : str
        Activation of the hidden layers and of the last, by its name in
        `dlbook.activations.ACTIVATIONS`.

    Returns
    -------
    MLPCache
        ``out`` is the network's output, (K,) or (N, K).

    Raises
    ------
    TypeError
        If ``layers`` is no sequence of pairs.
    ValueError
        If a shape does not fit, a number is not finite, or a name is unknown.

    Examples
    --------
    >>> mlp([1.0, 0.5], [([[0.5, 0.4]], [0.1]), ([[2.0]], [-1.0])]).out.round(4)
    array([0.3281])
    """
    x = array(x, "x", (..., "D"))
    layers = _layers(layers, x.shape[-1])
    choice(hidden, "hidden", ACTIVATIONS)
    choice(output, "output", ACTIVATIONS)
    activations = (hidden,) * (len(layers) - 1) + (output,)
    outputs = [x]
    for (W, b), name in zip(layers, activations, strict=True):
        outputs.append(ACTIVATIONS[name].f(outputs[-1] @ W.T + b))
    return MLPCache(tuple(outputs), layers, activations)


def mlp_backward(d_out, cache, *, wrt_x=True):
    """Carry a gradient back through `mlp`.

    Parameters
    ----------
    d_out : array_like of shape (K,) or (N, K)
        Gradient of the loss with respect to ``cache.out``.
    cache : MLPCache
        What `mlp` returned.
    wrt_x : bool
        Whether the gradient of the input is wanted; without it one product is saved.

    Returns
    -------
    d_x : ndarray of shape (D,) or (N, D), or None
        Gradient of the input.
    gradients : tuple of Layer
        Gradients of the weights and biases, summed over the examples.

    Raises
    ------
    ValueError
        If ``d_out`` does not have the shape of the output.

    References
    ----------
    Rumelhart, Hinton and Williams 1986, :cite:`rumelhart1986`.

    Examples
    --------
    >>> cache = mlp([1.0, 0.5], [([[0.5, 0.4]], [0.1]), ([[2.0]], [-1.0])])
    >>> d_x, (first, second) = mlp_backward([1.0], cache)
    >>> second.W.round(4), d_x.round(4)
    (array([[0.664]]), array([0.5591, 0.4472]))
    """
    d, gradients = like(d_out, "d_out", cache.out, "the output"), []
    for i in reversed(range(len(cache.layers))):
        h_in, h_out = cache.outputs[i : i + 2]
        d = _PULLED_BACK[cache.activations[i]](d, h_out)
        delta = d.reshape(-1, d.shape[-1])
        dW = delta.T @ h_in.reshape(-1, h_in.shape[-1])
        gradients.append(Layer(dW, np.sum(delta, axis=0)))
        d = d @ cache.layers[i].W if i or wrt_x else None
    return d, tuple(reversed(gradients))


def loss_and_gradients(
    x, y, layers, *, loss, hidden="tanh", output="identity", reduction="mean"
):
    """Return the loss of a network on some examples, and its gradients.

    Parameters
    ----------
    x : array_like of shape (D,) or (N, D)
        Inputs.
    y : array_like
        Targets, as the loss wants them.
    layers : sequence of Layer
        The network.
    loss : str
        A name in `LOSSES`. The losses with logits want the output "identity".
    hidden, output : str
        Names of the activations, as for `mlp`.
    reduction : {"mean", "sum"}
        What becomes of the losses of the examples.

    Returns
    -------
    LossAndGradients
        loss and gradients.

    Raises
    ------
    TypeError, ValueError
        As `mlp` and the loss do, and if logits would meet a second activation.

    Examples
    --------
    >>> layers, error = [([[0.5, 0.4]], [0.1])], "half_squared_error"
    >>> loss_and_gradients([1, 0.5], [1], layers, loss=error).loss.round(4)
    np.float64(0.02)
    """
    loss_f = LOSSES[choice(loss, "loss", LOSSES)]
    choice(reduction, "reduction", ("mean", "sum"))
    if loss.endswith("logits") and output != "identity":
        raise ValueError(f"output: wanted 'identity' for logits, got {output!r}")
    cache = mlp(x, layers, hidden=hidden, output=output)
    value = loss_f.f(cache.out, y, reduction=reduction)
    d_out = loss_f.df(cache.out, y, reduction=reduction)
    return LossAndGradients(value, mlp_backward(d_out, cache, wrt_x=False)[1])


def train_step(x, y, layers, optimiser, state, **settings):
    """Make one step of an optimiser on some examples.

    Parameters
    ----------
    x, y, layers
        As for `loss_and_gradients`.
    optimiser : SGD, Momentum or Adam
        From `dlbook.optim`.
    state : object
        What ``optimiser.init(layers)`` or the step before gave.
    **settings
        loss, hidden, output and reduction, as for `loss_and_gradients`.

    Returns
    -------
    TrainStep
        The loss before the step; layers and state after it.

    Raises
    ------
    TypeError, ValueError
        As `loss_and_gradients` does.

    Examples
    --------
    >>> from dlbook.optim import SGD
    >>> layers, sgd = (Layer(np.array([[0.5]]), np.array([0.0])),), SGD(lr=0.5)
    >>> settings = dict(loss="half_squared_error")
    >>> after = train_step([2.0], [0.0], layers, sgd, sgd.init(layers), **settings)
    >>> after.loss, after.layers[0].W
    (np.float64(0.5), array([[-0.5]]))
    """
    value, gradients = loss_and_gradients(x, y, layers, **settings)
    layers = tuple(Layer(*layer) for layer in layers)
    layers, state = optimiser.update(layers, gradients, state)
    return TrainStep(value, layers, state)


def minibatches(n, size, *, rng):
    """Return the indices 0 .. n - 1 in random order, cut into batches.

    Parameters
    ----------
    n : int
        Number of examples.
    size : int
        Examples in a batch; the last batch holds the rest.
    rng : numpy.random.Generator
        Source of the order.

    Returns
    -------
    list of ndarray of int
        Together they hold each index once.

    Raises
    ------
    TypeError, ValueError
        If ``n`` or ``size`` is no positive integer, or ``rng`` no generator.

    Examples
    --------
    >>> [len(rows) for rows in minibatches(7, 3, rng=np.random.default_rng(0))]
    [3, 3, 1]
    """
    n, size = integer(n, "n", low=1), integer(size, "size", low=1)
    order = generator(rng).permutation(n)
    return [order[start : start + size] for start in range(0, n, size)]


def train(x, y, layers, optimiser, *, epochs, batch_size, rng, **settings):
    """Train a network by minibatches, one epoch at a time.

    Parameters
    ----------
    x : array_like of shape (N, D)
        Inputs.
    y : array_like of shape (N,) or (N, K)
        Targets.
    layers : sequence of Layer
        The network at the start.
    optimiser : SGD, Momentum or Adam
        From `dlbook.optim`.
    epochs, batch_size : int
        Passes over the data, and examples in a step.
    rng : numpy.random.Generator
        Source of the order of the examples.
    **settings
        loss, hidden and output, as for `loss_and_gradients`.

    Returns
    -------
    iterator of Epoch
        One after each pass.

    Raises
    ------
    TypeError, ValueError
        As `train_step` and `minibatches` do.

    Examples
    --------
    >>> from dlbook.optim import Adam
    >>> x, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    >>> rng = np.random.default_rng(0)
    >>> layers = init_params(2, 4, 2, rng=rng)
    >>> settings = dict(batch_size=4, rng=rng, loss="cross_entropy_with_logits")
    >>> *_, last = train(x, y, layers, Adam(lr=0.1), epochs=100, **settings)
    >>> mlp(x, last.layers).out.argmax(axis=1)
    array([0, 1, 1, 0])
    """
    x, y = array(x, "x", ("N", "D")), np.asarray(y)
    if y.shape[:1] != x.shape[:1]:
        raise ValueError(f"y: wanted {len(x)} rows as x has, got shape {y.shape}")
    layers = _layers(layers, x.shape[1])
    epochs = integer(epochs, "epochs", low=1)
    batches = [integer(batch_size, "batch_size", low=1), generator(rng)]
    return _epochs(x, y, layers, optimiser, epochs, batches, settings)


def _epochs(x, y, layers, optimiser, epochs, batches, settings):
    state, (batch_size, rng) = optimiser.init(layers), batches
    for epoch in range(1, epochs + 1):
        total = 0.0
        for rows in minibatches(len(x), batch_size, rng=rng):
            done = train_step(x[rows], y[rows], layers, optimiser, state, **settings)
            layers, state = done.layers, done.state
            total += done.loss * len(rows)
        yield Epoch(epoch, total / len(x), layers)


def _layers(layers, width=None):
    try:
        pairs = [Layer(*pair) for pair in layers]
    except TypeError:
        raise TypeError(f"layers: wanted a tuple of Layer, got {layers!r}") from None
    if not pairs:
        raise ValueError("layers: wanted at least one, got none")
    checked = []
    for i, (W, b) in enumerate(pairs):
        W = array(W, f"layers[{i}].W", ("K", "D" if width is None else width))
        width = W.shape[0]
        checked.append(Layer(W, array(b, f"layers[{i}].b", (width,))))
    return tuple(checked)
