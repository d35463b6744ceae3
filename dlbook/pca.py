r"""Principal component analysis: the best that a linear code can do.

Everything here counts in one unit, the mean over the examples of the squared length of
the error, and so the variances are divided by N and not by N - 1. Then the error of k
components is the sum of the variances that they leave out, exactly.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dlbook._core.check import array, integer
from dlbook._core.types import ArrayLike

__all__ = [
    "PCA",
    "pca",
    "pca_decode",
    "pca_encode",
    "pca_floor",
    "principal_angles",
    "projector",
]


class PCA(NamedTuple):
    """The mean of the data and the directions in which it varies most."""

    mean: np.ndarray
    """Shape (D,)."""
    components: np.ndarray
    """Shape (K, D): orthonormal rows, each with its largest entry positive."""
    variances: np.ndarray
    """Shape (D,): all eigenvalues of the covariance, the largest first."""


def pca(x: ArrayLike, k: int) -> PCA:
    r"""Find the k directions of largest variance.

    .. math:: \frac1N \sum_n (x_n - \bar x)(x_n - \bar x)^\top = V \Lambda V^\top

    The eigenvectors come from a singular value decomposition of the centred data,
    whose squared singular values are :math:`N \lambda_i`.

    Parameters
    ----------
    x : array_like of shape (N, D)
        Data.
    k : int
        Number of components, from 0 to D.

    Returns
    -------
    PCA
        mean, components and variances.

    Raises
    ------
    TypeError, ValueError
        If ``x`` is no matrix of finite numbers or ``k`` no integer from 0 to D.

    See Also
    --------
    pca_encode : codes of data.
    pca_floor : the least error of a code.

    References
    ----------
    Eckart and Young 1936, :cite:`eckart1936`.

    Examples
    --------
    >>> fit = pca([[0.0, 0.0], [2.0, 2.0], [4.0, 4.0], [2.0, 2.0]], 1)
    >>> fit.mean, fit.components.round(4), fit.variances.round(4)
    (array([2., 2.]), array([[0.7071, 0.7071]]), array([4., 0.]))
    """
    x = array(x, "x", ("N", "D"))
    k, d = integer(k, "k", low=0), x.shape[1]
    if k > d:
        raise ValueError(f"k: wanted at most {d} components, got {k}")
    mean, variances = x.mean(axis=0), np.zeros(d, x.dtype)
    beyond = k > min(x.shape)  # then some of the components have no variance
    _, s, components = np.linalg.svd(x - mean, full_matrices=beyond)
    variances[: len(s)] = s**2 / len(x)
    components = components[:k]
    largest = np.argmax(np.abs(components), axis=1)
    signs = np.sign(components[np.arange(k), largest])
    return PCA(mean, components * signs[:, None], variances)


def pca_encode(x: ArrayLike, fit: PCA) -> np.ndarray:
    r"""Return the coordinates along the components, :math:`h = V_k^\top (x - \bar x)`.

    Parameters
    ----------
    x : array_like of shape (D,) or (N, D)
        Data.
    fit : PCA
        What `pca` returned.

    Returns
    -------
    ndarray of shape (K,) or (N, K)
        The codes.

    Raises
    ------
    ValueError
        If the last axis of ``x`` does not fit.

    See Also
    --------
    pca_decode : from the code back.

    Examples
    --------
    >>> fit = pca([[0.0, 0.0], [2.0, 2.0], [4.0, 4.0]], 1)
    >>> pca_encode([3.0, 3.0], fit).round(4)
    array([1.4142])
    """
    return (array(x, "x", (..., len(fit.mean))) - fit.mean) @ fit.components.T


def pca_decode(h: ArrayLike, fit: PCA) -> np.ndarray:
    r"""Return the point that a code stands for, :math:`\hat x = \bar x + V_k h`.

    Parameters
    ----------
    h : array_like of shape (K,) or (N, K)
        Codes.
    fit : PCA
        What `pca` returned.

    Returns
    -------
    ndarray of shape (D,) or (N, D)
        The points.

    Raises
    ------
    ValueError
        If the last axis of ``h`` does not fit.

    See Also
    --------
    pca_encode : to the code.

    Examples
    --------
    >>> fit = pca([[0.0, 0.0], [2.0, 2.0], [4.0, 4.0]], 1)
    >>> pca_decode(pca_encode([3.0, 3.0], fit), fit).round(4)
    array([3., 3.])
    """
    k = len(fit.components)
    return fit.mean + array(h, "h", (..., k), empty=k == 0) @ fit.components


def pca_floor(x: ArrayLike, k: int) -> float:
    r"""Return the least error that any affine code of k numbers can have.

    .. math:: \min_{\text{rank } k} \frac1N \sum_n \lVert x_n - \hat x_n \rVert^2
              = \sum_{i > k} \lambda_i

    It is in the unit of `dlbook.autoencoder.reconstruction_error`. A linear
    autoencoder cannot go below it; one with bent activations can.

    Parameters
    ----------
    x : array_like of shape (N, D)
        Data.
    k : int
        Size of the code, from 0 to D.

    Returns
    -------
    float
        The sum of the variances beyond the first k.

    Raises
    ------
    TypeError, ValueError
        As `pca` does.

    See Also
    --------
    dlbook.pca.pca : the components themselves.

    References
    ----------
    Eckart and Young 1936, :cite:`eckart1936`; Baldi and Hornik 1989,
    :cite:`baldi1989`.

    Examples
    --------
    >>> pca_floor([[0.0, 1.0], [2.0, -1.0], [4.0, 1.0], [2.0, -1.0]], 1).round(4)
    np.float64(1.0)
    """
    return np.sum(pca(x, k).variances[k:])


def projector(W: ArrayLike) -> np.ndarray:
    r"""Return the orthogonal projector onto the span of the rows of W.

    .. math:: P = Q^\top Q, \qquad Q \text{ an orthonormal basis of the rows}

    Two sets of weights that span the same subspace have the same projector, however
    they are turned within it.

    Parameters
    ----------
    W : array_like of shape (K, D)
        Independent rows.

    Returns
    -------
    ndarray of shape (D, D)
        The projector.

    Raises
    ------
    ValueError
        If W is no matrix of finite numbers, or its rows are dependent.

    See Also
    --------
    principal_angles : how far two subspaces are apart.

    Examples
    --------
    >>> projector([[3.0, 4.0]]).round(4)
    array([[0.36, 0.48],
           [0.48, 0.64]])
    """
    basis = _basis(W, "W")
    return basis @ basis.T


def principal_angles(A: ArrayLike, B: ArrayLike) -> np.ndarray:
    r"""Return the angles between two subspaces, the smallest first.

    Their cosines are the singular values of :math:`Q_A^\top Q_B`. A small angle is
    taken from its sine instead, where the cosine is flat.

    Parameters
    ----------
    A : array_like of shape (K, D)
        Independent rows that span the first subspace.
    B : array_like of shape (M, D)
        Independent rows that span the second.

    Returns
    -------
    ndarray of shape (min(K, M),)
        Angles in radians, from 0 to pi/2.

    Raises
    ------
    ValueError
        If a shape does not fit, or rows are dependent.

    See Also
    --------
    projector : tells equal subspaces by one matrix.

    References
    ----------
    Björck and Golub 1973, :cite:`bjorck1973`.

    Examples
    --------
    >>> principal_angles([[1.0, 0.0]], [[1.0, 1.0]]) / np.pi
    array([0.25])
    """
    a = _basis(A, "A")
    b = _basis(B, "B", len(a))
    if a.shape[1] < b.shape[1]:
        a, b = b, a
    cosines = np.linalg.svd(a.T @ b, compute_uv=False).clip(0, 1)
    sines = np.linalg.svd(b - a @ (a.T @ b), compute_uv=False)[::-1].clip(0, 1)
    return np.where(cosines > sines, np.arcsin(sines), np.arccos(cosines))


def _basis(W, name, d="D"):
    W = array(W, name, ("K", d))
    rank = np.linalg.matrix_rank(W)
    if rank < len(W):
        raise ValueError(f"{name}: wanted {len(W)} independent rows, got rank {rank}")
    return np.linalg.qr(W.T)[0]
