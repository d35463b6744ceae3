"""MathML Core written from the tree of a formula.

Browsers space operators by MathML's operator dictionary. It knows neither TeX's
rule that a sign after a relation is no binary operator, nor that operators in a
script stand close; both rules are applied here.
"""

from collections.abc import Callable
from functools import singledispatch
from html import escape
from typing import NamedTuple

from dlbook.mathml import symbols
from dlbook.mathml.fonts import styled
from dlbook.mathml.latex import (
    Command,
    Fence,
    Function,
    Group,
    LaTeXError,
    Number,
    Script,
    Slot,
    Space,
    Style,
    Symbol,
    Table,
    Text,
    parse,
)

__all__ = ["Context", "classes", "row", "tag"]

_OPERANDS = ("num", "var", "ord", "close", "inner")


class Context(NamedTuple):
    """What the place of an item asks for: tight operators, a font, a way with slots."""

    slot: Callable
    tight: bool = False
    font: str | None = None
    power: bool = False


def tag(name, *children, **attributes):
    """Write one element; a trailing underscore of an attribute's name is dropped."""
    head = "".join(
        f' {key.rstrip("_")}="{escape(value)}"' for key, value in attributes.items()
    )
    return f"<{name}{head}>{''.join(children)}</{name}>"


def classes(items, before=None):
    """Return TeX's class of each item, signs and bars resolved by what precedes.

    A binary operator that has nothing to its left is a ``sign``; a bar opens after
    what cannot end an operand and closes else. ``before`` is the class of what
    stands to the left of the first item.
    """
    result, open_bars = [], 0
    for item in items:
        cls = _class(item)
        if cls == "bin" and before not in _OPERANDS:
            cls = "sign"
        elif cls == "fence":
            cls = "close" if open_bars and before in _OPERANDS else "open"
            open_bars += 1 if cls == "open" else -1
        result.append(cls)
        if cls == "space":
            before = None if item.width in ("1em", "2em") else before
        else:
            before = cls
    return result


def _class(item):
    match item:
        case Symbol():
            return item.cls
        case Space():
            return "space"
        case Number() | Slot():
            return "num"
        case Function():
            return "op"
        case Script():
            return _class(item.base[0])
        case Fence() | Table():
            return "inner"
        case Command(name=r"\stackrel" | r"\overset" | r"\underset"):
            return _class(item.args[1][0]) if item.args[1] else "ord"
        case Command(name=name) if name in symbols.SIZES:
            return item.args[0].cls
        case Command(name=r"\xrightarrow"):
            return "rel"
    return "ord"


def row(items, context, before=None):
    """Write the items of one row as a string of sibling elements."""
    found = classes(items, before)
    result, previous = [], None
    for k, (item, cls) in enumerate(zip(items, found, strict=True)):
        if isinstance(item, Slot) and isinstance(previous, (Number, Slot)):
            raise LaTeXError(f"a number and <<{item.text}>> stand side by side")
        if isinstance(previous, Slot) and isinstance(item, Number):
            raise LaTeXError(f"<<{previous.text}>> and {item.text} stand side by side")
        if cls == "op":
            after = next((c for c in found[k + 1 :] if c != "space"), None)
            result.append(_function(item, context, before, after))
        else:
            result.append(_write(item, context, cls, before))
        if cls != "space":
            before = cls
        elif item.width in ("1em", "2em"):
            before = None
        previous = item
    return "".join(result)


def one(items, context):
    """Write a row as exactly one element, as the parts of a fraction must be."""
    if len(items) == 1:
        return row(items, context)
    return tag("mrow", row(items, context))


def _function(item, context, before, after):
    thin = tag("mspace", width="0.167em")
    head = thin if before in (*_OPERANDS, "op") else ""
    tail = ""
    if after in ("num", "var", "ord", "inner", "op", "big", "open"):
        tail = "<mo>\u2061</mo>" + (thin if after in ("num", "var", "ord") else "")
    return head + _write(item, context, "op", before) + tail


@singledispatch
def _write(item, context, cls, before):
    raise TypeError(f"wanted a part of a formula, got {item!r}")


@_write.register
def _(item: Number, context, cls, before):
    return tag("mn", styled(item.text, context.font))


@_write.register
def _(item: Space, context, cls, before):
    return tag("mspace", width=item.width)


@_write.register
def _(item: Slot, context, cls, before):
    return context.slot(item, before, context.power)


@_write.register
def _(item: Group, context, cls, before):
    alone = len(item.items) == 1 and isinstance(item.items[0], Symbol)
    return tag("mrow", row(item.items, context._replace(tight=context.tight or alone)))


@_write.register
def _(item: Function, context, cls, before):
    if item.movable:
        zero = {"movablelimits": "true", "lspace": "0", "rspace": "0"}
        return tag("mo", escape(item.text), form="prefix", **zero)
    return tag("mi", escape(item.text))


