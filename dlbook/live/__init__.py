"""Figures that answer to sliders, in a notebook and on the page.

The names load where they are first used: formulas and worked examples need numbers
and mathematics of this package, but no matplotlib.
"""

from importlib import import_module

__all__ = [
    "LiveFigure",
    "check_answer",
    "check_prediction",
    "collect",
    "gather",
    "progress",
]

_HOMES = {
    "LiveFigure": "dlbook.live.figure",
    "check_answer": "dlbook.live.answers",
    "check_prediction": "dlbook.live.answers",
    "collect": "dlbook.live.notebook",
    "gather": "dlbook.live.figure",
    "progress": "dlbook.live.loops",
}


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return value


def __dir__():
    return sorted({*globals(), *__all__})
