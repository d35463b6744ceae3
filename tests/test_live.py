"""Live figures in Python: what is declared, drawn, refused and kept."""

import base64
import json
import re
import sys
from io import BytesIO
from types import SimpleNamespace
from xml.etree import ElementTree

import ipywidgets as widgets
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.patches import FancyBboxPatch, Rectangle
from PIL import Image

from dlbook.compiler import TraceError
from dlbook.live import LiveFigure, collect, figure, gather
from dlbook.live.bindings.sources import Scope
from dlbook.live.checks import random_settings
from dlbook.live.drawing.markup import number, paint, path_data
from dlbook.live.drawing.painter import Painter, picture
from dlbook.live.drawing.svg import BOUND
from dlbook.live.inputs.sliders import group, read
from dlbook.live.text.templates import Template
from dlbook.live.views import display, page
from dlbook.plotting import PALETTE, colour, matrix, subplots
from drawings import from_markup, leaves
from zoo import ZOO, axes, done

ONE = dict(a=(0, 1, 0.1, 0.5))


def same(a):
    return dict(a=a, v=np.stack([a, 2 * a, 3 * a]))


def simple(model=same, sliders=ONE, name="demo", **options):
    """Return a figure with one empty axes, and the axes."""
    fig, ax = axes()
    ax.set(xlim=(0, 1), ylim=(0, 1))
    return LiveFigure(name, fig, model, sliders, **options), ax


@pytest.fixture(scope="module")
def zoo():
    return {make.__name__: make() for make in ZOO}


# The declared ---------------------------------------------------------------------


def slider(low=0, high=1, step=0.1, value=0.5, **options):
    (found,), _ = read("f", dict(a=(low, high, step, value)), {}, {}, None)
    return found._replace(**options)


@pytest.mark.parametrize(
    "given, message",
    [
        ((0, 1, 0.1), "slider 'a': wanted (low, high, step, value)"),
        ((0, 1, 0.1, "x"), "slider 'a': wanted (low, high, step, value)"),
        ((1, 0, 0.1, 0), "wanted low < high and a step between"),
        ((0, 1, 0, 0), "wanted low < high and a step between"),
        ((0, 1, 2, 0), "wanted low < high and a step between"),
        ((0, 1, 0.1, np.nan), "wanted low < high and a step between"),
        ((0, 1, 0.1, []), "wanted a number, vector or matrix, got shape (0,)"),
        ((0, 1, 0.1, [[[0]]]), "wanted a number, vector or matrix"),
        ((0, 1, 0.3, 0), "slider 'a': steps of 0.3 from 0 do not meet 1"),
        ((0, 1, 0.1, 1 / 3), "wanted a value on the steps of 0.1 from 0, got 0.333"),
    ],
)
def test_bad_slider_is_refused_by_name(given, message):
    with pytest.raises(ValueError, match=re.escape(f"figure 'f': {''}")) as error:
        read("f", dict(a=given), {}, {}, None)
    assert message in str(error.value)


@pytest.mark.parametrize(
    "given, fitted",
    [
        ((0, 1, 0.1, [0, 2]), (0, 2, 0.1)),
        ((0, 1, 0.1, 0.55), (0, 1, 0.01)),
        ((-3, 3, 1, [[1, -4], [0.5, 2]]), (-4, 3, 0.1)),
        ((0, 9, 1, 1.25), (0, 9, 0.01)),
        ((0, 1, 0.25, -0.1), (-0.1, 1, 0.025)),
    ],
)
def test_a_slider_makes_room_for_the_number_that_a_reader_typed(given, fitted):
    with pytest.warns(UserWarning, match="slider 'a': its value is not among those"):
        found, _ = read("f", dict(a=given), {}, {}, None)
    assert {(one.low, one.high, one.step) for one in found} == {fitted}
    assert [one.value for one in found] == [*np.ravel(given[3])]


