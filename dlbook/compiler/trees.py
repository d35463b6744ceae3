"""Arguments and results as nested trees of arrays, and where each array stands.

A tree is an array, ``None``, a text, or a dict, tuple or NamedTuple of trees, or a list
that holds such (a list of numbers or of arrays is an array, as for NumPy), or a
generator of random numbers, which holds its seed and its step. ``None`` and texts stay
as they are. A path such as ``layers[0].W`` names an array.
"""

import numpy as np

from dlbook.compiler.random import Random


def _children(tree):
    """Return pairs (what to add to the path, child), or None for a leaf."""
    if isinstance(tree, Random):
        return [(".seed", tree.seed), (".step", tree.step)]
    if hasattr(tree, "_fields"):
        tree = tree._asdict()
    if isinstance(tree, dict):
        return [(f".{key}", child) for key, child in tree.items()]
    held = isinstance(tree, list) and [
        isinstance(x, (tuple, dict, Random)) for x in tree
    ]
    if isinstance(tree, tuple) or (held and any(held)):
        return [(f"[{k}]", child) for k, child in enumerate(tree)]


def _fixed(tree):
    return tree is None or isinstance(tree, str)


def leaves(tree, path=""):
    """Yield (path, array) of a tree, in order; ``None`` holds none."""
    children = _children(tree)
    if children is None:
        yield path, tree
        return
    for part, child in children:
        if not _fixed(child):
            yield from leaves(child, path + part)


def filled(tree, values):
    """Return a tree of the same structure whose leaves come from an iterator."""
    children = _children(tree)
    if children is None:
        return next(values)
    new = [child if _fixed(child) else filled(child, values) for _, child in children]
    if isinstance(tree, dict):
        return dict(zip(tree, new, strict=True))
    spread = isinstance(tree, Random) or hasattr(tree, "_fields")
    return type(tree)(*new) if spread else type(tree)(new)


def sliders(path, shape):
    """Return the names of an array's elements: ``b``, ``x1``, ``W12``."""
    sign = "_" if len(shape) > 1 and max(shape) > 9 else ""
    return [path + sign.join(str(k + 1) for k in place) for place in np.ndindex(shape)]
