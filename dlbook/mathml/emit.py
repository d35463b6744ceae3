"""MathML Core written from the tree of a formula.

Browsers space operators by MathML's operator dictionary. It knows neither TeX's
rule that a sign after a relation is no binary operator, nor that operators in a
script stand close; both rules are applied here.
"""

import re
from collections.abc import Callable
from functools import singledispatch
from html import escape
from typing import NamedTuple

from dlbook.mathml import symbols
from dlbook.mathml.classes import OPERANDS, classes
from dlbook.mathml.fonts import styled
from dlbook.mathml.latex import parse
from dlbook.mathml.nodes import (
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
    Text,
)

__all__ = ["Context", "one", "row", "tag", "write"]


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
            result.append(write(item, context, cls, before))
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
    head = thin if before in (*OPERANDS, "op") else ""
    tail = ""
    if after in ("num", "var", "ord", "inner", "op", "big", "open"):
        # The space first, or Firefox adds one of its own.
        tail = (thin if after in ("num", "var", "ord") else "") + "<mo>\u2061</mo>"
    return head + write(item, context, "op", before) + tail


@singledispatch
def write(item, context, cls, before):
    """Write one part of a formula, given its class and that of what precedes."""
    raise TypeError(f"wanted a part of a formula, got {item!r}")


@write.register
def _(item: Number, context, cls, before):
    return tag("mn", styled(item.text, context.font))


@write.register
def _(item: Space, context, cls, before):
    return tag("mspace", width=item.width)


@write.register
def _(item: Slot, context, cls, before):
    return context.slot(item, before, context.power)


@write.register
def _(item: Group, context, cls, before):
    alone = len(item.items) == 1 and isinstance(item.items[0], Symbol)
    return tag("mrow", row(item.items, context._replace(tight=context.tight or alone)))


@write.register
def _(item: Function, context, cls, before):
    if item.movable:
        zero = {"movablelimits": "true", "lspace": "0", "rspace": "0"}
        return tag("mo", escape(item.text), form="prefix", **zero)
    return tag("mi", escape(item.text))


@write.register
def _(item: Text, context, cls, before):
    wrap = {r"\textbf": "b", r"\textit": "i", r"\texttt": "code"}.get(item.name)
    result = []
    for k, piece in enumerate(item.text.split("$")):
        if k % 2:
            result.append(one(parse(piece), context))
        elif piece:
            text = escape(re.sub(r"\\(.)", r"\1", piece)).replace(" ", "\u00a0")
            result.append(tag("mtext", tag(wrap, text) if wrap else text))
    return result[0] if len(result) == 1 else tag("mrow", *result)


@write.register
def _(item: Symbol, context, cls, before):
    text = escape(item.text)
    if cls in ("var", "ord"):
        return _letter(item, context)
    if cls == "big":
        return tag("mo", text)
    if cls in ("open", "close"):
        bar = {"form": {"open": "prefix", "close": "postfix"}[cls]}
        return tag("mo", text, stretchy="false", **(bar if text in "|‖" else {}))
    if cls == "bar":
        return tag("mo", text, stretchy="false", lspace="0", rspace="0")
    if context.tight or cls == "sign" and text not in "+−±∓":
        return tag("mo", text, lspace="0", rspace="0")
    if item.name == r"\middle":
        return tag("mo", text, stretchy="true", form="infix")
    form = {"sign": {"form": "prefix"}, "bin": {"form": "infix"}}.get(cls, {})
    return tag("mo", text, **(form if text in "+−±∓" else {}))


def _letter(item, context):
    if item.text in tuple("./!?@′″‴⁗\\"):
        return tag("mo", item.text, lspace="0", rspace="0")
    if context.font == r"\mathrm" or item.cls == "ord" and context.font is None:
        return tag("mi", escape(item.text), mathvariant="normal")
    return tag("mi", styled(escape(item.text), context.font))


@write.register
def _(item: Script, context, cls, before):
    base, sub, sup = item.base[0], item.sub, item.sup
    close = context._replace(tight=True, power=False)
    written = write(base, context._replace(power=bool(sup)), cls, before)
    if sup and getattr(sup[0], "name", "") == r"\prime":
        # Fonts draw the prime raised and in full size: it needs no superscript.
        written, sup = tag("mrow", written, row(sup[:1], close)), sup[1:]
    scripts = [one(part, close) for part in (sub, sup) if part]
    if not scripts:
        return written
    names = {(1, 0): "msub", (0, 1): "msup", (1, 1): "msubsup"}
    if _has_limits(item, cls):
        names = {(1, 0): "munder", (0, 1): "mover", (1, 1): "munderover"}
    return tag(names[bool(sub), bool(sup)], written, *scripts)


def _has_limits(item, cls):
    base = item.base[0]
    if item.limits is not None:
        return item.limits
    if isinstance(base, Function):
        return base.movable
    if isinstance(base, Command):
        return base.name in symbols.BRACES
    return cls == "big" and base.text not in "∫∬∮"


@write.register
def _(item: Fence, context, cls, before):
    def side(char, form):
        zero = {"lspace": "0", "rspace": "0"} if char in "/\\" else {}
        text = escape(char)
        return tag("mo", text, form=form, stretchy="true", **zero) if char else ""

    middle = row(item.items, context._replace(tight=False))
    return tag("mrow", side(item.left, "prefix"), middle, side(item.right, "postfix"))


@write.register
def _(item: Style, context, cls, before):
    display = symbols.STYLES[item.name]
    inner = row(item.items, context, before)
    return tag("mstyle", inner, displaystyle=display, scriptlevel="0")
