"""What a reader can set, and what it is called; an input knows no picture."""

from dlbook.live.inputs.points import Points, PointSet

__all__ = ["PointSet", "Points"]
