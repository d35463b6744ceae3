"""Decide how a program is written: what is unrolled, what is stored, what is inlined.

A small node is *straight*: its elements are written one by one, each where it is used
or, if it is used more than once, into a variable. A larger node is a loop. A loop's
node that is read element by element, by one other loop, is written into that loop; all
others stand in memory, as does all that a loop or a helper reads with a moving index.
"""

from collections import Counter, defaultdict
from math import prod

import numpy as np

from dlbook.compiler.nodes import View, live, spread
from dlbook.compiler.rules import FOLDS, RULES

__all__ = ["Plan", "composed", "steps_of"]

#: Operations whose arguments a helper reads in memory.
HELPED = ("pair", "argmax", "argmin", "shuffle")
_READ = ("gather", "scan", *HELPED)
_LOOKUPS = ("take", "search")
_CHEAP = ("add", "sub", "mul", "neg", "same", "lt", "le", "gt", "ge", "eq", "ne")


def steps_of(shape):
    """Return the steps between neighbours of a contiguous array along its axes."""
    steps, step = [], 1
    for n in reversed(shape):
        steps.insert(0, step)
        step *= n
    return steps


def composed(view, space, place):
    """Return a node's own argument as a view over the axes of the node's reader.

    ``view`` is what the reader, with the axes ``space``, takes of the node; ``place``
    is an argument of the node. None if some index would not stay within its axis.
    """
    node = view.node
    steps = steps_of(node.shape)
    first = _digits(view.offset, steps)
    moves = [_digits(step, steps) for step in view.strides]
    for axis, n in enumerate(node.shape):
        low = high = first[axis]
        for move, count in zip(moves, space, strict=True):
            low += min(move[axis] * (count - 1), 0)
            high += max(move[axis] * (count - 1), 0)
        if low < 0 or high >= n:
            return None
    offset = place.offset + sum(
        a * b for a, b in zip(first, place.strides, strict=True)
    )
    strides = tuple(
        sum(a * b for a, b in zip(move, place.strides, strict=True)) for move in moves
    )
    return View(place.node, offset, strides)


def _digits(number, steps):
    sign, rest, digits = (1 if number >= 0 else -1), abs(number), []
    for step in steps:
        digits.append(sign * (rest // step))
        rest %= step
    return digits


class Plan:
    """What becomes of each node of a program.

    Parameters
    ----------
    graph : Graph
    ids : ndarray
        The outputs.
    limit : int
        Elements (for a fold, terms) up to which a node is straight.
    height : int
        Operations of one expression, one above the other.
    """

    def __init__(self, graph, ids, limit, height):
        self.graph, self.limit, self.height = graph, limit, height
        self.nodes = live(graph, ids)
        self.uses, self.memory, self.inlined = Counter(), set(), set()
        self.copied = False  # whether a helper reads inputs in memory
        self._readers, self._depth = defaultdict(list), {}
        self._operands = {}
        self.outputs = [self.resolve(int(k)) for k in ids]
        for number in self.outputs:
            self._use(number)
        for node in reversed(self.nodes):
            (self._plan_straight if self.straight(node) else self._plan_loop)(node)
        self.nodes = [n for n in self.nodes if n.op != "input"]

    def straight(self, node):
        """Tell whether the elements of a node are written one by one."""
        if node.op in ("input", "argmax", "argmin", "shuffle"):
            return False
        terms = node.size * prod(node.inner)
        return terms <= self.limit and (node.op != "pair" or terms <= 64)

    def resolve(self, number):
        """Return the id of what an element is a copy of."""
        while True:
            node = self.graph.at(number)
            if node.op == "gather" and self.straight(node):
                number = int(np.frombuffer(node.static, np.int64)[number - node.start])
            elif node.op == "same" and self.straight(node):
                number = self.operands(node)[0][number - node.start, 0]
            else:
                return int(number)

    def gathered(self, node):
        """Return the ids of what the elements of a gather are copies of."""
        ids = np.frombuffer(node.static, np.int64).copy()
        for view in node.args:
            if view.node.op in ("gather", "same") and self.straight(view.node):
                chosen = (ids >= (k := view.node.start)) & (ids < k + view.node.size)
                ids[chosen] = [self.resolve(number) for number in ids[chosen].tolist()]
        return ids

    def operands(self, node):
        """Return the ids of all arguments' elements, for each element of a node."""
        found = self._operands.get(node)
        if found is None:
            space = node.shape + node.inner
            found = self._operands[node] = [
                (spread(v, space) + v.node.start).reshape(node.size, -1)
                for v in node.args
            ]
        return found

    def wanted(self, node):
        """Return the places of a straight node's elements that are used."""
        if node in self.memory:
            return range(node.size)
        places = [k for k in range(node.size) if self.uses[node.start + k]]
        return range(node.size) if places and node.op == "scan" else places

    def _use(self, number, times=1):
        node = self.graph.at(number)
        if node.op not in ("const", "input"):
            if self.straight(node):
                self.uses[number] += times
            else:
                self.memory.add(node)

    def _hold(self, node):
        if node.op not in ("const", "input"):
            self.memory.add(node)

    def _hold_for_helper(self, node):
        self.copied |= node.op == "input"
        self._hold(node)

    def _plan_straight(self, node):
        places = self.wanted(node)
        if node.op == "gather":
            for view in node.args if node in self.memory else ():
                self._hold(view.node)
            return
        if node.op == "same" and node not in self.memory:
            return
        lookup = node.op in _LOOKUPS
        if lookup and places:
            self._hold(node.args[0].node)
        for ids in self.operands(node)[lookup:]:
            for number in ids[list(places)].ravel().tolist():
                self._use(self.resolve(number))
        if node.op == "scan":
            for k in places:
                self.uses[node.start + k] += (k + 1) % node.shape[-1] > 0

    def _plan_loop(self, node):
        if node.op == "input":
            return
        if node not in self.memory:
            readers = self._readers[node]
            if not readers:
                return
            if len(readers) == 1 and self._fits(node, *readers[0]):
                self.inlined.add(node)
            else:
                self.memory.add(node)
        if node in self.memory:
            self._depth[node] = 0
        space = node.shape + node.inner
        total = prod(space)
        for k, view in enumerate(node.args):
            if node.op in _READ or (node.op in _LOOKUPS and k == 0):
                (self._hold_for_helper if node.op in HELPED else self._hold)(view.node)
            elif view.node.op not in ("const", "input"):
                self._plan_argument(node, view, space, total)

    def _plan_argument(self, node, view, space, total):
        if not any(s for s, n in zip(view.strides, space, strict=True) if n > 1):
            number = self.resolve(view.node.start + view.offset)
            self._use(number, 1 if total == 1 else 2)
        elif self.straight(view.node):
            self._hold(view.node)
        else:
            self._readers[view.node].append((node, view))

    def _fits(self, node, reader, view):
        """Tell whether a loop's node can be written into its only reader."""
        depth = self._depth[reader] + 1
        space = reader.shape + reader.inner
        if (
            depth > self.height
            or node.inner
            or not (node.op in RULES or node.op in _LOOKUPS)
            or not (reader.op in RULES or reader.op in FOLDS or reader.op in _LOOKUPS)
            or not self._pays(node, reader, space)
            or any(composed(view, space, arg) is None for arg in node.args)
        ):
            return False
        self._depth[node] = depth
        return True

    def _pays(self, node, reader, space):
        """Tell whether elements are read once each, or are cheap to compute again."""
        if prod(space) <= node.size:
            return True
        return node.op in _CHEAP and reader.op in RULES and not reader.inner
