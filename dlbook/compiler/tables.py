"""Constants of a script: those that follow a formula, and those in a table."""

from itertools import groupby

import numpy as np

from dlbook.compiler.rules import ATOM, PLUS, TIMES, number

__all__ = ["Tables", "progression"]

_BASE, _FEW = 65, 24
_PARTS = (1, 2, 4, 5, 8, 10, 16, 20, 25, 32, 40, 50, 64, 100, 128, 200, 250, 500, 1000)


class Tables:
    """One list of constants; what is in it already is not written again."""

    def __init__(self):
        self._bytes, self._ends = b"", []

    def add(self, values):
        """Return where in the list some values stand one after the other."""
        values = np.asarray(values, dtype=np.float64)
        part = np.where(np.isnan(values), np.nan, values).tobytes()
        place = self._bytes.find(part)
        while place % 8 and place >= 0:
            place = self._bytes.find(part, place + 1)
        if place < 0:
            place = len(self._bytes)
            self._bytes += part
            self._ends.append(len(self._bytes) // 8)
        return place // 8

    def source(self):
        """Return the declaration of the list."""
        parts, start = [], 0
        values = np.frombuffer(self._bytes)
        for end in self._ends:
            parts.append((_packing(values[start:end]), values[start:end]))
            start = end
        written = []
        for packing, group in groupby(parts, key=lambda part: part[0]):
            written.append(_part(packing, np.concatenate([v for _, v in group])))
        if len(written) == 1 and written[0].startswith("..."):
            return f"$T={written[0][3:]}"
        return f"$T=[{','.join(written)}]"


def _packing(values):
    """Return how some constants are written: None as they are, -1 as bits, or digits.

    The digits are those behind the point.
    """
    if len(values) < _FEW:
        return None
    for digits in range(7) if np.isfinite(values).all() else ():
        whole = np.rint(values * 10.0**digits)
        if np.array_equal(whole / 10.0**digits, values):
            return digits if np.ptp(whole) < _BASE**4 else -1
    return -1


def _part(packing, values):
    """Return the text of a part of the list, packed where that is shorter."""
    plain = ",".join(number(value)[0] for value in values)
    if packing is None:
        return plain
    if packing < 0:
        text = _letters(np.ascontiguousarray(values).view(np.uint32), 6)
        packed = (
            f'...new Float64Array(Uint32Array.from($packed("{text}",6,0,1)).buffer)'
        )
    else:
        whole = np.rint(values * 10.0**packing)
        least, none = int(whole.min()), int(np.ptp(whole)) + 1
        negative = np.signbit(values) & (values == 0)
        width = next(w for w in range(1, 6) if none < _BASE**w)
        text = _letters(np.where(negative, none, whole - least), width)
        last = f",{none}" if negative.any() else ""
        scale = number(10.0**packing)[0]
        packed = f'...$packed("{text}",{width},{least},{scale}{last})'
    return packed if len(packed) + 60 < len(plain) else plain


def _letters(words, width):
    """Write whole numbers in base 65, each by as many letters."""
    rest, columns = np.asarray(words).astype(np.int64), []
    for _ in range(width):
        columns.insert(0, rest % _BASE)
        rest = rest // _BASE
    codes = np.stack(columns, axis=-1) + 61
    codes += codes > 91  # no backslash
    return codes.astype(np.uint8).tobytes().decode("ascii")


def progression(values, variable):
    """Return an expression of a variable that gives these very floats, or None."""
    values = [float(v) for v in values]
    if len(values) < 4 or any(v == 0 and str(v)[0] == "-" for v in values):
        return None
    if not np.isfinite(values).all():
        return None
    first, step = values[0], values[1] - values[0]
    return _fraction(values, first, step, variable) or _slope(
        values, first, step, variable
    )


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
            top = text if b == 1 else f"{b}*{text}"
            top, strength = (text, ATOM) if b == 1 else (top, TIMES)
            if a and b == -1:
                top, strength = f"{number(a)[0]}-{text}", PLUS
            elif a:
                top, strength = top + f"{a:+d}", PLUS
            if q == 1:
                return top, strength
            return f"{top if strength >= TIMES else f'({top})'}/{q}", TIMES
    return None


def _slope(values, first, step, text):
    """Try ``i * step + first`` as np.linspace computes it, the last value set apart."""
    n = len(values)
    for slope in (step, (values[-1] - first) / (n - 1)):
        made = [first + k * slope for k in range(n)]
        if made[:-1] != values[:-1]:
            continue
        line, strength = f"{text}*{number(slope)[0]}", TIMES
        if first:
            start = number(first)[0]
            line += start if start[0] == "-" else f"+{start}"
            strength = PLUS
        else:
            line, strength = f"0+{line}", PLUS
        if made[-1] == values[-1]:
            return line, strength
        return f"({text}<{n - 1}?{line}:{number(values[-1])[0]})", ATOM
    return None
