"""One side of an equation, read from its tree and computed.

Precedence is that of mathematical print: a product binds closer than a sum, a sum
sign takes the product to its right, a function without brackets takes the factors
to its right up to the next operator.
"""

import itertools

import numpy as np

from dlbook.mathml.classes import classes
from dlbook.mathml.nodes import Fence, Group, Number, Script, Slot, Symbol
from dlbook.mathml.source import source
from dlbook.worked import quantity
from dlbook.worked.errors import NotEvaluable, UnknownName
from dlbook.worked.functions import FUNCTIONS
from dlbook.worked.names import flat, name_of
from dlbook.worked.structures import brackets, plain, structure

__all__ = ["evaluate"]

_STARTS = ("num", "var", "ord", "open", "op", "big", "inner")
_PRODUCTS = ("⋅", "×", "∗", "⊙", "⋆", "/", "÷")


def evaluate(items, scope):
    """Return the quantity that a row of a formula's tree stands for.

    Parameters
    ----------
    items : tuple
        Nodes of :mod:`dlbook.mathml.nodes`.
    scope : Scope
        The values of its names and slots.

    Raises
    ------
    UnknownName
        If it uses a name without a value.
    NotEvaluable
        If there is no rule for a part of it.
    """
    row = _Row(items, scope)
    result = row.sum()
    if row.rest:
        raise NotEvaluable(f"no rule for {source(row.rest[0][:1])}")
    return result


