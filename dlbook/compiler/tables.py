"""Constants of a script: those that follow a formula, and those in a table."""

from itertools import groupby

import numpy as np

from dlbook.compiler.rules import ATOM, PLUS, number

_BASE, _FEW = 65, 24
#: By which packed numbers are multiplied: powers of ten, and of two for fractions.
_SCALES = sorted({*10.0 ** np.arange(7), *2.0 ** np.arange(11)})


class Tables:
    """One list of constants; what is in it already is not written again."""

    def __init__(self):
        self._bytes, self._parts = b"", []

    def add(self, values):
        """Return where in the list some values stand one after the other."""
        values = np.asarray(values, dtype=np.float64)
        values = np.where(np.isnan(values), np.nan, values)
        place = self._bytes.find(values.tobytes())
        while place % 8 and place >= 0:
            place = self._bytes.find(values.tobytes(), place + 1)
        if place < 0:  # where most stands at the end of the list, the rest is added
            row, sizes = values.tobytes(), range(len(values), len(values) // 2, -1)
            same = next((k for k in sizes if self._bytes.endswith(row[: 8 * k])), 0)
            place = len(self._bytes) - 8 * same
            self._bytes += row[8 * same :]
            before = [self._parts.pop()] if same else []
            self._parts.append(np.concatenate([*before, values[same:]]))
        return place // 8

    def source(self):
        """Return the declaration of the list."""
        groups = groupby(self._parts, key=_packing)
        written = (_part(how, np.concatenate([*group])) for how, group in groups)
        return f"$T=[{','.join(written)}]"


def _packing(values):
    """Return how some constants are written: None as they are, -1 as bits, or a scale.

    The scale makes whole numbers of them.
    """
    if len(values) < _FEW:
        return None
    for scale in _SCALES if np.abs(values).max() < 1e15 else ():
        whole = np.rint(values * scale)
        if np.array_equal(whole / scale, values):
            return scale if np.ptp(whole) < _BASE**4 else -1
    return -1


def _part(packing, values):
    """Return the text of a part of the list, packed where that is shorter."""
    plain = ",".join(number(value)[0] for value in values)
    if packing is None:
        return plain
    if packing < 0:
        text = _letters(np.ascontiguousarray(values).view(np.uint32), 6)
        packed = f'new Float64Array(Uint32Array.from($packed("{text}",6,0,1)).buffer)'
    else:
        whole = np.rint(values * packing)
        least, none = int(whole.min()), int(np.ptp(whole)) + 1
        negative = np.signbit(values) & (values == 0)
        width = next(w for w in range(1, 6) if none < _BASE**w)
        text = _letters(np.where(negative, none, whole - least), width)
        last = f",{none}" if negative.any() else ""
        packed = f'$packed("{text}",{width},{least},{number(packing)[0]}{last})'
    return f"...{packed}" if len(packed) + 60 < len(plain) else plain


def _letters(words, width):
    """Write whole numbers in base 65, first all their first letters, last the last.

    Letters of one place are alike, so that the text compresses well.
    """
    words = np.asarray(words).astype(np.int64)
    codes = words // _BASE ** np.arange(width)[::-1, None] % _BASE + 61
    codes += codes > 91  # no backslash
    return codes.astype(np.uint8).tobytes().decode("ascii")


def progression(values, variable):
    """Return an expression of a variable that gives these very floats, or None.

    It is ``i * step + first``, as np.arange and np.linspace compute it.
    """
    values = np.asarray(values, dtype=np.float64)
    n, first, zeros = len(values), values[0], values[values == 0]
    if n < 4 or not np.abs(values).max() < 1e300 or np.signbit(zeros).any():
        return None
    slope = (values[-1] - first) / (n - 1)
    if not np.array_equal(np.arange(n) * slope + first, values):
        return None
    line = variable if slope == 1 else f"{variable}*{number(slope)[0]}"
    if first or slope < 0:  # not -0
        line = f"{line}+{number(first)[0]}".replace("+-", "-")
    return line, ATOM if line == variable else PLUS
