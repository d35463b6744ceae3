"""The words of SVG: numbers, colours, paths, and attributes shared by a group."""

import re
from xml.etree import ElementTree

import numpy as np
from matplotlib.colors import to_hex
from matplotlib.path import Path

from dlbook.plotting import PALETTE

__all__ = [
    "FAR",
    "dots",
    "look",
    "number",
    "paint",
    "path_data",
    "share",
    "shifted",
    "sort_by_tag",
    "tone",
]

#: Beyond this many pixels a coordinate is not told apart from the next.
FAR = 9999.0

_ROLES = {c.light: f"var(--dl-{role},{c.light})" for role, c in PALETTE.items()}
_ROLES.setdefault("#000000", _ROLES[PALETTE["ink"].light])
_LETTERS = {Path.MOVETO: "M", Path.LINETO: "L", Path.CURVE3: "Q", Path.CURVE4: "C"}
_PAIR = re.compile(r"(-?[\d.]+) (-?[\d.]+)")
_SHARED = (
    *("fill", "fill-opacity", "stroke", "stroke-opacity", "stroke-width"),
    *("stroke-dasharray", "stroke-dashoffset", "stroke-linejoin", "stroke-linecap"),
    *("font-size", "font-weight", "font-style", "text-anchor", "clip-path", "class"),
    "shape-rendering",
)


def number(value):
    """Return a coordinate with two decimals and nothing to spare.

    Examples
    --------
    >>> number(1.50), number(-0.001), number(1e9)
    ('1.5', '0', '9999')
    """
    text = f"{min(max(value, -FAR), FAR):.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def paint(rgb):
    """Return a colour as the page writes it: a role's variable, or ``#rrggbb``."""
    colour = to_hex(rgb)
    return _ROLES.get(colour, colour)


def path_data(vertices, codes=None):
    """Return the ``d`` attribute of a path; a vertex that is not finite breaks it."""
    if codes is None:
        codes = np.full(len(vertices), Path.LINETO)
        codes[:1] = Path.MOVETO
    if box := _box(vertices, codes):
        return box
    words, last = [], None
    for (x, y), code in zip(vertices, codes, strict=True):
        if code == Path.CLOSEPOLY:
            words.append("Z")
            last = "Z"
        elif not (np.isfinite(x) and np.isfinite(y)):
            last = None
        else:
            letter = "M" if last is None else _LETTERS[code]
            repeated = letter == last and letter != "M"
            words.append(f"{' ' if repeated else letter}{number(x)} {number(y)}")
            last = letter
    return "".join(words) if words != ["Z"] else ""


def dots(points):
    """Return the ``d`` of lines without length, which round ends make dots."""
    shown = points[np.isfinite(points).all(axis=1)]
    return "".join(f"M{number(x)} {number(y)}h0" for x, y in shown)


def _box(vertices, codes):
    """Return a closed rectangle along the axes in four commands; else None."""
    if list(codes[:4]) != [Path.MOVETO] + 3 * [Path.LINETO] or len(codes) != 5:
        return None
    if codes[4] != Path.CLOSEPOLY and not np.array_equal(vertices[4], vertices[0]):
        return None
    if not np.isfinite(vertices[:4]).all():
        return None
    (x, y), (right, low), (end, top), (left, high) = (
        map(number, vertex) for vertex in vertices[:4]
    )
    if (y, right, top, left) != (low, end, high, x):
        return None
    return f"M{x} {y}H{right}V{top}H{x}Z"


def shifted(data, x, y):
    """Return the ``d`` attribute of a path that is moved."""
    return _PAIR.sub(
        lambda m: f"{number(float(m[1]) + x)} {number(float(m[2]) + y)}", data
    )


def look(gc, rgb_face):
    """Return the presentation attributes of a shape."""
    if gc.get_hatch():
        raise ValueError("hatched shapes cannot be drawn on the page: use a colour")
    alpha = gc.get_alpha() if gc.get_forced_alpha() else None
    result = {"fill": "none"} if rgb_face is None else tone("fill", rgb_face, alpha)
    width = gc.get_linewidth()
    if not width:
        return result
    result |= tone("stroke", gc.get_rgb(), alpha)
    result["stroke-width"] = number(width)
    if gc.get_joinstyle() != "round":
        result["stroke-linejoin"] = str(gc.get_joinstyle())
    if gc.get_capstyle() != "butt":
        cap = {"projecting": "square"}.get(gc.get_capstyle(), str(gc.get_capstyle()))
        result["stroke-linecap"] = cap
    offset, dashes = gc.get_dashes()
    if dashes is not None:
        result["stroke-dasharray"] = " ".join(map(number, dashes))
        result["stroke-dashoffset"] = number(float(offset))
    return result


def tone(kind, rgb, alpha):
    """Return a colour and, where it is not one, its opacity."""
    alpha = rgb[3] if alpha is None and len(rgb) == 4 else alpha
    opacity = {} if alpha in (None, 1) else {f"{kind}-opacity": number(alpha)}
    return {kind: paint(rgb), **opacity}


def sort_by_tag(group):
    """Give the marks and the texts of an axis a group each."""
    children = list(group)
    for child in children:
        group.remove(child)
    for tag in dict.fromkeys(child.tag for child in children):
        same = [child for child in children if child.tag == tag]
        inner = ElementTree.SubElement(group, "g")
        inner.extend(same)
        share(inner)


def share(group):
    """Move to a group the attributes that all of its elements share."""
    for name in _SHARED:
        values = {child.get(name) for child in group}
        if len(values) == 1 and None not in values:
            group.set(name, values.pop())
            for child in group:
                del child.attrib[name]
