"""The equations in a display, found in its tree."""

from typing import NamedTuple

from dlbook.mathml import symbols
from dlbook.mathml.classes import classes
from dlbook.mathml.nodes import Command, Space, Symbol, Table, Text
from dlbook.worked.structures import RELATIONS, plain

__all__ = ["EQUALITIES", "Side", "statements"]

EQUALITIES = ("=", "≈", "≡", "≔")


class Side(NamedTuple):
    """One side of a relation: the relation to its left, and its nodes."""

    relation: str
    items: tuple


def statements(items):
    """Return the chains of relations in a display, each a list of sides.

    A row that begins with a relation, or behind an empty cell with an operator,
    carries on the row before. Commas, words, wide spaces and arrows end a chain.

    Examples
    --------
    >>> from dlbook.mathml.latex import parse
    >>> [[s.relation for s in chain] for chain in statements(parse("a = b < c, d = e"))]
    [['', '=', '<'], ['', '=']]
    """
    chains = []
    for row, carries in _rows(items):
        if carries and chains:
            while len(chains) > 1 and chains[-1] == [("", [])]:
                chains.pop()
        else:
            chains.append([("", [])])
        _read_row(row, chains)
    sides = [[Side(mark, tuple(part)) for mark, part in chain] for chain in chains]
    return [chain for chain in sides if any(side.items for side in chain)]


def _read_row(row, chains):
    depth = 0
    for item, cls in zip(row, classes(row), strict=True):
        depth += {"open": 1, "close": -1}.get(cls, 0)
        if cls == "rel" and depth == 0 and (mark := _relation(item)):
            chains[-1].append((mark, []))
        elif depth == 0 and _ends(item, cls):
            chains.append([("", [])])
        else:
            chains[-1][-1][1].append(item)


def _relation(item):
    if isinstance(item, Command) and len(item.args) == 2:
        item = item.args[1][0]
    mark = getattr(item, "text", "")
    return mark if mark in RELATIONS or mark in EQUALITIES else ""


def _ends(item, cls):
    if isinstance(item, Space):
        return item.width in ("1em", "2em")
    full_stop = isinstance(item, Symbol) and item.name == "."
    return cls in ("punct", "rel") or isinstance(item, Text) or full_stop


def _rows(items):
    """Yield the rows of a display and whether each carries on the one before."""
    items = list(plain(items))
    inside = [item for item in items if not isinstance(item, Space)]
    match inside:
        case [Table(name=name, rows=rows)] if symbols.KINDS[name] in (
            "aligned",
            "gathered",
        ):
            cells = [[list(plain(cell)) for cell in row] for row in rows]
        case _:
            cells = [[items]]
    for row in cells:
        joint = [item for cell in row for item in cell]
        while joint and isinstance(joint[0], Space):
            joint.pop(0)
        first = classes(joint[:1])[:1]
        signed = len(row) > 1 and not row[0] and first in (["sign"], ["bin"])
        yield joint, first == ["rel"] or signed
