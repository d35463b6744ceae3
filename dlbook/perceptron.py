r"""The perceptron: a weighted sum, a threshold, and a rule that learns from mistakes.

The bias counts as the weight of one more input that is always 1. Where this module
speaks of a norm or a margin, it means the vector :math:`(w, b)` and the points
:math:`(x, 1)`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from dlbook._core.check import array, generator, integer, number
from dlbook._core.formulas import step
from dlbook._core.types import ArrayLike, Source

__all__ = [
    "SIGNS",
    "ZERO_ONE",
    "Novikoff",
    "Separator",
    "Step",
    "count_errors",
    "learn",
    "margin",
    "max_margin",
    "novikoff_bound",
    "predict",
    "update",
    "weighted_sum",
]

ZERO_ONE = (0, 1)
"""The source's labels: class 0 is 0 and class 1 is 1."""

SIGNS = (-1, 1)
"""The labels of Novikoff's proof: class 0 is -1 and class 1 is +1."""


class Step(NamedTuple):
    """One look at one example, as `learn` makes it."""

    epoch: int
    """Passes over the data finished before this one."""
    index: int  # type: ignore[assignment]
    """Row of the example in the data."""
    x: np.ndarray
    """The example, (D,)."""
    y: float
    """Its label."""
    w_before: np.ndarray
    """Weights that predicted, (D,)."""
    b_before: float
    """Bias that predicted."""
    z: float
    """Weighted sum."""
    y_hat: float
    """Prediction."""
    mistake: bool
    """Whether the prediction was wrong, and so the weights moved."""
    w: np.ndarray
    """Weights afterwards, (D,)."""
    b: float
    """Bias afterwards."""
    mistakes: int
    """Mistakes so far, this one included."""


class Separator(NamedTuple):
    """A line that separates two classes, scaled so that (w, b) has length 1."""

    w: np.ndarray
    b: float
    gamma: float


class Novikoff(NamedTuple):
    """The bound on mistakes and the two numbers it is made of."""

    bound: float
    R: float
    gamma: float


def weighted_sum(x: ArrayLike, w: ArrayLike, b: ArrayLike) -> np.ndarray:
    r"""Return the weighted sum of the inputs plus the bias.

    .. math:: z = \sum_i w_i x_i + b

    The bias is outside of the sum: it is added once, and not once per input.

    Parameters
    ----------
    x : array_like of shape (..., D)
        One example (D,), a batch (N, D), or a grid of points.
    w : array_like of shape (D,) or (K, D)
        Weights of one unit, or of K units.
    b : float or array_like of shape (K,)
        Bias, one per unit.

    Returns
    -------
    ndarray of shape (...) or (..., K)
        The sums.

    Raises
    ------
    ValueError
        If a shape does not fit or a number is not finite.

    See Also
    --------
    predict : which side of 0 it is on.

    References
    ----------
    McCulloch and Pitts 1943, :cite:`mcculloch1943`.

    Examples
    --------
    >>> weighted_sum([1, 0, 1], [0.5, -0.6, 0.2], 0.1).round(4)
    np.float64(0.8)
    """
    x = array(x, "x", (..., "D"))
    w = array(w, "w", x.shape[-1:] if np.ndim(w) == 1 else ("K", x.shape[-1]))
    return _weighted_sum(x, w, b)


def _weighted_sum(x, w, b):
    return x @ w.T + (number(b, "b") if w.ndim == 1 else array(b, "b", w.shape[:1]))


