"""One drawing of a live figure: its SVG, and where a script finds what it changes."""

from contextlib import contextmanager
from itertools import groupby
from xml.etree import ElementTree

import numpy as np
from matplotlib.colors import to_hex

from dlbook.live.bindings.sources import Source
from dlbook.live.drawing.markup import number
from dlbook.live.drawing.panels import cut, legible, twelfths
from dlbook.live.drawing.scales import scales
from dlbook.live.drawing.svg import AXES, Renderer
from dlbook.plotting import PALETTE

__all__ = ["Drawing", "draw"]


class Drawing:
    """The tree that a figure was drawn into.

    Parameters
    ----------
    live : LiveFigure
    renderer : Renderer
        That drew it.
    """

    def __init__(self, live, renderer):
        self.name, self.renderer = live.name, renderer
        self.panels = live.panels or cut(live.fig, renderer, live.name)
        self._axes = {id(ax): str(k) for k, ax in enumerate(live.fig.axes)}
        self._numbers = {id(artist): k for k, artist in enumerate(live.artists)}
        self._offsets = live.offsets
        self._elements = {
            int(group.get("data-part")): group
            for group in renderer.stack[0].iter("g")
            if "data-part" in group.attrib
        }

    def part(self, artist):
        """Return the number by which the script knows an artist."""
        return self._numbers[id(artist)]

    def element(self, artist):
        """Return the group into which an artist was drawn."""
        if self.part(artist) not in self._elements:
            raise ValueError(
                f"figure {self.name!r}: a bound {type(artist).__name__} is not drawn: "
                "make it visible, or bind visible="
            )
        return self._elements[self.part(artist)]

    def dotted(self, artist):
        """Return whether an artist's marks were drawn as one path."""
        return str(self.part(artist)) in self.renderer.dotted

    def scales(self, artist):
        """Return the scales of an artist's coordinates."""
        return scales(artist, self.renderer.height, self.name)

    def plane(self, artist):
        """Return left, top, width and height of an artist's axes, in points."""
        box, points = artist.axes.bbox, 72 / artist.axes.figure.dpi
        corner = points * box.x0, self.renderer.height - points * box.y1
        sides = points * box.width, points * box.height
        return [round(float(v), 2) for v in (*corner, *sides)]

    def address(self, source):
        """Return where a source's numbers are: ``"start:count:step"`` or ``"i,j"``."""
        index = source.index.ravel() + self._offsets[source.name]
        step = int(index[1] - index[0]) if index.size > 1 else 1
        if (index != index[0] + step * np.arange(index.size)).any():
            return ",".join(map(str, index))
        parts = [index[0], index.size, step]
        return ":".join(map(str, parts[: 1 + (index.size > 1) + (step != 1)]))

    def channel(self, coordinate, scale, more=None):
        """Return how the script finds pixels: of a coordinate, or of a sum of two."""
        parts = [p for p in (coordinate, more) if p is not None]
        if not any(isinstance(p, Source) for p in parts):
            pixels = scale(sum(parts))
            return [[float(number(p)) for p in pixels.flat]]
        data = [self.address(p) if isinstance(p, Source) else _plain(p) for p in parts]
        if more is None:
            return [data[0], *scale.spec()]
        return [data[0], *scale.spec()[:2], int(scale.log), data[1]]

    def groups(self, panel):
        """Return what was drawn into a panel."""
        names = {self._axes[id(ax)] for ax in panel.axes}
        return [g for g in self.renderer.axes if g.get("data-axes") in names]

    def svg(self, title):
        """Return the markup of each panel."""
        parts = []
        for _, row in groupby(self.panels, lambda panel: panel.row):
            row = list(row)
            shares = twelfths(row, [self.groups(panel) for panel in row])
            parts += map(self._panel, row, shares, [title] * len(row))
        return parts

    def _panel(self, panel, share, title):
        many = len(self.panels) > 1
        label = f"{title}: {panel.title}" if many and panel.title else title
        if panel.described:
            label += f". {panel.described}"
        width, height = panel.size
        root = ElementTree.Element(
            "svg",
            {
                "viewBox": " ".join(map(number, panel.box)),
                "width": str(width),
                "height": str(height),
                "class": f"dl-{share}",
                "role": "img",
                "aria-label": label,
            },
        )
        if panel is self.panels[0]:  # the read-out, heard once, and what all draw with
            root.set("aria-describedby", f"{self.name}-readout")
            ElementTree.SubElement(root, "defs").extend(
                self.renderer.definitions.values()
            )
        for group in self.groups(panel):
            root.append(_without(group, "data-axes"))
        return ElementTree.tostring(root, "unicode").replace(" />", "/>")


def _without(group, attribute):
    """Return a copy of a group that lacks an attribute."""
    copy = ElementTree.Element("g", group.attrib)
    copy.extend(group)
    del copy.attrib[attribute]
    return copy


def _plain(constants):
    return [float(f"{c:.10g}") for c in constants.flat]


def draw(live):
    """Draw a live figure as it stands.

    Parameters
    ----------
    live : LiveFigure
        Laid out.

    Returns
    -------
    Drawing
    """
    with _at_72_dpi(live.fig):
        for change in live.changes:
            change.prepare()
        width, height = live.fig.get_size_inches() * 72
        grips = {str(live.artists.index(artist)) for artist, *_ in live.drags}
        renderer = Renderer(width, height, live.name, grips)
        live.fig.draw(renderer)
        drawing = Drawing(live, renderer)
        for change in live.changes:
            change.adopt(drawing)
    for panel in drawing.panels:
        for group in drawing.groups(panel):
            legible(panel, group, live.name)
    return drawing


@contextmanager
def _at_72_dpi(fig):
    """Draw at one pixel a point, axes marked, their paper left to the page."""
    dpi, papers = fig.dpi, [ax.patch for ax in fig.axes if ax.patch.get_visible()]
    papers = [p for p in papers if to_hex(p.get_facecolor()) == PALETTE["paper"].light]
    for k, ax in enumerate(fig.axes):
        ax.set_gid(f"{AXES}{k}")
    try:
        fig.dpi = 72
        for paper in papers:
            paper.set_visible(False)
        yield
    finally:
        fig.dpi = dpi
        for paper in papers:
            paper.set_visible(True)
