"""Inputs of the hand: set in the picture by mouse, finger and keyboard, and kept."""

import re

import numpy as np
import pytest

import zoo
from dlbook.datasets import load_digits
from dlbook.live import LiveFigure
from dlbook.live.inputs import Pad, Paint, Points, PointSet, Text
from dlbook.live.inputs.pad import bits, count
from dlbook.live.views import page as view
from dlbook.plotting import matrix
from strokes import HANDS, written
from test_runtime import site, values

# Points in Python -------------------------------------------------------------------


@pytest.mark.parametrize(
    "options, message",
    [
        (dict(x=[[0, 0]] * 9, labels=[0] * 9), r"at most 8 points \(N, 2\)"),
        (dict(x=[[0, 0]], labels=[0, 1]), r"their labels \(N,\), got .* and \(2,\)"),
        (dict(x=[[0, 0]], labels=[2]), "wanted labels from 0 to 1, got"),
        (dict(low=1), "wanted low < high"),
        (dict(step=0.3), "steps of .* from .* do not meet"),
        (dict(step=1e-4), "at most 4095 steps"),
    ],
)
def test_bad_points_are_refused(options, message):
    given = dict(x=np.zeros((0, 2)), capacity=8) | options
    with pytest.raises(ValueError, match=message):
        Points(**given)


def test_model_gets_points_on_their_steps_and_those_in_use_first():
    seen = []

    def model(points):
        seen.append(points)
        return dict(count=points.used.sum())

    fig, _ = zoo.axes()
    given = Points([[0.124, -9], [0.5, 0.26]], [1, 0], capacity=3, low=-1, step=0.25)
    live = LiveFigure("f", fig, model, dict(points=given), compile=False)
    (first,) = seen
    np.testing.assert_array_equal(first.x, [[0, -1], [0.5, 0.25], [0, 0]])
    assert first.label.tolist() == [1, 0, 0] and first.label.dtype == np.int64
    assert first.used.tolist() == [True, True, False]
    live.evaluate(live.settings(points=([[1, 1]], [1])))
    assert seen[-1].x[seen[-1].used].tolist() == [[1, 1]]
    live.evaluate(live.settings(points=first))
    assert all(map(np.array_equal, seen[-1], first))
    with pytest.raises(
        ValueError, match="figure 'f': points: Points: wanted at most 3"
    ):
        live.settings(points=([[0, 0]] * 4, [0] * 4))


def test_points_are_shown_by_one_scatter_for_each_class():
    live = zoo.plane()
    some = PointSet(np.array([[1.0, 1.0]]), np.array([1]), np.array([True]))
    live.redraw(points=some)
    squares, dots = (np.asarray(a.get_offsets()) for a in live.artists[:2])
    assert np.isnan(squares).all()
    np.testing.assert_array_equal(dots[0], [1, 1])
    assert np.isnan(dots[1:]).all() and len(dots) == 7


def test_points_are_bound_to_scatters_only():
    fig, ax = zoo.axes()
    live = LiveFigure(
        "f", fig, lambda p: dict(n=p.used.sum()), dict(p=Points([[0, 0]]))
    )
    with pytest.raises(
        ValueError, match="figure 'f': points='p': wanted a list of 2 sc"
    ):
        live.bind(ax.scatter([0], [0]), points="p")
    with pytest.raises(ValueError, match="figure 'f': points='q': there is no such"):
        live.bind(ax.scatter([0], [0]), points="q")


def test_compiled_model_of_points_is_numpy():
    zoo.plane().check(100)


def test_points_are_typed_in_a_notebook():
    live = zoo.plane()
    widget = live.widget()
    field = widget.fields["points"]
    assert field.description == "points"
    assert field.value.splitlines()[:2] == ["-1.5 0.6 left", "-0.9 -1.2 left"]
    field.value = "1 1 right\n-1, -0.5 left\n"
    assert "2 of 2 are right, the first at 1" in widget.readout.value
    field.value = "1 1 up"
    assert "line 1: wanted x, y and one of left, right" in widget.readout.value
    field.value = ""
    assert "0 of 0 are right" in widget.readout.value
    widget.reset.click()
    assert field.value.splitlines()[4] == "2.1 0.9 right"
    assert "5 of 5 are right" in widget.readout.value


