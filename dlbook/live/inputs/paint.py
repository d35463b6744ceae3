"""A matrix whose cells a reader paints."""

from typing import Any

import numpy as np

from dlbook._core.types import ArrayLike
from dlbook.live.inputs.hand import Hand

__all__ = ["Paint"]


class Paint(Hand):
    """A matrix that is set cell by cell, as an input of a live figure.

    Parameters
    ----------
    value : array_like of shape (R, C)
        The matrix at first.
    low, high, step : float
        Bounds of a cell, and the steps between.

    Raises
    ------
    ValueError
        If an argument is not as described.

    Examples
    --------
    >>> image = Paint([[0, 1], [1, 0]])
    >>> image.write({"": image.parse("0 1, 1 1")})
    '0 1\\n1 1'
    """

    def __init__(
        self, value: ArrayLike, low: float = 0.0, high: float = 1.0, step: float = 1.0
    ):
        value = np.array(value, float)
        if value.ndim != 2 or not value.size or not np.isfinite(value).all():
            raise ValueError(f"Paint: wanted numbers (R, C), got shape {value.shape}")
        levels = (high - low) / step
        if not (levels > 0.5 and np.isclose(levels, np.round(levels))):
            raise ValueError(
                f"Paint: steps of {step:g} from {low:g} do not meet {high:g}"
            )
        if value.min() < low or value.max() > high:
            raise ValueError(
                f"Paint: wanted values from {low:g} to {high:g}, got "
                f"{value.min():g} to {value.max():g}"
            )
        self.parts = {"": (low, high, step, value)}

    def write(self, arrays: dict[str, np.ndarray]) -> str:
        """Return one line for each row."""
        return "\n".join(" ".join(f"{v:g}" for v in row) for row in arrays[""])

    def parse(self, text: str) -> Any:
        """Return the matrix that was typed; rows end with the line or a comma."""
        rows = [line.split() for line in text.replace(",", "\n").splitlines()]
        try:
            return np.array([row for row in rows if row], float)
        except ValueError:
            shape = self.parts[""][3].shape
            raise ValueError(f"wanted a matrix {shape}, a row a line") from None
