r"""Activation functions and their derivatives.

An activation bends the line: without one, a stack of layers is a single layer. Each
function here acts on every entry by itself, but for the softmax family, which turns
the entries along one axis into a probability distribution.

Every function accepts logits of any finite size; no exponential overflows. float32 (and
float16) gives float32, every other kind of number float64.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from dlbook._core import check, formulas
from dlbook._core.formulas import LEAK, PHI
from dlbook._core.types import ArrayLike

__all__ = [
    "ACTIVATIONS",
    "Activation",
    "d_leaky_relu",
    "d_relu",
    "d_sigmoid",
    "d_softplus",
    "d_step",
    "d_tanh",
    "leaky_relu",
    "log_softmax",
    "logsumexp",
    "relu",
    "sigmoid",
    "softmax",
    "softmax_backward",
    "softplus",
    "step",
    "tanh",
]


def step(z: ArrayLike) -> np.ndarray:
    r"""Fire or stay silent: the activation of the perceptron.

    .. math::
        \operatorname{step}(z) = \begin{cases} 1 & z > 0 \\ 0 & z \le 0 \end{cases}

    Parameters
    ----------
    z : array_like
        Weighted sums, any shape.

    Returns
    -------
    ndarray
        Zeros and ones, in the shape and dtype of `z`.

    Raises
    ------
    TypeError, ValueError
        If `z` is not an array of finite real numbers.

    See Also
    --------
    d_step : its derivative.

    References
    ----------
    McCulloch and Pitts 1943, :cite:`mcculloch1943`.

    Examples
    --------
    >>> step([-0.5, 0.0, 0.8])
    array([0., 0., 1.])
    """
    return formulas.step(check.array(z, "z"))


def d_step(z: ArrayLike) -> np.ndarray:
    r"""Differentiate `step`: zero everywhere.

    .. math:: \operatorname{step}'(z) = 0 \quad (z \ne 0)

    At 0 the derivative does not exist; it is taken to be 0 there too. A gradient
    cannot pass through a step, so the perceptron needs a learning rule of its own.

    Parameters
    ----------
    z : array_like
        Weighted sums, any shape.

    Returns
    -------
    ndarray
        Zeros, in the shape and dtype of `z`.

    Raises
    ------
    TypeError, ValueError
        If `z` is not an array of finite real numbers.

    See Also
    --------
    step : what it differentiates.

    Examples
    --------
    >>> d_step([-0.5, 0.0, 0.8])
    array([0., 0., 0.])
    """
    return 0 * step(z)


def sigmoid(z: ArrayLike) -> np.ndarray:
    r"""Squash a logit into a probability.

    .. math:: \sigma(z) = \frac{1}{1 + e^{-z}}

    Where :math:`e^{-z}` overflows, the quotient is 0, the limit.

    Parameters
    ----------
    z : array_like
        Logits, any shape.

    Returns
    -------
    ndarray
        Values in [0, 1], in the shape and dtype of `z`.

    Raises
    ------
    TypeError, ValueError
        If `z` is not an array of finite real numbers.

    See Also
    --------
    d_sigmoid : its derivative.

    Examples
    --------
    >>> sigmoid([-1000.0, 0.0, 1000.0])
    array([0. , 0.5, 1. ])
    """
    return formulas.sigmoid(check.array(z, "z"))


def d_sigmoid(z: ArrayLike) -> np.ndarray:
    r"""Differentiate `sigmoid`.

    .. math:: \sigma'(z) = \sigma(z) \, (1 - \sigma(z))

    Parameters
    ----------
    z : array_like
        Logits, any shape.

    Returns
    -------
    ndarray
        Values in [0, 1/4], in the shape and dtype of `z`.

    Raises
    ------
    TypeError, ValueError
        If `z` is not an array of finite real numbers.

    See Also
    --------
    sigmoid : what it differentiates.

    Examples
    --------
    >>> d_sigmoid([-1000.0, 0.0, 1000.0])
    array([0.  , 0.25, 0.  ])
    """
    y = sigmoid(z)
    return y * (1 - y)


def tanh(z: ArrayLike) -> np.ndarray:
    r"""Squash a number into (-1, 1): a sigmoid centred at 0.

    .. math:: \tanh(z) = \frac{e^z - e^{-z}}{e^z + e^{-z}} = 2 \sigma(2z) - 1

    Parameters
    ----------
    z : array_like
        Any shape.

    Returns
    -------
    ndarray
        Values in [-1, 1], in the shape and dtype of `z`.

    Raises
    ------
    TypeError, ValueError
        If `z` is not an array of finite real numbers.

    See Also
    --------
    d_tanh : its derivative.

    Examples
    --------
    >>> tanh([0.41, 0.09]).round(8)
    array([0.38847268, 0.08975778])
    """
    return np.tanh(check.array(z, "z"))


def d_tanh(z: ArrayLike) -> np.ndarray:
    r"""Differentiate `tanh`.

    .. math:: \tanh'(z) = 1 - \tanh^2(z)

    Parameters
    ----------
    z : array_like
        Any shape.

    Returns
    -------
    ndarray
        Values in [0, 1], in the shape and dtype of `z`.

    Raises
    ------
    TypeError, ValueError
        If `z` is not an array of finite real numbers.

    See Also
    --------
    tanh : what it differentiates.

    Examples
    --------
    >>> d_tanh([-1000.0, 0.0, 1000.0])
    array([0., 1., 0.])
    """
    return 1 - tanh(z) ** 2


def relu(z: ArrayLike) -> np.ndarray:
    r"""Keep what is positive, drop the rest.

    .. math:: \operatorname{relu}(z) = \max(0, z)

    Parameters
    ----------
    z : array_like
        Any shape.

    Returns
    -------
    ndarray
        In the shape and dtype of `z`.

    Raises
    ------
    TypeError, ValueError
        If `z` is not an array of finite real numbers.

    See Also
    --------
    d_relu : its derivative.
    leaky_relu : lets a little of the rest through.

    Examples
    --------
    >>> relu([-2.0, 0.0, 3.0])
    array([0., 0., 3.])
    """
    return np.maximum(check.array(z, "z"), 0)


def d_relu(z: ArrayLike) -> np.ndarray:
    r"""Differentiate `relu`.

    .. math::
        \operatorname{relu}'(z) = \begin{cases} 1 & z > 0 \\ 0 & z \le 0 \end{cases}

    At 0 any value in [0, 1] is a subgradient; 0 is the usual choice and this one.

    Parameters
    ----------
    z : array_like
        Any shape.

    Returns
    -------
    ndarray
        Zeros and ones, in the shape and dtype of `z`.

    Raises
    ------
    TypeError, ValueError
        If `z` is not an array of finite real numbers.

    See Also
    --------
    relu : what it differentiates.

    Examples
    --------
    >>> d_relu([-2.0, 0.0, 3.0])
    array([0., 0., 1.])
    """
    return step(z)


def leaky_relu(z: ArrayLike, slope: float = LEAK) -> np.ndarray:
    r"""Keep what is positive, and let a little of the rest through.

    .. math:: \operatorname{leaky}(z) = \begin{cases} z & z > 0 \\
              \alpha z & z \le 0 \end{cases}

    A unit of `relu` whose weighted sum is negative for every example has no gradient
    and can never come back; this one can.

    Parameters
    ----------
    z : array_like
        Any shape.
    slope : float, default 0.01
        The slope :math:`\alpha` at negative numbers, from 0 to below 1. A layer that
        names "leaky_relu" has the default.

    Returns
    -------
    ndarray
        In the shape and dtype of `z`.

    Raises
    ------
    TypeError, ValueError
        If `z` is not an array of finite real numbers, or `slope` out of its range.

    See Also
    --------
    d_leaky_relu : its derivative.

    References
    ----------
    Maas, Hannun and Ng 2013, :cite:`maas2013`.

    Examples
    --------
    >>> leaky_relu([-2.0, 0.0, 3.0])
    array([-0.02,  0.  ,  3.  ])
    """
    return formulas.leaky_relu(check.array(z, "z"), _leak(slope))


def d_leaky_relu(z: ArrayLike, slope: float = LEAK) -> np.ndarray:
    r"""Differentiate `leaky_relu`.

    .. math:: \operatorname{leaky}'(z) = \begin{cases} 1 & z > 0 \\
              \alpha & z \le 0 \end{cases}

    Parameters
    ----------
    z, slope
        As in `leaky_relu`.

    Returns
    -------
    ndarray
        In the shape and dtype of `z`.

    Raises
    ------
    TypeError, ValueError
        As in `leaky_relu`.

    See Also
    --------
    leaky_relu : what it differentiates.

    Examples
    --------
    >>> d_leaky_relu([-2.0, 0.0, 3.0])
    array([0.01, 0.01, 1.  ])
    """
    z = check.array(z, "z")
    return np.where(z > 0, np.ones_like(z), _leak(slope))


def _leak(slope):
    return check.number(slope, "slope", low=0, below=1)


def softplus(z: ArrayLike) -> np.ndarray:
    r"""Round off the corner of `relu`.

    .. math:: \operatorname{softplus}(z) = \log(1 + e^z)
              = \max(0, z) + \log(1 + e^{-|z|})

    The second form is the one computed: it cannot overflow.

    Parameters
    ----------
    z : array_like
        Any shape.

    Returns
    -------
    ndarray
        Values >= 0, in the shape and dtype of `z`.

    Raises
    ------
    TypeError, ValueError
        If `z` is not an array of finite real numbers.

    See Also
    --------
    d_softplus : its derivative.

    Examples
    --------
    >>> softplus([-1000.0, 0.0, 10.0]).round(4)
    array([ 0.    ,  0.6931, 10.    ])
    """
    return formulas.softplus(check.array(z, "z"))


def d_softplus(z: ArrayLike) -> np.ndarray:
    r"""Differentiate `softplus`: the sigmoid.

    .. math:: \operatorname{softplus}'(z) = \sigma(z)

    Parameters
    ----------
    z : array_like
        Any shape.

    Returns
    -------
    ndarray
        Values in [0, 1], in the shape and dtype of `z`.

    Raises
    ------
    TypeError, ValueError
        If `z` is not an array of finite real numbers.

    See Also
    --------
    softplus : what it differentiates.

    Examples
    --------
    >>> d_softplus([0.0])
    array([0.5])
    """
    return sigmoid(z)


def logsumexp(z: ArrayLike, axis: int = -1) -> np.ndarray:
    r"""Take the logarithm of a sum of exponentials: a smooth maximum.

    .. math:: \operatorname{logsumexp}(z) = \log \sum_k e^{z_k}
              = m + \log \sum_k e^{z_k - m}, \qquad m = \max_k z_k

    Parameters
    ----------
    z : array_like of shape (..., K)
        Logits.
    axis : int, default -1
        The axis that is summed.

    Returns
    -------
    ndarray
        In the dtype of `z`, without `axis`.

    Raises
    ------
    TypeError, ValueError
        If `z` is not an array of finite real numbers with that axis.

    See Also
    --------
    log_softmax : what it normalises.

    Examples
    --------
    >>> logsumexp([1000.0, 1000.0]).round(4)
    np.float64(1000.6931)
    """
    return formulas.logsumexp(*_along(z, axis))


def softmax(z: ArrayLike, axis: int = -1) -> np.ndarray:
    r"""Turn logits into a probability distribution.

    .. math:: y_k = \frac{e^{z_k}}{\sum_j e^{z_j}}

    Adding one number to all logits changes nothing, so the largest is first
    subtracted and no exponential can overflow.

    Parameters
    ----------
    z : array_like of shape (..., K)
        Logits.
    axis : int, default -1
        The axis that sums to 1.

    Returns
    -------
    ndarray
        Probabilities, in the shape and dtype of `z`.

    Raises
    ------
    TypeError, ValueError
        If `z` is not an array of finite real numbers with that axis.

    See Also
    --------
    softmax_backward : carries a gradient back.
    log_softmax : its logarithm.

    Examples
    --------
    >>> softmax([0.0, np.log(3.0)])
    array([0.25, 0.75])
    """
    return formulas.softmax(*_along(z, axis))


def log_softmax(z: ArrayLike, axis: int = -1) -> np.ndarray:
    r"""Take the logarithm of `softmax`, which stays finite where softmax is 0.

    .. math:: \log y_k = z_k - \log \sum_j e^{z_j}

    Parameters
    ----------
    z : array_like of shape (..., K)
        Logits.
    axis : int, default -1
        The axis whose exponentials sum to 1.

    Returns
    -------
    ndarray
        Values <= 0, in the shape and dtype of `z`.

    Raises
    ------
    TypeError, ValueError
        If `z` is not an array of finite real numbers with that axis.

    See Also
    --------
    softmax : the probabilities themselves.

    Examples
    --------
    >>> log_softmax([1000.0, 0.0])
    array([    0., -1000.])
    """
    return formulas.log_softmax(*_along(z, axis))


def softmax_backward(dy: ArrayLike, y: ArrayLike, axis: int = -1) -> np.ndarray:
    r"""Carry a gradient back through `softmax`.

    .. math:: \frac{\partial L}{\partial z_k}
              = y_k \Bigl( \frac{\partial L}{\partial y_k}
              - \sum_j \frac{\partial L}{\partial y_j} y_j \Bigr)

    Parameters
    ----------
    dy : array_like of shape (..., K)
        Gradient of the loss with respect to the probabilities.
    y : array_like of shape (..., K)
        What `softmax` returned.
    axis : int, default -1
        The axis that `softmax` ran along.

    Returns
    -------
    ndarray
        Gradient with respect to the logits, in the shape and dtype of `y`.

    Raises
    ------
    TypeError, ValueError
        If the shapes differ, or an argument is not an array of finite real numbers.

    See Also
    --------
    softmax : the way forward.

    Examples
    --------
    >>> softmax_backward([1.0, 0.0], [0.25, 0.75])
    array([ 0.1875, -0.1875])
    """
    y, axis = _along(y, axis, "y")
    dy = check.like(dy, "dy", y, "y")
    return formulas.softmax_backward(dy, y, axis)


def _along(z, axis, name="z") -> tuple[np.ndarray, int]:
    z = check.array(z, name, (..., "K"))
    return z, check.axis(axis, "axis", z.ndim)


class Activation(NamedTuple):
    """An activation and its derivative with respect to its argument."""

    f: Callable
    df: Callable


def _activation(phi):
    return Activation(
        lambda z: phi.f(check.array(z, "z")),
        lambda z: phi.slope(phi.f(check.array(z, "z"))),
    )


#: The activations by name, for a layer that is told which one to use.
ACTIVATIONS = {name: _activation(phi) for name, phi in PHI.items()}