@pytest.mark.parametrize(
    "options, message",
    [
        (dict(labels=dict(c="x")), "there is no slider 'c'"),
        (dict(choices=dict(c=["x"])), "there is no slider 'c'"),
        (dict(play="c"), "there is no slider 'c'"),
        (dict(groups={"All": ["c"]}), "group 'All': no slider 'c' is left"),
        (dict(groups={"A": "a", "B": "a"}), "group 'B': no slider 'a' is left"),
        (dict(choices=dict(a=["x", "y"])), "2 choices need steps of 1"),
        (dict(name="Big"), "figure 'Big': wanted a name of lower-case letters"),
        (dict(name="a--b"), "wanted a name of lower-case letters"),
        (dict(sliders={"2": (0, 1, 1, 0)}), "slider '2': wanted an identifier"),
        (dict(sliders=dict(c=(0, 1, 1, 0))), "sliders: missing a required argument"),
        (
            dict(sliders=dict(a1=(0, 1, 1, 0), a=(0, 1, 1, [0, 1]))),
            "two sliders have the name 'a1'",
        ),
    ],
)
def test_bad_figure_is_refused_by_name(options, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        simple(**options)


def test_model_must_return_names():
    with pytest.raises(ValueError, match="figure 'demo': the model: wanted a dict"):
        simple(lambda a: a)


def test_values_lie_on_the_slider():
    s = slider(-3, 3, 0.1, 0.1)
    assert s.positions == 61 and s.digits == 1
    assert [s.at(k) for k in (0, 1, 30, 31, 60)] == [-3, -2.9, 0, 0.1, 3]
    assert s.nearest(0.149) == 0.1 and s.nearest(99) == 3 and s.nearest(-99) == -3
    assert s.text(-0.6) == "−0.6" and s.text(0) == "0.0"
    assert slider(0.25, 2.25, 0.5, 0.25).digits == 2
    assert slider(0, 100, 10, 50).text(50) == "50"


def test_integers_come_as_integers_and_names_as_positions():
    seen = []

    def model(k, mode, x):
        seen.append((k, mode, x))
        return dict(y=k * x)

    sliders = dict(k=(0, 9, 1, 3), mode=1, x=(0, 1, 0.5, [0, 1]))
    simple(model, sliders, choices=dict(mode=["slow", "fast"]), compile=False)
    k, mode, x = seen[0]
    assert k.dtype.kind == "i" and mode == 1 and x.dtype == float


def test_matrix_is_laid_out_as_a_matrix_and_the_vector_beside_it():
    given = dict(
        W=(0, 1, 1, np.eye(2, 3)), b=(0, 1, 1, [0, 1]), c=(0, 1, 1, 0), d=(0, 1, 1, 0)
    )
    found, shapes = read("f", given, {}, {}, None)
    assert shapes == dict(W=(2, 3), b=(2,), c=(), d=())
    layer, rest = group("f", found, {"Layer": ["W", "b", "c"]})
    lines = [[s.id for s in line] for line in layer.blocks[0].lines]
    assert lines == [["W11", "W12", "W13", "b1"], ["W21", "W22", "W23", "b2"]]
    assert [s.id for s in layer.sliders][-1] == "c" and rest.title == ""
    assert [s.id for s in rest.sliders] == ["d"]


def test_wide_matrix_has_unambiguous_names():
    found, _ = read("f", dict(W=(0, 1, 1, np.zeros((1, 11)))), {}, {}, None)
    assert found[10].id == "W1_11"


@pytest.mark.parametrize(
    "text, index",
    [
        ("s", 0),
        ("v", [0, 1, 2]),
        ("v[-1]", 2),
        ("W[1, 2]", 5),
        ("W[1]", [3, 4, 5]),
        ("W[:, 0]", [0, 3]),
        ("W[0, ::2]", [0, 2]),
        ("W[1][0]", 3),
        ("W.flat[4]", 4),
        (" W ", [[0, 1, 2], [3, 4, 5]]),
    ],
)
def test_source_names_what_numpy_would(text, index):
    scope = Scope("f", dict(s=(), v=(3,), W=(2, 3)))
    source = scope.source(text)
    np.testing.assert_array_equal(source.index, index)
    values = dict(s=1, v=np.arange(3) * 10, W=np.arange(6).reshape(2, 3) * 10)
    expected = np.ravel(values[source.name])[np.asarray(index)]
    np.testing.assert_array_equal(source.take(values), expected)


@pytest.mark.parametrize(
    "text", ["z", "v[3]", "v[1.5]", "v[a]", "f(v)", "v +", "1", "v.sum", "s[0]", ""]
)
def test_source_that_is_not_there_is_refused(text):
    with pytest.raises(ValueError, match=r"figure 'f': .*there is s \(\), v \(3,\)"):
        Scope("f", dict(s=(), v=(3,))).source(text)


def test_counts_are_written_in_full():
    scope = Scope("f", dict(steps=(), y=()))
    values = dict(steps=21990, y=21990.4)
    assert Template("{steps}, {y}", scope).fill(values) == "21990, 2.199×10⁴"


def test_template_fills_in_numbers():
    scope = Scope("f", dict(s=(), W=(2, 2)))
    template = Template("{s:+.1f} of {W[:, 1].flat[0]:.2e}{s}", scope)
    values = dict(s=-0.04, W=np.array([[1, 12.5], [3, 4]]))
    assert template.fill(values) == "−0.0 of 1.25×10¹−0.04".replace("−0.0 ", "+0.0 ")


@pytest.mark.parametrize(
    "text, message",
    [
        ("{W}", "wanted one number, got shape (2, 2)"),
        ("{q}", "no such name"),
        ("{s:>5}", "wanted [sign]"),
        ("{s", "unpaired brace"),
        ("s}", "unpaired brace"),
    ],
)
def test_bad_template_is_refused(text, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        Template(text, Scope("f", dict(s=(), W=(2, 2))))


# What is bound --------------------------------------------------------------------


@pytest.mark.parametrize(
    "make, properties, message",
    [
        (lambda ax: ax.plot([0], [0])[0], dict(height="a"), "no property 'height'"),
        (lambda ax: ax.plot([0], [0])[0], dict(y="q"), "no such name"),
        (lambda ax: ax.plot([0], [0])[0], dict(y="v"), "x has 1 numbers and y has 3"),
        (
            lambda ax: ax.plot([0, 1], [0, 1], drawstyle="steps-mid")[0],
            dict(y="v[:2]"),
            "drawn in steps",
        ),
        (lambda ax: ax.bar([0, 1], [1, 1]), dict(height="v"), "wanted 2 numbers"),
        (
            lambda ax: ax.add_patch(Rectangle((0, 0), 1, 1, angle=3)),
            dict(x="a"),
            "turned rectangle",
        ),
        (lambda ax: ax.text(0, 0, "t"), dict(text="$a$"), "without formulas"),
        (lambda ax: ax.text(0, 0, "t"), dict(text="a\nb"), "one line"),
        (lambda ax: ax.text(0, 0, "t", rotation=9), dict(x="a"), "plain upright text"),
        (lambda ax: ax.annotate("t", (0, 0)), dict(x="a"), "plain upright text"),
        (lambda ax: ax.text(0, 0, "t"), dict(x="v"), "wanted 1 numbers, got (3,)"),
        (
            lambda ax: [ax.text(0, 0, "t"), ax.text(0, 0, "u")],
            dict(x="a"),
            "each artist by itself",
        ),
        (lambda ax: ax.pcolormesh(np.zeros((2, 2))), dict(values="v"), "wanted 4"),
        (lambda ax: matrix(ax, np.eye(2)), dict(values="v"), "wanted 4 numbers"),
        (
            lambda ax: ax.add_patch(FancyBboxPatch((0, 0), 1, 1)),
            dict(x="a"),
            "FancyBboxPatch: no property 'x'; wanted alpha, visible",
        ),
        (
            lambda ax: ax.imshow(np.eye(2)),
            dict(values="v"),
            "AxesImage: no property 'values'; wanted alpha, visible; "
            "draw it by ax.pcolormesh or plotting.matrix",
        ),
        (lambda ax: ax.quiver([0], [0], [1], [1]), dict(x="a"), "plotting.arrow_path"),
        (lambda ax: ax.fill_between([0, 1], [0, 1]), dict(y="a"), "by ax.fill"),
    ],
)
def test_bad_binding_is_refused_by_name(make, properties, message):
    live, ax = simple()
    with pytest.raises(ValueError, match="figure 'demo': ") as error:
        live.bind(make(ax), **properties)
    assert message in str(error.value)


def test_a_list_of_one_line_is_that_line():
    live, ax = simple()
    live.bind(ax.plot([0, 1, 2], [0, 0, 0]), y="v")
    assert len(live.changes) == 1


def test_a_slot_in_single_braces_is_refused_by_what_to_write():
    live, _ = simple()
    with pytest.raises(ValueError, match=re.escape("slots are written <<a:.2f>>")):
        live.formula("y = {a:.2f}")
    with pytest.raises(ValueError, match=re.escape("written <<v[0]:.1f>>")):
        live.formula("y = {v[0]:.1f}")
    live.formula(r"\mathrm{a:b} + x_{a} = <<a>>")


def test_sliders_in_a_list_are_refused():
    with pytest.raises(ValueError, match="figure 'demo': sliders: wanted a dict of"):
        simple(sliders=[(0, 1, 0.1, 0)])


def test_property_is_bound_once():
    live, ax = simple()
    (line,) = ax.plot([0], [0])
    live.bind(line, x="a")
    live.bind(line, y="a")
    with pytest.raises(ValueError, match="figure 'demo': x of this Line2D is bound"):
        live.bind(line, x="a")
    with pytest.raises(ValueError, match="drag: there is no slider 'q'"):
        live.bind(line, drag=("a", "q"))


def test_formula_and_description_are_checked_when_given():
    live, _ = simple()
    with pytest.raises(ValueError, match="figure 'demo': formula: .*no such value"):
        live.formula("z = <<z>>")
    with pytest.raises(ValueError, match="describe\\(\\) is missing"):
        live.svg()
    with pytest.raises(ValueError, match="no slider 'q' with 1 numbers"):
        live.redraw(q=1)
    with pytest.raises(ValueError, match="no slider 'a' with 2 numbers"):
        live.redraw(a=[1, 2])


def test_bound_artist_must_be_drawn():
    live, ax = simple()
    (line,) = ax.plot([0], [0], visible=False)
    live.bind(line, y="a")
    with pytest.raises(ValueError, match="a bound Line2D is not drawn: make it vis"):
        done(live).svg()


def test_scale_that_the_page_does_not_know_is_refused():
    live, ax = simple()
    ax.set_yscale("symlog")
    (line,) = ax.plot([0], [0])
    live.bind(line, y="a")
    with pytest.raises(ValueError, match="figure 'demo': an axis with scale 'symlog'"):
        page.script(done(live))


def test_turned_axes_are_refused():
    live, ax = simple()
    turned = plt.matplotlib.transforms.Affine2D().rotate(0.3) + ax.transData
    (line,) = ax.plot([0], [0], transform=turned)
    live.bind(line, y="a")
    with pytest.raises(ValueError, match="wanted upright axes"):
        page.script(done(live))


# What is drawn --------------------------------------------------------------------


SVG = "{http://www.w3.org/2000/svg}"
HREF = "{http://www.w3.org/1999/xlink}href"


def box(data, x=0.0, y=0.0):
    """Return the corners of what a path's vertices span, moved."""
    data = re.sub(r"H([-\d.]+)V([-\d.]+)H[-\d.]+Z", r"L\1 \2", data)  # a rectangle
    found = np.array(re.findall(r"-?\d+(?:\.\d+)?", data), float).reshape(-1, 2)
    return [*(found.min(0) + [x, y]), *(found.max(0) + [x, y])]


def boxes(elements, shapes):
    """Return the boxes of drawn elements: tag, attributes and text of each."""
    found = []
    for tag, e, text in elements:
        if e.get("display") == "none":
            continue
        x, y = float(e.get("x", 0)), float(e.get("y", 0))
        if tag == "path" and "h0" in e.get("d", ""):  # dots, their edge one point wide
            r = float(e["stroke-width"]) / 2 - 0.5
            places = re.findall(r"M([-\d.]+) ([-\d.]+)h0", e["d"])
            found += [[x - r, y - r, x + r, y + r] for x, y in np.array(places, float)]
        elif tag == "path" and e.get("d"):
            moved = re.findall(r"-?[\d.]+", e.get("transform", "0 0"))
            found.append(box(e["d"], *map(float, moved)))
        elif tag == "use":
            found.append(box(shapes[e["href"][1:]], x, y))
        elif tag == "text" and text:
            found.append([x, y, text])
    return found


def matplotlibs(live, path):
    """Return the same of each bound artist from matplotlib's own SVG."""
    shown = [artist.get_visible() for artist in live.artists]
    for artist in live.artists:
        artist.set_visible(True)
    with plt.rc_context({"svg.fonttype": "none", "path.simplify": False}):
        FigureCanvasSVG(live.fig).print_svg(path)
    for artist, there in zip(live.artists, shown, strict=True):
        artist.set_visible(there)
    root = ElementTree.parse(path).getroot()
    shapes = {e.get("id"): e.get("d") for e in root.iter(f"{SVG}path") if e.get("id")}
    found = []
    for k in range(len(live.artists)):
        (group,) = root.findall(f".//{SVG}g[@id='{BOUND}{k}']")
        inside = {id(e) for defs in group.iter(f"{SVG}defs") for e in defs.iter()}
        drawn = [e for e in group.iter() if id(e) not in inside]
        parts = [
            (e.tag.removeprefix(SVG), {**e.attrib, "href": e.get(HREF)}, e.text)
            for e in drawn
        ]
        found.append(boxes(parts, shapes))
    return found


@pytest.mark.parametrize("name", [make.__name__ for make in ZOO])
def test_bound_artists_lie_where_matplotlibs_own_backend_puts_them(zoo, name, tmp_path):
    live = zoo[name]
    # Settings at which nothing leaves the canvas, where matplotlib cuts lines.
    live.redraw(**{"curves": dict(a=-1, b=0), "words": dict(a=1)}.get(name, {}))
    drawing = live.draw()
    shapes = {key: e.get("d") for key, e in drawing.renderer.definitions.items()}
    parts = {}
    for svg in drawing.svg("t"):
        for tag, e, text in leaves(from_markup(svg)):
            if "data-part" in e:
                parts.setdefault(int(e["data-part"]), []).append((tag, e, text))
    theirs = matplotlibs(live, tmp_path / "theirs.svg")
    compared = 0
    for k, elements in parts.items():
        mine = boxes(elements, shapes)
        for a, b in zip(mine, theirs[k], strict=True):
            assert a[2:] == b[2:] if isinstance(a[-1], str) else True
            a, b = ([n for n in c if not isinstance(n, str)] for c in (a, b))
            np.testing.assert_allclose(a, b, atol=0.02)
            compared += 1
    assert compared >= 3


@pytest.mark.parametrize(
    "vertices, codes, data",
    [
        ([(0, 0), (1.005, 2), (3, 4)], None, "M0 0L1 2 3 4"),
        ([(0, 0), (np.nan, 1), (2, 2), (3, 3)], None, "M0 0M2 2L3 3"),
        ([(0, 0), (np.inf, 1)], None, "M0 0"),
        ([(0, 0), (1, 0), (1, 1), (0, 0)], [1, 2, 2, 79], "M0 0L1 0 1 1Z"),
        ([(0, 0), (2, 0), (2, 1), (0, 1), (0, 0)], None, "M0 0H2V1H0Z"),
        ([(0, 0), (2, 0), (2, 1), (0, 1), (9, 9)], [1, 2, 2, 2, 79], "M0 0H2V1H0Z"),
        ([(0, 0), (2, 0), (2, 1), (0, 1), (0, 2)], None, "M0 0L2 0 2 1 0 1 0 2"),
        ([(0, 0), (2, 0), (2, 1), (0, 2), (0, 0)], None, "M0 0L2 0 2 1 0 2 0 0"),
        ([(0, 0), (2, 0), (2, np.nan), (0, 1), (0, 0)], None, "M0 0L2 0M0 1L0 0"),
        ([(np.nan, 0), (np.nan, 1), (np.nan, 0)], [1, 2, 79], ""),
        ([(0, 0)] + [(1, 1)] * 6, [1] + [4] * 6, "M0 0C1 1 1 1 1 1 1 1 1 1 1 1"),
        ([(0, 0), (1, 1), (2, 2), (3, 3)], [1, 3, 3, 2], "M0 0Q1 1 2 2L3 3"),
        ([], None, ""),
    ],
)
def test_path_is_written_short(vertices, codes, data):
    vertices = np.array(vertices, float).reshape(-1, 2)
    assert path_data(vertices, codes) == data


def test_numbers_and_colours_are_written_short():
    assert [number(v) for v in (1.0, 0.125, -0.004, 1e30, -1e30, 100.0)] == [
        *("1", "0.12", "0", "9999", "-9999", "100")
    ]
    for role, tints in PALETTE.items():
        assert paint(tints.light) == f"var(--dl-{role},{tints.light})"
    assert paint((0, 0, 0)) == paint(colour("ink")) and paint("#123456") == "#123456"


def test_markup_needs_no_style_and_no_identifier_without_use(zoo):
    for live in zoo.values():
        text = page.html(live)
        assert " style=" not in text and "<style" not in text and "onclick" not in text
        for name in re.findall(r'<(?:path|clipPath)[^>]* id="([^"]+)"', text):
            assert name.startswith(f"{live.name}-")
            assert f'"#{name}"' in text or f"url(#{name})" in text


def test_markup_and_script_are_the_same_every_time():
    first, second = (ZOO[-1]() for _ in range(2))
    assert page.html(first) == page.html(second) == page.html(first)
    assert page.script(first) == page.script(second)


def test_figure_is_small(zoo):
    for live in zoo.values():
        assert len((page.html(live) + page.script(live)).encode()) < 25_000


def draw(make, name="demo"):
    """Return the panels' markup of a figure that ``make(ax)`` draws on."""
    live, ax = simple(name=name)
    make(ax)
    return done(live).svg()


def test_cells_of_a_mesh_leave_no_gap():
    svg = draw(lambda ax: ax.pcolormesh(np.eye(3)))[0]
    cells = [e for _, e, _ in leaves(from_markup(svg)) if "shape-rendering" in e]
    assert len(cells) == 9, "the ground shows between cells that are smoothed"
    svg = draw(lambda ax: ax.bar([0, 1], [1, 1]))[0]
    assert "shape-rendering" not in svg


def test_still_artists_of_many_kinds_are_drawn():
    def make(ax):
        ax.imshow(np.eye(2), extent=(0, 1, 0, 1), interpolation="nearest")
        ax.plot(np.linspace(0, 1, 5000), np.linspace(0, 1, 5000), alpha=0.5)
        ax.plot([0, 1], [0, 1], "--", dash_capstyle="round", dash_joinstyle="bevel")
        ax.fill_between([0, 1], [0, 0], [1, 1], alpha=0.2)
        ax.text(0.5, 0.5, r"$\frac{a}{b}$", ha="right")
        ax.text(0.5, 0.5, r"mean $\hat{y}_1$ of $\mathcal{N}$, $\mathbf{x}$, $h$")
        ax.text(0.1, 0.1, "turned", rotation=45)
        ax.text(0.1, 0.1, "cut", clip_on=True, weight="bold", style="italic")
        ax.plot([0, 1], [0, 0], clip_path=plt.Circle((0, 0), 1, transform=ax.transData))
        ax.legend(["one"])

    (svg,) = draw(make)
    tree = from_markup(svg)
    drawn = leaves(tree)
    assert len(svg) < 12_000
    assert "data:image/png;base64," in svg and 'class="dl-plain"' in svg
    texts = [text for tag, _, text in drawn if tag in ("text", "tspan")]
    assert {"𝑎", "𝑏", "mean ", "𝒩", "𝐱", "ℎ", "turned"} <= set(texts)
    assert any("stroke-dasharray" in e for _, e, _ in drawn)
    assert any(e.get("transform") == "rotate(-45 " for _, e, _ in drawn) is False


def spans(source):
    """Return the pieces of a formula in a figure: text and attributes."""
    (svg,) = draw(lambda ax: ax.text(0.5, 0.5, source, size=10))
    (text,) = [t for t in ElementTree.fromstring(svg).iter("text") if len(t)]
    return text.attrib, [(t.text, dict(t.attrib)) for t in text]


def test_accents_stand_on_their_letters():
    _, low = spans(r"$\hat{y}_1$")
    assert [text for text, _ in low] == ["𝑦\u0302", "1"]
    _, tall = spans(r"$a\tilde{C}b$")
    assert [text for text, _ in tall] == ["𝑎𝐶", "˜", "𝑏"]
    there, back = float(tall[1][1]["dx"]), float(tall[2][1]["dx"])
    assert there < 0 and float(tall[1][1]["dy"]) < -1
    width = 1.12 * 10 / 3  # of the accent: what follows stands where it stood
    assert there + width + back == pytest.approx(0, abs=0.02)
    _, last = spans(r"$\hat{L}$")
    assert [text for text, _ in last] == ["𝐿", "ˆ", "\N{ZERO WIDTH SPACE}"]


def test_formula_of_more_than_one_line_keeps_its_places():
    attributes, stacked = spans(r"$x_1^2$")
    assert [text for text, _ in stacked] == ["𝑥", "2", "1"]
    assert float(stacked[1][1]["x"]) - float(stacked[2][1]["x"]) < 1
    assert float(stacked[1][1]["y"]) < float(stacked[2][1]["y"])
    assert attributes["text-anchor"] == "start"


def test_hatch_is_refused():
    with pytest.raises(ValueError, match="hatched shapes cannot be drawn"):
        draw(lambda ax: ax.add_patch(Rectangle((0, 0), 1, 1, hatch="/")))


def test_axes_that_overlap_share_a_panel_and_rows_keep_their_height():
    fig, grid = plt.subplots(2, 2, figsize=(6.4, 5), layout="constrained")
    grid[0, 0].twinx().set_ylabel("twin")
    grid[0, 1].set_title("A title\nof two lines")
    image = grid[1, 0].imshow(np.eye(2))
    fig.colorbar(image, ax=grid[1, 0])
    grid[1, 1].set_visible(False)
    live = LiveFigure("demo", fig, same, ONE)
    panels = done(live).draw().panels
    assert [(len(p.axes), p.row) for p in panels] == [(2, 0), (1, 0), (2, 1)]
    assert panels[0].box[1] == panels[1].box[1]
    assert panels[0].box[3] == panels[1].box[3]
    assert panels[1].title == "A title of two lines"


@pytest.mark.parametrize(
    "make, kind",
    [
        (lambda fig: fig.suptitle("t"), "Text"),
        (lambda fig: fig.text(0, 0, "t"), "Text"),
        (lambda fig: fig.legend(["t"]), "Legend"),
        (lambda fig: fig.add_artist(plt.Circle((0, 0), 1)), "Circle"),
        (lambda fig: fig.add_artist(plt.Line2D([0], [0])), "Line2D"),
    ],
)
def test_what_belongs_to_no_panel_is_refused(make, kind):
    live, ax = simple()
    ax.plot([0], [0])
    make(live.fig)
    with pytest.raises(ValueError, match=f"figure 'demo': a {kind} outside of all"):
        done(live).svg()


def test_figure_without_axes_is_refused():
    live = LiveFigure("demo", plt.figure(), same, ONE)
    with pytest.raises(ValueError, match="figure 'demo': there are no axes"):
        done(live).svg()


@pytest.mark.parametrize("title, called", [("Wide", "'Wide'"), ("", "in row 1")])
def test_text_too_small_for_a_phone_is_warned_of(title, called):
    fig, ax = plt.subplots(figsize=(6, 3))
    ax.set_title(title)
    live = LiveFigure("demo", fig, same, ONE)
    with pytest.warns(UserWarning, match=f"figure 'demo': panel {called} is .* inches"):
        done(live).svg()


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (r"$\tanh C$", "tanh\u2009𝐶"),
        (r"$q\,\log(q/p)$", "𝑞\u2009log(𝑞/𝑝)"),
        (r"$h_t = 1$", "ℎ𝑡\u2009=\u20091"),
        (r"$C_{30-k}$", "𝐶30−𝑘"),  # an index has none
        (r"the sum $z$, in nats", "the sum 𝑧, in nats"),
    ],
)
def test_spaces_of_mathematics_are_written(source, text):
    live, ax = simple()
    ax.set_title(source)
    live.describe("{a}")
    drawn = [t for _, _, t in leaves(from_markup(live.draw().svg("t")[0])) if t]
    assert text in "".join(drawn)


