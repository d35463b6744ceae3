"""What a slider can change in a picture.

``live.bind(artist, **properties)`` makes one or more changes (`.changes`, `.looks`).
A property's value names a source (`.sources`), such as ``"z"``,
``"terms[0]"``; a coordinate may also be a number.

=====================================  ===============================================
``Line2D`` (line, markers or both)     ``x= y= color= linewidth=``
``PathCollection`` (scatter)           ``x= y= color= values=``
bars, ``Rectangle``                    ``x= y= width= height= color= linewidth=``
``Polygon`` (``ax.fill``)              ``x= y= color= linewidth=``
``Circle``, ``Ellipse``                ``x= y= color= linewidth=``
``Text``                               ``x= y= color= text="z = {z:+.2f}"``
``QuadMesh`` (``ax.pcolormesh``)       ``values=``
``plotting.Matrix``                    ``values=``
any of them, or a list of artists      ``visible= alpha=``
list of scatters, one for each class   ``points=``
``plotting.Matrix``, ``QuadMesh``      ``paint= pick=``
``Rectangle``, to write on             ``paint=``
=====================================  ===============================================

A coordinate that is not bound stays where the artist has it. ``color=`` is the index
of a class whose colours are ``colors=("neutral", "activation")`` unless given.
``values=`` go through the artist's own colour map. Arrows and boundaries are lines
bound to the formulas `plotting.arrow_path` and `plotting.boundary_ends`, and so is the
side of a boundary, a polygon, to `plotting.half_plane`. A composite of `plotting` is a
NamedTuple of artists, which this module knows by its type; `plotting` itself knows
nothing of live figures.
"""

import numpy as np
from matplotlib.artist import Artist
from matplotlib.collections import PathCollection, QuadMesh
from matplotlib.container import BarContainer
from matplotlib.lines import Line2D
from matplotlib.patches import Ellipse, Polygon, Rectangle
from matplotlib.text import Annotation, Text

from dlbook.live.bindings.changes import Boxes, Move, Points, Spot, Words
from dlbook.live.bindings.looks import Alpha, Cells, Heat, Show, Tint, Width
from dlbook.live.bindings.sources import Source
from dlbook.live.text.templates import Template
from dlbook.plotting import Matrix

__all__ = ["changes", "leaves"]

CLASSES = ("neutral", "activation")
_LOOKS = {"color", "linewidth"}
_KNOWN = {
    Line2D: {"x", "y", *_LOOKS},
    PathCollection: {"x", "y", "color", "values"},
    Rectangle: {"x", "y", "width", "height", *_LOOKS},
    Polygon: {"x", "y", *_LOOKS},
    Ellipse: {"x", "y", *_LOOKS},
    Text: {"x", "y", "color", "text"},
    QuadMesh: {"values"},
    Matrix: {"values"},
    Artist: set(),
}

#: What to draw instead of artists whose numbers cannot be bound.
_INSTEAD = {
    "AxesImage": "; draw it by ax.pcolormesh or plotting.matrix to bind its values",
    "Quiver": "; draw each arrow by ax.plot(*plotting.arrow_path(...))",
    "QuadContourSet": "; show the values by ax.pcolormesh",
    "PolyCollection": "; draw the area by ax.fill",
    "FillBetweenPolyCollection": "; draw the area by ax.fill",
    "LineCollection": "; draw each line by ax.plot",
}


def changes(artist, properties, scope, colours=CLASSES):
    """Return the changes that a call of ``bind`` asks for.

    Parameters
    ----------
    artist : Artist, BarContainer, Matrix or list of Artist
    properties : dict of str to str or float
        What each property shows.
    scope : Scope
        Resolves names.
    colours : sequence of str
        Of the classes that ``color=`` counts.

    Raises
    ------
    ValueError
        If a property is not known for this kind of artist, or a shape does not fit.
    """
    return list(_Binder(artist, properties, scope).changes(colours))


def leaves(artist):
    """Return the artists that a bound object is made of."""
    if isinstance(artist, Matrix):
        return [*artist.cells, *artist.texts]
    if isinstance(artist, (BarContainer, list, tuple)):
        return list(artist)
    return [artist]


