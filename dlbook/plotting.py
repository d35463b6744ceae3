"""One visual language: a colour for every role, one style, and the book's drawings.

The same role has the same colour in every chapter. Each colour has a light and a
dark form of the same hue; matplotlib draws the light one, and the page swaps the dark
one in. Both were searched for: text in any of them has WCAG's contrast of 4.5 on its
page, and the roles stay apart for readers with any of the common colour blindnesses.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Circle, FancyBboxPatch, Patch, Polygon, Rectangle
from matplotlib.text import Text

from dlbook._core.types import ArrayLike

__all__ = [
    "PALETTE",
    "Colour",
    "Diagram",
    "Matrix",
    "Picture",
    "arrow_path",
    "boundary_ends",
    "cell_look",
    "colour",
    "diagram",
    "fill_matrix",
    "half_plane",
    "matrix",
    "picture",
    "scatter_classes",
    "subplots",
    "use_style",
]


class Colour(NamedTuple):
    """One role's colour on a light and on a dark page, as ``#rrggbb``."""

    light: str
    dark: str


PALETTE = {
    "input": Colour("#0a4f9e", "#6aa0ff"),
    "weight": Colour("#a46000", "#f0a040"),
    "activation": Colour("#00827a", "#23dfb5"),
    "gradient": Colour("#b23ad2", "#f2b0f2"),
    "error": Colour("#931531", "#ff6b6b"),
    "neutral": Colour("#6b7280", "#9aa4b2"),
    "ink": Colour("#1f2328", "#f4f6f8"),
    "axis": Colour("#59636e", "#9aa4b1"),
    "grid": Colour("#d8dee4", "#3a424d"),
    "paper": Colour("#ffffff", "#14181e"),
}
"""The colour of every role, by the role's name."""

#: A cell's fill is its role's colour at this opacity at most, so that ink on it stays
#: readable on a light and on a dark page.
STRONGEST = 0.5

#: Roles of the edges of cells without numbers: of those not negative, and of others.
EDGES = ("grid", "ink")

#: Half the height of a diagram's box, half its width being 1.
LOW = 0.7


def colour(role: str) -> str:
    """Return the light form of a role's colour.

    Parameters
    ----------
    role : str
        A key of `PALETTE`.

    Returns
    -------
    str
        The colour as ``#rrggbb``.

    Raises
    ------
    ValueError
        If there is no such role; the message lists the roles.

    Examples
    --------
    >>> colour("input")
    '#0a4f9e'
    """
    if role not in PALETTE:
        raise ValueError(f"role: wanted one of {', '.join(PALETTE)}, got {role!r}")
    return PALETTE[role].light


def use_style() -> None:
    """Draw every later figure in the book's style.

    Examples
    --------
    >>> with plt.rc_context():
    ...     use_style()
    ...     plt.rcParams["axes.spines.top"]
    False
    """
    plt.style.use(Path(__file__).with_name("book.mplstyle"))
    roles = ("input", "weight", "activation", "gradient", "error", "neutral")
    plt.rcParams["axes.prop_cycle"] = plt.cycler(color=[colour(r) for r in roles])


def subplots(rows: int = 1, columns: int = 1, **options: Any) -> tuple[Figure, Any]:
    """Return a figure and its axes, drawn only where they are asked for.

    `matplotlib.pyplot.subplots` also shows the figure below the cell that made it.

    Parameters
    ----------
    rows, columns : int
        Of the grid of axes.
    **options
        ``figsize`` of the figure; everything else as
        `matplotlib.figure.Figure.subplots` takes it. With ``sharey`` each keeps its
        numbers.

    Returns
    -------
    fig : matplotlib.figure.Figure
    axes : matplotlib.axes.Axes or ndarray of them

    Examples
    --------
    >>> before = plt.get_fignums()
    >>> fig, (left, right) = subplots(1, 2, figsize=(7, 3))
    >>> plt.get_fignums() == before
    True
    """
    fig = Figure(figsize=options.pop("figsize", None))
    axes = fig.subplots(rows, columns, **options)
    if options.get("sharey"):  # a phone sets them one below the other
        for ax in np.ravel(axes):
            ax.tick_params(labelleft=True)
    return fig, axes