def test_marks_of_one_colour_are_one_path_and_others_are_elements():
    live, ax = simple()
    ax.set(xticks=[], yticks=[])
    look = dict(color="k", markeredgecolor="k")
    ax.plot([0, 1], [0, np.nan], "o", **look)
    ax.plot([0, 1], [0, 1], "s", **look)
    ax.plot([0, 1], [0, 1], "o", color="k", markeredgecolor="r")
    ax.plot([0, 1], [0, 1], "o", alpha=0.5, **look)
    live.describe("{a}")
    (svg,) = live.draw().svg("t")
    assert [d.count("h0") for d in re.findall(r' d="([^"]*)"', svg) if "h0" in d] == [1]
    assert svg.count("<use") == 6


def test_indices_are_large_enough_for_a_phone():
    (svg,) = draw(lambda ax: ax.text(0, 0, "$x_1$", fontsize=9))
    sizes = [float(s) for s in re.findall(r'<tspan font-size="([\d.]+)" dy', svg)]
    assert sizes and min(sizes) * 4 / 3 >= 9 - 0.01


# Both views -----------------------------------------------------------------------


@pytest.mark.parametrize("name", [make.__name__ for make in ZOO])
def test_compiled_model_agrees_with_numpy(zoo, name):
    zoo[name].check()