def predict(
    x: ArrayLike, w: ArrayLike, b: ArrayLike, *, labels: tuple[int, int] = ZERO_ONE
) -> np.ndarray:
    r"""Return the class of each example: the second label where z > 0, else the first.

    .. math:: \hat y = 1 \text{ if } z > 0 \text{ else } 0

    Parameters
    ----------
    x : array_like of shape (..., D)
        One example, a batch, or a grid of points.
    w : array_like of shape (D,) or (K, D)
        Weights of one unit, or of K units.
    b : float or array_like of shape (K,)
        Bias, one per unit.
    labels : (0, 1) or (-1, 1)
        Names of the two classes.

    Returns
    -------
    ndarray of shape (...) or (..., K)
        The predicted labels.

    Raises
    ------
    ValueError
        If a shape does not fit, a number is not finite, or ``labels`` is neither pair.

    See Also
    --------
    weighted_sum : what decides.

    References
    ----------
    Rosenblatt 1958, :cite:`rosenblatt1958`.

    Examples
    --------
    >>> predict([1, 0, 1], [0.5, -0.6, 0.2], 0.1)
    np.float64(1.0)

    No single unit computes XOR :cite:`minsky1969`. Two units, OR and NAND, and a
    third that joins them do.

    >>> x = [[0, 0], [0, 1], [1, 0], [1, 1]]
    >>> h = predict(x, [[1, 1], [-1, -1]], [-0.5, 1.5])
    >>> predict(h, [1, 1], -1.5)
    array([0., 1., 1., 0.])
    """
    return _named(step(weighted_sum(x, w, b)), _pair(labels))


def update(
    x: ArrayLike,
    y: float,
    w: ArrayLike,
    b: float,
    *,
    lr: float = 1.0,
    labels: tuple[int, int] = ZERO_ONE,
) -> tuple[np.ndarray, float]:
    r"""Apply the learning rule to one example and return the new weights and bias.

    .. math::

       w \leftarrow w + \eta\,\delta\,x, \qquad b \leftarrow b + \eta\,\delta, \qquad
       \delta = \frac{y - \hat y}{y_1 - y_0}

    :math:`y_0, y_1` are the two labels. So :math:`\delta` is 0 after a right
    prediction, and +1 or -1 after a mistake, with labels {0, 1} and {-1, +1} alike.

    Parameters
    ----------
    x : array_like of shape (D,)
        The example.
    y : float
        Its label, one of ``labels``.
    w : array_like of shape (D,)
        Weights.
    b : float
        Bias.
    lr : float
        Learning rate, positive.
    labels : (0, 1) or (-1, 1)
        Names of the two classes.

    Returns
    -------
    w : ndarray of shape (D,)
        Weights afterwards.
    b : float
        Bias afterwards.

    Raises
    ------
    ValueError
        If a shape does not fit, ``y`` is none of ``labels``, or ``lr`` is not positive.

    See Also
    --------
    learn : many updates in a row.

    References
    ----------
    Rosenblatt 1958, :cite:`rosenblatt1958`; Block 1962, :cite:`block1962`.

    Examples
    --------
    The source's example, had its label been 0:

    >>> w, b = update([1, 0, 1], 0, [0.5, -0.6, 0.2], 0.1)
    >>> w, round(float(b), 4)
    (array([-0.5, -0.6, -0.8]), -0.9)
    """
    x = array(x, "x", ("D",))
    w = array(w, "w", x.shape)
    b, lr = number(b, "b"), number(lr, "lr", above=0)
    labels = _pair(labels)
    return _look(x, _labels(y, labels, x, ()), w, b, lr, labels)[2:]


def learn(
    x: ArrayLike,
    y: ArrayLike,
    w: ArrayLike | None = None,
    b: float = 0.0,
    *,
    lr: float = 1.0,
    labels: tuple[int, int] = ZERO_ONE,
    epochs: int = 100,
    rng: Source | None = None,
) -> Iterator[Step]:
    """Go through the examples one by one and correct each mistake.

    The steps end after the first pass without a mistake, or after ``epochs`` passes.
    A mistake is an update. It is not an error of the final weights: see
    `count_errors`.

    Parameters
    ----------
    x : array_like of shape (N, D)
        Examples.
    y : array_like of shape (N,)
        Labels, each one of ``labels``.
    w : array_like of shape (D,), optional
        Weights at the start; zeros if not given.
    b : float
        Bias at the start.
    lr : float
        Learning rate, positive. From a start at zero it only rescales (w, b).
    labels : (0, 1) or (-1, 1)
        Names of the two classes.
    epochs : int
        Most passes over the data.
    rng : numpy.random.Generator, optional
        Shuffles the examples before each pass; without it they keep their order.

    Returns
    -------
    iterator of Step
        One step for each example looked at.

    Raises
    ------
    TypeError
        If ``epochs`` is no integer or ``rng`` no generator.
    ValueError
        If a shape does not fit, a label is none of ``labels``, or ``lr`` or ``epochs``
        is not positive.

    See Also
    --------
    update : one of its steps.

    References
    ----------
    Rosenblatt 1958, :cite:`rosenblatt1958`.

    Examples
    --------
    >>> x, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 0, 1]
    >>> *_, last = learn(x, y)
    >>> last.w, float(last.b), last.mistakes, last.epoch
    (array([2., 1.]), -2.0, 10, 5)
    """
    x = array(x, "x", ("N", "D"))
    labels = _pair(labels)
    y = _labels(y, labels, x, x.shape[:1])
    w = np.zeros_like(x[0]) if w is None else array(w, "w", x.shape[1:])
    b, lr = number(b, "b"), number(lr, "lr", above=0)
    epochs = integer(epochs, "epochs", low=1)
    rng = None if rng is None else generator(rng)
    return _steps(x, y, w, b, lr, labels, epochs, rng)


