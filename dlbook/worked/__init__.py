r"""Worked examples whose numbers are filled in and whose arithmetic is checked.

A template states a computation three times over: in symbols, with the numbers
substituted, and as a result. The numbers come from the code. Every side of an
equation whose values are known is then computed from its LaTeX, independently of
the code, and compared with its neighbour. A sign that is wrong in the formula, in
the substituted line or in the code makes the sides differ.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dlbook.live.text.formula import expand, render
from dlbook.mathml.latex import parse, rows
from dlbook.worked.check import Check, check, slots_of

__all__ = ["Check", "Worked", "worked"]

_SCALES = (0.5, 0.2, 0.2, 0.05, 0.05, 0.01)


class Worked:
    """A checked display; a notebook shows it as mathematics."""

    def __init__(self, latex: str, checks: list[Check]):
        self.latex = latex
        self.checks = checks

    def _repr_latex_(self):
        return f"$${self.latex}$$"

    def __repr__(self):
        return self.latex


def worked(
    template: str,
    model: Callable | None = None,
    /,
    *,
    verify: bool = True,
    **values: Any,
) -> Worked:
    r"""Fill the numbers into a computation after checking it.

    Parameters
    ----------
    template : str
        LaTeX with slots such as ``<<w[0]>>`` or ``<<z:.3f>>``; rows are separated by
        ``\\`` and aligned at ``&``.
    model : callable, optional
        Called with the values by name, returns a dict or NamedTuple of further
        values. The equations must then also hold at other inputs close by, so that a
        zero or a coincidence hides no fault. Integers are held fixed.
    verify : bool
        Whether to check; without, the numbers are only filled in.
    **values : array_like or callable
        Numbers, vectors, matrices and functions by their names in the code. Give
        what the symbols stand for, and the symbolic side is checked as well:
        :math:`W_{xh}` is ``W_xh``, :math:`\hat y_1` is ``y_hat[0]``,
        :math:`h_{t-1}` is ``h_prev``, :math:`\partial L/\partial w` is ``dw``.

    Returns
    -------
    Worked
        Shown as displayed mathematics; ``latex`` is its text and ``checks`` lists
        what was compared.

    Raises
    ------
    ValueError
        If two sides of an equation differ, within half a unit of the last place of
        what is printed; if a side but the first, which may be what is defined, uses
        a name without a value; if a number stands in no equation that could be
        checked; if nothing was checked; or if the template cannot be read.

    Examples
    --------
    >>> w, x, b = [0.5, -0.6], [1.0, 2.0], 0.1
    >>> z = np.dot(w, x) + b
    >>> worked(r"z = w \cdot x + b = <<w[0]>> \cdot <<x[0]>> + <<w[1]>> \cdot <<x[1]>>"
    ...     r" + <<b>> = <<z:.2f>>", w=w, x=x, b=b, z=z)
    z = w \cdot x + b = 0.5 \cdot 1 + (-0.6) \cdot 2 + 0.1 = -0.60
    >>> worked(r"z = w \cdot x - b = <<z:.2f>>", w=w, x=x, b=b, z=z)
    Traceback (most recent call last):
    ...
    ValueError: left = right does not hold:
      left:  z
             is -0.6
      right: w\cdot x-b
             is -0.8
    """
    found = values | _outputs(model, values)
    text = expand(template, found)
    checks = _verify(parse(text), model, values, found) if verify else []
    latex = render(text, found)
    body = rows(latex)
    if len(body) > 1 or len(body[0]) > 1:
        latex = rf"\begin{{aligned}}{latex}\end{{aligned}}"
    return Worked(latex, checks)


def _outputs(model, values):
    if model is None:
        return {}
    result = model(**values)
    result = result._asdict() if hasattr(result, "_asdict") else dict(result)
    both = sorted(set(result) & set(values))
    if both:
        raise ValueError(f"both given and computed: {', '.join(both)}")
    return result


def _verify(items, model, values, found):
    checks, covered = check(items, found)
    free = [slot for slot in slots_of(items) if slot.start not in covered]
    if free:
        names = ", ".join(f"<<{slot.text}>>" for slot in free)
        raise ValueError(f"in no equation that could be checked: {names}")
    if not checks:
        raise ValueError("nothing to check: give the values of more names")
    if model is not None:
        _vary(items, model, values)
    return checks


def _vary(items, model, values):
    """Check the equations at other inputs, where the model has finite values."""
    rng = np.random.default_rng(0)
    for scale in _SCALES:
        moved = {name: _move(value, scale, rng) for name, value in values.items()}
        try:
            found = moved | _outputs(model, moved)
        except (ValueError, ArithmeticError):
            continue
        numbers = [np.asarray(v, float) for v in found.values() if not callable(v)]
        if not all(np.isfinite(number).all() for number in numbers):
            continue
        try:
            check(items, found, orders=False)
        except ValueError as error:
            message = f"holds for the given values but not for others: {error}"
            raise ValueError(message) from None


def _move(value, scale, rng):
    if callable(value) or np.asarray(value).dtype.kind != "f":
        return value
    value = np.asarray(value)
    step = scale * (np.abs(value) + 0.5) * rng.uniform(-1, 1, value.shape)
    return (value + step).astype(value.dtype)[()]
