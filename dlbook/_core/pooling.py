"""Pooling: one number for each window, the largest or the average."""

from __future__ import annotations

from functools import reduce
from typing import NamedTuple

import numpy as np

from dlbook._core import check
from dlbook._core.types import ArrayLike
from dlbook._core.windows import Sweep, cells, images, pad, sweep_over, unpad

__all__ = [
    "AvgPoolCache",
    "MaxPoolCache",
    "avg_pool2d",
    "avg_pool2d_backward",
    "avg_pool2d_forward",
    "max_pool2d",
    "max_pool2d_backward",
    "max_pool2d_forward",
]


class MaxPoolCache(NamedTuple):
    """What `max_pool2d_forward` leaves for `max_pool2d_backward`."""

    winners: np.ndarray
    """Which cell of its window each largest value came from, in reading order."""
    dtype: np.dtype
    sweep: Sweep


class AvgPoolCache(NamedTuple):
    """What `avg_pool2d_forward` leaves for `avg_pool2d_backward`."""

    counts: np.ndarray
    """Cells that each window divides by."""
    shape: tuple[int, ...]
    dtype: np.dtype
    sweep: Sweep


def max_pool2d(
    x: ArrayLike,
    kernel: int | tuple[int, int],
    *,
    stride: int | tuple[int, int] | None = None,
    padding: int | tuple[int, int] = 0,
) -> np.ndarray:
    r"""Keep the largest value of each window.

    .. math:: y_{c,ij} = \max_{m,n} \; x_{c,\; s i + m - p,\; s j + n - p}

    Padding never wins: it counts as minus infinity.

    Parameters
    ----------
    x : array_like of shape (C, H, W) or (N, C, H, W)
        One image or a batch.
    kernel : int or (int, int)
        Size of the window; a pair is (rows, columns).
    stride : int or (int, int), optional
        Step from one window to the next; the window's size if not given.
    padding : int or (int, int)
        Cells of padding at each side, at most half of the window.

    Returns
    -------
    ndarray of shape (C, H_out, W_out) or (N, C, H_out, W_out)
        The largest values.

    Raises
    ------
    TypeError
        If a size is no integer or pair of integers.
    ValueError
        If a size is out of its range, the window does not fit into the padded image,
        ``x`` is no image or a number is not finite.

    See Also
    --------
    max_pool2d_forward : keeps what the backward pass needs.
    avg_pool2d : the average of each window.

    References
    ----------
    Dumoulin and Visin 2016, :cite:`dumoulin2016`.

    Examples
    --------
    >>> max_pool2d([[[1, 2, 0, 3], [4, 5, 6, 1]]], 2)
    array([[[5., 6.]]])
    """
    x, sweep = _pooling(x, kernel, stride, padding)
    return _largest(pad(x, sweep.padding, -np.inf), sweep)


def max_pool2d_forward(
    x: ArrayLike,
    kernel: int | tuple[int, int],
    *,
    stride: int | tuple[int, int] | None = None,
    padding: int | tuple[int, int] = 0,
) -> tuple[np.ndarray, MaxPoolCache]:
    """Do as `max_pool2d` does, and keep what `max_pool2d_backward` needs.

    Parameters
    ----------
    x, kernel, stride, padding
        As in `max_pool2d`.

    Returns
    -------
    y : ndarray of shape (C, H_out, W_out) or (N, C, H_out, W_out)
        The largest values.
    cache : MaxPoolCache
        For `max_pool2d_backward`.

    Raises
    ------
    TypeError, ValueError
        As in `max_pool2d`.

    See Also
    --------
    max_pool2d_backward : carries a gradient back.

    Examples
    --------
    >>> y, cache = max_pool2d_forward([[[1, 2, 0, 3], [4, 5, 6, 1]]], 2)
    >>> y, cache.winners
    (array([[[5., 6.]]]), array([[[3, 2]]], dtype=uint8))
    """
    return max_forward(*_pooling(x, kernel, stride, padding))


def _largest(x, sweep):
    y = reduce(np.maximum, (x[cell] for cell in cells(sweep)))
    return y if sweep.kernel != (1, 1) else +y


