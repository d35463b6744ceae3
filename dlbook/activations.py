r"""Activation functions and their derivatives.

An activation bends the line: without one, a stack of layers is a single layer. Each
function here acts on every entry by itself, but for the softmax family, which turns
the entries along one axis into a probability distribution.

Every function accepts logits of any finite size without overflow and returns the
dtype it was given.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from dlbook import _check

__all__ = [
    "ACTIVATIONS",
    "Activation",
    "d_relu",
    "d_sigmoid",
    "d_softplus",
    "d_step",
    "d_tanh",
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


def step(z):
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

    References
    ----------
    McCulloch and Pitts 1943, :cite:`mcculloch1943`.

    Examples
    --------
    >>> step([-0.5, 0.0, 0.8])
    array([0., 0., 1.])
    """
    z = _check.array(z, "z")
    return (z > 0) * np.ones_like(z)


def d_step(z):
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

    Examples
    --------
    >>> d_step([-0.5, 0.0, 0.8])
    array([0., 0., 0.])
    """
    return 0 * step(z)


def sigmoid(z):
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

    Examples
    --------
    >>> sigmoid([-1000.0, 0.0, 1000.0])
    array([0. , 0.5, 1. ])
    """
    z = _check.array(z, "z")
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-z))


def d_sigmoid(z):
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

    Examples
    --------
    >>> d_sigmoid([-1000.0, 0.0, 1000.0])
    array([0.  , 0.25, 0.  ])
    """
    y = sigmoid(z)
    return y * (1 - y)


def tanh(z):
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

    Examples
    --------
    >>> tanh([0.41, 0.09]).round(8)
    array([0.38847268, 0.08975778])
    """
    return np.tanh(_check.array(z, "z"))


def d_tanh(z):
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

    Examples
    --------
    >>> d_tanh([-1000.0, 0.0, 1000.0])
    array([0., 1., 0.])
    """
    return 1 - tanh(z) ** 2


def relu(z):
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

    Examples
    --------
    >>> relu([-2.0, 0.0, 3.0])
    array([0., 0., 3.])
    """
    return np.maximum(_check.array(z, "z"), 0)


def d_relu(z):
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

    Examples
    --------
    >>> d_relu([-2.0, 0.0, 3.0])
    array([0., 0., 1.])
    """
    return step(z)


def softplus(z):
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

    Examples
    --------
    >>> softplus([-1000.0, 0.0, 10.0]).round(4)
    array([ 0.    ,  0.6931, 10.    ])
    """
    z = _check.array(z, "z")
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))


def d_softplus(z):
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

    Examples
    --------
    >>> d_softplus([0.0])
    array([0.5])
    """
    return sigmoid(z)


def logsumexp(z, axis=-1):
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

    Examples
    --------
    >>> logsumexp([1000.0, 1000.0]).round(4)
    np.float64(1000.6931)
    """
    z, axis = _along(z, axis)
    m = np.max(z, axis=axis, keepdims=True)
    return np.squeeze(m, axis) + np.log(np.sum(np.exp(z - m), axis=axis))


def softmax(z, axis=-1):
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

    Examples
    --------
    >>> softmax([0.0, np.log(3.0)])
    array([0.25, 0.75])
    """
    z, axis = _along(z, axis)
    e = np.exp(z - np.max(z, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


def log_softmax(z, axis=-1):
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

    Examples
    --------
    >>> log_softmax([1000.0, 0.0])
    array([    0., -1000.])
    """
    z, axis = _along(z, axis)
    shifted = z - np.max(z, axis=axis, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


def softmax_backward(dy, y, axis=-1):
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

    Examples
    --------
    >>> softmax_backward([1.0, 0.0], [0.25, 0.75])
    array([ 0.1875, -0.1875])
    """
    y, axis = _along(y, axis, "y")
    dy = _check.like(dy, "dy", y, "y")
    return y * (dy - np.sum(dy * y, axis=axis, keepdims=True))


def _along(z, axis, name="z"):
    z = _check.array(z, name, (..., "K"))
    return z, _check.axis(axis, "axis", z.ndim)


def _identity(z):
    return +_check.array(z, "z")


def _d_identity(z):
    return np.ones_like(_check.array(z, "z"))


class Activation(NamedTuple):
    """An activation and its derivative with respect to its argument."""

    f: Callable
    df: Callable


#: The activations by name, for a layer that is told which one to use.
ACTIVATIONS = {
    "identity": Activation(_identity, _d_identity),
    "sigmoid": Activation(sigmoid, d_sigmoid),
    "tanh": Activation(tanh, d_tanh),
    "relu": Activation(relu, d_relu),
    "softplus": Activation(softplus, d_softplus),
}
