"""Parameters are arrays in nested tuples; here is how to walk through them.

A tree is an array, or a tuple or NamedTuple of trees. ``None`` stands for a parameter
that a model goes without and stays ``None``. A path such as ``[0].W`` says where in
the tree an array is.
"""

__all__ = ["fill", "named_leaves", "named_map", "tree_map", "unzip_map"]


def tree_map(f, tree, *others):
    """Apply a function to every array of a tree, or of several trees side by side.

    Parameters
    ----------
    f : callable
        Takes one array from each tree and returns what takes their place.
    tree, *others : ndarray, or tuple or NamedTuple of trees
        All of the same structure; ``None`` stays ``None``.

    Returns
    -------
    same structure as `tree`
        What `f` returned, in the same kinds of tuples.

    Raises
    ------
    TypeError
        If a list or dict stands where an array or a tuple should.
    ValueError
        If the structures differ.

    Examples
    --------
    >>> tree_map(lambda a, b: a + b, (1.0, (2.0, None)), (10.0, (20.0, None)))
    (11.0, (22.0, None))
    """
    return named_map(lambda path, *arrays: f(*arrays), tree, *others)


def named_map(f, tree, *others):
    """Do as `tree_map` does, but call ``f(path, *arrays)``.

    >>> named_map(lambda path, a: path, (1.0, (2.0, None)))
    ('[0]', ('[1][0]', None))
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
    if not isinstance(tree, tuple):
        return None if tree is None else next(values)
    return _like(tree, [_filled(child, values) for child in tree])


def _like(tree, children):
    """Return the children in the kind of tuple that the tree is."""
    return type(tree)(*children) if hasattr(tree, "_fields") else tuple(children)


def _map(f, trees, path):
    kinds = [_kind(tree, path) for tree in trees]
    if len(set(kinds)) > 1:
        where = path or "the top"
        raise ValueError(
            f"trees: wanted one structure, got {' and '.join(kinds)} at {where}"
        )
    first = trees[0]
    if not isinstance(first, tuple):
        return None if first is None else f(path, *trees)
    named = hasattr(first, "_fields")
    children = [
        _map(f, column, path + (f".{first._fields[i]}" if named else f"[{i}]"))
        for i, column in enumerate(zip(*trees, strict=True))
    ]
    return _like(first, children)


def _kind(tree, path):
    if isinstance(tree, (list, dict)):
        where = path or "the top"
        raise TypeError(
            f"trees: wanted arrays in tuples, got a {type(tree).__name__} at {where}"
        )
    if isinstance(tree, tuple):
        return f"{type(tree).__name__} of {len(tree)}"
    return "None" if tree is None else "array"
