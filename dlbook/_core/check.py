"""Arguments are checked here, so that every message has one form.

A message names the argument, what was wanted and what came. Arrays that answer
``True`` to ``symbolic`` stand for formulas and not for numbers (a live figure is
compiled with them); their shape is checked, their values cannot be.
"""

from __future__ import annotations

import math
import operator

import numpy as np

from dlbook._core.types import Optimiser, Source

__all__ = [
    "array",
    "axis",
    "bounded",
    "cache",
    "cast",
    "choice",
    "common",
    "floating",
    "generator",
    "gradient",
    "integer",
    "like",
    "number",
    "optimiser",
    "own",
    "read_only",
    "same_shape",
    "scalar",
    "shaped",
    "unmasked",
]


def array(value, name, shape=None, *, low=None, high=None, empty=False) -> np.ndarray:
    """Return ``value`` as a float array after checking it.

    Parameters
    ----------
    value : array_like
        Real numbers. float32 stays float32 and float16 becomes it, in the machine's
        byte order; all else becomes float64.
    name : str
        The argument's name, for the message.
    shape : tuple of int, str or Ellipsis, optional
        Wanted shape. An int must match, a str names a free axis that must not be
        empty, a leading ``...`` stands for any number of leading axes.
    low, high : float, optional
        Inclusive bounds of the values.
    empty : bool
        Whether the array may have no value at all.

    Returns
    -------
    ndarray
        Of dtype float32 or float64, finite.

    Raises
    ------
    TypeError
        If ``value`` is no array of real numbers.
    ValueError
        If the shape does not fit, an axis is empty, or a value is NaN, infinite or
        out of bounds.

    Examples
    --------
    >>> array([1, 0, 1], "x", (3,))
    array([1., 0., 1.])
    >>> array([[1.0, 2.0]], "x", (3,))
    Traceback (most recent call last):
    ...
    ValueError: x: wanted shape (3,), got (1, 2)
    """
    result = _converted(value, name)
    if shape is None or result.shape != shape:
        shaped(result, name, shape)
    if result.size == 0 and empty:
        return result
    if result.size == 0:
        raise ValueError(f"{name}: wanted at least one value, got shape {result.shape}")
    if getattr(result, "symbolic", False):
        return result
    # The sum of squares is finite unless a number is not, or some square overflows.
    if not math.isfinite(np.vdot(result, result)) and not np.isfinite(result).all():
        bad = result[~np.isfinite(result)].flat[0]
        raise ValueError(f"{name}: wanted finite numbers, got {bad}")
    return bounded(result, name, low, high)


def bounded(value, name, low=None, high=None) -> np.ndarray:
    """Return an array that was checked, if its values are within the bounds too."""
    if (low is None and high is None) or getattr(value, "symbolic", False):
        return value
    if low is not None and value.min() < low:
        raise ValueError(f"{name}: wanted values >= {low}, got {value.min()}")
    if high is not None and value.max() > high:
        raise ValueError(f"{name}: wanted values <= {high}, got {value.max()}")
    return value


def unmasked(value, name) -> np.ndarray:
    """Return ``value`` as an array of any kind; a mask would be lost without a word."""
    parts = value if isinstance(value, (list, tuple)) else [value]
    if any(isinstance(part, np.ma.MaskedArray) for part in parts):
        raise TypeError(f"{name}: wanted an array without a mask, got a masked array")
    try:
        return np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name}: wanted a regular array, got ragged rows") from error


def _converted(value, name) -> np.ndarray:
    if type(value) is np.ndarray and value.dtype.char in "df" and value.dtype.isnative:
        return value
    if getattr(value, "symbolic", False):
        return value
    result = unmasked(value, name)
    if getattr(result, "symbolic", False):  # a list of symbols, while it is compiled
        return result
    if result.dtype.kind not in "biuf":
        raise TypeError(f"{name}: wanted real numbers, got dtype {result.dtype}")
    single = result.dtype.kind == "f" and result.dtype.itemsize <= 4
    return result.astype(np.float32 if single else np.float64, copy=False)


def shaped(value, name, shape) -> np.ndarray:
    """Return a checked array if it has a shape, which is written as for `array`."""
    if shape is not None and not _fits(value.shape, shape):
        raise ValueError(f"{name}: wanted shape {_show(shape)}, got {value.shape}")
    return value


def _fits(got, wanted):
    if wanted and wanted[0] is Ellipsis:
        wanted = wanted[1:]
        got = got[len(got) - len(wanted) :]  # too short ones stay too short
    return len(got) == len(wanted) and all(
        isinstance(w, str) or g == w for g, w in zip(got, wanted, strict=True)
    )


def _show(shape):
    parts = ["..." if s is Ellipsis else str(s) for s in shape]
    return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"


def same_shape(a, name_a, b, name_b):
    """Refuse two arrays that would only agree by broadcasting."""
    if a.shape != b.shape:
        raise ValueError(
            f"{name_b}: wanted shape {a.shape} as {name_a} has, got {b.shape}"
        )


