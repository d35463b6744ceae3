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
from typing import NamedTuple

from dlbook.compiler.rules import number
from dlbook.compiler.tables import progression

__all__ = ["constant", "hole", "rendered", "roll"]

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


class _Statement(NamedTuple):
    texts: tuple
    values: tuple


def _parsed(text):
    parts = _HOLE.split(text)
    values = [float(v[1:]) if v[0] == "f" else int(v) for v in parts[1::2]]
    return _Statement(tuple(parts[::2]), tuple(values))


def rendered(text):
    """Return a text with its holes filled."""
    return _filled(_parsed(text))


def _filled(statement):
    out = statement.texts[0]
    for value, after in zip(statement.values, statement.texts[1:], strict=True):
        if isinstance(value, float):
            written = number(value)[0]
            out += " " + written if out.endswith("-") and written[0] == "-" else written
        elif value or not out.endswith("+"):
            if not value and after.startswith("+"):
                after = after[1:]
            else:
                out += str(value)
        else:
            out = out[:-1]
        out += after
    return out


def roll(texts, tables):
    """Return statements, as texts, with those that repeat in loops."""
    statements = [_parsed(text) for text in texts]
    for variable, longest in _PASSES.items():
        statements = _rolled(statements, variable, longest, tables)
    return [_filled(statement) for statement in statements]


def _rolled(statements, variable, longest, tables):
    """Return statements with one layer of loops.

    A loop is not taken where a better one begins within its first round.
    """
    codes = [statement.texts for statement in statements]
    places = defaultdict(list)
    for k, code in enumerate(codes):
        places[code].append(k)
    lengths = [sum(len(t) + 3 for t in texts) - 2 for texts in codes]
    lengths = [0, *accumulate(lengths)]

    def repeats(k):
        """Yield (size of a block, how often it stands there) from a place on."""
        same = places[codes[k]]
        first = bisect.bisect(same, k)
        for again in same[first : first + _TRIED]:
            size, times, end = again - k, 1, again
            if size > longest:
                return
            while codes[end : end + size] == codes[k:again]:
                times, end = times + 1, end + size
            if times > 1:
                yield size, times

    @functools.cache
    def best(k):
        """Return (characters saved, size, numbers by hole, rounds) of the best loop."""
        found = 0, 1, None, 1
        for size, times in repeats(k):
            length = lengths[k + size] - lengths[k]
            if (times - 1) * length - _LOOP > found[0]:
                columns = _columns(statements, k, size, times)
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
            result.append(statements[k])
            k += 1
        else:
            block = codes[k : k + size]
            result.append(_written(block, columns, times, variable, tables))
            k += size * times
    return result


def _columns(statements, start, size, times):
    """Return the numbers in each hole of a block, round by round.

    The rounds end where a whole number does not progress as from the first on.
    """
    rows = []
    for k in range(start, start + size * times, size):
        row = [v for s in statements[k : k + size] for v in s.values]
        if len(rows) > 1 and any(
            v != a + len(rows) * (b - a)
            for v, a, b in zip(row, *rows[:2], strict=True)
            if isinstance(v, int)
        ):
            break
        rows.append(row)
    return list(zip(*rows, strict=True))


def _even(column):
    """Tell whether whole numbers progress evenly."""
    first, step = column[0], column[1] - column[0]
    return step != 0 and column == tuple(range(first, first + step * len(column), step))


def _cost(column):
    if _same(column):
        return 0
    if _varying(column, "t"):
        return 4 if isinstance(column[0], int) else 12
    return 6 + sum(len(number(float(v))[0]) + 1 for v in column)


def _same(column):
    """Tell whether numbers are one; 0 and -0 are two."""
    if column.count(column[0]) < len(column):
        return column[0] != column[0] and all(v != v for v in column)
    return column[0] != 0 or len(set(map(str, column))) == 1


def _written(block, columns, times, variable, tables):
    """Return the statement of a loop."""
    columns, texts = iter(columns), []
    for pieces in block:
        text = pieces[0]
        for after in pieces[1:]:
            column = next(columns)
            moving = _varying(column, variable)
            if moving is None:
                moving = f"$T[{hole(tables.add(column))}+{variable}]"
            text += moving + after
        texts.append(text)
    body = ";".join(texts)
    head = f"for(let {variable}=0;{variable}<{times};{variable}++)"
    return _parsed(head + (body if len(texts) == 1 else f"{{{body}}}"))


def _varying(column, variable):
    """Return what a column of numbers is as an expression of the loop's variable.

    None if it has to stand in a table.
    """
    first, whole = column[0], isinstance(column[0], int)
    if _same(column):
        return hole(first) if whole else constant(first)
    if not whole:
        found = progression(column, variable)
        return found and f"({found[0]})"
    if not _even(column):
        return None
    step = column[1] - first
    times = variable if abs(step) == 1 else f"{abs(step)}*{variable}"
    return hole(first) + ("+" if step > 0 else "-") + times
