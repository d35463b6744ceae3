"""Products of arrays of nodes: matmul, dot, einsum, tensordot and their kin."""

import functools
import math

import numpy as np

from dlbook.live.arithmetic import boxed, common, elements, elementwise
from dlbook.live.nodes import refuse
from dlbook.live.reductions import total

__all__ = ["contract", "matrix_ufunc"]


def matrix_ufunc(ufunc, inputs):
    """Return the product that a generalised ufunc (matmul and its kin) gives."""
    arrays = [elements(value) for value in inputs]
    if ufunc is np.matmul:
        return _matmul(*arrays)
    if ufunc.__name__ not in _SUBSCRIPTS:
        refuse(f"np.{ufunc.__name__}", "write a product and a sum")
    return contract(_SUBSCRIPTS[ufunc.__name__], *arrays)


_SUBSCRIPTS = {
    "matvec": "...ij,...j->...i", "vecmat": "...i,...ij->...j",
    "vecdot": "...i,...i->...",
}  # fmt: skip


def _matmul(a, b):
    left = "j" if a.ndim == 1 else "...ij"
    right = "j" if b.ndim == 1 else "...jk"
    row, column = "i" * (a.ndim > 1), "k" * (b.ndim > 1)
    batch = "..." if max(a.ndim, b.ndim) > 1 else ""
    return contract(f"{left},{right}->{batch}{row}{column}", a, b)


def contract(subscripts, *arrays):
    """Return ``np.einsum(subscripts, *arrays)``, sums from left to right."""
    inputs, output = _parse(subscripts, arrays)
    labels = list(dict.fromkeys(output + [x for row in inputs for x in row]))
    sizes = {}
    for row, array in zip(inputs, arrays, strict=True):
        for label, size in zip(row, array.shape, strict=True):
            if sizes.get(label, 1) == 1:
                sizes[label] = size
    arrays, kind = common(arrays)
    aligned = [
        _aligned(row, array, labels) for row, array in zip(inputs, arrays, strict=True)
    ]
    terms = functools.reduce(lambda a, b: elementwise(np.multiply, (a, b))[0], aligned)
    terms = np.broadcast_to(terms, [sizes[label] for label in labels])
    return _summed(terms, [sizes[label] for label in output], kind)


def _summed(terms, shape, kind):
    if terms.ndim == len(shape):
        return terms.copy()
    n = math.prod(shape)
    rows = terms.reshape(n, math.prod(terms.shape[len(shape) :]))
    op = "or" if kind == "b" else "sum"
    return boxed([total(op, kind, row) for row in rows], shape)


def _parse(subscripts, arrays):
    """Return the labels of each input and of the output; dots become numbers."""
    left, arrow, output = subscripts.replace(" ", "").partition("->")
    parts = left.split(",")
    inputs = []
    for part, array in zip(parts, arrays, strict=True):
        named = len(part.replace("...", ""))
        inputs.append(_expand(part, array.ndim - named))
    most = max(sum(isinstance(x, int) for x in row) for row in inputs)
    if arrow:
        return inputs, _expand(output, most)
    letters = sorted(x for x in left.replace("...", "") if x != ",")
    once = [x for x in letters if letters.count(x) == 1]
    return inputs, [*range(-most, 0), *once]


def _expand(part, dots):
    before, found, after = part.partition("...")
    return [*before, *(range(-dots, 0) if found else ()), *after]


def _aligned(row, array, labels):
    """Bring the axes into the order of ``labels``; a repeated label is a diagonal."""
    for label in [x for x in dict.fromkeys(row) if row.count(x) > 1]:
        while row.count(label) > 1:
            first = row.index(label)
            second = row.index(label, first + 1)
            array = np.diagonal(array, 0, first, second)
            row = [x for k, x in enumerate(row) if k not in (first, second)] + [label]
    order = sorted(range(len(row)), key=lambda k: labels.index(row[k]))
    array = array.transpose(order)
    wanted = [labels.index(row[k]) for k in order]
    shape = [1] * len(labels)
    for place, size in zip(wanted, array.shape, strict=True):
        shape[place] = size
    return array.reshape(shape)
