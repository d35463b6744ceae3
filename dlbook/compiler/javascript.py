"""Emit a compiled model as one JavaScript function expression.

Each node is written once: into its reader if that is the only one, or as a statement,
which for an array is a nest of loops over one Float64Array that is made once. A single
number stands in a variable, or in that array too where statements repeat and become
loops. The script has no ``eval``, and no state that a call would leave to the next.
"""

import functools
import re
from collections import Counter, defaultdict
from itertools import product
from math import prod

import numpy as np

from dlbook.compiler.nodes import View, composed, live, spread
from dlbook.compiler.rolling import constant, hole, rendered, roll
from dlbook.compiler.rules import ATOM, FOLDS, HELPERS, PLUS, RULES, number
from dlbook.compiler.tables import Tables, progression

_LONG = 250  # a program of more nodes is one that repeats
_FEW = 4  # terms up to which a fold is written out
_MANY = 8  # copies from which on a helper carries them out
_WIDE = 100  # outputs up to which they are returned as a list
_LOOPS = "ijkdfna"
_FREE = "ceghlopqswyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MORE = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def strategy(nodes):
    """Return how a program of so many nodes is written.

    That is the most operations in an expression, one above the other, and whether
    single numbers may stand in variables, which keeps their statements out of loops.
    """
    return (12, False) if nodes > _LONG else (40, True)


def emit(result):
    """Return the source of a function of the sliders' values.

    ``result`` is the node of the outputs. The source is ``function(v){...}``, or an
    expression that gives such a function where something is set up once. It returns an
    array of numbers.
    """
    return _Script(result).source()


