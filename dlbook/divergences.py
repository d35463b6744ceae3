r"""How far two distributions are apart: Jensen-Shannon, which can go flat, and
Wasserstein, which cannot.

Against the best discriminator the minimax game minimises
:math:`2\,\mathrm{JS}(p, q) - \log 4`. Two distributions without overlap have a JS of
:math:`\log 2` wherever they stand, so its slope says nothing; the Wasserstein distance
still measures how far mass has to travel. Logarithms are natural.
"""

from __future__ import annotations

import math

import numpy as np

from dlbook._core.check import array, like
from dlbook._core.types import ArrayLike, Pair

__all__ = ["js_divergence", "wasserstein", "wasserstein_samples"]


def js_divergence(p: ArrayLike, q: ArrayLike) -> np.ndarray:
    r"""Return the Jensen-Shannon divergence of two discrete distributions.

    .. math::

       \mathrm{JS}(p, q) = \frac12 \sum_k p_k \log \frac{p_k}{m_k}
       + \frac12 \sum_k q_k \log \frac{q_k}{m_k}, \qquad m = \frac{p + q}{2}

    A term with probability 0 is 0. For densities on a grid pass density times step.

    Parameters
    ----------
    p, q : array_like of shape (K,) or (N, K)
        Probabilities; each row sums to 1.

    Returns
    -------
    ndarray of shape () or (N,)
        From 0, where p is q, to log 2, where they do not overlap.

    Raises
    ------
    ValueError
        If the shapes differ, a probability is negative, or a row does not sum to 1.

    See Also
    --------
    wasserstein : tells how far apart supports are that do not meet.

    References
    ----------
    Goodfellow et al. 2014, :cite:`goodfellow2014`.

    Examples
    --------
    >>> js_divergence([1.0, 0.0], [0.0, 1.0]).round(4), np.log(2).round(4)
    (np.float64(0.6931), np.float64(0.6931))
    """
    p, q = _distributions(p, q)
    total = p + q
    total = np.where(total > 0, total, 1)
    value = np.sum(_from_middle(p, total) + _from_middle(q, total), axis=-1) / 2
    return np.clip(value, 0, math.log(2))


def _from_middle(p, total):
    return p * np.log(np.where(p > 0, 2 * p / total, 1))


def wasserstein(p: ArrayLike, q: ArrayLike, x: ArrayLike) -> np.ndarray:
    r"""Return the Wasserstein-1 distance of two distributions on the same positions.

    .. math:: W_1(p, q) = \int \lvert F_p(t) - F_q(t) \rvert \, dt

    F is the cumulative distribution function. In one dimension this is the least mass
    times distance that turns p into q.

    Parameters
    ----------
    p, q : array_like of shape (K,) or (N, K)
        Probabilities; each row sums to 1.
    x : array_like of shape (K,)
        Their positions, increasing.

    Returns
    -------
    ndarray of shape () or (N,)
        The distance, in the unit of ``x``.

    Raises
    ------
    ValueError
        If the shapes do not fit, a probability is negative, a row does not sum to 1,
        or the positions do not increase.

    See Also
    --------
    wasserstein_samples : between samples.

    References
    ----------
    Arjovsky, Chintala and Bottou 2017, :cite:`arjovsky2017`.

    Examples
    --------
    >>> wasserstein([1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 5.0])
    np.float64(5.0)
    """
    p, q = _distributions(p, q)
    x = array(x, "x", p.shape[-1:])
    steps = x[1:] - x[:-1]
    if not getattr(steps, "symbolic", False) and (steps <= 0).any():
        raise ValueError("x: wanted increasing positions, got others")
    return np.sum(np.abs(np.cumsum(p - q, axis=-1))[..., :-1] * steps, axis=-1)


def wasserstein_samples(a: ArrayLike, b: ArrayLike) -> float:
    """Return the Wasserstein-1 distance of two sets of numbers.

    Each set counts as a distribution with equal mass on its members. For sets of one
    size it is the mean distance after sorting both.

    Parameters
    ----------
    a, b : array_like of shape (N,) and (M,)
        Samples.

    Returns
    -------
    float
        The distance.

    Raises
    ------
    ValueError
        If an argument is no row of finite numbers.

    See Also
    --------
    wasserstein : between distributions on a grid.

    Examples
    --------
    >>> wasserstein_samples([0.0, 1.0], [6.0, 5.0])
    np.float64(5.0)
    """
    a, b = np.sort(array(a, "a", ("N",))), np.sort(array(b, "b", ("M",)))
    x = np.sort(np.concatenate([a, b]))
    below_a = np.searchsorted(a, x[:-1], side="right") / len(a)
    below_b = np.searchsorted(b, x[:-1], side="right") / len(b)
    return np.sum(np.abs(below_a - below_b).astype(x.dtype) * np.diff(x))


def _distributions(p, q) -> Pair:
    p = array(p, "p", (..., "K"), low=0)
    q = like(q, "q", p, "p", low=0)
    for name, rows in (("p", p), ("q", q)):
        sums = np.sum(rows, axis=-1)
        if not getattr(rows, "symbolic", False) and (np.abs(sums - 1) > 1e-4).any():
            worst = np.ravel(sums)[np.argmax(np.abs(sums - 1))]
            raise ValueError(f"{name}: wanted rows that sum to 1, got {worst:.6g}")
    return p, q
