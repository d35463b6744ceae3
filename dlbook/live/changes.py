"""The changes themselves: each is drawn by matplotlib and told to the page's script.

A change has the attribute ``artists`` and two methods: ``apply(values)`` sets the
artists, ``spec(drawing)`` returns the list that ``runtime.js`` reads. Some have
``adopt(drawing)``, which brings what was drawn into the form that the script keeps up
to date.
"""

import numpy as np
from matplotlib.colors import to_hex
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Polygon

from dlbook.live.markup import number, paint, shifted
from dlbook.live.sources import Source
from dlbook.plotting import PALETTE, cell_look, colour

__all__ = [
    "Alpha",
    "Boxes",
    "Cells",
    "Heat",
    "Move",
    "Points",
    "Show",
    "Spot",
    "Tint",
    "Width",
    "Words",
]

STOPS = 17
THINNEST = 0.01


def _take(coordinate, values):
    """Return the numbers of a source, or a constant as it is."""
    return coordinate.take(values) if isinstance(coordinate, Source) else coordinate


class Change:
    """What a slider changes in some artists."""

    artists: list

    def prepare(self):
        """Make the artists ready to be drawn, whether they show or not."""

    def adopt(self, drawing):
        """Bring what was drawn into the form that the script keeps up to date."""
        for artist in self.artists:
            drawing.element(artist)


class Points(Change):
    """The vertices of a line, a polygon or a scatter."""

    def __init__(self, artist, x, y):
        self.artists, self.x, self.y = [artist], x, y

    def apply(self, values):
        (artist,) = self.artists
        x, y = np.ravel(_take(self.x, values)), np.ravel(_take(self.y, values))
        if isinstance(artist, Line2D):
            artist.set_data(x, y)
        elif isinstance(artist, Polygon):
            around = np.append(np.arange(x.size), 0)  # matplotlib closes it if open
            artist.set_xy(np.column_stack([x, y])[around])
        else:
            artist.set_offsets(np.column_stack([x, y]))

    def spec(self, drawing):
        (artist,) = self.artists
        x, y = drawing.scales(artist)
        channels = [drawing.channel(self.x, x), drawing.channel(self.y, y)]
        closed = [1] if isinstance(artist, Polygon) else []
        return ["xy", drawing.part(artist), *channels, *closed]


class Boxes(Change):
    """Rectangles, such as the bars of a chart: corner, width and height."""

    def __init__(self, patches, x, y, width, height):
        self.artists = list(patches)
        self.x, self.y, self.width, self.height = x, y, width, height

    def apply(self, values):
        sides = (self.x, self.y, self.width, self.height)
        sides = [np.ravel(_take(side, values)) for side in sides]
        sides = np.broadcast_arrays(*sides, np.zeros(len(self.artists)))[:4]
        for patch, *box in zip(self.artists, *sides, strict=True):
            patch.set_bounds(*box)

    def spec(self, drawing):
        x, y = drawing.scales(self.artists[0])
        channels = [
            *(drawing.channel(self.x, x), drawing.channel(self.x, x, self.width)),
            *(drawing.channel(self.y, y), drawing.channel(self.y, y, self.height)),
        ]
        return ["box", drawing.part(self.artists[0]), len(self.artists), *channels]


class Move(Change):
    """A circle or an ellipse that moves without changing its shape."""

    def __init__(self, patch, x, y):
        self.artists, self.x, self.y = [patch], x, y

    def apply(self, values):
        x, y = np.ravel(_take(self.x, values)), np.ravel(_take(self.y, values))
        self.artists[0].set_center((x.item(), y.item()))

    def adopt(self, drawing):
        """Draw the shape around the origin and move it by a transform."""
        (patch,) = self.artists
        scale_x, scale_y = drawing.scales(patch)
        x, y = float(scale_x(patch.center[0])), float(scale_y(patch.center[1]))
        group = drawing.element(patch)
        path = group.find("path")
        if "clip-path" in path.attrib:
            group.set("clip-path", path.attrib.pop("clip-path"))
        path.set("d", shifted(path.get("d"), -x, -y))
        path.set("transform", f"translate({number(x)} {number(y)})")

    def spec(self, drawing):
        (patch,) = self.artists
        x, y = drawing.scales(patch)
        channels = [drawing.channel(self.x, x), drawing.channel(self.y, y)]
        return ["move", drawing.part(patch), *channels]


class Spot(Change):
    """A text that moves."""

    def __init__(self, text, x, y):
        self.artists, self.x, self.y = [text], x, y

    def apply(self, values):
        x, y = np.ravel(_take(self.x, values)), np.ravel(_take(self.y, values))
        self.artists[0].set_position((x.item(), y.item()))

    def spec(self, drawing):
        (text,) = self.artists
        x, y = drawing.scales(text)
        anchor = y(text.get_position()[1])
        below = float(drawing.element(text).find("text").get("y")) - anchor
        y = y._replace(start=y.start + below)
        channels = [drawing.channel(self.x, x), drawing.channel(self.y, y)]
        return ["at", drawing.part(text), *channels]


class Words(Change):
    """A text with numbers in it."""

    def __init__(self, text, template):
        self.artists, self.template = [text], template

    def apply(self, values):
        self.artists[0].set_text(self.template.fill(values))

    def spec(self, drawing):
        pieces = self.template.pieces(drawing.address)
        return ["text", drawing.part(self.artists[0]), pieces]