class _Script:
    """The text of one script while it is written."""

    def __init__(self, result):
        self.nodes = [node for node in live(result) if node.op != "input"]
        self.height, self.local = strategy(len(self.nodes))
        self.result, self.tables, self.statements = result, Tables(), []
        self.readers, self.held, self.inlined = defaultdict(list), set(), {}
        for node in reversed(self.nodes):
            self._decide(node)
        inside = [n for n in self.nodes if n not in self.inlined and n is not result]
        self.looped = (
            not self.local
            or result.size > _WIDE
            or any(n.shape or n.inner and not _short(n) for n in inside)
            or not self.held.isdisjoint(inside)
        )
        self.places, self.homes, self.size = {result: 0}, {}, result.size
        for node in reversed(self.nodes if self.looped else ()):
            if node.op == "gather":
                self._house(node)

    def _decide(self, node):
        """Write a node into its only reader, if it fits, and ask for its arguments."""
        readers = self.readers[node]
        args, space, depth = node.args, node.shape + node.inner, 0
        if len(readers) == 1 and node not in self.held and _short(node):
            outer, view, depth = readers[0]
            found = [composed(view, outer, arg, node.inner) for arg in args]
            if depth < self.height and prod(outer) <= node.size and None not in found:
                self.inlined[node] = args = found
                space = outer + node.inner
        depth = depth + 1 if node in self.inlined else 1
        for k, view in enumerate(args):
            if node.op in _HELPED or (node.op == "take" and not k):
                self.held.add(view.node)
            own = (node.static[k],) if node.op == "gather" else space
            times = 2 if node.op == "scan" else 1
            self.readers[view.node] += [(own, view, depth)] * times

    def _house(self, owner):
        """Let nodes stand where they are wanted whole."""
        k = 0
        for view, n in zip(owner.args, owner.static, strict=True):
            node = view.node
            whole = n == node.size and not view.offset and view.strides[0] == (n > 1)
            if whole and node.op not in ("const", "input") and node not in self.inlined:
                self.homes.setdefault(node, (owner, k))
            k += n

    def _in_memory(self, node):
        loop = node.shape or (node.inner and not _short(node))
        stands = loop or node in self.homes or node in self.held
        return self.looped and (bool(stands) or not self.local)

    def place(self, node):
        """Return where a node stands in memory."""
        if node.op == "input":
            return node.static
        if node not in self.places:
            if node in self.homes:
                owner, k = self.homes[node]
                self.places[node] = self.place(owner) + k
            else:
                self.places[node] = self.size
                self.size += node.size
        return self.places[node]

    def source(self):
        """Return the whole script."""
        for node in self.nodes:
            if node.op == "gather":
                self._copies(node)
            elif node not in self.inlined:
                self._statement(node)
        if not self.looped:
            outputs = self.statements.pop()
            body = f"{_joined(map(rendered, self.statements))}return[{outputs}]"
            return _with_setup([], body, self.tables)
        body, n = _joined(roll(self.statements, self.tables)), self.result.size
        setup = [f"m=new Float64Array({self.size})"]
        if n < self.size:
            setup.append(f"$out=m.subarray(0,{n})")
        result = "m" if n == self.size else "$out"
        return _with_setup(setup, f"{body}return {result}", self.tables)

    # Statements -----------------------------------------------------------------------

    def _copies(self, node):
        """Write the statements of a gather, or the list of what it gives."""
        k, found = 0, []
        for view, n in zip(node.args, node.static, strict=True):
            if not self.looped:
                for i in range(n):
                    text, strength = self._value(view, (i,), (n,))
                    if view.node.kind == "b" and view.node.op != "const":
                        text = "+" + (text if strength == ATOM else f"({text})")
                    found.append(rendered(text))
            elif self.homes.get(view.node) != (node, k):
                self._copy(view, n, self.place(node) + k, len(node.args) > _MANY)
            k += n
        if not self.looped:
            self.statements.append(",".join(found))

    def _copy(self, view, n, place, by_helper):
        node = view.node
        stands = node.op == "input" or self._in_memory(node)
        if node.op == "const" or node in self.inlined:
            stands = False
        if by_helper and n > 1 and stands:
            spot = ",".join(self._spot(view, (0,), (n,)))
            text = f"$copy({hole(place)},{spot},{n},{view.strides[0]})"
        else:
            target = f"m[{hole(place)}]" if n == 1 else f"m[i+{hole(place)}]"
            value = self._value(view, ("i",), (n,))[0]
            text = _nest("i", (n,), f"{target}={value}")
        self.statements.append(text)

    def _statement(self, node):
        """Write the statement of a node that is not written into another."""
        space = node.shape + node.inner
        names = tuple(_LOOPS[: len(space)])
        outer = names[: len(node.shape)]
        own = View(node, 0, _steps(node.shape))
        target = f"const $L{node.start}"
        if self._in_memory(node):
            target = self._at(own, outer, node.shape)
        if node.op == "shuffle":
            (view,), outer = node.args, ()
            spot = [hole(self.place(node)), *self._spot(view, (0,), space)]
            text = f"$shuffle({','.join(spot)},{node.size})"
        elif node.op == "scan":
            (view,), k, outer = node.args, names[-1], outer[:-1]
            start = (*outer, 0)
            first = self._value(view, start, space)[0]
            after = self._value(view, names, space)
            step = RULES[node.static].javascript(("r", ATOM), after)[0]
            step = _nest(k, space[-1:], f"{target}=r={step}", 1)
            text = f"{{let r={self._at(own, start, space)}={first};{step}}}"
        elif node.op in _HELPED:
            (view,) = node.args
            spot = ",".join(self._spot(view, (*outer, 0), space))
            call = f"${node.op}({spot},{space[-1]},{view.strides[-1]})"
            text = f"{target}={'0+' * (node.op == 'pair')}{call}"
        elif _short(node):
            text = f"{target}={self._expression(node, node.args, names, space)[0]}"
        else:
            text = self._fold(node, names, target)
        self.statements.append(_nest(outer, node.shape, text))

    def _fold(self, node, names, target):
        term = self._term(node.args, names, node.shape + node.inner)
        sign = {"add": "+", "multiply": "*"}.get(node.op)
        step = f"r{sign}={term[0]}"
        if not sign:
            step = f"r={RULES[node.op].javascript(('r', ATOM), term)[0]}"
        inner = _nest(names[len(node.shape) :], node.inner, step)
        return f"{{let r={FOLDS[node.op]};{inner};{target}=r}}"

    # Expressions ----------------------------------------------------------------------

    def _term(self, args, names, space):
        values = [self._value(view, names, space) for view in args]
        return functools.reduce(RULES["multiply"].javascript, values)

    def _expression(self, node, args, names, space):
        """Return the text of a node whose arguments are these views."""
        if node.op == "take":
            return self._lookup(node, *args, names, space)
        javascript = RULES[node.op].javascript
        if not node.inner:
            return javascript(*(self._value(view, names, space) for view in args))
        names = names[: len(space) - len(node.inner)]
        terms = [
            self._term(args, names + place, space) for place in np.ndindex(node.inner)
        ]
        if node.op == "add":
            terms = [("0", ATOM), *terms]
        return functools.reduce(javascript, terms)

    def _lookup(self, node, view, index, names, space):
        table, (step, n) = view.node, node.static
        place, terms = _place(view, names, space)
        if table.op == "const":
            array, places = "$T", spread(view, space)
            ends = places.min(), places.min() + step * (n - 1)
            first, last = min(ends), max(ends) + np.ptp(places)
            place += self.tables.add(table.data[first : last + 1]) - first
        else:
            array, place = _array(table), place + self.place(table)
        text, strength = self._value(index, names, space)
        if strength < (PLUS if step == 1 else ATOM):
            text = f"({text})"
        text = text if step == 1 else f"{text}*{step}"
        return f"{array}[{'+'.join([text, *terms, hole(place)])}]", ATOM

    def _value(self, view, names, space):
        """Return the text of what a view gives at loops' variables or at places."""
        node = view.node
        if node.op == "const":
            return self._constant(view, names, space)
        if node in self.inlined:
            args, space = self.inlined[node], space + node.inner
            return self._expression(node, args, names, space)
        if node.op != "input" and not self._in_memory(node):
            return f"$L{node.start}", ATOM
        return self._at(view, names, space), ATOM

    def _constant(self, view, names, space):
        data, places = view.node.data, spread(view, space)
        few = places[tuple(slice(None) if isinstance(k, str) else k for k in names)]
        for axis in range(few.ndim):  # along which nothing may change
            first = few.take([0], axis)
            few = first if _same_bits(data[few], data[first]) else few
        row = data[few].reshape(-1)
        if row.size == 1:
            return constant(row[0]), number(row[0])[1]
        free = (name for name in names if isinstance(name, str))
        moving = zip(free, few.shape, _steps(few.shape), strict=True)
        terms = [(step, name) for name, n, step in moving if n > 1]
        if len(terms) == 1 and (found := progression(row, terms[0][1])):
            return found
        first, last = places.min(), places.max()
        moves = zip(space, view.strides, strict=True)
        if last - first < prod(n for n, step in moves if step):  # as it stands
            place, terms = _place(view, names, space)
            place += self.tables.add(data[first : last + 1]) - first
        else:
            place, terms = self.tables.add(row), [_times(*term) for term in terms]
        return f"$T[{_sum([*terms, hole(place)])}]", ATOM

    def _spot(self, view, names, space):
        """Return the array in which a view stands, and the place at the variables."""
        place, terms = _place(view, names, space)
        place += self.place(view.node)
        return _array(view.node), _sum([*terms, hole(place)])

    def _at(self, view, names, space):
        array, place = self._spot(view, names, space)
        return f"{array}[{place}]"


