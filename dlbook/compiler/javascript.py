"""Emit a compiled model as one JavaScript function expression.

Each node is written once: into its reader if that is the only one, or as a statement,
which for an array is a nest of loops. All numbers stand in one Float64Array that is
made once, the outputs first, and statements that repeat become loops. The script has no
``eval``, and no state that a call would leave to the next.
"""

import functools
import re
from collections import defaultdict
from math import prod

import numpy as np

from dlbook.compiler.nodes import View, composed, live, spread
from dlbook.compiler.rolling import constant, hole, roll
from dlbook.compiler.rules import ATOM, FOLDS, HELPERS, PLUS, RULES, number
from dlbook.compiler.tables import Tables, progression

HEIGHT = 12  # operations in an expression, one above the other
#: Variables of an array's loops, and what helpers and tables may be called.
LOOPS = (*"ijkdfna", *(f"i{k}" for k in range(64)))
NAMES = "ceghlopqswyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#: Operations whose argument a helper reads in memory.
_HELPED = ("pair", "argmax", "argmin", "shuffle")


class Script:
    """The text of a program whose outputs a node holds, while it is written."""

    def __init__(self, result):
        self.result, self.size, self.places = result, result.size, {result: 0}
        self.readers, self.held, self.inlined = defaultdict(list), set(), {}
        self.tables, self.statements = Tables(), []
        nodes = [node for node in live(result) if node.op != "input"]
        for node in reversed(nodes):
            self._decide(node)
        for node in reversed(nodes):
            if node.op == "gather":
                self._house(node)
        for node in nodes:
            if node not in self.inlined:
                self._write(node)

    def _decide(self, node):
        """Write a node into its only reader, if it fits, and ask for its arguments."""
        readers, args, depth = self.readers[node], node.args, 1
        short = node.op == "take" or (node.op in RULES and not node.inner)
        if len(readers) == 1 and short and node not in self.held:
            view, above = readers[0]
            found = [composed(view, arg) for arg in args]
            if above < HEIGHT and prod(view.shape) <= node.size and None not in found:
                self.inlined[node], args, depth = found, found, above + 1
        for k, view in enumerate(args):
            if node.op in _HELPED or (node.op == "take" and not k):
                self.held.add(view.node)
            times = 2 if node.op == "scan" else 1
            self.readers[view.node] += [(view, depth)] * times

    def _house(self, owner):
        """Let nodes stand where they are wanted whole."""
        k = self.place(owner)
        for node, offset, (step,), (n,) in owner.args:
            whole = n == node.size and not offset and step == (n > 1)
            if whole and node.op not in ("const", "input") and node not in self.inlined:
                self.places.setdefault(node, k)
            k += n

    def place(self, node):
        """Return where a node stands in memory."""
        if node not in self.places:
            self.places[node] = self.size
            self.size += node.size
        return self.places[node]

    def source(self):
        """Return an expression that gives a function of the sliders' values.

        The function, ``v=>{...}``, returns an array of numbers.
        """
        body, n = [*roll(self.statements, self.tables), "return "], self.result.size
        body = ";".join(body).replace("};", "}")
        setup, out = [f"m=new Float64Array({self.size})"], "m"
        if n < self.size:
            setup, out = [*setup, f"$out=m.subarray(0,{n})"], "$out"
        if "$T[" in body:
            setup.append(self.tables.source())
        text = ",".join([*setup, body])
        helpers = [f"{k}={code}" for k, code in HELPERS.items() if f"{k}(" in text]
        script = f"(({','.join([*helpers, *setup])})=>v=>{{{body}{out}}})()"
        short = dict(zip([*HELPERS, "$T", "$out"], NAMES, strict=False))
        return re.sub(r"\$\w+", lambda found: short[found[0]], script)

    # Statements -----------------------------------------------------------------------

    def _write(self, node):
        """Write the statements of a node that is not written into another."""
        op, args, shape, space = node.op, node.args, node.shape, node.shape + node.inner
        if op == "gather":
            return self._copies(node)
        target = self._at(View(node, 0, _steps(shape), shape))
        if op == "shuffle":
            run = f"{hole(self.place(node))},{self._run(args[0])}"
            text, shape = f"$shuffle({run},{node.size})", ()
        elif op == "scan":
            shape, value = shape[:-1], self._value(args[0])
            step = RULES[node.static](("r", ATOM), value)[0]
            step = f"{target}=r={LOOPS[len(shape)]}?{step}:{value[0]}"
            text = f"{{let r;{_nest(space, step, len(shape))}}}"
        elif op in _HELPED:
            run = f"{self._run(args[0], len(shape))},{space[-1]},{args[0].strides[-1]}"
            text = f"{target}={'0+' * (op == 'pair')}${op}({run})"
        elif node.inner:
            term = functools.reduce(RULES["multiply"], map(self._value, args))
            step = f"r={RULES[op](('r', ATOM), term)[0]}"
            step = f"r+={term[0]}" if op == "add" else step
            step = _nest(space, step, len(shape))
            text = f"{{let r={FOLDS[op]};{step};{target}=r}}"
        else:
            text = f"{target}={self._expression(node, args)[0]}"
        self.statements.append(_nest(shape, text))

    def _copies(self, node):
        """Write the statements of a gather, but for what stands there already."""
        k = self.place(node)
        for view in node.args:
            (n,) = view.shape
            if n > 1 and view.node.op != "const" and view.node not in self.inlined:
                text = f"$copy({hole(k)},{self._run(view)},{n},{view.strides[0]})"
            else:
                target = self._at(View(node, k - self.place(node), (1,), (n,)))
                text = _nest((n,), f"{target}={self._value(view)[0]}")
            if self.places.get(view.node) != k:  # it does not stand there already
                self.statements.append(text)
            k += n

    # Expressions ----------------------------------------------------------------------

    def _expression(self, node, args):
        """Return a node's text and strength for these views as its arguments."""
        if node.op != "take":
            return RULES[node.op](*map(self._value, args))
        (table, index), (step, n) = args, node.static
        array, place = self._spot(table, step * (n - 1))
        text, strength = self._value(index)
        text = text if strength >= (PLUS if step == 1 else ATOM) else f"({text})"
        return f"{array}[{text}{f'*{step}' * (step != 1)}+{place}]", ATOM

    def _value(self, view):
        """Return the text of what a view gives at the loops' variables."""
        if view.node in self.inlined:
            return self._expression(view.node, self.inlined[view.node])
        if view.node.op == "const":
            row = _row(view)
            if row.view(np.int64).min() == row.view(np.int64).max():
                return constant(row.flat[0]), number(row.flat[0])[1]
            along = row.size in row.shape and LOOPS[row.shape.index(row.size)]
            if along and (found := progression(row.flat, along)):
                return found
        return self._at(view), ATOM

    def _at(self, view):
        return "{}[{}]".format(*self._spot(view))

    def _run(self, view, axes=0):
        """Return the array and the place where a helper begins to read."""
        strides, shape = view.strides[:axes], view.shape[:axes]
        return ",".join(self._spot(view._replace(strides=strides, shape=shape)))

    def _spot(self, view, reach=0):
        """Return the array in which a view stands, and the place at the variables.

        ``reach`` is how far from there an index may lead.
        """
        node, place, steps, shape = view
        array = "v" if node.op == "input" else "m"
        if node.op == "const":
            places, array = spread(view), "$T"
            first, last = places.min() + min(reach, 0), places.max() + max(reach, 0)
            place += self.tables.add(node.data[first : last + 1]) - first
        elif node.op != "input":
            place += self.place(node)
        terms = [
            {1: name, -1: f"-{name}"}.get(step, f"{step}*{name}")
            for step, n, name in zip(steps, shape, LOOPS, strict=False)
            if step and n > 1
        ]
        return array, "+".join([*terms, hole(place)]).replace("+-", "-")


def _row(view):
    """Return constants, once along an axis where they do not change."""
    moves = zip(view.shape, view.strides, strict=True)
    once = view._replace(shape=tuple(n if step else 1 for n, step in moves))
    return view.node.data[spread(once)]


def _steps(shape):
    """Return the steps between neighbours of a contiguous array along its axes."""
    return tuple(prod(shape[k + 1 :]) * (n > 1) for k, n in enumerate(shape))


def _nest(shape, body, first=0):
    """Return a statement in loops over the axes of a shape, from one axis on."""
    for name, n in reversed([*zip(LOOPS, shape, strict=False)][first:]):
        if n > 1:
            body = f"for(let {name}=0;{name}<{n};{name}++){body}"
    return body