class Cells(Change):
    """The cells of a `plotting.Matrix`: sign as colour, size as opacity."""

    def __init__(self, matrix, source):
        self.artists, self.source = list(matrix.cells), source
        self.roles, self.scale = matrix.roles, matrix.scale

    def apply(self, values):
        numbers = np.nan_to_num(np.ravel(self.source.take(values)))
        for cell, value in zip(self.artists, numbers, strict=True):
            role, strength = cell_look(value, self.roles, self.scale)
            cell.set_facecolor((colour(role), strength))

    def spec(self, drawing):
        paints = [paint(colour(role)) for role in self.roles]
        strongest = cell_look(self.scale, self.roles, self.scale)[1]
        first = drawing.part(self.artists[0])
        look = [drawing.address(self.source), *paints, self.scale, strongest]
        return ["cells", first, *look]


class Tint(Change):
    """A colour chosen by the index of a class."""

    def __init__(self, artist, source, colours):
        self.artists, self.source = [artist], source
        self.colours = [to_hex(colour(c) if c in PALETTE else c) for c in colours]

    def _chosen(self, values):
        index = np.nan_to_num(np.ravel(self.source.take(values)))
        index = np.clip(np.floor(index + 0.5), 0, len(self.colours) - 1).astype(int)
        return [self.colours[k] for k in index]

    def apply(self, values):
        (artist,) = self.artists
        chosen = self._chosen(values)
        if hasattr(artist, "get_offsets"):
            artist.set_facecolor(chosen)
            return
        one = chosen[0]
        artist.set(**{"facecolor" if isinstance(artist, Patch) else "color": one})
        if isinstance(artist, Line2D):
            if artist.get_markerfacecolor() != "none":
                artist.set_markerfacecolor(one)
            artist.set_markeredgecolor(one)

    def spec(self, drawing):
        (artist,) = self.artists
        look = [drawing.address(self.source), [paint(c) for c in self.colours]]
        return ["tint", drawing.part(artist), *look, *_edge(artist)]


def _edge(artist):
    """Return ``[1]`` if an artist's edge has the colour of its face."""
    if hasattr(artist, "get_offsets"):
        edge, face = artist.get_edgecolor(), artist.get_facecolor()
        return [1] if len(edge) and np.array_equal(edge, face) else []
    return [1] if isinstance(artist, Line2D) else []


class Heat(Change):
    """Colours by value, through the artist's own colour map.

    The map is reduced to a table of colours between which both views interpolate,
    so that they agree on every colour.
    """

    def __init__(self, artist, source):
        self.artists, self.source = [artist], source
        level = np.linspace(0, 1, STOPS)
        self.stops = np.array(artist.norm.inverse(level), float)
        rgb = artist.get_cmap()(level)[:, :3]
        self.table = np.floor(255 * rgb + 0.5)
        artist.set_array(None)

    def apply(self, values):
        value = np.ravel(self.source.take(values))
        rgb = [np.interp(value, self.stops, column) for column in self.table.T]
        rgb = np.floor(np.transpose(rgb) + 0.5) / 255
        self.artists[0].set_facecolor(rgb)

    def spec(self, drawing):
        (artist,) = self.artists
        stops = [float(f"{s:.8g}") for s in self.stops]
        table = [to_hex(row / 255)[1:] for row in self.table]
        look = [drawing.address(self.source), stops, "".join(table)]
        return ["heat", drawing.part(artist), *look, *_edge(artist)]


class Show(Change):
    """Artists that are there where a number is above one half."""

    def __init__(self, artists, source):
        self.artists, self.source = artists, source

    def apply(self, values):
        shown = np.ravel(self.source.take(values)) > 0.5
        self.shown = np.broadcast_to(shown, len(self.artists)).tolist()
        for artist, there in zip(self.artists, self.shown, strict=True):
            artist.set_visible(there)

    def prepare(self):
        for artist in self.artists:
            artist.set_visible(True)

    def adopt(self, drawing):
        for artist, there in zip(self.artists, self.shown, strict=True):
            artist.set_visible(there)
            if not there:
                drawing.element(artist).set("display", "none")

    def spec(self, drawing):
        parts = [drawing.part(artist) for artist in self.artists]
        return ["show", parts, drawing.address(self.source)]


class Alpha(Change):
    """The opacity of artists, from 0 to 1."""

    def __init__(self, artists, source):
        self.artists, self.source = artists, source

    def apply(self, values):
        alpha = np.nan_to_num(np.clip(np.ravel(self.source.take(values)), 0, 1))
        self.alpha = np.broadcast_to(alpha, len(self.artists)).tolist()
        for artist, value in zip(self.artists, self.alpha, strict=True):
            artist.set_alpha(value)

    def prepare(self):
        for artist in self.artists:
            artist.set_alpha(None)

    def adopt(self, drawing):
        for artist, value in zip(self.artists, self.alpha, strict=True):
            artist.set_alpha(value)
            drawing.element(artist).set("opacity", number(value))

    def spec(self, drawing):
        parts = [drawing.part(artist) for artist in self.artists]
        return ["alpha", parts, drawing.address(self.source)]


class Width(Change):
    """The width of a line, in points."""

    def __init__(self, artist, source):
        self.artists, self.source = [artist], source

    def apply(self, values):
        width = np.nan_to_num(np.maximum(self.source.take(values), THINNEST))
        self.artists[0].set_linewidth(float(width.item()))

    def spec(self, drawing):
        part = drawing.part(self.artists[0])
        return ["width", part, drawing.address(self.source)]