@_write.register
def _(item: Text, context, cls, before):
    wrap = {r"\textbf": "b", r"\textit": "i", r"\texttt": "code"}.get(item.name)
    result = []
    for k, piece in enumerate(item.text.split("$")):
        if k % 2:
            result.append(one(parse(piece), context))
        elif piece:
            text = escape(piece).replace(" ", "\u00a0")
            result.append(tag("mtext", tag(wrap, text) if wrap else text))
    return result[0] if len(result) == 1 else tag("mrow", *result)


@_write.register
def _(item: Symbol, context, cls, before):
    text = escape(item.text)
    if cls in ("var", "ord"):
        return _letter(item, context)
    if cls == "big":
        return tag("mo", text)
    if cls in ("open", "close"):
        bar = {"form": {"open": "prefix", "close": "postfix"}[cls]}
        return tag("mo", text, stretchy="false", **(bar if text in "|‖" else {}))
    if context.tight or cls == "sign" and text not in "+−±∓":
        return tag("mo", text, lspace="0", rspace="0")
    if item.name == r"\middle":
        return tag("mo", text, stretchy="true", form="infix")
    form = {"sign": {"form": "prefix"}, "bin": {"form": "infix"}}.get(cls, {})
    return tag("mo", text, **(form if text in "+−±∓" else {}))


def _letter(item, context):
    if item.text in "./!?@′\\" and item.text:
        return tag("mo", item.text, lspace="0", rspace="0")
    if context.font == r"\mathrm" or item.cls == "ord" and context.font is None:
        return tag("mi", escape(item.text), mathvariant="normal")
    return tag("mi", styled(escape(item.text), context.font))


@_write.register
def _(item: Script, context, cls, before):
    base, below, above = item.base[0], "msub", "msup"
    limits = cls == "big" and base.text not in "∫∬∮"
    limits = limits or isinstance(base, Function) and base.movable
    limits = limits or isinstance(base, Command) and base.name in symbols.BRACES
    both = "msubsup"
    if limits if item.limits is None else item.limits:
        below, above, both = "munder", "mover", "munderover"
    written = _write(base, context._replace(power=bool(item.sup)), cls, before)
    close = context._replace(tight=True, power=False)
    if item.sub and item.sup:
        return tag(both, written, one(item.sub, close), one(item.sup, close))
    name = below if item.sub else above
    return tag(name, written, one(item.sub or item.sup, close))


@_write.register
def _(item: Fence, context, cls, before):
    def side(char, form):
        zero = {"lspace": "0", "rspace": "0"} if char in "/\\" else {}
        text = escape(char)
        return tag("mo", text, form=form, stretchy="true", **zero) if char else ""

    middle = row(item.items, context._replace(tight=False))
    return tag("mrow", side(item.left, "prefix"), middle, side(item.right, "postfix"))


@_write.register
def _(item: Style, context, cls, before):
    display = symbols.STYLES[item.name]
    inner = row(item.items, context, before)
    return tag("mstyle", inner, displaystyle=display, scriptlevel="0")


@_write.register
def _(item: Table, context, cls, before):
    left, right = symbols.FENCES[item.name]
    kind = "aligned" if item.name in symbols.ALIGNMENTS else item.name.rstrip("*")
    attributes = {"class_": f"dl-{kind}"}
    if kind in ("aligned", "gather", "gathered"):
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
        elif before is None and items and _class(items[0]) == "bin":
            before = "ord"
        cells.append(tag("mtd", row(items, context, before), **side))
        before = ([None] + [c for c in classes(items) if c != "space"])[-1]
    return cells


@_write.register
def _(item: Command, context, cls, before):
    name, args = item.name, item.args
    if name in symbols.FONTS:
        return _font(item, context)
    if name in symbols.ACCENTS:
        char, wide = symbols.ACCENTS[name]
        accent = tag("mo", char, stretchy="true" if wide else "false")
        return tag("mover", one(args[0], context), accent, accent="true")
    if name in symbols.BRACES:
        kind, char = symbols.BRACES[name]
        return tag(kind, one(args[0], context), tag("mo", char, stretchy="true"))
    if name in symbols.SIZES:
        size = symbols.SIZES[name]
        text = escape(args[0].text)
        return tag("mo", text, stretchy="true", minsize=size, maxsize=size)
    return _STRUCTURES[name](item, context)


def _font(item, context):
    inner = context._replace(font=item.name)
    text = "".join(getattr(part, "text", "?") for part in item.args[0])
    if item.name in (r"\mathrm", r"\mathit") and len(text) > 1 and text.isalpha():
        return tag("mi", text)
    return one(item.args[0], inner)


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
    label = one(item.args[0], context._replace(tight=True))
    return tag("mover", tag("mo", "→", stretchy="true"), label)


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