def _steps(x, y, w, b, lr, labels, epochs, rng):
    mistakes, b = 0, np.result_type(x, w).type(b)
    examples = list(zip(x, y, strict=True))
    low, high = _named(np.arange(2).astype(b.dtype), labels)
    for epoch in range(epochs):
        mistakes_before = mistakes
        order = np.arange(len(x)) if rng is None else rng.permutation(len(x))
        for i in order.tolist():
            x_i, y_i = examples[i]
            z, w_new, b_new = x_i @ w + b, w, b
            y_hat = high if z > 0 else low
            mistake = bool(y_hat != y_i)
            if mistake:
                mistakes += 1
                *_, w_new, b_new = _look(x_i, y_i, w, b, lr, labels)
            seen = (epoch, i, x_i, y_i, w, b, z, y_hat, mistake)
            yield Step(*seen, w_new, b_new, mistakes)
            w, b = w_new, b_new
        if mistakes == mistakes_before:
            return


def _look(x, y, w, b, lr, labels):
    z = x @ w + b
    y_hat = _named(step(z), labels)
    delta = (y - y_hat) / (labels[1] - labels[0])
    return z, y_hat, w + lr * delta * x, b + lr * delta


def count_errors(
    x: ArrayLike,
    y: ArrayLike,
    w: ArrayLike,
    b: float,
    *,
    labels: tuple[int, int] = ZERO_ONE,
) -> int:
    """Return how many examples one fixed (w, b) gets wrong.

    The learning rule counts something else: its updates, each made by other weights.

    Parameters
    ----------
    x : array_like of shape (N, D)
        Examples.
    y : array_like of shape (N,)
        Labels, each one of ``labels``.
    w : array_like of shape (D,)
        Weights.
    b : float
        Bias.
    labels : (0, 1) or (-1, 1)
        Names of the two classes.

    Returns
    -------
    int
        Number of wrong predictions.

    Raises
    ------
    ValueError
        If a shape does not fit or a label is none of ``labels``.

    See Also
    --------
    predict : the classes that it compares.

    Examples
    --------
    >>> x, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    >>> count_errors(x, y, [1, 1], -0.5)
    1
    """
    x = array(x, "x", ("N", "D"))
    w = array(w, "w", x.shape[1:])
    labels = _pair(labels)
    y = _labels(y, labels, x, x.shape[:1])
    wrong = np.sum(_named(step(_weighted_sum(x, w, b)), labels) != y)
    return wrong if getattr(wrong, "symbolic", False) else int(wrong)