def test_settings_hold_every_end():
    found, _ = read("f", dict(a=(0, 1, 0.5, 1), b=(-3, 3, 1, 0)), {}, {}, None)
    states = random_settings(found, 50, np.random.default_rng(0))
    assert states.shape == (56, 2)
    assert states[:6].tolist() == [[0, -3], [1, 3], [0, 0], [1, 0], [1, -3], [1, 3]]
    assert set(states[6:, 0]) == {0, 0.5, 1} and set(states[6:, 1]) == set(range(-3, 4))


def test_jump_that_rounding_decides_is_no_difference():
    def model(x):
        return dict(y=np.where(np.sum(x) > 0.3, 1.0, 0.0))

    live, _ = simple(model, dict(x=(0, 1, 0.1, [0, 0, 0])))
    live.replay = lambda values, *_: dict(y=float(sum(values) > 0.3 + 1e-12))
    live.check(500)
    live.replay = lambda values, *_: dict(y=float(sum(values) > 0.35))
    live.check(500)
    told = "'demo': compute: y at {'x1': .*\ncompiled"
    live.replay = lambda values, *_: dict(y=float(sum(values) > 0.45))
    with pytest.raises(AssertionError, match=told):
        live.check(500)
    live.replay = lambda values, *_: dict(y=(1 + 1e-6) * (sum(values) > 0.3 + 1e-12))
    with pytest.raises(AssertionError, match=told):
        live.check(500)