#: Operations whose argument a helper reads in memory.
_HELPED = ("pair", "argmax", "argmin", "shuffle")


def _short(node):
    """Tell whether a node is an expression, written out if it is a fold."""
    if node.op == "take":
        return True
    return node.op in RULES and prod(node.inner) <= _FEW


def _steps(shape):
    """Return the steps between neighbours of a contiguous array along its axes."""
    return tuple(prod(shape[k + 1 :]) for k in range(len(shape)))


def _place(view, names, space):
    """Return a view's place at the loops' variables: a number, and the other terms."""
    place, terms = view.offset, []
    for step, n, name in zip(view.strides, space, names, strict=True):
        if not isinstance(name, str):
            place += step * name
        elif step and n > 1:
            terms.append(_times(step, name))
    return place, terms


def _joined(steps):
    """Join statements; neighbouring definitions share a ``const``."""
    text, before = "", ""
    for step in steps:
        both = before.startswith("const ") and step.startswith("const ")
        gap = "," if both else ";" if before and not before.endswith("}") else ""
        text, before = text + gap + step.removeprefix("const " * both), step
    return text + ";" * (bool(before) and not before.endswith("}"))


def _array(node):
    return "v" if node.op == "input" else "m"


def _sum(terms):
    return "+".join(terms).replace("+-", "-")


def _times(step, name):
    return name if step == 1 else f"-{name}" if step == -1 else f"{step}*{name}"


def _same_bits(data, first):
    bits = np.ascontiguousarray(data).view(np.int64)
    return bool((bits == np.ascontiguousarray(first).view(np.int64)).all())


def _nest(names, shape, body, first=0):
    for name, n in reversed(list(zip(names, shape, strict=False))):
        if n > 1:
            body = f"for(let {name}={first};{name}<{n};{name}++){body}"
    return body


def _with_setup(setup, body, tables):
    """Return the script with what its body needs, and short names."""
    if "$T[" in body:
        setup = [*setup, tables.source()]
    helpers, text = {}, ",".join([*setup, body])
    while new := {n for n in HELPERS if n + "(" in text} - helpers.keys():
        helpers |= {name: HELPERS[name] for name in sorted(new)}
        text += "".join(map(HELPERS.get, new))
    setup = [f"{name}={code}" for name, code in helpers.items()] + setup
    script = f"function(v){{{body}}}"
    if setup:
        script = f"(()=>{{const {','.join(setup)};return {script}}})()"
    counts = Counter(re.findall(r"\$\w+", script)).most_common()
    short = {name: new for (name, _), new in zip(counts, _names(), strict=False)}
    return re.sub(r"\$\w+", lambda found: short[found[0]], script)


def _names():
    """Yield names that are no reserved words and no names used inside the script."""
    yield from _FREE
    yield from map("".join, product(_FREE, _MORE))
    yield from map("".join, product(_FREE, _MORE, _MORE))
