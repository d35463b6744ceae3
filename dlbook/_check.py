"""Arguments are checked here, so that every message has one form.

A message names the argument, what was wanted and what came. Arrays that answer
``True`` to ``symbolic`` stand for formulas and not for numbers (a live figure is
compiled with them); their shape is checked, their values cannot be.
"""

import operator

import numpy as np

__all__ = [
    "array",
    "axis",
    "choice",
    "floating",
    "generator",
    "integer",
    "like",
    "number",
    "same_shape",
    "scalar",
]


def array(value, name, shape=None, *, low=None, high=None):
    """Return ``value`` as a float array after checking it.

    Parameters
    ----------
    value : array_like
        Real numbers. Integers and booleans become float64; float32 stays float32.
    name : str
        The argument's name, for the message.
    shape : tuple of int, str or Ellipsis, optional
        Wanted shape. An int must match, a str names a free axis that must not be
        empty, a leading ``...`` stands for any number of leading axes.
    low, high : float, optional
        Inclusive bounds of the values.

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
    symbolic = getattr(result, "symbolic", False)
    if shape is not None and not _fits(result.shape, shape):
        raise ValueError(f"{name}: wanted shape {_show(shape)}, got {result.shape}")
    if result.size == 0:
        raise ValueError(f"{name}: wanted at least one value, got shape {result.shape}")
    if symbolic:
        return result
    # The sum of squares is finite unless a number is not, or some square overflows.
    if not np.isfinite(np.vdot(result, result)) and not np.isfinite(result).all():
        bad = result[~np.isfinite(result)].flat[0]
        raise ValueError(f"{name}: wanted finite numbers, got {bad}")
    if low is not None and result.min() < low:
        raise ValueError(f"{name}: wanted values >= {low}, got {result.min()}")
    if high is not None and result.max() > high:
        raise ValueError(f"{name}: wanted values <= {high}, got {result.max()}")
    return result


def _converted(value, name):
    if getattr(value, "symbolic", False):
        return value
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(f"{name}: wanted an array without a mask, got a masked array")
    try:
        result = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name}: wanted a regular array, got ragged rows") from error
    if getattr(result, "symbolic", False):  # a list of symbols, while it is compiled
        return result
    if result.dtype.kind not in "biuf":
        raise TypeError(f"{name}: wanted real numbers, got dtype {result.dtype}")
    if result.dtype == np.float16:
        return result.astype(np.float32)
    if result.dtype not in (np.float32, np.float64):
        return result.astype(np.float64)
    return result


def _fits(got, wanted):
    if wanted and wanted[0] is Ellipsis:
        wanted = wanted[1:]
        got = got[len(got) - len(wanted) :] if len(got) >= len(wanted) else ()
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


def like(value, name, other, other_name, *, low=None, high=None):
    """Return ``value`` checked, in the shape and dtype that ``other`` has."""
    result = array(value, name, low=low, high=high)
    same_shape(other, other_name, result, name)
    symbolic = getattr(result, "symbolic", False) or getattr(other, "symbolic", False)
    return result if symbolic else result.astype(other.dtype, copy=False)


def axis(value, name, ndim):
    """Return ``value`` as the index of one of ``ndim`` axes."""
    result = integer(value, name)
    if not -ndim <= result < ndim:
        raise ValueError(
            f"{name}: wanted an axis from {-ndim} to {ndim - 1}, got {result}"
        )
    return result


def choice(value, name, options):
    """Return ``value`` if it is one of the names in ``options``."""
    if not isinstance(value, str) or value not in options:
        wanted = ", ".join(repr(option) for option in options)
        raise ValueError(f"{name}: wanted one of {wanted}, got {value!r}")
    return value


def integer(value, name, low=None):
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


def number(value, name, *, above=None, low=None, high=None, below=None):
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


def floating(dtype, name="dtype"):
    """Return ``dtype`` as a numpy dtype if it is float32 or float64."""
    try:
        result = np.dtype(dtype)
    except TypeError:
        result = None
    if result not in (np.float32, np.float64):
        raise TypeError(f"{name}: wanted float32 or float64, got {dtype!r}")
    return result


def generator(rng, name="rng"):
    """Return ``rng`` if it is a numpy Generator; the book never draws from a global."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            f"{name}: wanted a numpy.random.Generator, got {type(rng).__name__}"
        )
    return rng
