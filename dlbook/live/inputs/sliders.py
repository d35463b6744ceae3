"""Sliders: what the author declares, and the flat list that page and kernel show."""

import re
import warnings
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from dlbook.live.inputs.hand import Hand
from dlbook.live.inputs.labels import Label, label

__all__ = ["Block", "Group", "Slider", "group", "read"]


class Slider(NamedTuple):
    """One number that a reader can set.

    ``id`` is the name with the element's place (``x1``, ``W12``), ``choices`` are the
    names of the positions if they have names. ``hand`` says that it is part of an input
    of the hand and has no control of its own.
    """

    id: str
    name: str
    index: tuple
    low: float
    high: float
    step: float
    value: float
    label: Label
    choices: tuple = ()
    play: bool = False
    hand: bool = False

    @property
    def digits(self):
        """Decimals of the step and of the lowest value."""
        exponents = [
            Decimal(repr(number)).normalize().as_tuple().exponent
            for number in (self.step, self.low)
        ]
        return max(0, -min(exponents))

    @property
    def positions(self):
        """How many values there are."""
        return round((self.high - self.low) / self.step) + 1

    @property
    def whole(self):
        """Whether all values are integers."""
        return self.low.is_integer() and self.step.is_integer()

    @property
    def switch(self):
        """Whether this is a box to be ticked."""
        return (self.low, self.high, self.step) == (0, 1, 1) and not self.choices

    def at(self, position):
        """Return the value at a position counted from 0."""
        return round(self.low + position * self.step, self.digits)

    def nearest(self, value):
        """Return the value on the slider that is nearest to a number."""
        position = np.floor((value - self.low) / self.step + 0.5)
        return self.at(int(np.clip(position, 0, self.positions - 1)))

    def text(self, value):
        """Return a value as the reader sees it."""
        if self.choices:
            return self.choices[round(value - self.low)]
        return f"{value:z.{self.digits}f}".replace("-", "−")


class Block(NamedTuple):
    """Sliders in lines: one line for each row of a matrix, else one for all."""

    lines: tuple
    matrix: bool


class Group(NamedTuple):
    """What stands together below one title."""

    title: str
    blocks: tuple

    @property
    def sliders(self):
        """All sliders of the group, in reading order."""
        return [s for block in self.blocks for line in block.lines for s in line]


def read(figure, sliders, labels, choices, play):
    """Return the sliders of a figure, in order, and the shape of each name.

    Parameters
    ----------
    figure : str
        Name of the figure, for messages.
    sliders : dict of str to tuple or Hand
        ``name: (low, high, step, value)``; the value is a number, vector or matrix.
    labels : dict of str to str
        LaTeX for names, where the book's own label is not wanted.
    choices : dict of str to sequence of str
        Names of the positions of a slider that steps by 1 (or of a value given
        without range).
    play : str or None
        Name of the slider that has a button to run through its positions.

    Returns
    -------
    list of Slider
    dict of str to tuple
    """
    if not isinstance(sliders, dict):
        raise ValueError(
            f"figure {figure!r}: sliders: wanted a dict of (low, high, step, value), "
            f"got a {type(sliders).__name__}"
        )
    found, shapes = [], {}
    for name, given in sliders.items():
        if isinstance(given, Hand):
            found += _by_hand(figure, name, given, shapes)
            continue
        if name in choices and np.ndim(given) == 0:
            given = (0, len(choices[name]) - 1, 1, given)
        low, high, step, value = _numbers(figure, name, given)
        if name not in choices:
            low, high, step = _fitted(figure, name, low, high, step, value)
        shapes[name] = value.shape
        for place in np.ndindex(value.shape):
            wide = any(side > 9 for side in value.shape) and len(place) > 1
            digits = ("_" if wide else "").join(str(k + 1) for k in place)
            slider = Slider(
                name + digits, name, place, low, high, step, float(value[place]),
                label(name, place, labels.get(name)),
                tuple(choices.get(name, ())), name == play,
            )  # fmt: skip
            found.append(_checked(figure, slider))
    for given in (labels, choices, {play: 0} if play else {}):
        for name in given:
            if name not in shapes:
                raise ValueError(f"figure {figure!r}: there is no slider {name!r}")
    ids = [slider.id for slider in found]
    for doubled in {i for i in ids if ids.count(i) > 1}:
        raise ValueError(f"figure {figure!r}: two sliders have the name {doubled!r}")
    return found, shapes


def _by_hand(figure, name, hand, shapes):
    """Return the numbers of an input of the hand; note the shapes of its arrays."""
    _identifier(figure, name)
    found = []
    for part, (*bounds, value) in hand.parts.items():
        key = f"{name}.{part}" if part else name
        shapes[key] = np.shape(value)
        bounds = [np.broadcast_to(bound, value.shape) for bound in bounds]
        for place in np.ndindex(value.shape):
            slider = Slider(
                f"{key}[{','.join(map(str, place))}]", key, place,
                *(float(bound[place]) for bound in bounds), float(value[place]),
                None, hand=True,
            )  # fmt: skip
            found.append(slider._replace(value=slider.nearest(slider.value)))
    return found


