r"""Convolutional networks: one small kernel, slid over an image, is a layer.

What the field calls a convolution is a cross-correlation,

.. math:: y_{ij} = \sum_m \sum_n I_{i+m,\,j+n} \, K_{mn} ,

and so it is here: only `convolve2d` flips the kernel. Images are (C, H, W) or, in a
batch, (N, C, H, W).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from dlbook import losses
from dlbook._core import check, publish
from dlbook._core.check import array, floating, generator, integer
from dlbook._core.convolution import (
    ConvCache,
    ConvGradients,
    ConvTransposeCache,
    conv2d,
    conv2d_backward,
    conv2d_forward,
    conv_backward,
    conv_forward,
    conv_transpose2d,
    conv_transpose2d_backward,
    conv_transpose2d_forward,
    convolve2d,
    correlate2d,
)
from dlbook._core.pooling import (
    AvgPoolCache,
    MaxPoolCache,
    avg_pool2d,
    avg_pool2d_backward,
    avg_pool2d_forward,
    max_backward,
    max_forward,
    max_pool2d,
    max_pool2d_backward,
    max_pool2d_forward,
    pool_sweep,
)
from dlbook._core.tree import tree_map
from dlbook._core.types import ArrayLike, DTypeLike, Source
from dlbook._core.windows import (
    ReceptiveField,
    Sweep,
    Window,
    images,
    output_size,
    receptive_field,
    sweep_over,
)
from dlbook.backprop import Gradients, Layer, LossAndGradients

__all__ = [
    "AvgPoolCache",
    "CNNCache",
    "CNNParams",
    "CNNPass",
    "ConvCache",
    "ConvGradients",
    "ConvLayer",
    "ConvTransposeCache",
    "MaxPoolCache",
    "ReceptiveField",
    "Sweep",
    "Window",
    "avg_pool2d",
    "avg_pool2d_backward",
    "avg_pool2d_forward",
    "cnn",
    "cnn_backward",
    "cnn_forward",
    "conv2d",
    "conv2d_backward",
    "conv2d_forward",
    "conv_transpose2d",
    "conv_transpose2d_backward",
    "conv_transpose2d_forward",
    "convolve2d",
    "correlate2d",
    "init_params",
    "loss_and_gradients",
    "max_pool2d",
    "max_pool2d_backward",
    "max_pool2d_forward",
    "output_size",
    "predict",
    "receptive_field",
]
publish(globals())


class ConvLayer(NamedTuple):
    """Kernels (O, C, k, k) and biases (O,) of a convolution, or their gradients."""

    w: np.ndarray
    b: np.ndarray


class CNNParams(NamedTuple):
    """Parameters of the small network, or their gradients."""

    convs: tuple[ConvLayer, ...]
    dense: Layer


class CNNPass(NamedTuple):
    """Everything the small network computes on its way from image to logits."""

    logits: np.ndarray
    """(K,) or (N, K)."""
    maps: tuple[np.ndarray, ...]
    """Feature maps of each convolution, after relu."""
    pooled: tuple[np.ndarray, ...]
    """The same after max pooling."""


class CNNCache(NamedTuple):
    """What `cnn_forward` leaves for `cnn_backward`."""

    blocks: tuple[tuple[ConvCache, np.ndarray, MaxPoolCache], ...]
    """For each block: of the convolution, where relu lets through, of the pooling."""
    features: np.ndarray
    """What the dense layer reads, (..., D)."""
    shape: tuple[int, ...]
    """Shape of the features as images."""
    dense: Layer


def init_params(
    image: tuple[int, int, int],
    filters: Sequence[int],
    classes: int,
    *,
    kernel: int = 3,
    rng: Source,
    dtype: DTypeLike = np.float64,
) -> CNNParams:
    r"""Draw the parameters of a small network for images.

    Each block is a convolution that keeps the size, relu, and 2x2 max pooling; a dense
    layer follows. The weights of a unit with n inputs are normal with variance 2 / n
    before a relu and 1 / n in the dense layer; the biases are 0.

    Parameters
    ----------
    image : (int, int, int)
        Shape (C, H, W) of an image.
    filters : sequence of int
        Number of output channels of each block.
    classes : int
        Number of logits.
    kernel : int
        Side of the kernels, odd.
    rng : numpy.random.Generator
        Source of the draws.
    dtype : dtype
        float32 or float64.

    Returns
    -------
    CNNParams
        convs and dense.

    Raises
    ------
    TypeError
        If a size is no integer, ``rng`` no generator, or ``dtype`` no float type.
    ValueError
        If a size is too small, the kernel is even, or the image has no pixel left
        after so many poolings.

    See Also
    --------
    cnn_forward : what uses them.

    References
    ----------
    He et al. 2015, :cite:`he2015`.

    Examples
    --------
    >>> params = init_params((1, 8, 8), (8, 16), 10, rng=np.random.default_rng(0))
    >>> [layer.w.shape for layer in params.convs], params.dense.W.shape
    ([(8, 1, 3, 3), (16, 8, 3, 3)], (10, 64))
    """
    rng, dtype = generator(rng), floating(dtype)
    channels, *side = [integer(n, f"image[{i}]", low=1) for i, n in enumerate(image)]
    filters = [integer(n, f"filters[{i}]", low=1) for i, n in enumerate(filters)]
    classes, kernel = integer(classes, "classes", low=1), integer(kernel, "kernel", 1)
    if kernel % 2 == 0:
        raise ValueError(f"kernel: wanted an odd number, got {kernel}")
    size = [n // 2 ** len(filters) for n in side]
    if len(size) != 2 or min(size) < 1:
        least = 2 ** len(filters)
        raise ValueError(
            f"image: wanted (C, H, W) with H, W >= {least}, got {tuple(image)}"
        )

    def draw(gain, *shape):
        scale = np.sqrt(gain / np.prod(shape[1:]))
        return (scale * rng.normal(size=shape)).astype(dtype), np.zeros(shape[0], dtype)

    convs = []
    for n_in, n_out in zip([channels, *filters], filters, strict=False):
        convs.append(ConvLayer(*draw(2, n_out, n_in, kernel, kernel)))
    features = [channels, *filters][-1] * size[0] * size[1]
    W, b = draw(1, classes, features)
    return CNNParams(tuple(convs), Layer(W, b, "identity"))


def cnn(x: ArrayLike, params: CNNParams) -> CNNPass:
    r"""Run the small network from images to logits.

    .. math::

       a_l = \operatorname{relu}(w_l \star x_{l-1} + b_l), \qquad
       x_l = \operatorname{maxpool}(a_l), \qquad
       \text{logits} = W x_L + b

    Parameters
    ----------
    x : array_like of shape (C, H, W) or (N, C, H, W)
        One image or a batch.
    params : CNNParams
        From `init_params`.

    Returns
    -------
    CNNPass
        logits, maps and pooled.

    Raises
    ------
    ValueError
        If a shape does not fit or a number is not finite.

    References
    ----------
    LeCun et al. 1998, :cite:`lecun1998`.

    See Also
    --------
    cnn_forward : keeps what the backward pass needs.

    Examples
    --------
    >>> params = init_params((1, 8, 8), (8, 16), 10, rng=np.random.default_rng(0))
    >>> run = cnn(np.zeros((5, 1, 8, 8)), params)
    >>> run.logits.shape, [a.shape for a in run.pooled]
    ((5, 10), [(5, 8, 4, 4), (5, 16, 2, 2)])
    """
    return _forward(*_checked(x, params))[0]


def cnn_forward(x: ArrayLike, params: CNNParams) -> tuple[CNNPass, CNNCache]:
    """Do as `cnn` does, and keep what `cnn_backward` needs.

    Parameters
    ----------
    x, params
        As in `cnn`.

    Returns
    -------
    run : CNNPass
        What `cnn` returns.
    cache : CNNCache
        For `cnn_backward`; nothing in it changes when the arguments or the pass do.

    Raises
    ------
    TypeError, ValueError
        As in `cnn`.

    See Also
    --------
    cnn_backward : carries a gradient back.

    Examples
    --------
    >>> params = init_params((1, 8, 8), (4,), 10, rng=np.random.default_rng(0))
    >>> run, cache = cnn_forward(np.zeros((5, 1, 8, 8)), params)
    >>> cache.features.shape
    (5, 64)
    """
    x, params = _checked(x, params)
    run, cache = _forward(x, tree_map(check.own, params))
    return run, cache._replace(features=check.own(cache.features))


def _forward(x, params):
    maps, pooled, blocks = [], [], []
    for w, b in params.convs:
        same = tuple(k // 2 for k in w.shape[2:])
        sweep = sweep_over(x.shape[-2:], w.shape[-2:], 1, same)
        z, conv = conv_forward(x, w, b, sweep)
        maps.append(np.maximum(z, 0))
        x, pool = max_forward(maps[-1], pool_sweep(z, 2))
        pooled.append(x)
        blocks.append((conv, z > 0, pool))
    W, b, _ = params.dense
    features = x.reshape(*x.shape[:-3], -1)
    run = CNNPass(features @ W.T + b, tuple(maps), tuple(pooled))
    return run, CNNCache(tuple(blocks), features, x.shape, params.dense)


def cnn_backward(
    d_logits: ArrayLike, cache: CNNCache, *, wrt_x: bool = True
) -> Gradients:
    """Carry a gradient back through `cnn`.

    Parameters
    ----------
    d_logits : array_like of shape (K,) or (N, K)
        Gradient of the loss with respect to the logits.
    cache : CNNCache
        What `cnn_forward` returned beside the pass.
    wrt_x : bool
        Whether the gradient of the images is wanted.

    Returns
    -------
    Gradients
        dx, in the shape of the images, or None without ``wrt_x``; and params, a
        CNNParams of gradients, summed over the images.

    Raises
    ------
    TypeError
        If ``cache`` is not what `cnn_forward` left.
    ValueError
        If ``d_logits`` does not have the shape of the logits.

    See Also
    --------
    cnn_forward : leaves the cache.

    Examples
    --------
    >>> params = init_params((1, 8, 8), (4,), 10, rng=np.random.default_rng(0))
    >>> run, cache = cnn_forward(np.ones((1, 8, 8)), params)
    >>> dx, gradients = cnn_backward(np.ones(10), cache)
    >>> dx.shape, gradients.convs[0].w.shape
    ((1, 8, 8), (4, 1, 3, 3))
    """
    features = check.cache(cache, CNNCache).features
    shape = (*features.shape[:-1], len(cache.dense.b))
    d = check.gradient(d_logits, "d_logits", shape, features.dtype, "logits")
    return _backward(d, cache, wrt_x)


def _backward(d, cache, wrt_x=True):
    W, rows = cache.dense.W, d.reshape(-1, d.shape[-1])
    dW = rows.T @ cache.features.reshape(len(rows), -1)
    dense = Layer(dW, np.sum(rows, axis=0), cache.dense.phi)
    d, convs = (d @ W).reshape(cache.shape), []
    for i in reversed(range(len(cache.blocks))):
        conv, active, pool = cache.blocks[i]
        dz = max_backward(d, pool) * active
        d, dw, db = conv_backward(dz, conv, wrt_x or i > 0)
        convs.append(ConvLayer(dw, db))
    return Gradients(d, CNNParams(tuple(reversed(convs)), dense))


def loss_and_gradients(
    x: ArrayLike, y: ArrayLike, params: CNNParams, *, reduction: str = "mean"
) -> LossAndGradients:
    """Return the cross-entropy of the small network on some images, and its gradients.

    Parameters
    ----------
    x : array_like of shape (C, H, W) or (N, C, H, W)
        One image or a batch.
    y : array_like of int of shape () or (N,)
        Class of each image.
    params : CNNParams
        From `init_params`.
    reduction : {"mean", "sum"}
        What becomes of the losses of the images.

    Returns
    -------
    LossAndGradients
        loss and gradients.

    Raises
    ------
    TypeError, ValueError
        As `cnn` and the loss do.

    See Also
    --------
    cnn_backward : the gradients of any loss.

    Examples
    --------
    >>> params = init_params((1, 8, 8), (4,), 10, rng=np.random.default_rng(0))
    >>> loss_and_gradients(np.zeros((2, 1, 8, 8)), [3, 7], params).loss.round(4)
    np.float64(2.3026)
    """
    check.choice(reduction, "reduction", ("mean", "sum"))
    run, cache = _forward(*_checked(x, params))
    entropy = "cross_entropy_with_logits"
    y = losses.targets(entropy, y, run.logits)
    loss, d_logits = losses.value_and_slope(entropy, run.logits, y, reduction)
    return LossAndGradients(loss, _backward(d_logits, cache, wrt_x=False).params)


def predict(x: ArrayLike, params: CNNParams) -> np.ndarray:
    """Return the class with the largest logit.

    Parameters
    ----------
    x : array_like of shape (C, H, W) or (N, C, H, W)
        One image or a batch.
    params : CNNParams
        From `init_params`.

    Returns
    -------
    ndarray of int of shape () or (N,)
        The classes; the first of equals.

    Raises
    ------
    ValueError
        As `cnn` does.

    See Also
    --------
    cnn : the logits that it compares.

    Examples
    --------
    >>> params = init_params((1, 8, 8), (4,), 10, rng=np.random.default_rng(0))
    >>> predict(np.zeros((2, 1, 8, 8)), params)
    array([0, 0])
    """
    return np.argmax(cnn(x, params).logits, axis=-1)


def _checked(x, params) -> tuple[np.ndarray, CNNParams]:
    """Check images and a network, which must fit to each other from end to end."""
    if not isinstance(params, CNNParams):
        raise TypeError(f"params: wanted CNNParams, got {type(params).__name__}")
    x, convs = images(x), []
    channels, height, width = x.shape[-3:]
    wanted = np.shape(params.convs[0].w)[1:2] if params.convs else ()
    if wanted and wanted != (channels,):
        raise ValueError(
            f"x: wanted images (..., C, H, W) of C = {wanted[0]} channels, as"
            f" convs[0].w has, got {x.shape}"
        )
    for i, (w, b) in enumerate(params.convs):
        w = array(w, f"convs[{i}].w", ("O", channels, "kh", "kw"))
        channels, height, width = len(w), height // 2, width // 2
        convs.append(ConvLayer(w, array(b, f"convs[{i}].b", (channels,))))
    W, b, phi = params.dense
    W = array(W, "dense.W", ("K", channels * height * width))
    b = array(b, "dense.b", W.shape[:1])
    check.choice(phi, "dense.phi", ("identity",))
    return x, CNNParams(tuple(convs), Layer(W, b, phi))
