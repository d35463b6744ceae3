r"""Losses and their gradients: one number that says how wrong a model is.

Two kinds stand here. An *entry* loss (squared error, binary cross-entropy) gives one
loss to every entry of an array. An *example* loss (cross-entropy, Gaussian KL) gives
one to every row along the last axis. ``reduction`` says what becomes of them:
``"sum"`` adds them up, ``"mean"`` averages them, ``"none"`` returns them as they are.

For an entry loss the mean runs over all entries, so for a batch of D-entry examples it
is the mean over the examples divided by D once more. Logarithms are natural.

Each ``d_`` function returns the gradient of the reduced loss. Results have the dtype of
the first argument. The mean is what every loss here gives unless another reduction is
named; the source's L, half the sum of the squares, is one of those.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from dlbook._core import check
from dlbook._core.formulas import log_softmax, sigmoid, softmax
from dlbook._core.types import ArrayLike, Pair

__all__ = [
    "GaussianGradient",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "cross_entropy_with_logits",
    "d_binary_cross_entropy",
    "d_binary_cross_entropy_with_logits",
    "d_cross_entropy",
    "d_cross_entropy_with_logits",
    "d_gaussian_kl",
    "d_half_squared_error",
    "d_mean_squared_error",
    "gaussian_kl",
    "half_squared_error",
    "mean_squared_error",
]

REDUCTIONS = ("mean", "sum", "none")
LARGEST_SURPRISE = 100.0
SMALLEST_DENOMINATOR = 1e-12


def half_squared_error(
    y_hat: ArrayLike, y: ArrayLike, reduction: str = "mean"
) -> np.ndarray:
    r"""Average half the squares of the errors, or add them up.

    .. math:: L_{\text{sum}} = \frac12 \sum_{i=1}^n (y_i - \hat y_i)^2, \qquad
              L_{\text{mean}} = L_{\text{sum}} / n

    Parameters
    ----------
    y_hat : array_like
        Predictions, any shape.
    y : array_like
        Targets, in the shape of `y_hat`.
    reduction : {"mean", "sum", "none"}
        What becomes of the loss of each entry.

    Returns
    -------
    ndarray
        The loss; a scalar unless `reduction` is "none".

    Raises
    ------
    TypeError, ValueError
        If the shapes differ or an argument is not made of finite real numbers.

    See Also
    --------
    d_half_squared_error : its derivative.
    mean_squared_error : without the half.

    Examples
    --------
    The source's example, :math:`L = \frac12 \sum_i (y_i - \hat y_i)^2`:

    >>> half_squared_error([0.4, 0.6], [0.5, 0.5], "sum").round(12)
    np.float64(0.01)
    """
    return _value("half_squared_error", *_pair(y_hat, y), reduction)


def d_half_squared_error(
    y_hat: ArrayLike, y: ArrayLike, reduction: str = "mean"
) -> np.ndarray:
    r"""Differentiate `half_squared_error` with respect to the predictions.

    .. math:: \frac{\partial L_{\text{sum}}}{\partial \hat y_i} = \hat y_i - y_i

    Parameters
    ----------
    y_hat, y, reduction
        As in `half_squared_error`.

    Returns
    -------
    ndarray
        In the shape of `y_hat`.

    Raises
    ------
    TypeError, ValueError
        As in `half_squared_error`.

    See Also
    --------
    half_squared_error : what it differentiates.

    Examples
    --------
    >>> d_half_squared_error([0.4, 0.6], [0.5, 0.5], "sum").round(12)
    array([-0.1,  0.1])
    """
    return _slope("half_squared_error", *_pair(y_hat, y), reduction)


def mean_squared_error(
    y_hat: ArrayLike, y: ArrayLike, reduction: str = "mean"
) -> np.ndarray:
    r"""Average the squares of the errors.

    .. math:: L = \frac1n \sum_{i=1}^n (y_i - \hat y_i)^2

    Parameters
    ----------
    y_hat : array_like
        Predictions, any shape.
    y : array_like
        Targets, in the shape of `y_hat`.
    reduction : {"mean", "sum", "none"}
        What becomes of the loss of each entry.

    Returns
    -------
    ndarray
        The loss; a scalar unless `reduction` is "none".

    Raises
    ------
    TypeError, ValueError
        If the shapes differ or an argument is not made of finite real numbers.

    See Also
    --------
    d_mean_squared_error : its derivative.

    Examples
    --------
    >>> mean_squared_error([0.4, 0.6], [0.5, 0.5]).round(12)
    np.float64(0.01)
    """
    return _value("mean_squared_error", *_pair(y_hat, y), reduction)


def d_mean_squared_error(
    y_hat: ArrayLike, y: ArrayLike, reduction: str = "mean"
) -> np.ndarray:
    r"""Differentiate `mean_squared_error` with respect to the predictions.

    .. math:: \frac{\partial L}{\partial \hat y_i} = \frac2n (\hat y_i - y_i)

    Parameters
    ----------
    y_hat, y, reduction
        As in `mean_squared_error`.

    Returns
    -------
    ndarray
        In the shape of `y_hat`.

    Raises
    ------
    TypeError, ValueError
        As in `mean_squared_error`.

    See Also
    --------
    mean_squared_error : what it differentiates.

    Examples
    --------
    >>> d_mean_squared_error([0.4, 0.6], [0.5, 0.5]).round(12)
    array([-0.1,  0.1])
    """
    return _slope("mean_squared_error", *_pair(y_hat, y), reduction)


def binary_cross_entropy(
    p: ArrayLike, y: ArrayLike, reduction: str = "mean"
) -> np.ndarray:
    r"""Charge a probability for the outcome that it did not expect.

    .. math:: L = -\bigl( y \log p + (1 - y) \log (1 - p) \bigr)

    The logarithm is held at -100 from below, so that a certain prediction that turns
    out wrong costs 100 and not infinity.

    Parameters
    ----------
    p : array_like
        Predicted probabilities of the outcome 1, any shape.
    y : array_like
        Outcomes, 0 or 1 or a probability between, in the shape of `p`.
    reduction : {"mean", "sum", "none"}
        What becomes of the loss of each entry.

    Returns
    -------
    ndarray
        The loss, in [0, 100]; a scalar unless `reduction` is "none".

    Raises
    ------
    TypeError, ValueError
        If the shapes differ or a value is not in [0, 1].

    See Also
    --------
    d_binary_cross_entropy : its derivative.
    binary_cross_entropy_with_logits : from the logit, without a bound.

    Examples
    --------
    >>> binary_cross_entropy([0.5, 1.0, 0.0], [1, 1, 1], reduction="none").round(4)
    array([  0.6931,   0.    , 100.    ])
    """
    pair = _pair(p, y, "p", low=0, high=1)
    return _value("binary_cross_entropy", *pair, reduction)


def d_binary_cross_entropy(
    p: ArrayLike, y: ArrayLike, reduction: str = "mean"
) -> np.ndarray:
    r"""Differentiate `binary_cross_entropy` with respect to the probabilities.

    .. math:: \frac{\partial L}{\partial p} = \frac{p - y}{p \, (1 - p)}

    The denominator is held at 1e-12 from below, so the gradient stays finite at
    probabilities of 0 and 1.

    Parameters
    ----------
    p, y, reduction
        As in `binary_cross_entropy`.

    Returns
    -------
    ndarray
        In the shape of `p`.

    Raises
    ------
    TypeError, ValueError
        As in `binary_cross_entropy`.

    See Also
    --------
    binary_cross_entropy : what it differentiates.

    Examples
    --------
    >>> d_binary_cross_entropy([0.5, 1.0], [1, 1], reduction="none")
    array([-2.,  0.])
    """
    pair = _pair(p, y, "p", low=0, high=1)
    return _slope("binary_cross_entropy", *pair, reduction)


def binary_cross_entropy_with_logits(
    z: ArrayLike, y: ArrayLike, reduction: str = "mean"
) -> np.ndarray:
    r"""Compute the binary cross-entropy of :math:`p = \sigma(z)` from the logit.

    .. math:: L = \operatorname{softplus}(z) - z y
              = \max(0, z) - z y + \log(1 + e^{-|z|})

    No probability is rounded to 0 or 1 on the way, so no bound is needed.

    Parameters
    ----------
    z : array_like
        Logits, any shape.
    y : array_like
        Outcomes, 0 or 1 or a probability between, in the shape of `z`.
    reduction : {"mean", "sum", "none"}
        What becomes of the loss of each entry.

    Returns
    -------
    ndarray
        The loss; a scalar unless `reduction` is "none".

    Raises
    ------
    TypeError, ValueError
        If the shapes differ, `z` is not finite or `y` is not in [0, 1].

    See Also
    --------
    d_binary_cross_entropy_with_logits : its derivative.
    binary_cross_entropy : from the probability.

    Examples
    --------
    >>> binary_cross_entropy_with_logits([0.0, 1000.0], [1, 0], "none").round(4)
    array([6.931e-01, 1.000e+03])
    """
    return _value("binary_cross_entropy_with_logits", *_logits(z, y), reduction)


def d_binary_cross_entropy_with_logits(
    z: ArrayLike, y: ArrayLike, reduction: str = "mean"
) -> np.ndarray:
    r"""Differentiate `binary_cross_entropy_with_logits` with respect to the logits.

    .. math:: \frac{\partial L}{\partial z} = \sigma(z) - y

    Parameters
    ----------
    z, y, reduction
        As in `binary_cross_entropy_with_logits`.

    Returns
    -------
    ndarray
        In the shape of `z`.

    Raises
    ------
    TypeError, ValueError
        As in `binary_cross_entropy_with_logits`.

    See Also
    --------
    binary_cross_entropy_with_logits : what it differentiates.

    Examples
    --------
    >>> d_binary_cross_entropy_with_logits([0.0, 1000.0], [1, 0], "none")
    array([-0.5,  1. ])
    """
    return _slope("binary_cross_entropy_with_logits", *_logits(z, y), reduction)


def cross_entropy(p: ArrayLike, y: ArrayLike, reduction: str = "mean") -> np.ndarray:
    r"""Charge a distribution for the class that it did not expect.

    .. math:: L = -\sum_k y_k \log p_k

    The logarithm is held at -100 from below, as in `binary_cross_entropy`. For a class
    label c the sum has one term, :math:`-\log p_c`.

    Parameters
    ----------
    p : array_like of shape (..., K)
        Predicted probabilities of the classes, one example a row.
    y : array_like of int of shape (...) or array_like of shape (..., K)
        Class labels from 0 to K - 1, or a distribution for each example.
    reduction : {"mean", "sum", "none"}
        What becomes of the loss of each example.

    Returns
    -------
    ndarray
        The loss; a scalar unless `reduction` is "none", which gives shape (...).

    Raises
    ------
    TypeError, ValueError
        If the shapes do not fit, a probability is not in [0, 1], a label is no class,
        or a row of `p` or `y` does not sum to 1. Logits are refused so: they are what
        `cross_entropy_with_logits` takes.

    See Also
    --------
    d_cross_entropy : its derivative.
    cross_entropy_with_logits : from logits, without a bound.

    Examples
    --------
    >>> cross_entropy([[0.25, 0.75], [1.0, 0.0]], [1, 0], "none").round(4)
    array([0.2877, 0.    ])
    """
    p = _probabilities(p)
    return _value("cross_entropy", p, _rows(y, p, "p"), reduction)


def d_cross_entropy(p: ArrayLike, y: ArrayLike, reduction: str = "mean") -> np.ndarray:
    r"""Differentiate `cross_entropy` with respect to the probabilities.

    .. math:: \frac{\partial L}{\partial p_k} = -\frac{y_k}{p_k}

    The denominator is held at 1e-12 from below.

    Parameters
    ----------
    p, y, reduction
        As in `cross_entropy`.

    Returns
    -------
    ndarray
        In the shape of `p`.

    Raises
    ------
    TypeError, ValueError
        As in `cross_entropy`.

    See Also
    --------
    cross_entropy : what it differentiates.

    Examples
    --------
    >>> d_cross_entropy([0.25, 0.75], 0)
    array([-4.,  0.])
    """
    p = _probabilities(p)
    return _slope("cross_entropy", p, _rows(y, p, "p"), reduction)


def cross_entropy_with_logits(
    z: ArrayLike, y: ArrayLike, reduction: str = "mean"
) -> np.ndarray:
    r"""Compute the cross-entropy of :math:`p = \operatorname{softmax}(z)` from logits.

    .. math:: L = -\sum_k y_k \Bigl( z_k - \log \sum_j e^{z_j} \Bigr)

    Parameters
    ----------
    z : array_like of shape (..., K)
        Logits, one example a row.
    y : array_like of int of shape (...) or array_like of shape (..., K)
        Class labels from 0 to K - 1, or a distribution for each example.
    reduction : {"mean", "sum", "none"}
        What becomes of the loss of each example.

    Returns
    -------
    ndarray
        The loss; a scalar unless `reduction` is "none", which gives shape (...).

    Raises
    ------
    TypeError, ValueError
        If the shapes do not fit, a logit is not finite, a label is no class, or a row
        of `y` does not sum to 1.

    See Also
    --------
    d_cross_entropy_with_logits : its derivative.
    cross_entropy : from probabilities.

    Examples
    --------
    >>> cross_entropy_with_logits([1000.0, 0.0, 0.0], 1)
    np.float64(1000.0)
    """
    z = check.array(z, "z", (..., "K"))
    return _value("cross_entropy_with_logits", z, _rows(y, z, "z"), reduction)


def d_cross_entropy_with_logits(
    z: ArrayLike, y: ArrayLike, reduction: str = "mean"
) -> np.ndarray:
    r"""Differentiate `cross_entropy_with_logits` with respect to the logits.

    .. math:: \frac{\partial L}{\partial z_k} = \operatorname{softmax}(z)_k - y_k

    Parameters
    ----------
    z, y, reduction
        As in `cross_entropy_with_logits`.

    Returns
    -------
    ndarray
        In the shape of `z`.

    Raises
    ------
    TypeError, ValueError
        As in `cross_entropy_with_logits`.

    See Also
    --------
    cross_entropy_with_logits : what it differentiates.

    Examples
    --------
    >>> d_cross_entropy_with_logits([0.0, 0.0], 1)
    array([ 0.5, -0.5])
    """
    z = check.array(z, "z", (..., "K"))
    return _slope("cross_entropy_with_logits", z, _rows(y, z, "z"), reduction)


def gaussian_kl(
    mu: ArrayLike, log_var: ArrayLike, reduction: str = "mean"
) -> np.ndarray:
    r"""Measure how far a diagonal Gaussian is from the standard normal.

    By the Kullback-Leibler divergence:

    .. math:: D_{KL}\bigl( N(\mu, \sigma^2) \,\|\, N(0, 1) \bigr)
              = \frac12 \sum_j \bigl( \mu_j^2 + \sigma_j^2 - 1 - \log \sigma_j^2 \bigr)

    :math:`\sigma^2 - 1` is computed by ``expm1``, so the divergence never rounds to
    a negative number.

    Parameters
    ----------
    mu : array_like of shape (..., D)
        Means, one example a row.
    log_var : array_like of shape (..., D)
        Logarithms of the variances :math:`\sigma^2`; not of :math:`\sigma`.
    reduction : {"mean", "sum", "none"}
        What becomes of the divergence of each example.

    Returns
    -------
    ndarray
        In nats, >= 0; a scalar unless `reduction` is "none", which gives shape (...).

    Raises
    ------
    TypeError, ValueError
        If the shapes differ or an argument is not made of finite real numbers.

    See Also
    --------
    d_gaussian_kl : its derivative.

    References
    ----------
    Kingma and Welling 2014, appendix B, :cite:`kingma2014`.

    Examples
    --------
    >>> gaussian_kl([0.5], [np.log(2.0**2)]).round(5)
    np.float64(0.93185)
    """
    each = kl(*_gaussian(mu, log_var))
    return _reduce(each, check.choice(reduction, "reduction", REDUCTIONS))


class GaussianGradient(NamedTuple):
    """Gradients with respect to the mean and the logarithm of the variance."""

    mu: np.ndarray
    log_var: np.ndarray


def d_gaussian_kl(
    mu: ArrayLike, log_var: ArrayLike, reduction: str = "mean"
) -> GaussianGradient:
    r"""Differentiate `gaussian_kl` with respect to both its arguments.

    .. math:: \frac{\partial D}{\partial \mu_j} = \mu_j, \qquad
              \frac{\partial D}{\partial \log \sigma_j^2}
              = \frac12 (\sigma_j^2 - 1)

    Parameters
    ----------
    mu, log_var, reduction
        As in `gaussian_kl`.

    Returns
    -------
    GaussianGradient
        mu and log_var, each in the shape of `mu`.

    Raises
    ------
    TypeError, ValueError
        As in `gaussian_kl`.

    See Also
    --------
    gaussian_kl : what it differentiates.

    Examples
    --------
    >>> d_mu, d_log_var = d_gaussian_kl([0.5], [np.log(2.0**2)])
    >>> d_mu, d_log_var.round(4)
    (array([0.5]), array([1.5]))
    """
    mu, log_var = _gaussian(mu, log_var)
    check.choice(reduction, "reduction", REDUCTIONS)
    n = mu.size // mu.shape[-1] if reduction == "mean" else 1
    return GaussianGradient(mu / n, np.expm1(log_var) / (2 * n))


class _Loss(NamedTuple):
    """A loss, entry by entry or example by example, and its slopes; no argument is
    checked here."""

    value: Callable
    slope: Callable
    targets: Callable
    """Check the targets against predictions that are trusted."""
    last: int | None = None
    """First axis of an example's own entries; None if each entry has its loss."""


