"""Changes of how artists look: their colours, their opacity, whether they are there."""

import numpy as np
from matplotlib.colors import to_hex
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from dlbook.live.bindings.changes import Change
from dlbook.live.drawing.markup import number, paint
from dlbook.plotting import EDGES, PALETTE, cell_look, colour, fill_matrix

__all__ = ["Alpha", "Cells", "Heat", "Show", "Tint", "Width"]

STOPS = 17
THINNEST = 0.01


class Cells(Change):
    """The cells of a `plotting.Matrix`: sign as colour and edge, size as opacity."""

    def __init__(self, matrix, source):
        self.matrix, self.artists, self.source = matrix, list(matrix.cells), source

    def apply(self, values):
        fill_matrix(self.matrix, np.nan_to_num(np.ravel(self.source.take(values))))

    def spec(self, drawing):
        drawn = self.matrix
        paints = [paint(colour(role)) for role in drawn.roles]
        strongest = cell_look(drawn.scale, drawn.roles, drawn.scale)[1]
        first = drawing.part(self.artists[0])
        look = [drawing.address(self.source), *paints, drawn.scale, strongest]
        told = not drawn.texts and self.artists[0].get_linewidth() > 0
        edges = [paint(colour(role)) for role in EDGES] if told else []
        return ["cells", first, *look, *edges]


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
        self.rgb = np.floor(np.transpose(rgb) + 0.5) / 255
        self.artists[0].set_facecolor(self.rgb)

    def adopt(self, drawing):
        """Write a colour of the map as itself, even where a role has it too."""
        (artist,) = self.artists
        names = ["fill", "stroke"] if _edge(artist) else ["fill"]
        drawn = drawing.element(artist).iter()
        leaves = [element for element in drawn if element.tag in ("path", "use")]
        for leaf, rgb in zip(leaves, self.rgb, strict=True):
            if np.isfinite(rgb).all() and paint(rgb) != to_hex(rgb):
                leaf.attrib.update(dict.fromkeys(names, to_hex(rgb)))

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
