r"""Optimisers: how a gradient becomes a step.

An optimiser is a frozen record of its settings. ``init`` returns its state for some
parameters, ``update`` returns new parameters and a new state and leaves its arguments
as they were:

>>> optimiser = SGD(lr=0.1)
>>> params = (np.array([1.0, 2.0]), np.array(3.0))
>>> grads = (np.array([10.0, 0.0]), np.array(-10.0))
>>> params, state = optimiser.update(params, grads, optimiser.init(params))
>>> params
(array([0., 2.]), np.float64(4.0))

Parameters are an array, or arrays in tuples, NamedTuples, lists and dicts, nested at
will; the gradients have the same structure. ``None`` and strings, such as the names of
activations, stay as they are. Every parameter keeps its dtype. The rules are PyTorch's.

Weight decay draws every parameter to 0. It is the gradient of a second loss,
:math:`\tfrac{\lambda}{2} \|\theta\|^2`, and every optimiser takes it:

.. math:: g \leftarrow g + \lambda \, \theta
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import Any, NamedTuple

import numpy as np

from dlbook._core import check, publish
from dlbook._core.tree import (
    named_leaves,
    named_map,
    named_rows,
    tree_map,
    unzip,
    unzip_map,
)
from dlbook._core.types import Tree

__all__ = [
    "Adam",
    "AdamState",
    "Momentum",
    "SGD",
    "clip_by_global_norm",
    "global_norm",
    "tree_map",
]
publish(globals())

SMALL = 65536  # bytes of all parameters that Adam steps as one array
BLOCK = 32768  # entries that go through all passes of Adam while they are in cache


@dataclass(frozen=True)
class SGD:
    r"""Step against the gradient.

    .. math:: \theta \leftarrow \theta - \eta \, g

    Parameters
    ----------
    lr : float
        The learning rate :math:`\eta`, above 0.
    weight_decay : float, default 0
        The factor :math:`\lambda` of the weight decay, not negative.

    Raises
    ------
    ValueError
        If a setting is out of its range.

    References
    ----------
    Weight decay: Krogh and Hertz 1992, :cite:`krogh1992`.

    Examples
    --------
    >>> SGD(lr=0.5).update(np.array([1.0]), np.array([0.2]), ())
    (array([0.9]), ())
    """

    lr: float
    weight_decay: float = 0.0

    def __post_init__(self):
        _settle(self, "lr", above=0)
        _settle(self, "weight_decay", low=0)

    def init(self, params: Tree) -> Any:
        """Return the state for some parameters: nothing is remembered."""
        return ()

    def update(self, params: Tree, grads: Tree, state: Any) -> tuple[Any, Any]:
        """Return the parameters after one step, and the state."""

        def step(path, theta, g):
            theta, g = _pair(path, theta, g, self.weight_decay)
            return theta - self.lr * g

        return named_map(step, params, grads), state


@dataclass(frozen=True)
class Momentum:
    r"""Step along a running sum of gradients, as a heavy ball rolls.

    .. math:: v \leftarrow \beta v + g, \qquad \theta \leftarrow \theta - \eta \, v

    Parameters
    ----------
    lr : float
        The learning rate :math:`\eta`, above 0.
    beta : float, default 0.9
        What is kept of the velocity from step to step, from 0 to 1.
    weight_decay : float, default 0
        The factor :math:`\lambda` of the weight decay, not negative.

    Raises
    ------
    ValueError
        If a setting is out of its range.

    References
    ----------
    Polyak 1964, :cite:`polyak1964`.

    Examples
    --------
    >>> optimiser = Momentum(lr=0.1, beta=0.5)
    >>> theta, v = np.array([1.0]), optimiser.init(np.array([1.0]))
    >>> for _ in range(2):
    ...     theta, v = optimiser.update(theta, np.array([1.0]), v)
    >>> theta, v
    (array([0.75]), array([1.5]))
    """

    lr: float
    beta: float = 0.9
    weight_decay: float = 0.0

    def __post_init__(self):
        _settle(self, "lr", above=0)
        _settle(self, "weight_decay", low=0)
        _settle(self, "beta", low=0, high=1)

    def init(self, params: Tree) -> Any:
        """Return a velocity of zero for every parameter."""
        return _zeros(params)

    def update(self, params: Tree, grads: Tree, state: Any) -> tuple[Any, Any]:
        """Return the parameters after one step, and the velocity that moved them."""
        _fitting(state, params, "state")

        def step(path, theta, g, v):
            theta, g = _pair(path, theta, g, self.weight_decay)
            check.same_shape(theta, f"params{path}", v, f"state{path}")
            v = self.beta * v + g
            return theta - self.lr * v, v

        return unzip_map(step, params, grads, state)


class AdamState(NamedTuple):
    """How many steps were taken, and the running means of g and of g squared."""

    step: int
    m: Any
    v: Any


@dataclass(frozen=True)
class Adam:
    r"""Scale every entry's step by the recent size of its own gradient.

    .. math::
        m &\leftarrow \beta_1 m + (1 - \beta_1) \, g, &
        \hat m &= m / (1 - \beta_1^t) \\
        v &\leftarrow \beta_2 v + (1 - \beta_2) \, g^2, &
        \hat v &= v / (1 - \beta_2^t) \\
        \theta &\leftarrow \theta - \eta \, \hat m / (\sqrt{\hat v} + \epsilon)

    Parameters
    ----------
    lr : float, default 1e-3
        The learning rate :math:`\eta`, above 0.
    beta1, beta2 : float, default 0.9 and 0.999
        What is kept of the running means from step to step, from 0 to below 1.
    eps : float, default 1e-8
        Keeps the quotient finite where no gradient has come yet, above 0.
    weight_decay : float, default 0
        The factor :math:`\lambda` of the weight decay, not negative. It is a part of
        the gradient, and so of m and v: Adam scales it as it scales the rest.

    Raises
    ------
    ValueError
        If a setting is out of its range.

    References
    ----------
    Kingma and Ba 2015, :cite:`kingma2015`.

    Examples
    --------
    The first step is as long as the learning rate, whatever the gradient's size.

    >>> optimiser, theta = Adam(lr=0.1), np.array([1.0, 1.0])
    >>> theta, _ = optimiser.update(
    ...     theta, np.array([1e-3, -1e3]), optimiser.init(theta)
    ... )
    >>> theta.round(4)
    array([0.9, 1.1])
    """

    lr: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    weight_decay: float = 0.0

    def __post_init__(self):
        _settle(self, "weight_decay", low=0)
        _settle(self, "lr", above=0)
        _settle(self, "beta1", low=0, below=1)
        _settle(self, "beta2", low=0, below=1)
        _settle(self, "eps", above=0)

    def init(self, params: Tree) -> Any:
        """Return running means of zero for every parameter, at step 0."""
        return AdamState(0, _zeros(params), _zeros(params))

    def update(self, params: Tree, grads: Tree, state: Any) -> tuple[Any, Any]:
        """Return the parameters after one step, and the means that led there."""
        if not isinstance(state, AdamState):
            raise TypeError(
                f"state: wanted an AdamState from `init`, got {type(state).__name__}"
            )
        _fitting(state.m, params, "state.m")
        t = state.step + 1
        correction = check.scalar(np.sqrt(1 - self.beta2**t))
        scalars = self.lr * correction / (1 - self.beta1**t), self.eps * correction

        def checked(path, theta, g, m, v):
            theta, g = _pair(path, theta, g, self.weight_decay)
            check.same_shape(theta, f"params{path}", m, f"state.m{path}")
            check.same_shape(theta, f"params{path}", v, f"state.v{path}")
            return theta, g, m, v

        rows = named_rows(params, grads, state.m, state.v)
        rows = [checked(path, *row) for path, row in rows]
        together = self._together if _fit_together(rows) else self._each
        params, m, v = unzip(params, together(rows, scalars))
        return params, AdamState(t, m, v)

    def _each(self, rows, scalars):
        return [self._step(*row, *scalars) for row in rows]

    def _together(self, rows, scalars):
        """Step many small arrays as one, because each pass costs a call of NumPy."""
        columns = zip(*rows, strict=True)
        joined = [np.concatenate(column, axis=None) for column in columns]
        new, parts, end = self._step(*joined, *scalars), [], 0
        for theta, *_ in rows:
            start, end = end, end + theta.size
            parts.append([a[start:end].reshape(theta.shape) for a in new])
        return parts

    def _step(self, theta, g, m, v, lr, eps):
        new = tuple(np.empty(theta.shape, theta.dtype) for _ in range(3))
        if theta.size <= BLOCK:
            self._block(theta, g, m, v, *new, lr, eps)
            return new
        flat = [a.reshape(-1) for a in (theta, g, m, v, *new)]
        for start in range(0, theta.size, BLOCK):
            self._block(*(a[start : start + BLOCK] for a in flat), lr, eps)
        return new

    def _block(self, theta, g, m, v, theta_new, m_new, v_new, lr, eps):
        """Apply the formulas to one block, with the corrections moved to scalars.

        Dividing m and v by their corrections would be two more passes; the same
        quotient comes from a corrected learning rate and a corrected eps.
        """
        scratch = theta_new
        np.multiply(m, self.beta1, out=m_new)
        m_new += np.multiply(g, 1 - self.beta1, out=scratch)
        np.multiply(g, g, out=scratch)
        scratch *= 1 - self.beta2
        np.multiply(v, self.beta2, out=v_new)
        v_new += scratch
        np.sqrt(v_new, out=scratch)
        scratch += eps
        np.divide(m_new, scratch, out=scratch)
        scratch *= lr
        np.subtract(theta, scratch, out=theta_new)


def global_norm(grads: Tree) -> float:
    r"""Measure all the gradients as one long vector.

    .. math:: \|g\| = \sqrt{\sum_k \|g_k\|^2}

    Parameters
    ----------
    grads : ndarray, or tuple, NamedTuple, list or dict of gradients
        The gradients of all parameters.

    Returns
    -------
    float
        The Euclidean norm. No square overflows or underflows on the way.

    Raises
    ------
    TypeError, ValueError
        If there is no array, or a gradient is not made of finite real numbers.

    See Also
    --------
    clip_by_global_norm : shortens what is too long.

    Examples
    --------
    >>> global_norm((np.array([3.0, 0.0]), np.array(4.0)))
    5.0
    """
    leaves = [check.array(g, f"grads{path}") for path, g in named_leaves(grads)]
    if not leaves:
        raise ValueError(f"grads: wanted at least one array, got {grads!r}")
    largest = reduce(np.maximum, [np.max(np.abs(g)) for g in leaves])
    scale = np.maximum(largest, np.finfo(np.float64).tiny)
    squares = [np.sum((g / scale) ** 2) for g in leaves]
    return check.scalar(scale * np.sqrt(sum(squares)))


def clip_by_global_norm(
    grads: Tree, max_norm: float, *, norm: float | None = None
) -> Any:
    r"""Shorten the gradients, all by one factor, if together they are too long.

    .. math:: g \leftarrow g \cdot
              \min\Bigl(1, \frac{c}{\|g\| + 10^{-6}}\Bigr)

    The direction stays as it was. The small number is PyTorch's.

    Parameters
    ----------
    grads : ndarray, or tuple, NamedTuple, list or dict of gradients
        The gradients of all parameters.
    max_norm : float
        The longest norm c that is let through, above 0.
    norm : float, optional
        ``global_norm(grads)`` where it is known.

    Returns
    -------
    same structure as `grads`
        The gradients, each in its dtype.

    Raises
    ------
    TypeError, ValueError
        If `max_norm` is not above 0 or a gradient is not made of finite real numbers.

    See Also
    --------
    global_norm : measures only.

    References
    ----------
    Pascanu, Mikolov and Bengio 2013, :cite:`pascanu2013`.

    Examples
    --------
    >>> clip_by_global_norm((np.array([3.0]), np.array([4.0])), max_norm=1.0)
    (array([0.59999988]), array([0.79999984]))
    """
    max_norm = check.number(max_norm, "max_norm", above=0)
    norm = global_norm(grads) if norm is None else norm
    ratio = max_norm / (norm + 1e-6)
    factor = check.scalar(np.minimum(1.0, ratio))
    return tree_map(lambda g: factor * np.asanyarray(g), grads)


def _fit_together(rows):
    """Tell whether arrays are small, of one dtype, and numbers instead of symbols."""
    arrays = [a for row in rows for a in row]
    if {*map(type, arrays)} != {np.ndarray} or len({a.dtype for a in arrays}) > 1:
        return False
    return sum(theta.nbytes for theta, *_ in rows) <= SMALL


def _settle(optimiser, name, **bounds):
    """Check a setting; as a Python float it cannot widen float32 parameters."""
    value = check.number(getattr(optimiser, name), name, **bounds)
    object.__setattr__(optimiser, name, value)


def _fitting(state, params, name):
    """Refuse the state of another model, before the trees are compared leaf by leaf."""
    kinds = type(state), type(params)
    if kinds[0] is not kinds[1] and issubclass(kinds[1], (tuple, list, dict)):
        wanted, got = kinds[1].__name__, kinds[0].__name__
        raise ValueError(f"{name}: wanted that of these params, a {wanted}, got {got}")


def _pair(path, theta, g, weight_decay):
    theta = check.array(theta, f"params{path}")
    g = check.like(g, f"grads{path}", theta, f"params{path}")
    free = not getattr(weight_decay, "symbolic", False) and weight_decay == 0
    return theta, g if free else g + weight_decay * theta


def _zeros(params):
    return named_map(
        lambda path, theta: np.zeros_like(check.array(theta, f"params{path}")), params
    )
