"""The palette is readable by all, and the drawings stand where they should."""

import io
from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from dlbook.live import LiveFigure
from dlbook.live.views.style import colours
from dlbook.plotting import (
    PALETTE,
    STRONGEST,
    arrow_path,
    boundary_ends,
    cell_look,
    colour,
    diagram,
    fill_matrix,
    half_plane,
    matrix,
    picture,
    scatter_classes,
    subplots,
    use_style,
)

ROLES = ["input", "weight", "activation", "gradient", "error", "neutral"]
THEMES = ["light", "dark"]

# Machado, Oliveira and Fernandes 2009, severity 1.0, in linear RGB.
VISION = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


@pytest.fixture
def ax():
    fig, ax = plt.subplots()
    yield ax
    plt.close(fig)


def linear(hex_colour):
    rgb = np.array(to_rgb(hex_colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    """WCAG 2.2's contrast ratio of two linear colours."""
    weights = [0.2126, 0.7152, 0.0722]
    low, high = sorted([one @ weights, other @ weights])
    return (high + 0.05) / (low + 0.05)


def lab(rgb):
    """CIE L*a*b* of a linear sRGB colour (D65)."""
    to_xyz = [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
    f = np.cbrt(np.array(to_xyz) @ np.clip(rgb, 0, 1) / [0.95047, 1.0, 1.08883])
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("role", [*ROLES, "ink", "axis"])
def test_text_in_any_role_reaches_wcag_aa_on_paper(role, theme):
    paper = linear(getattr(PALETTE["paper"], theme))
    assert contrast(linear(getattr(PALETTE[role], theme)), paper) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("role", ROLES)
def test_ink_on_the_strongest_cell_reaches_wcag_aa(role, theme):
    paper, tint, ink = (
        np.array(to_rgb(getattr(PALETTE[r], theme))) for r in ("paper", role, "ink")
    )
    cell = STRONGEST * tint + (1 - STRONGEST) * paper
    assert contrast(linear(cell), linear(ink)) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("vision", VISION)
def test_roles_stay_apart_for_every_kind_of_colour_vision(vision, theme):
    for one, other in combinations(ROLES[:-1], 2):
        seen = [
            lab(np.array(VISION[vision]) @ linear(getattr(PALETTE[r], theme)))
            for r in (one, other)
        ]
        assert np.linalg.norm(seen[0] - seen[1]) > 15, (one, other)


def test_an_unknown_role_is_refused_with_the_list():
    with pytest.raises(ValueError, match="role: wanted one of input, .*got 'pink'"):
        colour("pink")


def test_the_style_keeps_text_as_text():
    with plt.rc_context():
        use_style()
        assert plt.rcParams["svg.fonttype"] == "none"
        assert min(plt.rcParams[k] for k in ("xtick.labelsize", "font.size")) >= 8


def test_a_matrix_shows_each_number_where_it_stands(ax):
    drawn = matrix(ax, [[1.0, -2.0, 0.0], [3.0, 4.0, 5.0]], fmt="{:.1f}")
    assert [t.get_text() for t in drawn.texts] == "1.0 −2.0 0.0 3.0 4.0 5.0".split()
    assert [c.get_xy() for c in drawn.cells[:4]] == [(0, -1), (1, -1), (2, -1), (0, -2)]
    assert drawn.cells[5].get_facecolor()[3] == pytest.approx(STRONGEST)
    assert drawn.cells[2].get_facecolor()[3] == 0


def test_a_matrix_without_format_has_no_texts_and_can_be_refilled(ax):
    drawn = matrix(ax, [1.0, 2.0], fmt="", scale=4.0)
    assert drawn.texts == [] and drawn.shape == (1, 2)
    fill_matrix(drawn, [4.0, -8.0])
    alphas = [c.get_facecolor()[3] for c in drawn.cells]
    assert alphas == pytest.approx([STRONGEST, STRONGEST])
    assert drawn.cells[1].get_facecolor()[:3] == to_rgb(colour("error"))
    edges = [cell.get_edgecolor()[:3] for cell in drawn.cells]
    assert edges == [to_rgb(colour("grid")), to_rgb(colour("ink"))]
    fill_matrix(drawn, [-1.0, 0.0])
    assert [cell.get_edgecolor()[:3] for cell in drawn.cells] == edges[::-1]


def test_a_matrix_with_numbers_tells_signs_by_them(ax):
    drawn = matrix(ax, [1.0, -2.0])
    assert {cell.get_edgecolor()[:3] for cell in drawn.cells} == {
        to_rgb(colour("grid"))
    }


def test_a_matrix_of_zeros_and_a_cube_are_handled(ax):
    assert matrix(ax, np.zeros((2, 2))).scale == 1.0
    with pytest.raises(ValueError, match=r"values: wanted shape \(R, C\)"):
        matrix(ax, np.zeros((2, 2, 2)))


def test_a_cell_tells_sign_by_role_and_size_by_opacity():
    assert cell_look(-1.0, ("activation", "error"), 2.0) == ("error", STRONGEST / 2)
    assert cell_look(9.0, ("activation", "error"), 2.0) == ("activation", STRONGEST)


def test_both_ends_of_a_boundary_lie_on_it():
    rng = np.random.default_rng(0)
    for _ in range(100):
        w, b = rng.normal(size=2), rng.normal()
        x, y = boundary_ends(w, b, length=7.0)
        np.testing.assert_allclose(w[0] * x + w[1] * y + b, 0, atol=1e-12)
        assert np.hypot(*np.diff([x, y])[:, 0]) == pytest.approx(14.0)


def test_without_a_normal_there_is_no_boundary():
    assert np.isnan(boundary_ends(np.zeros(2), 1.0)).all()


def inside(x, y, point):
    """Tell whether a point lies in a convex polygon, whichever way round it runs."""
    corners = np.stack([x, y], axis=1)
    edges, spokes = np.roll(corners, -1, axis=0) - corners, point - corners
    turns = edges[:, 0] * spokes[:, 1] - edges[:, 1] * spokes[:, 0]
    return (turns > 0).all() or (turns < 0).all()


def test_a_half_plane_holds_the_points_on_the_side_of_its_normal():
    rng = np.random.default_rng(0)
    for _ in range(100):
        w, b, point = rng.normal(size=2), rng.normal(), rng.normal(size=2)
        corners = half_plane(w, b)
        assert inside(*corners, point) == (w @ point + b > 0)
        np.testing.assert_array_equal(
            np.stack(corners)[:, :2], np.stack(boundary_ends(w, b))
        )


def test_without_a_normal_the_bias_alone_takes_all_or_nothing():
    assert inside(*half_plane(np.zeros(2), 0.1), np.array([3.0, -4.0]))
    for b in [0.0, -0.1]:
        assert np.isnan(half_plane(np.zeros(2), b)).all()


def test_an_arrow_runs_from_its_tail_to_its_tip_with_equal_wings():
    x, y = arrow_path(1.0, 2.0, 3.0, -4.0, head=0.5)
    assert (x[0], y[0]) == (1.0, 2.0) and (x[1], y[1]) == (4.0, -2.0)
    wings = np.hypot(x[[2, 4]] - x[1], y[[2, 4]] - y[1])
    np.testing.assert_allclose(wings, 0.5 * np.hypot(1, 0.6))
    assert np.ptp(arrow_path(1.0, 1.0, 0.0, 0.0)) == 0


def test_two_classes_differ_in_colour_and_in_marker(ax):
    points = np.arange(8.0).reshape(4, 2)
    zeros, ones = scatter_classes(ax, points, np.array([0, 1, 0, 1]), ["no", "yes"])
    np.testing.assert_array_equal(zeros.get_offsets(), points[::2])
    assert (zeros.get_label(), ones.get_label()) == ("no", "yes")
    assert not np.allclose(zeros.get_facecolor()[0], ones.get_facecolor()[0])
    assert len(zeros.get_paths()[0]) != len(ones.get_paths()[0])
    assert scatter_classes(ax, points, np.ones(4))[0].get_offsets().shape == (4, 2)


def test_a_diagram_has_a_text_at_each_node_and_two_at_each_edge(ax):
    nodes = {"x": (0, 0, "$x$", "input"), "box": (2, 1, "f", "activation")}
    drawn = diagram(ax, nodes, [("x", "box")])
    assert drawn.nodes["x"].get_text() == "$x$"
    above, below = drawn.above["x", "box"], drawn.below["x", "box"]
    middle, along = np.array([1.0, 0.5]), np.array([2.0, 1.0])
    offset = np.array(above.get_position()) - middle
    assert offset[1] > 0 and offset @ along == pytest.approx(0)
    np.testing.assert_allclose(below.get_position(), middle - offset)
    assert (above.get_ha(), below.get_ha()) == ("right", "left")


def test_a_steep_edge_has_its_texts_at_its_sides(ax):
    nodes = {"a": (0, 0, "a", "input"), "b": (0, -2, "b", "axis")}
    drawn = diagram(ax, nodes, [("a", "b")])
    left, right = drawn.above["a", "b"], drawn.below["a", "b"]
    assert left.get_position()[0] < 0 < right.get_position()[0]
    assert left.get_position()[1] == right.get_position()[1] == -1.0


def test_a_picture_is_one_image_whose_opacity_tells_the_value(ax):
    image = picture(ax, [[0.0, 0.5, 1.0]], extent=(0, 3, 0, 1), role="activation")
    rgba = image.to_rgba(image.get_array())
    np.testing.assert_allclose(rgba[0, :, 3], [0, 0.5, 1], atol=0.04)
    np.testing.assert_allclose(rgba[0, 2, :3], to_rgb(colour("activation")))
    assert image.get_extent() == [0, 3, 0, 1]
    with pytest.raises(ValueError, match=r"values: wanted shape \(R, C\), got \(3,\)"):
        picture(ax, [0.0, 0.5, 1.0])


def test_a_live_figure_shows_one_of_several_pictures():
    fig, ax = subplots(figsize=(3, 3))
    images = [picture(ax, np.eye(2)), picture(ax, 1 - np.eye(2))]
    live = LiveFigure(
        "pictures", fig, lambda k: dict(on=np.arange(2) == k), dict(k=(0, 1, 1, 0))
    )
    live.bind(images, visible="on")
    live.describe("Picture {k}.")
    (svg,) = live.svg()
    assert svg.count("<image") == 2
    assert svg.count('display="none"') == 1
    live.check()


@pytest.mark.parametrize("turned", [(), ("x",), ("y",), ("x", "y")])
def test_a_picture_stands_on_the_page_as_matplotlib_draws_it(turned, new_page):
    fig, ax = subplots(figsize=(2, 2))
    ax.set_position([0, 0, 1, 1])
    ax.set_axis_off()
    picture(ax, [[1.0, 0.0, 0.0], [0.0, 0.0, 0.5]], extent=(0, 3, 0, 2))
    for axis in turned:
        getattr(ax, f"invert_{axis}axis")()
    live = LiveFigure("upright", fig, lambda: {}, {})
    live.describe("Two of six pixels are filled.")
    drawn = io.BytesIO()
    fig.savefig(drawn, dpi=96, format="png")
    wanted = np.asarray(Image.open(drawn).convert("RGB"))
    page = new_page(viewport=dict(width=192, height=192))
    style = f"<style>*{{margin:0}}svg{{display:block}}{colours('light')}</style>"
    page.set_content(style + live.svg()[0])
    shown = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))
    assert shown.shape == wanted.shape
    middles = np.ix_([48, 144], [32, 96, 160])
    np.testing.assert_allclose(shown[middles], wanted[middles], atol=3)


def test_a_picture_has_its_roles_colour_on_a_light_and_on_a_dark_page(new_page):
    fig, ax = subplots(figsize=(1, 1))
    ax.set_position([0, 0, 1, 1])
    ax.set_axis_off()
    picture(ax, [[1.0]], role="activation")
    live = LiveFigure("tinted", fig, lambda: {}, {})
    live.describe("One pixel.")
    page = new_page(viewport=dict(width=200, height=200))
    for mode in ("light", "dark"):
        style = f"<style>body{{margin:0;{colours(mode)}}}</style>"
        page.set_content(style + live.svg()[0])
        shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        shown = np.array(shot.getpixel((40, 40))) / 255
        wanted = to_rgb(getattr(PALETTE["activation"], mode))
        np.testing.assert_allclose(shown, wanted, atol=1.5 / 255, err_msg=mode)


def test_an_edge_of_a_diagram_meets_the_upright_side_of_a_box(ax):
    nodes = {"a": (0, 3, "", "input"), "box": (0, 0, "", "axis")}
    diagram(ax, nodes, [("a", "box")], size=0.5)
    lowest = min(vertex[1] for vertex in ax.patches[0].get_xy())
    box = ax.patches[-1].get_bbox()
    assert lowest == pytest.approx(box.y1), "the head ends at the box"


def test_texts_of_a_diagram_stand_where_place_says(ax):
    nodes = {"a": (0, 0, "", "input"), "b": (10, 0, "", "axis")}
    drawn = diagram(ax, nodes, [("a", "b")], place=0.3)
    assert drawn.above["a", "b"].get_position()[0] == pytest.approx(3)


def test_a_matrix_takes_part_in_the_limits_of_its_axes():
    _, ax = subplots()
    matrix(ax, np.ones((2, 3)), origin=(1.0, 5.0), size=2.0)
    np.testing.assert_array_equal(ax.dataLim.get_points(), [[1, 1], [7, 5]])


def test_axes_that_share_their_height_keep_their_numbers():
    for shared in (True, "row", "all"):
        fig, axes = subplots(1, 3, sharey=shared)
        axes[0].set_ylim(0, 7)
        assert axes[2].get_ylim() == (0, 7)
        assert all(ax.yaxis.get_tick_params()["labelleft"] for ax in axes)
