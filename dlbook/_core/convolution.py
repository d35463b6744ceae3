r"""Convolution and correlation, of one image by the formula and of batches by matrices.

Copies of the image, each shifted by one column of the kernel, are stacked once; a shift
by one row is then a slice of that stack, and a convolution is one matrix product for
each row u of the kernel. Below the copies lies an image of ones, whose weight is b:

.. math:: y = b \, \mathbb{1}^\top + \sum_u W_u \, X_u , \qquad
   \frac{\partial L}{\partial W_u} = \frac{\partial L}{\partial y} X_u^\top , \qquad
   \frac{\partial L}{\partial X_u} \mathrel{+}= W_u^\top \frac{\partial L}{\partial y} .
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from dlbook._core import check
from dlbook._core.check import array, choice
from dlbook._core.types import ArrayLike, Pair
from dlbook._core.windows import Sweep, images, pad, sweep_over, taps, unpad

__all__ = [
    "ConvCache",
    "ConvGradients",
    "ConvTransposeCache",
    "conv2d",
    "conv2d_backward",
    "conv2d_forward",
    "conv_transpose2d",
    "conv_transpose2d_backward",
    "conv_transpose2d_forward",
    "convolve2d",
    "correlate2d",
]


class ConvCache(NamedTuple):
    """What `conv2d_forward` leaves for `conv2d_backward`."""

    columns: np.ndarray
    """Shifted copies of the padded image and ones, (N, kw * C + 1, H', W_out)."""
    w: np.ndarray
    shape: tuple[int, ...]
    """Shape of the feature maps."""
    sweep: Sweep


class ConvTransposeCache(NamedTuple):
    """What `conv_transpose2d_forward` leaves for `conv_transpose2d_backward`."""

    x: np.ndarray
    w: np.ndarray
    shape: tuple[int, ...]
    """Shape of the larger images."""
    sweep: Sweep
    """How a kernel moves over the larger image."""


class ConvGradients(NamedTuple):
    """Gradients of a convolution, in the shapes of its arguments."""

    dx: np.ndarray | None
    dw: np.ndarray
    db: np.ndarray


def correlate2d(image: ArrayLike, kernel: ArrayLike, mode: str = "valid") -> np.ndarray:
    r"""Slide a kernel over an image; add up the products at each place.

    .. math:: y_{ij} = \sum_m \sum_n I_{i+m,\,j+n} \, K_{mn}

    This is what a layer computes and what the source calls a convolution.

    Parameters
    ----------
    image : array_like of shape (H, W)
        The image I.
    kernel : array_like of shape (kh, kw)
        The kernel K, no larger than the image if ``mode`` is "valid".
    mode : {"valid", "full"}
        Places where the kernel lies within the image, or all where they overlap, with
        zeros around the image.

    Returns
    -------
    ndarray of shape (H - kh + 1, W - kw + 1), or with + for - if "full"
        The correlation.

    Raises
    ------
    ValueError
        If a shape does not fit, a number is not finite, or the mode is unknown.

    See Also
    --------
    convolve2d : with the kernel turned.

    Examples
    --------
    The source's example:

    >>> correlate2d([[1, 2, 0], [4, 5, 6], [7, 8, 9]], [[1, 0], [-1, 1]])
    array([[2., 3.],
           [5., 6.]])
    """
    return _correlate2d(*_image_and_kernel(image, kernel, mode))


def _correlate2d(image, kernel):
    sweep_over(image.shape, kernel.shape)
    windows = sliding_window_view(image, kernel.shape)
    return np.einsum("ijmn,mn->ij", windows, kernel)


def convolve2d(image: ArrayLike, kernel: ArrayLike, mode: str = "valid") -> np.ndarray:
    r"""Convolve an image with a kernel: correlate it with the kernel turned by 180°.

    .. math:: (I * K)_{ij} = \sum_m \sum_n I_{i-m,\,j-n} \, K_{mn}

    In mode "full" the indices run over all places where a product exists, and image
    and kernel may change places. Mode "valid" keeps the inner part.

    Parameters
    ----------
    image, kernel, mode
        As in `correlate2d`.

    Returns
    -------
    ndarray
        In the shape that `correlate2d` gives.

    Raises
    ------
    ValueError
        As in `correlate2d`.

    See Also
    --------
    correlate2d : what a layer computes.

    References
    ----------
    Dumoulin and Visin 2016, :cite:`dumoulin2016`.

    Examples
    --------
    >>> convolve2d([[1, 2, 0], [4, 5, 6], [7, 8, 9]], [[1, 0], [-1, 1]])
    array([[4., 8.],
           [7., 8.]])
    """
    image, kernel = _image_and_kernel(image, kernel, mode)
    return _correlate2d(image, kernel[::-1, ::-1])


def conv2d(
    x: ArrayLike,
    w: ArrayLike,
    b: ArrayLike | None = None,
    *,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] = 0,
    dilation: int | tuple[int, int] = 1,
) -> np.ndarray:
    r"""Apply a convolutional layer: every kernel sums over all input channels.

    .. math:: y_{o,ij} = b_o + \sum_c \sum_m \sum_n
       x_{c,\; s i + d m - p,\; s j + d n - p} \; w_{o,c,mn}

    Outside of the image x is 0.

    Parameters
    ----------
    x : array_like of shape (C, H, W) or (N, C, H, W)
        One image or a batch.
    w : array_like of shape (O, C, kh, kw)
        One kernel for each pair of an output and an input channel.
    b : array_like of shape (O,), optional
        One bias for each *output* channel; zero if not given.
    stride, padding, dilation : int or (int, int)
        Step s, cells of padding p at each side, and distance d between the cells of
        the kernel; a pair is (rows, columns).

    Returns
    -------
    ndarray of shape (O, H_out, W_out) or (N, O, H_out, W_out)
        The feature maps, of the size that `output_size` gives.

    Raises
    ------
    TypeError
        If a stride, padding or dilation is no integer or pair of integers.
    ValueError
        If one of these is too small, the kernel does not fit into the padded image, a
        shape does not fit or a number is not finite.

    See Also
    --------
    conv2d_forward : keeps what the backward pass needs.
    conv_transpose2d : the way back, as a layer.
    correlate2d : one image and one kernel.

    References
    ----------
    LeCun et al. 1989, :cite:`lecun1989`; dilation: Yu and Koltun 2015,
    :cite:`yu2015`.

    Examples
    --------
    >>> x = np.arange(9.0).reshape(1, 3, 3)
    >>> conv2d(x, [[[[0, 1], [2, 3]]]], [0.5])
    array([[[19.5, 25.5],
            [37.5, 43.5]]])
    """
    return conv_forward(*_checked(x, w, b, stride, padding, dilation))[0]


