"""A figure cut into panels, which stand side by side or, on a phone, on several lines.

Axes that overlap (twins, a colour bar and its picture) stay together. Panels of one row
keep one height, so that their axes stay aligned. A phone shows as many panels on a line
as their text allows.
"""

import re
import warnings
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from matplotlib.transforms import Bbox

from dlbook.live.drawing.glyphs import LARGER
from dlbook.live.inputs.labels import heard

__all__ = ["PHONE", "Panel", "cut", "legible", "twelfths"]

PAD = 2.0
NUMBER = re.compile(r"[-−]?[\d.]+(e[-+]\d+)?")
#: Pixels to a point on a screen, as in print.
NATURAL = 4 / 3
#: Width of a panel on the narrowest screen, and the smallest text there, in pixels.
PHONE, SMALLEST = 326, 9
#: Pixels between panels, and how small a panel may become to stand beside another.
GAP, LEAST_SHRUNK = 8, 0.6


class Panel(NamedTuple):
    """One panel: its axes, its row from the top, its box ``x, y, width, height``."""

    axes: tuple
    row: int
    box: tuple

    @property
    def size(self):
        """Width and height on the page, in pixels."""
        return tuple(round(NATURAL * side) for side in self.box[2:])

    @property
    def title(self):
        """What the panel says of itself, as it is heard."""
        titles = [ax.get_title(loc) for ax in self.axes for loc in ("left", "center")]
        return " ".join(heard(next((t for t in titles if t), "")).split())

    @property
    def described(self):
        """What the axes show and how far they reach, in words; "" without any."""
        sides = [
            f"{name} axis: {told}."
            for ax in self.axes
            if ax.axison
            for name, axis in (("Horizontal", ax.xaxis), ("Vertical", ax.yaxis))
            if (told := _reach(axis))
        ]
        return " ".join(sides)


def _reach(axis):
    """Return what an axis is called, and from where to where its numbers go."""
    low, high = sorted(axis.get_view_interval())
    ticks = axis.get_major_ticks(len(axis.get_majorticklocs()))
    shown = [tick for tick in ticks if low <= tick.get_loc() <= high]
    texts = [(tick.get_loc(), tick.label1.get_text()) for tick in shown]
    marks = [f"{place:g}" if "$" in text else text for place, text in texts if text]
    span = []
    if len(marks) > 1 and all(NUMBER.fullmatch(mark) for mark in marks):
        span = [f"from {marks[0]} to {marks[-1]}"]
    return " ".join([heard(axis.label.get_text()), *span]).strip()


def cut(fig, renderer, figure):
    """Return the panels of a figure, row by row from the top left.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
        At 72 dpi and laid out.
    renderer : RendererBase
        Measures texts.
    figure : str
        Name of the live figure, for messages.

    Raises
    ------
    ValueError
        If the figure has a title, legend or other artist outside of its axes.
    """
    outside = [*fig.texts, *fig.legends, *fig.lines, *fig.images, *fig.subfigs]
    outside += [a for a in fig.artists if a is not fig.patch] + list(fig.patches)
    if outside:
        kind = type(outside[0]).__name__
        raise ValueError(
            f"figure {figure!r}: a {kind} outside of all axes belongs to no panel; "
            "put titles and legends into an axes"
        )
    axes = [ax for ax in fig.axes if ax.get_visible()]
    if not axes:
        raise ValueError(f"figure {figure!r}: there are no axes to show")
    groups = _together(axes)
    frames = [Bbox.union([ax.get_window_extent() for ax in group]) for group in groups]
    boxes = [_extent(group, renderer) for group in groups]
    rows = _rows(frames)
    panels = []
    for number, row in enumerate(rows):
        top = max(boxes[k].y1 for k in row)
        bottom = min(boxes[k].y0 for k in row)
        for k in sorted(row, key=lambda k: frames[k].x0):
            box = boxes[k]
            corner = (box.x0, renderer.height - top)
            size = (box.width, top - bottom)
            panels.append(Panel(tuple(groups[k]), number, (*corner, *size)))
    return panels


