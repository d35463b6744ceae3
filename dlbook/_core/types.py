"""What the annotations of the package stand for."""

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike
else:  # to import them takes as long as half of the package
    ArrayLike = DTypeLike = Any

__all__ = ["ArrayLike", "DTypeLike", "Optimiser", "Pair", "Source", "Tree"]

Tree = Any
"""Arrays in tuples, NamedTuples, lists and dicts; see `dlbook.optim`."""


Pair = tuple[np.ndarray, np.ndarray]


class Source(Protocol):
    """A source of random numbers, such as a NumPy Generator."""

    def normal(self, *args: Any, **kwargs: Any) -> Any:
        """Draw from a normal distribution."""

    def uniform(self, *args: Any, **kwargs: Any) -> Any:
        """Draw from an interval."""

    def integers(self, *args: Any, **kwargs: Any) -> Any:
        """Draw integers."""

    def permutation(self, *args: Any, **kwargs: Any) -> Any:
        """Draw an order."""


class Optimiser(Protocol):
    """What turns gradients into steps, such as those of `dlbook.optim`."""

    def init(self, params: Tree) -> Any:
        """Return the state before the first step."""

    def update(self, params: Tree, grads: Tree, state: Any) -> tuple[Tree, Any]:
        """Return new parameters and a new state."""
