"""Compare stored pictures and live figures up to the last digits of their numbers.

Two machines draw the same curve with coordinates that differ in the sixth decimal.
Printed text is compared exactly: a chapter prints only digits that are sure. Markup
and JSON are compared word by word, and number by number within a tolerance.
"""

import json
import math
import re

NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
RELATIVE, ABSOLUTE = 1e-4, 1e-3


class Close(str):
    """Text that equals another if the words agree and the numbers nearly do."""

    __hash__ = None

    def __eq__(self, other):
        """Tell whether words are equal and numbers close."""
        return difference(self, other) is None

    def __ne__(self, other):
        """Tell whether a word or a number differs."""
        return not self == other


def difference(ours, theirs):
    """Return the first difference of two texts, or None if they are close."""
    words, others = NUMBER.split(ours), NUMBER.split(theirs)
    for word, other in zip(words, others, strict=False):
        if word != other:
            return f"{word[:60]!r} against {other[:60]!r}"
    numbers, others = NUMBER.findall(ours), NUMBER.findall(theirs)
    if len(numbers) != len(others):
        return f"{len(numbers)} numbers against {len(others)}"
    for number, other in zip(numbers, others, strict=True):
        a, b = float(number), float(other)
        if not math.isclose(a, b, rel_tol=RELATIVE, abs_tol=ABSOLUTE):
            return f"{number} against {other}"
    return None


def comparable(output, sanitize):
    """Return one output in the form in which nbval shall compare it."""
    if not isinstance(output, str):
        return Close(sanitize(json.dumps(output, sort_keys=True, indent=1)))
    text = sanitize(output)
    return Close(text) if text.lstrip().startswith("<") else text
