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
import itertools
import pickle
import random
import sys

import numpy as np

from dlbook.compiler import random as counted
from dlbook.compiler.nodes import TraceError, active, refuse, view_of
from dlbook.compiler.symbolic import FUNCTIONS, kind_like, wrap
from dlbook.compiler.ufuncs import apply, cast, elements, symbolic, within

__all__ = ["no_draws", "patched"]

_HARMLESS = (
    "BitGenerator", "Generator", "SeedSequence", "test", "get_state", "set_state",
)  # fmt: skip
_DRAWN = "draw outside of the model, and let it use the numbers"


@contextlib.contextmanager
def patched():
    """Let NumPy know symbolic arrays, and refuse to draw, until the block ends."""
    new = {name: _kept(getattr(np, name)) for name in _KEEPERS}
    new |= {name: _made(getattr(np, name)) for name in _MAKERS} | {
        "take": _take(np.take)
    }
    drawing = {
        name: _refused(name)
        for name in np.random.__all__
        if callable(getattr(np.random, name)) and name not in _HARMLESS
    }
    own = {"hashed": _hashed(counted.hashed), "shuffled": _shuffled(counted.shuffled)}
    inside = {"asarray": new["asarray"]}  # where NumPy's own code would lose the trace
    with contextlib.ExitStack() as stack:
        for place, functions in (
            (vars(np), new), (vars(np.random), drawing), (vars(counted), own),
            (np.outer.__wrapped__.__globals__, inside),
            (np.linalg.norm.__wrapped__.__globals__, inside),
        ):  # fmt: skip
            stack.enter_context(_replaced(place, functions))
        yield


_KEEPERS = ("array", "asarray", "asanyarray", "ascontiguousarray", "asfortranarray")
_MAKERS = (
    "zeros", "ones", "empty", "full", "zeros_like", "ones_like", "empty_like",
    "full_like",
)  # fmt: skip


@contextlib.contextmanager
def _replaced(names, new):
    old = {name: names[name] for name in new}
    names.update(new)
    try:
        yield
    finally:
        names.update(old)


def _kept(original):
    def maker(value, *args, **options):
        if not within(value):
            return original(value, *args, **options)
        dtype = args[0] if args else options.get("dtype")
        array = elements(value)
        if dtype is not None:
            array = cast(array, kind_like(dtype))
        if original.__name__ == "array" and options.get("copy", True):
            array = array.copy("K")
        missing = options.get("ndmin", 0) - array.ndim
        return wrap(array.reshape((1,) * missing + array.shape))

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
        return wrap(elements(array).copy("K"))

    return maker


def _take(original):
    def take(a, indices, axis=None, out=None, mode="raise"):
        if symbolic(indices):
            if out is not None:
                refuse("out= of np.take", "leave it away")
            return FUNCTIONS[original](a, indices, axis, mode)
        return original(a, indices, axis=axis, out=out, mode=mode)

    return take


def _hashed(original):
    def hashed(*words):
        if not any(map(symbolic, words)):
            return original(*words)
        return wrap(apply("uniform", "f", *map(elements, words)))

    return hashed


def _shuffled(original):
    def shuffled(units):
        if not symbolic(units):
            return original(units)
        ids = np.ascontiguousarray(units.ids)
        return wrap(active().add("shuffle", (view_of(ids),), "i", ids.shape))

    return shuffled


def _refused(name):
    def draw(*args, **options):
        return refuse(f"np.random.{name}", _DRAWN)

    return draw


_watched = []  # the figure whose block looks out for draws: a search takes long


@contextlib.contextmanager
def no_draws(figure):
    """Refuse a block that draws from any generator there is; a block within is free."""
    if _watched:
        yield
        return
    kinds = set(_subclasses(np.random.BitGenerator))
    objects = gc.get_objects()
    chosen = map(kinds.__contains__, map(type, objects))
    found = list(itertools.compress(objects, chosen))
    del objects
    before = [_state(source) for source in found], random.getstate()
    _watched.append(figure)
    try:
        yield
    finally:
        _watched.clear()
    if before != ([_state(source) for source in found], random.getstate()):
        raise TraceError(
            f"figure {figure!r}: drawing random numbers cannot be compiled; {_DRAWN}"
        )


def _subclasses(kind):
    for part in kind.__subclasses__():
        yield part
        yield from _subclasses(part)


def _state(source):
    """Return a generator's state in a form that compares."""
    return pickle.dumps(source.state)