def _value(name, y_hat, y, reduction):
    check.choice(reduction, "reduction", REDUCTIONS)
    return _reduce(_LOSSES[name].value(y_hat, y), reduction)


def _slope(name, y_hat, y, reduction):
    check.choice(reduction, "reduction", REDUCTIONS)
    return _shared(name, y_hat, y, reduction)


def targets(name, y, y_hat) -> np.ndarray:
    """Check targets against predictions, of which shape and dtype matter."""
    return _LOSSES[name].targets(y, y_hat)


def value(name, y_hat, y):
    """Return each entry's or example's loss; both arguments are trusted."""
    return _LOSSES[name].value(y_hat, y)


def value_and_slope(name, y_hat, y, reduction="mean"):
    """Return a loss and its gradient; predictions and targets are trusted."""
    value = _reduce(_LOSSES[name].value(y_hat, y), reduction)
    return value, _shared(name, y_hat, y, reduction)


def _reduce(losses, reduction):
    if reduction == "mean":
        return np.mean(losses)
    return np.sum(losses) if reduction == "sum" else losses


def _shared(name, y_hat, y, reduction):
    loss = _LOSSES[name]
    slope = loss.slope(y_hat, y)
    if reduction != "mean":
        return slope
    return slope / (y_hat.size if loss.last is None else y_hat.size // y_hat.shape[-1])


def _binary_surprise(p, y):
    with np.errstate(divide="ignore"):
        yes, no = 0 - np.log(p), 0 - np.log1p(-p)
    yes, no = np.minimum(yes, LARGEST_SURPRISE), np.minimum(no, LARGEST_SURPRISE)
    return y * yes + (1 - y) * no


def _surprise(p, y):
    """Written as 0 - log p, so that no cost prints as -0."""
    with np.errstate(divide="ignore"):
        surprise = np.minimum(0 - np.log(p), LARGEST_SURPRISE)
    return np.sum(y * surprise, axis=-1)


def _binary_surprise_of_logit(z, y):
    with np.errstate(under="ignore"):
        return np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))


