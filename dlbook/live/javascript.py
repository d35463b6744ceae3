"""Emit a compiled model as one JavaScript function expression.

Small models become straight lines: one expression for each output, shared values in
variables. Large ones keep their values in one Float64Array; operations of one shape
become a loop over it, with the numbers that differ in columns. A recurrence becomes a
loop of loops. The script has no ``eval`` and no state from one call to the next.
"""

import re
from collections import Counter
from itertools import product

from dlbook.live.columns import Tables, floats, integers
from dlbook.live.flow import LEAVES, plan
from dlbook.live.loops import schedule, templates
from dlbook.live.rules import ATOM, HELPERS, PLUS, RULES, TIMES

__all__ = ["emit"]

_FREE = "ceghlopqswyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MORE = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MAYBE_TRUTH = {"select", "pick", "max", "min", "fmax", "fmin", "copysign"}


def emit(nodes):
    """Return the source of a function of the sliders' values.

    Parameters
    ----------
    nodes : list of Node
        The outputs, in the order wanted.

    Returns
    -------
    str
        ``function(v){...}``, or an expression that gives such a function where
        constants are set up once. It returns an array of numbers.
    """
    flow = plan(nodes)
    found = templates(flow)
    draft = _Script(flow, found, Tables())
    draft.source()
    return _Script(flow, found, Tables(draft.tables.lists.values())).source()