class Matrix(NamedTuple):
    """A matrix drawn with its numbers: ``cells`` and ``texts`` in row-major order."""

    cells: list
    texts: list
    shape: tuple
    fmt: str
    roles: tuple
    scale: float


def matrix(
    ax: Axes,
    values: ArrayLike,
    *,
    fmt: str = "{:.2f}",
    role: str = "activation",
    negative: str = "error",
    scale: float | None = None,
    origin: tuple[float, float] = (0.0, 0.0),
    size: float = 1.0,
    fontsize: float | None = None,
) -> Matrix:
    """Draw a matrix as cells that carry their numbers.

    A cell's colour tells the sign of its number, its opacity the size. Where there are
    no numbers to read, an edge in ink tells the negative ones, too.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    values : array_like of shape (R, C) or (C,)
    fmt : str
        Format of the number in a cell; ``""`` leaves the numbers out.
    role, negative : str
        Roles of the colours of positive and of negative numbers.
    scale : float, optional
        The absolute value that has the full colour; the largest one if not given.
    origin : tuple of float
        Data coordinates of the upper left corner.
    size : float
        Side of a cell in data coordinates.
    fontsize : float, optional
        Of the numbers, in points.

    Returns
    -------
    Matrix
        The drawn cells and texts, to be bound to a live figure with ``values=``.

    See Also
    --------
    picture : for thousands of values.

    Examples
    --------
    >>> fig, ax = plt.subplots()
    >>> drawn = matrix(ax, [[1, -2], [3, 4]], fmt="{:.0f}")
    >>> [t.get_text() for t in drawn.texts]
    ['1', '−2', '3', '4']
    >>> plt.close(fig)
    """
    values = np.atleast_2d(np.asarray(values, float))
    if values.ndim != 2:
        raise ValueError(f"values: wanted shape (R, C), got {values.shape}")
    scale = float(scale or np.abs(values).max() or 1.0)
    edge = colour("grid")
    cells, texts = [], []
    for r, c in np.ndindex(values.shape):
        x, y = origin[0] + c * size, origin[1] - (r + 1) * size
        cell = Rectangle((x, y), size, size, edgecolor=edge, linewidth=0.8)
        cells.append(ax.add_artist(cell))
        if fmt:
            middle = (x + size / 2, y + size / 2)
            texts.append(
                ax.text(*middle, "", ha="center", va="center", fontsize=fontsize)
            )
    wide, high = size * values.shape[1], size * values.shape[0]
    ax.update_datalim([origin, (origin[0] + wide, origin[1] - high)])
    drawn = Matrix(cells, texts, values.shape, fmt, (role, negative), scale)
    fill_matrix(drawn, values)
    return drawn


def fill_matrix(drawn: Matrix, values: ArrayLike) -> None:
    """Set the numbers, colours and opacities of a drawn matrix.

    Parameters
    ----------
    drawn : Matrix
        From `matrix`.
    values : array_like of its shape
        The new numbers.

    See Also
    --------
    matrix : draws it.

    Examples
    --------
    >>> fig, ax = subplots()
    >>> drawn = matrix(ax, [1.0, 2.0])
    >>> fill_matrix(drawn, [3.0, -1.0])
    >>> [t.get_text() for t in drawn.texts]
    ['3.00', '−1.00']
    """
    values = np.asarray(values, float).ravel()
    for cell, value in zip(drawn.cells, values, strict=True):
        role, strength = cell_look(value, drawn.roles, drawn.scale)
        # The edge keeps its own opacity: only the fill carries the number.
        cell.set_facecolor((colour(role), strength))
        if not drawn.texts:
            cell.set_edgecolor(colour(EDGES[bool(value < 0)]))
    for text, value in zip(drawn.texts, values, strict=False):  # none without fmt
        text.set_text(drawn.fmt.format(value).replace("-", "\N{MINUS SIGN}"))