class _Binder:
    def __init__(self, artist, properties, scope):
        if isinstance(artist, list) and len(artist) == 1:
            artist = artist[0]  # what ax.plot returns
        self.artist, self.scope = artist, scope
        self.properties = dict(properties)
        self.leaves = leaves(artist)
        self.many = not isinstance(artist, Artist)
        first = artist if isinstance(artist, Matrix) else self.leaves[0]
        self.kind = next(kind for kind in _KNOWN if isinstance(first, kind))
        known = _KNOWN[self.kind] | {"visible", "alpha"}
        for name in self.properties:
            if name not in known:
                wanted = ", ".join(sorted(known))
                instead = _INSTEAD.get(type(first).__name__, "")
                self.fail(f"no property {name!r}; wanted {wanted}{instead}")

    def fail(self, message):
        first = self.artist if isinstance(self.artist, Matrix) else self.leaves[0]
        kind = type(first).__name__
        raise ValueError(f"figure {self.scope.figure!r}: {kind}: {message}")

    def source(self, name, count):
        """Return the source of a property with ``count`` numbers, or with one."""
        source = self.scope.source(self.properties[name])
        if count is not None and source.index.size not in (1, count):
            shape = source.index.shape
            self.fail(f"{name}={source.text!r}: wanted {count} numbers, got {shape}")
        return source

    def coordinate(self, name, default, count=None):
        """Return a bound coordinate, or where the artist has it."""
        value = self.properties.get(name)
        if value is None:
            return np.asarray(default, float)
        if isinstance(value, str):
            return self.source(name, count)
        return np.asarray(value, float)

    def changes(self, colours):
        asked = self.properties.keys()
        if asked & {"x", "y", "width", "height"}:
            yield self.geometry()
        if "text" in asked:
            yield self.words(self.artist, self.properties["text"])
        if "values" in asked:
            yield from self.values()
        if "color" in asked:
            yield from self.each("color", lambda a, s: Tint(a, s, colours))
        if "linewidth" in asked:
            yield from self.each("linewidth", Width)
        if "visible" in asked:
            yield Show(self.leaves, self.source("visible", len(self.leaves)))
        if "alpha" in asked:
            yield Alpha(self.leaves, self.source("alpha", len(self.leaves)))

    def each(self, name, change):
        """Give every artist of a list its own number."""
        if not self.many:
            yield change(self.artist, self.source(name, None))
            return
        source = self.source(name, len(self.leaves))
        index = np.broadcast_to(np.ravel(source.index), len(self.leaves))
        for artist, k in zip(self.leaves, index, strict=True):
            yield change(artist, source._replace(index=np.asarray(k)))

    def geometry(self):
        if self.kind is Rectangle:
            return self.boxes()
        if self.many:
            self.fail("bind the coordinates of each artist by itself")
        if self.kind is Text:
            if isinstance(self.artist, Annotation) or self.artist.get_rotation():
                self.fail("only a plain upright text can be moved")
            return Spot(self.artist, *self.point(self.artist.get_position()))
        if self.kind is Ellipse:
            return Move(self.artist, *self.point(self.artist.get_center()))
        return self.points()

    def point(self, default):
        x, y = default
        return self.coordinate("x", x, 1), self.coordinate("y", y, 1)

    def points(self):
        if self.kind is Line2D:
            if self.artist.get_drawstyle() != "default":
                self.fail("a line drawn in steps cannot be bound; repeat its points")
            default = self.artist.get_data()
        elif self.kind is Polygon:
            default = self.artist.get_xy()[:-1].T
        else:
            default = np.asarray(self.artist.get_offsets()).T
        x = self.coordinate("x", default[0])
        y = self.coordinate("y", default[1])
        sizes = [np.size(c.index if isinstance(c, Source) else c) for c in (x, y)]
        if sizes[0] != sizes[1]:
            self.fail(f"x has {sizes[0]} numbers and y has {sizes[1]}: bind both")
        return Points(self.artist, x, y)

    def boxes(self):
        if any(patch.get_angle() for patch in self.leaves):
            self.fail("a turned rectangle cannot be bound")
        count, sides = len(self.leaves), []
        for name in ("x", "y", "width", "height"):
            default = [getattr(patch, f"get_{name}")() for patch in self.leaves]
            sides.append(self.coordinate(name, default, count))
        return Boxes(self.leaves, *sides)

    def words(self, text, template):
        if "$" in template or "\n" in template:
            self.fail(f"text={template!r}: wanted one line without formulas")
        return Words(text, Template(template, self.scope))

    def values(self):
        if not isinstance(self.artist, Matrix):
            count = self.artist.get_array()
            yield Heat(self.artist, self.source("values", np.size(count)))
            return
        source = self.source("values", len(self.artist.cells))
        yield Cells(self.artist, source)
        spec = self.artist.fmt.removeprefix("{").removesuffix("}")
        for k, text in enumerate(self.artist.texts):
            yield self.words(text, f"{{{source.text}.flat[{k}]{spec}}}")
