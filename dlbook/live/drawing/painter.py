"""Matplotlib drawn again and again: the axes' ticks once, what stands on them anew."""

import io

import numpy as np
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.spines import Spine
from PIL import Image

__all__ = ["Painter", "picture"]


def picture(fig, dpi):
    """Return a figure as it stands as an image of the given resolution."""
    before = fig.dpi
    try:
        fig.dpi = dpi
        canvas = FigureCanvasAgg(fig)
        canvas.draw()
        return Image.fromarray(np.array(canvas.buffer_rgba())[..., :3])
    finally:
        fig.dpi = before


class Painter:
    """Draw a figure many times while only some of its artists change.

    The ticks and their labels take most of the time of a drawing and do not change.
    They are drawn once; everything that lies above them is drawn each time.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
        Laid out.
    artists : list of Artist
        Those that change.
    dpi : float
    """

    def __init__(self, fig, artists, dpi):
        self.fig, self.canvas, self.dpi = fig, FigureCanvasAgg(fig), dpi
        self.above = [artist for ax in fig.axes for artist in _above(ax)]
        drawn = {id(artist) for artist in self.above}
        self.still = all(id(artist) in drawn for artist in artists)
        self.ground = None

    def png(self):
        """Return the figure as it stands as PNG, with little compression."""
        if self.fig.dpi != self.dpi:
            self.fig.dpi = self.dpi
        if self.still:
            self._draw_above()
        else:
            self.canvas.draw()
        buffer = io.BytesIO()
        image = Image.fromarray(np.asarray(self.canvas.buffer_rgba())[..., :3])
        image.save(buffer, "png", compress_level=1)
        return buffer.getvalue()

    def _draw_above(self):
        if self.ground is None:
            for artist in self.above:
                artist.set_animated(True)
            self.canvas.draw()
            self.ground = self.canvas.copy_from_bbox(self.fig.bbox)
            for artist in self.above:
                artist.set_animated(False)
        self.canvas.restore_region(self.ground)
        for artist in self.above:
            artist.draw(self.canvas.get_renderer())


def _above(ax):
    """Return what an axes draws above its ticks, in order."""
    ticks = [child for child in ax.get_children() if isinstance(child, Axis)]
    level = max((axis.get_zorder() for axis in ticks if ax.axison), default=0)
    found = [a for a in ax.get_children() if a is not ax.patch and a not in ticks]
    if not ax.axison:  # an axes that is off has no frame
        found = [a for a in found if not isinstance(a, Spine)]
    return sorted((a for a in found if a.get_zorder() > level), key=_zorder)


def _zorder(artist):
    return artist.get_zorder()
