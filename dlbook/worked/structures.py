"""The values of fractions, roots, brackets and matrices."""

import numpy as np

from dlbook.mathml import symbols
from dlbook.mathml.classes import classes
from dlbook.mathml.nodes import Command, Fence, Group, Script, Style, Table, Text
from dlbook.mathml.source import source
from dlbook.worked import quantity
from dlbook.worked.errors import NotEvaluable, UnknownName
from dlbook.worked.names import flat, name_of

__all__ = ["RELATIONS", "brackets", "plain", "split", "structure"]

_ENCLOSED = {"|": np.abs, "⌊": np.floor, "⌈": np.ceil}
RELATIONS = {
    "=": lambda difference, error: abs(difference) <= error,
    "≠": lambda difference, error: abs(difference) > error,
    "<": lambda difference, error: difference < 0,
    ">": lambda difference, error: difference > 0,
    "≤": lambda difference, error: difference <= error,
    "≥": lambda difference, error: difference >= -error,
}


def structure(item, scope, evaluate):
    """Return the quantity of a part that is built of rows."""
    match item:
        case Fence():
            inner = split(item.items, ("punct",))[0]
            entries = [evaluate(part, scope) for part in inner]
            return brackets(item.left, entries, all(map(_is_list, inner)))
        case Table(name="cases"):
            return _cases(item, scope, evaluate)
        case Table() if symbols.KINDS[item.name] in ("matrix", "smallmatrix"):
            rows = [[evaluate(cell, scope) for cell in row] for row in item.rows]
            value = quantity.block(rows)
            if item.name == "vmatrix":
                return quantity.apply(np.linalg.det, value)
            return value
        case Command(name=r"\frac" | r"\dfrac" | r"\tfrac", args=(top, bottom)):
            return _fraction(top, bottom, scope, evaluate)
        case Command(name=r"\sqrt", args=(inner,), option=option):
            root = evaluate(option, scope) if option else quantity.leaf(2, exact=True)
            one = quantity.leaf(1, exact=True)
            return quantity.power(evaluate(inner, scope), quantity.divide(one, root))
        case Command(name=name, args=(inner,)) if (
            name in symbols.BRACES or name == r"\boxed"
        ):
            return evaluate(inner, scope)
    raise NotEvaluable(f"no rule for {source((item,))}")


def plain(items):
    """Take the items out of styles and of groups that hold them all."""
    if len(items) == 1 and isinstance(items[0], Group):
        items = items[0].items
    for item in items:
        if isinstance(item, Style):
            yield from plain(item.items)
        else:
            yield item


def split(items, kinds):
    """Cut a row at items of some classes outside of brackets.

    Returns the parts and the items between them.
    """
    parts, marks, depth = [[]], [], 0
    for item, cls in zip(items, classes(items), strict=True):
        depth += {"open": 1, "close": -1}.get(cls, 0)
        if cls in kinds and depth == 0:
            parts.append([])
            marks.append(item)
        else:
            parts[-1].append(item)
    return [tuple(part) for part in parts], marks


def _is_list(items):
    if len(items) == 1 and isinstance(items[0], Fence):
        return items[0].left == "["
    ends = [getattr(item, "text", "") for item in (items[:1] + items[-1:])]
    return ends == ["[", "]"]


def brackets(text, entries, nested):
    """Return what stands in brackets: a number, a vector, a matrix, a norm."""
    if text == "‖":
        return quantity.apply(np.linalg.norm, *entries)
    if text in _ENCLOSED:
        return quantity.apply(_ENCLOSED[text], *entries)
    if len(entries) == 1:
        return entries[0]
    if nested:
        return quantity.block([[quantity.transpose(row)] for row in entries])
    return quantity.block([[entry] for entry in entries])


def _fraction(top, bottom, scope, evaluate):
    if len(bottom) == 2 and name_of(top[0]) == name_of(bottom[0]) == "partial":
        node = bottom[1]
        base, sub = (node.base[0], node.sub) if isinstance(node, Script) else (node, ())
        name, place = name_of(base), flat(sub)
        if name is None or place is None:
            raise UnknownName("a derivative")
        return scope.number(name, place, prefix="d")
    return quantity.divide(evaluate(top, scope), evaluate(bottom, scope))


def _cases(table, scope, evaluate):
    for value, *condition in table.rows:
        items = [part for cell in condition for part in cell]
        if _holds(
            [part for part in items if not isinstance(part, Text)], scope, evaluate
        ):
            return evaluate(value, scope)
    raise NotEvaluable("none of the cases holds")


def _holds(items, scope, evaluate):
    sides, marks = split(items, ("rel",))
    if not marks:
        return True
    values = [evaluate(side, scope) for side in sides]
    for left, right, mark in zip(values, values[1:], marks, strict=False):
        test = RELATIONS.get(mark.text)
        if test is None:
            raise NotEvaluable(f"no rule for {source((mark,))}")
        difference = quantity.add(left, quantity.negate(right))
        if not np.all(test(difference.value, difference.error)):
            return False
    return True
