"""The numbers that differ between the rounds of a loop, written as formulas of i.

A column holds one number for each round. A constant, a progression, repeating rows and
blocks need no table; what has no pattern is listed once, in a table of the script.
"""

import re
from itertools import pairwise
from typing import NamedTuple

from dlbook.live.rules import ATOM, PLUS, TIMES, number

__all__ = ["Tables", "floats", "integers"]

_NAME = re.compile(r"\$T\d+")
_PARTS = (1, 2, 4, 5, 8, 10, 16, 20, 25, 32, 40, 50, 64, 100, 128, 200, 250, 500, 1000)


class Tables:
    """Lists of constants; a list that is part of another is not written again."""

    def __init__(self, lists=()):
        longest = sorted(lists, key=len, reverse=True)
        self.lists = {f"$T{k}": text for k, text in enumerate(longest)}

    def entry(self, values, index):
        """Return the expression of an entry of the list with these values."""
        text = _list(values)
        for name, other in self.lists.items():
            place = other.find(text)
            if place >= 0:
                first = other[:place].count(",")
                return f"{name}[{_bare(_joined(index, number(first))[0])}]", ATOM
        return f"{self.name(values)}[{_bare(index[0])}]", ATOM

    def name(self, values):
        """Return the name of the list of exactly these values."""
        text = _list(values)
        for name, other in self.lists.items():
            if other == text:
                return name
        name = f"$T{len(self.lists)}"
        self.lists[name] = text
        return name

    def source(self, script=""):
        """Return the declarations of the lists that a script names."""
        named = set(_NAME.findall(script))
        return [
            f"{name}=[{text[1:-1]}]"
            for name, text in self.lists.items()
            if name in named
        ]


def _bare(text):
    """Leave away the brackets around a single quotient, ``(i/7|0)``."""
    return text[1:-1] if re.fullmatch(r"\(i/\d+\|0\)", text) else text


def _list(values):
    """Write values between commas, so that a part is found only at whole numbers."""
    return f",{','.join(number(value)[0] for value in values)},"


class _Index(NamedTuple):
    """The whole number ``floor(i / step) % size``."""

    step: int = 1
    size: int | None = None

    def text(self):
        text, strength = ("i", ATOM) if self.step == 1 else (f"(i/{self.step}|0)", ATOM)
        return (text, strength) if self.size is None else (f"{text}%{self.size}", TIMES)

    def inner(self, p):
        return _Index(self.step, p)

    def outer(self, p):
        return _Index(self.step * p, None if self.size is None else self.size // p)


_I = _Index()


def integers(values, tables, index=_I):
    """Return an expression of i (text, strength) that gives whole numbers."""
    step = values[1] - values[0] if len(values) > 1 else 0
    if all(b - a == step for a, b in pairwise(values)):
        return _affine(values[0], step, index.text())
    edge = next(k for k, v in enumerate(values) if v != values[0] + k * step)
    for p in sorted(_divisors(values, index), key=lambda p: p != edge):
        if values[p + 1] - values[p] != step:
            continue
        row, blocks = values[:p], values[::p]
        if all(v == row[k % p] + blocks[k // p] - row[0] for k, v in enumerate(values)):
            left = integers([v - row[0] for v in row], tables, index.inner(p))
            return _joined(left, integers(blocks, tables, index.outer(p)))
    return tables.entry(values, index.text())


def floats(values, tables, index=_I):
    """Return an expression of i (text, strength) that gives these very floats."""
    keys = [number(value)[0] for value in values]
    if len(set(keys)) == 1:
        return number(values[0])
    found = _progression(values, index.text())
    if found:
        return found
    for p in _divisors(values, index):
        if keys[p] == keys[0] and keys[p:] == keys[:-p]:
            return floats(values[:p], tables, index.inner(p))
        if keys[1] == keys[0] and all(
            keys[k] == keys[k - k % p] for k in range(len(keys))
        ):
            return floats(values[::p], tables, index.outer(p))
    return _coded(values, keys, tables, index)


def _coded(values, keys, tables, index):
    """List the values, or the distinct ones and their numbers if that is shorter."""
    distinct = dict(zip(keys, values, strict=True))
    numbers = {key: k for k, key in enumerate(distinct)}
    codes = [numbers[key] for key in keys]
    shorter = sum(map(len, keys)) - sum(map(len, distinct))
    if shorter < sum(len(str(code)) for code in codes) + len(distinct) + 12:
        return tables.entry(values, index.text())
    code = integers(codes, tables, index)[0]
    return f"{tables.name(list(distinct.values()))}[{_bare(code)}]", ATOM


def _divisors(values, index):
    """Return the lengths that rows or blocks of a column may have."""
    n = len(values)
    return [p for p in range(2, n // 2 + 1) if index.size is None or n % p == 0]


def _affine(first, step, index):
    if step == 0:
        return number(first)
    text, strength = index
    if step == -1 and first:
        return f"{number(first)[0]}-{text}", PLUS
    if step != 1:
        text = f"{step}*{text if strength > TIMES else f'({text})'}"
        strength = TIMES
    return _joined((text, strength), number(first))


def _joined(left, right):
    """Add; whole numbers may be added in any order, so no brackets are needed."""
    text = right[0]
    if text == "0":
        return left
    if left[0] == "0":
        return right
    return left[0] + ("" if text.startswith("-") else "+") + text, PLUS


def _progression(values, index):
    """Find an arithmetic progression that gives the values to the bit."""
    n = len(values)
    if n < 4 or any(value == 0 and str(value)[0] == "-" for value in values):
        return None
    first, step = float(values[0]), float(values[1] - values[0])
    text, strength = index
    text = text if strength > TIMES else f"({text})"
    return _fraction(values, first, step, text) or _slope(values, first, step, text)


def _fraction(values, first, step, text):
    """Try ``(a + b * i) / q`` with whole numbers."""
    for q in _PARTS:
        a, b = first * q, step * q
        if not abs(a) + abs(b) < 1e9:
            return None
        a, b = round(a), round(b)
        if (a and b or b > 0) and all(
            (a + k * b) / q == value for k, value in enumerate(values)
        ):
            top, strength = _affine(a, b, (text, ATOM))
            if q == 1:
                return top, strength
            return f"{top if strength >= TIMES else f'({top})'}/{q}", TIMES
    return None


def _slope(values, first, step, text):
    """Try ``i * step + first`` as np.linspace computes it, the last value set apart."""
    n = len(values)
    for slope in (step, (float(values[-1]) - first) / (n - 1)):
        made = [first + k * slope for k in range(n)]
        if made[:-1] != list(values[:-1]):
            continue
        rise = f"{text}*{number(slope)[0]}"
        line = _joined((rise, TIMES), number(first)) if first else (f"0+{rise}", PLUS)
        if made[-1] == values[-1]:
            return line
        return f"({text}<{n - 1}?{line[0]}:{number(values[-1])[0]})", ATOM
    return None