def conv2d_forward(
    x: ArrayLike,
    w: ArrayLike,
    b: ArrayLike | None = None,
    *,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] = 0,
    dilation: int | tuple[int, int] = 1,
) -> tuple[np.ndarray, ConvCache]:
    """Do as `conv2d` does, and keep what `conv2d_backward` needs.

    Parameters
    ----------
    x, w, b, stride, padding, dilation
        As in `conv2d`.

    Returns
    -------
    y : ndarray of shape (O, H_out, W_out) or (N, O, H_out, W_out)
        The feature maps.
    cache : ConvCache
        For `conv2d_backward`; it has copies of the images and of the kernels.

    Raises
    ------
    TypeError, ValueError
        As in `conv2d`.

    See Also
    --------
    conv2d_backward : carries a gradient back.

    Examples
    --------
    >>> x, w = np.arange(9.0).reshape(1, 3, 3), [[[[0, 1], [2, 3]]]]
    >>> y, cache = conv2d_forward(x, w)
    >>> y, cache.columns.shape
    (array([[[19., 25.],
            [37., 43.]]]), (1, 3, 3, 2))
    """
    y, cache = conv_forward(*_checked(x, w, b, stride, padding, dilation))
    return y, cache._replace(w=check.own(cache.w))


def _checked(
    x, w, b, stride, padding, dilation
) -> tuple[np.ndarray, np.ndarray, np.ndarray, Sweep]:
    x = images(x)
    w = array(w, "w", ("O", x.shape[-3], "kh", "kw"))
    b = np.zeros_like(w[:, 0, 0, 0]) if b is None else array(b, "b", w.shape[:1])
    sweep = sweep_over(x.shape[-2:], w.shape[-2:], stride, padding, dilation)
    return *check.common(x, w, b), sweep