def _together(axes):
    """Return lists of axes that overlap, or are joined by a colour bar."""
    joined = {
        frozenset((id(m.axes), id(m.colorbar.ax)))
        for ax in axes
        for m in [*ax.collections, *ax.images]
        if getattr(m, "colorbar", None)
    }
    groups = []
    for ax in axes:
        touching = [g for g in groups if any(_touch(ax, b, joined) for b in g)]
        groups = [g for g in groups if g not in touching]
        groups.append([*(b for g in touching for b in g), ax])
    return groups


def _touch(a, b, joined):
    if frozenset((id(a), id(b))) in joined:
        return True
    common = Bbox.intersection(a.get_window_extent(), b.get_window_extent())
    return common is not None and common.width > 0.5 and common.height > 0.5


def _extent(group, renderer):
    boxes = [ax.get_tightbbox(renderer) for ax in group]
    boxes += [_numbers(ax, renderer) for ax in group if ax.axison]
    box = Bbox.union([box for box in boxes if box is not None])
    return Bbox.from_extents(*np.round(box.padded(PAD).extents, 1))


def _numbers(ax, renderer):
    """Return a box with the axes and their powers of ten in the page's own font."""
    labels = [text for text in ax.get_yticklabels() if text.get_visible()]
    boxes = [t.get_window_extent(renderer) for t in labels if "$" in t.get_text()]
    left = min([box.x1 - LARGER * box.width for box in boxes], default=ax.bbox.x0)
    return Bbox.from_extents(min(left, ax.bbox.x0), ax.bbox.y0, *ax.bbox.max)


def _rows(frames):
    """Return lists of numbers of frames that stand side by side, from the top."""
    rows = []
    for k in sorted(range(len(frames)), key=lambda k: -frames[k].y1):
        middle = (frames[k].y0 + frames[k].y1) / 2
        if rows and frames[rows[-1][0]].y0 < middle:
            rows[-1].append(k)
        else:
            rows.append([k])
    return rows


def legible(panel, element, figure):
    """Enlarge indices, and warn of other text, that a phone would show too small.

    What stays in a notebook needs no phone; the book's tests take the warning for an
    error.

    Parameters
    ----------
    panel : Panel
    element : Element
        What was drawn into it.
    figure : str
        Name of the live figure, for messages.

    Warns
    -----
    UserWarning
        If a text has less than 9 pixels where the panel is as wide as a phone.
    """
    scale = min(NATURAL, PHONE / panel.box[2])
    least = SMALLEST / scale
    for text, size in _texts(element, 0.0):
        if size < least - 0.005:
            words = "".join(text.itertext())
            name = repr(panel.title) if panel.title else f"in row {panel.row + 1}"
            warnings.warn(
                f"figure {figure!r}: panel {name} is {panel.box[2] / 72:.1f} "
                f"inches wide, so its text {words!r} of {size:g} points would have "
                f"{size * scale:.1f} pixels on a phone, and {SMALLEST} are needed: "
                "draw the panel narrower, or its text larger",
                stacklevel=2,
            )
            return
        for index in text:
            if float(index.get("font-size", size)) < least:
                index.set("font-size", f"{least:.2f}")


def twelfths(panels, elements):
    """Return how many twelfths of a phone's width each panel of one row takes.

    The row is cut into the fewest lines on which all panels, made smaller by one
    factor, fit side by side and keep their text legible.

    Parameters
    ----------
    panels : list of Panel
    elements : list of list of Element
        What was drawn into each.

    Returns
    -------
    list of int
        From 1 to 12.
    """
    points = np.array([panel.box[2] for panel in panels])
    sizes = [s for part in elements for e in part for _, s in _texts(e, 0.0)]
    least = max(SMALLEST / min(sizes, default=np.inf), LEAST_SHRUNK * NATURAL)
    for count in range(1, len(panels) + 1):
        ends = np.linspace(0, len(panels), count + 1).round().astype(int)
        lines = [points[a:b] for a, b in pairwise(ends)]
        scale = min((PHONE - GAP * len(line)) / line.sum() for line in lines)
        if scale >= NATURAL:
            break  # side by side in their own size
        shares = np.floor(12 * (points * scale + GAP) / PHONE)
        if np.all(shares * PHONE / 12 - GAP >= points * least):
            return [int(share) for share in shares]
    return [12] * len(panels)


def _texts(element, size):
    """Return each text below an element with its size."""
    size = float(element.get("font-size", size))
    if element.tag == "text":
        yield element, size
    for child in element:
        yield from _texts(child, size)
