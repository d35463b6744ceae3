"""Whether the equations of a display hold."""

from typing import NamedTuple

import numpy as np

from dlbook.mathml.nodes import Command, Function, Script, Slot, Symbol
from dlbook.mathml.source import source
from dlbook.worked.errors import NotEvaluable, UnknownName
from dlbook.worked.evaluate import evaluate
from dlbook.worked.functions import FUNCTIONS
from dlbook.worked.names import Scope, flat, name_of
from dlbook.worked.printed import printed
from dlbook.worked.quantity import Quantity
from dlbook.worked.statements import EQUALITIES, statements
from dlbook.worked.structures import RELATIONS

__all__ = ["Check", "check", "slots_of"]


class Check(NamedTuple):
    """Two sides that were compared, as LaTeX, and their relation."""

    left: str
    relation: str
    right: str


class _Known(NamedTuple):
    items: tuple
    quantity: Quantity
    mere: bool
    names: frozenset


def check(items, values, orders=True):
    """Compare the sides of every equation whose values are known.

    Parameters
    ----------
    items : tuple
        The tree of the display.
    values : mapping
        What its names and slots stand for.
    orders : bool
        Whether inequalities are to hold as well as equations.

    Returns
    -------
    checks : list of Check
        The comparisons that say more than that a name has its value.
    covered : set of int
        Where the slots stand that took part in a comparison.

    Raises
    ------
    ValueError
        If two sides differ; the message shows both.
    """
    checks, covered, scope = [], set(), Scope(values)
    for chain in statements(items):
        known = [(k, _known(side, scope, k == 0)) for k, side in enumerate(chain)]
        known = [(k, side) for k, side in known if side is not None]
        for (k, left), (n, right) in zip(known, known[1:], strict=False):
            marks = [side.relation for side in chain[k + 1 : n + 1]]
            mark = "=" if set(marks) <= set(EQUALITIES) else marks[-1]
            if len(marks) > 1 and mark != "=" or mark != "=" and not orders:
                continue
            _compare(left, right, mark)
            covered |= {slot.start for slot in slots_of((left.items, right.items))}
            same = left.names and left.names == right.names
            if not (left.mere and right.mere and same):
                checks.append(Check(source(left.items), marks[-1], source(right.items)))
    return checks, covered


def _known(side, scope, first):
    """Evaluate a side; a first one, that is being defined, may have no value."""
    scope.used = set()
    if not side.items:
        return None
    try:
        value = printed(side.items, scope, rough=side.relation == "≈")
        mere = value is not None or len(side.items) == 1 and _name(side.items[0])
        if value is None:
            with np.errstate(all="ignore"):
                value = evaluate(side.items, scope)
    except NotEvaluable as reason:
        if first and (isinstance(reason, UnknownName) or _unknown(side.items, scope)):
            return None
        unknown = "no value for " if isinstance(reason, UnknownName) else ""
        message = f"cannot evaluate {source(side.items)}: {unknown}{reason}"
        raise ValueError(message) from None
    return _Known(side.items, value, bool(mere), frozenset(scope.used))


def _name(item):
    return name_of(item.base[0] if isinstance(item, Script) else item)


def _unknown(part, scope):
    """Return whether a part of the tree uses a name without a value."""
    base, sub = (part.base[0], part.sub) if isinstance(part, Script) else (part, ())
    name = name_of(base) if isinstance(base, (Symbol, Command, Function)) else None
    if name is None:
        return isinstance(part, tuple) and any(_unknown(p, scope) for p in part)
    if scope.function(name) or name in FUNCTIONS:
        return False
    try:
        scope.number(name, flat(sub) or "")
    except NotEvaluable as reason:
        return isinstance(reason, UnknownName)
    return False


def slots_of(part):
    """Return the slots in a part of a tree."""
    if isinstance(part, Slot):
        return [part]
    if isinstance(part, tuple):
        return [slot for child in part for slot in slots_of(child)]
    return []


def _compare(left, right, mark):
    a, b = left.quantity, right.quantity
    if a.value.shape == b.value.shape:
        error = np.nan_to_num(a.error + b.error) * (1 + 1e-6) + 1e-15
        with np.errstate(invalid="ignore"):
            difference = np.where(a.value == b.value, 0.0, a.value - b.value)
        if np.all(RELATIONS[mark](difference, error)):
            return
    raise ValueError(
        f"left {mark} right does not hold:\n"
        f"  left:  {source(left.items)}\n         is {_show(a)}\n"
        f"  right: {source(right.items)}\n         is {_show(b)}"
    )


def _show(quantity):
    return np.array2string(quantity.value, precision=8, separator=", ").replace(
        "\n", ""
    )
