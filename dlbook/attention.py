r"""Attention: each query reads from all values, by how well it agrees with their keys.

.. math:: Y = A V, \qquad
   A = \operatorname{softmax}\Bigl(\frac{Q K^\top}{\sqrt d}\Bigr)

A recurrent state carries the past from step to step; attention reaches any step at
once. The inner product of two random vectors of length d has the standard deviation
:math:`\sqrt d`, and dividing by it keeps the softmax from saturating.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dlbook._core import check
from dlbook._core.check import array
from dlbook._core.formulas import softmax, softmax_backward
from dlbook._core.types import ArrayLike

__all__ = [
    "AttentionCache",
    "AttentionGradients",
    "attention",
    "attention_backward",
    "attention_forward",
]


class AttentionCache(NamedTuple):
    """What `attention_forward` leaves for `attention_backward`."""

    Q: np.ndarray
    K: np.ndarray
    V: np.ndarray
    weights: np.ndarray
    """A (..., T, S): how much each query reads of each value; a row sums to 1."""


class AttentionGradients(NamedTuple):
    """Gradients of the queries, keys and values."""

    dQ: np.ndarray
    dK: np.ndarray
    dV: np.ndarray


def attention(
    Q: ArrayLike, K: ArrayLike, V: ArrayLike, *, mask: ArrayLike | None = None
) -> np.ndarray:
    r"""Read from values by the agreement of queries with keys.

    .. math:: y_t = \sum_s A_{ts} v_s, \qquad A_{ts} =
       \frac{e^{q_t \cdot k_s / \sqrt d}}{\sum_{s'} e^{q_t \cdot k_{s'} / \sqrt d}}

    Parameters
    ----------
    Q : array_like of shape (..., T, d)
        Queries.
    K : array_like of shape (..., S, d)
        Keys, with the leading axes of the queries.
    V : array_like of shape (..., S, D)
        Values, one for each key.
    mask : array_like of bool of shape (T, S), optional
        Where a query may read; each must be allowed one key. ``np.tri(T, dtype=bool)``
        lets every step of a sequence read itself and what came before.

    Returns
    -------
    ndarray of shape (..., T, D)
        What each query has read.

    Raises
    ------
    TypeError, ValueError
        If a shape does not fit, a number is not finite, or a query may read nothing.

    References
    ----------
    Vaswani et al. 2017, :cite:`vaswani2017`.

    See Also
    --------
    attention_forward : keeps the weights A and what the backward pass needs.

    Examples
    --------
    >>> keys, values = [[1.0, 0.0], [0.0, 1.0]], [[10.0], [20.0]]
    >>> attention([[0.0, 0.0], [100.0, 0.0]], keys, values)
    array([[15.],
           [10.]])
    """
    Q, K, V = _checked(Q, K, V)
    return _forward(Q, K, V, _allowed(mask, Q, K))[0]


def attention_forward(
    Q: ArrayLike, K: ArrayLike, V: ArrayLike, *, mask: ArrayLike | None = None
) -> tuple[np.ndarray, AttentionCache]:
    """Do as `attention` does, and keep what `attention_backward` needs.

    Parameters
    ----------
    Q, K, V, mask
        As in `attention`.

    Returns
    -------
    y : ndarray of shape (..., T, D)
        What each query has read.
    cache : AttentionCache
        For `attention_backward`, with the ``weights``; it has copies of the arguments.

    Raises
    ------
    TypeError, ValueError
        As in `attention`.

    See Also
    --------
    attention_backward : carries a gradient back.

    Examples
    --------
    >>> keys, values = [[1.0, 0.0], [0.0, 1.0]], [[10.0], [20.0]]
    >>> y, cache = attention_forward([[0.0, 0.0]], keys, values)
    >>> cache.weights
    array([[0.5, 0.5]])
    """
    Q, K, V = _checked(Q, K, V)
    own = check.own
    return _forward(own(Q), own(K), own(V), _allowed(mask, Q, K))


def _forward(Q, K, V, mask):
    scores = Q @ K.swapaxes(-1, -2) / Q.shape[-1] ** 0.5
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    weights = softmax(scores)
    return weights @ V, AttentionCache(Q, K, V, weights)


def attention_backward(dy: ArrayLike, cache: AttentionCache) -> AttentionGradients:
    r"""Carry a gradient back through `attention`.

    With :math:`S = Q K^\top / \sqrt d` and :math:`A = \operatorname{softmax}(S)`,

    .. math::

       dV &= A^\top dY & dA &= dY\, V^\top \\
       dS_{ts} &= A_{ts} \Bigl(dA_{ts} - \sum_{s'} A_{ts'}\, dA_{ts'}\Bigr) &
       dQ &= dS\, K / \sqrt d, \qquad dK = dS^\top Q / \sqrt d

    Parameters
    ----------
    dy : array_like of shape (..., T, D)
        Gradient of the loss with respect to what was read.
    cache : AttentionCache
        What `attention_forward` returned beside it.

    Returns
    -------
    AttentionGradients
        dQ, dK and dV.

    Raises
    ------
    TypeError, ValueError
        If ``dy`` has another shape, or ``cache`` is not what `attention_forward` left.

    See Also
    --------
    attention_forward : leaves the cache.

    Examples
    --------
    >>> keys, values = [[1.0, 0.0], [0.0, 1.0]], [[10.0], [20.0]]
    >>> y, cache = attention_forward([[0.0, 0.0]], keys, values)
    >>> attention_backward([[1.0]], cache).dV
    array([[0.5],
           [0.5]])
    """
    Q, K, V, A = check.cache(cache, AttentionCache)
    shape, scale = (*Q.shape[:-1], V.shape[-1]), Q.shape[-1] ** 0.5
    dy = check.gradient(dy, "dy", shape, Q.dtype, "y")
    dS = softmax_backward(dy @ V.swapaxes(-1, -2), A) / scale
    return AttentionGradients(dS @ K, dS.swapaxes(-1, -2) @ Q, A.swapaxes(-1, -2) @ dy)


def _checked(Q, K, V) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    Q = array(Q, "Q", (..., "T", "d"))
    K = array(K, "K", (*Q.shape[:-2], "S", Q.shape[-1]))
    V = array(V, "V", (*K.shape[:-1], "D"))
    Q, K, V = check.common(Q, K, V)
    return Q, K, V


def _allowed(mask, Q, K):
    if mask is None:
        return None
    shape = Q.shape[-2], K.shape[-2]
    mask = np.asarray(mask)
    if mask.dtype != bool or mask.shape != shape:
        raise ValueError(
            f"mask: wanted truth values of shape {shape}, "
            f"got {mask.dtype} of shape {mask.shape}"
        )
    if not mask.any(axis=1).all():
        alone = int(np.argmin(mask.any(axis=1)))
        raise ValueError(f"mask: wanted a key for each query, got none for {alone}")
    return mask
