"""State and step: what a figure that learns remembers, and how it goes on."""

from typing import Any, NamedTuple

import numpy as np

from dlbook.compiler import Random
from dlbook.compiler.trees import filled, leaves

__all__ = ["Inputs", "Moment", "System", "broken", "flat"]

#: By kind of number: the type in which a state keeps it, and its name in messages.
_TYPES = {"b": (bool, "truth values"), "f": (np.float64, "floats")}
_TYPES |= dict.fromkeys("iu", (np.intp, "integers"))


class Moment(NamedTuple):
    """Where a run is: what it was seeded with, how many steps were taken, its state."""

    seed: int
    steps: int
    state: Any


class Inputs:
    """The inputs' values as attributes.

    Parameters
    ----------
    values : dict of str to array_like
    read : set of str, optional
        Gets the name of each attribute that is read.
    """

    def __init__(self, values, read=None):
        self.__dict__.update(_values=values, _read=set() if read is None else read)

    def __getattr__(self, name):
        if name not in self._values:
            raise AttributeError(
                f"sliders.{name}: wanted one of {', '.join(self._values)}"
            )
        self._read.add(name)
        return self._values[name]

    def __setattr__(self, name, value):
        raise AttributeError(f"sliders.{name}: no step moves a slider")

    def __dir__(self):
        return list(self._values)


class System:
    """The state of a figure, where it begins and how it goes on.

    Parameters
    ----------
    figure : str
        Name of the figure, for messages.
    start : tree of array_like, or callable
        The first state, or ``start(sliders, rng)`` that returns it.
    step : callable
        ``step(state, sliders, rng)`` returns the next state.
    inputs : dict of str to array_like
        The sliders' values at first.

    Attributes
    ----------
    first : Moment
        Where the run begins at these values.
    starting, acting : set of str
        The sliders that ``start`` and ``step`` were seen to read.
    functions : list of callable
        What the author wrote.

    Raises
    ------
    ValueError
        If a state is no tree of numbers, or the next has another form; the message
        names the figure, the function and the part.
    """

    def __init__(self, figure, start, step, inputs):
        self.figure, self.step = figure, step
        self.start = start if callable(start) else lambda sliders, rng: copied(first)
        self.starting, self.acting = set(), set()
        self.functions = [f for f in (start, step) if callable(f)]
        state = start
        if callable(start):
            state = start(Inputs(inputs, self.starting), Random(0, 0))
        arrays = self._arrays(state, "state")
        if not arrays:
            self._fail(f"state: wanted a tree with an array, got {state!r}")
        first = filled(state, iter(arrays.values()))
        self.first = Moment(0, 0, first)
        self.advance(inputs, self.first)

    def begin(self, inputs, seed=0):
        """Return the `Moment` at which a run begins."""
        state = self.start(Inputs(inputs, self.starting), Random(seed, 0))
        return Moment(seed, 0, self._like(state, "state"))

    def advance(self, inputs, now):
        """Return the `Moment` one step later."""
        steps = now.steps + 1
        sliders, rng = Inputs(inputs, self.acting), Random(now.seed, steps)
        state = self.step(copied(now.state), sliders, rng)
        return Moment(now.seed, steps, self._like(state, "step"))

    def run(self, inputs, n, seed=0):
        """Return the `Moment` after ``n`` steps."""
        now = self.begin(inputs, seed)
        for _ in range(n):
            now = self.advance(inputs, now)
        return now

    def ordered(self, state):
        """Return a state with its parts in the order of the first."""
        first, arrays = self.first.state, flat(state)
        return filled(first, iter([arrays[name] for name in flat(first)]))

    def _like(self, state, function):
        """Return a state in the form of the first; refuse one of another form."""
        first, arrays = flat(self.first.state), self._arrays(state, function)
        if first.keys() != arrays.keys():
            self._fail(
                f"{function}: wanted {', '.join(first)} as at the start, got "
                f"{', '.join(arrays) or 'no array'}"
            )
        for name, old in first.items():
            new = arrays[name]
            wanted, got = np.shape(old), np.shape(new)
            if wanted == got:
                wanted, got = (_TYPES[a.dtype.kind][1] for a in (old, new))
            if wanted != got:
                what = "shape " if isinstance(wanted, tuple) else ""
                self._fail(
                    f"{function}: {name}: wanted {what}{wanted} as at the start, got "
                    f"{got}"
                )
        return filled(self.first.state, iter([arrays[name] for name in first]))

    def _arrays(self, state, function):
        """Return the arrays of a state by name, in NumPy's own types."""
        arrays = {}
        for name, value in flat(state).items():
            try:
                array = np.asarray(value)
                arrays[name] = array.astype(_TYPES[array.dtype.kind][0])[()]
            except (KeyError, ValueError):
                self._fail(f"{function}: {name}: wanted numbers, got {value!r}")
        return arrays

    def _fail(self, message):
        raise ValueError(f"figure {self.figure!r}: {message}") from None


def flat(state):
    """Return the arrays of a state by the names that they have in programs."""
    return dict(leaves(state, "state"))


def broken(before, after):
    """Return whether a number of a state was finite and no longer is."""
    pairs = zip(flat(before).values(), flat(after).values(), strict=True)
    return any((np.isfinite(a) & ~np.isfinite(b)).any() for a, b in pairs)


def copied(state):
    """Return a state whose arrays may be written to."""
    return filled(state, (leaf.copy()[()] for leaf in flat(state).values()))
