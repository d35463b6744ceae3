"""Emit a compiled model as one JavaScript function expression.

A program is lowered first, so that small arrays are single numbers. Then each node is
written once: into its reader if that is the only one, or as a statement, which for an
array is a nest of loops over one Float64Array that is made once. A single number stands
in a variable, or in that array too where statements repeat and become loops.
The script has no ``eval``, and no state that a call would leave to the next.
"""

import re
from collections import Counter, defaultdict
from itertools import product
from math import prod

import numpy as np

from dlbook.compiler.lowering import HELPED, lowered
from dlbook.compiler.nodes import View, composed, live, sources, spread, steps_of
from dlbook.compiler.rolling import constant, hole, rendered, roll
from dlbook.compiler.rules import ATOM, FOLDS, HELPERS, PLUS, RULES, TIMES, number
from dlbook.compiler.tables import Tables, progression

__all__ = ["emit"]

#: A program of more nodes than so many is one that repeats.
LONG = 250
_LOOPS = "ijkdfna"
_FREE = "ceghlopqswyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MORE = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def strategy(nodes):
    """Return how a program of so many nodes is written.

    Returns
    -------
    limit : int
        Elements up to which a node is unrolled.
    height : int
        Operations of one expression, one above the other.
    local : bool
        Whether single numbers may stand in variables. Statements that repeat become
        loops only if not.
    """
    return (1, 12, False) if nodes > LONG else (4, 40, True)


def emit(graph, ids):
    """Return the source of a function of the sliders' values.

    Parameters
    ----------
    graph : Graph
        A finished trace.
    ids : ndarray
        The outputs' elements, in the order wanted.

    Returns
    -------
    str
        ``function(v){...}``, or an expression that gives such a function where
        something is set up once. It returns an array of numbers.
    """
    if not ids.size:
        return "function(v){return[]}"
    limit, height, local = strategy(len(live(graph, ids)))
    return _Script(*lowered(graph, ids, limit), height, local).source()