def test_model_that_cannot_be_compiled_says_what_to_write_instead():
    def model(a):
        return dict(y=1.0 if a > 0 else 2.0)

    with pytest.raises(TraceError, match="figure 'demo'.*np.where"):
        simple(model)
    live, ax = simple(model, compile=False)
    live.bind(ax.plot([0], [0])[0], y="y")
    done(live, "y is {y}.")
    assert "runs in a notebook only" in page.html(live) and page.script(live) == ""
    assert "This very function" not in page.html(live)
    assert live.redraw(a=0)["y"] == 2


def test_figure_that_nothing_sets_has_no_controls_no_script_and_no_code():
    fig, ax = subplots(figsize=(1, 1))
    live = LiveFigure("still", fig, lambda: {}, {})
    live.describe("Nothing moves.")
    assert page.script(live) == ""
    assert not re.search("dl-controls|<button|dl-still|dl-code", page.html(live))


def test_named_tuples_name_the_outputs():
    from typing import NamedTuple

    class Out(NamedTuple):
        y: float

    live, _ = simple(lambda a: Out(2 * a))
    assert live.redraw(a=1)["y"] == 2 and live.replay([1.0])["y"] == 2


def test_source_is_shown_and_a_model_without_source_is_not():
    live, _ = simple()
    assert "stack" in page.html(done(live)) and "def same(a):\n" in page.source(live)
    bare = eval("lambda a: dict(a=a)")
    live, _ = simple(bare)
    assert "Show the code" not in page.html(done(live))