def cell_look(value: float, roles: Sequence[str], scale: float) -> tuple[str, float]:
    """Return the role and the opacity with which a number is drawn.

    Parameters
    ----------
    value : float
        The number.
    roles : (str, str)
        Roles of the colours of positive and of negative numbers.
    scale : float
        The absolute value that has the full colour.

    Returns
    -------
    str, float
        The role, and an opacity from 0 to that of the full colour.

    See Also
    --------
    matrix : draws many so.

    Examples
    --------
    >>> cell_look(-0.5, ("activation", "error"), scale=1.0)
    ('error', 0.25)
    """
    strength = STRONGEST * min(abs(value) / scale, 1.0)
    return roles[0] if value >= 0 else roles[1], strength


class Picture(AxesImage):
    """An image that a live figure can show and hide by itself."""

    def can_composite(self) -> bool:
        """Say that no other image may be merged into this one."""
        return False

    def draw(self, renderer: Any) -> None:
        """Draw into a group of its own."""
        renderer.open_group("image", self.get_gid())
        super().draw(renderer)
        renderer.close_group("image")


def picture(
    ax: Axes,
    values: ArrayLike,
    *,
    extent: tuple[float, float, float, float] | None = None,
    role: str = "ink",
    levels: int = 17,
) -> Picture:
    """Draw many small values as one image, with one colour whose opacity tells them.

    An image of thousands of pixels is far smaller than as many cells. It cannot change
    pixel by pixel: draw several, and bind ``visible=``.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    values : array_like of shape (R, C)
        From 0, which is transparent, to 1, the full colour.
    extent : tuple of float, optional
        Left, right, bottom and top in data coordinates; the axes' limits if not given.
    role : str
        Of the colour.
    levels : int
        Number of opacities.

    Returns
    -------
    Picture

    See Also
    --------
    matrix : cells with their numbers.

    Examples
    --------
    >>> fig, ax = subplots()
    >>> picture(ax, [[0, 1], [1, 0.5]]).get_extent()
    [0.0, 1.0, 0.0, 1.0]
    """
    values = np.asarray(values, float)
    if values.ndim != 2:
        raise ValueError(f"values: wanted shape (R, C), got {values.shape}")
    ends = [colour(role) + "00", colour(role) + "ff"]
    tints = LinearSegmentedColormap.from_list(role, ends, levels)
    place: Any = list(extent or [*map(float, (*ax.get_xlim(), *ax.get_ylim()))])
    image = Picture(ax, cmap=tints, extent=place, interpolation="none")
    image.set_data(values)
    image.set_clim(0, 1)
    image.set_clip_path(ax.patch)
    ax.add_image(image)
    return image


def arrow_path(
    x: float, y: float, dx: float, dy: float, head: float = 0.2
) -> tuple[np.ndarray, np.ndarray]:
    """Return an arrow as one stroke: tail, tip, wing, tip, wing.

    Plain formulas: a live figure can compile it and bind a line to the result. The
    wings keep their length, so the axes should have equal aspect.

    Parameters
    ----------
    x, y : float
        Tail.
    dx, dy : float
        Displacement to the tip; zero gives a point.
    head : float
        Length of a wing along the arrow.

    Returns
    -------
    x, y : ndarray of shape (5,)

    See Also
    --------
    diagram : arrows between nodes.

    Examples
    --------
    >>> x, y = arrow_path(0.0, 0.0, 2.0, 0.0, head=0.5)
    >>> x
    array([0. , 2. , 1.5, 2. , 1.5])
    """
    length = np.sqrt(dx**2 + dy**2)
    scale = head / np.where(length > 0, length, 1.0)
    ux, uy = scale * dx, scale * dy
    wings = 0.6
    return (
        np.stack(
            [x, x + dx, x + dx - ux - wings * uy, x + dx, x + dx - ux + wings * uy]
        ),
        np.stack(
            [y, y + dy, y + dy - uy + wings * ux, y + dy, y + dy - uy - wings * ux]
        ),
    )


