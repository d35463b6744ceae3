"""Small live figures, one for each kind of thing that a slider can change."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Circle, Ellipse, Polygon, Rectangle

from dlbook.live import LiveFigure
from dlbook.live.inputs import Pad, Paint, Points, Text
from dlbook.plotting import boundary_ends, colour, matrix, scatter_classes, use_style

T = np.linspace(-3, 3, 41)
TABLE = np.cumsum(np.sin(np.arange(30.0)))


def axes(columns=1, **options):
    """Return a figure in the book's style and its axes."""
    use_style()
    width = 3.4 * columns
    return plt.subplots(1, columns, figsize=(width, 2.6), **options)


def done(live, text="a is {a:.2f}."):
    live.describe(text)
    return live


def curves():
    """A curve that breaks where it is not finite, and runs far out of its axes."""

    def model(a, b):
        with np.errstate(all="ignore"):
            y = np.sqrt(a * T + b) * 10.0**a
        return dict(y=y, x=T + b, far=np.array([-1e12, 0.0, 1e12]) * (a + 1))

    fig, ax = axes()
    (line,) = ax.plot(T, T)
    (dashed,) = ax.plot([0, 1, 2], [0, 1, 2], "o--", color=colour("weight"))
    (marks,) = ax.plot(T, T, "s", markersize=3, markerfacecolor="none")
    ax.set(xlim=(-4, 4), ylim=(-2, 4), title="Curves")
    sliders = dict(a=(-2, 2, 0.1, 0.5), b=(-3, 3, 0.25, 1))
    live = LiveFigure("curves", fig, model, sliders)
    live.bind(line, x="x", y="y")
    live.bind(dashed, y="far")
    live.bind(marks, y="y")
    return done(live)


def bars():
    """Bars upright, lying and stacked, and rectangles that move."""

    def model(a):
        return dict(a=a, y=a * np.arange(-2.0, 3.0), base=np.abs(a) * np.ones(5))

    fig, (left, right) = axes(2)
    upright = left.bar(range(5), np.ones(5))
    stacked = left.bar(range(5), np.ones(5), width=0.3, color=colour("gradient"))
    box = left.add_patch(Rectangle((0, 0), 1, 1, alpha=0.5))
    left.set(xlim=(-1, 5), ylim=(-8, 8))
    lying = right.barh(range(5), np.ones(5), color=colour("error"))
    right.set(xlim=(-8, 8))
    live = LiveFigure("bars", fig, model, dict(a=(-2, 2, 0.1, 1)))
    live.bind(upright, height="y")
    live.bind(stacked, y="y", height="base")
    live.bind(box, x="a", y="a", width="base[0]", height=2)
    live.bind(lying, width="y")
    return done(live)


def points():
    """Scatters that move, change class, and show values; one point not finite."""

    def model(a):
        x = np.array([0.0, 1.0, 2.0, 3.0]) + a
        hole = np.where(x > 3.5, np.nan, x)
        ends = np.stack([a > 0, a <= 0])
        return dict(a=a, x=x, y=hole, k=x > 1.5, v=np.sin(3 * x), ends=ends)

    fig, (left, right) = axes(2)
    one = left.scatter([0], [0], s=40, color=colour("input"))
    some = left.scatter(np.zeros(4), np.zeros(4), c=colour("weight"))
    classes = left.scatter(np.arange(4), -np.ones(4), s=30, marker="s")
    values = right.scatter(np.arange(4), np.arange(4), c=np.arange(4), cmap="viridis")
    values.set_clim(-1, 1)
    mesh = right.pcolormesh(np.zeros((2, 2)), cmap="RdBu", vmin=-1, vmax=1)
    two = np.zeros((1, 2))
    paper = right.pcolormesh([2, 3, 4], [0, 1], two, cmap="gray", vmin=0, vmax=1)
    left.set(xlim=(-3, 6), ylim=(-3, 6))
    live = LiveFigure("points", fig, model, dict(a=(-2, 2, 0.1, 0)))
    live.bind(one, x="a", y="a", drag=("a", "a"))
    live.bind(some, x="x", y="y")
    live.bind(classes, color="k", colors=("error", "activation", "#123456"))
    live.bind(values, x="x", y="y", values="v")
    live.bind(mesh, values="v")
    live.bind(paper, values="ends")  # black and white, as ink and paper are
    return done(live)


