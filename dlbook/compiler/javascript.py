"""Emit a compiled model as one JavaScript function expression.

Small models become straight lines: one expression for each output, shared values in
variables. Larger ones keep their values in one Float64Array that is made once; a node
is a nest of loops over it. Several plans are tried and the shortest script is taken.
The script has no ``eval``, and no state that a call would leave to the next.
"""

import re
from collections import Counter
from itertools import product

import numpy as np

from dlbook.compiler.nodes import View, live, sources, spread
from dlbook.compiler.plan import Plan, composed, steps_of
from dlbook.compiler.rolling import constant, hole, rendered, roll
from dlbook.compiler.rules import ATOM, FOLDS, HELPERS, PLUS, RULES, TIMES, number
from dlbook.compiler.tables import Tables, progression

__all__ = ["emit"]

#: Elements up to which nodes are unrolled, operations in an expression, and whether
#: straight elements may stand in variables.
STRATEGIES = (
    (400, 40, True),
    (1, 40, True),
    (4, 40, True),
    (1, 12, False),
    (4, 12, False),
)
#: The strategy of a program of more than so many nodes.
LONG, MAX_NODES = (1, 12, False), 250
MAX_STRAIGHT = 3000
_LOOPS = "ijkdfna"
_FREE = "ceghlopqswyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MORE = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MAYBE_TRUTH = {"select", "max", "min", "fmax", "fmin", "copysign", "mul"}


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
    scripts = []
    long = len(live(graph, ids)) > MAX_NODES
    for limit, height, local in (LONG,) if long else STRATEGIES:
        plan = Plan(graph, ids, limit, height)
        count = sum(len(plan.wanted(n)) for n in plan.nodes if plan.straight(n))
        if count <= MAX_STRAIGHT or limit == 1:
            scripts.append(_Script(plan, local).source())
    if not scripts:  # a long graph with much straight code: only loops are left
        limit, height, local = STRATEGIES[1]
        scripts.append(_Script(Plan(graph, ids, limit, height), local).source())
    return min(scripts, key=len)