def test_a_line_that_lies_outside_of_the_figure_leaves_nothing_behind():
    live, ax = simple()
    before = page.html(done(live)).count("<path")
    ax.plot([5, 6], [5, 6])
    ax.plot([np.nan, np.nan], [0, 1])
    html = page.html(live)
    assert html.count("<path") == before and 'd=""' not in html


# The notebook ---------------------------------------------------------------------


def test_a_caption_says_what_to_look_at_in_words_and_in_mathematics():
    live, _ = simple(title="Squares & roots", caption="Watch $x^2$ < 1, as $b$ moves.")
    caption = re.search("<figcaption>(.*)</figcaption>", page.html(done(live)))[1]
    assert caption.startswith(f"<b>{page.NUMBER}Squares &amp; roots.</b> Watch <math")
    assert "<annotation" not in caption and "&lt; 1, as <math" in caption
    assert 'aria-label="Squares &amp; roots"' in page.html(live)


def test_sliders_are_called_what_stands_beside_them():
    labels = dict(k=r"\text{position of } h", v=r"\beta")
    sliders = dict(k=(0, 1, 1, 0), v=(0, 1, 1, [0, 0]))
    live, _ = simple(lambda k, v: dict(y=k * v), sliders, labels=labels)
    names = [slider.label.spoken for slider in live.sliders]
    assert names == ["position of h", "β 1", "β 2"]


