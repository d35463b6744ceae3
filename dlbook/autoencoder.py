r"""The autoencoder: squeeze the input through a few numbers and rebuild it.

.. math:: h = \phi_h(W_e x + b_e), \qquad \hat x = \phi_{\hat x}(W_d h + b_d)

The encoder ends in tanh and the decoder in the sigmoid unless other names are given;
both may have hidden layers. With the identity everywhere the autoencoder is linear,
and its error cannot be less than `dlbook.pca.pca_floor`.

There is one unit for every error here: the mean over the examples of the squared length
:math:`\lVert x - \hat x \rVert^2`. It is what is trained, plotted and compared.
"""

from typing import NamedTuple

import numpy as np

from dlbook._check import array, generator, integer, like, number
from dlbook.backprop import (
    Layer,
    LossAndGradients,
    MLPCache,
    minibatches,
    mlp,
    mlp_backward,
)
from dlbook.backprop import init_params as init_layers
from dlbook.pca import pca_floor

__all__ = [
    "LINEAR",
    "AECache",
    "AEParams",
    "Epoch",
    "add_noise",
    "autoencode",
    "autoencode_backward",
    "d_reconstruction_error",
    "decode",
    "encode",
    "init_params",
    "loss_and_gradients",
    "mask",
    "pca_floor",
    "reconstruction_error",
    "salt_and_pepper",
    "train",
]

LINEAR = {"hidden": "identity", "code": "identity", "output": "identity"}
"""Names of the activations of a linear autoencoder."""


class AEParams(NamedTuple):
    """The layers of the encoder and of the decoder, or their gradients."""

    encoder: tuple[Layer, ...]
    decoder: tuple[Layer, ...]


class AECache(NamedTuple):
    """What the forward pass leaves for the backward pass."""

    encoder: MLPCache
    decoder: MLPCache

    @property
    def h(self):
        """The code."""
        return self.encoder.out

    @property
    def x_hat(self):
        """The reconstruction."""
        return self.decoder.out


class Epoch(NamedTuple):
    """One pass over the data."""

    epoch: int
    """Passes finished, this one included."""
    loss: float
    """Mean over the examples, each seen before the step that it led to."""
    params: AEParams


def init_params(*sizes, rng, dtype=np.float64):
    """Draw an encoder from the input to the code, and a decoder that mirrors it.

    Parameters
    ----------
    *sizes : int
        Number of inputs, of units in each hidden layer of the encoder, of codes.
    rng : numpy.random.Generator
        Source of the draws.
    dtype : dtype
        float32 or float64.

    Returns
    -------
    AEParams
        encoder and decoder.

    Raises
    ------
    TypeError, ValueError
        As `dlbook.backprop.init_params` does.

    Examples
    --------
    >>> params = init_params(64, 32, 2, rng=np.random.default_rng(0))
    >>> [layer.W.shape for layer in params.encoder + params.decoder]
    [(32, 64), (2, 32), (32, 2), (64, 32)]
    """
    encoder = init_layers(*sizes, rng=rng, dtype=dtype)
    return AEParams(encoder, init_layers(*sizes[::-1], rng=rng, dtype=dtype))


def encode(x, encoder, *, hidden="tanh", code="tanh"):
    r"""Return the code of an input, :math:`h = \tanh(W_e x + b_e)`.

    Parameters
    ----------
    x : array_like of shape (D,) or (N, D)
        Inputs.
    encoder : sequence of Layer or of pairs (W, b)
        Its layers.
    hidden, code : str
        Names of the activations of the hidden layers and of the code.

    Returns
    -------
    ndarray of shape (K,) or (N, K)
        The codes.

    Raises
    ------
    TypeError, ValueError
        As `dlbook.backprop.mlp` does.

    References
    ----------
    Hinton and Salakhutdinov 2006, :cite:`hinton2006`.

    Examples
    --------
    >>> encode([1, 0.5], [([[0.5, 0.4], [0.3, 0.2]], [0.1, -0.1])]).round(8)
    array([0.66403677, 0.29131261])
    """
    return mlp(x, encoder, hidden=hidden, output=code).out


def decode(h, decoder, *, hidden="tanh", output="sigmoid"):
    r"""Return the reconstruction from a code, :math:`\hat x = \sigma(W_d h + b_d)`.

    Parameters
    ----------
    h : array_like of shape (K,) or (N, K)
        Codes.
    decoder : sequence of Layer or of pairs (W, b)
        Its layers.
    hidden, output : str
        Names of the activations of the hidden layers and of the output.

    Returns
    -------
    ndarray of shape (D,) or (N, D)
        The reconstructions.

    Raises
    ------
    TypeError, ValueError
        As `dlbook.backprop.mlp` does.

    Examples
    --------
    >>> h = [0.66403677, 0.29131261]
    >>> decode(h, [([[0.5, 0.3], [0.4, 0.2]], [0.2, 0.1])]).round(8)
    array([0.65008484, 0.60441066])
    """
    return mlp(h, decoder, hidden=hidden, output=output).out