def like(value, name, other, other_name, *, low=None, high=None) -> np.ndarray:
    """Return ``value`` checked, in the shape and dtype that ``other`` has."""
    result = array(value, name, low=low, high=high)
    same_shape(other, other_name, result, name)
    return cast(result, other.dtype)


def cast(value, dtype) -> np.ndarray:
    """Return a checked array in a dtype; symbols have but one."""
    symbolic = getattr(value, "symbolic", False) or not isinstance(dtype, np.dtype)
    return value if symbolic else value.astype(dtype, copy=False)


def gradient(value, name, shape, dtype, of) -> np.ndarray:
    """Return the gradient of what had this shape and dtype, and was called ``of``."""
    result = array(value, name)
    if result.shape != shape:
        raise ValueError(
            f"{name}: wanted shape {shape} as {of} has, got {result.shape}"
        )
    return cast(result, dtype)


def common(*arrays) -> tuple[np.ndarray, ...]:
    """Return checked arrays in the one dtype that holds them all."""
    if any(getattr(a, "symbolic", False) for a in arrays):
        return arrays
    dtype = np.result_type(*arrays)
    return tuple(a.astype(dtype, copy=False) for a in arrays)


def axis(value, name, ndim) -> int:
    """Return ``value`` as the index of one of ``ndim`` axes."""
    result = integer(value, name)
    if not -ndim <= result < ndim:
        raise ValueError(
            f"{name}: wanted an axis from {-ndim} to {ndim - 1}, got {result}"
        )
    return result


def choice(value, name, options) -> str:
    """Return ``value`` if it is one of the names in ``options``."""
    if not isinstance(value, str) or value not in options:
        wanted = ", ".join(repr(option) for option in options)
        raise ValueError(f"{name}: wanted one of {wanted}, got {value!r}")
    return value


def integer(value, name, low=None) -> int:
    """Return ``value`` as an int that is at least ``low``."""
    try:
        if isinstance(value, (bool, np.bool_)):
            raise TypeError
        result = operator.index(value)
    except TypeError:
        raise TypeError(f"{name}: wanted an integer, got {value!r}") from None
    if low is not None and result < low:
        raise ValueError(f"{name}: wanted an integer >= {low}, got {result}")
    return result


def number(value, name, *, above=None, low=None, high=None, below=None) -> float:
    """Return ``value`` as a finite float; ``above`` and ``below`` are strict bounds."""
    if getattr(value, "symbolic", False):
        return value
    result = float(array(value, name, ()))
    if above is not None and not result > above:
        raise ValueError(f"{name}: wanted a number > {above}, got {result}")
    if low is not None and result < low:
        raise ValueError(f"{name}: wanted a number >= {low}, got {result}")
    if high is not None and result > high:
        raise ValueError(f"{name}: wanted a number <= {high}, got {result}")
    if below is not None and not result < below:
        raise ValueError(f"{name}: wanted a number < {below}, got {result}")
    return result


def scalar(value):
    """Return a 0-d result as a float, but leave a symbolic one as it is."""
    return value if getattr(value, "symbolic", False) else float(value)


def floating(dtype, name="dtype") -> np.dtype:
    """Return ``dtype`` as a numpy dtype if it is float32 or float64."""
    try:
        result = np.dtype(dtype)
    except TypeError:
        result = None
    if result not in (np.float32, np.float64):
        raise TypeError(f"{name}: wanted float32 or float64, got {dtype!r}")
    return result


DRAWS = ("integers", "normal", "permutation", "uniform")
"""What the book asks of a source of random numbers, by the names NumPy gives it."""


def generator(rng, name="rng") -> Source:
    """Return ``rng`` if it draws as a NumPy Generator does.

    The book never draws from a global source. A live figure's own source, which draws
    the same numbers on a page as in Python, has the methods `DRAWS` and no others.
    """
    if not all(callable(getattr(rng, draw, None)) for draw in DRAWS):
        raise TypeError(
            f"{name}: wanted a numpy.random.Generator, got {type(rng).__name__}"
        )
    return rng


def optimiser(value, name="optimiser") -> Optimiser:
    """Return ``value`` if it can ``init`` and ``update``."""
    methods = [getattr(value, method, None) for method in ("init", "update")]
    if isinstance(value, type) or not all(map(callable, methods)):
        raise TypeError(
            f"{name}: wanted an optimiser such as SGD(lr=0.1), got {value!r}"
        )
    return value


def cache(value, kind):
    """Return what a forward pass left if it is what the backward pass reads."""
    if isinstance(value, kind):
        return value
    got = type(value).__name__
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], kind):
        got = "the pair (value, cache): pass its second part"
    raise TypeError(f"cache: wanted {kind.__name__}, got {got}")


def own(array) -> np.ndarray:
    """Return a copy; symbols never change and need none."""
    return array if getattr(array, "symbolic", False) else array.copy()


def read_only(array) -> np.ndarray:
    """Return a view that cannot be written to; symbols cannot anyway."""
    if getattr(array, "symbolic", False):
        return array
    view = array.view()
    view.flags.writeable = False
    return view
