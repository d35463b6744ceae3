"""Inputs of the hand: set in the picture by mouse, finger and keyboard, and kept."""

import numpy as np
import pytest

import zoo
from dlbook.live import LiveFigure
from dlbook.live.inputs import Points, PointSet
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


# On the page ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    return site(tmp_path_factory.mktemp("hand"), [zoo.plane()])


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
    page.get_by_role("button", name="Reset").click()
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
    page.get_by_role("button", name="Reset").click()
    page.wait_for_function("() => location.hash === ''")


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
