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
    Table,
    Text,
)
from dlbook.mathml.symbols import SPACES

__all__ = ["source"]

_SPACES = {width: command for command, width in SPACES.items()}


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
        case Symbol():
            return item.name + (" " if item.name[0] == "\\" else "")
        case Slot():
            return f"<<{item.text}>>"
        case Space():
            return _SPACES[item.width] + " "
        case Text():
            return f"{item.name}{{{item.text}}}"
        case Function():
            known = item.name.startswith(r"\operatorname")
            return f"{item.name}{{{item.text}}}" if known else item.name + " "
        case Group():
            return f"{{{source(item.items)}}}"
        case Style():
            return f"{item.name} {source(item.items)}"
        case Script():
            sub = f"_{{{source(item.sub)}}}" if item.sub else ""
            sup = f"^{{{source(item.sup)}}}" if item.sup else ""
            return source(item.base) + sub + sup
        case Command():
            option = f"[{source(item.option)}]" if item.option else ""
            args = "".join(f"{{{source(arg)}}}" for arg in item.args)
            return f"{item.name}{option}{args} "
        case Fence():
            left, right = (side or "." for side in (item.left, item.right))
            return rf"\left{left} {source(item.items)} \right{right} "
        case Table():
            rows = r" \\ ".join(" & ".join(map(source, row)) for row in item.rows)
            columns = f"{{{item.columns}}}" if item.columns else ""
            return rf"\begin{{{item.name}}}{columns} {rows} \end{{{item.name}}}"
