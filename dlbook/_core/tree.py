"""Parameters are arrays in nested containers; here is how to walk through them.

A tree is an array, or a tuple, NamedTuple, list or dict of trees. ``None`` stands for a
parameter that a model goes without, and a string for a choice, such as the name of an
activation; both stay as they are. A path such as ``[0].W`` says where an array is.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from dlbook._core.types import Tree

__all__ = [
    "fill",
    "named_leaves",
    "named_map",
    "named_rows",
    "tree_map",
    "unzip",
    "unzip_map",
]

_CONTAINERS = (tuple, list, dict)
_ARRAYS, _CHOICES = {np.ndarray}, {str, type(None)}  # what nearly all leaves are


def tree_map(f: Callable, tree: Tree, *others: Tree) -> Any:
    """Apply a function to every array of a tree, or of several trees side by side.

    Parameters
    ----------
    f : callable
        Takes one array from each tree and returns what takes their place.
    tree, *others : ndarray, or tuple, NamedTuple, list or dict of trees
        All of the same structure; ``None`` and strings stay as they are.

    Returns
    -------
    same structure as `tree`
        What `f` returned, in the same kinds of containers.

    Raises
    ------
    ValueError
        If the structures differ.

    See Also
    --------
    clip_by_global_norm : one factor for all arrays of a tree.

    Examples
    --------
    >>> tree_map(lambda a, b: a + b, (1.0, {"b": 2.0}), (10.0, {"b": 20.0}))
    (11.0, {'b': 22.0})
    """
    return named_map(lambda path, *arrays: f(*arrays), tree, *others)


def named_map(f, tree, *others):
    """Do as `tree_map` does, but call ``f(path, *arrays)``.

    >>> named_map(lambda path, a: path, (1.0, [2.0, None], {"b": 3.0}))
    ('[0]', ['[1][0]', None], {'b': "[2]['b']"})
    """
    return fill(tree, [f(path, *row) for path, row in named_rows(tree, *others)])


def unzip_map(f, tree, *others):
    """Do as `named_map` does for an ``f`` that returns k values; return k trees.

    >>> unzip_map(lambda path, a: (a, a**2), (1, (2, 3)))
    ((1, (2, 3)), (1, (4, 9)))
    """
    return unzip(tree, [f(path, *row) for path, row in named_rows(tree, *others)])


def unzip(tree, rows):
    """Return k trees from a row of k values for each array of the tree, in order."""
    if not rows:
        raise ValueError(f"tree: wanted at least one array, got {tree!r}")
    return tuple(fill(tree, column) for column in zip(*rows, strict=True))


def named_rows(tree, *others):
    """Return the path of each array, and what the trees have there.

    >>> named_rows((1.0, {"b": 2.0}), (3.0, {"b": 4.0}))
    [('[0]', (1.0, 3.0)), ("[1]['b']", (2.0, 4.0))]
    """
    found = []
    _walk((tree, *others), "", found)
    return found


def named_leaves(tree):
    """Return the arrays of a tree as a list of pairs (path, array).

    >>> named_leaves((1.0, (2.0, None)))
    [('[0]', 1.0), ('[1][0]', 2.0)]
    """
    return [(path, array) for path, (array,) in named_rows(tree)]


def fill(tree, values):
    """Return a tree of the same structure whose arrays are ``values``, in order."""
    return _filled(tree, iter(values))


def _filled(tree, values):
    if type(tree) is np.ndarray:
        return next(values)
    if isinstance(tree, _CONTAINERS):
        children = tree.values() if isinstance(tree, dict) else tree
        return _like(tree, [_filled(child, values) for child in children])
    return tree if _fixed(tree) else next(values)


def _like(tree, children):
    """Return the children in the kind of container that the tree is."""
    if isinstance(tree, dict):
        return dict(zip(tree, children, strict=True))
    return type(tree)(*children) if hasattr(tree, "_fields") else type(tree)(children)


def _fixed(tree):
    return tree is None or isinstance(tree, str)


def _walk(trees, path, found):
    first, kinds = trees[0], {*map(type, trees)}
    if kinds == _ARRAYS:
        found.append((path, trees))
    elif not (kinds <= _CHOICES or _alike(trees, kinds)):
        kinds, where = " and ".join(map(_kind, trees)), path or "the top"
        raise ValueError(f"trees: wanted one structure, got {kinds} at {where}")
    elif isinstance(first, dict):
        for key in first:
            _walk(tuple(tree[key] for tree in trees), f"{path}[{key!r}]", found)
    elif isinstance(first, _CONTAINERS):
        steps = _steps(type(first), len(first))
        for step, children in zip(steps, zip(*trees, strict=True), strict=True):
            _walk(children, path + step, found)
    elif _fixed(first):
        _check_choice(trees, path)
    else:
        found.append((path, trees))


def _alike(trees, kinds):
    """Tell whether trees have the same kind of node at the top."""
    first = trees[0]
    if not isinstance(first, _CONTAINERS):
        held = any(isinstance(tree, _CONTAINERS) for tree in trees)
        return not held and len({*map(_fixed, trees)}) == 1
    if isinstance(first, dict):
        return all(isinstance(t, dict) and t.keys() == first.keys() for t in trees)
    return len(kinds) == 1 and len({*map(len, trees)}) == 1


def _check_choice(trees, path):
    """Refuse two choices in one place; a gradient may leave it open."""
    if len({*trees} - {None}) > 1:
        names = dict.fromkeys(tree for tree in trees if tree is not None)
        shown = " and ".join(map(repr, names))
        raise ValueError(f"trees: wanted one structure, got {shown} at {path}")


@cache
def _steps(kind, n):
    """Return how a path shows each child of a tuple or a list."""
    fields = getattr(kind, "_fields", None)
    return [f".{name}" for name in fields] if fields else [f"[{i}]" for i in range(n)]


def _kind(tree):
    if isinstance(tree, dict):
        return f"dict of {', '.join(sorted(map(repr, tree)))}"
    if isinstance(tree, (tuple, list)):
        return f"{type(tree).__name__} of {len(tree)}"
    return "None" if _fixed(tree) else "array"