# Matrices, digits and text in Python ------------------------------------------------


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: Paint([1, 2]), r"Paint: wanted numbers \(R, C\), got shape \(2,\)"),
        (lambda: Paint([[np.nan]]), "Paint: wanted numbers"),
        (lambda: Paint([[0]], 0, 1, 0.3), "Paint: steps of 0.3 from 0 do not meet 1"),
        (lambda: Paint([[2]]), "Paint: wanted values from 0 to 1, got 2 to 2"),
        (
            lambda: Pad([[(0, 64)]]),
            "Pad: wanted an image .* numbers from 0 to 63",
        ),
        (lambda: Pad([[(0.5, 1)]]), "Pad: wanted an image"),
        (lambda: Pad([[]]), r"Pad: wanted an image|wanted numbers of shape \(8, 8\)"),
        (lambda: Pad(np.zeros((4, 4))), r"wanted numbers of shape \(8, 8\), got shape"),
        (lambda: Text("a", "bb"), "Text: wanted different characters, got 'bb'"),
        (lambda: Text("cab", "ab"), "Text: wanted at most 40 of the characters 'ab'"),
        (lambda: Text("ab", "ab", 1), "Text: wanted at most 1 of"),
    ],
)
def test_bad_input_of_the_hand_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_what_cannot_be_set_is_refused():
    def model(image, k, K):
        return dict(v=image)

    fig, ax = zoo.axes()
    drawn, mesh = matrix(ax, np.zeros((2, 2))), ax.pcolormesh(np.zeros((3, 2)))
    image, kernel = Paint(np.zeros((2, 2))), (0, 1, 1, np.zeros((2, 2)))
    live = LiveFigure("f", fig, model, dict(image=image, k=(0, 4, 1, 0), K=kernel))
    for options, message in [
        (dict(paint="v"), "figure 'f': paint='v': wanted the name of sliders or of an"),
        (dict(paint="k"), r"of the shape \(2, 2\) of what is bound"),
        (dict(pick="k"), "pick='k': wanted whole sliders from 0 to 3"),
        (dict(pick="K"), "pick='K': wanted whole sliders from 0 to 3"),
        (dict(pick=("k", "k")), "wanted whole sliders from 0 to 1 and 0 to 1"),
    ]:
        with pytest.raises(ValueError, match=message):
            live.bind(drawn, **options)
    with pytest.raises(ValueError, match=r"of the shape \(3, 2\)"):
        live.bind(mesh, paint="image")
    with pytest.raises(ValueError, match="wanted a plotting.Matrix, a pcolormesh or a"):
        live.bind(ax.text(0, 0, ""), paint="image")
    live.describe("none")
    with pytest.raises(ValueError, match=r"image can be set nowhere: bind\("):
        live.draw()


def test_compiled_models_of_what_is_painted_and_written_are_numpy():
    zoo.canvas().check(50)
    zoo.writing().check(50)


def test_matrix_digit_and_text_are_typed_in_a_notebook():
    live = zoo.writing()
    widget = live.widget()
    assert len(widget.fields["digit"].value.splitlines()) == 8
    assert widget.fields["text"].value == "to be"
    widget.fields["text"].value = "abc"
    assert "3 letters, the first is 1." in widget.readout.value
    widget.fields["digit"].value = "17"
    ink = load_digits().images[17].sum()
    assert f"Ink {ink:.2f}" in widget.readout.value
    widget.fields["digit"].value = "\n".join(["0 0 16 0 0 0 0 8"] * 8)
    assert "Ink 12.00" in widget.readout.value
    widget.fields["digit"].value = "0 0"
    assert "wanted 8 rows of 8 counts" in widget.readout.value
    widget.fields["digit"].value = "0"
    widget.fields["text"].value = "\u00e9"
    assert "wanted at most 12 of the characters" in widget.readout.value
    widget = zoo.canvas().widget()
    assert widget.fields["image"].value.splitlines()[1] == "0 1 0 0"
    widget.fields["image"].value = "\n".join(["1 0 0 0"] * 4)
    assert "is 0.0" in widget.readout.value
    widget.fields["image"].value = "1 0"
    assert "wanted numbers of shape (4, 4)" in widget.readout.value


# Digits as they are written ---------------------------------------------------------


@pytest.fixture(scope="module")
def reader():
    """Softmax regression on 1300 digits of the data; its accuracy on the others."""
    images, labels = load_digits()
    order = np.random.default_rng(0).permutation(len(images))
    train, test = order[:1300], order[1300:]
    x, y = images.reshape(-1, 64), np.eye(10)[labels]
    W, b = np.zeros((64, 10)), np.zeros(10)

    def read(x):
        return np.argmax(x.reshape(-1, 64) @ W + b, axis=1)

    for _ in range(600):
        scores = np.exp(x[train] @ W + b)
        error = (scores / scores.sum(axis=1, keepdims=True) - y[train]) / len(train)
        W -= 0.5 * x[train].T @ error
        b -= 0.5 * error.sum(axis=0)
    return read, np.mean(read(x[test]) == labels[test])


