"""Numbers as text: the same digits from Python and from the page's JavaScript.

Every number is written without the sign of a rounded zero (``-0.00`` never appears).
:data:`JAVASCRIPT` is the path of the twin of these functions for the page.
"""

import re
from functools import lru_cache
from pathlib import Path

__all__ = ["JAVASCRIPT", "check_spec", "format_number", "in_text", "typeset"]

JAVASCRIPT = Path(__file__).with_name("numbers.js")

#: From here on the digits before the point are too many to be read.
LONG = 1e12

_POWER = re.compile(r"(.*)e([-+]\d+)")
_SPEC = re.compile(r"([-+ ]?)z?(,?)(?:(?:\.(\d{1,2}))?([feg%])|d)")
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def check_spec(spec):
    """Return the format specification if both languages know it.

    Known are Python's ``[sign][z][,][.N]`` with one of the types f, e, g and %, N at
    most 20, and ``d``, which writes the nearest integer. The empty specification
    stands for ``.4g``, short and exact for the value of a slider. ``c`` writes the
    character with this number, as Python's does, and nothing for a number below 1.

    Raises
    ------
    ValueError
        If the specification is another one.

    Examples
    --------
    >>> check_spec("+.2f")
    '+.2f'
    >>> check_spec(">8")
    Traceback (most recent call last):
    ...
    ValueError: format '>8': wanted [sign][z][,][.N] and f, e, g or %, or d
    """
    if spec != "c":
        _python(spec)
    return spec or ".4g"


@lru_cache
def _python(spec):
    """Return the specification that Python's own format needs for it."""
    match = _SPEC.fullmatch(spec or ".4g")
    if not match:
        wanted = "wanted [sign][z][,][.N] and f, e, g or %, or d"
        raise ValueError(f"format {spec!r}: {wanted}")
    sign, comma, digits, kind = match.groups()
    if int(digits or 0) > 20:
        raise ValueError(f"format {spec!r}: wanted at most 20 digits, got {digits}")
    precision = ".0" if kind is None else f".{digits}" if digits else ""
    return f"{sign}z{comma}{precision}{kind or 'f'}"


def format_number(value, spec=""):
    """Return ``format(value, spec)`` without a sign before a zero.

    From 10^12 on the types f and d, too, write a power of ten, for a run that goes
    astray would fill the page with digits.

    Parameters
    ----------
    value : float
        The number; infinities and NaN are written as Python writes them.
    spec : str
        A specification that :func:`check_spec` knows.

    Examples
    --------
    >>> format_number(-0.001, ".2f"), format_number(0.1 + 0.2), format_number(2.5, "d")
    ('0.00', '0.3', '2')
    >>> format_number(-2.5e30, ".2f")
    '-2.50e+30'
    """
    if spec == "c":
        return chr(round(value)) if value >= 1 else ""
    if spec[-1:] in ("f", "d") and abs(value) >= LONG:
        spec = spec[:-1] + "e"
    return format(float(value), _python(spec))


def typeset(text):
    """Return a formatted number as a formula shows it.

    Examples
    --------
    >>> typeset("-7.9e-31"), typeset("inf"), typeset("nan")
    ('−7.9×10⁻³¹', '∞', 'undefined')
    """
    power, mark = _POWER.fullmatch(text), ""
    if power:
        text, mark = power[1], "×10" + str(int(power[2])).translate(_SUPERSCRIPTS)
    text = text.replace("inf", "∞").replace("nan", "undefined")
    return text.replace("-", "−") + mark


def in_text(value, spec):
    """Return a number as a sentence shows it, or a word in its place.

    A format with bars, ``none|one|several``, is a list of words for the numbers 0, 1
    and so on; the last stands for all that are larger.

    Examples
    --------
    >>> in_text(-0.5, ".2f"), in_text(1, "s||s"), in_text(7, "s||s")
    ('−0.50', '', 's')
    """
    words = spec.split("|")
    if len(words) == 1:
        return typeset(format_number(value, spec))
    return words[sum(value >= k for k in range(1, len(words)))]
