"""MathML of what is built of several rows: fractions, accents, tables."""

from html import escape

from dlbook.mathml import symbols
from dlbook.mathml.classes import class_of, classes
from dlbook.mathml.emit import one, row, tag, write
from dlbook.mathml.fonts import styled
from dlbook.mathml.nodes import Command, Table

__all__ = []


@write.register
def _(item: Command, context, cls, before):
    name, args = item.name, item.args
    if name in symbols.FONTS:
        return _font(item, context)
    if name == r"\overline":  # a line of the style sheet, for WebKit lets a sign float
        return tag("mrow", row(args[0], context), class_="dl-overline")
    if name in symbols.ACCENTS:
        char, wide = symbols.ACCENTS[name]
        accent = tag("mo", char, stretchy="true") if wide else tag("mo", char)
        return tag("mover", one(args[0], context), accent, accent="true")
    if name in symbols.BRACES:
        kind, char = symbols.BRACES[name]
        return tag(kind, one(args[0], context), tag("mo", char, stretchy="true"))
    if name in symbols.SIZES:
        size = symbols.SIZES[name]
        text = escape(args[0][0].text)
        return tag("mo", text, stretchy="true", minsize=size, maxsize=size)
    return _STRUCTURES[name](item, context)


def _font(item, context):
    text = "".join(getattr(part, "text", "?") for part in item.args[0])
    word = len(text) > 1 and text.isalpha()
    if word and item.name in (r"\mathrm", r"\mathit"):
        return tag("mi", styled(text, item.name))
    return one(item.args[0], context._replace(font=item.name))


def _fraction(item, context):
    top, bottom = (one(arg, context) for arg in item.args)
    if item.name == r"\binom":
        inner = tag("mfrac", top, bottom, linethickness="0")
        return tag("mrow", "<mo>(</mo>", inner, "<mo>)</mo>")
    fraction = tag("mfrac", top, bottom)
    if item.name == r"\frac":
        return fraction
    display = "true" if item.name == r"\dfrac" else "false"
    return tag("mstyle", fraction, displaystyle=display, scriptlevel="0")


def _root(item, context):
    if item.option is None:
        return tag("msqrt", row(item.args[0], context))
    return tag("mroot", one(item.args[0], context), one(item.option, context))


def _over(item, context):
    label = one(item.args[0], context._replace(tight=True))
    kind = "munder" if item.name == r"\underset" else "mover"
    return tag(kind, one(item.args[1], context), label)


def _arrow(item, context):
    # A long arrow, for Chromium does not stretch one and lets its label float.
    label = one(item.args[0], context._replace(tight=True))
    return tag("mover", tag("mo", "⟶", stretchy="false"), label)


_STRUCTURES = {
    r"\frac": _fraction,
    r"\dfrac": _fraction,
    r"\tfrac": _fraction,
    r"\binom": _fraction,
    r"\sqrt": _root,
    r"\overset": _over,
    r"\underset": _over,
    r"\stackrel": _over,
    r"\xrightarrow": _arrow,
    r"\boxed": lambda item, c: tag("mrow", row(item.args[0], c), class_="dl-boxed"),
    r"\phantom": lambda item, c: tag("mphantom", row(item.args[0], c)),
}


@write.register
def _(item: Table, context, cls, before):
    left, right = symbols.FENCES[item.name]
    kind = symbols.KINDS[item.name]
    attributes = {"class_": f"dl-{kind}"}
    if kind in ("aligned", "gathered"):
        attributes["displaystyle"] = "true"
    if sides := _sides(kind, item):
        attributes["columnalign"] = sides
    lines = [tag("mtr", *_cells(line, kind, context, sides)) for line in item.rows]
    table = tag("mtable", *lines, **attributes)
    if not left:
        return table
    head = tag("mo", left, form="prefix", stretchy="true")
    tail = tag("mo", right, form="postfix", stretchy="true") if right else ""
    return tag("mrow", head, table, tail)


def _sides(kind, table):
    width = max(len(line) for line in table.rows)
    if kind == "aligned":
        return " ".join(("right left " * width).split()[:width])
    if kind == "cases":
        return "left"
    names = {"l": "left", "c": "center", "r": "right"}
    return " ".join(names[letter] for letter in table.columns)


def _cells(line, kind, context, sides):
    context = context._replace(tight=False, power=False)
    sides, before, cells = sides.split(), None, []
    for k, items in enumerate(line):
        side = {"class_": f"dl-{sides[k % len(sides)]}"} if sides else {}
        if kind != "aligned" or k % 2 == 0:
            before = None
        elif before is None:
            first = next((c for c in map(class_of, items) if c != "space"), None)
            before = "ord" if first == "bin" else None
        cells.append(tag("mtd", row(items, context, before), **side))
        before = ([None] + [c for c in classes(items) if c != "space"])[-1]
    return cells
