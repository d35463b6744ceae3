"""Numbers that carry their rounding error through a computation.

A quantity is a scalar or a matrix; a vector is a matrix of one column. The error is
the bound that first-order propagation gives, so that two ways to compute one number
are told apart from two numbers.
"""

from typing import NamedTuple

import numpy as np

from dlbook.worked.errors import NotEvaluable

__all__ = [
    "Quantity",
    "add",
    "apply",
    "block",
    "convolve",
    "divide",
    "leaf",
    "multiply",
    "negate",
    "power",
    "product",
    "times",
    "transpose",
]


class Quantity(NamedTuple):
    """Values and bounds of their errors, two arrays of one shape, () or 2-D."""

    value: np.ndarray
    error: np.ndarray

    @property
    def scalar(self):
        """Whether it is a single number."""
        return self.value.ndim == 0

    @property
    def integer(self):
        """The whole number it is."""
        if not self.scalar or self.value != np.rint(self.value):
            raise NotEvaluable(f"wanted a whole number, got {self.value}")
        return int(self.value)


def leaf(value, exact=False):
    """Return a given number as a quantity.

    Its relative error is that of the type it came in, with room for a few steps of
    rounding behind it.

    Examples
    --------
    >>> leaf([1.0, 2.0]).value.shape
    (2, 1)
    """
    value = np.asarray(value)
    relative = 1e-6 if value.dtype in (np.float16, np.float32) else 1e-9
    value = value.astype(np.float64)
    if value.ndim == 1:
        value = value[:, None]
    if value.ndim > 2:
        raise NotEvaluable(f"wanted at most a matrix, got shape {value.shape}")
    error = np.zeros_like(value) if exact else relative * np.abs(value)
    return _shrink(Quantity(value, error))


def _shrink(quantity):
    """Take the number out of a matrix of one."""
    if quantity.value.shape == (1, 1):
        return Quantity(quantity.value[0, 0], quantity.error[0, 0])
    return quantity


def _shapes(a, b, what):
    if a.value.shape != b.value.shape and not a.scalar and not b.scalar:
        raise NotEvaluable(f"{what} of shapes {a.value.shape} and {b.value.shape}")


def add(a, b):
    """Return a + b; a number is added to every entry."""
    _shapes(a, b, "sum")
    return Quantity(a.value + b.value, a.error + b.error)


def negate(a):
    """Return -a."""
    return Quantity(-a.value, a.error)


def multiply(a, b):
    """Return the product entry by entry."""
    _shapes(a, b, "product by entries")
    error = abs(a.value) * b.error + a.error * abs(b.value) + a.error * b.error
    return Quantity(a.value * b.value, error)


def divide(a, b):
    """Return a / b entry by entry."""
    _shapes(a, b, "quotient")
    value = a.value / b.value
    return Quantity(value, (a.error + abs(value) * b.error) / abs(b.value))


def product(a, b, dot=False):
    """Return the matrix product, or with ``dot`` that of two vectors."""
    if a.scalar or b.scalar:
        return multiply(a, b)
    if dot and a.value.shape == b.value.shape and a.value.shape[1] == 1:
        a = transpose(a)
    if a.value.shape[1] != b.value.shape[0]:
        raise NotEvaluable(f"product of shapes {a.value.shape} and {b.value.shape}")
    error = abs(a.value) @ b.error + a.error @ (abs(b.value) + b.error)
    return _shrink(Quantity(a.value @ b.value, error))


def transpose(a):
    """Return the transposed matrix."""
    return Quantity(a.value.T, a.error.T)


def power(a, b):
    """Return a to the power b: a matrix by multiplication, a vector by entries."""
    if not b.scalar:
        raise NotEvaluable("a matrix in an exponent")
    if a.scalar or a.value.shape[1] == 1:
        return apply(lambda base, exponent: base**exponent, a, b)
    result = a
    for _ in range(b.integer - 1):
        result = product(result, a)
    if b.integer < 1:
        raise NotEvaluable(f"a matrix to the power {b.integer}")
    return result


def apply(function, *args):
    """Return a function's value with the error that each argument's brings."""
    value = _call(function, [a.value for a in args])
    error = np.zeros_like(value)
    for k, a in enumerate(args):
        for side in (a.value + a.error, a.value - a.error):
            others = [b.value for b in args]
            others[k] = side
            error = np.fmax(error, abs(_call(function, others) - value))
        scale = np.max(a.error / np.maximum(abs(a.value), 1e-300), initial=0)
        error = error + abs(value) * scale
    return Quantity(value, error)


def _call(function, values):
    try:
        return np.asarray(function(*values), dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise NotEvaluable(f"no value of a function: {error}") from None


def block(rows):
    """Return the matrix made of smaller ones."""
    try:
        value = np.block([[np.atleast_2d(cell.value) for cell in row] for row in rows])
        error = np.block([[np.atleast_2d(cell.error) for cell in row] for row in rows])
    except ValueError as reason:
        raise NotEvaluable(f"rows of a matrix do not fit: {reason}") from None
    return _shrink(Quantity(value, error))


def convolve(image, kernel, flip):
    """Return the valid cross-correlation, or with ``flip`` the convolution."""
    value, error = kernel
    if image.value.ndim != 2 or value.ndim != 2:
        shapes = f"{image.value.shape} and {value.shape}"
        raise NotEvaluable(f"convolution of shapes {shapes}")
    if flip:
        value, error = value[::-1, ::-1], error[::-1, ::-1]
    height, width = value.shape
    if height > image.value.shape[0] or width > image.value.shape[1]:
        raise NotEvaluable("a kernel that is larger than its image")
    view = np.lib.stride_tricks.sliding_window_view
    windows, errors = (view(part, value.shape) for part in image)
    total = np.tensordot(windows, value)
    bound = np.tensordot(abs(windows), error) + np.tensordot(errors, abs(value))
    return _shrink(Quantity(total, bound))


def times(a, b, text):
    """Return the product or quotient that an operator of LaTeX stands for.

    A star is a convolution of matrices, a product by entries of vectors, and the
    matrix product else; the filled star is a cross-correlation.
    """
    if text in ("/", "÷"):
        return divide(a, b)
    if text == "⊙":
        return multiply(a, b)
    matrices = not a.scalar and not b.scalar and b.value.shape[1] > 1
    if text == "⋆" or text == "∗" and matrices:
        return convolve(a, b, flip=text == "∗")
    if text == "∗" and not a.scalar and a.value.shape == b.value.shape:
        return multiply(a, b)
    return product(a, b, dot=text == "⋅")
