"""Figures that answer to sliders, in a notebook and on the page."""

from dlbook.live.figure import LiveFigure, figures
from dlbook.live.trace import TraceError

__all__ = ["LiveFigure", "TraceError", "figures"]