def test_written_digits_are_read_about_as_well_as_those_of_the_data(reader):
    read, accuracy = reader
    assert accuracy > 0.95
    labels = np.repeat(np.arange(10), 5)
    found = {}
    for seed, hand in enumerate(HANDS):
        rng = np.random.default_rng(100 + seed)
        images = [count(bits(written(digit, hand, rng))) for digit in labels]
        found[hand] = np.mean(read(np.array(images)) == labels)
    assert np.mean(list(found.values())) > accuracy - 0.03, found
    assert min(found.values()) > 0.8, found


def test_digits_are_normalised():
    rng = np.random.default_rng(3)
    images, _ = load_digits()
    ink = images.mean()
    for hand in HANDS:
        for digit in range(10):
            strokes = written(digit, hand, rng)
            dark = bits(strokes)
            assert dark[0].any() and dark[-1].any()  # as in each image of the data
            columns = np.flatnonzero(dark.any(axis=0))
            assert np.ptp(columns) <= 20 and abs(columns.mean() - 15.5) <= 1
            assert abs(dark.mean() - ink) < 0.05
            small = [8 + stroke // 2 for stroke in strokes]
            assert np.mean(bits(small) != dark) < 0.1
            apart = [stroke + [0, 3] for stroke in strokes if stroke.max() < 60]
            if len(apart) == len(strokes):
                np.testing.assert_array_equal(bits(apart), dark)
    assert not bits([]).any()
    assert bits([[(5, 5)]]).any() and bits([[(0, 9), (63, 9)]]).any()


# On the page ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    return site(
        tmp_path_factory.mktemp("hand"),
        [zoo.plane(), zoo.canvas(), zoo.writing(), zoo.points()],
    )


def points(page):
    """Return the points in use: x, y and class of each."""
    state = np.array(values(page, "plane")[:28])
    x, label, used = state[:14].reshape(7, 2), state[14:21], state[21:] > 0
    assert (np.diff(used.astype(int)) <= 0).all()
    found = zip(*np.round(x, 6).T.tolist(), label.astype(int).tolist(), strict=True)
    return list(found)[: used.sum()]


START = [(-1.5, 0.6, 0), (-0.9, -1.2, 0), (0.3, 1.5, 1), (1.2, -0.3, 1), (2.1, 0.9, 1)]


def at(page, x, y):
    """Return where a point of the plane lies on the screen."""
    place = """p => {
      const plane = document.querySelector("#live-plane .dl-plane");
      const box = plane.getBoundingClientRect();
      return [box.x + (p[0] + 3) / 6 * box.width, box.y + (2 - p[1]) / 4 * box.height];
    }"""
    page.locator("#live-plane").scroll_into_view_if_needed()
    return page.evaluate(place, [x, y])


def near(found, wanted, tolerance=0.04):
    """Tell whether points are where they are wanted, up to a pixel."""
    assert len(found) == len(wanted), found
    assert np.allclose(found, wanted, atol=tolerance), (found, wanted)
    return True


def test_points_are_added_moved_and_removed_by_mouse(url, page):
    page.goto(url)
    assert points(page) == START
    page.locator("#live-plane select").select_option("right")
    page.mouse.click(*at(page, -2, -1))
    assert near(points(page), [*START, (-2, -1, 1)])
    assert page.evaluate("document.activeElement.ariaLabel") == "Point 6"
    x, y = at(page, *START[0][:2])
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(*at(page, 0.9, 0.3), steps=4)
    page.mouse.up()
    assert near(points(page), [(0.9, 0.3, 0), *START[1:], (-2, -1, 1)])
    page.mouse.dblclick(*at(page, *START[1][:2]))
    assert near(points(page), [(0.9, 0.3, 0), *START[2:], (-2, -1, 1)])
    said = page.locator("#plane-readout").inner_text()
    assert said.split(" are")[0] == "3 of 5"
    page.locator("#live-plane .dl-reset").click()
    assert points(page) == START


