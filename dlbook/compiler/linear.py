"""Products of arrays of nodes: matmul, dot, einsum, tensordot and their kin."""

import functools

import numpy as np

from dlbook.compiler.arithmetic import apply, common, whole
from dlbook.compiler.nodes import refuse
from dlbook.compiler.reductions import folded

__all__ = ["contract", "matrix_ufunc"]


def matrix_ufunc(ufunc, inputs):
    """Return the product that a generalised ufunc (matmul and its kin) gives."""
    if ufunc is np.matmul:
        return _matmul(*inputs)
    if ufunc.__name__ not in _SUBSCRIPTS:
        refuse(f"np.{ufunc.__name__}", "write a product and a sum")
    return contract(_SUBSCRIPTS[ufunc.__name__], *inputs)


_SUBSCRIPTS = {
    "matvec": "...ij,...j->...i", "vecmat": "...i,...ij->...j",
    "vecdot": "...i,...i->...",
}  # fmt: skip


def _matmul(a, b):
    rows, columns = np.ndim(a) > 1, np.ndim(b) > 1
    left, right = "...ij" if rows else "j", "...jk" if columns else "j"
    row, column = "i" * rows, "k" * columns
    batch = "..." if rows or columns else ""
    return contract(f"{left},{right}->{batch}{row}{column}", a, b)


def contract(subscripts, *values):
    """Return ``np.einsum(subscripts, *values)``, sums from left to right."""
    arrays, kind = common(values)
    inputs, output = _parse(subscripts, arrays)
    labels = list(dict.fromkeys(output + [x for row in inputs for x in row]))
    sizes = {}
    for row, array in zip(inputs, arrays, strict=True):
        for label, size in zip(row, array.shape, strict=True):
            if sizes.get(label, 1) == 1:
                sizes[label] = size
    arrays = [
        _aligned(row, array, labels) for row, array in zip(inputs, arrays, strict=True)
    ]
    shape = [sizes[label] for label in labels]
    if len(labels) == len(output):
        if len(arrays) == 1:
            return arrays[0].copy()
        op = "logical_and" if kind == "b" else "multiply"
        return functools.reduce(lambda a, b: apply(op, kind, a, b), arrays)
    if kind == "b":
        arrays = [
            functools.reduce(lambda a, b: apply("logical_and", "b", a, b), arrays)
        ]
    arrays = [np.broadcast_to(array, shape) for array in arrays]
    op = "logical_or" if kind == "b" else "add"
    return whole("multiply", kind, folded(op, kind, arrays, len(labels) - len(output)))


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
