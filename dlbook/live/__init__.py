"""Figures that answer to sliders, in a notebook and on the page.

The names load where they are first used: the numbers and formulas of a page, which
live here too, need no matplotlib.
"""

from importlib import import_module

__all__ = ["LiveFigure", "TraceError", "figures", "worked"]

_HOMES = {
    "LiveFigure": "dlbook.live.figure",
    "TraceError": "dlbook.live.trace",
    "figures": "dlbook.live.figure",
    "worked": "dlbook.worked",
}


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
