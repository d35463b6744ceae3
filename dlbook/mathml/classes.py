"""TeX's classes of the parts of a formula, which decide spaces and signs."""

from dlbook.mathml import symbols
from dlbook.mathml.nodes import (
    Command,
    Fence,
    Function,
    Number,
    Script,
    Slot,
    Space,
    Symbol,
    Table,
)

__all__ = ["OPERANDS", "class_of", "classes"]

OPERANDS = ("num", "var", "ord", "close", "inner")


def classes(items, before=None):
    """Return TeX's class of each item, signs and bars resolved by their place.

    A binary operator that has nothing to its left is a ``sign``. Bars that come in
    pairs within the same brackets open and close; a single one is a ``bar``.
    ``before`` is the class of what stands to the left of the first item. A quad parts
    what follows from what stands before it in the row; a first one only sets it in.
    """
    result, bars = [], _pairs(items)
    for k, item in enumerate(items):
        cls = bars.get(k) or class_of(item)
        if cls == "bin" and before not in OPERANDS:
            cls = "sign"
        result.append(cls)
        if cls == "space":
            parts = item.width in ("1em", "2em") and set(result) != {"space"}
            before = None if parts else before
        else:
            before = cls
    return result


def _pairs(items):
    """Return for each bar's place whether it opens or closes or stands alone."""
    levels, groups = [0], {}
    for k, item in enumerate(items):
        cls = class_of(item)
        if cls == "open":
            levels.append(k + 1)
        elif cls == "close" and len(levels) > 1:
            levels.pop()
        elif cls == "fence":
            bar = item.base[0] if isinstance(item, Script) else item
            groups.setdefault((levels[-1], bar.text), []).append(k)
    found = {}
    for places in groups.values():
        odd = len(places) % 2
        for n, place in enumerate(places):
            found[place] = "bar" if odd else ("open", "close")[n % 2]
    return found


def class_of(item):
    match item:
        case Symbol():
            return item.cls
        case Space():
            return "space"
        case Number() | Slot():
            return "num"
        case Function():
            return "op"
        case Script():
            return class_of(item.base[0])
        case Fence() | Table():
            return "inner"
        case Command(name=r"\stackrel" | r"\overset" | r"\underset"):
            return class_of(item.args[1][0]) if item.args[1] else "ord"
        case Command(name=name) if name in symbols.SIZES:
            return item.args[0][0].cls
        case Command(name=r"\xrightarrow"):
            return "rel"
    return "ord"
