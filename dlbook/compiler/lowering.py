"""Lowering: a small array becomes nodes of one element each.

What is small is written out element by element; so its elements are nodes of their
own, of which a script keeps those that it needs. What is large stays a node, and is
written as a loop. Copies of single elements vanish.
"""

import functools
from itertools import accumulate
from math import prod

import numpy as np

from dlbook.compiler.nodes import View, live, spread, tracing, view_of

__all__ = ["HELPED", "lowered"]

#: Operations whose argument a helper reads in memory.
HELPED = ("pair", "argmax", "argmin", "shuffle")


def lowered(graph, ids, limit):
    """Lower the nodes that have at most ``limit`` elements (a fold: terms).

    Returns
    -------
    tuple of Graph and ndarray
        A graph to write, and the outputs' ids there.
    """
    graph = graph.branch()
    with tracing(graph), np.errstate(all="ignore"):
        low = _Lowering(graph, limit)
        for node in live(graph, ids):
            low.lower(node)
        return graph, low.moved(ids)


class _Lowering:
    def __init__(self, graph, limit):
        self.graph, self.limit = graph, limit
        self.to = np.arange(graph.end, dtype=np.int64)  # new ids by old ones
        self.rows = {}
        self.zeros = {kind: graph.const(0.0, kind).start for kind in "bif"}

    def moved(self, ids):
        """Return the new ids of elements."""
        return np.where(ids < 0, ids, self.to[np.maximum(ids, 0)])

    def lower(self, node):
        """Find the new ids of a node's elements, whose arguments have theirs."""
        if node.op == "input":
            return
        end = node.start + node.size
        if node.op == "gather":
            new = self.moved(np.frombuffer(node.static, np.int64))
        elif self._small(node):
            new = self._elements(node)
        else:
            new = self._whole(node)
        self.to[node.start : end] = new

    def _small(self, node):
        terms = node.size * prod(node.inner)
        most = min(self.limit, 64) if node.op == "pair" else self.limit
        return terms <= most and node.op not in ("argmax", "argmin", "shuffle")

    def _row(self, node):
        """Return a view of what holds all elements of an old node, in one row."""
        if node.op in ("const", "input"):
            return View(node, 0, (1,))
        if node not in self.rows:
            ids = np.arange(node.start, node.start + node.size, dtype=np.int64)
            row = view_of(self.moved(ids))
            self.rows[node] = row._replace(strides=(row.strides[0] or 1,))
        return self.rows[node]

    def _moved(self, view):
        """Return a view of a new node for one of an old node."""
        node, offset, (step,) = self._row(view.node)
        strides = tuple(s * step for s in view.strides)
        return View(node, offset + view.offset * step, strides)

    def _one(self, number, axes=0):
        node = self.graph.at(number)
        return View(node, number - node.start, (0,) * axes)

    def _argument(self, view, space):
        """Return an argument of a loop, a single element as such."""
        if any(s and n > 1 for s, n in zip(view.strides, space, strict=True)):
            return self._moved(view)
        number = self.moved(np.array(view.node.start + view.offset))
        return self._one(int(number), len(space))

    def _copied(self, view):
        """Return a view as a helper reads it, in memory."""
        view = self._moved(view)
        if view.node.op != "input":
            return view
        ids = self.graph.ids(view.node, (view.node.size,))
        args, kind = (View(view.node, 0, (0,)),), view.node.kind
        made = self.graph.node("gather", args, kind, ids.shape, static=ids.tobytes())
        return view._replace(node=made)

    def _whole(self, node):
        """Return the ids of a node that stays one."""
        space, static = node.shape + node.inner, node.static
        if node.op in HELPED:
            args = map(self._copied, node.args)
        else:
            args = [self._argument(view, space) for view in node.args]
        if node.op == "take":
            args[0] = self._moved(node.args[0])
            static *= self._row(node.args[0].node).strides[0]
        new = self.graph.node(
            node.op, tuple(args), node.kind, node.shape, node.inner, static
        )
        return self.graph.ids(new, (node.size,))

    def _node(self, op, kind, numbers, static=()):
        """Return the id of an operation on single elements."""
        args = tuple(map(self._one, numbers))
        return self.graph.node(op, args, kind, (), static=static).start

    def _chain(self, op, kind, terms):
        """Return the id of terms joined from left to right."""
        return functools.reduce(lambda a, b: self._node(op, kind, (a, b)), terms)

    def _elements(self, node):
        space, op, kind = node.shape + node.inner, node.op, node.kind
        if op == "take":
            return self._looked_up(node)
        args = [
            self.moved(spread(v, space) + v.node.start).reshape(node.size, -1)
            for v in node.args
        ]
        if op == "same":
            return args[0][:, 0]
        if op == "scan":
            return self._scanned(node, args[0][:, 0].reshape(-1, node.shape[-1]))
        rows = [list(zip(*row, strict=True)) for row in zip(*args, strict=True)]
        if node.inner:
            return [self._fold(op, kind, row) for row in rows]
        return [self._node(op, kind, row[0], node.static) for row in rows]

    def _fold(self, op, kind, row):
        terms = [self._chain("multiply", kind, factors) for factors in row]
        if op == "pair":
            op, terms = "add", [self._pairwise(kind, terms)]
        if op == "add":
            terms = [self.zeros[kind], *terms]
        return self._chain(op, kind, terms)

    def _pairwise(self, kind, terms):
        """Add as NumPy adds long runs, by eight sums of every eighth term."""
        whole = len(terms) - len(terms) % 8
        parts = [self._chain("add", kind, terms[k:whole:8]) for k in range(8)]
        while len(parts) > 1:
            parts = [*parts[2:], self._chain("add", kind, parts[:2])]
        return self._chain("add", kind, [*parts, *terms[whole:]])

    def _scanned(self, node, rows):
        def step(a, b):
            return self._node(node.static, node.kind, (a, b))

        return [number for row in rows.tolist() for number in accumulate(row, step)]

    def _looked_up(self, node):
        table, index = node.args
        static = node.static * self._row(table.node).strides[0]
        table = self._moved(table)
        first = spread(table, node.shape).reshape(-1)
        index = self.moved(spread(index, node.shape) + index.node.start).reshape(-1)
        return [
            self.graph.node(
                node.op,
                (View(table.node, offset, ()), self._one(number)),
                node.kind,
                (),
                static=static,
            ).start
            for offset, number in zip(first.tolist(), index.tolist(), strict=True)
        ]
