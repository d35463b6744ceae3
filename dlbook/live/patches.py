"""NumPy while a model is traced: arrays keep their trace, random draws are refused.

``np.array`` and ``np.asarray`` would strip a symbolic array of its class, and
``np.take`` does not ask its indices. They are replaced while a model runs on symbols;
with numbers they do what they always do. Random numbers would be baked into the page as
constants. Functions that draw are refused by name, and a generator made before is found
out by its state.
"""

import contextlib
import gc
import itertools
import pickle
import random

import numpy as np

from dlbook.live.arithmetic import cast, elements
from dlbook.live.nodes import TraceError, refuse
from dlbook.live.symbolic import FUNCTIONS, kind_like, wrap

__all__ = ["no_draws", "patched"]

_DRAWING = {
    "BitGenerator",
    "Generator",
    "SeedSequence",
    "test",
    "get_state",
    "set_state",
}
_DRAWN = "draw outside of the model, and let it use the numbers"


@contextlib.contextmanager
def patched():
    """Let NumPy know symbolic arrays, and refuse to draw, until the block ends."""
    new = {name: _kept(getattr(np, name)) for name in _MAKERS}
    new |= {"take": _take(np.take), "full": _full(np.full)}
    drawing = {
        name: _refused(name)
        for name in np.random.__all__
        if callable(getattr(np.random, name)) and name not in _DRAWING
    }
    with _replaced(np, new), _replaced(np.random, drawing):
        yield


_MAKERS = ("array", "asarray", "asanyarray", "ascontiguousarray", "asfortranarray")


@contextlib.contextmanager
def _replaced(module, new):
    old = {name: getattr(module, name) for name in new}
    for name, function in new.items():
        setattr(module, name, function)
    try:
        yield
    finally:
        for name, function in old.items():
            setattr(module, name, function)


def _has_symbolic(value):
    if isinstance(value, (list, tuple)):
        return any(map(_has_symbolic, value))
    return getattr(value, "symbolic", False)


def _kept(original):
    def maker(value, *args, **options):
        if not _has_symbolic(value):
            return original(value, *args, **options)
        dtype = args[0] if args else options.get("dtype")
        array = elements(value)
        if dtype is not None:
            array = cast(array, kind_like(dtype))
        if original.__name__ == "array" and options.get("copy", True):
            array = array.copy()
        missing = options.get("ndmin", 0) - array.ndim
        return wrap(array.reshape((1,) * missing + array.shape))

    return maker


def _take(original):
    def take(a, indices, axis=None, out=None, mode="raise"):
        if getattr(indices, "symbolic", False):
            if out is not None:
                refuse("out= of np.take", "leave it away")
            return FUNCTIONS[original](a, indices, axis, mode)
        return original(a, indices, axis=axis, out=out, mode=mode)

    return take


def _full(original):
    def full(shape, fill_value, dtype=None, **options):
        if getattr(fill_value, "symbolic", False):
            return np.full_like(fill_value, fill_value, dtype, shape=shape)
        return original(shape, fill_value, dtype, **options)

    return full


def _refused(name):
    def draw(*args, **options):
        return refuse(f"np.random.{name}", _DRAWN)

    return draw


@contextlib.contextmanager
def no_draws(figure):
    """Refuse a block that draws from any generator there is."""
    kinds = set(_subclasses(np.random.BitGenerator))
    objects = gc.get_objects()
    chosen = map(kinds.__contains__, map(type, objects))
    found = list(itertools.compress(objects, chosen))
    del objects
    before = [_state(source) for source in found], random.getstate()
    yield
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
