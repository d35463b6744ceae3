r"""LaTeX to MathML Core, for the book's pages and its live formulas alike.

The formulas become markup when the book is built: a page needs no script for them,
and they look the same whether they stand still or answer to a slider. The commands
known are those of :mod:`dlbook.mathml.symbols`; any other is an error.

Tables need a few lines of style sheet, since browsers do not heed MathML's
alignment attributes: :data:`STYLE_SHEET` is the file's path.
"""

from html import escape
from pathlib import Path

from dlbook.mathml import structures  # noqa: F401  registers its parts with emit
from dlbook.mathml.emit import Context, one, tag
from dlbook.mathml.latex import parse
from dlbook.mathml.nodes import LaTeXError

__all__ = ["STYLE_SHEET", "LaTeXError", "to_mathml"]

STYLE_SHEET = Path(__file__).with_name("mathml.css")


def to_mathml(latex, display=False):
    r"""Return a formula as a ``<math>`` element.

    Parameters
    ----------
    latex : str
        Mathematics without dollar signs.
    display : bool
        Whether the formula stands on a line of its own.

    Returns
    -------
    str
        Markup for an HTML page. The LaTeX is kept in an annotation.

    Raises
    ------
    LaTeXError
        If the formula cannot be read; the message shows where.

    Examples
    --------
    >>> to_mathml("x^2")[:58]
    '<math><semantics><msup><mi>x</mi><mn>2</mn></msup><annotat'
    """
    body = one(parse(latex), Context(_no_slot))
    note = tag("annotation", escape(latex, quote=False), encoding="application/x-tex")
    attributes = {"display": "block"} if display else {}
    return tag("math", tag("semantics", body, note), **attributes)


def _no_slot(slot, before, power):
    raise LaTeXError(f"<<{slot.text}>>: a slot outside of a live or worked formula")
