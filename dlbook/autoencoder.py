r"""The autoencoder: squeeze the input through a few numbers and rebuild it.

.. math:: h = \phi_h(W_e x + b_e), \qquad \hat x = \phi_{\hat x}(W_d h + b_d)

The encoder ends in tanh and the decoder in the sigmoid unless `init_params` is given
other names; both may have hidden layers. With the identity everywhere the autoencoder
is linear, and its error cannot be less than `dlbook.pca.pca_floor`.

There is one unit for every error here: the mean over the examples of the squared length
:math:`\lVert x - \hat x \rVert^2`. It is what is trained, plotted and compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from dlbook import backprop
from dlbook._core import check
from dlbook._core.check import array, generator, like, number
from dlbook._core.formulas import PHI
from dlbook._core.training import Epoch, epochs_of, schedule
from dlbook._core.tree import tree_map
from dlbook._core.types import ArrayLike, DTypeLike, Optimiser, Pair, Source
from dlbook.backprop import Gradients, Layer, LossAndGradients, MLPCache
from dlbook.pca import pca_floor

__all__ = [
    "LINEAR",
    "AECache",
    "AEParams",
    "add_noise",
    "autoencode",
    "autoencode_backward",
    "autoencode_forward",
    "d_reconstruction_error",
    "decode",
    "encode",
    "init_params",
    "loss_and_gradients",
    "mask",
    "pca_floor",
    "reconstruction_error",
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


def init_params(
    *sizes: int,
    hidden: str = "tanh",
    code: str = "tanh",
    output: str = "sigmoid",
    rng: Source,
    dtype: DTypeLike = np.float64,
) -> AEParams:
    """Draw an encoder from the input to the code, and a decoder that mirrors it.

    Parameters
    ----------
    *sizes : int
        Number of inputs, of units in each hidden layer of the encoder, of codes.
    hidden, code, output : str
        Activations of the hidden layers, of the code and of the output.
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

    See Also
    --------
    train : what learns them.

    Examples
    --------
    >>> params = init_params(64, 32, 2, rng=np.random.default_rng(0))
    >>> [layer.W.shape for layer in params.encoder + params.decoder]
    [(32, 64), (2, 32), (32, 2), (64, 32)]
    """
    check.choice(hidden, "hidden", PHI), check.choice(code, "code", PHI)
    names: dict[str, Any] = dict(hidden=hidden, rng=rng, dtype=dtype)
    encoder = backprop.init_params(*sizes, output=code, **names)
    decoder = backprop.init_params(*sizes[::-1], output=output, **names)
    return AEParams(encoder, decoder)


def encode(x: ArrayLike, params: AEParams) -> np.ndarray:
    r"""Return the code of an input, :math:`h = \phi_h(W_e x + b_e)`.

    Parameters
    ----------
    x : array_like of shape (D,) or (N, D)
        Inputs.
    params : AEParams
        Of which the encoder is used.

    Returns
    -------
    ndarray of shape (K,) or (N, K)
        The codes.

    Raises
    ------
    TypeError, ValueError
        As `dlbook.backprop.mlp` does.

    See Also
    --------
    decode : from the code back.

    References
    ----------
    Hinton and Salakhutdinov 2006, :cite:`hinton2006`.

    Examples
    --------
    >>> encoder = (Layer([[0.5, 0.4], [0.3, 0.2]], [0.1, -0.1], "tanh"),)
    >>> encode([1, 0.5], AEParams(encoder, ())).round(8)
    array([0.66403677, 0.29131261])
    """
    x = array(x, "x", (..., "D"))
    return backprop._forward(x, _layers(params, "encoder", x.shape[-1])).out


def decode(h: ArrayLike, params: AEParams) -> np.ndarray:
    r"""Return the reconstruction from a code, :math:`\hat x = \sigma(W_d h + b_d)`.

    Parameters
    ----------
    h : array_like of shape (K,) or (N, K)
        Codes.
    params : AEParams
        Of which the decoder is used.

    Returns
    -------
    ndarray of shape (D,) or (N, D)
        The reconstructions.

    Raises
    ------
    TypeError, ValueError
        As `dlbook.backprop.mlp` does.

    See Also
    --------
    encode : to the code.

    Examples
    --------
    >>> decoder = (Layer([[0.5, 0.3], [0.4, 0.2]], [0.2, 0.1], "sigmoid"),)
    >>> decode([0.66403677, 0.29131261], AEParams((), decoder)).round(8)
    array([0.65008484, 0.60441066])
    """
    h = array(h, "h", (..., "K"))
    return backprop._forward(h, _layers(params, "decoder", h.shape[-1])).out


def autoencode(x: ArrayLike, params: AEParams) -> np.ndarray:
    """Encode and decode.

    Parameters
    ----------
    x : array_like of shape (D,) or (N, D)
        Inputs.
    params : AEParams
        encoder and decoder.

    Returns
    -------
    ndarray of shape (D,) or (N, D)
        The reconstructions.

    Raises
    ------
    TypeError, ValueError
        As `dlbook.backprop.mlp` does.

    See Also
    --------
    autoencode_forward : keeps what the backward pass needs.

    Examples
    --------
    >>> identity = (Layer(np.eye(2), np.zeros(2), "identity"),)
    >>> autoencode([1.0, 0.5], AEParams(identity, identity))
    array([1. , 0.5])
    """
    return _forward(*_checked(x, params)).x_hat


def autoencode_forward(x: ArrayLike, params: AEParams) -> tuple[np.ndarray, AECache]:
    """Do as `autoencode` does, and keep what `autoencode_backward` needs.

    Parameters
    ----------
    x, params
        As in `autoencode`.

    Returns
    -------
    x_hat : ndarray of shape (D,) or (N, D)
        The reconstructions; a view that cannot be written to.
    cache : AECache
        For `autoencode_backward`; it has the code ``h``, and copies of the arguments.

    Raises
    ------
    TypeError, ValueError
        As in `autoencode`.

    See Also
    --------
    autoencode_backward : carries a gradient back.

    Examples
    --------
    >>> identity = (Layer(np.eye(2), np.zeros(2), "identity"),)
    >>> autoencode_forward([1.0, 0.5], AEParams(identity, identity))[1].h
    array([1. , 0.5])
    """
    cache = _forward(*tree_map(check.own, _checked(x, params)))
    return check.read_only(cache.x_hat), cache


def _forward(x, params) -> AECache:
    encoder = backprop._forward(x, params.encoder)
    return AECache(encoder, backprop._forward(encoder.out, params.decoder))


def autoencode_backward(
    d_x_hat: ArrayLike, cache: AECache, *, wrt_x: bool = True
) -> Gradients:
    """Carry a gradient back through `autoencode`.

    Parameters
    ----------
    d_x_hat : array_like of shape (D,) or (N, D)
        Gradient of the loss with respect to the reconstruction.
    cache : AECache
        What `autoencode_forward` returned beside the reconstruction.
    wrt_x : bool
        Whether the gradient of the input is wanted.

    Returns
    -------
    Gradients
        dx, (D,) or (N, D), or None without ``wrt_x``; and params, an AEParams of
        gradients, summed over the examples.

    Raises
    ------
    ValueError
        If ``d_x_hat`` does not have the shape of the reconstruction.

    See Also
    --------
    autoencode_forward : leaves the cache.

    Examples
    --------
    >>> identity = (Layer(np.eye(2), np.zeros(2), "identity"),)
    >>> x_hat, cache = autoencode_forward([1.0, 0.5], AEParams(identity, identity))
    >>> autoencode_backward([1.0, 0.0], cache).params.decoder[0].W
    array([[1. , 0.5],
           [0. , 0. ]])
    """
    x_hat = check.cache(cache, AECache).x_hat
    d_x_hat = like(d_x_hat, "d_x_hat", x_hat, "the reconstruction")
    return _backward(d_x_hat, cache, wrt_x)


def _backward(d_x_hat, cache, wrt_x=True):
    dh, decoder = backprop._backward(d_x_hat, cache.decoder)
    dx, encoder = backprop._backward(dh, cache.encoder, wrt_x)
    return Gradients(dx, AEParams(encoder, decoder))


def reconstruction_error(x_hat: ArrayLike, x: ArrayLike) -> float:
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

    See Also
    --------
    d_reconstruction_error : its derivative.

    Examples
    --------
    >>> reconstruction_error([[1.0, 2.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 1.0]])
    np.float64(3.0)
    """
    return _error(*_pair(x_hat, x))