class _Script:
    """The text of one script while it is written."""

    def __init__(self, plan, local):
        self.plan, self.graph, self.local = plan, plan.graph, local
        self.looped = bool(plan.memory) or not local
        self.tables = Tables()
        self.statements = []
        self.refs = {}  # texts of straight elements, by id
        self.heights = Counter()
        self.places, self.homes = {}, {}
        self.size = len(plan.outputs) if self.looped else 0
        self.dest = {}
        if self.looped:
            self._settle()

    # Memory ---------------------------------------------------------------------------

    def _settle(self):
        """Give the outputs, and what is gathered, its place at once."""
        plan = self.plan
        if plan.copied:
            inputs = [n.static + n.size for n in plan.graph.nodes if n.op == "input"]
            self.inputs = self.size
            self.size += max(inputs)
        self._house(np.array(plan.outputs), None)
        for k, element in enumerate(plan.outputs):
            self.dest.setdefault(element, k)
        for node in reversed(plan.nodes):
            if node.op == "gather" and node in plan.memory:
                self._house(plan.gathered(node), node)

    def _house(self, ids, owner):
        """Let nodes stand where they are wanted whole."""
        for node in sources(self.graph, ids):
            if node.op in ("const", "input") or node in self.homes:
                continue
            if node not in self.plan.memory:
                continue
            for k in np.flatnonzero(ids == node.start)[:1].tolist():
                part = ids[k : k + node.size]
                wanted = np.arange(node.start, node.start + node.size)
                if np.array_equal(part, wanted):
                    self.homes[node] = owner, k

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
        for node in self.plan.nodes:
            if self.plan.straight(node):
                self._straight(node)
            elif node in self.plan.memory:
                self._loop(node)
        if not self.looped:
            result = f"return[{','.join(map(self._number, self.plan.outputs))}]"
            body = "".join(self._joined(map(rendered, self.statements))) + result
            return _with_setup([], body, self.tables)
        n = len(self.plan.outputs)
        self._copies(0, np.array(self.plan.outputs))
        steps = roll(self.statements, self.tables)
        body = "".join(self._joined(steps))
        setup = [f"m=new Float64Array({self.size})"]
        if self.plan.copied:
            body = f"m.set(v,{self.inputs});" + body
        result = "m" if n == self.size else "$out"
        if n < self.size:
            setup.append(f"$out=m.subarray(0,{n})")
        return _with_setup(setup, f"{body}return {result}", self.tables)

    def _joined(self, steps):
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

    def _number(self, number):
        """Return the text of an output that has to be a number."""
        text, strength = self._element(number)
        if self._truth(number):
            text = "+" + (text if strength == ATOM else f"({text})")
        return rendered(text)

    def _truth(self, number):
        """Tell whether JavaScript's value may be true or false instead of 1 or 0."""
        node = self.graph.at(number)
        if node.op in ("const", "input") or not self.plan.straight(node):
            return False
        if node.kind == "b" and node.op != "take":
            return True
        chosen, k = self.plan.operands(node)[node.op == "select" :], number - node.start
        if node.op not in _MAYBE_TRUTH and (node.op != "scan" or k % node.shape[-1]):
            return False
        return any(
            self._truth(self.plan.resolve(int(n))) for ids in chosen for n in ids[k]
        )

    # Straight elements ----------------------------------------------------------------

    def _straight(self, node):
        plan, held = self.plan, node in self.plan.memory
        if node.op == "gather":
            if held:
                self._copies(self.place(node), plan.gathered(node))
            return
        if node.op == "same" and not held:
            return
        for k in plan.wanted(node):
            number = node.start + k
            text, strength = self._operation(node, k)
            height = 1 + max(
                (self.heights[n] for ids in self.plan.operands(node)
                 for n in map(plan.resolve, ids[k].tolist())), default=0,
            )  # fmt: skip
            if held:
                target = f"m[{hole(self.place(node) + k)}]"
            elif self.looped and number in self.dest:
                target = f"m[{hole(self.dest[number])}]"
            elif plan.uses[number] == 1 and height < plan.height:
                self.refs[number] = text, strength
                self.heights[number] = height
                continue
            elif self.local:
                target = f"$L{number}"
            else:
                target = f"m[{hole(self.place(node) + k)}]"
            self.statements.append(f"{target}={text}")
            self.refs[number] = target, ATOM

    def _element(self, number):
        """Return the text of one element."""
        number = self.plan.resolve(number)
        node = self.graph.at(number)
        k = number - node.start
        if node.op == "const":
            value = self.graph.data(node)[k]
            return constant(value), _strength(value)
        if node.op == "input":
            return f"v[{hole(node.static + k)}]", ATOM
        if number in self.refs:
            return self.refs[number]
        return f"m[{hole(self.place(node) + k)}]", ATOM

    def _operation(self, node, k):
        """Return the expression of a straight node's element."""
        rows = [ids[k].tolist() for ids in self.plan.operands(node)]
        if node.op in ("take", "search"):
            index = self._element(rows[1][0])
            return self._lookup(node, rows[0][0] - node.args[0].node.start, [], index)
        if node.op == "scan":
            first = k % node.shape[-1] == 0
            new = self._element(rows[0][0])
            if first:
                return new
            return RULES[node.static].javascript(
                (), [self._element(node.start + k - 1), new]
            )
        if not node.inner:
            args = [self._element(row[0]) for row in rows]
            return RULES[node.op].javascript(node.static, args)
        terms = []
        for factors in zip(*rows, strict=True):
            args = [self._element(n) for n in factors]
            terms.append(
                args[0] if len(args) == 1 else RULES["mul"].javascript((), args)
            )
        return self._folded(node.op, terms)

    def _folded(self, op, terms):
        if op == "pair":
            return _add([("0", ATOM), _pairwise(terms)])
        if op in ("sum", "dot"):
            return _add([("0", ATOM), *terms])
        if len(terms) == 1:
            return terms[0]
        if op in ("max", "min") and len(terms) > 2:
            return f"Math.{op}({','.join(text for text, _ in terms)})", ATOM
        return RULES[FOLDS[op].rule].javascript((), terms)

    # Loops ----------------------------------------------------------------------------

    def _loop(self, node):
        """Write the statements of a node that stands in memory."""
        place = self.place(node)
        if node.op == "gather":
            self._copies(place, self.plan.gathered(node))
            return
        if node.op == "shuffle":
            source = self._index(node.args[0], (), (), True)
            self.statements.append(f"$shuffle({hole(place)},{source},{node.size})")
            return
        names = _LOOPS[: len(node.shape) + len(node.inner)]
        outer = names[: len(node.shape)]
        target = View(node, 0, tuple(steps_of(node.shape)))
        if node.op == "scan":
            outer, names = names[:-1], names
        body = self._body(
            node, names, self._at(target, names[: len(node.shape)], node.shape)
        )
        self.statements.append(_nest(outer, node.shape, body))

    def _body(self, node, names, target):
        space = node.shape + node.inner
        if node.op == "scan":
            (view,), k, n = node.args, names[-1], node.shape[-1]
            first = self._value(view, (*names[:-1], None), space)[0]
            step = RULES[node.static].javascript(
                (), [("r", ATOM), self._value(view, names, space)]
            )[0]
            own = View(node, 0, tuple(steps_of(node.shape)))
            start = self._at(own, (*names[:-1], None), node.shape)
            rest = f"for(let {k}=1;{k}<{n};{k}++){target}=r={step}"
            return f"{{let r={start}={first};{rest}}}"
        if not node.inner:
            return f"{target}={self._expression(node, node.args, names, space)[0]}"
        if node.op in ("pair", "argmax", "argmin"):
            view, n = node.args[0], node.inner[-1]
            first = self._index(view, names, node.shape, True)
            call = f"${node.op}({first},{n},{view.strides[-1]})"
            return f"{target}={'0+' * (node.op == 'pair')}{call}"
        args = [self._value(view, names, space) for view in node.args]
        term = args[0] if len(args) == 1 else RULES["mul"].javascript((), args)
        fold = FOLDS[node.op]
        if fold.rule in ("add", "mul"):
            sign = "+" if fold.rule == "add" else "*"
            step = f"r{sign}={term[0]}"
        else:
            step = f"r={RULES[fold.rule].javascript((), [('r', ATOM), term])[0]}"
        inner = _nest(names[len(node.shape) :], node.inner, step)
        return f"{{let r={fold.start};{inner};{target}=r}}"

    def _expression(self, node, args, names, space):
        """Return the text of an elementwise node whose arguments are these views."""
        if node.op in ("take", "search"):
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
        if node.op == "search":
            n, side, step = node.static
            return f"${side}({array},{hole(base)},{n},{index[0]})", ATOM
        text, strength = index
        if node.static != 1:
            text, strength = (
                f"{text if strength > TIMES else f'({text})'}*{node.static}",
                TIMES,
            )
        text = text if strength >= PLUS else f"({text})"
        return f"{array}[{'+'.join([text, *terms, hole(base)])}]", ATOM

    def _value(self, view, names, space):
        """Return the text of what a view gives at the loops' variables."""
        node = view.node
        moving = any(
            s and n > 1 and name
            for s, n, name in zip(view.strides, space, names, strict=True)
        )
        if node.op == "const":
            return self._constant(view, names, space)
        if not moving:
            return self._element(node.start + view.offset)
        if node in self.plan.inlined:
            args = [composed(view, space, arg) for arg in node.args]
            return self._expression(node, args, names, space)
        return self._at(view, names, space), ATOM

    def _constant(self, view, names, space):
        data = self.graph.data(view.node)[spread(view, space)]
        terms = []
        for axis, name in enumerate(names):
            first = data.take([0], axis)
            if name is None or _same_bits(data, first):
                data = first
            else:
                terms.append((name, data.shape[axis], view.strides[axis]))
        if not terms:
            value = data.reshape(-1)[0]
            return constant(value), number(value)[1]
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
            for s, n, name in zip(view.strides, space, names, strict=False)
            if s and n > 1 and name
        ]

    def _index(self, view, names, space, helped=False):
        place = self.place(view.node) + view.offset
        if view.node.op == "input" and helped:
            place += self.inputs
        return _sum([*self._terms(view, names, space), hole(place)])

    def _at(self, view, names, space):
        return f"{_array(view.node)}[{self._index(view, names, space)}]"

    # Copies ---------------------------------------------------------------------------

    def _copies(self, base, ids):
        """Copy elements to a place, those that stand there already excepted."""
        arrays, places = self._sources(ids)
        wanted = base + np.arange(len(ids))
        k, n = 0, len(ids)
        step = np.diff(places)
        while k < n:
            if arrays[k] == 2:
                text = self._element(int(ids[k]))[0]
                if self.refs.get(int(ids[k]), ("",))[0] != f"m[{hole(wanted[k])}]":
                    self.statements.append(f"m[{hole(wanted[k])}]={text}")
                k += 1
                continue
            end = k + 1
            while end < n and arrays[end] == arrays[k] and step[end - 1] == step[k]:
                end += 1
            self._copy(
                arrays[k],
                wanted[k],
                places[k],
                end - k,
                step[k] if end - k > 1 else 1,
                int(ids[k]),
            )
            k = end

    def _copy(self, array, target, place, n, step, number):
        if array == 0 and target == place and step == 1:
            return
        if array == 1:
            if n == 1 or step == 0:
                text = self._element(number)[0]
                if n == 1:
                    self.statements.append(f"m[{hole(target)}]={text}")
                else:
                    self.statements.append(
                        f"m.fill({text},{hole(target)},{hole(target + n)})"
                    )
                return
            place = self.tables.add(self.graph.pool[place + step * np.arange(n)])
            step = 1
        name = ("m", "$T", "", "v")[array]
        if n == 1:
            self.statements.append(f"m[{hole(target)}]={name}[{hole(place)}]")
        else:
            self.statements.append(
                f"$copy({hole(target)},{name},{hole(place)},{n},{step})"
            )

    def _sources(self, ids):
        """Return where elements stand: 0 m, 1 a table, 2 an expression, 3 v."""
        arrays, places = np.zeros(len(ids), int), np.zeros(len(ids), int)
        for node in sources(self.graph, ids):
            chosen = (ids >= node.start) & (ids < node.start + node.size)
            offsets = ids[chosen] - node.start
            if node.op == "const":
                arrays[chosen] = 1
                places[chosen] = self.graph.first(node) + offsets
            elif node.op == "input" or node in self.plan.memory:
                arrays[chosen] = 3 * (node.op == "input")
                places[chosen] = self.place(node) + offsets
            else:
                arrays[chosen] = 2
        return arrays, places


def _array(node):
    return "v" if node.op == "input" else "m"


def _strength(value):
    return number(value)[1]


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


def _add(terms):
    return RULES["add"].javascript((), terms)


def _pairwise(terms):
    n = len(terms)
    if n < 8:
        return _add(terms) if n > 1 else terms[0]
    if n > 128:
        half = n // 2 - n // 2 % 8
        return _add([_pairwise(terms[:half]), _pairwise(terms[half:])])
    whole = n - n % 8
    r = [_add(terms[k:whole:8]) if whole > 8 else terms[k] for k in range(8)]
    left = _add([_add(r[0:2]), _add(r[2:4])])
    right = _add([_add(r[4:6]), _add(r[6:8])])
    return _add([_add([left, right]), *terms[whole:]])


_NAME = re.compile(r"\$[A-Za-z]+\d*|Math\.[a-z0-9]+(?=\()")


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
