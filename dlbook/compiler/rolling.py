"""Statements that repeat, with numbers that progress evenly, become loops.

While a script is written, a whole number or a constant in it is a *hole*. Statements
that are the same but for their holes are compared: where a block of them repeats, and
whole numbers grow by the same step each time, the block is written once, in a loop.
Other numbers that differ stand in a table.
"""

import re
from itertools import accumulate
from typing import NamedTuple

from dlbook.compiler.rules import number
from dlbook.compiler.tables import progression

__all__ = ["constant", "hole", "rendered", "roll"]

_HOLE = re.compile("\x01(.*?)\x02")
_TRIED, _LOOP = 24, 30
#: Variables of the loops, and how many statements a round may have: inner loops first.
_PASSES = {"t": 2, "u": 2, "x": 24, "b": 1200}
_LAST = "b"  # where whole numbers without a pattern may stand in a table


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
    found, result, k = {}, [], 0
    repeats = _Repeats(statements)
    lengths = [sum(len(t) + 3 for t in s.texts) - 2 for s in statements]
    lengths = [0, *accumulate(lengths)]

    def best(k):
        if k not in found:
            found[k] = None
            for size, times in repeats.at(k, longest):
                length, least = lengths[k + size] - lengths[k], found[k] or (0,)
                if (times - 1) * length - _LOOP > least[0]:
                    loop = _loop(statements, k, size, times, variable, length)
                    if loop and loop[0] > least[0]:
                        found[k] = loop
        return found[k]

    while k < len(statements):
        here = best(k)
        if here:
            later = [best(j) for j in range(k + 1, min(k + here[1], len(statements)))]
            if any(other and other[0] > here[0] for other in later):
                here = None
        if here is None:
            result.append(statements[k])
            k += 1
        else:
            _, size, times = here
            block = [s.texts for s in statements[k : k + size]]
            columns = _columns(statements, k, size, times)
            result.append(_written(block, columns, times, variable, tables))
            k += size * times
    return result


class _Repeats:
    """Where blocks of statements repeat that are the same but for their holes."""

    def __init__(self, statements):
        numbers, self.places, self.ranks = {}, [], []
        self.codes = [numbers.setdefault(s.texts, len(numbers)) for s in statements]
        self.places = [[] for _ in numbers]
        for k, code in enumerate(self.codes):
            self.ranks.append(len(self.places[code]))
            self.places[code].append(k)

    def at(self, k, longest):
        """Yield (size of the block, how often it stands there) from a place on."""
        codes, rank = self.codes, self.ranks[k]
        for again in self.places[codes[k]][rank + 1 : rank + 1 + _TRIED]:
            size = again - k
            if size > longest or codes[k:again] != codes[again : again + size]:
                continue
            times, end = 2, again + size
            while codes[end : end + size] == codes[k:again]:
                times, end = times + 1, end + size
            yield size, times


def _loop(statements, start, size, times, variable, length):
    """Return (characters saved, size, times) of the best loop, or None."""
    found = None
    even = _even_rounds(statements, start, size, times)
    for n in {even, times} if variable == _LAST else {even}:
        cost = _LOOP + sum(map(_cost, _columns(statements, start, size, n)))
        saved = (n - 1) * length - cost
        if saved > 0 and (found is None or saved > found[0]):
            found = saved, size, n
    return found


def _columns(statements, start, size, times):
    """Return the numbers in each hole of a block, round by round."""
    rows = [
        [v for s in statements[k : k + size] for v in s.values]
        for k in range(start, start + size * times, size)
    ]
    return list(zip(*rows, strict=True))


def _even_rounds(statements, start, size, times):
    """Count the rounds in which all whole numbers progress as from the first on."""
    if times == 2:
        return 2
    first, second = (
        [v for s in statements[k : k + size] for v in s.values if isinstance(v, int)]
        for k in (start, start + size)
    )
    steps = [b - a for a, b in zip(first, second, strict=True)]
    for n in range(2, times):
        place = 0
        for s in statements[start + n * size : start + (n + 1) * size]:
            for v in s.values:
                if isinstance(v, int):
                    if v != first[place] + n * steps[place]:
                        return n
                    place += 1
    return times


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