def words():
    """Texts that change and move, on linear and logarithmic axes and in the axes."""

    def model(a, b):
        return dict(a=a, p=10.0**a, b=b, k=np.floor(b))

    fig, (left, right) = axes(2)
    text = left.text(0, 0, "", ha="center", va="bottom")
    still = left.text(0.02, 0.9, "", transform=left.transAxes, fontsize=10)
    left.set(xlim=(-6, 6), ylim=(-3, 3))
    right.set(xscale="log", yscale="log", xlim=(1e-3, 1e3), ylim=(1e-3, 1e3))
    label = right.text(1, 1, "here", va="top", weight="bold", style="italic")
    (line,) = right.plot([1, 10], [1, 10])
    live = LiveFigure(
        "words", fig, model, dict(a=(-3, 3, 0.1, 0), b=(0, 2, 0.25, 1)),
    )  # fmt: skip
    live.bind(text, x="a", y="b", text="a = {a:+.1f}, {p:.3g}", color="k")
    live.bind(still, text="({b:.2f}, {k:d})")
    live.bind(label, x="p", y="p")
    live.bind(line, x="p", y="a")  # below zero has no logarithm
    live.formula(
        r"p = 10^{<<a>>} = <<p:.2e>>, \quad b \cdot a = <<b>> \cdot <<a:+.1f>>"
    )
    return done(live)


def shapes():
    """Circles that move, polygons that bend, and what comes, goes and fades."""

    def model(a, on):
        x = np.array([0.0, 1.0, 1.0, 0.0])
        return dict(a=a, x=x, y=x * a, on=on, fade=np.abs(a) / 2, w=2 + a, k=a > 0)

    fig, ax = axes()
    circle = ax.add_patch(Circle((0, 0), 0.5, color=colour("input")))
    ellipse = Ellipse((1, 1), 1, 0.5, angle=30, linewidth=2, clip_on=False)
    ax.add_patch(ellipse)
    polygon = ax.add_patch(Polygon(np.zeros((4, 2)), edgecolor="k"))
    (line,) = ax.plot([-2, 2], [-1, -1], "o-")
    (rings,) = ax.plot([-2, 2], [-2, -2], "o", markerfacecolor="none")
    texts = [ax.text(-2, k, f"line {k}") for k in range(3)]
    ax.set(xlim=(-3, 3), ylim=(-3, 3))
    sliders = dict(a=(-2, 2, 0.1, 0), on=(0, 1, 1, 1))
    live = LiveFigure("shapes", fig, model, sliders)
    live.bind(circle, x="a", y=1, alpha="fade")
    live.bind(ellipse, x=1, y="a", visible="on", color="k")
    live.bind(polygon, x="x", y="y", linewidth="w")
    live.bind(line, color="k", linewidth="w")
    live.bind(rings, color="k")
    live.bind(texts[:2], color="x[:2]")
    live.bind(texts, visible="x[:3]", alpha="fade")
    return done(live)


def grid():
    """A matrix with its numbers, sliders in a matrix, a lookup in a table."""

    def model(W, x, k, mode):
        y = W @ x
        outer = y[:, None] * x
        return dict(W=W, y=y, past=np.take(TABLE, k), mode=mode, outer=outer)

    fig, (left, right) = axes(2)
    drawn = matrix(left, np.zeros((2, 2)), scale=4)
    column = matrix(left, np.zeros((2, 1)), fmt="{:+.1f}", origin=(3, 0))
    plain = matrix(left, np.zeros((2, 2)), fmt="", origin=(0, -3))
    left.set(xlim=(-0.5, 4.5), ylim=(-5.5, 0.5), aspect="equal")
    right.plot(TABLE)
    right.set(xlim=(-3, 30), ylim=(-3, 3))
    (now,) = right.plot([], [], "o")
    (path,) = right.plot([], [], color=colour("gradient"))
    live = LiveFigure(
        "grid", fig, model,
        dict(W=(-2, 2, 0.5, [[1, 0], [0.5, -1]]), x=(-1, 1, 0.5, [1, 0.5]),
             k=(0, 29, 1, 3), mode=1),
        groups={"Weights": ["W"], "Input": ["x"], "Time": "k"},
        choices=dict(mode=["slow", "fast"]), play="k", labels=dict(k=r"\text{step}"),
    )  # fmt: skip
    live.bind(drawn, values="W")
    live.bind(column, values="y")
    live.bind(path, x="W[:, ::-1]", y="W[:, ::-1]")
    live.bind(plain, values="outer")
    live.bind(now, x="k", y="past")
    live.formula(r"y = <<W:.1f>> <<x:.1f>> = <<y:.2f>>")
    live.describe("y is ({y[0]:.2f}, {y[1]:.2f}), the run is at {past:.2f}.")
    return live