def kl(mu, log_var):
    """Return each example's divergence from the standard normal, unchecked."""
    return np.sum(mu**2 + (np.expm1(log_var) - log_var), axis=-1) / 2


def _pair(y_hat, y, name="y_hat", *, low=None, high=None) -> Pair:
    y_hat = check.array(y_hat, name, low=low, high=high)
    return y_hat, check.like(y, "y", y_hat, name, low=low, high=high)


def _logits(z, y) -> Pair:
    z = check.array(z, "z")
    return z, check.like(y, "y", z, "z", low=0, high=1)


def _gaussian(mu, log_var) -> Pair:
    mu = check.array(mu, "mu", (..., "D"))
    return mu, check.like(log_var, "log_var", mu, "mu")


def _probabilities(p) -> np.ndarray:
    return _sum_to_one(check.array(p, "p", (..., "K"), low=0, high=1), "p")


def _rows(y, p, name) -> np.ndarray:
    """Return labels or distributions ``y`` as rows that fit ``p``."""
    rows = check.array(y, "y")
    if rows.ndim == p.ndim:
        check.same_shape(p, name, rows, "y")
        symbolic = getattr(rows, "symbolic", False) or getattr(p, "symbolic", False)
        rows = rows if symbolic else rows.astype(p.dtype, copy=False)
        return _sum_to_one(check.bounded(rows, "y", 0, 1), "y")
    kind = np.asarray(y).dtype
    if kind.kind not in "iu":
        raise TypeError(f"y: wanted integer classes or rows, got dtype {kind}")
    if rows.shape != p.shape[:-1]:
        raise ValueError(
            f"y: wanted shape {p.shape[:-1]} or {p.shape}, got {rows.shape}"
        )
    classes = p.shape[-1]
    if (
        not getattr(rows, "symbolic", False)
        and not 0 <= rows.min() <= rows.max() < classes
    ):
        wrong = rows[(rows < 0) | (rows >= classes)].flat[0]
        raise ValueError(f"y: wanted classes from 0 to {classes - 1}, got {wrong:.0f}")
    return np.equal(rows[..., None], np.arange(classes)) * np.ones_like(p)


