r"""Formulas with slots: LaTeX in which numbers are filled in, and kept up to date.

A template is LaTeX with slots ``<<name>>``, ``<<name[0]>>`` or ``<<name[0, 1]:.2f>>``:
a value's name, the place of an element counted from 0 as in Python, and a format
that :func:`dlbook.live.text.numbers.check_spec` knows. A slot that names a whole vector
or matrix becomes a bracketed column or matrix of slots.

A number with a sign gets brackets where the sign would collide: after an operator,
a function or another factor, and below an exponent. A slot with a ``+`` in its
format that follows an operand shows its sign as the operator.
"""

import re
from typing import NamedTuple

import numpy as np

from dlbook.live.text.numbers import check_spec, format_number, typeset
from dlbook.mathml.emit import Context, one, tag
from dlbook.mathml.latex import parse

__all__ = ["Slot", "expand", "mathml", "read", "render", "slots"]

_SLOT = re.compile(r"([A-Za-z][\w.]*)\s*(?:\[([\s\d,]+)\])?\s*(?::(.*))?")


class Slot(NamedTuple):
    """One number of a formula.

    ``kind`` says what a sign does: nothing (``plain``), ask for ``brackets``, or be
    the ``operator``. ``start``, ``end`` and ``argument`` place it in the template.
    """

    name: str
    index: tuple
    spec: str
    kind: str = "plain"
    start: int = 0
    end: int = 0
    argument: bool = False

    def take(self, values):
        """Return the slot's number in the type it was given."""
        array = _array(self.name, values)
        if len(self.index) != array.ndim:
            wanted = f"{array.ndim} places in the brackets, as its shape {array.shape}"
            raise ValueError(f"{self.name}: wanted {wanted}, got {self.index}")
        try:
            return array[self.index]
        except IndexError:
            message = f"wanted a place within shape {array.shape}, got {self.index}"
            raise ValueError(f"{self.name}: {message}") from None


def _array(name, values):
    if name not in values:
        known = ", ".join(values) or "none"
        raise ValueError(f"<<{name}>>: no such value; known are {known}")
    array = np.asarray(values[name])
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name}: wanted real numbers, got dtype {array.dtype}")
    return array


def read(text):
    """Return the slot that a text between ``<<`` and ``>>`` names."""
    match = _SLOT.fullmatch(text.strip())
    if not match:
        raise ValueError(f"<<{text}>>: wanted <<name>>, <<name[0]>> or <<name:.2f>>")
    name, index, spec = match.groups()
    places = tuple(int(k) for k in (index or "").split(",") if k.strip())
    return Slot(name, places, check_spec((spec or "").strip()))


def expand(template, values):
    r"""Write the slots of whole vectors and matrices as matrices of slots.

    Examples
    --------
    >>> expand("x = <<x:.1f>>", {"x": [1, 2]})
    'x = \\begin{bmatrix}<<x[0]:.1f>>\\\\<<x[1]:.1f>>\\end{bmatrix}'
    """

    def replace(match):
        slot = read(match.group()[2:-2])
        array = _array(slot.name, values)
        if slot.index or array.ndim == 0:
            return match.group()
        if array.ndim > 2 or array.size == 0:
            wanted = "wanted a number, a vector or a matrix"
            raise ValueError(f"{slot.name}: {wanted}, got shape {array.shape}")
        grid = np.arange(array.size).reshape(len(array), -1)
        cells = [
            [_cell(slot, np.unravel_index(k, array.shape)) for k in line]
            for line in grid
        ]
        body = r"\\".join("&".join(line) for line in cells)
        return rf"\begin{{bmatrix}}{body}\end{{bmatrix}}"

    return re.sub(r"<<[^<>]*>>", replace, template)


def _cell(slot, place):
    return f"<<{slot.name}[{','.join(map(str, place))}]:{slot.spec}>>"


def _kind(slot, before, power):
    if slot.spec[0] == "+" and before in ("num", "var", "ord", "close", "inner"):
        return "operator"
    free = before in (None, "open", "rel", "punct")
    return "plain" if free and not power else "brackets"