def max_forward(x, sweep):
    x = pad(x, sweep.padding, -np.inf)
    y = _largest(x, sweep)
    *most, _ = cells(sweep)
    symbolic = getattr(y, "symbolic", False)
    small = np.intp if symbolic else np.min_scalar_type(len(most))
    winners, waiting = np.zeros(y.shape, small), True
    for cell in most:  # count the cells before the first that is the largest
        waiting = (x[cell] != y) & waiting
        winners = winners + waiting
    return y, MaxPoolCache(winners, y.dtype, sweep)


def max_pool2d_backward(dy: ArrayLike, cache: MaxPoolCache) -> np.ndarray:
    r"""Carry a gradient back through `max_pool2d`: all of it goes to the maximum.

    .. math:: \frac{\partial L}{\partial x_{ab}} = \sum_{ij}
       \frac{\partial L}{\partial y_{ij}} \, [\, (a, b) \text{ is the place of } y_{ij}
       \,]

    If a window has several equal maxima, the first one in reading order is the place.

    Parameters
    ----------
    dy : array_like of shape (C, H_out, W_out) or (N, C, H_out, W_out)
        Gradient of the loss with respect to the largest values.
    cache : MaxPoolCache
        What `max_pool2d_forward` returned.

    Returns
    -------
    ndarray of shape (C, H, W) or (N, C, H, W)
        Gradient of the images.

    Raises
    ------
    TypeError
        If ``cache`` is not what the forward pass left.
    ValueError
        If ``dy`` does not have the shape of the largest values.

    See Also
    --------
    max_pool2d_forward : leaves the cache.

    Examples
    --------
    >>> y, cache = max_pool2d_forward([[[1, 6, 0, 3], [6, 5, 2, 3]]], 2)
    >>> max_pool2d_backward([[[1.0, 2.0]]], cache)
    array([[[0., 1., 0., 2.],
            [0., 0., 0., 0.]]])
    """
    winners, dtype, _ = check.cache(cache, MaxPoolCache)
    return max_backward(check.gradient(dy, "dy", winners.shape, dtype, "y"), cache)


def max_backward(dy, cache):
    winners, _, sweep = cache
    apart = all(s >= k for s, k in zip(sweep.stride, sweep.kernel, strict=True))
    dx = np.zeros_like(
        dy[..., :1, :1] * winners[..., :1, :1], shape=(*dy.shape[:-2], *_padded(sweep))
    )
    for k, cell in enumerate(cells(sweep)):
        if apart:
            np.multiply(dy, winners == k, out=dx[cell])
        else:
            dx[cell] += dy * (winners == k)
    return unpad(dx, sweep.padding)


def _padded(sweep):
    return (n + 2 * p for n, p in zip(sweep.image, sweep.padding, strict=True))


def avg_pool2d(
    x: ArrayLike,
    kernel: int | tuple[int, int],
    *,
    stride: int | tuple[int, int] | None = None,
    padding: int | tuple[int, int] = 0,
    count_padding: bool = True,
) -> np.ndarray:
    r"""Average each window.

    .. math:: y_{c,ij} = \frac{1}{M_{ij}} \sum_{m,n} x_{c,\; s i + m - p,\; s j + n - p}

    Outside of the image x is 0. :math:`M_{ij}` is the number of cells of the window:
    all of them if the padding counts, else those within the image.

    Parameters
    ----------
    x, kernel, stride, padding
        As in `max_pool2d`.
    count_padding : bool
        Whether padding counts. If it does, averages at the border are drawn to 0.

    Returns
    -------
    ndarray of shape (C, H_out, W_out) or (N, C, H_out, W_out)
        The averages.

    Raises
    ------
    TypeError, ValueError
        As in `max_pool2d`.

    See Also
    --------
    avg_pool2d_forward : keeps what the backward pass needs.
    max_pool2d : the largest of each window.

    References
    ----------
    LeCun et al. 1998, :cite:`lecun1998`.

    Examples
    --------
    >>> avg_pool2d([[[1, 2, 0, 3], [4, 5, 6, 1]]], 2)
    array([[[3. , 2.5]]])
    >>> avg_pool2d([[[4, 4], [4, 4]]], 2, padding=1, count_padding=False)
    array([[[4., 4.],
            [4., 4.]]])
    """
    return avg_pool2d_forward(
        x, kernel, stride=stride, padding=padding, count_padding=count_padding
    )[0]


