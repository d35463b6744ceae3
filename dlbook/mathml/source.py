"""A formula's tree written back as LaTeX, for messages."""

from dlbook.mathml.nodes import (
    Command,
    Fence,
    Function,
    Group,
    Number,
    Script,
    Slot,
    Space,
    Style,
    Symbol,
    Text,
)
from dlbook.mathml.symbols import DELIMITERS, FUNCTIONS, SIZES, SPACES

__all__ = ["source"]

_SPACES = {width: command for command, width in reversed(SPACES.items())}


def source(items):
    r"""Return LaTeX of the same meaning as that which was read.

    Examples
    --------
    >>> from dlbook.mathml.latex import parse
    >>> source(parse(r"\frac12 (a_{i} + \tanh x)^2"))
    '\\frac{1}{2} (a_{i}+\\tanh x)^{2}'
    """
    return "".join(map(_source, items)).strip()


def _source(item):
    match item:
        case Number():
            return item.text
        case Symbol(name=r"\middle"):
            return rf"\middle{_delimiter(item.text)} "
        case Symbol():
            return item.name + (" " if item.name[0] == "\\" else "")
        case Slot():
            return f"<<{item.text}>>"
        case Space():
            return _SPACES[item.width] + " "
        case Text():
            return f"{item.name}{{{item.text}}}"
        case Function():
            known = item.name in FUNCTIONS
            text = item.text.replace("\u2009", r"\,")
            return item.name + (" " if known else f"{{{text}}}")
    return _structure(item)


def _structure(item):
    match item:
        case Group():
            return f"{{{source(item.items)}}}"
        case Style():
            return f"{item.name} {source(item.items)}"
        case Script():
            return source(item.base) + _scripts(item)
        case Command(name=name, args=((Symbol() as bar,),)) if name in SIZES:
            return bar.name + _delimiter(bar.text) + " "
        case Command():
            option = f"[{source(item.option)}]" if item.option else ""
            args = "".join(f"{{{source(arg)}}}" for arg in item.args)
            return f"{item.name}{option}{args} "
        case Fence():
            left, right = _delimiter(item.left), _delimiter(item.right)
            return rf"\left{left} {source(item.items)} \right{right} "
    return _table(item)


def _table(item):
    rows = r" \\ ".join(" & ".join(map(source, row)) for row in item.rows)
    columns = f"{{{item.columns}}}" if item.columns else ""
    return rf"\begin{{{item.name}}}{columns} {rows} \end{{{item.name}}}"


def _delimiter(char):
    return next(name for name, shown in DELIMITERS.items() if shown == char)


def _scripts(item):
    limits = {True: r"\limits", False: r"\nolimits", None: ""}[item.limits]
    sub, sup, primes = item.sub, item.sup, ""
    if sup and isinstance(sup[0], Symbol) and sup[0].name == r"\prime":
        primes, sup = "'" * (1 + "′″‴⁗".index(sup[0].text)), sup[1:]
    sub = f"_{{{source(sub)}}}" if sub else ""
    sup = f"^{{{source(sup)}}}" if sup else ""
    return limits + primes + sub + sup
