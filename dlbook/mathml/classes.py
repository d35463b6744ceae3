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
    """Return TeX's class of each item, signs and bars resolved by what precedes.

    A binary operator that has nothing to its left is a ``sign``; a bar opens after
    what cannot end an operand and closes else. ``before`` is the class of what
    stands to the left of the first item.
    """
    result, open_bars = [], 0
    for item in items:
        cls = class_of(item)
        if cls == "bin" and before not in OPERANDS:
            cls = "sign"
        elif cls == "fence":
            cls = "close" if open_bars and before in OPERANDS else "open"
            open_bars += 1 if cls == "open" else -1
        result.append(cls)
        if cls == "space":
            before = None if item.width in ("1em", "2em") else before
        else:
            before = cls
    return result


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
            return item.args[0].cls
        case Command(name=r"\xrightarrow"):
            return "rel"
    return "ord"