class _Row:
    def __init__(self, items, scope):
        items = list(plain(items))
        pairs = zip(items, classes(items), strict=True)
        self.pairs = [pair for pair in pairs if pair[1] != "space"]
        self.scope, self.at = scope, 0

    @property
    def rest(self):
        return self.pairs[self.at :]

    def peek(self):
        return self.pairs[self.at] if self.rest else (None, None)

    def take(self):
        pair = self.peek()
        if pair[0] is None:
            raise NotEvaluable("something is missing at the end")
        self.at += 1
        return pair

    def operator(self, texts):
        """Take the next item's text if it is one of these operators."""
        item, cls = self.peek()
        known = isinstance(item, Symbol) and cls in ("bin", "sign", "ord")
        if not known or item.text not in texts:
            return None
        self.at += 1
        return item.text

    def divides(self):
        return getattr(self.peek()[0], "text", None) == "/"

    def sum(self):
        total = self.product()
        while text := self.operator(("+", "−")):
            term = self.product()
            total = quantity.add(total, quantity.negate(term) if text == "−" else term)
        return total

    def product(self):
        if text := self.operator(("+", "−")):
            result = self.product()
            return quantity.negate(result) if text == "−" else result
        result = self.factor()
        while True:
            if text := self.operator(_PRODUCTS):
                result = quantity.times(result, self.signed(), text)
            elif self.peek()[1] in _STARTS:
                result = quantity.product(result, self.factor())
            else:
                return result

    def signed(self):
        text = self.operator(("+", "−"))
        result = self.factor()
        return quantity.negate(result) if text == "−" else result

    def factor(self):
        item, cls = self.take()
        if cls == "open":
            return self.closed(*self.inside(item))
        if cls == "op":
            return self.call(item)
        if cls == "big":
            return self.large(item)
        if cls not in _STARTS:
            raise NotEvaluable(f"no rule for {source((item,))}")
        return self.operand(item)

    def operand(self, item):
        match item:
            case Number():
                return quantity.leaf(float(item.text), exact=True)
            case Slot():
                return self.scope.slot(item)
            case Group():
                return evaluate(item.items, self.scope)
            case Symbol(text="%"):
                return quantity.leaf(0.01, exact=True)
            case Script():
                return self.scripted(item.base[0], item.sub, item.sup)
        if name_of(item) is not None:
            return self.scripted(item, (), ())
        return structure(item, self.scope, evaluate)

    def inside(self, item):
        """Read up to the closing bracket; return the entries and the bracket."""
        entries, rows = [], []
        while True:
            start = self.peek()[0]
            nested = getattr(start, "text", None) == "["
            entries.append(self.sum())
            rows.append(
                nested and getattr(self.pairs[self.at - 1][0], "text", "") == "]"
            )
            close, cls = self.take()
            if cls == "close":
                return item, entries, all(rows), close
            if cls != "punct":
                raise NotEvaluable(f"no rule for {source((close,))}")

    def closed(self, item, entries, nested, close):
        value = brackets(item.text, entries, nested)
        if item.text == "‖" and flat(_scripts(close)[0]) == "2":
            return self.raised(value, close.sup)
        return self.scripts(value, close)

    def scripts(self, value, close):
        """Apply the index and the power that stand at a closing bracket."""
        sub, sup = _scripts(close)
        if sub:
            value = self.element(value, flat(sub) or "?")
        return self.raised(value, sup)

    def element(self, value, place):
        places = self.scope.places(place)
        array = value.value if value.value.shape[-1:] != (1,) else value.value[:, 0]
        if places is None:
            raise UnknownName(f"index {place}")
        index = self.scope.locate(places, array.shape, "what is in brackets")
        return quantity.Quantity(array[index], value.error.reshape(array.shape)[index])

    def raised(self, value, sup):
        name = name_of(sup[0]) if len(sup) == 1 else None
        if name == "top" or name == "T" and "T" not in self.scope.values:
            return quantity.transpose(value)
        return quantity.power(value, evaluate(sup, self.scope)) if sup else value

    def scripted(self, base, sub, sup):
        name, place = name_of(base), flat(sub)
        if name is None:
            if sub and not getattr(base, "name", "").endswith("brace"):
                raise NotEvaluable(f"a subscript of {source((base,))}")
            return self.raised(self.operand(base), sup)
        if place is None:
            raise UnknownName(f"{name} with a subscript")
        mark = getattr(sup[0], "text", None) if len(sup) == 1 else None
        if mark in ("∗", "⋆", "′"):
            name, sup = name + {"′": "_prime"}.get(mark, "_star"), ()
        return self.named(name, place, sup)

    def named(self, name, place, sup):
        full = name + (f"_{place}" if place else "")
        function = self.scope.function(full)
        if full == "sigma" and function is None:
            function = FUNCTIONS["sigma"]
        if function and (arguments := self.arguments()):
            entries, close = arguments
            result = self.raised(quantity.apply(function, *entries), sup)
            return self.scripts(result, close)
        return self.raised(self.scope.number(name, place), sup)

    def arguments(self):
        """Read the brackets after a function: the entries, and what closes them."""
        item, cls = self.peek()
        close = item if isinstance(item, Script) else None
        item = close.base[0] if close else item
        if isinstance(item, Fence) and item.left in ("(", "[", "{"):
            self.at += 1
            inner = _Row((*item.items, Symbol(")", ")", "close")), self.scope)
            return inner.inside(item)[1], close or inner.pairs[-1][0]
        if cls != "open" or item.text not in ("(", "[", "{"):
            return None
        self.at += 1
        _, entries, _, close = self.inside(item)
        return entries, close

    def call(self, item):
        base, sub, sup = item, (), ()
        if isinstance(item, Script):
            base, sub, sup = item.base[0], item.sub, item.sup
        name = name_of(base)
        function = self.scope.function(name) or FUNCTIONS.get(name)
        if function is None and name in self.scope.values:
            return self.raised(self.scope.number(name, flat(sub) or ""), sup)
        if function is None or sub and name != "log":
            raise UnknownName(name)
        entries, close = self.arguments() or ([self.bare(name)], None)
        result = quantity.apply(function, *entries)
        if sub:
            base = quantity.apply(np.log, evaluate(sub, self.scope))
            result = quantity.divide(result, base)
        return self.scripts(self.raised(result, sup), close)

    def bare(self, name):
        """Read the argument of a function that stands without brackets."""
        result = self.signed()
        while self.peek()[1] in ("num", "var", "ord") and not self.divides():
            result = quantity.product(result, self.factor())
        if self.peek()[1] in ("open", "inner"):
            raise NotEvaluable(f"the argument of {name} needs brackets")
        return result

    def large(self, item):
        """Add or multiply what stands to the right, over the indices below."""
        if not isinstance(item, Script) or item.base[0].text not in "∑∏":
            raise NotEvaluable(f"no rule for {source((item,))}")
        letters, low = _indices(item.sub, self.scope)
        start, before = self.at, dict(self.scope.indices)
        ranges = self.ranges(letters, low, item.sup)
        total = None
        for places in itertools.product(*ranges):
            self.at = start
            self.scope.indices.update(zip(letters, places, strict=True))
            term = self.product()
            join = quantity.add if item.base[0].text == "∑" else quantity.product
            total = term if total is None else join(total, term)
        self.scope.indices = before
        if total is None:
            raise NotEvaluable("a sum without terms")
        return total

    def ranges(self, letters, low, sup):
        try:
            high = evaluate(sup, self.scope).integer if sup else None
        except UnknownName:
            high = None
        if high is not None:
            return [range(low, high + 1)] * len(letters)
        for letter in letters:
            self.scope.extents.pop(letter, None)
            self.scope.indices[letter] = low
        self.product()
        found = [self.scope.extents.get(letter, ()) for letter in letters]
        if any(len(extent) != 1 for extent in found):
            raise NotEvaluable(f"no one range for the index {', '.join(letters)}")
        return [range(low, max(extent) + 1) for extent in found]


def _scripts(close):
    return (close.sub, close.sup) if isinstance(close, Script) else ((), ())


def _indices(sub, scope):
    """Return the letters below a sum sign and the number they start from."""
    texts = [getattr(item, "text", None) for item in sub]
    low = 1
    if "=" in texts:
        low = evaluate(sub[texts.index("=") + 1 :], scope).integer
        sub = sub[: texts.index("=")]
    letters = [item.text for item in sub if getattr(item, "text", ",") != ","]
    if not letters or not all(len(c) == 1 and c.isalpha() for c in letters):
        raise UnknownName("a sum's index")
    return letters, low
