"""Mathematics in a figure: matplotlib's layout, the page's own mathematical font.

Matplotlib lays a formula out glyph by glyph. A page flows the glyphs itself, so that
the spacing fits the reader's font; only a formula that is more than one line of glyphs
(a fraction, a root, limits) keeps the place of each.
"""

from itertools import groupby, pairwise
from typing import NamedTuple
from unicodedata import combining
from xml.etree import ElementTree

from matplotlib.font_manager import ttfFontProperty
from matplotlib.mathtext import MathTextParser

__all__ = ["Glyph", "flow", "layout", "place"]

#: STIX looks smaller than the sans serif around it.
LARGER = 1.12

#: Of the size: the rise that sets an accent on a tall letter apart, and the width of
#: an accent of its own. A slanted letter has its accent right of its middle.
TALL, WIDTH, SLANT = 0.15, 1 / 3, 1.25

#: Of the size: the least gap that is a space, and that after an index.
GAP, AFTER_INDEX = 0.1, 0.22

_LATIN = [*range(65, 91), *range(97, 123)]
_ITALIC = {chr(c): chr(0x1D434 + k) for k, c in enumerate(_LATIN)}
_ITALIC |= {chr(0x3B1 + k): chr(0x1D6FC + k) for k in range(25)}
_ITALIC["h"] = "\N{PLANCK CONSTANT}"
_BOLD = {chr(c): chr(0x1D400 + k) for k, c in enumerate(_LATIN)}
# STIX keeps script capitals at private code points. Eight are letterlike symbols.
_SCRIPT = {chr(0xE22D + k): chr(0x1D49C + k) for k in range(26)}
for _letter, _sign in zip("BEFHILMR", "ℬℰℱℋℐℒℳℛ", strict=True):
    _SCRIPT[chr(0xE22D + ord(_letter) - ord("A"))] = _sign


# An accent as a character of its own, to be put above a tall letter.
_ACCENTS = {"\u0302": "ˆ", "\u0303": "˜", "\u0304": "¯", "\u0307": "˙"}


class Glyph(NamedTuple):
    """Characters of a formula: their place, size and family, and their width.

    ``dx`` is how far they stand from the end of the glyph before them.
    """

    text: str
    x: float
    y: float
    size: float
    plain: bool
    advance: float
    dx: float = 0.0


def layout(source, prop):
    """Lay out a text with formulas in it.

    Parameters
    ----------
    source : str
        Text with formulas between dollar signs.
    prop : matplotlib.font_manager.FontProperties
        Font of the text; the formulas are laid out with STIX.

    Returns
    -------
    glyphs : list of Glyph
        In reading order, y upwards.
    rules : list of tuple of float
        ``(x, y, width, height)`` of each rule.
    width : float
        Of the whole, in points.

    Examples
    --------
    >>> from matplotlib.font_manager import FontProperties
    >>> glyphs, rules, _ = layout("$w_1$", FontProperties(size=10))
    >>> [g.text for g in glyphs], rules
    (['𝑤', '1'], [])
    """
    prop = prop.copy()
    prop.set_math_fontfamily("stix")
    parsed = MathTextParser("path").parse(source, 72, prop)
    glyphs = _accented([_glyph(*entry) for entry in parsed.glyphs])
    return glyphs, parsed.rects, float(parsed.width)


def _glyph(font, size, code, *rest):
    """Read matplotlib's tuple, whose last two entries are the place."""
    entry = ttfFontProperty(font)
    table = _SCRIPT
    if entry.name == "STIXGeneral":
        table = _ITALIC if entry.style == "italic" else {}
        table = _BOLD if entry.weight == 700 else table
    font.set_size(float(size), 72)
    advance = font.load_char(code).linearHoriAdvance / 65536
    plain = not entry.name.startswith("STIX")
    x, y = map(float, rest[-2:])
    text = table.get(chr(code), chr(code))
    return Glyph(text, x, y, float(size), plain, advance)


def _accented(glyphs):
    """Join each accent, which comes first, with the letter that it stands on."""
    result, accent, back = [], None, 0.0
    for g in glyphs:
        if combining(g.text[0]):
            accent = g
            continue
        result.append(g._replace(dx=back))
        back = 0.0
        if accent and accent.y - g.y < TALL * g.size:
            result[-1] = result[-1]._replace(text=g.text + accent.text)
        elif accent:
            sign, width = _ACCENTS[accent.text], WIDTH * g.size
            start = (g.advance * SLANT - width) / 2
            above = accent._replace(text=sign, x=g.x + start, advance=width)
            result.append(above._replace(dx=start - g.advance))
            back = g.advance - start - width
        accent = None
    if back:
        end = result[-1]
        result.append(end._replace(text="\N{ZERO WIDTH SPACE}", dx=back))
    return result


def flow(element, glyphs, size):
    """Write glyphs into a ``<text>`` one after the other, as wide as its font is.

    Parameters
    ----------
    element : Element
        Its place is where the first glyph's line begins.
    glyphs : list of Glyph
    size : float
        Of the text, in points.

    Returns
    -------
    bool
        False, and nothing is written, if they are not one line.
    """
    ends = [g.x + g.advance / 2 for g in glyphs if not g.dx]
    if ends != sorted(ends):
        return False
    level, glyphs = 0.0, _spaced(glyphs, size)
    for look, run in groupby(glyphs, key=lambda g: (g.y, g.size, g.plain, g.dx)):
        y, own_size, plain, dx = look
        scale = 1.0 if plain else LARGER
        text = "".join(g.text for g in run)
        span = _span(element, text, own_size * scale, size, plain)
        if abs(dx) > 0.005:
            span.set("dx", f"{dx * LARGER:.2f}")
        if abs(y - level) > 0.005:
            span.set("dy", f"{level - y:.2f}")
        level = y
    return True


def _spaced(glyphs, size):
    """Write the space that matplotlib leaves, as beside an operator, as a character."""
    result = glyphs[:1]
    for before, g in pairwise(glyphs):
        gap = (g.x - before.x - before.advance) / g.size
        wide = gap > (GAP if before.y == g.y else AFTER_INDEX)
        space = "\N{THIN SPACE}" if wide and g.size == size and not g.dx else ""
        result.append(g._replace(text=space + g.text))
    return result


def place(element, glyphs, size, x, y):
    """Write glyphs into a ``<text>``, each where matplotlib puts it."""
    for g in glyphs:
        span = _span(element, g.text, g.size, size, g.plain)
        span.set("x", f"{x + g.x:.2f}")
        span.set("y", f"{y - g.y:.2f}")


def _span(element, text, own_size, size, plain):
    span = ElementTree.SubElement(element, "tspan")
    span.text = text
    if abs(own_size - size) > 0.005:
        span.set("font-size", f"{own_size:.2f}".rstrip("0").rstrip("."))
    if plain:
        span.set("class", "dl-plain")
    return span
