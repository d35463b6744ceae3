"""A pad to write a digit on, which becomes an image as those of the digits' data.

Alpaydin and Kaynak had each digit as 32 by 32 bits, normalised by the programs of NIST.
It does not lean: the leftmost dark bits of its top and of its foot stand above each
other. It fills the height and lies in the middle, 20 bits wide at most. Its pen is as
broad as makes 0.3 of the bits dark, so that a one has a thick line. The dark bits in
each block of 4 by 4 are counted. Here a stroke is a list of places, which are
normalised before they are drawn, so that no bit is ever enlarged. ``pad.js`` has the
twin of `bits`: the same operations in the same order.
"""

from typing import Any

import numpy as np

from dlbook.datasets import load_digits
from dlbook.live.inputs.hand import Hand

__all__ = ["Pad", "bits", "count"]

#: Places along a side of the pad; bits along a side, and of a block.
LATTICE, SIDE, BLOCK = 64, 32, 4
#: Bits of the widest digit; dark ones that the pen is to make.
WIDEST, DARK = 20, 310
#: The finest and the broadest radius of the pen, in eighths of a bit.
FINE, BROAD = 8, 48
#: How far a digit is stretched in width at most, and how deep its top and its foot are.
STRETCH, EDGE = 1.5, 1 / 16


class Pad(Hand):
    """A digit written by hand, as an input of a live figure: an (8, 8) array.

    Parameters
    ----------
    value : array_like of shape (8, 8), or list of strokes
        The digit at first: an image in steps of 1/16 from 0 to 1 (as
        `dlbook.datasets.load_digits` gives), or strokes as of `bits`.

    Raises
    ------
    ValueError
        If the value is neither.

    Examples
    --------
    >>> bar = [[(20, 10), (20, 50)]]
    >>> Pad(bar).parts[""][3][0]
    array([0.   , 0.   , 0.125, 0.875, 0.875, 0.125, 0.   , 0.   ])
    """

    def __init__(self, value: Any = ()):
        blank = np.zeros((SIDE // BLOCK,) * 2)
        self.parts = {"": (0.0, 1.0, 1 / BLOCK**2, blank)}
        self.strokes = None if _is_image(value) else _strokes(value)
        self.parts = {"": (*self.parts[""][:3], self.read(value)[""])}

    def write(self, arrays: dict[str, np.ndarray]) -> str:
        """Return one line for each row of counts from 0 to 16."""
        counts = np.rint(arrays[""] * BLOCK**2).astype(int)
        return "\n".join(" ".join(map(str, row)) for row in counts)

    def parse(self, text: str) -> Any:
        """Return the image that was typed, or one of the digits' data by its number."""
        words = text.split()
        if len(words) == 1:
            images = load_digits().images
            if words[0].isdecimal() and int(words[0]) < len(images):
                return images[int(words[0])]
        try:
            return np.reshape([int(word) for word in words], (8, 8)) / BLOCK**2
        except ValueError:
            raise ValueError(
                "wanted 8 rows of 8 counts from 0 to 16, or the number of a digit of "
                "load_digits"
            ) from None

    def read(self, value: Any) -> dict[str, np.ndarray]:
        """Return the image for an image or for strokes."""
        if _is_image(value):
            return {"": self.fit(value)}
        return {"": count(bits(_strokes(value)))}


def _is_image(value):
    """Tell an image from strokes, each of which has two axes."""
    return len(value) > 0 and all(np.ndim(row) == 1 for row in value)


def _strokes(value):
    strokes = [np.asarray(stroke) for stroke in value]
    for stroke in strokes:
        whole = stroke.ndim == 2 and stroke.shape[1:] == (2,) and len(stroke)
        if not whole or not np.isin(stroke, range(LATTICE)).all():
            raise ValueError(
                f"Pad: wanted an image (8, 8) or strokes, lists of places (x, y) of "
                f"whole numbers from 0 to {LATTICE - 1}, got {value!r}"
            )
    return [stroke.astype(float) for stroke in strokes]


def bits(strokes):
    """Return strokes as 32 by 32 bits, their lean, size, place and pen normalised.

    Parameters
    ----------
    strokes : list of array_like of shape (N, 2)
        Places ``(x, y)`` from 0 to 63, y downwards.

    Returns
    -------
    ndarray of shape (32, 32)
        Truth values.

    Examples
    --------
    >>> tall = bits([[(20, 10), (20, 50)]])
    >>> tall.any(axis=1).all(), np.flatnonzero(tall.any(axis=0))
    (np.True_, array([10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21]))
    """
    if not len(strokes):
        return np.zeros((SIDE, SIDE), bool)
    strokes = _upright([np.asarray(stroke, float) for stroke in strokes])
    fine, broad = FINE, BROAD
    while fine < broad:
        radius = (fine + broad) // 2
        if _drawn(strokes, radius / 8).sum() < DARK:
            fine = radius + 1
        else:
            broad = radius
    return _drawn(strokes, fine / 8)


def _upright(strokes):
    """Return strokes that do not lean."""
    x, y = np.concatenate(strokes).T
    low, high = y.min(), y.max()
    height = high - low
    top = x[y <= low + EDGE * height].min()
    foot = x[y >= high - EDGE * height].min()
    lean = (foot - top) / max(height, 1.0)
    return [np.column_stack([s[:, 0] - lean * s[:, 1], s[:, 1]]) for s in strokes]


def _drawn(strokes, radius):
    """Return the bits that a pen of a radius makes dark."""
    places = np.concatenate(strokes)
    low, high = places.min(axis=0), places.max(axis=0)
    width, height = np.maximum(high - low, 1.0)
    tall = (SIDE - 2 * radius) / height
    scale = np.array([min((WIDEST - 2 * radius) / width, STRETCH * tall), tall])
    strokes = [SIDE / 2 + (s - (low + high) / 2) * scale for s in strokes]
    lines = [np.hstack([s[:-1], s[1:]] if len(s) > 1 else [s, s]) for s in strokes]
    ax, ay, bx, by = np.concatenate(lines).T[:, :, None, None]
    x, y = np.arange(SIDE) + 0.5, np.arange(SIDE)[:, None] + 0.5
    dx, dy = bx - ax, by - ay
    length = dx * dx + dy * dy
    along = ((x - ax) * dx + (y - ay) * dy) / np.where(length > 0, length, 1.0)
    along = np.minimum(np.maximum(along, 0.0), 1.0)
    across, down = ax + along * dx - x, ay + along * dy - y
    return (across * across + down * down <= radius * radius).any(axis=0)


def count(dark):
    """Return how many of the bits in each block are dark, as a fraction."""
    blocks = np.reshape(dark, (SIDE // BLOCK, BLOCK, SIDE // BLOCK, BLOCK))
    return blocks.sum(axis=(1, 3)) / BLOCK**2
