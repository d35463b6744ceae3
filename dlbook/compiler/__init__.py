"""The compiler: from a NumPy function to a program for the page.

`trace` runs a model once on symbols (`symbolic`, with NumPy's `ufuncs` and `functions`;
`patches` lends them to NumPy). That leaves a graph of operations on arrays (`nodes`),
whose meanings stand in `rules`. `program` evaluates it in Python; `javascript` writes
it, with `tables` of constants and `rolling` of what repeats. Nothing here knows a
figure or a page, or imports more than NumPy.
"""

from dlbook.compiler.nodes import TraceError
from dlbook.compiler.program import Program
from dlbook.compiler.random import Random
from dlbook.compiler.tracing import trace

__all__ = ["Program", "Random", "TraceError", "trace"]
