"""Constants of a script: those that follow a formula, and those in a table."""

from itertools import groupby

import numpy as np

from dlbook.compiler.rules import ATOM, PLUS, number

__all__ = ["Tables", "progression"]

_BASE, _FEW = 65, 24


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
    for digits in range(7) if np.abs(values).max() < 1e15 else ():
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
    """Return an expression of a variable that gives these very floats, or None.

    It is ``i * step + first``, as np.linspace computes it, the last value set apart.
    """
    values = np.asarray(values, dtype=np.float64)
    n = len(values)
    if n < 4 or not np.abs(values).max() < 1e300:
        return None
    if np.signbit(values[values == 0]).any():
        return None
    first = values[0]
    for slope in (values[1] - first, (values[-1] - first) / (n - 1)):
        made = np.arange(n) * slope + first
        if not np.array_equal(made[:-1], values[:-1]):
            continue
        line = variable if slope == 1 else f"{variable}*{number(slope)[0]}"
        start = number(first)[0]
        if first or slope < 0:  # not -0
            line = f"{line}{start}" if start[0] == "-" else f"{line}+{start}"
        if made[-1] == values[-1]:
            return line, ATOM if line == variable else PLUS
        return f"({variable}<{n - 1}?{line}:{number(values[-1])[0]})", ATOM
    return None
