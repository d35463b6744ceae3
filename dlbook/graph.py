r"""A computational graph: numbers that remember where they came from.

Each operation on a `Value` makes a new one. It keeps its operands, its parents, and
beside them one local derivative for each: how fast the result grows with that operand
alone. The chain rule does the rest. Going back from the result, each node hands

.. math:: \frac{\partial L}{\partial \text{node}} \cdot
          \frac{\partial\,\text{node}}{\partial\,\text{parent}}

to each parent, and what arrives at a parent by several ways *adds up*.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from dlbook._core.check import number
from dlbook.activations import sigmoid

__all__ = [
    "Message",
    "Value",
    "backward",
    "backward_steps",
    "topological_order",
]


class Value:
    """A number in a graph.

    Parameters
    ----------
    value : float
        The number.
    name : str
        What to call it in a drawing.

    Attributes
    ----------
    value : float
        The number.
    grad : float
        Derivative of the root with respect to it, after `backward`; 0 before.
    op : str
        The operation that made it; empty for a leaf.
    parents : tuple of Value
        The operands.
    local : tuple of float
        Its derivative with respect to each operand, in the order of ``parents``.
    name : str
        What to call it in a drawing.

    Raises
    ------
    TypeError, ValueError
        If ``value`` is not one finite real number, or an operation gets an operand
        that it has no value or no derivative for.

    References
    ----------
    Linnainmaa 1976, :cite:`linnainmaa1976`; Griewank 2012, :cite:`griewank2012`.

    Examples
    --------
    >>> x, w, b = Value(2.0, "x"), Value(-3.0, "w"), Value(6.5, "b")
    >>> y = (w * x + b) ** 2
    >>> backward(y)
    >>> y.value, w.grad, b.grad
    (0.25, 2.0, 1.0)
    """

    __slots__ = ("grad", "local", "name", "op", "parents", "value")
    __array_ufunc__ = None  # NumPy numbers leave the operation to the Value

    def __init__(self, value: float, name: str = ""):
        self.value, self.name, self.grad = number(value, "value"), name, 0.0
        self.op: str = ""
        self.parents: tuple[Value, ...] = ()
        self.local: tuple[float, ...] = ()

    def __repr__(self):
        name = f"{self.name} = " if self.name else ""
        return f"Value({name}{self.value:.6g}, grad={self.grad:.6g})"

    def __add__(self, other: Any) -> Value:
        other = _lift(other)
        return _node(self.value + other.value, "+", (self, other), (1.0, 1.0))

    def __sub__(self, other: Any) -> Value:
        other = _lift(other)
        return _node(self.value - other.value, "-", (self, other), (1.0, -1.0))

    def __mul__(self, other: Any) -> Value:
        a, b = self, _lift(other)
        return _node(a.value * b.value, "*", (a, b), (b.value, a.value))

    def __truediv__(self, other: Any) -> Value:
        a, b = self, _lift(other)
        if not getattr(b.value, "symbolic", False) and b.value == 0:
            raise ValueError("divisor: wanted a number other than 0, got 0")
        ratio = a.value / b.value
        return _node(ratio, "/", (a, b), (1 / b.value, -ratio / b.value))

    def __pow__(self, exponent: float) -> Value:
        k = number(exponent, "exponent")
        a = _base(self.value, k)
        with np.errstate(over="ignore"):
            y = np.power(a, k)
            slope = k * np.power(a, k - 1) if k != 0 else 0 * y
        return _node(y, f"**{k:g}", (self,), (slope,))

    def __neg__(self) -> Value:
        return _node(-self.value, "neg", (self,), (-1.0,))

    def __radd__(self, other: Any) -> Value:
        return _lift(other) + self

    def __rsub__(self, other: Any) -> Value:
        return _lift(other) - self

    def __rmul__(self, other: Any) -> Value:
        return _lift(other) * self

    def __rtruediv__(self, other: Any) -> Value:
        return _lift(other) / self

    def exp(self) -> Value:
        """Return e to the power of the value."""
        with np.errstate(over="ignore"):
            y = np.exp(self.value)
        return _node(y, "exp", (self,), (y,))

    def log(self) -> Value:
        """Return the natural logarithm of the value, which must be positive."""
        a = number(self.value, "value", above=0)
        return _node(np.log(a), "log", (self,), (1 / a,))

    def tanh(self) -> Value:
        """Return the hyperbolic tangent."""
        y = np.tanh(self.value)
        return _node(y, "tanh", (self,), (1 - y * y,))

    def sigmoid(self) -> Value:
        """Return the logistic sigmoid."""
        y = sigmoid(self.value)
        return _node(y, "sigmoid", (self,), (y * (1 - y),))

    def relu(self) -> Value:
        """Return the value where it is positive, else 0; the slope at 0 is 0."""
        slope = (self.value > 0) * 1.0
        return _node(np.maximum(self.value, 0.0), "relu", (self,), (slope,))


class Message(NamedTuple):
    """One step of the way back, as `backward_steps` makes it."""

    node: Value
    parent: Value
    local: float
    before: float
    """The parent's gradient before the message came."""
    sent: float
    """What came along the edge."""
    after: float
    """The parent's gradient now: ``before + sent``."""