def test_panels_of_a_row_share_the_lines_of_a_phone():
    fig, _ = plt.subplots(1, 4, figsize=(7, 2), layout="constrained")
    live = LiveFigure("four", fig, lambda a: dict(y=a), dict(a=(0, 1, 1, 0)))
    shares = [int(re.search(r'class="dl-(\d+)"', svg)[1]) for svg in done(live).svg()]
    assert shares[0] + shares[1] <= 12 and shares[2] + shares[3] <= 12
    assert min(shares) >= 4
    fig, _ = plt.subplots(figsize=(3, 2))
    live = LiveFigure("one", fig, lambda a: dict(y=a), dict(a=(0, 1, 1, 0)))
    assert ['class="dl-12"' in svg for svg in done(live).svg()] == [True]


def test_many_sliders_are_folded_by_group():
    given = dict(W=(0, 1, 1, np.eye(3, 4)), b=(0, 1, 1, np.ones(3)), c=(0, 1, 1, 0))
    given |= dict(V=(0, 1, 1, np.eye(3)))
    groups = {"Gate": ["W", "b"], "Rest": ["c"]}
    live, _ = simple(
        lambda **x: dict(y=x["c"]), given, groups=groups, labels=dict(b=r"\beta_f")
    )
    live.describe("y is {y}.")
    text = page.html(live)
    folds = re.findall(r'<details class="dl-group dl-fold">.*?</details>', text)
    assert [fold.count("data-slider") for fold in folds] == [15, 9]
    assert "<summary>Gate <span><math>" in folds[0]
    heading = folds[0].partition("</summary>")[0]
    assert "β" in heading and "<mi>b</mi>" not in heading
    assert '<fieldset aria-label="V">' in folds[1]
    assert '<fieldset class="dl-group"><legend>Rest</legend>' in text


def kept(live):
    """Return the two forms of a figure in a notebook."""
    forms = live._repr_mimebundle_()
    assert set(forms) == {"text/html", "text/plain"}
    assert forms["text/plain"] == repr(live)
    return json.loads(json.dumps(forms["text/html"]))


def test_a_notebook_keeps_a_picture_with_its_numbers(zoo):
    live = zoo["grid"]
    live.redraw(k=5)
    static = kept(live).partition("<script>")[0]
    assert not re.search(r"<(script|style|svg|math|input|form)", static)
    assert 'alt="Grid. y is (1.00, 0.00), the run is at 1.89."' in static
    assert "<li>Weights: $W_{11}$ = 1.0, $W_{12}$ = 0.0" in static
    assert "= fast" in static
    image = re.search(r'base64,([^"]+)"', static)[1]
    assert Image.open(BytesIO(base64.b64decode(image))).width > 500


def test_a_notebook_keeps_what_the_page_shows(zoo):
    for live in zoo.values():
        found = display.stored(kept(live))
        picture = found.pop("picture")
        assert picture.startswith("data:image/png;base64,")
        wanted = dict(name=live.name, html=page.html(live), script=page.script(live))
        assert found == wanted
    assert display.stored("<p>another output</p>") is None


def test_runtime_and_style_come_with_the_first_figure_alone(zoo, monkeypatch):
    monkeypatch.setattr(display, "_carrier", None)
    first, second = list(zoo.values())[:2]
    assert page.runtime().strip() in kept(first) and "<style>" in kept(first)
    assert "<style>" not in kept(second) and "<style>" in kept(first)
    monkeypatch.setitem(sys.modules, "google.colab", None)
    assert "<style>" in kept(second)


def test_a_script_does_not_end_within_its_own_text():
    live, _ = simple(caption="Type </script> or <!-- here.")
    text = kept(done(live))
    assert text.count("</script>") == text.count("<script>")
    assert display.stored(text)["html"] == page.html(live)


def test_a_kernel_moves_what_is_not_compiled(monkeypatch):
    shown = []
    monkeypatch.setattr(figure, "display", lambda data, **_: shown.append(data))
    monkeypatch.setattr(figure, "get_ipython", lambda: SimpleNamespace(kernel=1))
    live, _ = simple(compile=False)
    done(live)._ipython_display_()
    picture, widget = shown
    assert display.stored(picture["text/html"])["script"] == ""
    assert isinstance(widget, widgets.Widget)
    done(simple()[0])._ipython_display_()
    assert len(shown) == 3


def test_a_widget_is_named_sharp_and_beside_its_picture(zoo):
    for live in zoo.values():
        widget = live.widget()
        for k, control in widget.controls.items():
            label = live.sliders[k].label
            assert control.tooltip == label.spoken
            assert control.description == f"${label.latex}$"
        width, shown = widget_picture(widget)
        assert shown.width == pytest.approx(2 * width, abs=2)
        assert f'alt="{live.title}. ' in widget.picture.value
        assert widget.layout.flex_flow == "row wrap"


def widget_picture(widget):
    """Return the width that a picture takes, and the picture."""
    found = re.search(r'width="(\d+)".*base64,([^"]+)"', widget.picture.value)
    return int(found[1]), Image.open(BytesIO(base64.b64decode(found[2])))


def test_an_exception_of_the_model_is_shown_until_it_answers_again():
    def model(a):
        if a > 0.8:
            raise RuntimeError("a < 0.8 & no more")
        return dict(y=a)

    live, _ = simple(model, compile=False)
    widget = done(live, "y is {y}.").widget()
    widget.controls[0].value = 0.9
    assert "<strong>RuntimeError:</strong> a &lt; 0.8 &amp; no more" in (
        widget.readout.value
    )
    assert "opacity" in widget.picture.value
    widget.controls[0].value = 0.3
    assert "y is 0.3" in widget.readout.value and "opacity" not in widget.picture.value