class _Script:
    """The text of one script while it is written.

    Parameters
    ----------
    graph, ids
        What `lowered` gives.
    height, local
        What `strategy` says.
    """

    def __init__(self, graph, ids, height, local):
        self.graph, self.ids, self.height, self.local = graph, ids, height, local
        self.tables, self.statements = Tables(), []
        self.nodes = [node for node in live(graph, ids) if node.op != "input"]
        self.inlined, self.depth, self.times = set(), {}, {}
        self.readers, self.held = defaultdict(list), set()
        self._wanted(ids)
        for node in reversed(self.nodes):
            self._decide(node)
        self.looped = (
            not local
            or len(ids) > 100
            or any(n.shape or n.inner for n in self.nodes if n not in self.inlined)
            or not self.held.isdisjoint(self.nodes)
        )
        self.size = len(ids) if self.looped else 0
        self.places, self.homes = {}, {}
        if self.looped:
            self._house(ids, None)
            for node in reversed(self.nodes):
                if node.op == "gather":
                    self._house(np.frombuffer(node.static, np.int64), node)

    # What stands where ----------------------------------------------------------------

    def _wanted(self, ids):
        """Note that elements are copied: arrays are held for it."""
        for node in sources(self.graph, ids):
            if node.shape:
                self.held.add(node)
        for element, times in Counter(ids[ids > 0].tolist()).items():
            node = self.graph.at(element)
            if not node.shape:
                self.readers[node] += [(None, None)] * times

    def _decide(self, node):
        """Write a node into its only reader, if it fits, and ask for its arguments."""
        readers, space = self.readers[node], node.shape + node.inner
        if (
            node not in self.held
            and len(readers) == 1
            and self._fits(node, *readers[0])
        ):
            self.inlined.add(node)
        else:
            self.depth[node], self.times[node] = 0, prod(space)
        if node.op == "gather":
            self._wanted(np.frombuffer(node.static, np.int64))
            return
        for k, view in enumerate(node.args):
            if node.op in ("scan", *HELPED) or (node.op == "take" and not k):
                self.held.add(view.node)
            else:
                self.readers[view.node].append((node, view))

    def _fits(self, node, reader, view):
        """Tell whether a node can be written into its only reader."""
        if node.inner or not (node.op in RULES or node.op == "take"):
            return False
        if reader is None:
            self.depth[node], self.times[node] = 1, 1
            return True
        depth, times = self.depth[reader] + 1, self.times[reader]
        if depth > self.height or times > node.size:
            return False
        space = reader.shape + reader.inner
        if any(composed(view, space, arg) is None for arg in node.args):
            return False
        self.depth[node], self.times[node] = depth, times
        return True

    def _house(self, ids, owner):
        """Let nodes stand where they are wanted whole."""
        for node in sources(self.graph, ids):
            known = node in self.homes or node in self.inlined
            if known or node.op in ("const", "input"):
                continue
            for k in np.flatnonzero(ids == node.start)[:1].tolist():
                wanted = np.arange(node.start, node.start + node.size, dtype=np.int64)
                if np.array_equal(ids[k : k + node.size], wanted):
                    self.homes[node] = owner, k

    def _in_memory(self, node):
        stands = node.shape or node in self.homes or node in self.held
        return self.looped and (bool(stands) or not self.local)

    def place(self, node):
        """Return where a node stands in memory."""
        if node.op == "input":
            return node.static
        if node not in self.places:
            if node in self.homes:
                owner, k = self.homes[node]
                self.places[node] = k + (self.place(owner) if owner else 0)
            else:
                self.places[node] = self.size
                self.size += node.size
        return self.places[node]

    # The whole ------------------------------------------------------------------------

    def source(self):
        """Return the whole script."""
        for node in self.nodes:
            if node not in self.inlined:
                self._statement(node)
        if not self.looped:
            result = f"return[{','.join(map(self._output, self.ids.tolist()))}]"
            body = "".join(_joined(map(rendered, self.statements))) + result
            return _with_setup([], body, self.tables)
        n = len(self.ids)
        self._copies(0, self.ids)
        body = "".join(_joined(roll(self.statements, self.tables)))
        setup = [f"m=new Float64Array({self.size})"]
        if n < self.size:
            setup.append(f"$out=m.subarray(0,{n})")
        result = "m" if n == self.size else "$out"
        return _with_setup(setup, f"{body}return {result}", self.tables)

    def _output(self, number):
        """Return the text of an output; a truth value is made a number."""
        text, strength = self._element(number)
        if number > 0 and self.graph.at(number).kind == "b":
            text = "+" + (text if strength == ATOM else f"({text})")
        return rendered(text)

    # Statements -----------------------------------------------------------------------

    def _statement(self, node):
        """Write the statement of a node that is not written into another."""
        if node.op == "gather":
            self._copies(self.place(node), np.frombuffer(node.static, np.int64))
            return
        if node.op == "shuffle":
            source = self._index(node.args[0], (0,), node.shape)
            place = hole(self.place(node))
            self.statements.append(f"$shuffle({place},{source},{node.size})")
            return
        space = node.shape + node.inner
        names = tuple(_LOOPS[: len(space)])
        outer = names[: len(node.shape)]
        own = View(node, 0, steps_of(node.shape))
        target = f"$L{node.start}"
        if self._in_memory(node):
            target = self._at(own, outer, node.shape)
        if node.op == "scan":
            text = self._scan(node, names, target, own)
            outer = outer[:-1]
        elif node.op in HELPED:
            (view,), n = node.args, node.inner[-1]
            first = self._index(view, (*outer, 0), space)
            call = f"${node.op}({first},{n},{view.strides[-1]})"
            text = f"{target}={'0+' * (node.op == 'pair')}{call}"
        elif node.inner:
            text = self._fold(node, names, target)
        else:
            text = f"{target}={self._expression(node, node.args, names, space)[0]}"
        self.statements.append(_nest(outer, node.shape, text))

    def _scan(self, node, names, target, own):
        (view,), k, n = node.args, names[-1], node.shape[-1]
        start = (*names[:-1], 0)
        first = self._value(view, start, node.shape)[0]
        step = RULES[node.static].javascript(
            (), [("r", ATOM), self._value(view, names, node.shape)]
        )[0]
        rest = f"for(let {k}=1;{k}<{n};{k}++){target}=r={step}"
        return f"{{let r={self._at(own, start, node.shape)}={first};{rest}}}"

    def _fold(self, node, names, target):
        args = [self._value(v, names, node.shape + node.inner) for v in node.args]
        term = args[0] if len(args) == 1 else RULES["multiply"].javascript((), args)
        sign = {"add": "+", "multiply": "*"}.get(node.op)
        step = f"r{sign}={term[0]}"
        if not sign:
            step = f"r={RULES[node.op].javascript((), [('r', ATOM), term])[0]}"
        inner = _nest(names[len(node.shape) :], node.inner, step)
        return f"{{let r={FOLDS[node.op]};{inner};{target}=r}}"

    # Expressions ----------------------------------------------------------------------

    def _expression(self, node, args, names, space):
        """Return the text of an elementwise node whose arguments are these views."""
        if node.op == "take":
            index = self._value(args[1], names, space)
            return self._lookup(
                node, args[0].offset, self._terms(args[0], names, space), index
            )
        values = [self._value(view, names, space) for view in args]
        return RULES[node.op].javascript(node.static, values)

    def _lookup(self, node, offset, terms, index):
        table = node.args[0].node
        if table.op == "const":
            array, base = "$T", self.tables.add(self.graph.data(table)) + offset
        else:
            array, base = _array(table), self.place(table) + offset
        text, strength = index
        if node.static != 1:
            text = f"{text if strength > TIMES else f'({text})'}*{node.static}"
        elif strength < PLUS:
            text = f"({text})"
        return f"{array}[{'+'.join([text, *terms, hole(base)])}]", ATOM

    def _value(self, view, names, space):
        """Return the text of what a view gives at the loops' variables.

        In place of a variable's name may stand 0: then the axis stands still.
        """
        node = view.node
        if node.op == "const":
            return self._constant(view, names, space)
        if node in self.inlined:
            args = [composed(view, space, arg) for arg in node.args]
            return self._expression(node, args, names, space)
        if not self._terms(view, names, space):
            return self._element(node.start + view.offset)
        return self._at(view, names, space), ATOM

    def _element(self, number):
        """Return the text of one element."""
        node = self.graph.at(number)
        k = number - node.start
        if node.op == "const":
            value = self.graph.data(node)[k]
            return constant(value), _strength(value)
        if node in self.inlined:
            return self._expression(node, node.args, (), ())
        if node.op != "input" and not self._in_memory(node):
            return f"$L{number}", ATOM
        return f"{_array(node)}[{hole(self.place(node) + k)}]", ATOM

    def _constant(self, view, names, space):
        data = self.graph.data(view.node)[spread(view, space)]
        terms = []
        for axis, name in enumerate(names):
            first = data.take([0], axis)
            if not name or _same_bits(data, first):
                data = first
            else:
                terms.append((name, data.shape[axis], view.strides[axis]))
        if not terms:
            value = data.reshape(-1)[0]
            return constant(value), _strength(value)
        row = data.reshape(-1)
        if len(terms) == 1:
            found = progression(row, terms[0][0])
            if found:
                return found
        if row.size < view.node.size:
            base, steps = self.tables.add(row), steps_of([n for _, n, _ in terms])
        else:
            base = self.tables.add(self.graph.data(view.node)) + view.offset
            steps = [step for _, _, step in terms]
        texts = [_times(s, name) for (name, *_), s in zip(terms, steps, strict=True)]
        return f"$T[{_sum([*texts, hole(base)])}]", ATOM

    def _terms(self, view, names, space):
        return [
            _times(s, name)
            for s, n, name in zip(view.strides, space, names, strict=True)
            if s and n > 1 and name
        ]

    def _index(self, view, names, space):
        place = self.place(view.node) + view.offset
        return _sum([*self._terms(view, names, space), hole(place)])

    def _at(self, view, names, space):
        return f"{_array(view.node)}[{self._index(view, names, space)}]"

    # Copies ---------------------------------------------------------------------------

    def _spot(self, number):
        """Return where an element stands, as (array, place), or its text."""
        node = self.graph.at(number)
        if node.op == "const":
            return "$T", self.graph.first(node) + number - node.start
        if node.op == "input" or (node not in self.inlined and self._in_memory(node)):
            return _array(node), self.place(node) + number - node.start
        return "", self._element(number)[0]

    def _copies(self, base, ids):
        """Copy elements to a place, those that stand there already excepted."""
        spots = [*map(self._spot, ids.tolist()), (None, 0)]
        k, n = 0, len(ids)
        while k < n:
            (array, place), end, step = spots[k], k + 1, 1
            if array and spots[end][0] == array:
                step = spots[end][1] - place
                while spots[end] == (array, place + step * (end - k)):
                    end += 1
            if (array, place, step) != ("m", base + k, 1):
                text = self._copied(base + k, array, place, end - k, step, int(ids[k]))
                self.statements.append(text)
            k = end

    def _copied(self, target, array, place, n, step, number):
        if n == 1 or (array == "$T" and not step):
            text = self._element(number)[0]
            if n == 1:
                return f"m[{hole(target)}]={text}"
            return f"m.fill({text},{hole(target)},{hole(target + n)})"
        if array == "$T":
            values = self.graph.pool[place + step * np.arange(n)]
            place, step = self.tables.add(values), 1
        return f"$copy({hole(target)},{array},{hole(place)},{n},{step})"