def test_points_are_set_by_keyboard_and_spoken(url, page):
    page.goto(url)
    add = page.get_by_role("button", name="Add a point")
    add.focus()
    page.keyboard.press("Enter")
    assert points(page) == [*START, (0, 0, 0)]
    ring = page.get_by_role("slider", name="Point 6")
    assert ring.evaluate("e => e === document.activeElement")
    for key in ("ArrowRight", "ArrowUp", "Shift+ArrowUp", "c"):
        page.keyboard.press(key)
    assert points(page)[-1] == (0.25, 0.12, 1)
    assert ring.get_attribute("aria-valuetext") == "class right, x 0.25, y 0.12"
    assert ring.get_attribute("aria-roledescription") == "point"
    page.keyboard.press("1")
    assert points(page)[-1] == (0.25, 0.12, 0)
    page.keyboard.press("3")
    assert points(page)[-1] == (0.25, 0.12, 0)
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.ariaLabel") == "Point 5"
    page.keyboard.press("Delete")
    assert points(page) == [*START[:4], (0.25, 0.12, 0)]
    assert page.evaluate("document.activeElement.ariaLabel") == "Point 5"
    for _ in range(5):
        page.keyboard.press("Backspace")
    assert points(page) == [] and add.evaluate("e => e === document.activeElement")
    assert page.locator(".dl-point:visible").count() == 0
    for _ in range(9):
        add.press("Enter")
    assert len(points(page)) == 7
    told = page.locator("#live-plane [role=status]").inner_text()
    assert told == "There are 7 points, and no more are possible."
    page.get_by_role("button", name="Remove all").click()
    assert points(page) == []


def test_address_keeps_points(url, page, new_page):
    page.goto(url)
    page.mouse.click(*at(page, -2, -1))
    page.wait_for_function("() => location.hash.includes(';points:')")
    other = new_page(viewport={"width": 1280, "height": 900})
    other.goto(page.url)
    assert points(other) == points(page)
    assert len(page.url.split("#")[1]) < 70
    for made_up in ("1,0.5,0;points:", "1,0.5,0;points:??", "1,0.5,0;points:AA*", ";"):
        other.evaluate("hash => { location.hash = hash }", f"plane={made_up}")
    other.wait_for_function("() => location.hash.endsWith('=;')")
    assert points(other) == START
    page.locator("#live-plane .dl-reset").click()
    page.wait_for_function("() => location.hash === ''")


def cell(page, name, number, row, column, shape):
    """Return the middle of a cell of the figure's grid of that number."""
    grid = page.locator(f"#live-{name} .dl-over").nth(number)
    grid.scroll_into_view_if_needed()
    box = grid.bounding_box()
    rows, columns = shape
    return (
        box["x"] + (column + 0.5) * box["width"] / columns,
        box["y"] + (row + 0.5) * box["height"] / rows,
    )


def noted(page, name):
    """Wait until the address has what the figure shows."""
    page.wait_for_function(
        "n => location.hash.endsWith('=' + dlbook.figures.get(n).state())", arg=name
    )


def drag(page, *points):
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point)
    page.mouse.up()


def image(page):
    return np.reshape(values(page, "canvas")[:16], (4, 4))


def test_matrix_is_painted_by_mouse(url, page):
    page.goto(url)

    def at(row, column):
        return cell(page, "canvas", 0, row, column, (4, 4))

    drag(page, at(0, 3), at(3, 3), at(3, 1))  # moves that skip cells leave no gap
    wanted = np.eye(4)
    wanted[:, 3] = wanted[3, 1:] = 1
    np.testing.assert_array_equal(image(page), wanted)
    drag(page, at(0, 0), at(1, 1))  # a cell that has the brush's colour is wiped
    wanted[[0, 1], [0, 1]] = 0
    np.testing.assert_array_equal(image(page), wanted)
    page.get_by_label("Brush").focus()
    page.keyboard.press("ArrowLeft")
    halves = page.locator("#live-canvas svg text").filter(has_text=re.compile("^0.5$"))
    before = halves.count()
    page.mouse.click(*at(0, 0))
    wanted[0, 0] = 0.5
    np.testing.assert_array_equal(image(page), wanted)
    assert halves.count() > before
    noted(page, "canvas")
    page.reload()
    np.testing.assert_array_equal(image(page), wanted)
    page.locator("#live-canvas [data-hand=image]").get_by_role("button").click()
    assert not image(page).any()
    page.locator("#live-canvas .dl-reset").click()
    np.testing.assert_array_equal(image(page), np.eye(4))


def test_mesh_is_painted_where_its_rows_grow_upwards(url, page):
    page.goto(url)
    page.mouse.click(*cell(page, "canvas", 3, 0, 2, (2, 3)))
    mesh = np.reshape(values(page, "canvas")[20:26], (2, 3))
    np.testing.assert_array_equal(mesh, [[0, 0, 0], [0, 0, 2]])