class _Script:
    """The text of one script while it is written."""

    def __init__(self, flow, found, tables):
        self.flow = flow
        self.tables = tables
        self.templates = found
        self.memory = any(template.rolled for template in self.templates)
        self.place = {}
        self.size = len(flow.outputs)
        if self.memory:
            self._settle()

    def _settle(self):
        """Give a place in memory to what loops read or write, and to all outputs."""
        needed = set()
        for template in self.templates:
            for kind, values in template.columns:
                if kind == "row":
                    needed.update(k for row in values for k in row)
                elif kind == "stored" and len(set(values)) > 1:
                    needed.update(values)
            if template.rolled:
                needed.update(store.node for store in template.stores)
        for template in self.templates:
            for store in template.stores:
                if store.copy:
                    continue
                if store.dest is not None:
                    self.place[store.node] = store.dest
                elif store.node in needed:
                    self.place[store.node] = self.size
                    self.size += 1

    def source(self):
        """Return the whole script."""
        body = self._looped() if self.memory else self._straight()
        setup = self.tables.source(body)
        text = body + ",".join(setup)
        helpers = [f"{n}={code}" for n, code in HELPERS.items() if n + "(" in text]
        setup = helpers + setup
        return _renamed(setup, f"function(v){{{body}}}")

    # Straight lines -------------------------------------------------------------------

    def _straight(self):
        """Return the body without memory: variables, then the list of outputs."""
        lines, outputs = [], [None] * self.size
        for which, _ in schedule(self.templates):
            template = self.templates[which]
            store = template.stores[0]
            text, strength = self._text(template)
            used = self.flow.uses[store.node] > 1 or store.dest is None
            if used and not store.copy:
                lines.append(f"$L{store.node}={text}")
                text, strength = f"$L{store.node}", ATOM
            if store.dest is not None:
                if self._truth(store.node):
                    text = "+" + (text if strength == ATOM else f"({text})")
                outputs[store.dest] = text
        head = f"const {','.join(lines)};" if lines else ""
        return f"{head}return[{','.join(outputs)}]"

    def _truth(self, k):
        """Tell whether JavaScript's value may be true or false instead of 1 or 0."""
        flow = self.flow
        if flow.ops[k] in LEAVES:
            return False
        chosen = flow.args[k][flow.ops[k] in ("select", "pick") :]
        return flow.kinds[k] == "b" or (
            flow.ops[k] in _MAYBE_TRUTH and any(map(self._truth, chosen))
        )

    # Loops ----------------------------------------------------------------------------

    def _looped(self):
        """Return the body that works on memory."""
        runs = schedule(self.templates)
        often = Counter(which for which, _ in runs)
        functions, steps, counters, variables = [], [], [], []
        for which, n in runs:
            template = self.templates[which]
            if not template.rolled:
                target = self._target(template, variables)
                steps.append(f"{target}={self._text(template)[0]}")
            elif often[which] == 1:
                steps.append(f"for(let i=0;i<{n};i++){self._step(template)}")
            else:
                steps.append(f"$F{which}({n})")
                if f"$C{which}=0" not in counters:
                    counters.append(f"$C{which}=0")
                    functions.append(
                        f"$F{which}=n=>{{for(n+=$C{which};$C{which}<n;$C{which}++)"
                        f"{{const i=$C{which};{self._step(template)}}}}}"
                    )
        head = f"const {','.join([f'm=new Float64Array({self.size})', *functions])};"
        names = variables + counters
        let = f"let {','.join(names)};" if names else ""
        n = len(self.flow.outputs)
        result = "m" if n == self.size else f"m.slice(0,{n})"
        return f"{let}{head}{';'.join(_repeated(steps))};return {result}"

    def _target(self, template, variables):
        store = template.stores[0]
        if store.copy:
            return f"m[{store.dest}]"
        if store.node in self.place:
            return f"m[{self.place[store.node]}]"
        variables.append(f"$L{store.node}")
        return variables[-1]

    def _step(self, template):
        places = [s.dest if s.copy else self.place[s.node] for s in template.stores]
        target = integers(places, self.tables)[0]
        return f"m[{target}]={self._text(template)[0]}"

    # Expressions ----------------------------------------------------------------------

    def _text(self, template):
        """Return the expression of a template, for a loop or for its only store."""
        rendered = iter([self._column(*column) for column in template.columns])
        store = template.stores[0]
        if store.copy:
            return next(rendered)
        return self._operation(store.node, rendered)

    def _column(self, kind, values):
        if kind == "const":
            return floats(values, self.tables)
        if kind == "offset":
            return integers(values, self.tables)
        if kind == "input":
            return f"v[{integers(values, self.tables)[0]}]", ATOM
        if kind == "row":
            return self._row(values)
        if len(set(values)) > 1 or values[0] in self.place:
            places = [self.place[k] for k in values]
            return f"m[{integers(places, self.tables)[0]}]", ATOM
        return f"$L{values[0]}", ATOM

    def _row(self, rows):
        """Return 'memory,start,step,count' of the values that a long fold takes."""
        n = len(rows[0])
        places = [[self.place[k] for k in row] for row in rows]
        steps = {b - a for row in places for a, b in zip(row, row[1:], strict=False)}
        if len(steps) == 1:
            start = integers([row[0] for row in places], self.tables)[0]
            return f"m,{start},{steps.pop()},{n}", ATOM
        start = integers([n * k for k in range(len(rows))], self.tables)[0]
        table = self.tables.name([k for row in places for k in row])
        return f"$some(m,{table},{start},{n}),0,1,{n}", ATOM

    def _operation(self, k, rendered):
        flow = self.flow
        op, static = flow.ops[k], flow.static[k]
        if flow.is_row(k):
            return _FOLDS[op].format(next(rendered)[0]), ATOM
        offset = next(rendered) if op == "lookup" else None
        args = [
            next(rendered)
            if flow.ops[arg] in LEAVES or flow.stored[arg]
            else self._operation(arg, rendered)
            for arg in flow.args[k]
        ]
        if op == "lookup":
            return self._lookup(static, offset, args[0])
        if op == "search":
            table = self.tables.name(static[0].data)
            return f"${static[1]}({table},{args[0][0]})", ATOM
        return RULES[op].javascript(static, args)

    def _lookup(self, static, offset, index):
        table, stride, _ = static
        text, strength = index
        if stride > 1:
            text = f"{text if strength >= TIMES else f'({text})'}*{stride}"
        if offset[0] != "0":
            part = offset[0] if offset[1] >= PLUS else f"({offset[0]})"
            text = f"{text if strength >= PLUS else f'({text})'}+{part}"
        return f"{self.tables.name(table.data)}[{text}]", ATOM


_FOLDS = {
    "sum": "$total(0,{})", "add": "$total(-0,{})", "mul": "$times({})",
    "max": "Math.max(...$row({}))", "min": "Math.min(...$row({}))",
    "argmax": "$argmax($row({}))", "argmin": "$argmin($row({}))",
}  # fmt: skip


def _repeated(steps):
    """Write runs of equal sequences of calls as loops."""
    result, start = [], 0
    while start < len(steps):
        saved, length, times = 0, 1, 1
        for size in range(1, min(40, (len(steps) - start) // 2) + 1):
            block, n = steps[start : start + size], 1
            while steps[start + n * size : start + (n + 1) * size] == block:
                n += 1
            gain = (n - 1) * sum(len(step) + 1 for step in block) - 24
            if gain > saved:
                saved, length, times = gain, size, n
        block = ";".join(steps[start : start + length])
        result.append(f"for(let k={times};k--;){{{block}}}" if times > 1 else block)
        start += length * times
    return result


_NAME = re.compile(r"\$[A-Za-z]+\d*|Math\.[a-z0-9]+(?=\()")


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