def _joined(steps):
    """Join statements; neighbouring definitions share a ``const``."""
    open_, lines = False, []
    for step in steps:
        local = step.startswith("$L")
        if local:
            lines.append("," if open_ else "const ")
        elif open_:
            lines.append(";")
        lines.append(step)
        open_ = local
        if not local and not step.endswith("}"):
            lines.append(";")
    return [*lines, ";"] if open_ else lines


def _strength(value):
    return number(value)[1]


def _array(node):
    return "v" if node.op == "input" else "m"


def _sum(terms):
    return "+".join(terms).replace("+-", "-")


def _times(step, name):
    if step in (1, -1):
        return name if step == 1 else f"-{name}"
    return f"{step}*{name}"


def _same_bits(data, first):
    bits = np.ascontiguousarray(data).view(np.int64)
    return bool((bits == np.ascontiguousarray(first).view(np.int64)).all())


def _nest(names, shape, body):
    for name, n in reversed(list(zip(names, shape, strict=False))):
        if n > 1:
            body = f"for(let {name}=0;{name}<{n};{name}++){body}"
    return body


_NAME = re.compile(r"\$\w+|Math\.[a-z0-9]+(?=\()")


def _with_setup(setup, body, tables):
    """Return the script with what its body needs."""
    table = [tables.source()] if "$T[" in body or "$T," in body else []
    helpers, found = {}, body + "".join(table)
    while True:
        new = {
            n: code
            for n, code in HELPERS.items()
            if n + "(" in found and n not in helpers
        }
        if not new:
            break
        helpers |= new
        found = "".join(new.values())
    setup = [*setup, *(f"{n}={code}" for n, code in helpers.items()), *table]
    return _renamed(setup, f"function(v){{{body}}}")


def _renamed(setup, body):
    """Give short names, the shortest to what is written most often."""
    counts = Counter(_NAME.findall(",".join([*setup, body])))
    used = [
        name
        for name, n in counts.most_common()
        if name[0] == "$" or (n - 1) * len(name) > n + 3
    ]
    short = dict(zip(used, _names(), strict=False))

    def replaced(text):
        return _NAME.sub(lambda found: short.get(found[0], found[0]), text)

    parts = [f"{short[name]}={name}" for name in used if name[0] != "$"]
    parts += map(replaced, setup)
    if not parts:
        return replaced(body)
    return f"(()=>{{const {','.join(parts)};return {replaced(body)}}})()"


def _names():
    """Yield names that are no reserved words and no names used inside the script."""
    yield from _FREE
    yield from map("".join, product(_FREE, _MORE))
    yield from map("".join, product(_FREE, _MORE, _MORE))
