"""Points of a plane that a reader adds, moves and removes, each with its class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from dlbook._core.types import ArrayLike
from dlbook.live.inputs.hand import Hand, on_steps

__all__ = ["PointSet", "Points"]

#: Steps between the bounds at least, if none are given; the most that an address tells.
LEAST, MOST = 100, 4095


class PointSet(NamedTuple):
    """Points as a model gets them: as many places as there may be points.

    ``x`` is (capacity, 2), ``label`` (capacity,) of integers from 0, ``used``
    (capacity,) of truth values: those in use come first.
    """

    x: np.ndarray
    label: np.ndarray
    used: np.ndarray


class Points(Hand):
    """Points in a plane, as an input of a live figure.

    Parameters
    ----------
    x : array_like of shape (N, 2)
        Where the points are at first; taken to the nearest step.
    labels : array_like of shape (N,), optional
        Their classes from 0; all 0 if not given.
    classes : int or sequence of str
        How many classes there are, or their names.
    low, high : float or tuple of float
        Bounds of both coordinates, or of each.
    capacity : int
        How many points there may be.
    step : float, optional
        Of the coordinates; if not given a round one, of at least 100 in the range.

    Raises
    ------
    ValueError
        If an argument is not as described.

    Examples
    --------
    >>> points = Points([[0, 1], [1, 0]], [0, 1], low=-2, high=2, capacity=3)
    >>> points.gather(points.read(([[0.5, 0.501]], [1])))
    PointSet(x=array([[0.5, 0.5],
           [0. , 0. ],
           [0. , 0. ]]), label=array([1, 0, 0]), used=array([ True, False, False]))
    """

    def __init__(
        self,
        x: Sequence | np.ndarray,
        labels: ArrayLike | None = None,
        classes: int | Sequence[str] = 2,
        low: ArrayLike = -1.0,
        high: ArrayLike = 1.0,
        capacity: int = 40,
        step: ArrayLike | None = None,
    ):
        names = range(1, classes + 1) if isinstance(classes, int) else classes
        self.classes = tuple(map(str, names))
        self.capacity = int(capacity)
        low, high = (np.broadcast_to(np.array(v, float), 2) for v in (low, high))
        if not (low < high).all():
            raise ValueError(f"Points: wanted low < high, got {low} and {high}")
        if step is None:
            step = [_step(*ends) for ends in zip(low, high, strict=True)]
        step = np.broadcast_to(np.array(step, float), 2)
        count = (high - low) / step
        if (step <= 0).any() or not np.allclose(count, np.round(count)):
            raise ValueError(f"Points: steps of {step} from {low} do not meet {high}")
        if (count > MOST).any():
            raise ValueError(f"Points: wanted at most {MOST} steps, got {count}")
        none, top = np.zeros(self.capacity), float(len(self.classes) - 1)
        self.parts = {
            "x": (low, high, step, np.zeros((self.capacity, 2))),
            "label": (0.0, top, 1.0, none),
            "used": (0.0, 1.0, 1.0, none),
        }
        labels = np.zeros(len(x)) if labels is None else labels
        for part, value in self.read((x, labels)).items():
            self.parts[part] = (*self.parts[part][:3], value)

    def gather(self, arrays: dict[str, np.ndarray]) -> PointSet:
        """Return the points as the model gets them."""
        return PointSet(arrays["x"], arrays["label"], arrays["used"] > 0)

    def read(self, value: Any) -> dict[str, np.ndarray]:
        """Return the arrays for points ``(x, labels)``, or for a `PointSet`."""
        if isinstance(value, PointSet):
            value = value.x[value.used], value.label[value.used]
        x, labels = np.asarray(value[0], float).reshape(-1, 2), np.asarray(value[1])
        if len(x) > self.capacity or labels.shape != (len(x),):
            raise ValueError(
                f"Points: wanted at most {self.capacity} points (N, 2) and their "
                f"labels (N,), got {np.shape(value[0])} and {labels.shape}"
            )
        if not np.isin(labels, range(len(self.classes))).all():
            raise ValueError(
                f"Points: wanted labels from 0 to {len(self.classes) - 1}, got {labels}"
            )
        spare = self.capacity - len(x)
        low, high, step, _ = self.parts["x"]
        places = on_steps(np.pad(x, ((0, spare), (0, 0))), low, high, step)
        used = np.pad(np.ones(len(x)), (0, spare))
        return {"x": places, "label": np.pad(labels, (0, spare)), "used": used}

    def write(self, arrays: dict[str, np.ndarray]) -> str:
        """Return one line for each point: x, y and, of several, the class."""
        lines = []
        for (x, y), label in zip(arrays["x"], arrays["label"], strict=True):
            name = f" {self.classes[int(label)]}" if len(self.classes) > 1 else ""
            lines.append(f"{x:g} {y:g}{name}")
        return "\n".join(lines[: int(np.sum(arrays["used"]))])

    def parse(self, text: str) -> Any:
        """Return places and labels of points that were typed, one a line."""
        x, labels = [], []
        for k, line in enumerate(text.splitlines(), 1):
            words = line.replace(",", " ").split(maxsplit=2)
            if not words:
                continue
            try:
                x.append([float(word) for word in words[:2]])
                (name,) = words[2:] or self.classes[:1]
                labels.append(self.classes.index(name.strip()))
            except ValueError:
                names = ", ".join(self.classes)
                raise ValueError(
                    f"line {k}: wanted x, y and one of {names}, got {line!r}"
                ) from None
        return np.reshape(x, (-1, 2)), np.array(labels, int)


def _step(low, high):
    """Return a round step of which at least 100 lead from one end to the other."""
    size = 10.0 ** np.floor(np.log10((high - low) / LEAST))
    for step in (5 * size, 2 * size, size):
        count = (high - low) / step
        if count >= LEAST and np.isclose(count, np.round(count)):
            return float(f"{step:.6g}")
    return (high - low) / LEAST