def boundary_ends(
    w: np.ndarray, b: float, length: float = 100.0
) -> tuple[np.ndarray, np.ndarray]:
    """Return the two ends of a long piece of the line ``w @ x + b = 0``.

    The piece is centred on the point of the line that is nearest to the origin, so that
    vertical lines need no special case. Plain formulas: a live figure can compile it.

    Parameters
    ----------
    w : ndarray of shape (2,)
        The normal, not zero for a line to exist; at zero the ends are NaN.
    b : float
        The offset.
    length : float
        Half the length of the piece.

    Returns
    -------
    x, y : ndarray of shape (2,)
        Coordinates of the two ends.

    See Also
    --------
    half_plane : one side of the line, to fill.

    Examples
    --------
    >>> x, y = boundary_ends(np.array([1.0, 0.0]), -2.0, length=5.0)
    >>> (x, y)
    (array([2., 2.]), array([-5.,  5.]))
    """
    square = w[0] ** 2 + w[1] ** 2
    square = np.where(square > 0, square, np.nan)
    ends = np.array([-length, length]) / np.sqrt(square)
    return -b * w[0] / square - w[1] * ends, -b * w[1] / square + w[0] * ends


def half_plane(
    w: np.ndarray, b: float, length: float = 100.0
) -> tuple[np.ndarray, np.ndarray]:
    """Return the corners of a large piece of the half-plane ``w @ x + b > 0``.

    Its first side is the boundary. Plain formulas: a live figure can compile it and
    bind ``ax.fill`` to the result.

    Parameters
    ----------
    w : ndarray of shape (2,)
        The normal. At zero the bias decides: everything if it is positive, else
        nothing, which is NaN.
    b : float
        The offset.
    length : float
        Half the length of a side.

    Returns
    -------
    x, y : ndarray of shape (4,)
        Coordinates of the corners.

    See Also
    --------
    boundary_ends : the line alone.

    Examples
    --------
    >>> x, y = half_plane(np.array([1.0, 0.0]), -2.0, length=5.0)
    >>> (x, y)
    (array([ 2.,  2., 12., 12.]), array([-5.,  5.,  5., -5.]))
    """
    x, y = boundary_ends(w, b, length)
    size = np.sqrt(w[0] ** 2 + w[1] ** 2)
    depth = 2 * length / np.where(size > 0, size, np.nan)
    x = np.concatenate([x, x[::-1] + depth * w[0]])
    y = np.concatenate([y, y[::-1] + depth * w[1]])
    rest = np.where(b > 0, length, np.nan)
    across, up = np.array([-1, -1, 1, 1]) * rest, np.array([-1, 1, 1, -1]) * rest
    return np.where(size > 0, x, across), np.where(size > 0, y, up)


def scatter_classes(
    ax: Axes, points: np.ndarray, labels: ArrayLike, names: Sequence[str] | None = None
) -> list[PathCollection]:
    """Scatter two classes with a colour and a marker each.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    points : ndarray of shape (N, 2)
    labels : ndarray of shape (N,)
        Two values; the smaller is drawn as squares, the larger as dots.
    names : tuple of str, optional
        For the legend.

    Returns
    -------
    list of matplotlib.collections.PathCollection
        One for each class.

    See Also
    --------
    boundary_ends : the line between them.

    Examples
    --------
    >>> fig, ax = subplots()
    >>> drawn = scatter_classes(ax, np.eye(3)[:, :2], [0, 1, 1])
    >>> [len(points.get_offsets()) for points in drawn]
    [1, 2]
    """
    looks = [("s", colour("neutral")), ("o", colour("activation"))]
    drawn = []
    for k, value in enumerate(np.unique(labels)):
        marker, tint = looks[k]
        x, y = points[np.asarray(labels) == value].T
        name = names[k] if names else None
        drawn.append(ax.scatter(x, y, s=18, marker=marker, c=tint, label=name))
    return drawn


class Diagram(NamedTuple):
    """A drawn graph: texts in its nodes, and above and below its edges."""

    nodes: dict
    above: dict
    below: dict