def test_widgets_move_the_figure(zoo):
    live = zoo["grid"]
    widget = live.widget()
    assert widget.state() == live.defaults.tolist()
    before = widget.picture.value
    by_id = dict(
        zip((s.id for s in live.sliders), widget.controls.values(), strict=True)
    )
    by_id["W11"].value = -2.0
    by_id["mode"].value = 0
    by_id["k"].value = 7
    assert live.values[:4].tolist() == [-2, 0, 0.5, -1]
    assert live.values[-2:].tolist() == [7, 0]
    assert widget.picture.value != before
    assert "y is (−2.00, 0.00)" in widget.readout.value
    assert r"\begin{bmatrix}-2.00\\0.00\end{bmatrix}" in widget.formulas[0].value
    widget.reset.click()
    assert widget.state() == live.defaults.tolist()
    assert widget.picture.value == before
    switch = zoo["shapes"].widget().controls[1]
    switch.value = False
    assert zoo["shapes"].values[1] == 0


def test_a_slider_that_plays_has_its_button_in_a_notebook_too():
    sliders = dict(k=(0, 3, 1, 1), m=(0, 2, 1, 0))
    frames, choices = np.arange(4.0), dict(m=["a", "b", "c"])
    for name, last, place in (("k", 3, "value"), ("m", 2, "index")):
        live, _ = simple(
            lambda k, m: dict(y=np.take(frames, k), m=m),
            sliders, play=name, choices=choices,
        )  # fmt: skip
        widget = done(live, "y is {y}.").widget()
        (player,) = [w for w in tree(widget) if isinstance(w, widgets.Play)]
        control = widget.controls["km".index(name)]
        assert (player.min, player.max, player.step) == (0, last, 1)
        assert player.value == getattr(control, place)


def tree(widget):
    """Yield a widget and all that it holds."""
    yield widget
    for child in getattr(widget, "children", ()):
        yield from tree(child)


@pytest.mark.parametrize("name", [make.__name__ for make in ZOO])
def test_painter_draws_what_matplotlib_draws(zoo, name):
    live = zoo[name]
    live.draw()
    painter = Painter(live.fig, live.artists, 96)
    assert painter.still
    for state in random_settings(live.sliders, 2, np.random.default_rng(3)):
        live.redraw(state)
        drawn = Image.open(BytesIO(painter.png()))
        np.testing.assert_array_equal(drawn, picture(live.fig, 96))


def test_painter_draws_no_frame_where_the_axes_are_off():
    live, ax = simple()
    ax.axis("off")
    (line,) = ax.plot([0, 1], [0, 0])
    live.bind(line, y="v[:2]")
    done(live).draw()
    drawn = Image.open(BytesIO(Painter(live.fig, live.artists, 96).png()))
    np.testing.assert_array_equal(drawn, picture(live.fig, 96))


def test_painter_draws_all_where_ticks_lie_above():
    live, ax = simple()
    ax.set_axisbelow(False)
    (line,) = ax.plot([0, 1], [0, 0])
    live.bind(line, y="v[:2]")
    done(live).draw()
    painter = Painter(live.fig, live.artists, 96)
    assert not painter.still
    np.testing.assert_array_equal(
        Image.open(BytesIO(painter.png())), picture(live.fig, 96)
    )


def notebook(path, *cells):
    code = [dict(cell_type="code", source=[cell]) for cell in cells]
    text = [dict(cell_type="markdown", source=["Not a name, not *code*."])]
    path.write_text(json.dumps(dict(cells=text + code)), "utf-8")
    return path


MAKE = """
fig, ax = plt.subplots(figsize=(3, 2))
live = LiveFigure("{}", fig, model, dict(a=(0, 1, 0.1, 0)))
live.describe("a is {{a}}.")
"""


def test_figures_of_a_notebook_are_collected(tmp_path):
    start = (
        "import matplotlib.pyplot as plt\nfrom dlbook.live import LiveFigure\n"
        "def model(a):\n    return dict(y=2 * a)\n"
    )
    path = notebook(tmp_path / "one.ipynb", start, MAKE.format("p"), MAKE.format("q"))
    found = collect(path)
    assert [live.name for live in found] == ["p", "q"]
    assert page.source(found[0]) == "def model(a):\n    return dict(y=2 * a)\n"
    found[0].check(5)
    path = notebook(tmp_path / "two.ipynb", start, MAKE.format("p"), MAKE.format("p"))
    with pytest.raises(ValueError, match="figure 'p': two.ipynb has two of this name"):
        collect(path)
    with gather() as outside:
        simple(name="alone")
    assert [live.name for live in outside] == ["alone"]


def test_a_panel_is_named_as_it_is_heard_and_says_what_its_axes_show():
    fig, (left, right) = subplots(1, 2, figsize=(6, 2.5))
    bars = left.bar(["one", "two"], [1, 2])
    left.set(
        title=r"size of $\delta_l$ and $W_{hh}$", ylabel=r"$\hat y$", yticks=[0, 1, 2]
    )
    right.plot([1, 2], [1, 2])
    right.axis("off")
    live = LiveFigure(
        "named", fig, lambda a: {"h": a * np.ones(2)}, sliders={"a": (0, 2, 1, 1)}
    )
    live.bind(bars, height="h")
    live.describe("Two bars.")
    names = re.findall('role="img" aria-label="([^"]*)"', page.html(live))
    assert names == [
        "Named: size of δl and Whh. Vertical axis: yˆ from 0 to 2.",
        "Named",
    ]