def test_matrix_is_painted_by_keyboard_and_spoken(url, page):
    page.goto(url)
    grid = page.locator("#live-canvas .dl-over").first
    assert grid.get_attribute("aria-label") == "image"
    grid.focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "Space"):
        page.keyboard.press(key)
    assert grid.get_attribute("aria-valuetext") == "row 2, column 3: 1.0"
    page.keyboard.press("PageDown")
    assert grid.get_attribute("aria-valuetext") == "row 2, column 3: 0.5"
    page.keyboard.press("0")
    assert image(page)[1, 2] == 0
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowUp")  # stays at the edge
    assert image(page)[0, 2] == 1
    assert page.locator("#live-canvas .dl-cursor:visible").count() == 1


def kernel(page):
    return values(page, "canvas")[16:20]


def test_cell_of_a_kernel_is_chosen_typed_turned_and_dragged(url, page):
    page.goto(url)
    x, y = cell(page, "canvas", 1, 1, 0, (2, 2))
    page.mouse.click(x, y)
    assert kernel(page) == [1, 0, 0, -1]
    for key in ("-", "2"):
        page.keyboard.press(key)
    assert kernel(page) == [1, 0, -2, -1]
    assert page.locator("#canvas-K21").input_value() == "-2"
    page.keyboard.press("ArrowUp")
    assert kernel(page) == [1, 0, -1, -1]
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert kernel(page) == [1, 0, -1, -2]
    page.keyboard.press("Space")
    assert kernel(page) == [1, 0, -1, -1]
    drag(page, (x, y), (x, y - 15), (x, y - 33))
    assert kernel(page)[2] in (1, 2)


def test_cell_that_is_pointed_at_is_picked(url, page):
    page.goto(url)
    page.mouse.move(*cell(page, "canvas", 2, 0, 2, (3, 3)))
    assert values(page, "canvas")[-1] == 2
    page.locator("#live-canvas .dl-over").nth(2).focus()
    page.keyboard.press("ArrowDown")
    assert values(page, "canvas")[-1] == 5
    page.mouse.move(*cell(page, "canvas", 4, 0, 1, (2, 2)))
    assert values(page, "canvas")[-3:-1] == [1, 1]  # rows of a mesh grow upwards


def test_written_digit_is_the_one_that_python_makes(url, page):
    page.goto(url)
    rng = np.random.default_rng(5)
    default = Pad([[(12, 10), (50, 8), (30, 55)], [(22, 32), (44, 32)]])
    np.testing.assert_array_equal(
        np.reshape(values(page, "writing")[:64], (8, 8)), default.parts[""][3]
    )
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    drawn = [
        written(digit, hand, rng) for hand in list(HANDS)[:3] for digit in range(10)
    ]
    drawn += [[], [[(5, 5)]], [[(0, 9), (63, 9)]], [[(3, 3), (3, 3)], [(9, 1)]]]
    for strokes in drawn:
        code = ".".join(
            "".join(letters[u] for u in np.ravel(stroke)) for stroke in strokes
        )
        page.evaluate("hash => { location.hash = hash }", f"writing=;digit:{code}.")
        wanted = count(bits(strokes)).ravel().tolist()
        page.wait_for_function(
            "wanted => wanted.every((v, k) => "
            "dlbook.figures.get('writing').values[k] === v)",
            arg=wanted,
        )


def test_digit_is_written_by_mouse_and_by_keyboard(url, page):
    page.goto(url)
    pad = page.locator("#live-writing .dl-over")
    box = page.locator("#live-writing [data-hand=digit]")
    box.get_by_role("button", name="Clear").click()
    assert not any(values(page, "writing")[:64])
    place = pad.bounding_box()

    def at(u, v):
        return place["x"] + u * place["width"], place["y"] + v * place["height"]

    drag(page, at(0.5, 0.2), at(0.5, 0.5), at(0.5, 0.8))
    bar = Pad([[(32, 12), (32, 32), (32, 51)]]).parts[""][3]
    np.testing.assert_allclose(values(page, "writing")[:64], bar.ravel(), atol=0.2)
    noted(page, "writing")
    kept = values(page, "writing")
    page.reload()
    assert values(page, "writing") == kept
    box.get_by_role("button", name="Undo stroke").click()
    assert not any(values(page, "writing")[:64])
    pad.focus()
    page.keyboard.press("Space")
    for _ in range(8):
        page.keyboard.press("ArrowDown")
    assert pad.get_attribute("aria-valuetext") == "pen down, column 32, row 56 of 64"
    assert sum(values(page, "writing")[:64]) > 15
    page.keyboard.press("Space")
    assert pad.get_attribute("aria-valuetext").startswith("pen up")
    page.keyboard.press("Backspace")
    assert not any(values(page, "writing")[:64])
    page.locator("#live-writing .dl-reset").click()
    assert sum(values(page, "writing")[:64]) > 15
    for made_up in ("!!", "A", "AAB.<", "..", "A*."):
        page.evaluate("hash => { location.hash = hash }", f"writing=;digit:{made_up}")
        assert all(0 <= v <= 1 for v in values(page, "writing")[:64])


