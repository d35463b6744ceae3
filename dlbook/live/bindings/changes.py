"""Changes of where artists are and what they say, in both views.

A change has the attribute ``artists`` and two methods: ``apply(values)`` sets the
artists, ``spec(drawing)`` returns the list that ``runtime.js`` reads. Some have
``adopt(drawing)``, which brings what was drawn into the form that the script keeps up
to date.
"""

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon

from dlbook.live.bindings.sources import Source
from dlbook.live.drawing.markup import number, shifted

__all__ = ["Boxes", "Change", "Move", "Points", "Spot", "Words"]


def _take(coordinate, values):
    """Return the numbers of a source, or a constant as it is."""
    return coordinate.take(values) if isinstance(coordinate, Source) else coordinate


class Change:
    """What a slider changes in some artists."""

    artists: list

    def sources(self):
        """Return the sources of the numbers that the artists show."""
        own = [v for v in vars(self).values() if isinstance(v, Source)]
        template = getattr(self, "template", None)
        return own + [source for source, _ in template.fields] if template else own

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
        kind = [1] if isinstance(artist, Polygon) else []
        kind = [2] if drawing.dotted(artist) else kind
        return ["xy", drawing.part(artist), *channels, *kind]


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