def conv_forward(x, w, b, sweep):
    """Do as `conv2d_forward` does with arguments that are trusted, and share w."""
    columns = _columns(pad(x.reshape(-1, *x.shape[-3:]), sweep.padding), sweep)
    w_rows = _kernel_rows(w)
    y = np.column_stack((w_rows[0], b)) @ _row(columns, 0, sweep)
    term = np.empty_like(y)
    for u in range(1, len(w_rows)):
        y += np.matmul(w_rows[u], _row(columns[:, :-1], u, sweep), out=term)
    y = y.reshape(x.shape[:-3] + w.shape[:1] + sweep.out)
    return y, ConvCache(columns, w, y.shape, sweep)


def conv2d_backward(
    dy: ArrayLike, cache: ConvCache, *, wrt_x: bool = True
) -> ConvGradients:
    r"""Carry a gradient back through `conv2d`.

    Each product :math:`x\,w` of the forward sum sends :math:`x \, \partial L /
    \partial y` to its weight and :math:`w \, \partial L / \partial y` to its pixel.
    With stride 1, dilation 1 and no padding this is

    .. math::

       \frac{\partial L}{\partial w_{oc}} = x_c \star
       \frac{\partial L}{\partial y_o} , \qquad
       \frac{\partial L}{\partial x_c} = \sum_o
       \frac{\partial L}{\partial y_o} * w_{oc} , \qquad
       \frac{\partial L}{\partial b_o} = \sum_{ij}
       \frac{\partial L}{\partial y_{o,ij}} ,

    where :math:`\star` is the valid correlation and :math:`*` the full convolution.

    Parameters
    ----------
    dy : array_like of shape (O, H_out, W_out) or (N, O, H_out, W_out)
        Gradient of the loss with respect to the feature maps.
    cache : ConvCache
        What `conv2d_forward` returned.
    wrt_x : bool
        Whether the gradient of the images is wanted; a first layer can do without.

    Returns
    -------
    ConvGradients
        dx, dw and db. dw and db are summed over the batch; dx is None without
        ``wrt_x``.

    Raises
    ------
    TypeError
        If ``cache`` is not what `conv2d_forward` left.
    ValueError
        If ``dy`` does not have the shape of the feature maps.

    See Also
    --------
    conv2d_forward : leaves the cache.

    References
    ----------
    LeCun et al. 1989, :cite:`lecun1989`.

    Examples
    --------
    >>> x, w = np.arange(9.0).reshape(1, 3, 3), np.array([[[[0.0, 1.0], [2.0, 3.0]]]])
    >>> y, cache = conv2d_forward(x, w)
    >>> dx, dw, db = conv2d_backward(np.ones_like(y), cache)
    >>> dw[0, 0], db
    (array([[ 8., 12.],
           [20., 24.]]), array([4.]))
    >>> np.array_equal(dx[0], convolve2d(np.ones((2, 2)), w[0, 0], "full"))
    True
    """
    columns, w, shape, _ = check.cache(cache, ConvCache)
    dtype = getattr(columns, "dtype", None)
    return conv_backward(check.gradient(dy, "dy", shape, dtype, "y"), cache, wrt_x)


def conv_backward(dy, cache, wrt_x=True):
    """Do as `conv2d_backward` does with a gradient that is trusted."""
    columns, w, _, sweep = cache
    d = dy.reshape(len(columns), len(w), -1)
    d_t = d.swapaxes(1, 2)
    if len(w) >= 32:  # long rows: to copy them costs less than to read across them
        d_t = d_t.copy()
    dw = np.stack(
        [np.sum(_row(columns, u, sweep) @ d_t, axis=0) for u in range(w.shape[2])]
    )
    dw, db = dw[:, :-1], dw[0, -1]
    dw = dw.reshape(w.shape[2], w.shape[3], w.shape[1], len(w)).transpose(3, 2, 0, 1)
    dx = None
    if wrt_x:
        dx = _scattered(d, w, sweep)
        dx = dx.reshape(*dy.shape[:-3], *dx.shape[1:])
    return ConvGradients(dx, dw, db)