def test_text_is_typed_within_its_alphabet_and_length(url, page):
    page.goto(url)
    field = page.get_by_label("Text")
    assert field.input_value() == "to be"
    field.fill("Or, not?")
    assert field.input_value() == "or not"
    assert values(page, "writing")[64:] == [15, 18, 0, 14, 15, 20, *[-1] * 6]
    field.press("End")
    page.keyboard.type(" to be or not")
    assert field.input_value() == "or not to be"
    noted(page, "writing")
    page.reload()
    assert field.input_value() == "or not to be"
    field.fill("")
    assert set(values(page, "writing")[64:]) == {-1}
    page.locator("#live-writing .dl-reset").click()
    assert field.input_value() == "to be"


# Challenges -------------------------------------------------------------------------


def test_challenges_are_met_in_python():
    live = zoo.plane()
    assert live.met() == [False, False]
    assert live.met(points=([[0, 1]], [0])) == [True, False]
    assert live.met(w=[1, -0.5]) == [False, True]
    widget = live.widget()
    assert "open: Remove all points" in widget.readout.value
    widget.fields["points"].value = "1 1 left"
    assert "met: Remove all points" in widget.readout.value
    live.check(50)


@pytest.mark.parametrize(
    "test, message",
    [
        (lambda z: z > 0, "challenge: there is no 'z'; there is points, w, b, line_x"),
        (
            lambda w: w > 0,
            r"challenge: wanted one truth value, got shape \(2,\); use .all\(\)",
        ),
    ],
)
def test_bad_challenge_is_refused(test, message):
    with pytest.raises(ValueError, match=f"figure 'plane': {message}"):
        zoo.plane().challenge("c", test)


def test_a_challenge_that_is_met_at_first_is_told_and_stands():
    live = zoo.plane()
    with pytest.warns(
        UserWarning, match="figure 'plane': challenge 'c': is met at the"
    ):
        live.challenge("c", lambda w: w[0] == 1)
    assert live.met()[-1]


def test_names_of_the_figures_own_are_refused():
    fig, _ = zoo.axes()
    with pytest.raises(ValueError, match="the model: 'met' is the figure's own; want"):
        LiveFigure("f", fig, lambda a: dict(met=a), dict(a=(0, 1, 1, 0)))


def test_figure_that_cannot_answer_asks_nothing():
    fig, ax = zoo.axes()
    sliders = dict(a=(0, 1, 1, 0))
    live = LiveFigure("f", fig, lambda a: dict(b=a), sliders, compile=False)
    live.challenge("Raise a.", lambda b: b > 0)
    live.describe("a is {a}.")
    assert live.met(a=1) == [True] and "Raise a" not in view.html(live)


def marks(page):
    return page.locator("#live-plane .dl-mark").all_inner_texts()


def test_challenge_that_is_met_is_told_once_and_kept_in_the_address(url, page):
    page.goto(url)
    listed = page.get_by_role("list", name="Challenges").get_by_role("listitem")
    assert marks(page) == ["open", "open"]
    assert listed.nth(0).text_content() == "open Remove all points of the class right."
    page.evaluate(
        """() => { self.heard = [];
        const status = document.querySelector("#live-plane [role=status]");
        new MutationObserver(() => heard.push(status.textContent))
          .observe(status, {childList: true, characterData: true, subtree: true}) }"""
    )
    slider = page.locator("#plane-w2")
    slider.focus()
    for _ in range(3):
        assert marks(page) == ["open", "open"]
        page.keyboard.press("ArrowLeft")
    for key in ("ArrowRight", "ArrowLeft", "End"):
        assert marks(page) == ["open", "met"]
        page.keyboard.press(key)
    assert page.evaluate("heard") == ["Challenge 2 of 2 is met."]
    page.locator("#live-plane [data-do=clear]").click()
    page.wait_for_function("() => location.hash.endsWith(';met:0.1')")
    other = page.context.new_page()
    other.goto(page.url)
    assert marks(other) == ["met", "met"]
    assert other.evaluate("[localStorage.length, document.cookie]") == [0, ""]
    page.locator("#live-plane .dl-reset").click()
    assert marks(page) == ["open", "open"]
    page.wait_for_function("() => location.hash === ''")
    for made_up in ("9", "x.0.<b>", "0,1"):
        hash = f"plane=1,0.5,0;met:{made_up}"
        page.evaluate("hash => { location.hash = hash }", hash)
        page.wait_for_function(
            "hash => decodeURI(location.hash) === '#' + hash", arg=hash
        )
    assert page.locator("#live-plane b").count() == 1  # the title's