def _error(x_hat, x):
    return np.sum((x - x_hat) ** 2) / (x_hat.size // x_hat.shape[-1])


def d_reconstruction_error(x_hat: ArrayLike, x: ArrayLike) -> np.ndarray:
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

    See Also
    --------
    reconstruction_error : what it differentiates.

    Examples
    --------
    >>> d_reconstruction_error([1.0, 2.0], [0.0, 0.0])
    array([2., 4.])
    """
    return _d_error(*_pair(x_hat, x))


def _d_error(x_hat, x):
    return 2 * (x_hat - x) / (x_hat.size // x_hat.shape[-1])


def loss_and_gradients(
    x: ArrayLike, params: AEParams, *, target: ArrayLike | None = None
) -> LossAndGradients:
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

    Returns
    -------
    LossAndGradients
        loss, and gradients as AEParams.

    Raises
    ------
    TypeError, ValueError
        As `autoencode` does, or if the target has another shape.

    See Also
    --------
    autoencode_backward : the gradients of any loss.
    train : steps along them.

    References
    ----------
    Vincent et al. 2008, :cite:`vincent2008`.

    Examples
    --------
    >>> identity = (Layer(np.eye(2), np.zeros(2), "identity"),)
    >>> params = AEParams(identity, identity)
    >>> loss_and_gradients([1.0, 0.5], params, target=[0.0, 0.5]).loss
    np.float64(1.0)
    """
    cache = _forward(*_checked(x, params))
    if target is None:
        target = cache.encoder.outputs[0]
    else:
        target = like(target, "target", cache.x_hat, "the reconstruction")
    return _loss_and_gradients(cache, target)


def _loss_and_gradients(cache, target):
    gradients = _backward(_d_error(cache.x_hat, target), cache, wrt_x=False).params
    return LossAndGradients(_error(cache.x_hat, target), gradients)


def train(
    x: ArrayLike,
    params: AEParams,
    optimiser: Optimiser,
    *,
    epochs: int,
    batch_size: int,
    rng: Source,
    corrupt: Callable | None = None,
) -> Iterator[Epoch]:
    """Yield an autoencoder after each epoch, and train it by minibatches on the way.

    Nothing is trained before the first epoch is asked for, by a loop or by ``list``;
    the arguments are checked at once.

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

    Returns
    -------
    iterator of Epoch
        One after each pass.

    Raises
    ------
    TypeError, ValueError
        If an argument does not fit, before anything is trained; and if what
        ``corrupt`` returns does not.

    See Also
    --------
    loss_and_gradients : what each step goes by.
    dlbook.backprop.train : the same for a network with targets.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(200, 1)) * [3.0, 4.0]
    >>> from dlbook.optim import Adam
    >>> settings = dict(epochs=40, batch_size=20, rng=rng)
    >>> params = init_params(2, 1, rng=rng, **LINEAR)
    >>> *_, last = train(x, params, Adam(lr=0.05), **settings)
    >>> bool(last.loss < 1e-3)
    True
    """
    x, params = _checked(x, params, "N")

    def step(rows, params):
        seen = clean = x[rows]
        if corrupt is not None:
            seen = like(corrupt(clean, rng=rng), "corrupt(x)", clean, "x")
        return _loss_and_gradients(_forward(seen, params), clean)

    return epochs_of(step, params, optimiser, schedule(len(x), epochs, batch_size, rng))


def add_noise(x: ArrayLike, scale: float, *, rng: Source) -> np.ndarray:
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

    See Also
    --------
    mask : sets entries to 0 instead.

    Examples
    --------
    >>> add_noise([1.0, 2.0], 0.1, rng=np.random.default_rng(0)).round(4)
    array([1.0126, 1.9868])
    """
    x, scale = array(x, "x"), number(scale, "scale", low=0)
    return x + scale * generator(rng).normal(size=x.shape).astype(x.dtype)


def mask(x: ArrayLike, rate: float, *, rng: Source) -> np.ndarray:
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

    See Also
    --------
    add_noise : adds to every entry instead.

    References
    ----------
    Vincent et al. 2008, :cite:`vincent2008`.

    Examples
    --------
    >>> mask([1.0, 2.0, 3.0, 4.0], 0.5, rng=np.random.default_rng(1))
    array([1., 2., 0., 4.])
    """
    x, rate = array(x, "x"), number(rate, "rate", low=0, high=1)
    return x * (generator(rng).uniform(size=x.shape) >= rate)


def _checked(x, params, rows=...) -> tuple[np.ndarray, AEParams]:
    x = array(x, "x", (rows, "D"))
    encoder = _layers(params, "encoder", x.shape[-1])
    decoder = _layers(params, "decoder", len(encoder[-1].b))
    if len(decoder[-1].b) != x.shape[-1]:
        wanted, got = x.shape[-1], len(decoder[-1].b)
        raise ValueError(
            f"decoder: wanted {wanted} outputs as x has entries, got {got}"
        )
    return x, AEParams(encoder, decoder)


def _layers(params, name, width):
    if not isinstance(params, AEParams):
        raise TypeError(f"params: wanted an AEParams, got {type(params).__name__}")
    return backprop._layers(getattr(params, name), width, name)


def _pair(x_hat, x) -> Pair:
    x_hat = array(x_hat, "x_hat", (..., "D"))
    return x_hat, like(x, "x", x_hat, "x_hat")
