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

Every model of this package has the same three functions. ``f`` returns the value,
``f_forward`` the value and a cache, and ``f_backward`` takes the gradient of the value
and the cache and returns the gradients, that of the input first. A cache has copies of
what it needs, and what ``f_forward`` returns cannot be written to where the cache needs
it, so that a step in place between the two passes changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from dlbook import losses
from dlbook._core import check, publish
from dlbook._core.check import array, choice, floating, generator, integer, like, number
from dlbook._core.formulas import PHI, sigmoid
from dlbook._core.training import Epoch, epochs_of, minibatches, schedule
from dlbook._core.tree import tree_map
from dlbook._core.types import ArrayLike, DTypeLike, Optimiser, Source

__all__ = [
    "LOSSES",
    "Epoch",
    "Gradients",
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
    "mlp_forward",
    "sigmoid_unit",
    "sigmoid_unit_gradients",
    "train",
    "train_step",
]
publish(globals())


class Layer(NamedTuple):
    """One layer h = phi(W x + b), or its gradients."""

    W: np.ndarray
    """Weights (K, D)."""
    b: np.ndarray
    """Biases (K,)."""
    phi: str | None = None
    """The activation, a name in `dlbook.activations.ACTIVATIONS`. Gradients may leave
    it open, a layer that is run may not."""


class MLPCache(NamedTuple):
    """What the forward pass leaves for the backward pass."""

    outputs: tuple[np.ndarray, ...]
    """The input, then the output of each layer."""
    layers: tuple[Layer, ...]

    @property
    def out(self):
        """The network's output."""
        return self.outputs[-1]


class Gradients(NamedTuple):
    """Gradients of a model: of its input, and of its parameters in their structure."""

    dx: np.ndarray | None
    params: Any


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
    params: Any
    state: Any


_WANTED = {
    "binary_cross_entropy": "sigmoid",
    "binary_cross_entropy_with_logits": "identity",
    "cross_entropy_with_logits": "identity",
}

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


def sigmoid_unit(x: ArrayLike, w: ArrayLike, b: float) -> np.ndarray:
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

    See Also
    --------
    sigmoid_unit_gradients : gradients of its loss.

    Examples
    --------
    >>> sigmoid_unit([1, 0, 1], [0.5, -0.6, 0.2], 0.1).round(4)
    np.float64(0.69)
    """
    x = array(x, "x", (..., "D"))
    return _sigmoid_unit(x, array(w, "w", x.shape[-1:]), number(b, "b"))


def _sigmoid_unit(x, w, b):
    return sigmoid(x @ w + b)


def sigmoid_unit_gradients(
    x: ArrayLike, y: ArrayLike, w: ArrayLike, b: float
) -> tuple[np.ndarray, np.ndarray]:
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

    See Also
    --------
    sigmoid_unit : the way forward.

    References
    ----------
    Rumelhart, Hinton and Williams 1986, :cite:`rumelhart1986`.

    Examples
    --------
    >>> dw, db = sigmoid_unit_gradients([1.0, 0.5], 0.5, [0.0, 2.0], -1.0)
    >>> dw, db
    (array([0., 0.]), np.float64(0.0))
    """
    x = array(x, "x", (..., "D"))
    y_hat = _sigmoid_unit(x, array(w, "w", x.shape[-1:]), number(b, "b"))
    y = like(y, "y", y_hat, "the prediction")
    delta = -(y - y_hat) * y_hat * (1 - y_hat)
    return delta.reshape(-1) @ x.reshape(-1, x.shape[-1]), np.sum(delta)