def avg_pool2d_forward(
    x: ArrayLike,
    kernel: int | tuple[int, int],
    *,
    stride: int | tuple[int, int] | None = None,
    padding: int | tuple[int, int] = 0,
    count_padding: bool = True,
) -> tuple[np.ndarray, AvgPoolCache]:
    """Do as `avg_pool2d` does, and keep what `avg_pool2d_backward` needs.

    Parameters
    ----------
    x, kernel, stride, padding, count_padding
        As in `avg_pool2d`.

    Returns
    -------
    y : ndarray of shape (C, H_out, W_out) or (N, C, H_out, W_out)
        The averages.
    cache : AvgPoolCache
        For `avg_pool2d_backward`.

    Raises
    ------
    TypeError, ValueError
        As in `avg_pool2d`.

    See Also
    --------
    avg_pool2d_backward : carries a gradient back.

    Examples
    --------
    >>> y, cache = avg_pool2d_forward([[[1, 2, 0, 3], [4, 5, 6, 1]]], 2)
    >>> y, cache.counts
    (array([[[3. , 2.5]]]), array([[4., 4.]]))
    """
    x, sweep = _pooling(x, kernel, stride, padding)
    inside = pad(np.ones(sweep.image, x.dtype), sweep.padding, float(count_padding))
    counts = sum(inside[cell] for cell in cells(sweep))
    padded = pad(x, sweep.padding)
    y = sum(padded[cell] for cell in cells(sweep)) / counts
    return y, AvgPoolCache(counts, y.shape, y.dtype, sweep)


def avg_pool2d_backward(dy: ArrayLike, cache: AvgPoolCache) -> np.ndarray:
    r"""Carry a gradient back through `avg_pool2d`: each cell gets an equal share.

    .. math:: \frac{\partial L}{\partial x_{ab}} = \sum_{ij} \frac{1}{M_{ij}}
       \frac{\partial L}{\partial y_{ij}} \, [\, (a, b) \text{ is in window } ij \,]

    Parameters
    ----------
    dy : array_like of shape (C, H_out, W_out) or (N, C, H_out, W_out)
        Gradient of the loss with respect to the averages.
    cache : AvgPoolCache
        What `avg_pool2d_forward` returned.

    Returns
    -------
    ndarray of shape (C, H, W) or (N, C, H, W)
        Gradient of the images.

    Raises
    ------
    TypeError
        If ``cache`` is not what the forward pass left.
    ValueError
        If ``dy`` does not have the shape of the averages.

    See Also
    --------
    avg_pool2d_forward : leaves the cache.

    Examples
    --------
    >>> y, cache = avg_pool2d_forward([[[1, 2, 0, 3], [4, 5, 6, 1]]], 2)
    >>> avg_pool2d_backward([[[4.0, 8.0]]], cache)
    array([[[1., 1., 2., 2.],
            [1., 1., 2., 2.]]])
    """
    counts, shape, dtype, sweep = check.cache(cache, AvgPoolCache)
    share = check.gradient(dy, "dy", shape, dtype, "y") / counts
    dx = np.zeros_like(share, shape=(*shape[:-2], *_padded(sweep)))
    for cell in cells(sweep):
        dx[cell] += share
    return unpad(dx, sweep.padding)


def _pooling(x, kernel, stride, padding) -> tuple[np.ndarray, Sweep]:
    x = images(x)
    return x, pool_sweep(x, kernel, stride, padding)


def pool_sweep(x, kernel, stride=None, padding=0):
    """Check how a window moves; none may lie in the padding alone."""
    stride = kernel if stride is None else stride
    sweep = sweep_over(x.shape[-2:], kernel, stride, padding)
    for k, p in zip(sweep.kernel, sweep.padding, strict=True):
        if 2 * p > k:
            raise ValueError(f"padding: wanted at most half of kernel {k}, got {p}")
    return sweep
