"""Order a compiled model for emission: what is stored, what repeats.

The live operations become a numbered list. Some of them are *stored*: outputs, values
used more than once, the repeated terms of long sums. The others are written where they
are used. Stored operations of one shape, with different constants or arguments in the
same places, form a template; the emitter writes a template once, as a loop.
"""

from collections import Counter
from dataclasses import dataclass

from dlbook.live.nodes import live

__all__ = ["LEAVES", "Flow", "plan"]

LEAVES = ("const", "input")
PACKED = ("sum", "add", "mul", "max", "min", "argmax", "argmin")
_PACK_FROM = 6  # arguments of a fold that is worth a call
_HEIGHT = 24  # operations in one expression, one above the other
_GAIN = 45  # characters that storing repeated terms has to save
_TIMES = 4  # how often a term has to be repeated


@dataclass
class Flow:
    """Operations as parallel lists; ``outputs`` and ``args`` hold their numbers."""

    ops: list
    static: list
    args: list
    kinds: list
    outputs: list
    uses: list = None
    stored: list = None
    shape: list = None
    spread: set = frozenset()

    def alive(self):
        """Return the numbers of the operations that are used."""
        return [k for k, op in enumerate(self.ops) if self.uses[k] and op not in LEAVES]

    def mark(self, k):
        """Return what an argument looks like from outside: a leaf or a shape."""
        if self.ops[k] in LEAVES:
            return self.ops[k]
        return "stored" if self.stored[k] else self.shape[k]

    def packed(self, k):
        """Tell whether an operation folds a long row of stored values."""
        args = self.args[k]
        return (
            self.ops[k] in PACKED
            and len(args) >= _PACK_FROM
            and all(self.stored[a] for a in args)
        )

    def is_row(self, k):
        """Tell whether the values that an operation folds stand in memory."""
        return self.packed(k) and self.shape[k] not in self.spread


def plan(nodes):
    """Return the flow of the outputs, with stored operations and shapes settled."""
    flow = _listed(nodes)
    flow.uses = _counted(flow)
    outputs = set(flow.outputs)
    flow.stored = [
        op not in LEAVES and (n > 1 or k in outputs)
        for k, (op, n) in enumerate(zip(flow.ops, flow.uses, strict=True))
    ]
    for op, args in zip(flow.ops, flow.args, strict=True):
        if op == "pick" and flow.ops[args[0]] not in LEAVES:
            flow.stored[args[0]] = True
    _limit_height(flow)
    _shapes(flow)
    while _store_repeats(flow):
        _shapes(flow)
    return flow


def _listed(nodes):
    number = {}
    flow = Flow([], [], [], [], [])
    for node in live(nodes):
        if node.op == "same":
            number[node] = number[node.args[0]]
            continue
        args = [_own(flow, number[arg]) for arg in node.args]
        number[node] = _append(flow, node.op, node.static, tuple(args), node.kind)
    flow.outputs = [number[node] for node in nodes]
    return flow


def _append(flow, *parts):
    for column, part in zip(
        (flow.ops, flow.static, flow.args, flow.kinds), parts, strict=True
    ):
        column.append(part)
    return len(flow.ops) - 1


def _own(flow, k):
    """Copy the product of a value and a constant for each use.

    Equal weights of a matrix would else make one product out of two, and leave holes
    in the pattern of its rows.
    """
    args = flow.args[k]
    if flow.ops[k] == "mul" and any(flow.ops[arg] == "const" for arg in args):
        return _append(flow, "mul", flow.static[k], args, flow.kinds[k])
    return k


def _counted(flow):
    """Count how often each value is used by what is alive."""
    uses = Counter(flow.outputs)
    for k in reversed(range(len(flow.ops))):
        if uses[k]:
            uses.update(flow.args[k])
    return [uses[k] for k in range(len(flow.ops))]


def _limit_height(flow):
    """Store a value every so often in a long chain, so that its links repeat."""
    height = [0] * len(flow.ops)
    for k in flow.alive():
        height[k] = 1 + max((height[a] for a in flow.args[k]), default=0)
        if height[k] >= _HEIGHT:
            flow.stored[k] = True
        if flow.stored[k]:
            height[k] = 0


def _shapes(flow):
    """Number the shapes: equal shapes differ only in constants and arguments."""
    numbers = {}
    flow.shape = [None] * len(flow.ops)
    for k in flow.alive():
        op, static = flow.ops[k], flow.static[k]
        if op == "lookup":
            static = static[:2]
        key = (op, static, *map(flow.mark, flow.args[k]))
        if flow.packed(k):
            key = (op, "packed", len(flow.args[k]))
        flow.shape[k] = numbers.setdefault(key, len(numbers))


def _store_repeats(flow):
    """Store the terms that repeat within one expression; tell if there were any."""
    found = False
    for root in flow.alive():
        if flow.stored[root]:
            found |= _store_within(flow, root)
    return found


def _store_within(flow, root):
    inner = _inlined(flow, root)
    counts = Counter(flow.shape[k] for k in inner)
    if not inner or max(counts.values()) < _TIMES:
        return False
    sizes = {}
    for k in sorted(inner):
        sizes[k] = 3 + sum(sizes.get(a, 5) for a in flow.args[k])
    found, stack = False, [a for a in flow.args[root]]
    while stack:
        k = stack.pop()
        if flow.ops[k] in LEAVES or flow.stored[k]:
            continue
        n = counts[flow.shape[k]]
        if n >= _TIMES and (n - 1) * sizes[k] - 5 * n > _GAIN:
            flow.stored[k] = found = True
        else:
            stack.extend(flow.args[k])
    return found


def _inlined(flow, root):
    inner, stack = [], list(flow.args[root])
    while stack:
        k = stack.pop()
        if flow.ops[k] not in LEAVES and not flow.stored[k]:
            inner.append(k)
            stack.extend(flow.args[k])
    return inner
