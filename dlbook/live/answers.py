r"""Answers that the page checks: of an exercise, and before a figure moves.

`check_answer` stands in a solution, `check_prediction` below a figure. Both compute
what is right and leave a form with questions, which the book's page moves to the
exercise or the figure. The form holds a hash of each right answer: whoever reads the
page's source does not read the answer, and nothing that is typed leaves the page.
"""

import json
from collections.abc import Mapping
from html import escape
from math import ceil, floor, isfinite
from numbers import Integral
from typing import Any

__all__ = ["Form", "check_answer", "check_prediction", "hashed"]

#: A number is right if it is so far from the computed one, in units of its last digit.
NEAR = 1 + 1e-6


class Form:
    """Questions with the hashes of their answers, shown on the book's page.

    Parameters
    ----------
    spec : dict
        ``exercise`` or ``figure``, the name of what is asked about, and ``questions``.
    """

    def __init__(self, spec):
        self.spec = spec

    def __repr__(self):
        asked = "; ".join(question["text"] for question in self.spec["questions"])
        return f"The book's page asks and checks: {asked}"

    def _repr_html_(self):
        lines = "".join(
            f"<li>{escape(' / '.join([q['text'], *q.get('options', ())]))}</li>"
            for q in self.spec["questions"]
        )
        spec = escape(json.dumps(self.spec, ensure_ascii=False))
        told = f"<p>The book's page asks and checks:</p><ul>{lines}</ul>"
        return f'<div class="dl-asked" data-form="{spec}">{told}</div>'


def check_answer(exercise: str, questions: Mapping[str, Any]) -> Form:
    """Return the form that checks a reader's answers to an exercise.

    Parameters
    ----------
    exercise : str
        The label of the exercise.
    questions : dict of str to (int, float, str or dict of str to bool)
        What is asked, and what is right. A whole number must be met exactly, another
        up to one unit of its last decimal: the second, or that of a number formatted
        as a text. A dict holds the texts to choose from, of which one is true.

    Returns
    -------
    Form
        To be shown by the cell.

    Raises
    ------
    ValueError
        If not exactly one of the texts to choose from is true, or a number is not
        finite.

    Examples
    --------
    >>> check_answer("ex-point", {"distance": 8 / 5, "side": {"1": True, "0": False}})
    The book's page asks and checks: distance; side
    """
    asked = [
        _question(exercise, k, text, right)
        for k, (text, right) in enumerate(questions.items())
    ]
    return Form({"exercise": exercise, "questions": asked})


def check_prediction(live: Any, question: str, choices: Any) -> Form:
    """Return the form that asks for a prediction before a figure moves.

    Parameters
    ----------
    live : LiveFigure or str
        The figure or its name. The page asks above it.
    question : str
        What will be seen.
    choices : dict of str to bool
        The texts to choose from, of which one is true.

    Returns
    -------
    Form
        To be shown by the cell, which stands below the figure.

    Raises
    ------
    ValueError
        If not exactly one choice is true.

    Examples
    --------
    >>> check_prediction("rnn-step", "Where does h go?", {"up": True, "down": False})
    The book's page asks and checks: Where does h go?
    """
    name = getattr(live, "name", live)
    return Form({"figure": name, "questions": [_question(name, 0, question, choices)]})


def _question(name, place, text, right):
    """Return the text of a question, how it is answered, and the hashes of answers."""
    if isinstance(right, dict):
        true = [k for k, holds in enumerate(right.values()) if holds]
        if len(true) != 1:
            raise ValueError(
                f"{name}: {text!r}: wanted one true choice, got {len(true)} of {right}"
            )
        kind, keys = {"options": list(right)}, true
    else:
        digits, keys = _keys(f"{name}: {text!r}", right)
        kind = {"digits": digits}
    hashes = [hashed(f"{name} {place} {key}") for key in keys]
    return {"text": text, **kind, "right": hashes}


def _keys(asked, right):
    """Return the decimals of a number, and what is near enough in units of the last."""
    if isinstance(right, Integral):
        return 0, [int(right)]
    digits = len(right.partition(".")[2]) if isinstance(right, str) else 2
    units = float(right) * 10**digits
    if not isfinite(units):
        raise ValueError(f"{asked}: wanted a finite number, got {right}")
    return digits, range(ceil(units - NEAR), floor(units + NEAR) + 1)


def hashed(text):
    """Return the FNV-1a hash of a text, as the page computes it.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        Eight hexadecimal digits.

    Examples
    --------
    >>> hashed("a")
    'e40c292c'
    """
    value = 0x811C9DC5
    for byte in text.encode():
        value = (value ^ byte) * 0x01000193 % 2**32
    return f"{value:08x}"
