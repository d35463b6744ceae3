"""Statements that repeat, with numbers that progress evenly, become loops.

While a script is written, a whole number or a constant in it is a *hole*. Statements
that are the same but for their holes are compared: where a block of them repeats, and
whole numbers grow by the same step each time, the block is written once, in a loop.
Other numbers that differ stand in a table.
"""

import bisect
import functools
import re
from collections import defaultdict
from itertools import accumulate

import numpy as np

from dlbook.compiler.rules import number
from dlbook.compiler.tables import progression

_HOLE = re.compile("\x01(.*?)\x02")
_TRIED, _LOOP = 24, 30
#: Variables of the loops, and how many statements a round may have: inner loops first.
_PASSES = {"t": 2, "u": 2, "x": 24, "b": 1200}


def hole(value):
    """Return the text of a whole number that may differ between rounds of a loop."""
    return f"\x01{int(value)}\x02"


def constant(value):
    """Return the text of a float that may differ between rounds of a loop."""
    return f"\x01f{float(value)!r}\x02"


def rendered(text):
    """Return a text with its holes filled; a whole 0 is left out of a sum."""

    def filled(found):
        if found[1][0] != "f":
            return "\x03" if found[1] == "0" else found[1]
        written = number(float(found[1][1:]))[0]
        after = text[: found.start()].endswith("-") and written[0] == "-"
        return " " * after + written

    text = _HOLE.sub(filled, text)
    return text.replace("+\x03", "").replace("\x03+", "").replace("\x03", "0")


def roll(texts, tables):
    """Return statements with those that repeat in loops."""
    for variable, longest in _PASSES.items():
        texts = _rolled(texts, variable, longest, tables)
    return list(map(rendered, texts))


def _rolled(statements, variable, longest, tables):
    """Return statements with one layer of loops.

    A loop is not taken where a better one begins within its first round.
    """
    parts = [_HOLE.split(text) for text in statements]
    codes, places = [tuple(part[::2]) for part in parts], defaultdict(list)
    rows = [[_read(value) for value in part[1::2]] for part in parts]
    for k, code in enumerate(codes):
        places[code].append(k)
    kinds = np.array([places[code][0] for code in codes])
    ends = [0, *accumulate(sum(len(t) + 3 for t in code) - 2 for code in codes)]

    @functools.cache
    def runs(size):
        """Return how many statements, from each place on, are as ``size`` later."""
        places = np.arange(len(kinds) - size)
        ends = np.flatnonzero(np.append(kinds[size:] != kinds[:-size], True))
        return ends[np.searchsorted(ends, places)] - places

    def repeats(k):
        """Yield (size of a block, how often it stands there) from a place on."""
        same = places[codes[k]]
        first = bisect.bisect(same, k)
        for again in same[first : first + _TRIED]:
            size = again - k
            if size > longest:
                return
            times = 1 + int(runs(size)[k]) // size
            if times > 1:
                yield size, times

    @functools.cache
    def best(k):
        """Return (characters saved, size, numbers by hole, rounds) of the best loop."""
        found = 0, 1, None, 1
        for size, times in repeats(k):
            length = ends[k + size] - ends[k]
            if (times - 1) * length - _LOOP > found[0]:
                columns = _columns(rows, k, size, times)
                times = len(columns[0]) if columns else times
                saved = (times - 1) * length - _LOOP - sum(map(_cost, columns))
                if saved > found[0]:
                    found = saved, size, columns, times
        return found

    result, k = [], 0
    while k < len(statements):
        saved, size, columns, times = best(k)
        later = range(k + 1, min(k + size, len(statements)))
        if columns is None or any(best(j)[0] > saved for j in later):
            size, times, text = 1, 1, statements[k]
        else:
            text = _body(codes[k : k + size], iter(columns), variable, tables)
            text = text if size == 1 else f"{{{text}}}"
            text = f"for(let {variable}=0;{variable}<{times};{variable}++){text}"
        result.append(text)
        k += size * times
    return result


def _read(text):
    return float(text[1:]) if text[0] == "f" else int(text)


def _columns(rows, start, size, times):
    """Return the numbers in each hole of a block, round by round.

    The rounds end where a whole number does not progress as from the first on.
    """
    found = []
    for k in range(start, start + size * times, size):
        row = [v for values in rows[k : k + size] for v in values]
        if len(found) > 1 and any(
            isinstance(v, int) and v != a + len(found) * (b - a)
            for v, a, b in zip(row, *found[:2], strict=True)
        ):
            break
        found.append(row)
    return list(zip(*found, strict=True))


def _body(codes, columns, variable, tables):
    """Return the statements of one round."""

    def text(column):
        return _moving(column, variable) or f"$T[{hole(tables.add(column))}+{variable}]"

    return ";".join(
        first + "".join(text(next(columns)) + after for after in rest)
        for first, *rest in codes
    )


def _cost(column):
    """Return how long the table is that a column needs."""
    table = not _moving(column, "t")
    return 6 + sum(len(number(v)[0]) + 1 for v in column) if table else 0


def _moving(column, variable):
    """Return what gives a column of numbers in a loop, or None: a table has to."""
    first, whole = column[0], isinstance(column[0], int)
    if len(set(map(repr, column))) == 1:  # 0 and -0 are two
        return hole(first) if whole else constant(first)
    if not whole:
        found = progression(column, variable)
        return found and f"({found[0]})"
    step = column[1] - first
    times = variable if abs(step) == 1 else f"{abs(step)}*{variable}"
    return hole(first) + ("+" if step > 0 else "-") + times
