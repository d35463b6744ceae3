r"""The values that the symbols of a formula stand for.

A symbol finds its value by the book's names: :math:`W_{xh}` is ``W_xh``,
:math:`\hat y_1` is ``y_hat[0]``, :math:`h_{t-1}` is ``h_prev``,
:math:`\partial L/\partial w_2` is ``dw[1]``. The index of a sum is a name too.
"""

import re

import numpy as np

from dlbook.live.text.formula import read
from dlbook.mathml import symbols
from dlbook.mathml.nodes import (
    Command,
    Function,
    Group,
    Number,
    Symbol,
    Text,
)
from dlbook.worked.errors import NotEvaluable, UnknownName
from dlbook.worked.quantity import leaf

__all__ = ["Scope", "flat", "name_of"]

_ALIASES = {
    "varepsilon": ("varepsilon", "eps", "epsilon"),
    "epsilon": ("epsilon", "eps"),
    "eta": ("eta", "lr"),
    "varphi": ("varphi", "phi"),
}
_CONSTANTS = {"e": np.e, "pi": np.pi, "infty": np.inf}


def name_of(node):
    r"""Return the name a symbol has in the code, or None if it is no symbol.

    Examples
    --------
    >>> from dlbook.mathml.latex import parse
    >>> [name_of(node) for node in parse(r"\hat y \mathbf{x} \eta \operatorname{KL}")]
    ['y_hat', 'x', 'eta', 'KL']
    """
    match node:
        case Symbol(cls="var" | "ord") if node.name[-1].isalpha():
            return node.name.lstrip("\\")
        case Function(name=name) if not name.startswith(r"\operatorname"):
            return name[1:]
        case Text() | Function():
            return node.text.strip()
        case Group(items=(inner,)):
            return name_of(inner)
        case Command(name=accent, args=((inner,),)) if accent in symbols.ACCENTS:
            base, mark = name_of(inner), accent[1:].removeprefix("wide")
            return base and (base if mark == "vec" else f"{base}_{mark}")
        case Command(name=font, args=(inner,)) if font in symbols.FONTS:
            parts = [name_of(part) for part in inner]
            return "".join(parts) if parts and all(parts) else None
    return None


def flat(items):
    """Return a subscript as plain text, ``None`` if it is more than that."""
    text = ""
    for item in items:
        if isinstance(item, Number):
            text += item.text
        elif isinstance(item, Symbol) and item.cls in ("bin", "punct"):
            text += {"−": "-"}.get(item.text, item.text)
        elif (name := name_of(item)) is not None:
            text += name
        else:
            return None
    return text


class Scope:
    """Given values and, within a sum, the values of its indices.

    Parameters
    ----------
    values : mapping of str to array_like or callable
        What each name of the code stands for.
    """

    def __init__(self, values):
        self.values = dict(values)
        if "log_var" in values and "sigma" not in values:
            self.values["sigma"] = np.exp(np.asarray(values["log_var"]) / 2)
        self.indices, self.extents, self.used = {}, {}, set()

    def function(self, name):
        """Return the callable of that name, or None."""
        value = self.values.get(name)
        return value if callable(value) else None

    def slot(self, node):
        """Return the quantity that a slot shows."""
        slot = read(node.text)
        self.used.add(slot.name)
        return leaf(slot.take(self.values))

    def number(self, name, place="", prefix=""):
        """Return the quantity that a name with a subscript stands for."""
        if not place and name in self.indices:
            return leaf(self.indices[name], exact=True)
        for alias in _ALIASES.get(name, (name,)):
            found = self._find(prefix + alias, place)
            if found is not None:
                return found
        if not place and name in _CONSTANTS:
            return leaf(_CONSTANTS[name], exact=True)
        raise UnknownName(prefix + name + (f"_{place}" if place else ""))

    def _find(self, name, place):
        words = [{"t-1": "prev"}.get(word, word) for word in place.split(",") if word]
        whole = "_".join([name, *words])
        bound = self.places(words[-1]) if words else None
        if whole in self.values:
            return self._take(whole, ())
        if name + place in self.values:
            return self._take(name + place, ())
        if bound is not None and "_".join([name, *words[:-1]]) in self.values:
            return self._take("_".join([name, *words[:-1]]), bound)
        if words and words[0] == "t" and "t" not in self.indices:
            return self._find(name, ",".join(words[1:]))
        return None

    def places(self, word):
        """Return the indices in a subscript such as 12, ij, 2 or i+1."""
        shifted = re.fullmatch(r"([a-z])([+-]\d+)", word)
        if shifted and shifted[1] in self.indices:
            return [(None, self.indices[shifted[1]] + int(shifted[2]))]
        if all(c.isdigit() or c in self.indices for c in word):
            return [(c, self.indices[c] if c in self.indices else int(c)) for c in word]
        return None

    def _take(self, name, places):
        self.used.add(name)
        value = np.asarray(self.values[name])
        if value.dtype.kind not in "biuf":
            raise NotEvaluable(f"{name} is no number")
        if value.ndim == 1 and len(places) > 1 and all(c.isdigit() for c, _ in places):
            places = [(None, int("".join(c for c, _ in places)))]
        if not places:
            return leaf(value)
        return leaf(value[self.locate(places, value.shape, name)])

    def locate(self, places, shape, name):
        """Return the index, from 0, of an element that is counted from 1."""
        if len(places) != len(shape):
            raise NotEvaluable(f"{len(places)} indices for {name} of shape {shape}")
        for (letter, place), length in zip(places, shape, strict=True):
            self.extents.setdefault(letter, set()).add(length)
            if not 1 <= place <= length:
                raise NotEvaluable(f"{name} has no element {place}")
        return tuple(place - 1 for _, place in places)
