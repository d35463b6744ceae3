r"""Names of sliders, as mathematics and as spoken words.

A name is that of the code: ``W_xh`` becomes :math:`W_{xh}`, ``log_var`` becomes
:math:`\log \sigma^2`. An element's index counts from 1, as in the book's formulas.
"""

import re
from html import unescape
from typing import NamedTuple

from dlbook.mathml import to_mathml

__all__ = ["Label", "heard", "label", "latex_name"]

_GREEK = (
    "alpha beta gamma delta zeta eta theta kappa lambda mu nu xi pi rho sigma tau phi "
    "chi psi omega Gamma Delta Theta Lambda Sigma Phi Psi Omega"
).split()

# name: (base, subscript, superscript) in LaTeX
_NAMES = {name: (rf"\{name}", "", "") for name in _GREEK} | {
    "eps": (r"\varepsilon", "", ""),
    "epsilon": (r"\varepsilon", "", ""),
    "lr": (r"\eta", "", ""),
    "log_var": (r"\log\sigma", "", "2"),
    "logits": ("o", "", ""),
}
_ACCENTS = {"hat": r"\hat{%s}", "tilde": r"\tilde{%s}", "bar": r"\bar{%s}"}
_WORDS = {
    "eps": "epsilon",
    "lr": "learning rate eta",
    "log_var": "log variance",
    "w": "weight w",
    "W": "weight W",
    "b": "bias b",
    "x": "input x",
    "prev": "before",
}


class Label(NamedTuple):
    """A name as LaTeX, as an inline ``<math>`` element and as plain words."""

    latex: str
    mathml: str
    spoken: str


def latex_name(name, index=()):
    r"""Return the LaTeX of a name in the code, or of one element of it.

    Parameters
    ----------
    name : str
        Such as ``x``, ``W_xh``, ``y_hat``, ``h_prev``, ``log_var`` or ``x1``.
    index : tuple of int
        The element's place, counted from 0.

    Examples
    --------
    >>> latex_name("W_xh", (0, 1)), latex_name("x1"), latex_name("y_hat", (0,))
    ('W_{xh,12}', 'x_{1}', '\\hat{y}_{1}')
    >>> latex_name("log_var"), latex_name("h_prev"), latex_name("temperature")
    ('\\log\\sigma^{2}', 'h_{t-1}', '\\text{temperature}')
    """
    name, index = _split(name, index)
    base, sub, sup = _base(name)
    places = [str(k + 1) for k in index]
    joint = "" if all(len(place) == 1 for place in places) else ","
    sub = ",".join(part for part in (sub, joint.join(places)) if part)
    return base + (f"_{{{sub}}}" if sub else "") + (f"^{{{sup}}}" if sup else "")


def _split(name, index):
    """Take the digits at the end of an identifier for an index."""
    match = re.fullmatch(r"([A-Za-z_]*[A-Za-z])_?([1-9]\d*)", name)
    if match and not index:
        return match[1], tuple(int(digit) - 1 for digit in match[2])
    if not re.fullmatch(r"[A-Za-z]\w*", name):
        raise ValueError(f"name: wanted an identifier such as W_xh, got {name!r}")
    return name, tuple(index)


def _base(name):
    if name in _NAMES:
        return _NAMES[name]
    head, *tails = name.split("_")
    base = head if len(head) == 1 else _NAMES.get(head, (rf"\text{{{head}}}",))[0]
    subs = []
    for tail in tails:
        if tail in _ACCENTS:
            base = _ACCENTS[tail] % base
        elif tail == "prev":
            subs.append("t-1")
        elif tail in _GREEK:
            subs.append(rf"\{tail}")
        else:
            subs.append(tail if len(tail) <= 2 else rf"\mathrm{{{tail}}}")
    return base, ",".join(subs), ""


def label(name, index=(), latex=None):
    r"""Return the label of a slider.

    Parameters
    ----------
    name : str
        The name in the code.
    index : tuple of int
        The element's place, counted from 0.
    latex : str, optional
        What to show for the whole name instead; an index is added to it.

    Returns
    -------
    Label
        Its LaTeX, its MathML and its spoken name.

    Examples
    --------
    >>> label("W_xh", (0, 1)).spoken, label("h_prev", (0,)).spoken
    ('weight W x h 1 2', 'h before 1')
    >>> label("lr").latex, label("lr").spoken
    ('\\eta', 'learning rate eta')
    >>> label("k", latex=r"\text{position of } h").spoken
    'position of h'
    """
    name, index = _split(name, index)
    if latex is None:
        shown = latex_name(name, index)
        return Label(shown, to_mathml(shown), _spoken(name, index))
    places = "".join(str(k + 1) for k in index)
    shown = f"{{{latex}}}_{{{places}}}" if places else latex
    spoken = " ".join([_seen(latex), *(str(k + 1) for k in index)])
    return Label(shown, to_mathml(shown), spoken)


def heard(text):
    r"""Return the letters and words that a reader sees, and so will say.

    Parameters
    ----------
    text : str
        Words, with mathematics between dollar signs.

    Examples
    --------
    >>> heard(r"gradient of $W_{hh}$"), heard(r"$\delta_t$")
    ('gradient of Whh', 'δt')
    """
    pieces = text.split("$")
    pieces[1::2] = map(_seen, pieces[1::2])
    return "".join(pieces)


def _seen(latex):
    markup = re.sub(r"<annotation.*?</annotation>", "", to_mathml(latex))
    return unescape(re.sub(r"<[^>]+>", "", markup)).replace("\N{NO-BREAK SPACE}", " ")


def _spoken(name, index):
    head, *tails = [name] if name in _WORDS else name.split("_")
    words = [_WORDS.get(head, head)]
    for tail in tails:
        whole = len(tail) > 2 or tail in _GREEK
        words += [_WORDS.get(tail, tail)] if whole else tail
    return " ".join(words + [str(place + 1) for place in index])
