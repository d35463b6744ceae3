"""From data to pixels: a straight line for each axis, after a logarithm if need be."""

from typing import NamedTuple

import numpy as np
from matplotlib.collections import Collection
from matplotlib.patches import Patch

__all__ = ["Scale", "scales"]


class Scale(NamedTuple):
    """``pixel = start + unit * value``, of the decimal logarithm if ``log``."""

    start: float
    unit: float
    log: bool

    def __call__(self, value):
        """Return pixels; what has no logarithm lies far away, as in matplotlib."""
        value = np.asarray(value, float)
        if self.log:
            with np.errstate(divide="ignore", invalid="ignore"):
                value = np.where(value <= 0, -1000.0, np.log10(value))
        return self.start + self.unit * value

    def spec(self):
        """Return what the page's script needs."""
        parts = [float(f"{self.start:.8g}"), float(f"{self.unit:.8g}")]
        return [*parts, 1] if self.log else parts


def scales(artist, height, figure):
    """Return the two scales of an artist's coordinates, in points from the top left.

    Parameters
    ----------
    artist : matplotlib.artist.Artist
        Its transform may be that of the data, of the axes, or a blend.
    height : float
        Of the canvas, in points.
    figure : str
        Name of the figure, for messages.

    Raises
    ------
    ValueError
        If an axis is neither linear nor logarithmic, or the axes are not upright.
    """
    transform, axes = artist.get_transform(), artist.axes
    if isinstance(artist, Patch):
        transform = artist.get_data_transform()
    elif isinstance(artist, Collection):
        transform = artist.get_offset_transform()
    data = transform.contains_branch_seperately(axes.transData)
    kinds = [axis.get_scale() for axis in (axes.xaxis, axes.yaxis)]
    kinds = [k if d else "linear" for k, d in zip(kinds, data, strict=True)]
    for kind in kinds:
        if kind not in ("linear", "log"):
            raise ValueError(
                f"figure {figure!r}: an axis with scale {kind!r}: "
                "wanted 'linear' or 'log' where an artist is bound"
            )
    logs = [kind == "log" for kind in kinds]
    near = [10.0 if log else 1.0 for log in logs]
    far = [100.0 if log else 2.0 for log in logs]
    points = 72 / axes.figure.dpi
    (x1, y1), (x2, y2) = points * transform.transform([near, far])
    crossed = points * transform.transform([near[0], far[1]])
    if not np.allclose(crossed, [x1, y2]):
        raise ValueError(f"figure {figure!r}: wanted upright axes where bound")
    x = Scale(2 * x1 - x2, x2 - x1, logs[0])
    y = Scale(height - (2 * y1 - y2), -(y2 - y1), logs[1])
    return x, y
