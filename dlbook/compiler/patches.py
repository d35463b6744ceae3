"""NumPy while a model is traced: arrays keep their trace, random draws are refused.

``np.array`` and ``np.asarray`` would strip a symbolic array of its class, ``np.take``
does not ask its indices, and traced values can be written only into arrays that are
traced, so ``np.zeros`` and its kin make such arrays. They are replaced while a model
runs on symbols; with numbers they do what they always do. Random numbers would be baked
into the page as constants. Functions that draw are refused by name, and a generator
made before is found out by its state.
"""

import contextlib
import gc
import pickle
import random
import sys
import types

import numpy as np

from dlbook.compiler import random as counted
from dlbook.compiler.functions import take
from dlbook.compiler.nodes import Graph, active, refuse, view_of

from dlbook.compiler.symbolic import (  # isort: skip
    apply, cast, kind_like, symbolic, symbols, within, wrap,
)  # fmt: skip

_KEEPERS = "array asarray asanyarray ascontiguousarray asfortranarray".split()
_MAKERS = "zeros ones empty full zeros_like ones_like empty_like full_like".split()
_HARMLESS = "BitGenerator Generator SeedSequence test get_state set_state".split()
#: What a function reaches, but does not use itself.
_APART = (type, types.ModuleType, Graph)
DRAWN = "draw outside of the model, and let it use the numbers"
#: Where NumPy's own code, which runs on symbols, would lose the trace.
_INSIDE = (np.outer, np.linalg.norm)


@contextlib.contextmanager
def patched():
    """Let NumPy know symbolic arrays, and refuse to draw, until the block ends."""
    new = {name: _kept(getattr(np, name)) for name in _KEEPERS}
    inside = {"asarray": new["asarray"]}
    places = [(function.__wrapped__.__globals__, inside) for function in _INSIDE]
    new |= {name: _made(getattr(np, name)) for name in _MAKERS}
    drawing = {
        name: _refused(name)
        for name in np.random.__all__
        if callable(getattr(np.random, name)) and name not in _HARMLESS
    }
    own = dict(hashed=_hashed, shuffled=_shuffled)
    own = {name: _if_symbolic(getattr(counted, name), f) for name, f in own.items()}
    new["take"] = _if_symbolic(np.take, _take)
    places += [(vars(np), new), (vars(np.random), drawing), (vars(counted), own)]
    old = [{name: names[name] for name in own} for names, own in places]
    try:
        for names, own in places:
            names.update(own)
        yield
    finally:
        for (names, _), before in zip(places, old, strict=True):
            names.update(before)


def _if_symbolic(original, replacement):
    """Replace a function where an argument is symbolic."""

    def function(*args, **options):
        traced = any(map(symbolic, (*args, *options.values())))
        return (replacement if traced else original)(*args, **options)

    return function


def _kept(original):
    def maker(value, *args, **options):
        if not within(value):
            return original(value, *args, **options)
        dtype = args[0] if args else options.get("dtype")
        array = symbols(value)
        array = array if dtype is None else cast(array, kind_like(dtype))
        if original.__name__ == "array" and options.get("copy", True):
            array = array.copy("K")
        missing = options.get("ndmin", 0) - array.ndim
        return array.reshape((1,) * missing + array.shape)

    return maker


def _made(original):
    """Let a maker of arrays give one that traced values can be written into."""

    def maker(like, *args, **options):
        fill = args[0] if args else options.get("fill_value")
        if original.__name__ == "full" and symbolic(fill):
            shape = (like,) if np.ndim(like) == 0 else like
            dtype = options.get("dtype", args[1] if args[1:] else None)
            return np.full_like(fill, fill, dtype, shape=shape)
        array = original(like, *args, **options)
        caller = sys._getframe(1).f_globals.get("__name__", "")
        if symbolic(array) or array.dtype != float or caller.startswith("numpy"):
            return array
        if original.__name__.startswith("empty"):
            array[...] = 0
        return symbols(array)

    return maker


def _take(a, indices, axis=None, out=None, mode="raise"):
    if out is not None:
        refuse("out= of np.take", "leave it away")
    return take(a, indices, axis, mode)


def _hashed(*words):
    return apply("uniform", "f", *words)


def _shuffled(units):
    ids = np.ascontiguousarray(units.ids)
    return wrap(active().add("shuffle", (view_of(ids),), ids.shape), "i")


def _refused(name):
    return lambda *args, **options: refuse(f"np.random.{name}", DRAWN)


def generators(function):
    """Return the bit generators that a function reaches: by its names and closure."""
    found, seen, stack = [], set(), [function]
    while stack:
        each = stack.pop()
        if id(each) in seen or isinstance(each, _APART):
            continue
        seen.add(id(each))
        if isinstance(each, np.random.BitGenerator):
            found.append(each)
        elif isinstance(each, types.FunctionType):
            codes = [each.__code__, *each.__code__.co_consts]
            names = {name for c in codes for name in getattr(c, "co_names", ())}
            stack += [each.__globals__.get(name) for name in names]
            stack += [each.__closure__, each.__defaults__, each.__kwdefaults__]
        else:
            stack += gc.get_referents(each)
    return found


def states(sources):
    """Return the states of generators, and of Python's own, in a form that compares."""
    return [pickle.dumps(source.state) for source in sources], random.getstate()
