"""What the inputs of the hand have in common: one input, several arrays of numbers.

A slider sets one number. An input of the hand is set in the picture or by typing and is
one argument of the model, made of one or more arrays. Page, kernel and compiler see
these arrays as they see the sliders' numbers, so that bounds, steps, random settings
and the check of the compiled model hold for them too.
"""

from typing import Any

import numpy as np

from dlbook._core.types import ArrayLike

__all__ = ["Hand"]


class Hand:
    """An input that is set by hand.

    Attributes
    ----------
    parts : dict of str to tuple
        ``(low, high, step, value)`` of each array, by its name below the input's; the
        name is empty where the input is one array. The bounds broadcast to the value.
    """

    parts: dict

    def gather(self, arrays: dict[str, np.ndarray]) -> Any:
        """Return what the model gets for arrays by the names of the parts."""
        return arrays[""]

    def read(self, value: Any) -> dict[str, np.ndarray]:
        """Return the arrays that a value, as an author writes it, stands for."""
        return {"": self.fit(value)}

    def write(self, arrays: dict[str, np.ndarray]) -> str:
        """Return arrays as a reader would type them."""
        raise NotImplementedError

    def parse(self, text: str) -> Any:
        """Return the value, as `read` takes it, that a reader has typed."""
        raise NotImplementedError

    def fit(self, value: ArrayLike, part: str = "") -> np.ndarray:
        """Return an array on the steps of a part, or raise if its shape is another."""
        low, high, step, default = self.parts[part]
        value = np.asarray(value, float)
        if value.shape != np.shape(default) or not np.isfinite(value).all():
            got = f"shape {value.shape}" if np.isfinite(value).all() else "nan or inf"
            raise ValueError(f"wanted numbers of shape {np.shape(default)}, got {got}")
        return on_steps(value, low, high, step)


def on_steps(value, low, high, step):
    """Return the nearest values that lie between bounds and on steps from the lower."""
    position = np.floor((np.clip(value, low, high) - low) / step + 0.5)
    return low + position * step