def _convert(template, write):
    """Return the markup of a template and its slots in order of appearance."""
    found = []

    def fill(node, before, power):
        slot = read(node.text)
        kind = _kind(slot, before, power)
        place = {"start": node.start, "end": node.end, "argument": node.argument}
        found.append(slot._replace(kind=kind, **place))
        return write(len(found) - 1, found[-1])

    return one(parse(template), Context(fill)), found


def slots(template, values):
    """Return the slots of a template, whole arrays expanded, in order."""
    return _convert(expand(template, values), lambda number, slot: "")[1]


def render(template, values):
    r"""Return the template's LaTeX with the numbers filled in.

    Parameters
    ----------
    template : str
        LaTeX with slots.
    values : mapping of str to array_like
        A number, vector or matrix for each name.

    Returns
    -------
    str
        LaTeX without slots.

    Raises
    ------
    ValueError
        If a slot names no value, or no element of it, or has an unknown format, or
        if the LaTeX cannot be read.

    Examples
    --------
    >>> values = {"w": [0.5, -0.6], "x": [1, 0], "z": 0.5}
    >>> render(r"z = <<w[0]>> \cdot <<x[0]>> + <<w[1]>> \cdot <<x[1]>>", values)
    'z = 0.5 \\cdot 1 + (-0.6) \\cdot 0'
    >>> render(r"<<w[1]>>^2 = <<z:.2f>>", values)
    '(-0.6)^2 = 0.50'
    """
    template = expand(template, values)
    pieces, end = [], 0
    for slot in sorted(_convert(template, lambda n, s: "")[1], key=lambda s: s.start):
        pieces += [template[end : slot.start], _latex(slot, float(slot.take(values)))]
        end = slot.end
    return "".join(pieces) + template[end:]


def _latex(slot, value):
    text = format_number(value, slot.spec)
    bracket = slot.kind == "brackets" and any(c in text for c in "-+e")
    mantissa, mark, exponent = text.replace("inf", r"\infty").partition("e")
    text = mantissa.replace("nan", r"\text{undefined}").replace(",", "{,}")
    text = text.replace("%", r"\%")
    if mark:
        text += rf" \times 10^{{{int(exponent)}}}"
    text = f"({text})" if bracket else text
    return f"{{{text}}}" if slot.argument else text


def mathml(template, values, display=True):
    r"""Return a formula whose numbers have addresses.

    The k-th slot is the element with ``data-slot="k"``: an ``<mn>``, or an ``<mrow>``
    of bracket, number and bracket, or of sign and number. ``setSlot`` of
    ``numbers.js`` changes its text in place by the same rules.

    Parameters
    ----------
    template : str
        LaTeX with slots.
    values : mapping of str to array_like
        A number, vector or matrix for each name.
    display : bool
        Whether the formula stands on a line of its own.

    Returns
    -------
    html : str
        A ``<math>`` element with the numbers filled in.
    slots : list of Slot
        What is written where.

    Raises
    ------
    ValueError
        As :func:`render` does.

    Examples
    --------
    >>> html, found = mathml("<<z[1]:.1f>>", {"z": [0, -0.8]}, display=False)
    >>> html
    '<math><mn data-slot="0">−0.8</mn></math>'
    >>> found[0].name, found[0].index, found[0].spec
    ('z', (1,), '.1f')
    """

    def write(number, slot):
        return _markup(number, slot, float(slot.take(values)))

    body, found = _convert(expand(template, values), write)
    return tag("math", body, **({"display": "block"} if display else {})), found


def _markup(number, slot, value):
    text = typeset(format_number(value, slot.spec))
    place = {"data-slot": str(number)}
    if slot.kind == "plain":
        return tag("mn", text, **place)
    if slot.kind == "operator":
        sign = tag("mo", text[0], form="infix")
        return tag("mrow", sign, tag("mn", text[1:]), **place)
    left, right = ("(", ")") if any(c in text for c in "−+×") else ("", "")
    close = {"stretchy": "false", "lspace": "0", "rspace": "0"}
    head = tag("mo", left, form="prefix", **close)
    tail = tag("mo", right, form="postfix", **close)
    return tag("mrow", head, tag("mn", text), tail, **place)