def conv_transpose2d(
    x: ArrayLike,
    w: ArrayLike,
    b: ArrayLike | None = None,
    *,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] = 0,
) -> np.ndarray:
    r"""Apply a transposed convolution: every pixel lays down a kernel.

    .. math:: y_{o,ab} = b_o + \sum_c \sum_{i,j}
       x_{c,ij} \; w_{c,o,\; a - s i + p,\; b - s j + p}, \qquad
       \text{out} = (n - 1)\,s + k - 2p

    Beyond its cells a kernel is 0.

    It carries values the way that `conv2d_backward` carries gradients: as a matrix it
    is the transpose of a convolution with the same kernels, stride and padding. With a
    stride of 2 it doubles an image, where a convolution halves one.

    Parameters
    ----------
    x : array_like of shape (C, H, W) or (N, C, H, W)
        One image or a batch.
    w : array_like of shape (C, O, kh, kw)
        One kernel for each pair of an *input* and an output channel.
    b : array_like of shape (O,), optional
        One bias for each output channel; zero if not given.
    stride, padding : int or (int, int)
        Step s from kernel to kernel in the output, and cells p that are cut off at each
        side; a pair is (rows, columns).

    Returns
    -------
    ndarray of shape (O, H_out, W_out) or (N, O, H_out, W_out)
        The larger images.

    Raises
    ------
    TypeError
        If a stride or padding is no integer or pair of integers.
    ValueError
        If one of these is too small, nothing is left between the paddings, a shape
        does not fit or a number is not finite.

    References
    ----------
    Dumoulin and Visin 2016, :cite:`dumoulin2016`.

    See Also
    --------
    conv2d : the convolution that this is the transpose of.
    conv_transpose2d_forward : keeps what the backward pass needs.

    Examples
    --------
    >>> conv_transpose2d([[[1, 2], [3, 4]]], [[[[1, 1], [1, 1]]]], stride=2)
    array([[[1., 1., 2., 2.],
            [1., 1., 2., 2.],
            [3., 3., 4., 4.],
            [3., 3., 4., 4.]]])
    """
    return _transposed(*_checked_transpose(x, w, b, stride, padding))


def conv_transpose2d_forward(
    x: ArrayLike,
    w: ArrayLike,
    b: ArrayLike | None = None,
    *,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] = 0,
) -> tuple[np.ndarray, ConvTransposeCache]:
    """Do as `conv_transpose2d` does, and keep what its backward pass needs.

    Parameters
    ----------
    x, w, b, stride, padding
        As in `conv_transpose2d`.

    Returns
    -------
    y : ndarray of shape (O, H_out, W_out) or (N, O, H_out, W_out)
        The larger images.
    cache : ConvTransposeCache
        For `conv_transpose2d_backward`; it has copies of the images and the kernels.

    Raises
    ------
    TypeError, ValueError
        As in `conv_transpose2d`.

    See Also
    --------
    conv_transpose2d_backward : carries a gradient back.

    Examples
    --------
    >>> y, cache = conv_transpose2d_forward(np.ones((1, 2, 2)), np.ones((1, 3, 2, 2)))
    >>> y.shape, cache.sweep.image
    ((3, 3, 3), (3, 3))
    """
    x, w, b, sweep = _checked_transpose(x, w, b, stride, padding)
    y = _transposed(x, w, b, sweep)
    return y, ConvTransposeCache(check.own(x), check.own(w), y.shape, sweep)


def conv_transpose2d_backward(
    dy: ArrayLike, cache: ConvTransposeCache, *, wrt_x: bool = True
) -> ConvGradients:
    r"""Carry a gradient back through `conv_transpose2d`: by a convolution.

    .. math::

       \frac{\partial L}{\partial x_{c,ij}} = \sum_{o,m,n}
       \frac{\partial L}{\partial y_{o,\; s i + m - p,\; s j + n - p}} \; w_{c,o,mn}

    Parameters
    ----------
    dy : array_like of shape (O, H_out, W_out) or (N, O, H_out, W_out)
        Gradient of the loss with respect to the larger images.
    cache : ConvTransposeCache
        What `conv_transpose2d_forward` returned beside them.
    wrt_x : bool
        Whether the gradient of the smaller images is wanted.

    Returns
    -------
    ConvGradients
        dx, dw and db. dw and db are summed over the batch; dx is None without
        ``wrt_x``.

    Raises
    ------
    TypeError
        If ``cache`` is not what `conv_transpose2d_forward` left.
    ValueError
        If ``dy`` does not have the shape of the larger images.

    See Also
    --------
    conv_transpose2d_forward : leaves the cache.

    Examples
    --------
    >>> y, cache = conv_transpose2d_forward(np.ones((1, 2, 2)), np.ones((1, 3, 2, 2)))
    >>> dx, dw, db = conv_transpose2d_backward(np.ones_like(y), cache)
    >>> dx[0], db
    (array([[12., 12.],
           [12., 12.]]), array([9., 9., 9.]))
    """
    x, w, shape, sweep = check.cache(cache, ConvTransposeCache)
    dy = check.gradient(dy, "dy", shape, getattr(x, "dtype", None), "y")
    dx, back = conv_forward(dy, w, np.zeros_like(w[:, 0, 0, 0]), sweep)
    dw = conv_backward(x, back, wrt_x=False).dw
    db = np.sum(dy.reshape(-1, *shape[-3:]), axis=(0, 2, 3))
    return ConvGradients(dx if wrt_x else None, dw, db)


