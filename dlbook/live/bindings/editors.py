"""What a reader can set in the picture itself: the inputs of the hand.

An editor has the attribute ``changes``, by which both views show its input, and
``spec(drawing, numbers)``, the list by which ``hand.js`` lets a reader set it.
"""

import numpy as np

from dlbook.live.bindings.changes import Change
from dlbook.live.inputs.points import Points

__all__ = ["Dots", "PointEditor"]


class Dots(Change):
    """The points of one class, as a scatter with a mark for each point there may be."""

    def __init__(self, artist, name, number, scope):
        self.artists, self.number = [artist], number
        parts = ("x[:, 0]", "x[:, 1]", "label", "used")
        sources = [scope.source(f"{name}.{part}") for part in parts]
        self.x, self.y, self.label, self.used = sources

    def apply(self, values):
        there = self.used.take(values) > 0
        there &= self.label.take(values) == self.number
        places = np.column_stack([self.x.take(values), self.y.take(values)])
        self.artists[0].set_offsets(np.where(there[:, None], places, np.nan))

    def spec(self, drawing):
        (artist,) = self.artists
        x, y = drawing.scales(artist)
        channels = [drawing.channel(self.x, x), drawing.channel(self.y, y)]
        addresses = [drawing.address(self.label), drawing.address(self.used)]
        return ["dots", drawing.part(artist), *channels, *addresses, self.number]


class PointEditor:
    """Points that are added, moved and removed in the axes of their scatters.

    Parameters
    ----------
    scatters : list of PathCollection
        One for each class.
    name : str
        Of the input.
    hands : dict of str to Hand
    scope : Scope
    """

    def __init__(self, scatters, name, hands, scope):
        self.name, self.points = name, hands.get(name)
        if not isinstance(self.points, Points):
            raise ValueError(f"points: there is no input Points {name!r}")
        kinds = [type(s).__name__ for s in scatters]
        count = len(self.points.classes)
        if kinds != ["PathCollection"] * count:
            raise ValueError(
                f"points: wanted a list of {count} scatters, one for each class of "
                f"{name!r} (as plotting.scatter_classes gives), got {kinds}"
            )
        self.changes = [Dots(s, name, k, scope) for k, s in enumerate(scatters)]

    def spec(self, drawing):
        """Return the kind, the parts, the scales and the names of the classes."""
        scatters = [change.artists[0] for change in self.changes]
        x, y = drawing.scales(scatters[0])
        parts = [drawing.part(s) for s in scatters]
        return ["points", self.name, parts, x.spec(), y.spec(), self.points.classes]
