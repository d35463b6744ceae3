"""Formulas in a line of text break where TeX would break them.

A browser never breaks a ``math`` element, so that a long one leaves the page of a
phone. A formula in the text is therefore written as several, parted after its
relations; they look as one. Punctuation stays with the formula that it follows.
"""

import re
from xml.etree import ElementTree

__all__ = ["breakable", "keep_punctuation"]

#: A formula of fewer characters stays whole.
SHORT = 9
BREAKS = frozenset("=<>≤≥≈≡∼∝∈∉⊂⊆≠≪≫→↦⇒⇔←≃≔⟶⟹")
OPENING, CLOSING = frozenset("([{⟨⌊⌈"), frozenset(")]}⟩⌋⌉")
LAST = re.compile(r"(<math(?:(?!<math).)*?</math>)</span>([,.;:!?)\]’”]+)", re.S)


def parts(row):
    """Return the row's elements in groups; a line may break between two of them."""
    groups, depth = [[]], 0
    for element in row:
        sign = element.text if element.tag == "mo" else ""
        depth += (sign in OPENING) - (sign in CLOSING) if sign else 0
        groups[-1].append(element)
        inner = depth == 0 and sign in ("+", "−", ",") and len(groups[-1]) > 2
        if sign and (sign in BREAKS and depth <= 0 or inner):
            groups.append([])
    return [group for group in groups if group]


def breakable(formula):
    """Return an inline formula as formulas between which a line may break.

    Parameters
    ----------
    formula : str
        A ``math`` element, as `dlbook.mathml.to_mathml` writes it.

    Returns
    -------
    str
        One or more ``math`` elements; the first keeps the LaTeX of the whole.

    Examples
    --------
    >>> row = "<mi>x</mi><mo>=</mo><mi>tanh</mi><mo>(</mo><mn>0.41</mn><mo>)</mo>"
    >>> breakable(f"<math><semantics><mrow>{row}</mrow></semantics></math>")[:61]
    '<math><semantics><mrow><mi>x</mi><mo>=</mo></mrow></semantics'
    """
    root = ElementTree.fromstring(formula)
    row = root.find("semantics/mrow")
    if row is None or row.attrib or len("".join(row.itertext())) < SHORT:
        return formula
    groups = parts(row)
    for element in list(row):
        row.remove(element)
    row.extend(groups[0])
    result = [root]
    for group in groups[1:]:
        result.append(ElementTree.Element("math", root.attrib))
        ElementTree.SubElement(result[-1], "mrow").extend(group)
    return "<wbr>".join(ElementTree.tostring(part, "unicode") for part in result)


def keep_punctuation(body):
    """Return a page's HTML in which no line begins with a formula's punctuation.

    Examples
    --------
    >>> keep_punctuation('<span class="math"><math>z</math></span>, so')
    '<span class="math"><span class="together"><math>z</math>,</span></span> so'
    """
    return LAST.sub(r'<span class="together">\1\2</span></span>', body)