def diagram(
    ax: Axes,
    nodes: dict[str, tuple],
    edges: Sequence[tuple[str, str]],
    *,
    size: float = 0.32,
    fontsize: float | None = None,
    place: float = 0.5,
) -> Diagram:
    """Draw nodes joined by arrows, with room for numbers at each.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Its axis is switched off and its aspect made equal.
    nodes : dict of str to tuple
        ``name: (x, y, label, role)``; a name that begins with ``box`` is drawn as a
        box, every other one as a circle.
    edges : list of tuple of str
        Pairs of names; the arrow runs from the first to the second.
    size : float
        Radius of a node in data coordinates.
    fontsize : float, optional
        Of every text, in points.
    place : float
        Where on its edge a text stands, from 0 at the tail to 1 at the tip: off the
        middle where edges cross.

    Returns
    -------
    Diagram
        ``nodes[name]`` is the text in a node, ``above[a, b]`` and ``below[a, b]`` are
        the empty texts at an edge (at its left and right if it is steep), each to be
        bound to a live figure with ``text=``.

    See Also
    --------
    arrow_path : an arrow that a live figure moves.

    Examples
    --------
    >>> fig, ax = subplots()
    >>> nodes = dict(x=(0, 0, "$x$", "input"), y=(2, 0, "$y$", "activation"))
    >>> drawn = diagram(ax, nodes, [("x", "y")])
    >>> drawn.nodes["x"].get_text(), list(drawn.above)
    ('$x$', [('x', 'y')])
    """
    ax.set_aspect("equal")
    ax.axis("off")
    texts, above, below = {}, {}, {}
    for a, b in edges:
        tail, tip = np.array(nodes[a][:2], float), np.array(nodes[b][:2], float)
        rims = [_rim(name, tip - tail, size) for name in (a, b)]
        _edge(ax, tail, tip, size, *rims)
        spot = tail + place * (tip - tail)
        above[a, b], below[a, b] = _edge_texts(ax, tip - tail, spot, fontsize)
    shape: Patch
    for name, (x, y, label, role) in nodes.items():
        look: Any = dict(
            edgecolor=colour(role), facecolor=colour("paper"), linewidth=1.6
        )
        if name.startswith("box"):
            corner = (x - size, y - LOW * size)
            style = f"round,pad=0,rounding_size={0.25 * size}"
            shape = FancyBboxPatch(corner, 2 * size, 2 * LOW * size, style, **look)
        else:
            shape = Circle((x, y), size, **look)
        ax.add_patch(shape)
        texts[name] = ax.text(x, y, label, ha="center", va="center", fontsize=fontsize)
    spots = np.array([n[:2] for n in nodes.values()], float)
    low, high = spots.min(0) - 1.6 * size, spots.max(0) + 1.6 * size
    ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    return Diagram(texts, above, below)


def _rim(name, way, size):
    """Return how far from the middle of a node an edge of that direction leaves it."""
    if not name.startswith("box"):
        return size
    x, y = np.abs(way) / np.linalg.norm(way)
    return size / max(x, y / LOW)


def _edge(ax, tail, tip, size, at_tail, at_tip):
    """Draw the shaft and the head of an arrow between two nodes' rims."""
    along = (tip - tail) / np.linalg.norm(tip - tail)
    across = np.array([-along[1], along[0]])
    start, end = tail + at_tail * along, tip - at_tip * along
    head = 0.35 * size
    neck = end - head * along
    ax.plot(*np.transpose([start, neck]), color=colour("axis"), linewidth=1.2)
    wings = [end, neck + 0.45 * head * across, neck - 0.45 * head * across]
    ax.add_patch(Polygon(wings, color=colour("axis"), linewidth=0))


def _edge_texts(ax, way, spot, fontsize) -> tuple[Text, Text]:
    """Return the empty texts beside an edge, the upper or left one first."""
    along = way / np.linalg.norm(way)
    side = np.array([-along[1], along[0]])
    if side[1] < -1e-9 or (abs(side[1]) <= 1e-9 and side[0] > 0):
        side = -side
    look = dict(fontsize=fontsize)
    texts = []
    for role, n in [("activation", side), ("gradient", -side)]:
        ha = "left" if n[0] > 0.3 else "right" if n[0] < -0.3 else "center"
        va = "bottom" if n[1] > 0.3 else "top" if n[1] < -0.3 else "center"
        texts.append(
            ax.text(*(spot + 0.06 * n), "", ha=ha, va=va, color=colour(role), **look)
        )
    return tuple(texts)
