"""Parameters are arrays in nested containers; here is how to walk through them.

A tree is an array, or a tuple, NamedTuple, list or dict of trees. ``None`` stands for a
parameter that a model goes without, and a string for a choice, such as the name of an
activation; both stay as they are. A path such as ``[0].W`` says where an array is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dlbook._core.types import Tree

__all__ = ["fill", "named_leaves", "named_map", "tree_map", "unzip_map"]

_CONTAINERS = (tuple, list, dict)
_ARRAYS = {np.ndarray}  # the kinds of what a leaf mostly is, which is asked first


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
    return _map(f, (tree, *others), "")


def unzip_map(f, tree, *others):
    """Do as `named_map` does for an ``f`` that returns k values; return k trees.

    >>> unzip_map(lambda path, a: (a, a**2), (1, (2, 3)))
    ((1, (2, 3)), (1, (4, 9)))
    """
    rows = []
    named_map(lambda path, *arrays: rows.append(f(path, *arrays)), tree, *others)
    if not rows:
        raise ValueError(f"tree: wanted at least one array, got {tree!r}")
    return tuple(fill(tree, column) for column in zip(*rows, strict=True))


def named_leaves(tree):
    """Return the arrays of a tree as a list of pairs (path, array).

    >>> named_leaves((1.0, (2.0, None)))
    [('[0]', 1.0), ('[1][0]', 2.0)]
    """
    pairs = []
    named_map(lambda path, array: pairs.append((path, array)), tree)
    return pairs


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


def _map(f, trees, path):
    if {*map(type, trees)} == _ARRAYS:
        return f(path, *trees)
    first = trees[0]
    if any(not _alike(first, tree) for tree in trees[1:]):
        kinds, where = " and ".join(map(_kind, trees)), path or "the top"
        raise ValueError(f"trees: wanted one structure, got {kinds} at {where}")
    if not isinstance(first, _CONTAINERS):
        return _one_name(trees, path) if _fixed(first) else f(path, *trees)
    return _like(
        first,
        [
            _map(f, [tree[key] for tree in trees], path + step)
            for key, step in _steps(first)
        ],
    )


def _alike(tree, other):
    """Tell whether two trees have the same kind of node at the top."""
    if isinstance(tree, dict):
        return isinstance(other, dict) and tree.keys() == other.keys()
    if isinstance(tree, _CONTAINERS):
        return type(tree) is type(other) and len(tree) == len(other)
    return not isinstance(other, _CONTAINERS) and _fixed(tree) == _fixed(other)


def _one_name(trees, path):
    """Return the choice that the trees share; a gradient may leave it open."""
    names = list(dict.fromkeys(tree for tree in trees if tree is not None))
    if len(names) > 1:
        shown = " and ".join(map(repr, names))
        raise ValueError(f"trees: wanted one structure, got {shown} at {path}")
    return trees[0]


def _steps(tree):
    """Return what each child is found by, and how a path shows it."""
    if isinstance(tree, dict):
        return [(key, f"[{key!r}]") for key in tree]
    if hasattr(tree, "_fields"):
        return [(i, f".{name}") for i, name in enumerate(tree._fields)]
    return [(i, f"[{i}]") for i in range(len(tree))]


def _kind(tree):
    if isinstance(tree, dict):
        return f"dict of {', '.join(sorted(map(repr, tree)))}"
    if isinstance(tree, (tuple, list)):
        return f"{type(tree).__name__} of {len(tree)}"
    return "None" if _fixed(tree) else "array"