def _identifier(figure, name):
    if not re.fullmatch(r"[A-Za-z]\w*", name):
        raise ValueError(f"figure {figure!r}: slider {name!r}: wanted an identifier")


def _numbers(figure, name, given):
    _identifier(figure, name)
    try:
        low, high, step, value = given
        value = np.array(value, float)
        low, high, step = (float(number) for number in (low, high, step))
    except (TypeError, ValueError):
        raise ValueError(
            f"figure {figure!r}: slider {name!r}: wanted (low, high, step, value), "
            f"got {given!r}"
        ) from None
    if not (np.isfinite(value).all() and low < high and 0 < step <= high - low):
        raise ValueError(
            f"figure {figure!r}: slider {name!r}: wanted low < high and a step "
            f"between, got {low:g}, {high:g}, {step:g}"
        )
    if value.ndim > 2 or value.size == 0:
        raise ValueError(
            f"figure {figure!r}: slider {name!r}: wanted a number, vector or matrix, "
            f"got shape {value.shape}"
        )
    return low, high, step, value


def _fitted(figure, name, low, high, step, value):
    """Widen a range, and part its steps, for a value that a reader has changed.

    The figure then works with the reader's number. The book's tests take the warning
    for an error.
    """
    part, most = step, step / 1000
    while part > most and np.any(np.abs((value - low) / part % 1 - 0.5) < 0.5 - 1e-6):
        part = float(f"{part / 10:.12g}")
    under = np.ceil(max(0, low - value.min()) / part - 1e-6)
    over = np.ceil(max(0, value.max() - high) / part - 1e-6)
    ends = [float(f"{end:.12g}") for end in (low - under * part, high + over * part)]
    if part > most and (*ends, part) != (low, high, step):
        now, given = (
            f"from {a:g} to {b:g} by {c:g}"
            for a, b, c in ((*ends, part), (low, high, step))
        )
        warnings.warn(
            f"figure {figure!r}: slider {name!r}: its value is not among those {given};"
            f" it now goes {now}",
            stacklevel=5,
        )
        return *ends, part
    return low, high, step


def _checked(figure, slider):
    start = f"figure {figure!r}: slider {slider.id!r}: "
    low, high, step = slider.low, slider.high, slider.step
    if not low <= slider.value <= high:
        raise ValueError(
            f"{start}wanted a value from {low:g} to {high:g}, got {slider.value:g}"
        )
    if abs(slider.at(slider.positions - 1) - high) > 1e-9 * step:
        raise ValueError(f"{start}steps of {step:g} from {low:g} do not meet {high:g}")
    if abs(slider.nearest(slider.value) - slider.value) > 1e-9 * step:
        raise ValueError(
            f"{start}wanted a value on the steps of {step:g} from {low:g}, "
            f"got {slider.value:g}; nearest is {slider.nearest(slider.value):g}"
        )
    if slider.choices and (step != 1 or slider.positions != len(slider.choices)):
        raise ValueError(
            f"{start}{len(slider.choices)} choices need steps of 1 and as many "
            f"positions, got {slider.positions} in steps of {step:g}"
        )
    return slider._replace(value=slider.nearest(slider.value))


def group(figure, sliders, groups):
    """Return the groups in which the sliders stand.

    Parameters
    ----------
    figure : str
        Name of the figure, for messages.
    sliders : list of Slider
    groups : dict of str to list of str, or None
        Title and names (or identifiers of elements); sliders not named come last.
    """
    left, result = [s for s in sliders if not s.hand], []
    for title, names in (groups or {}).items():
        pieces = []
        for name in [names] if isinstance(names, str) else names:
            chosen = [s for s in left if name in (s.name, s.id)]
            if not chosen:
                raise ValueError(
                    f"figure {figure!r}: group {title!r}: no slider {name!r} is left"
                )
            left = [s for s in left if s not in chosen]
            pieces.append(chosen)
        result.append(Group(title, _blocks(pieces)))
    rest = [[s for s in left if s.name == name] for name in _names(left)]
    return [*result, Group("", _blocks(rest))] if rest else result


def _names(sliders):
    return dict.fromkeys(s.name for s in sliders)


def _blocks(pieces):
    """Lay out the sliders of each name; a vector stands beside the matrix before it."""
    blocks = []
    for chosen in pieces:
        places = [s.index for s in chosen]
        before = blocks[-1] if blocks else None
        if len(places[0]) == 2:
            rows = dict.fromkeys(place[0] for place in places)
            lines = [tuple(s for s in chosen if s.index[0] == r) for r in rows]
            blocks.append(Block(tuple(lines), True))
        elif before and before.matrix and len(before.lines) == len(chosen):
            lines = zip(before.lines, chosen, strict=True)
            blocks[-1] = Block(tuple((*line, s) for line, s in lines), True)
        elif before and not before.matrix:
            blocks[-1] = Block(((*before.lines[0], *chosen),), False)
        else:
            blocks.append(Block((tuple(chosen),), False))
    return tuple(blocks)