def init_params(
    *sizes: int,
    hidden: str = "tanh",
    output: str = "identity",
    rng: Source,
    dtype: DTypeLike = np.float64,
) -> tuple[Layer, ...]:
    r"""Draw the layers of a network.

    .. math:: W_{kd} \sim U(-a, a), \qquad a = \sqrt{\frac{6}{D + K}}, \qquad b = 0

    Parameters
    ----------
    *sizes : int
        Number of inputs, of units in each hidden layer, of outputs.
    hidden, output : str
        Activation of the hidden layers and of the last, by its name in
        `dlbook.activations.ACTIVATIONS`. The layers carry it with them.
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
        If there are fewer than two sizes, one is not positive, or a name is unknown.

    See Also
    --------
    train : what learns them.

    References
    ----------
    Glorot and Bengio 2010, :cite:`glorot2010`.

    Examples
    --------
    >>> layers = init_params(4, 3, 2, rng=np.random.default_rng(0))
    >>> [layer.W.shape for layer in layers]
    [(3, 4), (2, 3)]
    >>> [layer.phi for layer in layers]
    ['tanh', 'identity']
    """
    rng, dtype = generator(rng), floating(dtype)
    choice(hidden, "hidden", PHI), choice(output, "output", PHI)
    sizes = tuple(integer(n, f"sizes[{i}]", low=1) for i, n in enumerate(sizes))
    if len(sizes) < 2:
        raise ValueError(f"sizes: wanted at least 2, got {len(sizes)}")

    def layer(n_in, n_out, phi):
        limit = np.sqrt(6 / (n_in + n_out))
        W = rng.uniform(-limit, limit, (n_out, n_in))
        return Layer(W.astype(dtype), np.zeros(n_out, dtype), phi)

    names = [hidden] * (len(sizes) - 2) + [output]
    return tuple(map(layer, sizes[:-1], sizes[1:], names))


def mlp(x: ArrayLike, layers: Sequence[Layer]) -> np.ndarray:
    r"""Run a multilayer perceptron.

    .. math:: h_0 = x, \qquad h_l = \phi_l(W_l h_{l-1} + b_l)

    Parameters
    ----------
    x : array_like of shape (D,) or (N, D)
        Inputs.
    layers : sequence of Layer
        W_l is (units of layer l, units of layer l - 1).

    Returns
    -------
    ndarray of shape (K,) or (N, K)
        The network's output.

    Raises
    ------
    TypeError
        If ``layers`` is no sequence of layers.
    ValueError
        If a shape does not fit, a number is not finite, or an activation is unknown.

    See Also
    --------
    mlp_forward : keeps what the backward pass needs.

    Examples
    --------
    >>> layers = Layer([[0.5, 0.4]], [0.1], "tanh"), Layer([[2.0]], [-1.0], "identity")
    >>> mlp([1.0, 0.5], layers).round(4)
    array([0.3281])
    """
    return _forward(*_checked(x, layers)).out


def mlp_forward(x: ArrayLike, layers: Sequence[Layer]) -> tuple[np.ndarray, MLPCache]:
    """Do as `mlp` does, and keep what `mlp_backward` needs.

    Parameters
    ----------
    x, layers
        As in `mlp`.

    Returns
    -------
    out : ndarray of shape (K,) or (N, K)
        The network's output; a view that cannot be written to.
    cache : MLPCache
        For `mlp_backward`. It has copies of the input and of the layers.

    Raises
    ------
    TypeError, ValueError
        As in `mlp`.

    See Also
    --------
    mlp_backward : carries a gradient back.

    Examples
    --------
    >>> layers = Layer([[0.5, 0.4]], [0.1], "tanh"), Layer([[2.0]], [-1.0], "identity")
    >>> out, cache = mlp_forward([1.0, 0.5], layers)
    >>> [h.round(4) for h in cache.outputs]
    [array([1. , 0.5]), array([0.664]), array([0.3281])]
    """
    cache = _forward(*tree_map(check.own, _checked(x, layers)))
    return check.read_only(cache.out), cache


def _forward(x, layers) -> MLPCache:
    """Run layers that are trusted."""
    outputs = [x]
    for W, b, phi in layers:
        outputs.append(PHI[phi].f(outputs[-1] @ W.T + b))
    return MLPCache(tuple(outputs), layers)


