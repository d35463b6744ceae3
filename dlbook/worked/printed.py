"""Numbers as they stand in print, with half a unit of their last place."""

import math
import re

import numpy as np

from dlbook.live.text.formula import read
from dlbook.live.text.numbers import format_number
from dlbook.mathml import symbols
from dlbook.mathml.nodes import (
    Command,
    Fence,
    Group,
    Number,
    Slot,
    Space,
    Symbol,
    Table,
)
from dlbook.worked.quantity import Quantity, block
from dlbook.worked.structures import plain, split

__all__ = ["half_unit", "printed"]


def half_unit(spec, text):
    """Return half a unit of the last place of a formatted number.

    Examples
    --------
    >>> half_unit(".3f", "0.800"), half_unit(".1e", "7.9e-31"), half_unit(".4g", "0.8")
    (0.0005, 5e-33, 5e-05)
    """
    kind = spec[-1]
    places = re.search(r"\.(\d+)", spec)
    digits = int(places[1]) if places else 0 if kind == "d" else 6
    if "inf" in text or "nan" in text:
        return 0.0
    if kind in "fd%":
        return float(f"5e{-digits - 1 - 2 * (kind == '%')}")
    number = abs(float(text.replace(",", "")))
    exponent = math.floor(math.log10(number)) if number else 0
    if kind == "g":
        digits = max(digits, 1) - 1
    return float(f"5e{exponent - digits - 1}")


def printed(items, scope, rough):
    """Return the quantity that a side prints, or None if it is no mere number.

    Its error is half a unit of the last place: of a slot's format, of a decimal
    fraction, and with ``rough`` of a whole number too. A matrix of numbers is one.
    """
    items = [item for item in plain(items) if not isinstance(item, Space)]
    if len(items) == 1:
        return _single(items[0], scope, rough)
    if len(items) == 2 and getattr(items[0], "text", "") in ("−", "+"):
        inner = _single(items[1], scope, rough)
        if inner is None or items[0].text == "+":
            return inner
        return Quantity(-inner.value, inner.error)
    if [getattr(item, "text", "") for item in (items[:1] + items[-1:])] == ["[", "]"]:
        return _single(Fence("[", tuple(items[1:-1]), "]"), scope, rough)
    return None


def _single(item, scope, rough):
    match item:
        case Number(text=text):
            decimals = len(text.partition(".")[2])
            half = float(f"5e{-decimals - 1}") if rough or decimals else 0.0
            return Quantity(np.float64(text), np.float64(half))
        case Slot():
            return _slot(item, scope)
        case Symbol(name=r"\infty"):
            return Quantity(np.float64(np.inf), np.float64(0))
        case Group():
            return printed(item.items, scope, rough)
        case Command(name=name, args=(inner,)) if (
            name in symbols.BRACES or name == r"\boxed"
        ):
            return printed(inner, scope, rough)
        case Table() if symbols.KINDS[item.name] == "matrix" and item.name[0] != "v":
            return _grid(item.rows, scope, rough)
        case Fence(left="[" | "(", items=inner):
            rows = split(inner, ("punct",))[0]
            return _grid([(row,) for row in rows], scope, rough)
    return None


def _slot(node, scope):
    slot = read(node.text)
    number = float(scope.slot(node).value)
    text = format_number(number, slot.spec)
    shown = float(text.replace(",", "").rstrip("%")) / (100 if text[-1] == "%" else 1)
    return Quantity(np.float64(shown), np.float64(half_unit(slot.spec, text)))


def _grid(rows, scope, rough):
    cells = [[printed(cell, scope, rough) for cell in row] for row in rows]
    if any(cell is None or not cell.scalar for row in cells for cell in row):
        return None
    return block(cells)
