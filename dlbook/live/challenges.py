"""Challenges: what a reader is asked to reach, told by tests that are compiled."""

import inspect
from typing import NamedTuple

import numpy as np

__all__ = ["Challenge", "met"]


class Challenge(NamedTuple):
    """What is asked, in words, and the function that tells whether it is reached."""

    text: str
    test: object


def met(figure, tests, values):
    """Return the truth values of tests as an array.

    Parameters
    ----------
    figure : str
        Name of the figure, for messages.
    tests : list of callable
        Each names in its signature the inputs and outputs that it asks for.
    values : dict of str to array_like
        All inputs and outputs.
    """
    found = []
    for test in tests:
        names = inspect.signature(test).parameters
        unknown = [name for name in names if name not in values]
        if unknown:
            raise ValueError(
                f"figure {figure!r}: challenge: there is no {unknown[0]!r}; there is "
                f"{', '.join(values)}"
            )
        value = test(**{name: values[name] for name in names})
        if np.shape(value):
            raise ValueError(
                f"figure {figure!r}: challenge: wanted one truth value, got shape "
                f"{np.shape(value)}; use .all() or .any()"
            )
        found.append(value)
    return np.stack(found)