# Links ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def linked(tmp_path_factory):
    """A page with a formula, a matrix and a code that name the same things."""
    lives = [zoo.grid(), zoo.plane(), zoo.words()]
    return site(tmp_path_factory.mktemp("links"), lives)


def marked(page, name):
    """Return what is marked: parts, slots, sliders, numbers and names, sorted."""
    found = page.eval_on_selector_all(
        f"#live-{name} .dl-linked",
        """found => found.map(e => e.dataset.part ? "part " + e.dataset.part
          : e.dataset.slot ? "slot " + e.dataset.slot
          : (e.querySelector("input,select") || {}).id || e.textContent)""",
    )
    return sorted(found)


def unfold(page, name):
    page.locator(f"#live-{name} .dl-code").evaluate("e => { e.open = true }")


def test_focus_of_a_slider_marks_its_number_everywhere(linked, page):
    page.goto(linked)
    unfold(page, "grid")
    before = page.locator("#live-grid .dl-formula").screenshot()
    page.locator("#grid-W12").focus()
    # The cell, the line bound to all of W, the slot, four names.
    wanted = [*["W"] * 4, "part 1", "part 12", "slot 1"]
    assert marked(page, "grid") == wanted
    assert page.locator("#live-grid .dl-formula").screenshot() != before
    page.locator("#grid-x2").focus()
    assert {"slot 5", "x"} == set(marked(page, "grid"))
    page.locator("#grid-x2").blur()
    assert marked(page, "grid") == []


def test_pointing_marks_the_same_quantity_elsewhere(linked, page):
    page.goto(linked)
    unfold(page, "grid")
    page.locator("#live-grid [data-slot]").nth(1).hover()
    wanted = [*["W"] * 4, "grid-W12", "part 1", "part 12"]
    assert marked(page, "grid") == wanted
    page.locator("#live-grid .dl-code .n", has_text="W").first.hover()
    found = marked(page, "grid")
    assert {f"grid-W{k}" for k in (11, 12, 21, 22)} <= set(found)
    assert {f"slot {k}" for k in range(4)} <= set(found) and "slot 4" not in found
    page.locator("#live-grid .dl-readout .dl-at").last.hover()
    assert marked(page, "grid") == ["part 17", "past"]
    page.mouse.move(2, 2)
    assert marked(page, "grid") == []


def test_points_and_their_names_are_linked(linked, page):
    page.goto(linked)
    unfold(page, "plane")
    page.locator("#live-plane .dl-point").first.focus()
    assert set(marked(page, "plane")) == {"points", "−1.5"}
    page.locator("#live-plane .dl-point").first.blur()
    page.locator("#live-plane .dl-code .n", has_text="points").first.hover()
    assert {"part 0", "part 1"} <= set(marked(page, "plane"))
    page.locator("#live-plane .dl-readout .dl-at").first.hover()
    assert "right" in marked(page, "plane")


def test_finger_that_scrolls_marks_nothing(linked, phone):
    phone.goto(linked)
    unfold(phone, "grid")
    slot = phone.locator("#live-grid [data-slot]").first
    slot.scroll_into_view_if_needed()
    box = slot.bounding_box()
    Finger(phone).stroke((box["x"] + 3, box["y"] + 3), (box["x"] + 3, box["y"] - 60))
    assert marked(phone, "grid") == []


# Fingers ----------------------------------------------------------------------------


class Finger:
    """A finger on a touch screen, by the browser's own events."""

    def __init__(self, page):
        self.session = page.context.new_cdp_session(page)

    def send(self, kind, *points):
        spots = [dict(x=x, y=y) for x, y in points]
        self.session.send(
            "Input.dispatchTouchEvent", dict(type=kind, touchPoints=spots)
        )

    def stroke(self, *points):
        """Put the finger down, move it through points, lift it."""
        self.send("touchStart", points[0])
        for (x, y), (u, v) in zip(points, points[1:], strict=False):
            for t in np.linspace(0.25, 1, 4):
                self.send("touchMove", (x + t * (u - x), y + t * (v - y)))
        self.send("touchEnd")


@pytest.fixture
def phone(new_page):
    return new_page(
        viewport={"width": 360, "height": 640}, has_touch=True, is_mobile=True
    )