def _sum_to_one(rows, name):
    if not getattr(rows, "symbolic", False):
        sums = np.sum(rows, axis=-1)
        if np.any(np.abs(sums - 1) > 1e-4):
            worst = np.ravel(sums)[np.argmax(np.abs(sums - 1))]
            raise ValueError(f"{name}: wanted rows that sum to 1, got {worst}")
    return rows


_LOSSES = {
    "half_squared_error": _Loss(
        lambda y_hat, y: (y - y_hat) ** 2 / 2,
        lambda y_hat, y: y_hat - y,
        lambda y, y_hat: check.like(y, "y", y_hat, "the prediction"),
    ),
    "mean_squared_error": _Loss(
        lambda y_hat, y: (y - y_hat) ** 2,
        lambda y_hat, y: 2 * (y_hat - y),
        lambda y, y_hat: check.like(y, "y", y_hat, "the prediction"),
    ),
    "binary_cross_entropy": _Loss(
        _binary_surprise,
        lambda p, y: (p - y) / np.maximum(p * (1 - p), SMALLEST_DENOMINATOR),
        lambda y, p: check.like(y, "y", p, "the prediction", low=0, high=1),
    ),
    "binary_cross_entropy_with_logits": _Loss(
        _binary_surprise_of_logit,
        lambda z, y: sigmoid(z) - y,
        lambda y, z: check.like(y, "y", z, "the prediction", low=0, high=1),
    ),
    "cross_entropy": _Loss(
        _surprise,
        lambda p, y: 0 - y / np.maximum(p, SMALLEST_DENOMINATOR),
        lambda y, p: _rows(y, p, "the prediction"),
        -1,
    ),
    "cross_entropy_with_logits": _Loss(
        lambda z, y: 0 - np.sum(y * log_softmax(z), axis=-1),
        lambda z, y: softmax(z) - y,
        lambda y, z: _rows(y, z, "the prediction"),
        -1,
    ),
}
