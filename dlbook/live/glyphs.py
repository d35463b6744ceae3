"""Mathematics in a figure: matplotlib's layout, the page's own mathematical font.

Matplotlib lays a formula out glyph by glyph. A page flows the glyphs itself, so that
the spacing fits the reader's font; only a formula with a rule in it (a fraction, a
root) keeps the place of every glyph.
"""

from itertools import groupby
from typing import NamedTuple
from unicodedata import combining
from xml.etree import ElementTree

from matplotlib.font_manager import ttfFontProperty
from matplotlib.mathtext import MathTextParser

__all__ = ["Glyph", "layout", "write_flow", "write_places"]

#: STIX looks smaller than the sans serif around it.
LARGER = 1.12

_LATIN = [*range(65, 91), *range(97, 123)]
_ITALIC = {chr(c): chr(0x1D434 + k) for k, c in enumerate(_LATIN)}
_ITALIC |= {chr(0x3B1 + k): chr(0x1D6FC + k) for k in range(25)}
_ITALIC["h"] = "\N{PLANCK CONSTANT}"
_BOLD = {chr(c): chr(0x1D400 + k) for k, c in enumerate(_LATIN)}
# STIX keeps script capitals at private code points. Eight are letterlike symbols.
_SCRIPT = {chr(0xE22D + k): chr(0x1D49C + k) for k in range(26)}
for _letter, _sign in zip("BEFHILMR", "ℬℰℱℋℐℒℳℛ", strict=True):
    _SCRIPT[chr(0xE22D + ord(_letter) - ord("A"))] = _sign


class Glyph(NamedTuple):
    """One character of a formula: its place from the anchor, size, and family."""

    x: float
    y: float
    size: float
    plain: bool
    text: str


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
    glyphs = sorted((_glyph(*entry) for entry in parsed.glyphs), key=lambda g: g.x)
    return glyphs, parsed.rects, float(parsed.width)


def _glyph(font, size, code, *rest):
    """Read matplotlib's tuple, whose last two entries are the place."""
    entry = ttfFontProperty(font)
    table = _SCRIPT
    if entry.name == "STIXGeneral":
        table = _ITALIC if entry.style == "italic" else {}
        table = _BOLD if entry.weight == 700 else table
    text = table.get(chr(code), chr(code))
    x, y = map(float, rest[-2:])
    plain = not entry.name.startswith("STIX")
    return Glyph(x, y, float(size) * (1 if plain else LARGER), plain, text)


def write_flow(element, glyphs, size):
    """Write glyphs into a ``<text>`` one after the other, as wide as the font is."""
    level = 0.0
    for look, run in groupby(_with_accents(glyphs), key=lambda g: g[1:4]):
        y, own_size, plain = look
        span = _span(element, "".join(g.text for g in run), own_size, size, plain)
        if abs(y - level) > 0.005:
            span.set("dy", f"{level - y:.2f}")
        level = y


def write_places(element, glyphs, size, x, y):
    """Write glyphs into a ``<text>``, each where matplotlib puts it."""
    for g in _with_accents(glyphs):
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


def _with_accents(glyphs):
    """Give each accent to the letter that it stands on."""
    result = []
    for g in glyphs:
        if combining(g.text[0]) and result:
            result[-1] = result[-1]._replace(text=result[-1].text + g.text)
        else:
            result.append(g)
    return result
