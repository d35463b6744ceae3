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
from dlbook.compiler.functions import UNASKED
from dlbook.compiler.nodes import Graph, refuse
from dlbook.compiler.symbolic import SymbolicArray, symbolic, symbols, within

_MAKERS = "zeros ones empty full zeros_like ones_like empty_like full_like".split()
_HARMLESS = "BitGenerator Generator SeedSequence test get_state set_state".split()
#: What a function reaches, but does not use itself.
_APART = (type, types.ModuleType, Graph)
#: Where NumPy's own code, which runs on symbols, would lose the trace.
_INSIDE = (np.outer, np.linalg.norm)
DRAWN = "draw outside of the model, and let it use the numbers"


@contextlib.contextmanager
def patched():
    """Let NumPy know symbolic arrays, and refuse to draw, until the block ends."""
    makers = {name: getattr(np, name.replace("empty", "zeros")) for name in _MAKERS}
    drawing = (name for name in np.random.__all__ if name not in _HARMLESS)
    own = {name: _traced(getattr(counted, name)) for name in ("hashed", "shuffled")}
    inside = {"asarray": _traced(np.asarray)}
    new = {name: _traced(getattr(np, name)) for name in UNASKED}
    new |= {name: _made(maker) for name, maker in makers.items()}
    places = [
        (vars(np), new),
        (vars(np.random), {name: _refused(name) for name in drawing}),
        (vars(counted), own),
        *((function.__wrapped__.__globals__, inside) for function in _INSIDE),
    ]
    old = [{name: names[name] for name in own} for names, own in places]
    try:
        for names, own in places:
            names.update(own)
        yield
    finally:
        for (names, _), before in zip(places, old, strict=True):
            names.update(before)


def _traced(function):
    """Let a function look for symbols among all its arguments, and in lists."""

    def traced(*args, **options):
        if any(map(within, (*args, *options.values()))):
            return SymbolicArray.__array_function__(None, function, (), args, options)
        return function(*args, **options)

    return traced


def _made(original):
    """Let a maker of arrays give one that traced values can be written into."""

    def maker(*args, **options):
        array = _traced(original)(*args, **options)
        caller = sys._getframe(1).f_globals.get("__name__", "")
        if symbolic(array) or array.dtype != float or caller.startswith("numpy"):
            return array
        return symbols(array)

    return maker


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