def mlp_backward(d_out: ArrayLike, cache: MLPCache, *, wrt_x: bool = True) -> Gradients:
    """Carry a gradient back through `mlp`.

    Parameters
    ----------
    d_out : array_like of shape (K,) or (N, K)
        Gradient of the loss with respect to the output.
    cache : MLPCache
        What `mlp_forward` returned beside the output.
    wrt_x : bool
        Whether the gradient of the input is wanted; without it one product is saved.

    Returns
    -------
    Gradients
        dx, (D,) or (N, D), or None without ``wrt_x``; and params, the gradients of the
        layers, summed over the examples.

    Raises
    ------
    TypeError
        If ``cache`` is none.
    ValueError
        If ``d_out`` does not have the shape of the output.

    See Also
    --------
    mlp_forward : leaves the cache.

    References
    ----------
    Rumelhart, Hinton and Williams 1986, :cite:`rumelhart1986`.

    Examples
    --------
    >>> layers = Layer([[0.5, 0.4]], [0.1], "tanh"), Layer([[2.0]], [-1.0], "identity")
    >>> out, cache = mlp_forward([1.0, 0.5], layers)
    >>> dx, (first, second) = mlp_backward([1.0], cache)
    >>> second.W.round(4), dx.round(4)
    (array([[0.664]]), array([0.5591, 0.4472]))
    """
    cache = check.cache(cache, MLPCache)
    return _backward(like(d_out, "d_out", cache.out, "the output"), cache, wrt_x)


def _backward(d, cache, wrt_x=True) -> Gradients:
    """Carry a gradient that is trusted back through `_forward`."""
    gradients = []
    for i in reversed(range(len(cache.layers))):
        (h_in, h_out), (W, _, phi) = cache.outputs[i : i + 2], cache.layers[i]
        d = d * PHI[phi].slope(h_out)
        delta = d.reshape(-1, d.shape[-1])
        # Of one example `@` multiplies column and row without BLAS, ten times slower.
        dW = np.dot(delta.T, h_in.reshape(-1, h_in.shape[-1]))
        gradients.append(Layer(dW, np.sum(delta, axis=0), phi))
        d = d @ W if i or wrt_x else None
    return Gradients(d, tuple(reversed(gradients)))


def loss_and_gradients(
    x: ArrayLike,
    y: ArrayLike,
    layers: Sequence[Layer],
    *,
    loss: str,
    reduction: str = "mean",
) -> LossAndGradients:
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
        A name in `LOSSES`. The losses with logits want a last layer with the activation
        "identity".
    reduction : {"mean", "sum"}
        What becomes of the losses of the examples.

    Returns
    -------
    LossAndGradients
        loss and gradients.

    Raises
    ------
    TypeError, ValueError
        As `mlp` and the loss do, and if the last activation does not suit the loss.

    See Also
    --------
    train_step : a step down these gradients.

    Examples
    --------
    >>> layers = [Layer([[0.5, 0.4]], [0.1], "identity")]
    >>> error = "half_squared_error"
    >>> loss_and_gradients([1, 0.5], [1], layers, loss=error).loss.round(4)
    np.float64(0.02)
    """
    x, layers = _checked(x, layers)
    choice(reduction, "reduction", ("mean", "sum"))
    cache = _forward(x, _suited(layers, loss))
    y = losses.targets(loss, y, cache.out)
    return _loss_and_gradients(cache, y, loss, reduction)


def _loss_and_gradients(cache, y, loss, reduction="mean"):
    value, d_out = losses.value_and_slope(loss, cache.out, y, reduction)
    return LossAndGradients(value, _backward(d_out, cache, wrt_x=False).params)


def _suited(layers, loss):
    """Return the layers if the last one's activation suits the loss."""
    phi, wanted = layers[-1].phi, _WANTED.get(choice(loss, "loss", LOSSES))
    if wanted not in (None, phi):
        place = f"layers[{len(layers) - 1}].phi"
        raise ValueError(f"{place}: wanted {wanted!r} for {loss}, got {phi!r}")
    return layers


