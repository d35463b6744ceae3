r"""Gradient checks: trust a derivative only after moving the input a little.

The central difference quotient

.. math:: \frac{\partial f}{\partial x_i} \approx
          \frac{f(x + h e_i) - f(x - h e_i)}{2h}

is wrong by about :math:`h^2 |f'''| / 6` because the curve bends, and by about
:math:`\varepsilon |f| / h` because f is rounded to a relative precision
:math:`\varepsilon`. The sum is smallest near :math:`h = \varepsilon^{1/3}`, which is
6e-6 in float64, so differences are always taken in float64. Where f has a corner, as
relu has at 0, a quotient that straddles it proves nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from dlbook._core import check
from dlbook._core.tree import fill, named_leaves, tree_map, unzip_map
from dlbook._core.types import ArrayLike, Source, Tree

__all__ = [
    "StepSweep",
    "check_direction",
    "check_gradient",
    "numerical_gradient",
    "relative_error",
    "step_sweep",
]

EPS = np.finfo(np.float64).eps
STEP = float(np.cbrt(EPS))


def numerical_gradient(f: Callable, x: ArrayLike, h: float | None = None) -> np.ndarray:
    r"""Differentiate a scalar function by central differences.

    Parameters
    ----------
    f : callable
        Takes an array like `x`, returns one real number.
    x : array_like
        Where to differentiate, any shape.
    h : float, optional
        The step. Without it an entry takes :math:`\varepsilon^{1/3} \max(1, |x_i|)`.

    Returns
    -------
    ndarray
        The gradient, in the shape of `x`, float64.

    Raises
    ------
    TypeError, ValueError
        If `x` or what `f` returns is not made of finite real numbers, `f` returns
        more than one, or `h` is not above 0.

    See Also
    --------
    check_gradient : what compares it with a formula.

    Examples
    --------
    >>> numerical_gradient(lambda x: np.sum(x**2), [1.0, -3.0]).round(8)
    array([ 2., -6.])
    """
    x = check.array(x, "x").astype(np.float64)
    if h is None:
        steps = STEP * np.maximum(1, np.abs(x))
    else:
        steps = np.full(x.shape, check.number(h, "h", above=0))
    return _quotients(f, x, steps, back=1)


def relative_error(a: ArrayLike, b: ArrayLike, floor: float = 0.0) -> float:
    r"""Measure the largest difference against the largest entry.

    .. math:: \frac{\max_i |a_i - b_i|}{\max_i \max(|a_i|, |b_i|)}

    Parameters
    ----------
    a, b : array_like
        Of one shape.
    floor : float, default 0
        The denominator is at least this, so that two almost zero arrays agree.

    Returns
    -------
    float
        From 0, where `a` equals `b`, to 2, where `a` is `-b`.

    Raises
    ------
    TypeError, ValueError
        If the shapes differ or an entry is not a finite real number.

    See Also
    --------
    check_gradient : what it is for.

    Examples
    --------
    >>> relative_error([1.0, 99.0], [1.0, 100.0])
    0.01
    """
    a = check.array(a, "a")
    b = check.array(b, "b")
    check.same_shape(a, "a", b, "b")
    return check.scalar(_error(a, b, check.number(floor, "floor", low=0)))


def _error(a, b, floor=0.0):
    size = np.maximum(np.max(np.abs(a)), np.max(np.abs(b)))
    least = max(floor, np.finfo(np.float64).tiny)
    return np.max(np.abs(a - b)) / np.maximum(size, least)


def check_gradient(
    f: Callable, params: Tree, grads: Any, *, h: float | None = None, tol: float = 1e-06
) -> float:
    r"""Compare a gradient, array by array, with the numerical one.

    A difference that the rounding of f alone can make, :math:`4 \varepsilon |f| / h`,
    is within the tolerance.

    Parameters
    ----------
    f : callable
        Takes parameters like `params`, returns the loss, one real number.
    params : ndarray, or tuple, NamedTuple, list or dict of parameters
        Where the gradient was taken.
    grads : same structure as `params`
        The gradient that is to be checked.
    h : float, optional
        The step, as in `numerical_gradient`.
    tol : float, default 1e-6
        The largest relative error of an array that passes.

    Returns
    -------
    float
        The largest relative error of all arrays.

    Raises
    ------
    AssertionError
        If an error is above `tol`; the message names the parameter and shows the
        analytic gradient beside the numerical one.
    TypeError, ValueError
        If the structures or shapes differ, or as in `numerical_gradient`.

    See Also
    --------
    check_direction : two evaluations for all entries.

    Examples
    --------
    >>> x = np.array([1.0, 2.0])
    >>> check_gradient(lambda x: np.sum(x**3), x, 3 * x**2) < 1e-9
    True
    >>> check_gradient(lambda x: np.sum(x**3), x, 2 * x**2)
    Traceback (most recent call last):
    ...
    AssertionError: params: relative error 3.3e-01 > 1e-06
    worst at [1]: analytic 8, numeric 12
    analytic
    [2. 8.]
    numeric
    [ 3. 12.]
    """
    params, grads = _checked(params, grads)
    floor = _rounding(f, params, h) / check.number(tol, "tol", above=0)
    worst = 0.0
    arrays = [array for _, array in named_leaves(params)]
    for k, (path, analytic) in enumerate(named_leaves(grads)):

        def loss(array, k=k):
            return f(fill(params, [*arrays[:k], array, *arrays[k + 1 :]]))

        numeric = numerical_gradient(loss, arrays[k], h)
        error = relative_error(analytic, numeric, floor)
        if error > tol:
            raise AssertionError(_report(path, analytic, numeric, error, tol))
        worst = max(worst, error)
    return worst


def check_direction(
    f: Callable,
    params: Tree,
    grads: Any,
    *,
    rng: Source,
    h: float | None = None,
    tol: float = 1e-06,
) -> float:
    r"""Compare a gradient with the slope of f in one random direction.

    .. math:: \sum_k \langle g_k, u_k \rangle \approx
              \frac{f(\theta + h u) - f(\theta - h u)}{2h}, \qquad u \sim N(0, I)

    Two evaluations test all entries at once, so it serves where `check_gradient` would
    take too long. Normal numbers make it certain that two errors do not cancel, as
    they might if u had entries of one size. The difference is measured against the
    length of the gradient, the typical size of the inner product.

    Parameters
    ----------
    f, params, grads, h, tol
        As in `check_gradient`.
    rng : numpy.random.Generator
        Draws the direction u.

    Returns
    -------
    float
        The relative error.

    Raises
    ------
    AssertionError
        If the error is above `tol`; the message shows both slopes.
    TypeError, ValueError
        As in `check_gradient`, or if `rng` is not a Generator.

    See Also
    --------
    check_gradient : every entry by itself.

    Examples
    --------
    >>> x = np.linspace(-1, 1, 10_000)
    >>> rng = np.random.default_rng(0)
    >>> check_direction(lambda x: np.sum(x**3), x, 3 * x**2, rng=rng) < 1e-6
    True
    """
    check.generator(rng)
    params, grads = _checked(params, grads)
    step = STEP if h is None else check.number(h, "h", above=0)
    direction = tree_map(lambda a: rng.normal(size=a.shape), params)
    up = _value(f, tree_map(lambda a, u: a + step * u, params, direction))
    down = _value(f, tree_map(lambda a, u: a - step * u, params, direction))
    numeric = (up - down) / (2 * step)
    analytic = _inner(grads, direction)
    floor = _rounding(f, params, h) / check.number(tol, "tol", above=0)
    floor = max(floor, np.sqrt(_inner(grads, grads)))
    error = relative_error(analytic, numeric, floor)
    if error > tol:
        raise AssertionError(
            f"slope in a random direction: relative error {error:.1e} > {tol:g}\n"
            f"analytic {analytic:.9g}, numeric {numeric:.9g}"
        )
    return error


class StepSweep(NamedTuple):
    """Relative errors of two difference quotients, one for each step h."""

    h: np.ndarray
    forward: np.ndarray
    central: np.ndarray


def step_sweep(
    f: Callable, x: ArrayLike, grad: ArrayLike, h: ArrayLike | None = None
) -> StepSweep:
    r"""Measure how wrong difference quotients are as the step shrinks.

    On log-log axes each curve is a V: truncation falls with h on the right, with slope
    1 for :math:`(f(x + h) - f(x)) / h` and slope 2 for the central quotient; rounding
    grows as 1/h on the left. A wrong `grad` shows as a floor instead.

    Parameters
    ----------
    f : callable
        Takes an array like `x`, returns one real number.
    x : array_like
        Where to differentiate, any shape.
    grad : array_like
        The true gradient, in the shape of `x`.
    h : array_like of shape (n,), optional
        The steps, by default 49 from 1e-12 to 1.

    Returns
    -------
    StepSweep
        h and, for each, the relative errors of the forward and the central quotient.

    Raises
    ------
    TypeError, ValueError
        If the shapes of `x` and `grad` differ, a step is not above 0, or as in
        `numerical_gradient`.

    See Also
    --------
    numerical_gradient : the quotient for one step.

    Examples
    --------
    >>> x = np.array([1.0])
    >>> sweep = step_sweep(lambda x: np.sum(np.exp(x)), x, np.exp(x), [1e-1, 1e-2])
    >>> sweep.forward.round(4), sweep.central.round(6)
    (array([0.0492, 0.005 ]), array([1.665e-03, 1.700e-05]))
    """
    x = check.array(x, "x").astype(np.float64)
    grad = check.like(grad, "grad", x, "x")
    h = np.logspace(-12, 0, 49) if h is None else check.array(h, "h", ("n",))
    forward, central = [], []
    for step in h:
        steps = np.full(x.shape, check.number(step, "h", above=0))
        forward.append(_error(grad, _quotients(f, x, steps, back=0)))
        central.append(_error(grad, _quotients(f, x, steps, back=1)))
    return StepSweep(h, np.array(forward), np.array(central))


def _quotients(f, x, steps, back):
    """Return a difference quotient per entry, central (back=1) or forward (back=0)."""
    slopes = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        move = np.zeros(x.shape)
        move[i] = steps[i]
        rise = _value(f, x + move) - _value(f, x - back * move)
        slopes[i] = rise / ((1 + back) * steps[i])
    return slopes


def _value(f, x):
    return check.number(f(x), "f(x)")


def _rounding(f, params, h):
    """Return how far rounding alone can move a difference quotient of f."""
    step = STEP if h is None else check.number(h, "h", above=0)
    return 4 * EPS * abs(_value(f, params)) / step


def _inner(tree, other):
    pairs = zip(named_leaves(tree), named_leaves(other), strict=True)
    return float(sum(np.sum(a * b) for (_, a), (_, b) in pairs))


def _checked(params, grads):
    def pair(path, theta, g):
        theta = check.array(theta, f"params{path}").astype(np.float64)
        return theta, check.like(g, f"grads{path}", theta, f"params{path}")

    return unzip_map(pair, params, grads)


def _report(path, analytic, numeric, error, tol):
    worst = np.unravel_index(np.argmax(np.abs(analytic - numeric)), analytic.shape)
    head = f"params{path}: relative error {error:.1e} > {tol:g}\n"
    pair = f"analytic {analytic[worst]:.9g}, numeric {numeric[worst]:.9g}"
    if not worst:
        return head + pair
    with np.printoptions(precision=6, threshold=50, edgeitems=3):
        place = f"worst at [{', '.join(map(str, worst))}]: "
        return f"{head}{place}{pair}\nanalytic\n{analytic}\nnumeric\n{numeric}"
