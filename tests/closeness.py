"""Compare stored pictures and live figures up to the last digits of their numbers.

Two machines draw the same curve with coordinates that differ in the sixth decimal.
Printed text is compared exactly: a chapter prints only digits that are sure. Markup
and JSON are compared word by word, and number by number within a tolerance; the
constants that a script has in letters are numbers, too. What rounding leaves is
compared by its size alone: printed numbers such as 2e-16, and all that a cell with the
tag ``rounding`` shows, but for the course of its curves.
"""

import json
import math
import re

import numpy as np

NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
RELATIVE, ABSOLUTE = 1e-4, 1e-3
#: What rounding leaves, of processors that round otherwise: a factor, and pixels.
TIMES, APART = 30, 40
TINY = re.compile(r"\b\d(?:\.\d+)?e-(?:0?[89]|[1-9]\d+)\b")
POWER, RAISED = re.compile("×10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)"), "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"
LETTERS = r'[\w$]+\("([=-~]+)",([1-6]),(-?\d+),([\de]+)(?:,(\d+))?\)'
BITS = r"new Float64Array\(Uint32Array\.from\(" + LETTERS + r"\)\.buffer\)"
PATH = re.compile(r'\bd=\\?"[^"]*"')
PACKED = re.compile(rf"(?:\.\.\.)?(?:{BITS}|{LETTERS})")


class Close(str):
    """Text that equals another if the words agree and the numbers nearly do."""

    __hash__ = None
    rounding = False

    def __eq__(self, other):
        """Tell whether words are equal and numbers close."""
        return difference(self, other, self.rounding) is None

    def __ne__(self, other):
        """Tell whether a word or a number differs."""
        return not self == other


class Rounding(Close):
    """The same for what rounding leaves: the numbers are about as large."""

    rounding = True


class Printed(str):
    """Text that equals another but for the digits of what rounding leaves."""

    __hash__ = None

    def __eq__(self, other):
        """Tell whether words are equal, and tiny numbers about as large."""
        ours, theirs = map(_written_out, (self, other))
        pairs = zip(TINY.findall(ours), TINY.findall(theirs), strict=False)
        return TINY.split(ours) == TINY.split(theirs) and all(
            _as_large(float(a), float(b)) for a, b in pairs
        )

    def __ne__(self, other):
        """Tell whether a word differs, or the size of a tiny number."""
        return not self == other


def difference(ours, theirs, rounding=False):
    """Return the first difference of two texts, or None if they are close."""
    ours, theirs = map(_written_out, (ours, theirs))
    if rounding:  # a path leaves out points that lie on a line
        ours, theirs = (PATH.sub("d", text) for text in (ours, theirs))
    words, others = NUMBER.split(ours), NUMBER.split(theirs)
    for word, other in zip(words, others, strict=False):
        if word != other:
            return f"{word[:60]!r} against {other[:60]!r}"
    numbers, others = NUMBER.findall(ours), NUMBER.findall(theirs)
    if len(numbers) != len(others):
        return f"{len(numbers)} numbers against {len(others)}"
    for number, other in zip(numbers, others, strict=True):
        a, b = float(number), float(other)
        if not (_near(a, b) or (rounding and _as_large(a, b))):
            return f"{number} against {other}"
    return None


def _near(a, b):
    return math.isclose(a, b, rel_tol=RELATIVE, abs_tol=ABSOLUTE)


def _as_large(a, b):
    """Tell whether numbers are about as large, or coordinates near each other."""
    small, large = sorted((abs(a), abs(b)))
    return large - small <= APART if small >= 1 else large <= TIMES * small


def _written_out(text):
    """Write all numbers of a text as Python does."""
    text = PACKED.sub(unpacked, text)
    digits = str.maketrans(RAISED, "-0123456789")
    return POWER.sub(lambda found: f"e{found[1].translate(digits)}", text)


def unpacked(found):
    """Write out the constants that a script has in letters, as ``$packed`` does."""
    bits = found[1] is not None
    letters, width, least, scale, negative = (
        found.groups()[:5] if bits else (found.groups()[5:])
    )
    digits = np.frombuffer(letters.encode(), np.uint8).astype(np.int64)
    digits = digits - 61 - (digits > 92)
    width = int(width)
    words = 65 ** np.arange(width - 1, -1, -1) @ digits.reshape(width, -1)
    if bits:
        values = words.astype(np.uint32).view(np.float64)
    else:
        values = (words + int(least)) / float(scale)
        if negative:
            values[words == int(negative)] = -0.0
    return ",".join(map(repr, values.tolist()))


def comparable(output, sanitize, rounding=False):
    """Return one output in the form in which nbval shall compare it."""
    close = Rounding if rounding else Close
    if not isinstance(output, str):
        return close(sanitize(json.dumps(output, sort_keys=True, indent=1)))
    text = sanitize(output)
    return close(text) if text.lstrip().startswith("<") else Printed(text)