def train_step(
    x: ArrayLike,
    y: ArrayLike,
    layers: Sequence[Layer],
    optimiser: Optimiser,
    state: Any,
    *,
    loss: str,
    reduction: str = "mean",
) -> TrainStep:
    """Make one step of an optimiser on some examples.

    Parameters
    ----------
    x, y, layers
        As for `loss_and_gradients`.
    optimiser : SGD, Momentum or Adam
        From `dlbook.optim`.
    state : object
        What ``optimiser.init(layers)`` or the step before gave.
    loss, reduction
        As for `loss_and_gradients`.

    Returns
    -------
    TrainStep
        The loss before the step; the layers, as params, and the state after it.

    Raises
    ------
    TypeError, ValueError
        As `loss_and_gradients` does.

    See Also
    --------
    train : whole epochs of steps.

    Examples
    --------
    >>> from dlbook.optim import SGD
    >>> layers = (Layer(np.array([[0.5]]), np.array([0.0]), "identity"),)
    >>> sgd = SGD(lr=0.5)
    >>> after = train_step(
    ...     [2.0], [0.0], layers, sgd, sgd.init(layers), loss="half_squared_error"
    ... )
    >>> after.loss, after.params[0].W
    (np.float64(0.5), array([[-0.5]]))
    """
    done = loss_and_gradients(x, y, layers, loss=loss, reduction=reduction)
    update = check.optimiser(optimiser).update
    return TrainStep(done.loss, *update(_as_layers(layers), done.gradients, state))


def train(
    x: ArrayLike,
    y: ArrayLike,
    layers: Sequence[Layer],
    optimiser: Optimiser,
    *,
    loss: str,
    epochs: int,
    batch_size: int,
    rng: Source,
) -> Iterator[Epoch]:
    """Yield a network after each epoch, and train it by minibatches on the way.

    Nothing is trained before the first epoch is asked for, by a loop or by ``list``;
    the arguments are checked at once.

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
    loss : str
        A name in `LOSSES`; its mean over the examples is made small.
    epochs, batch_size : int
        Passes over the data, and examples in a step.
    rng : numpy.random.Generator
        Source of the order of the examples.

    Returns
    -------
    iterator of Epoch
        One after each pass.

    Raises
    ------
    TypeError, ValueError
        If an argument does not fit, before anything is trained.

    See Also
    --------
    train_step : one of its steps.
    minibatches : what each epoch goes through.

    Examples
    --------
    >>> from dlbook.optim import Adam
    >>> x, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    >>> rng = np.random.default_rng(0)
    >>> layers = init_params(2, 4, 2, rng=rng)
    >>> settings = dict(epochs=100, batch_size=4, rng=rng)
    >>> *_, last = train(
    ...     x, y, layers, Adam(lr=0.1), loss="cross_entropy_with_logits", **settings
    ... )
    >>> mlp(x, last.params).argmax(axis=1)
    array([0, 1, 1, 0])
    """
    x, layers = _checked(x, layers, "N")
    width = len(_suited(layers, loss)[-1].b)
    y = losses.targets(loss, y, np.zeros_like(x, shape=(len(x), width)))

    def step(rows, layers):
        return _loss_and_gradients(_forward(x[rows], layers), y[rows], loss)

    return epochs_of(step, layers, optimiser, schedule(len(x), epochs, batch_size, rng))


def _checked(x, layers, rows=...) -> tuple[np.ndarray, tuple[Layer, ...]]:
    x = array(x, "x", (rows, "D"))
    return x, _layers(layers, x.shape[-1])


def _as_layers(layers, name="layers", least=1) -> tuple[Layer, ...]:
    try:
        layers = tuple(Layer(*layer) for layer in layers)
    except TypeError:
        raise TypeError(f"{name}: wanted a tuple of Layer, got {layers!r}") from None
    if len(layers) < least:
        raise ValueError(f"{name}: wanted at least one layer, got none")
    return layers


def _layers(layers, width=None, name="layers", least=1) -> tuple[Layer, ...]:
    """Check layers, each of which must fit to the one before and know its phi."""
    checked = []
    for i, (W, b, phi) in enumerate(_as_layers(layers, name, least)):
        W = array(W, f"{name}[{i}].W", ("K", "D" if width is None else width))
        width = W.shape[0]
        b = array(b, f"{name}[{i}].b", (width,))
        checked.append(Layer(W, b, choice(phi, f"{name}[{i}].phi", PHI)))
    return tuple(checked)
