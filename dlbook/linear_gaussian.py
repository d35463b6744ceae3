r"""A latent variable model in which nothing has to be estimated.

.. math:: p(z) = N(0, I), \qquad p(x \mid z) = N(W z + b,\, v I)

Here the evidence :math:`\log p(x)`, the posterior and the evidence lower bound have
closed forms, so that the bound of a variational autoencoder can be held against what
it bounds. The gap between them is the divergence of the code from the posterior.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dlbook import losses
from dlbook._core.check import array, like, number, scalar
from dlbook._core.types import ArrayLike
from dlbook.vae import ELBO, Code, _log_likelihood

__all__ = [
    "LinearGaussian",
    "Posterior",
    "best_code",
    "exact_elbo",
    "log_evidence",
    "posterior",
]


class LinearGaussian(NamedTuple):
    """W (D, L), b (D,) and the positive variance v of the model."""

    W: np.ndarray
    b: np.ndarray
    variance: float


class Posterior(NamedTuple):
    """The Gaussian p(z given x): one mean for each example, one covariance for all."""

    mean: np.ndarray
    covariance: np.ndarray


def log_evidence(x: ArrayLike, model: LinearGaussian) -> np.ndarray:
    r"""Return the logarithm of p(x), the latent variables integrated out.

    .. math:: p(x) = N(x;\, b,\, W W^\top + v I)

    Parameters
    ----------
    x : array_like of shape (D,) or (N, D)
        Data.
    model : LinearGaussian
        W, b and the variance.

    Returns
    -------
    ndarray of shape () or (N,)
        One value for each example.

    Raises
    ------
    ValueError
        If a shape does not fit or the variance is not positive.

    See Also
    --------
    exact_elbo : the bound.

    Examples
    --------
    >>> log_evidence([0.0], LinearGaussian([[1.0]], [0.0], 1.0)).round(4)
    np.float64(-1.2655)
    """
    x, W, b, variance = _checked(x, model)
    root = np.linalg.cholesky(W @ W.T + variance * np.eye(len(b), dtype=W.dtype))
    white = np.linalg.solve(root, (x - b)[..., None])[..., 0]
    log_det = 2 * np.sum(np.log(np.diag(root)))
    return (
        -(np.sum(white**2, axis=-1) + log_det + len(b) * scalar(np.log(2 * np.pi))) / 2
    )


def posterior(x: ArrayLike, model: LinearGaussian) -> Posterior:
    r"""Return the posterior of the latent variables.

    .. math:: p(z \mid x) = N\bigl(M^{-1} W^\top (x - b),\, v M^{-1}\bigr), \qquad
       M = W^\top W + v I

    Parameters
    ----------
    x : array_like of shape (D,) or (N, D)
        Data.
    model : LinearGaussian
        W, b and the variance.

    Returns
    -------
    Posterior
        mean (L,) or (N, L), and covariance (L, L).

    Raises
    ------
    ValueError
        If a shape does not fit or the variance is not positive.

    See Also
    --------
    best_code : the best code of independent entries.

    Examples
    --------
    >>> posterior([2.0], LinearGaussian([[1.0]], [0.0], 1.0))
    Posterior(mean=array([1.]), covariance=array([[0.5]]))
    """
    return _posterior(*_checked(x, model))


def _posterior(x, W, b, variance) -> Posterior:
    inverse = np.linalg.inv(W.T @ W + variance * np.eye(W.shape[1], dtype=W.dtype))
    return Posterior((x - b) @ W @ inverse, variance * inverse)


def best_code(x: ArrayLike, model: LinearGaussian) -> Code:
    r"""Return the code with independent entries that has the largest bound.

    Its mean is the posterior's. Its variances are
    :math:`\sigma_j^2 = v / M_{jj}`, which are the posterior's own where the columns of
    W are orthogonal; then the bound is tight.

    Parameters
    ----------
    x : array_like of shape (D,) or (N, D)
        Data.
    model : LinearGaussian
        W, b and the variance.

    Returns
    -------
    Code
        mu and log_var, each (L,) or (N, L).

    Raises
    ------
    ValueError
        If a shape does not fit or the variance is not positive.

    See Also
    --------
    posterior : the exact answer that it comes near.

    References
    ----------
    Lucas et al. 2019, :cite:`lucas2019`.

    Examples
    --------
    >>> x, model = [1.0, 1.0], LinearGaussian([[1.0], [2.0]], [0.0, 0.0], 0.5)
    >>> bound = exact_elbo(x, model, *best_code(x, model)).elbo
    >>> bound.round(9) == log_evidence(x, model).round(9)
    np.True_
    """
    x, W, b, variance = _checked(x, model)
    mean = _posterior(x, W, b, variance).mean
    log_var = -np.log1p(np.sum(W**2, axis=0) / variance)
    return Code(mean, np.broadcast_to(log_var, mean.shape).copy())


def exact_elbo(
    x: ArrayLike, model: LinearGaussian, mu: ArrayLike, log_var: ArrayLike
) -> ELBO:
    r"""Return the evidence lower bound of a code, its expectation in closed form.

    .. math::

       \log N(x;\, W \mu + b,\, v I)
       - \frac{1}{2v} \sum_j \sigma_j^2 \lVert W_{:j} \rVert^2
       - D_{KL}\bigl(N(\mu, \sigma^2) \,\|\, N(0, I)\bigr) \le \log p(x)

    Parameters
    ----------
    x : array_like of shape (D,) or (N, D)
        Data.
    model : LinearGaussian
        W, b and the variance.
    mu, log_var : array_like of shape (L,) or (N, L)
        A code for each example.

    Returns
    -------
    ELBO
        elbo, reconstruction and kl for each example, of shape () or (N,).

    Raises
    ------
    ValueError
        If a shape does not fit or the variance is not positive.

    See Also
    --------
    log_evidence : what it stays below.

    References
    ----------
    Kingma and Welling 2019, :cite:`kingma2019`.

    Examples
    --------
    >>> model = LinearGaussian([[1.0]], [0.0], 1.0)
    >>> exact_elbo([0.0], model, [0.0], [0.0]).elbo.round(4)
    np.float64(-1.4189)
    """
    x, W, b, variance = _checked(x, model)
    mu = array(mu, "mu", (*x.shape[:-1], W.shape[1]))
    log_var = like(log_var, "log_var", mu, "mu")
    at_mean = _log_likelihood(mu @ W.T + b, x, "gaussian", variance)
    spread = np.exp(log_var) @ np.sum(W**2, axis=0) / variance
    reconstruction, kl = at_mean - spread / 2, losses.kl(mu, log_var)
    return ELBO(reconstruction - kl, reconstruction, kl)


def _checked(x, model) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    W = array(model.W, "W", ("D", "L"))
    b = array(model.b, "b", W.shape[:1])
    x = array(x, "x", (..., len(W)))
    return x, W, b, number(model.variance, "variance", above=0)
