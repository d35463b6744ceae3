"""What a reader can set, and what it is called; an input knows no picture."""

from dlbook.live.inputs.pad import Pad
from dlbook.live.inputs.paint import Paint
from dlbook.live.inputs.points import Points, PointSet
from dlbook.live.inputs.text import Text

__all__ = ["Pad", "Paint", "PointSet", "Points", "Text"]