def margin(
    x: ArrayLike,
    y: ArrayLike,
    w: ArrayLike,
    b: float,
    *,
    labels: tuple[int, int] = ZERO_ONE,
) -> float:
    r"""Return the margin of a line: positive if it separates the classes.

    .. math:: \gamma = \min_n \frac{s_n\,(w \cdot x_n + b)}{\lVert (w, b) \rVert},
       \qquad s_n = \pm 1

    The length in the denominator includes b, because the learning rule moves b as
    one more weight. The distance drawn in a picture has only :math:`\lVert w \rVert`
    there, and is larger.

    Parameters
    ----------
    x : array_like of shape (N, D)
        Examples.
    y : array_like of shape (N,)
        Labels, each one of ``labels``.
    w : array_like of shape (D,)
        Weights.
    b : float
        Bias. Not everything may be zero.
    labels : (0, 1) or (-1, 1)
        Names of the two classes.

    Returns
    -------
    float
        The smallest signed margin over the examples.

    Raises
    ------
    ValueError
        If a shape does not fit, a label is none of ``labels``, or (w, b) is zero.

    See Also
    --------
    max_margin : the line that has the largest.

    Examples
    --------
    >>> margin([[2.0], [-2.0]], [1, 0], [1.0], 0.0)
    np.float64(2.0)
    """
    x = array(x, "x", ("N", "D"))
    return _margin(x, _signs(y, labels, x), *_line(w, b, x))


def _line(w, b, x) -> tuple[np.ndarray, float]:
    w, b = array(w, "w", x.shape[1:]), number(b, "b")
    symbolic = getattr(w, "symbolic", False) or getattr(b, "symbolic", False)
    if not symbolic and b == 0 and not w.any():
        raise ValueError("w: wanted (w, b) other than zero, got zeros")
    return w, b


def _margin(x, s, w, b):
    return np.min(s * (x @ w + b)) / np.sqrt(w @ w + b * b)


def max_margin(
    x: ArrayLike, y: ArrayLike, *, labels: tuple[int, int] = ZERO_ONE
) -> Separator:
    r"""Return the line with the largest margin, which gives Novikoff's least bound.

    The largest margin is the distance from the origin to the convex hull of the
    points :math:`s_n (x_n, 1)`. The nearest point of the hull, scaled to length 1, is
    the line. Wolfe's method finds it in finitely many steps.

    Parameters
    ----------
    x : array_like of shape (N, D)
        Examples.
    y : array_like of shape (N,)
        Labels, each one of ``labels``.
    labels : (0, 1) or (-1, 1)
        Names of the two classes.

    Returns
    -------
    Separator
        w (D,), b and gamma, with (w, b) of length 1.

    Raises
    ------
    ValueError
        If a shape does not fit, a label is none of ``labels``, or no line separates
        the classes by more than the rounding of the data.

    See Also
    --------
    novikoff_bound : what it bounds.

    References
    ----------
    Wolfe 1976, :cite:`wolfe1976`.

    Examples
    --------
    >>> max_margin([[3.0, 0.0], [-1.0, 0.0]], [1, 0]).w.round(4)
    array([0.7071, 0.    ])
    """
    x = array(x, "x", ("N", "D"))
    return _max_margin(x, _signs(y, labels, x))


def _max_margin(x, s) -> Separator:
    points = s[:, None] * np.column_stack([x, np.ones(len(x))])
    scale = np.max(np.abs(points))
    points /= scale  # a line stays where it is, and no square overflows
    # What rounding can add to an inner product of a line and the largest point.
    reach = 2 * points.shape[1] * np.sqrt(np.max(np.sum(points * points, axis=1)))
    least = reach * np.finfo(x.dtype).eps * scale
    active = _nearest_to_origin(points, reach * np.finfo(points.dtype).eps)
    # The line has one distance from all of them; this keeps what a difference of
    # points, each far from the origin, would lose.
    line = np.linalg.lstsq(points[active], np.ones(len(active)))[0]
    length = np.sqrt(line @ line)
    line = (line / np.where(length > 0, length, 1)).astype(x.dtype)
    gamma = _margin(x, s, line[:-1], line[-1]) if length > 0 else 0.0
    if gamma <= least:
        raise ValueError(
            "y: wanted classes that a line separates by more than rounding, got others"
        )
    return Separator(line[:-1], line[-1], gamma)


