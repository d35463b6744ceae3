r"""All mathematics becomes MathML while the book is built.

The page then needs no script to show a formula, and a formula in the text looks like
one in a live figure, for one converter (`dlbook.mathml`) and one font set them both.
Equations keep Sphinx's numbers and anchors, so ``{eq}`` links work as ever.
"""

import re
from html import escape, unescape

from docutils import nodes
from sphinx.locale import _
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

from dlbook.mathml import LaTeXError, to_mathml
from dlbook.site.font import CHARACTERS
from dlbook.site.inline import breakable

__all__ = ["display_latex", "setup"]

LOGGER = logging.getLogger(__name__)
ENVIRONMENT = re.compile(r"\\begin\{(\w+\*?)\}(?:(?!\\begin\{).)*?\\end\{\1\}", re.S)
#: Environments that would number their rows; Sphinx numbers the whole block instead.
NUMBERED = re.compile(r"\\(begin|end)\{(align|alignat|equation|gather|multline)\}")


def display_latex(source):
    r"""Return a display as one LaTeX formula, its rows in an environment.

    Sphinx and notebooks write rows in a bare display, parted by ``\\`` or by an empty
    line. LaTeX wants an environment around them.

    Parameters
    ----------
    source : str
        The text between the display's marks.

    Returns
    -------
    str
        The same formula, ready for `dlbook.mathml.to_mathml`.

    Examples
    --------
    >>> display_latex(r"a &= b \\ &= c")
    '\\begin{aligned}a &= b \\\\ &= c\\end{aligned}'
    >>> display_latex(r"\begin{align} a \\ b \end{align}")
    '\\begin{align*} a \\\\ b \\end{align*}'
    """
    rows = [part.strip() for part in re.split(r"\n\s*\n", source) if part.strip()]
    latex = NUMBERED.sub(r"\\\1{\2*}", r" \\ ".join(rows))
    bare, found = latex, 1
    while found:
        bare, found = ENVIRONMENT.subn("", bare)
    if r"\\" in bare or re.search(r"(?<!\\)&", bare):
        return rf"\begin{{aligned}}{latex}\end{{aligned}}"
    return latex


def convert(node, latex, display):
    """Return a node's MathML; what the reader would see wrong is a warning."""
    try:
        formula = to_mathml(latex, display=display)
    except LaTeXError as error:
        LOGGER.warning("formula %r: %s", latex, error, location=node, type="maths")
        return f"<code>{escape(latex)}</code>"
    if missing := set(shown(formula)) - CHARACTERS:
        signs = " ".join(f"{sign} (U+{ord(sign):04X})" for sign in sorted(missing))
        text = "formula %r: add to dlbook.site.font, which lacks it: %s"
        LOGGER.warning(text, latex, signs, location=node, type="maths")
    return formula


def shown(formula):
    """Return the characters that a formula shows: no tags, no annotation."""
    return unescape(re.sub(r"<annotation.*?</annotation>|<[^>]+>|\s", "", formula))


def visit_inline(self, node):
    """Write an inline formula."""
    attributes = {"class": "math notranslate"}
    self.body.append(self.starttag(node, "span", "", **attributes))
    formula = convert(node, node.astext(), display=False)
    self.body.append(f"{breakable(formula)}</span>")
    raise nodes.SkipNode


def visit_display(self, node):
    """Write a display with its anchor, its scrolling box and its number."""
    kind = "math equation notranslate" if node["number"] else "math notranslate"
    self.body.append(self.starttag(node, "div", "", CLASS=kind))
    formula = convert(node, display_latex(node.astext()), display=True)
    self.body.append(f'<div class="math-scroll">{formula}</div>')
    if node["number"]:
        number = get_node_equation_number(self, node)
        self.body.append(f'<span class="eqno">({number})')
        self.add_permalink_ref(node, _("Link to this equation"))
        self.body.append("</span>")
    self.body.append("</div>\n")
    raise nodes.SkipNode


def choose(app, config):
    """Make this the renderer of all HTML builders."""
    config.html_math_renderer = "dlbook"


def setup(app):
    """Register the renderer."""
    app.add_html_math_renderer("dlbook", (visit_inline, None), (visit_display, None))
    app.connect("config-inited", choose)
