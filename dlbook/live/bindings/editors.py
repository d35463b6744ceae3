"""What a reader can set in the picture itself: the inputs of the hand.

An editor has the attributes ``name``, of its input, and ``changes``, by which both
views show it. ``spec(drawing)`` returns the list by which the script lets a reader set
it.
"""

import numpy as np
from matplotlib.collections import QuadMesh
from matplotlib.patches import Rectangle

from dlbook.live.bindings.changes import Change
from dlbook.live.inputs.labels import label
from dlbook.live.inputs.pad import Pad
from dlbook.live.inputs.points import Points
from dlbook.plotting import Matrix

__all__ = ["CellEditor", "Dots", "PadEditor", "PointEditor", "TextEditor", "editor"]


def editor(kind, artist, name, hands, sliders, scope):
    """Return the editor that a call of ``bind`` asks for.

    Parameters
    ----------
    kind : {"points", "paint", "pick"}
    artist : Artist, Matrix or list of PathCollection
    name : str or tuple of str
        Of the input.
    hands : dict of str to Hand
    sliders : list of Slider
    scope : Scope

    Raises
    ------
    ValueError
        If the artist cannot show the input, or there is no such input.
    """
    if kind == "points":
        return PointEditor(artist, name, hands.get(name), scope)
    if kind == "paint" and isinstance(hands.get(name), Pad):
        return PadEditor(artist, name, hands[name])
    return CellEditor(kind, artist, name, sliders)


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
    points : Points
    scope : Scope
    """

    def __init__(self, scatters, name, points, scope):
        self.name, self.points = name, points
        if not isinstance(points, Points):
            raise ValueError(f"points={name!r}: there is no such input Points")
        scatters = scatters if isinstance(scatters, (list, tuple)) else [scatters]
        kinds = [type(s).__name__ for s in scatters]
        count = len(self.points.classes)
        if kinds != ["PathCollection"] * count:
            raise ValueError(
                f"points={name!r}: wanted a list of {count} scatters, one for each "
                f"class (as plotting.scatter_classes gives), got {kinds}"
            )
        self.changes = [Dots(s, name, k, scope) for k, s in enumerate(scatters)]

    def spec(self, drawing):
        """Return the kind, the parts, the scales and the names of the classes."""
        scatters = [change.artists[0] for change in self.changes]
        x, y = drawing.scales(scatters[0])
        parts = [drawing.part(s) for s in scatters]
        return ["points", self.name, parts, x.spec(), y.spec(), self.points.classes]


class Grid:
    """The cells of a drawn matrix, of a mesh, or the one cell of a rectangle."""

    def __init__(self, artist):
        self.artist, self.shape = artist, (1, 1)
        if isinstance(artist, Matrix):
            self.leaf, self.shape = artist.cells[0], artist.shape
            x, y = self.leaf.get_xy()
            width, height = self.leaf.get_width(), self.leaf.get_height()
            self.box = (x, width, y + height, -height)
        elif isinstance(artist, QuadMesh):
            self.leaf = artist
            corners = artist.get_coordinates()
            rows, columns = self.shape = tuple(n - 1 for n in corners.shape[:2])
            (x, y), (right, top) = corners[0, 0], corners[-1, -1]
            self.box = (x, (right - x) / columns, y, (top - y) / rows)
        elif isinstance(artist, Rectangle):
            self.leaf = artist
            x, y = artist.get_xy()
            height = artist.get_height()
            self.box = (x, artist.get_width(), y + height, -height)
        else:
            raise ValueError(
                "wanted a plotting.Matrix, a pcolormesh or a Rectangle, got "
                f"{type(artist).__name__}"
            )

    def spec(self, drawing):
        """Return the part, and the pixels of the first cell: x, width, y, height."""
        data = Rectangle((0, 0), 1, 1, transform=self.leaf.axes.transData)
        data.axes = self.leaf.axes
        pixels = []
        for scale, start, side in zip(
            drawing.scales(data), self.box[::2], self.box[1::2], strict=True
        ):
            first, second = float(scale(start)), float(scale(start + side))
            pixels += [round(first, 3), round(second - first, 3)]
        return [drawing.part(self.leaf), pixels]


class CellEditor:
    """Cells that are set one by one, or of which one is chosen.

    Parameters
    ----------
    kind : {"paint", "pick"}
    artist : Matrix or QuadMesh
    name : str or tuple of str
        A matrix of sliders or an input `Paint`; what is picked: one slider that counts
        the cells row by row, or one for the row and one for the column.
    sliders : list of Slider
    """

    changes = ()

    def __init__(self, kind, artist, name, sliders):
        self.kind, self.grid = kind, Grid(artist)
        names = (name,) if isinstance(name, str) else tuple(name)
        self.name, self.found = names[0], [
            [k for k, s in enumerate(sliders) if s.name == one] for one in names
        ]  # fmt: skip
        rows, columns = self.grid.shape
        if kind == "paint":
            shape = {sliders[k].index for k in self.found[0]}
            if len(names) != 1 or shape != set(np.ndindex(rows, columns)):
                raise ValueError(
                    f"paint={name!r}: wanted the name of sliders or of an input Paint "
                    f"of the shape {self.grid.shape} of what is bound"
                )
            return
        counts = (rows * columns,) if len(names) == 1 else (rows, columns)
        chosen = [(sliders[k[0]].low, sliders[k[0]].positions) for k in self.found if k]
        if chosen != [(0, count) for count in counts]:
            wanted = " and ".join(f"0 to {count - 1}" for count in counts)
            raise ValueError(f"pick={name!r}: wanted whole sliders from {wanted}")

    def spec(self, drawing):
        """Return the kind, the cells, their number and their spoken name."""
        second = [k[0] for k in self.found[1:]]
        spoken = label(self.name).spoken
        cells = self.grid.spec(drawing)
        return [self.kind, self.name, *cells, *self.grid.shape, spoken, *second]


class PadEditor:
    """A pad to write on, laid over a rectangle or over the image that it makes."""

    changes = ()

    def __init__(self, artist, name, pad):
        self.name, self.pad = name, pad
        self.grid = Grid(artist)

    def spec(self, drawing):
        """Return the kind, the corner and the sides of the pad, and what is on it."""
        part, (x, width, y, height) = self.grid.spec(drawing)
        rows, columns = self.grid.shape
        box = [x, round(width * columns, 3), y, round(height * rows, 3)]
        strokes = self.pad.strokes
        given = strokes and [stroke.astype(int).tolist() for stroke in strokes]
        return ["pad", self.name, part, box, given, label(self.name).spoken]


class TextEditor:
    """A field to type into, beside the picture."""

    changes = ()

    def __init__(self, name, text):
        self.name, self.text = name, text

    def spec(self, drawing):
        """Return the kind and the alphabet."""
        return ["text", self.name, self.text.alphabet]