def autoencode(x, params, *, hidden="tanh", code="tanh", output="sigmoid"):
    """Encode and decode, and keep what the way back needs.

    Parameters
    ----------
    x : array_like of shape (D,) or (N, D)
        Inputs.
    params : AEParams
        encoder and decoder.
    hidden, code, output : str
        Names of the activations.

    Returns
    -------
    AECache
        With the code ``h`` and the reconstruction ``x_hat``.

    Raises
    ------
    TypeError, ValueError
        As `dlbook.backprop.mlp` does.

    Examples
    --------
    >>> identity = (Layer(np.eye(2), np.zeros(2)),)
    >>> autoencode([1.0, 0.5], AEParams(identity, identity), **LINEAR).x_hat
    array([1. , 0.5])
    """
    encoder = mlp(x, params.encoder, hidden=hidden, output=code)
    decoder = mlp(encoder.out, params.decoder, hidden=hidden, output=output)
    return AECache(encoder, decoder)


def autoencode_backward(d_x_hat, cache, *, wrt_x=True):
    """Carry a gradient back through `autoencode`.

    Parameters
    ----------
    d_x_hat : array_like of shape (D,) or (N, D)
        Gradient of the loss with respect to the reconstruction.
    cache : AECache
        What `autoencode` returned.
    wrt_x : bool
        Whether the gradient of the input is wanted.

    Returns
    -------
    d_x : ndarray of shape (D,) or (N, D), or None
        Gradient of the input.
    gradients : AEParams
        Gradients of the layers, summed over the examples.

    Raises
    ------
    ValueError
        If ``d_x_hat`` does not have the shape of the reconstruction.

    Examples
    --------
    >>> identity = (Layer(np.eye(2), np.zeros(2)),)
    >>> cache = autoencode([1.0, 0.5], AEParams(identity, identity), **LINEAR)
    >>> autoencode_backward([1.0, 0.0], cache)[1].decoder[0].W
    array([[1. , 0.5],
           [0. , 0. ]])
    """
    d_x_hat = like(d_x_hat, "d_x_hat", cache.x_hat, "the reconstruction")
    d_h, decoder = mlp_backward(d_x_hat, cache.decoder)
    d_x, encoder = mlp_backward(d_h, cache.encoder, wrt_x=wrt_x)
    return d_x, AEParams(encoder, decoder)