def _checked_transpose(
    x, w, b, stride, padding
) -> tuple[np.ndarray, np.ndarray, np.ndarray, Sweep]:
    x = images(x)
    w = array(w, "w", (x.shape[-3], "O", "kh", "kw"))
    b = np.zeros_like(w[0, :, 0, 0]) if b is None else array(b, "b", w.shape[1:2])
    # As a convolution over one image the size of a kernel, for the settings' sake.
    pairs = sweep_over(w.shape[-2:], w.shape[-2:], stride, padding)
    image = tuple(
        (n - 1) * s + k - 2 * p
        for n, s, k, p in zip(
            x.shape[-2:], pairs.stride, w.shape[-2:], pairs.padding, strict=True
        )
    )
    if min(image) < 1:
        raise ValueError(
            f"padding: wanted less, for an output of {image} pixels, got {padding!r}"
        )
    sweep = sweep_over(image, w.shape[-2:], stride, padding)
    return *check.common(x, w, b), sweep


def _transposed(x, w, b, sweep):
    d = x.reshape(-1, len(w), x.shape[-2] * x.shape[-1])
    y = _scattered(d, w, sweep) + b[:, None, None]
    return y.reshape(*x.shape[:-3], *y.shape[1:])


def _image_and_kernel(image, kernel, mode) -> Pair:
    image, kernel = (
        array(image, "image", ("H", "W")),
        array(kernel, "kernel", ("kh", "kw")),
    )
    if choice(mode, "mode", ("valid", "full")) == "full":
        image = pad(image, (kernel.shape[0] - 1, kernel.shape[1] - 1))
    return image, kernel


def _kernel_rows(w):
    """Return one matrix (O, kw * C) for each row of the kernels."""
    return w.transpose(2, 0, 3, 1).reshape(w.shape[2], len(w), -1)


def _columns(x, sweep):
    """Stack a copy of the image for each column of the kernel, and ones below them."""
    n, c, height, _ = x.shape
    kw, width_out = sweep.kernel[1], sweep.out[1]
    columns = np.empty_like(x, shape=(n, kw * c + 1, height, width_out))
    for v in range(kw):
        columns[:, v * c : (v + 1) * c] = x[..., taps(sweep, 1, v)]
    columns[:, -1] = 1
    return columns


def _row(columns, u, sweep):
    """Return what row u of the kernel meets: a matrix with a column for each place."""
    return columns[:, :, taps(sweep, 0, u)].reshape(*columns.shape[:2], -1)


def _scattered(d, w, sweep):
    """Send each gradient back along the slices that the forward pass has read."""
    n, c, (_, kw), rows = len(d), w.shape[1], w.shape[2:], _kernel_rows(w)
    height, width = (m + 2 * p for m, p in zip(sweep.image, sweep.padding, strict=True))
    term = np.matmul(rows[0].T, d)
    d_columns = np.zeros_like(term, shape=(n, kw * c, height, sweep.out[1]))
    for u, w_u in enumerate(rows):
        read = d_columns[:, :, taps(sweep, 0, u)]
        term = term if u == 0 else np.matmul(w_u.T, d, out=term)
        read += term.reshape(read.shape)
    dx = np.zeros_like(d_columns, shape=(n, c, height, width))
    for v in range(kw):
        dx[..., taps(sweep, 1, v)] += d_columns[:, v * c : (v + 1) * c]
    return unpad(dx, sweep.padding)
