"""A text that a reader types."""

from typing import Any

import numpy as np

from dlbook.live.inputs.hand import Hand

__all__ = ["Text"]

LETTERS = " abcdefghijklmnopqrstuvwxyz"


class Text(Hand):
    """A line of text, as an input of a live figure.

    The model gets an integer array (length,): the places of the characters in the
    alphabet, and -1 after the last.

    Parameters
    ----------
    value : str
        The text at first.
    alphabet : str
        The characters that can be typed.
    length : int
        How many there may be.

    Raises
    ------
    ValueError
        If the text is too long or has a character that is not in the alphabet.

    Examples
    --------
    >>> text = Text("be", alphabet="abcde", length=4)
    >>> text.read("bad")[""]
    array([ 1,  0,  3, -1])
    """

    def __init__(self, value: str = "", alphabet: str = LETTERS, length: int = 40):
        if len(set(alphabet)) != len(alphabet) or not alphabet:
            raise ValueError(f"Text: wanted different characters, got {alphabet!r}")
        self.alphabet, self.length = alphabet, int(length)
        codes = self.read(value)[""]
        self.parts = {"": (-1.0, float(len(alphabet) - 1), 1.0, codes)}

    def read(self, value: Any) -> dict[str, np.ndarray]:
        """Return the array for a text."""
        unknown = sorted(set(value) - set(self.alphabet))
        if unknown or len(value) > self.length:
            raise ValueError(
                f"Text: wanted at most {self.length} of the characters "
                f"{self.alphabet!r}, got {value!r}"
            )
        codes = np.full(self.length, -1)
        codes[: len(value)] = [self.alphabet.index(c) for c in value]
        return {"": codes}

    def write(self, arrays: dict[str, np.ndarray]) -> str:
        """Return the text of an array."""
        return "".join(self.alphabet[int(k)] for k in arrays[""] if k >= 0)

    def parse(self, text: str) -> Any:
        """Return what was typed as it is."""
        return text
