"""What a colour tells in the book's figures, something else tells, too.

Read from the drawings as the notebooks store them: in one panel two lines, or marks,
of different roles differ in their dashes, width or shape as well.
"""

import re
from itertools import combinations

import nbformat
import numpy as np
import pytest
from bs4 import BeautifulSoup

from conftest import ROOT
from dlbook.plotting import PALETTE
from dlbook.site.figures import stored
from test_plotting import THEMES, VISION, lab, linear

ROLE = re.compile(r"var\(--dl-(\w+)")
#: The colours of a map, six digits each, as a figure's script has them.
HEAT = re.compile(r'\["heat",\d+,"[^"]*",\[[^]]*\],"([0-9a-f]+)"')
#: Frames, grids and letters are no data.
SILENT = {"axis", "grid", "ink", "paper", None}


def drawings():
    """Yield the name of each stored figure, its markup, and its colour maps."""
    for path in sorted(ROOT.glob("chapters/0*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            for output in cell.get("outputs", ()):
                html = output.get("data", {}).get("text/html", "")
                if found := stored(html):
                    yield found["name"], found["html"], HEAT.findall(html)


DRAWN = list(drawings())
FIGURES = {name: markup for name, markup, _ in DRAWN}
MAPS = {(name, table) for name, _, tables in DRAWN for table in tables}


def inherited(element, name):
    """Return an attribute that holds for an element, in the drawing that it is in."""
    while element.name != "svg":
        if element.has_attr(name):
            return element[name]
        element = element.parent
    return None


def role(element, *names):
    """Return the role of the first of some paints that has one."""
    for name in names:
        found = ROLE.search(inherited(element, name) or "")
        if found:
            return found[1]
    return None


def looks(svg, shapes):
    """Yield how each line and each mark of a panel looks, and its role."""
    for element in svg.select("path, use"):
        if element.find_parent("defs"):
            continue
        hollow = inherited(element, "fill") in (None, "none")
        dash, width = (
            inherited(element, "stroke-dasharray"),
            inherited(element, "stroke-width"),
        )
        if element.name == "use":
            shape = shapes.get(element["href"][1:], "")
            yield ("mark", shape, hollow), role(element, "fill", "stroke")
        elif hollow:
            yield ("line", dash, width), role(element, "stroke")


def told_by_colour_alone(markup):
    """Return the looks that two roles share in one panel."""
    soup = BeautifulSoup(markup, "html.parser")
    shapes = {path["id"]: path["d"] for path in soup.select("defs path[id]")}
    found = []
    for svg in soup.select(".dl-row > svg"):
        roles = {}
        for look, name in looks(svg, shapes):
            if name not in SILENT:
                roles.setdefault(look, set()).add(name)
        found += [(look, names) for look, names in roles.items() if len(names) > 1]
    return found


@pytest.mark.parametrize("name", FIGURES)
def test_lines_and_marks_of_two_roles_differ_in_more_than_colour(name):
    assert told_by_colour_alone(FIGURES[name]) == []


def test_two_lines_of_one_look_are_found():
    line = '<path d="M0 0L1 1" fill="none" stroke="var(--dl-{},#000)"{}/>'
    panel = '<div class="dl-row"><svg>{}{}</svg></div>'
    alike = panel.format(line.format("input", ""), line.format("weight", ""))
    (found,) = told_by_colour_alone(alike)
    assert found[1] == {"input", "weight"}
    dashed = line.format("weight", ' stroke-dasharray="2 2"')
    assert told_by_colour_alone(panel.format(line.format("input", ""), dashed)) == []
    frame = panel.format(line.format("input", ""), line.format("axis", ""))
    assert told_by_colour_alone(frame) == []


def areas(svg):
    """Yield the edge of each filled area of a panel, and its role."""
    for path in svg.select("path"):
        if not path.find_parent("defs") and (name := role(path, "fill")):
            edge = inherited(path, "stroke"), inherited(path, "stroke-dasharray")
            yield edge if role(path, "stroke") != name else "none", name


def apart(*colours):
    """Return how far two colours are from each other to an eye without green cones."""
    one, other = (lab(np.array(VISION["deuteranopia"]) @ linear(c)) for c in colours)
    return np.linalg.norm(one - other)


def alike(one, other):
    """Return whether two roles are one to such an eye, in light or in dark."""
    one, other = PALETTE[one], PALETTE[other]
    return any(apart(getattr(one, t), getattr(other, t)) < 15 for t in THEMES)


@pytest.mark.parametrize("name", FIGURES)
def test_areas_that_meet_differ_to_an_eye_without_green_cones(name):
    for svg in BeautifulSoup(FIGURES[name], "html.parser").select(".dl-row > svg"):
        roles = {}
        for edge, found in areas(svg):
            if found not in SILENT - {"ink"}:
                roles.setdefault(edge, set()).add(found)
        for names in roles.values():
            pairs = [pair for pair in combinations(sorted(names), 2) if alike(*pair)]
            assert pairs == [], svg.get("aria-label")


def test_the_ends_of_a_colour_map_differ_to_such_an_eye():
    assert MAPS
    for name, table in MAPS:
        assert apart(f"#{table[:6]}", f"#{table[-6:]}") > 15, name
    assert apart(PALETTE["neutral"].light, PALETTE["activation"].light) < 15


def test_areas_of_two_roles_that_look_alike_are_found():
    assert alike("activation", "neutral") and not alike("input", "weight")
    path = '<path d="M0 0L1 1" fill="var(--dl-{0},#000)" stroke="{1}"/>'
    svg = "<svg>" + path.format("neutral", "none") + path.format("input", "red")
    found = list(areas(BeautifulSoup(svg + "</svg>", "html.parser").svg))
    assert [name for _, name in found] == ["neutral", "input"]
    assert found[0][0] != found[1][0]