def plane():
    """Points of two classes that a reader sets, and a line to part them."""
    spots = np.array([[-1.5, 0.6], [-0.9, -1.2], [0.3, 1.5], [1.2, -0.3], [2.1, 0.9]])
    labels = np.array([0, 0, 1, 1, 1])

    def model(points, w, b):
        right = points.used & ((points.x @ w + b > 0) == (points.label == 1))
        ends = boundary_ends(w, b, length=2)
        counts = dict(right=right.sum(), count=points.used.sum())
        return dict(line_x=ends[0], line_y=ends[1], **counts)

    fig, ax = axes()
    ax.set(xlim=(-3.2, 3.2), ylim=(-2.2, 2.2))
    drawn = scatter_classes(ax, spots, labels)
    (line,) = ax.plot([], [], color=colour("weight"))
    given = Points(
        spots, labels, ("left", "right"), low=(-3, -2), high=(3, 2), capacity=7
    )
    sliders = dict(points=given, w=(-1, 1, 0.25, [1, 0.5]), b=(-2, 2, 0.5, 0))
    live = LiveFigure("plane", fig, model, sliders)
    live.bind(drawn, points="points")
    live.bind(line, x="line_x", y="line_y")
    live.describe("{right:d} of {count:d} are right, the first at {points.x[0, 0]}.")
    live.challenge(
        "Remove all points of the class right.",
        lambda points: np.all(np.logical_not(points.used & (points.label == 1))),
    )
    live.challenge(
        "Have $w_2 < 0$ and one point on the wrong side.",
        lambda w, right, count: (w[1] < 0) & (right == count - 1),
    )
    return live


def canvas():
    """An image and a mesh to paint, a kernel of dials, and cells to pick."""

    def model(image, K, mesh, row, column, place):
        windows = np.lib.stride_tricks.sliding_window_view(image, (2, 2))
        out = (windows * K).sum(axis=(2, 3))
        total = np.take(np.ravel(out), place)
        return dict(out=out, total=total, picked=mesh[0, 0] + row - column)

    fig, (left, right) = axes(2)
    given = np.eye(4)
    shown = matrix(left, given, fmt="{:.1f}", role="input", scale=1)
    kernel = matrix(left, np.zeros((2, 2)), fmt="{:.0f}", origin=(5, 0))
    result = matrix(left, np.zeros((3, 3)), fmt="{:.1f}", origin=(5, -3), scale=2)
    left.set(xlim=(-0.2, 8.2), ylim=(-6.2, 0.2), aspect="equal")
    gray = right.pcolormesh(np.zeros((2, 3)), cmap="gray", vmin=0, vmax=2)
    spots = right.pcolormesh([4, 5, 6], [0, 1, 2], np.zeros((2, 2)), cmap="RdBu")
    spots.set_clim(-2, 2)
    right.set(xlim=(0, 6), ylim=(0, 2))
    image, mesh = Paint(given, 0, 1, 0.5), Paint(np.zeros((2, 3)), 0, 2, 2)
    live = LiveFigure(
        "canvas", fig, model,
        dict(image=image, K=(-2, 2, 1, [[1, 0], [0, -1]]), mesh=mesh,
             row=(0, 1, 1, 0), column=(0, 1, 1, 0), place=(0, 8, 1, 4)),
    )  # fmt: skip
    live.bind(shown, values="image", paint="image")
    live.bind(kernel, values="K", paint="K")
    live.bind(result, values="out", pick="place")
    live.bind(gray, values="mesh", paint="mesh")
    live.bind(spots, values="K", pick=("row", "column"))
    live.describe("The sum at {place:d} is {total:.1f}; {picked:.0f} is picked.")
    return live


def writing():
    """A digit that is written, the image that it makes, and a line of text."""

    def model(digit, text):
        return dict(ink=digit.sum(), first=text[0], length=(text >= 0).sum())

    fig, (left, right) = axes(2)
    pad = left.add_patch(Rectangle((0, 0), 1, 1, facecolor="none", edgecolor="k"))
    left.set(xlim=(-0.05, 1.05), ylim=(-0.05, 1.05), aspect="equal")
    image = matrix(right, np.zeros((8, 8)), fmt="", role="ink", scale=1)
    right.set(xlim=(-0.2, 8.2), ylim=(-8.2, 0.2), aspect="equal")
    seven = [[(12, 10), (50, 8), (30, 55)], [(22, 32), (44, 32)]]
    text = Text("to be", alphabet=" abcdefghijklmnopqrstuvwxyz", length=12)
    live = LiveFigure("writing", fig, model, dict(digit=Pad(seven), text=text))
    live.bind(pad, paint="digit")
    live.bind(image, values="digit")
    live.describe("Ink {ink:.2f}; {length:d} letters, the first is {first:d}.")
    return live


ZOO = [curves, bars, points, words, shapes, grid, plane, canvas, writing]