def reconstruction_error(x_hat, x):
    r"""Return the mean over the examples of the squared length of the error.

    .. math:: L = \frac1N \sum_n \lVert x_n - \hat x_n \rVert^2

    Parameters
    ----------
    x_hat : array_like of shape (D,) or (N, D)
        Reconstructions.
    x : array_like of the same shape
        What should have come out.

    Returns
    -------
    float
        The error: a sum over the entries of an example, a mean over the examples.

    Raises
    ------
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> reconstruction_error([[1.0, 2.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 1.0]])
    np.float64(3.0)
    """
    x_hat, x = _pair(x_hat, x)
    return np.sum((x - x_hat) ** 2) / (x_hat.size // x_hat.shape[-1])


def d_reconstruction_error(x_hat, x):
    r"""Return the gradient of `reconstruction_error` with respect to ``x_hat``.

    .. math:: \frac{\partial L}{\partial \hat x_n} = \frac2N (\hat x_n - x_n)

    Parameters
    ----------
    x_hat, x
        As in `reconstruction_error`.

    Returns
    -------
    ndarray
        In the shape of ``x_hat``.

    Raises
    ------
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> d_reconstruction_error([1.0, 2.0], [0.0, 0.0])
    array([2., 4.])
    """
    x_hat, x = _pair(x_hat, x)
    return 2 * (x_hat - x) / (x_hat.size // x_hat.shape[-1])


def loss_and_gradients(x, params, *, target=None, **activations):
    """Return the reconstruction error of some examples, and its gradients.

    Parameters
    ----------
    x : array_like of shape (D,) or (N, D)
        Inputs.
    params : AEParams
        encoder and decoder.
    target : array_like of the same shape, optional
        What should come out; the input if not given. A denoising autoencoder reads
        a corrupted input and has the clean one as its target.
    **activations : str
        hidden, code and output, as for `autoencode`.

    Returns
    -------
    LossAndGradients
        loss, and gradients as AEParams.

    Raises
    ------
    TypeError, ValueError
        As `autoencode` does, or if the target has another shape.

    References
    ----------
    Vincent et al. 2008, :cite:`vincent2008`.

    Examples
    --------
    >>> identity = (Layer(np.eye(2), np.zeros(2)),)
    >>> params = AEParams(identity, identity)
    >>> loss_and_gradients([1.0, 0.5], params, target=[0.0, 0.5], **LINEAR).loss
    np.float64(1.0)
    """
    cache = autoencode(x, params, **activations)
    target = x if target is None else target
    d_x_hat = d_reconstruction_error(cache.x_hat, target)
    _, gradients = autoencode_backward(d_x_hat, cache, wrt_x=False)
    return LossAndGradients(reconstruction_error(cache.x_hat, target), gradients)


def train(
    x, params, optimiser, *, epochs, batch_size, rng, corrupt=None, **activations
):
    """Train an autoencoder by minibatches, one epoch at a time.

    Parameters
    ----------
    x : array_like of shape (N, D)
        Data.
    params : AEParams
        encoder and decoder at the start.
    optimiser : SGD, Momentum or Adam
        From `dlbook.optim`.
    epochs, batch_size : int
        Passes over the data, and examples in a step.
    rng : numpy.random.Generator
        Source of the order of the examples and of the corruption.
    corrupt : callable, optional
        Called as ``corrupt(batch, rng=rng)`` before each step; what it returns is the
        input, and the batch stays the target.
    **activations : str
        hidden, code and output, as for `autoencode`.

    Returns
    -------
    iterator of Epoch
        One after each pass.

    Raises
    ------
    TypeError, ValueError
        If an argument does not fit, as the functions used do.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(200, 1)) * [3.0, 4.0]
    >>> from dlbook.optim import Adam
    >>> settings = dict(epochs=40, batch_size=20, rng=rng, **LINEAR)
    >>> *_, last = train(x, init_params(2, 1, rng=rng), Adam(lr=0.05), **settings)
    >>> bool(last.loss < 1e-3)
    True
    """
    x = array(x, "x", ("N", "D"))
    epochs = integer(epochs, "epochs", low=1)
    batches = integer(batch_size, "batch_size", low=1), generator(rng)
    return _epochs(x, params, optimiser, epochs, batches, corrupt, activations)


def _epochs(x, params, optimiser, epochs, batches, corrupt, activations):
    state, (batch_size, rng) = optimiser.init(params), batches
    for epoch in range(1, epochs + 1):
        total = 0.0
        for rows in minibatches(len(x), batch_size, rng=rng):
            clean = x[rows]
            seen = clean if corrupt is None else corrupt(clean, rng=rng)
            done = loss_and_gradients(seen, params, target=clean, **activations)
            params, state = optimiser.update(params, done.gradients, state)
            total += done.loss * len(rows)
        yield Epoch(epoch, total / len(x), params)


def add_noise(x, scale, *, rng):
    """Add Gaussian noise to every entry.

    Parameters
    ----------
    x : array_like
        Data of any shape.
    scale : float
        Standard deviation of the noise, not negative.
    rng : numpy.random.Generator
        Source of the noise.

    Returns
    -------
    ndarray
        The corrupted data, in the shape of ``x``.

    Raises
    ------
    TypeError, ValueError
        If ``scale`` is negative or ``rng`` no generator.

    Examples
    --------
    >>> add_noise([1.0, 2.0], 0.1, rng=np.random.default_rng(0)).round(4)
    array([1.0126, 1.9868])
    """
    x, scale = array(x, "x"), number(scale, "scale", low=0)
    return x + scale * generator(rng).standard_normal(x.shape, x.dtype)


def mask(x, rate, *, rng):
    """Set a random part of the entries to 0.

    Parameters
    ----------
    x : array_like
        Data of any shape.
    rate : float
        Probability of each entry to be lost, from 0 to 1.
    rng : numpy.random.Generator
        Source of the choice.

    Returns
    -------
    ndarray
        The corrupted data, in the shape of ``x``.

    Raises
    ------
    TypeError, ValueError
        If ``rate`` is no probability or ``rng`` no generator.

    References
    ----------
    Vincent et al. 2008, :cite:`vincent2008`.

    Examples
    --------
    >>> mask([1.0, 2.0, 3.0, 4.0], 0.5, rng=np.random.default_rng(1))
    array([1., 2., 0., 4.])
    """
    x, rate = array(x, "x"), number(rate, "rate", low=0, high=1)
    return x * (generator(rng).random(x.shape) >= rate)


def salt_and_pepper(x, rate, *, rng, low=0.0, high=1.0):
    """Set a random part of the entries to the lowest or the highest value.

    Parameters
    ----------
    x : array_like
        Data of any shape.
    rate : float
        Probability of each entry to be lost, from 0 to 1.
    rng : numpy.random.Generator
        Source of the choice.
    low, high : float
        The two values, equally likely.

    Returns
    -------
    ndarray
        The corrupted data, in the shape of ``x``.

    Raises
    ------
    TypeError, ValueError
        If ``rate`` is no probability or ``rng`` no generator.

    References
    ----------
    Vincent et al. 2008, :cite:`vincent2008`.

    Examples
    --------
    >>> salt_and_pepper([0.5, 0.5, 0.5, 0.5], 0.5, rng=np.random.default_rng(3))
    array([0. , 0. , 0.5, 0.5])
    """
    x, rate = array(x, "x"), number(rate, "rate", low=0, high=1)
    low, high = number(low, "low"), number(high, "high")
    u = generator(rng).random(x.shape)
    return np.where(u < rate / 2, low, np.where(u < rate, high, x))


def _pair(x_hat, x):
    x_hat = array(x_hat, "x_hat", (..., "D"))
    return x_hat, like(x, "x", x_hat, "x_hat")