def test_points_are_set_by_touch_and_the_page_stands_still(url, phone):
    phone.goto(url)
    finger = Finger(phone)
    here = at(phone, *START[0][:2])
    scrolled = phone.evaluate("scrollY")
    finger.stroke(here, at(phone, -0.6, -0.3))
    assert phone.evaluate("scrollY") == scrolled
    assert near(points(phone)[:1], [(-0.6, -0.3, 0)], 0.06)
    finger.stroke(at(phone, -2, -1))
    phone.wait_for_function("() => document.activeElement.ariaLabel === 'Point 6'")
    assert near(points(phone)[5:], [(-2, -1, 0)], 0.06)
    for _ in range(2):
        finger.stroke(at(phone, -2, -1))
    assert len(points(phone)) == 5


def test_touch_hits_where_the_picture_is_held_small(url, phone):
    phone.goto(url)
    held = (
        "e => { e.style.transform = 'scale(.6)'; e.style.transformOrigin = '50% 100%' }"
    )
    phone.locator("#live-plane .dl-picture").evaluate(held)
    finger = Finger(phone)
    finger.stroke(at(phone, *START[0][:2]), at(phone, -0.6, -0.3))
    assert near(points(phone)[:1], [(-0.6, -0.3, 0)], 0.1)
    assert points(phone)[1:] == START[1:]


def test_grip_and_picked_cell_answer_to_touch(url, phone):
    phone.goto(url)
    grip = phone.locator("#live-points .dl-grip")
    grip.scroll_into_view_if_needed()
    scrolled, box = phone.evaluate("scrollY"), grip.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    Finger(phone).stroke((x, y), (x + 12, y - 40))
    assert values(phone, "points")[0] > 0.5
    assert phone.evaluate("scrollY") == scrolled
    x, y = cell(phone, "canvas", 2, 0, 2, (3, 3))
    phone.touchscreen.tap(x, y)
    phone.wait_for_function("() => dlbook.figures.get('canvas').values.at(-1) === 2")


def test_swipe_over_the_plane_or_a_slider_scrolls_and_changes_nothing(url, phone):
    phone.goto(url)
    phone.evaluate("document.body.style.paddingBottom = '60rem'")
    before = values(phone, "plane")
    x, y = at(phone, 2.5, -1.8)
    finger = Finger(phone)
    finger.stroke((x, y), (x, y - 60), (x, y - 120))
    phone.wait_for_function("() => scrollY > 60")
    assert values(phone, "plane") == before
    slider = phone.locator("#plane-w1")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    x, y = box["x"] + box["width"] * 0.2, box["y"] + box["height"] / 2
    top = phone.evaluate("scrollY")
    finger.stroke((x, y), (x + 2, y - 60), (x + 2, y - 120))
    phone.wait_for_function("top => scrollY > top + 60", arg=top)
    phone.wait_for_timeout(500)
    assert values(phone, "plane") == before
    assert phone.evaluate("location.hash") == ""
    assert slider.input_value() == "1"
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    y = box["y"] + box["height"] / 2
    finger.stroke((x, y), (x + 30, y + 2))
    assert values(phone, "plane")[28] < 1


def test_no_serious_fault_for_readers_with_assistive_technology(url, page):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page.goto(url)
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        found = axe.Axe().run(page).response["violations"]
        grave = [v for v in found if v["impact"] in ("serious", "critical")]
        assert not grave, [(v["id"], v["nodes"][0]["html"]) for v in grave]
    page.problems.clear()  # axe asks for the style sheet, which the policy forbids


def test_matrix_and_digit_are_painted_by_touch_and_the_page_stands_still(url, phone):
    phone.goto(url)
    finger = Finger(phone)
    spots = [cell(phone, "canvas", 0, k, 0, (4, 4)) for k in (1, 3)]
    scrolled = phone.evaluate("scrollY")
    finger.stroke(*spots)
    assert image(phone)[:, 0].tolist() == [1, 1, 1, 1]
    assert phone.evaluate("scrollY") == scrolled
    pad = phone.locator("#live-writing .dl-over")
    pad.scroll_into_view_if_needed()
    scrolled, place = phone.evaluate("scrollY"), pad.bounding_box()
    middle = place["x"] + place["width"] / 2
    phone.locator("#live-writing [data-do=clear]").tap()
    pad.scroll_into_view_if_needed()
    scrolled, place = phone.evaluate("scrollY"), pad.bounding_box()
    finger.stroke(*((middle, place["y"] + t * place["height"]) for t in (0.2, 0.8)))
    assert phone.evaluate("scrollY") == scrolled
    assert sum(values(phone, "writing")[:64]) > 15
