"""Figures that answer to sliders, in a notebook and on the page."""

from dlbook.live.collect import collect
from dlbook.live.figure import LiveFigure, gather
from dlbook.live.trace import TraceError

__all__ = ["LiveFigure", "TraceError", "collect", "gather"]