def novikoff_bound(
    x: ArrayLike,
    y: ArrayLike,
    w: ArrayLike | None = None,
    b: float = 0.0,
    *,
    labels: tuple[int, int] = ZERO_ONE,
) -> Novikoff:
    r"""Return Novikoff's bound on the mistakes of the learning rule.

    .. math:: \text{mistakes} \le \left(\frac{R}{\gamma}\right)^2, \qquad
       R = \max_n \lVert (x_n, 1) \rVert

    Any line that separates the classes gives a valid bound, through its `margin`.
    If none is given, `max_margin` finds the one that gives the least. The bound holds
    for `learn` from a start at zero, with any order and any learning rate.

    Parameters
    ----------
    x : array_like of shape (N, D)
        Examples.
    y : array_like of shape (N,)
        Labels, each one of ``labels``.
    w : array_like of shape (D,), optional
        Weights of a separating line; the one of largest margin if not given.
    b : float
        Its bias, used only together with ``w``.
    labels : (0, 1) or (-1, 1)
        Names of the two classes.

    Returns
    -------
    Novikoff
        bound, R and gamma.

    Raises
    ------
    ValueError
        If a shape does not fit, a label is none of ``labels``, or the line does not
        separate the classes.

    See Also
    --------
    max_margin : the margin of the best line.
    learn : whose mistakes it bounds.

    References
    ----------
    Novikoff 1962, :cite:`novikoff1962`.

    Examples
    --------
    >>> novikoff_bound([[2.0], [-2.0]], [1, 0], [1.0]).bound
    np.float64(1.25)
    """
    x = array(x, "x", ("N", "D"))
    s = _signs(y, labels, x)
    gamma = _max_margin(x, s).gamma if w is None else _margin(x, s, *_line(w, b, x))
    if gamma <= 0:
        raise ValueError(f"w: wanted a line that separates, got margin {gamma:.4g}")
    squared = np.max(np.sum(x * x, axis=1)) + 1
    return Novikoff(squared / gamma**2, np.sqrt(squared), gamma)


def _pair(labels):
    pair = tuple(labels) if np.ndim(labels) == 1 else labels
    if pair not in (ZERO_ONE, SIGNS):
        raise ValueError(f"labels: wanted (0, 1) or (-1, 1), got {labels!r}")
    return pair


def _named(bit, labels):
    return labels[0] + (labels[1] - labels[0]) * bit


def _labels(y, labels, x, shape) -> np.ndarray:
    y = array(y, "y", shape)
    if getattr(y, "symbolic", False):
        return y
    wrong = y[(y != labels[0]) & (y != labels[1])]
    if wrong.size:
        raise ValueError(f"y: wanted {labels[0]} or {labels[1]}, got {wrong[0]:g}")
    return y if getattr(x, "symbolic", False) else y.astype(x.dtype)[()]


def _signs(y, labels, x) -> np.ndarray:
    low, high = labels = _pair(labels)
    return (2 * _labels(y, labels, x, x.shape[:1]) - (low + high)) / (high - low)


def _nearest_to_origin(points, rounding):
    """Return the corners whose hull has the nearest point of the hull of all."""
    active = np.argmin(np.sum(points * points, axis=1), keepdims=True)
    share, squared = np.ones(1), np.inf
    while True:
        nearest = share @ points[active]
        heights, before, squared = points @ nearest, squared, nearest @ nearest
        entering = np.argmin(heights)
        resolved = squared - rounding * np.sqrt(squared)
        if heights[entering] >= resolved or squared >= before:
            return active
        active, share = np.append(active, entering), np.append(share, 0.0)
        active, share = _descend(points, active, share)


def _descend(points, active, share):
    # Walk to the nearest point of the plane through the active corners. Where the
    # way leaves their hull, stop there, drop the corner left behind, and walk on.
    while True:
        edges = points[active[1:]] - points[active[0]]
        wanted = np.linalg.lstsq(edges.T, -points[active[0]])[0]
        wanted = np.append(1 - wanted.sum(), wanted)
        if (wanted > 0).all():
            return active, wanted
        way = np.where(wanted > 0, np.inf, share / np.maximum(share - wanted, 1e-300))
        share = share + way.min() * (wanted - share)
        keep = np.arange(len(active)) != np.argmin(way)
        active, share = active[keep], share[keep]
