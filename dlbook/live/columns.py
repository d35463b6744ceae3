"""The numbers that differ between the rounds of a loop, written as formulas of i.

A column holds one number for each round. A constant, a progression, a repeating row or
blocks need no table; what has no pattern is listed once, in a table of the script.
"""

from itertools import pairwise

from dlbook.live.rules import ATOM, PLUS, TIMES, number

__all__ = ["Tables", "floats", "integers"]

_WHOLE = (1, 2, 4, 5, 8, 10, 16, 20, 25, 32, 40, 50, 64, 100, 128, 200, 250, 500, 1000)


class Tables:
    """Lists of constants, each written once under its own name."""

    def __init__(self):
        self.names = {}

    def name(self, values):
        """Return the name of the list with these values."""
        key = tuple(number(value)[0] for value in values)
        return self.names.setdefault(key, f"$T{len(self.names)}")

    def source(self):
        """Return the declarations."""
        return [f"{name}=[{','.join(key)}]" for key, name in self.names.items()]


def integers(values, tables, index=("i", ATOM)):
    """Return an expression of i (text, strength) that gives whole numbers."""
    line = _line(values)
    if line:
        return _affine(*line, index)
    grid = _grid(values)
    if grid:
        first, inner, outer, p = grid
        row = _affine(0, inner, (f"i%{p}", TIMES))
        return _joined(row, _affine(first, outer, (f"(i/{p}|0)", ATOM)))
    return _tabled(values, tables, index, integers)


def floats(values, tables, index=("i", ATOM)):
    """Return an expression of i (text, strength) that gives these very floats."""
    if len({number(value) for value in values}) == 1:
        return number(values[0])
    return _progression(values, index) or _tabled(values, tables, index, floats)


def _line(values):
    step = values[1] - values[0] if len(values) > 1 else 0
    if all(b - a == step for a, b in pairwise(values)):
        return values[0], step
    return None


def _affine(first, step, index):
    if step == 0:
        return number(first)
    text, strength = index
    if step == -1 and first:
        text = text if strength > PLUS else f"({text})"
        return f"{number(first)[0]}-{text}", PLUS
    if step != 1:
        text = f"{step}*{text if strength > TIMES else f'({text})'}"
        strength = TIMES
    return _joined((text, strength), number(first)) if first else (text, strength)


def _joined(left, right):
    text, strength = right
    if text == "0":
        return left
    if left[0] == "0":
        return right
    if text.startswith("-"):
        return left[0] + text, PLUS
    return f"{left[0]}+{text if strength > PLUS else f'({text})'}", PLUS


def _grid(values):
    """Return (first, inner step, outer step, period) of a grid of whole numbers."""
    step = values[1] - values[0]
    p = next(k for k in range(1, len(values)) if values[k] - values[k - 1] != step)
    outer = values[p] - values[0]
    fits = all(
        value == values[0] + k % p * step + k // p * outer
        for k, value in enumerate(values)
    )
    return (values[0], step, outer, p) if fits and p > 1 else None


def _tabled(values, tables, index, pattern):
    """Look for a repeating row and for blocks of equal values; else make a table."""
    if index[0] == "i":
        n = len(values)
        keys = [number(value)[0] for value in values]
        for p in range(2, n // 2 + 1):
            if all(keys[k] == keys[k - p] for k in range(p, n)):
                return pattern(values[:p], tables, (f"i%{p}", TIMES))
            if all(keys[k] == keys[k - k % p] for k in range(n)):
                return pattern(values[::p], tables, (f"(i/{p}|0)", ATOM))
    return f"{tables.name(values)}[{index[0]}]", ATOM


def _progression(values, index):
    """Find an arithmetic progression that gives the values to the bit."""
    n = len(values)
    if n < 4 or any(value == 0 and str(value)[0] == "-" for value in values):
        return None
    text, strength = index
    text = text if strength > TIMES else f"({text})"
    first, step = float(values[0]), float(values[1] - values[0])
    for q in _WHOLE:
        a, b = round(first * q) if abs(first) < 1e9 else 0, round(step * q)
        if (a and b or b > 0) and all((a + k * b) / q == value for k, value in enumerate(values)):
            top, strength = _affine(a, b, (text, ATOM))
            if q == 1:
                return top, strength
            return f"{top if strength >= TIMES else f'({top})'}/{q}", TIMES
    for slope in (step, (float(values[-1]) - first) / (n - 1)):
        made = [first + k * slope for k in range(n)]
        if made[:-1] == list(values[:-1]):
            rise = f"{text}*{number(slope)[0]}"
            line = _joined((rise, TIMES), number(first)) if first else (f"0+{rise}", PLUS)
            if made[-1] == values[-1]:
                return line
            last = number(values[-1])[0]
            return f"({text}<{n - 1}?{line[0]}:{last})", ATOM
    return None