def topological_order(root: Value) -> list[Value]:
    """Return the nodes of a graph, each one after all of its parents.

    This is the order in which the values come to be. Backwards, it is the order in
    which the gradients are complete.

    Parameters
    ----------
    root : Value
        The result.

    Returns
    -------
    list of Value
        Each node once; the root is the last.

    Raises
    ------
    TypeError
        If ``root`` is no Value.

    See Also
    --------
    backward : what goes through it from its end.

    Examples
    --------
    >>> x = Value(3.0, "x")
    >>> [node.op or node.name for node in topological_order(x * x + 1)]
    ['x', '*', '', '+']
    """
    if not isinstance(root, Value):
        raise TypeError(f"root: wanted a Value, got {type(root).__name__}")
    order, seen, stack = [], set(), [(root, iter(root.parents))]
    while stack:
        node, parents = stack[-1]
        parent = next((p for p in parents if p not in seen), None)
        if parent is not None:
            stack.append((parent, iter(parent.parents)))
        else:
            stack.pop()
            seen.add(node)
            order.append(node)
    return order


def backward_steps(root: Value) -> Iterator[Message]:
    """Carry the gradient from the root to the leaves, one edge at a time.

    All gradients of the graph start again at 0, and the root's at 1.

    Parameters
    ----------
    root : Value
        The result to differentiate.

    Yields
    ------
    Message
        One for each edge, after the parent's gradient was added to.

    Raises
    ------
    TypeError
        If ``root`` is no Value.

    See Also
    --------
    backward : the same at once.

    References
    ----------
    Linnainmaa 1976, :cite:`linnainmaa1976`; Baydin et al. 2018, :cite:`baydin2018`.

    Examples
    --------
    >>> x = Value(3.0)
    >>> for message in backward_steps(x * x):
    ...     print(message.before, "+", message.sent, "=", message.after)
    0.0 + 3.0 = 3.0
    3.0 + 3.0 = 6.0
    """
    order = topological_order(root)
    for node in order:
        node.grad = 0.0
    root.grad = 1.0
    for node in reversed(order):
        for parent, local in zip(node.parents, node.local, strict=True):
            before, sent = parent.grad, node.grad * local
            parent.grad = before + sent
            yield Message(node, parent, local, before, sent, parent.grad)


def backward(root: Value) -> None:
    """Set ``grad`` of every node to the derivative of the root with respect to it.

    Parameters
    ----------
    root : Value
        The result to differentiate.

    Raises
    ------
    TypeError
        If ``root`` is no Value.

    See Also
    --------
    backward_steps : the same, one edge at a time.

    Examples
    --------
    >>> x = Value(3.0)
    >>> backward(x * x + x)
    >>> x.grad
    7.0
    """
    for _ in backward_steps(root):
        pass


def _lift(other):
    return other if isinstance(other, Value) else Value(other)


def _base(a, k):
    """Return a base whose power k has both a value and a derivative."""
    if k != int(k):
        return number(a, "base", low=0) if k > 1 else number(a, "base", above=0)
    if k < 0 and not getattr(a, "symbolic", False) and a == 0:
        raise ValueError(f"base: wanted a number other than 0 for {k:g}, got {a}")
    return a


def _node(value, op, parents, local):
    node = Value(value)
    local = tuple(number(slope, f"slope of {op}") for slope in local)
    node.op, node.parents, node.local = op, parents, local
    return node
