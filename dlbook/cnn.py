r"""Convolutional networks: one small kernel, slid over an image, is a layer.

What the field calls a convolution is a cross-correlation,

.. math:: y_{ij} = \sum_m \sum_n I_{i+m,\,j+n} \, K_{mn} ,

and so it is here: only `convolve2d` flips the kernel. Images are (C, H, W) or, in a
batch, (N, C, H, W).
"""

from typing import NamedTuple

import numpy as np

from dlbook._check import array, choice, floating, generator, integer
from dlbook._convolution import (
    ConvCache,
    ConvGradients,
    conv2d,
    conv2d_backward,
    conv2d_forward,
    convolve2d,
    correlate2d,
)
from dlbook._pooling import (
    AvgPoolCache,
    MaxPoolCache,
    avg_pool2d,
    avg_pool2d_backward,
    avg_pool2d_forward,
    max_pool2d,
    max_pool2d_backward,
    max_pool2d_forward,
)
from dlbook._windows import (
    ReceptiveField,
    Sweep,
    Window,
    images,
    output_size,
    receptive_field,
)
from dlbook.losses import cross_entropy_with_logits, d_cross_entropy_with_logits

__all__ = [
    "AvgPoolCache",
    "CNNParams",
    "CNNPass",
    "ConvCache",
    "ConvGradients",
    "ConvLayer",
    "DenseLayer",
    "LossAndGradients",
    "MaxPoolCache",
    "ReceptiveField",
    "Sweep",
    "Window",
    "avg_pool2d",
    "avg_pool2d_backward",
    "avg_pool2d_forward",
    "conv2d",
    "conv2d_backward",
    "conv2d_forward",
    "convolve2d",
    "correlate2d",
    "forward",
    "init_params",
    "loss_and_gradients",
    "max_pool2d",
    "max_pool2d_backward",
    "max_pool2d_forward",
    "output_size",
    "predict",
    "receptive_field",
]


class ConvLayer(NamedTuple):
    """Kernels (O, C, k, k) and biases (O,) of a convolution, or their gradients."""

    w: np.ndarray
    b: np.ndarray


class DenseLayer(NamedTuple):
    """Weights (K, D) and biases (K,) of the last layer, or their gradients."""

    W: np.ndarray
    b: np.ndarray


class CNNParams(NamedTuple):
    """Parameters of the small network, or their gradients."""

    convs: tuple[ConvLayer, ...]
    dense: DenseLayer


class CNNPass(NamedTuple):
    """Everything the small network computes on its way from image to logits."""

    logits: np.ndarray
    """(K,) or (N, K)."""
    maps: tuple[np.ndarray, ...]
    """Feature maps of each convolution, after relu."""
    pooled: tuple[np.ndarray, ...]
    """The same after max pooling."""
    caches: tuple[tuple[ConvCache, MaxPoolCache], ...]


class LossAndGradients(NamedTuple):
    """A loss, and its gradients in the shape of the parameters."""

    loss: np.ndarray
    gradients: CNNParams


def init_params(image, filters, classes, *, kernel=3, rng, dtype=np.float64):
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
    return CNNParams(tuple(convs), DenseLayer(*draw(1, classes, features)))


def forward(x, params):
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
        logits, maps, pooled, and the caches for the way back.

    Raises
    ------
    ValueError
        If a shape does not fit or a number is not finite.

    References
    ----------
    LeCun et al. 1998, :cite:`lecun1998`.

    Examples
    --------
    >>> params = init_params((1, 8, 8), (8, 16), 10, rng=np.random.default_rng(0))
    >>> run = forward(np.zeros((5, 1, 8, 8)), params)
    >>> run.logits.shape, [a.shape for a in run.pooled]
    ((5, 10), [(5, 8, 4, 4), (5, 16, 2, 2)])
    """
    x, maps, pooled, caches = images(x), [], [], []
    for w, b in params.convs:
        same = tuple(k // 2 for k in np.shape(w)[2:])
        z, conv = conv2d_forward(x, w, b, padding=same)
        maps.append(np.maximum(z, 0))
        x, pool = max_pool2d_forward(maps[-1], 2)
        pooled.append(x)
        caches.append((conv, pool))
    features = x.reshape(*x.shape[:-3], -1)
    W = array(params.dense.W, "W", ("K", features.shape[-1]))
    logits = features @ W.T + array(params.dense.b, "b", W.shape[:1])
    return CNNPass(logits, tuple(maps), tuple(pooled), tuple(caches))


def loss_and_gradients(x, y, params, reduction="mean"):
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
        As `forward` and the loss do.

    Examples
    --------
    >>> params = init_params((1, 8, 8), (4,), 10, rng=np.random.default_rng(0))
    >>> loss_and_gradients(np.zeros((2, 1, 8, 8)), [3, 7], params).loss.round(4)
    np.float64(2.3026)
    """
    choice(reduction, "reduction", ("mean", "sum"))
    run = forward(x, params)
    loss = cross_entropy_with_logits(run.logits, y, reduction)
    d = d_cross_entropy_with_logits(run.logits, y, reduction)
    features = run.pooled[-1] if run.pooled else array(x, "x")
    W, rows = params.dense.W, d.reshape(-1, d.shape[-1])
    dense = DenseLayer(rows.T @ features.reshape(len(rows), -1), np.sum(rows, axis=0))
    d, convs = (d @ W).reshape(features.shape), []
    for i in reversed(range(len(run.maps))):
        conv, pool = run.caches[i]
        d = max_pool2d_backward(d, pool) * (run.maps[i] > 0)
        d, dw, db = conv2d_backward(d, conv, wrt_x=i > 0)
        convs.append(ConvLayer(dw, db))
    return LossAndGradients(loss, CNNParams(tuple(reversed(convs)), dense))


def predict(x, params):
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
        As `forward` does.

    Examples
    --------
    >>> params = init_params((1, 8, 8), (4,), 10, rng=np.random.default_rng(0))
    >>> predict(np.zeros((2, 1, 8, 8)), params)
    array([0, 0])
    """
    return np.argmax(forward(x, params).logits, axis=-1)
