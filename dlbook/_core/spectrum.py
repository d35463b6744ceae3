"""How much a matrix stretches: its eigenvalues, and its largest singular value."""

from __future__ import annotations

import numpy as np

from dlbook._core.check import array, shaped
from dlbook._core.types import ArrayLike

__all__ = ["eigenvalues", "largest_singular_value", "norms", "spectral_radius"]


def eigenvalues(W: ArrayLike) -> np.ndarray:
    r"""Return the eigenvalues of a matrix as points of the plane.

    Parameters
    ----------
    W : array_like of shape (n, n)
        The matrix; in a live figure 2 by 2.

    Returns
    -------
    ndarray of shape (n, 2)
        Real and imaginary part of each, the largest real part first.

    Raises
    ------
    ValueError
        If ``W`` is not square or a number is not finite.

    See Also
    --------
    spectral_radius : the largest absolute value of them.

    Examples
    --------
    A rotation by a quarter turn:

    >>> eigenvalues([[0.0, -1.0], [1.0, 0.0]])
    array([[ 0.,  1.],
           [ 0., -1.]])
    """
    W = _square(W)
    if not getattr(W, "symbolic", False):
        values = np.linalg.eigvals(W)
        values = values[np.lexsort((-values.imag, -values.real))]
        return np.stack([values.real, values.imag], axis=-1)
    (a, b), (c, d) = W
    inside = ((a - d) / 2) ** 2 + b * c
    root = np.sqrt(np.abs(inside))
    apart, turn = np.where(inside > 0, root, 0), np.where(inside > 0, 0, root)
    middle = (a + d) / 2
    return np.stack(
        [np.stack([middle + apart, turn]), np.stack([middle - apart, -turn])]
    )


def spectral_radius(W: ArrayLike) -> float:
    r"""Return the largest modulus of the eigenvalues.

    .. math:: \rho(W) = \max_i |\lambda_i|
       = \lim_{k \to \infty} \lVert W^k \rVert^{1/k}

    It rules how powers of W grow in the long run, and not at the start.

    Parameters
    ----------
    W : array_like of shape (n, n)
        The matrix; in a live figure 2 by 2.

    Returns
    -------
    float
        At most the largest singular value.

    Raises
    ------
    ValueError
        If ``W`` is not square or a number is not finite.

    See Also
    --------
    largest_singular_value : the bound for one step.

    Examples
    --------
    >>> spectral_radius([[0.9, 5.0], [0.0, 0.9]]).round(4)
    np.float64(0.9)
    """
    values = eigenvalues(W)
    return np.max(np.hypot(values[:, 0], values[:, 1]))


def largest_singular_value(W: ArrayLike) -> float:
    r"""Return the most that a matrix stretches a vector.

    .. math:: \sigma_{\max}(W) = \max_v \lVert W v \rVert / \lVert v \rVert

    Parameters
    ----------
    W : array_like of shape (n, n)
        The matrix; in a live figure at most 2 by 2.

    Returns
    -------
    float
        At least the spectral radius.

    Raises
    ------
    ValueError
        If ``W`` is not square or a number is not finite.

    See Also
    --------
    spectral_radius : the bound over many steps instead of one.

    Examples
    --------
    >>> largest_singular_value([[0.9, 5.0], [0.0, 0.9]]).round(2)
    np.float64(5.16)
    """
    return norms(_square(W))[()]


def norms(J):
    """Return the largest singular value of each matrix."""
    if getattr(J, "symbolic", False):
        return _norms_by_formula(J)
    finite = np.isfinite(J).all(axis=(-2, -1))
    J = np.where(finite[..., None, None], J, 0)
    return np.where(finite, np.linalg.norm(J, 2, axis=(-2, -1)), np.inf)


def _norms_by_formula(J):
    if J.shape[-1] == 1:
        return np.abs(J[..., 0, 0])
    if J.shape[-1] > 2:
        raise ValueError(
            f"W: wanted at most (2, 2) in a live figure, got {J.shape[-2:]}"
        )
    (a, b), (c, d) = np.moveaxis(J, (-2, -1), (0, 1))
    return (np.hypot(a + d, b - c) + np.hypot(a - d, b + c)) / 2


def _square(W) -> np.ndarray:
    W = array(W, "W", ("n", "n"))
    return shaped(W, "W", (len(W), len(W)))
