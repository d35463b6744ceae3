"""A training run by minibatches: what the models have in common."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from dlbook._core import check
from dlbook._core.check import generator, integer
from dlbook._core.types import Source

__all__ = ["Epoch", "epochs_of", "minibatches", "schedule"]


class Epoch(NamedTuple):
    """One pass over the data."""

    epoch: int
    """Passes finished, this one included."""
    loss: float
    """Mean over the examples, each seen before the step that it led to."""
    params: Any


def minibatches(n: int, size: int, *, rng: Source) -> list[np.ndarray]:
    """Return the indices 0 .. n - 1 in random order, cut into batches.

    Parameters
    ----------
    n : int
        Number of examples.
    size : int
        Examples in a batch; the last batch holds the rest.
    rng : numpy.random.Generator
        Source of the order.

    Returns
    -------
    list of ndarray of int
        Together they hold each index once.

    Raises
    ------
    TypeError, ValueError
        If ``n`` or ``size`` is no positive integer, or ``rng`` no generator.

    See Also
    --------
    train : what takes a step on each.

    Examples
    --------
    >>> [len(rows) for rows in minibatches(7, 3, rng=np.random.default_rng(0))]
    [3, 3, 1]
    """
    n, size = integer(n, "n", low=1), integer(size, "size", low=1)
    order = generator(rng).permutation(n)
    return [order[start : start + size] for start in range(0, n, size)]


class Schedule(NamedTuple):
    """How a training run goes through its n examples."""

    n: int
    epochs: int
    batch_size: int
    rng: Any


def schedule(n, epochs, batch_size, rng):
    """Check what says how a training run goes through its data."""
    epochs = integer(epochs, "epochs", low=1)
    return Schedule(n, epochs, integer(batch_size, "batch_size", low=1), generator(rng))


def epochs_of(step, params, optimiser, plan, record=Epoch):
    """Return an iterator of records, one after each epoch.

    ``step(rows, params)`` returns means over these examples, and last the gradients; a
    record has the means over all examples, each as it was when it was seen.
    """
    return _run(step, params, check.optimiser(optimiser), plan, record)


def _run(step, params, optimiser, plan, record):
    state = optimiser.init(params)
    for epoch in range(1, plan.epochs + 1):
        totals = 0.0
        for rows in minibatches(plan.n, plan.batch_size, rng=plan.rng):
            *means, gradients = step(rows, params)
            params, state = optimiser.update(params, gradients, state)
            totals = totals + np.array(means, np.float64) * len(rows)
        yield record(epoch, *(totals / plan.n).tolist(), params)
