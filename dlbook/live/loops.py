"""Templates: stored operations of one shape, and the order in which they run.

A store puts one value into its place. Stores of one shape share a template, and their
leaves (constants, inputs, other stored values) stand in columns. A template is rolled
into a loop where that is shorter. The schedule runs every store after what it needs, in
runs as long as possible, so that a recurrence alternates between a few templates.
"""

import heapq
from dataclasses import dataclass, field

from dlbook.live.columns import Tables, floats, integers
from dlbook.live.flow import LEAVES
from dlbook.live.rules import number

__all__ = ["Store", "Template", "schedule", "templates"]


@dataclass
class Store:
    """One value with a place: the operation ``node``, or a copy of it for an output."""

    node: int
    dest: int | None
    copy: bool
    level: int = 0

    @property
    def rank(self):
        """Order within a template: what is needed first comes first."""
        return self.level, self.node, -1 if self.dest is None else self.dest


@dataclass
class Template:
    """Stores of one shape; ``columns`` holds (kind, values) for each leaf."""

    stores: list
    rolled: bool = False
    columns: list = field(default_factory=list)


def templates(flow):
    """Return the templates of a flow, those that pay rolled, the others single."""
    groups = {}
    for store in sorted(_stores(flow), key=lambda store: store.rank):
        shape = flow.mark(store.node) if store.copy else flow.shape[store.node]
        groups.setdefault((store.copy, shape), []).append(store)
    found = [Template(stores) for stores in groups.values()]
    for template in found:
        template.columns = _columns(flow, template.stores)
        template.rolled = _pays(flow, template)
    flow.spread = _spread(flow, found)
    result = []
    for template in found:
        if flow.spread:
            template.columns = _columns(flow, template.stores)
        result += [template] if template.rolled else _single(template)
    return result


def _single(template):
    """Return a template for each store."""
    columns = template.columns
    return [
        Template([store], False, [(kind, [values[k]]) for kind, values in columns])
        for k, store in enumerate(template.stores)
    ]


def _stores(flow):
    """Return a store for each stored operation, and copies for further outputs."""
    level = [0] * len(flow.ops)
    for k, op in enumerate(flow.ops):
        if op not in LEAVES:
            level[k] = max((level[a] for a in flow.args[k]), default=0)
            level[k] += flow.stored[k]
    dests, result = {}, []
    for dest, node in enumerate(flow.outputs):
        if node in dests or flow.ops[node] in LEAVES:
            result.append(Store(node, dest, True, level[node] + 1))
        else:
            dests[node] = dest
    for node in flow.alive():
        if flow.stored[node]:
            result.append(Store(node, dests.get(node), False, level[node]))
    return result


def _columns(flow, stores):
    rows = [list(_leaves(flow, store.node, store.copy)) for store in stores]
    return [
        (column[0][0], [value for _, value in column])
        for column in zip(*rows, strict=True)
    ]


def _leaves(flow, k, copy=False):
    """Yield (kind, value) of the leaves below an operation, in the order of writing."""
    if copy:
        yield _leaf(flow, k)
        return
    if flow.is_row(k):
        yield "row", flow.args[k]
        return
    if flow.ops[k] == "lookup":
        yield "offset", flow.static[k][2]
    for arg in flow.args[k]:
        if flow.ops[arg] in LEAVES or flow.stored[arg]:
            yield _leaf(flow, arg)
        else:
            yield from _leaves(flow, arg)


def _leaf(flow, k):
    if flow.ops[k] in LEAVES:
        return flow.ops[k], flow.static[k]
    return "stored", k


def _pays(flow, template):
    """Estimate whether a loop is shorter than single statements."""
    n = len(template.stores)
    if n < 3:
        return False
    body = 8 * len(template.columns)
    single, loop = n * (body + 7), 35 + body
    for kind, values in template.columns:
        if kind == "const":
            tables = Tables()
            single += sum(len(number(value)[0]) for value in values)
            text = floats(values, tables)[0]
            loop += len(text) + sum(map(len, tables.lists.values()))
        elif kind in ("input", "offset"):
            tables = Tables()
            single += 3 * n
            loop += len(integers(values, tables)[0])
            loop += sum(map(len, tables.lists.values()))
        elif kind == "stored":
            single += 3 * n
            loop += 3 if len(set(values)) == 1 else 8
        else:
            single += 5 * n * len(values[0])
            loop += 15
    return loop < single


def _spread(flow, found):
    """Return the shapes of long folds whose terms do not stand in a loop's memory."""
    rolled = {s.node for t in found if t.rolled for s in t.stores if not s.copy}
    return {
        flow.shape[k]
        for k in flow.alive()
        if flow.packed(k) and not rolled.issuperset(flow.args[k])
    }


def schedule(found):
    """Return runs (template's number, how many stores) in the order of execution."""
    needs = [[_needs(t, k) for k in range(len(t.stores))] for t in found]
    done, runs, position = set(), [], [0] * len(found)
    heap = [(t.stores[0].rank, number) for number, t in enumerate(found)]
    heapq.heapify(heap)
    while heap:
        _, which = heapq.heappop(heap)
        stores, start = found[which].stores, position[which]
        stop = start
        while stop < len(stores) and needs[which][stop] <= done:
            if not stores[stop].copy:
                done.add(stores[stop].node)
            stop += 1
        position[which] = stop
        runs.append((which, stop - start))
        if stop < len(stores):
            heapq.heappush(heap, (stores[stop].rank, which))
    return runs


def _needs(template, k):
    """Return the stored values that a store of a template reads."""
    found = set()
    for kind, values in template.columns:
        if kind == "stored":
            found.add(values[k])
        elif kind == "row":
            found.update(values[k])
    return found
