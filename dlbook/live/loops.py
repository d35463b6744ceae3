"""How far a long computation is, shown while it runs."""

from collections.abc import Iterable, Iterator
from time import perf_counter
from typing import Any

from IPython import get_ipython
from IPython.display import publish_display_data, update_display

__all__ = ["progress"]

VIEW = "application/vnd.jupyter.widget-view+json"
PAUSE = 0.1  # seconds between two changes of the bar


def progress(items: Iterable, seconds: float | None = None) -> Iterator[Any]:
    """Go through items, and show in a notebook how far the loop is.

    The bar goes when the loop ends, and nothing of it is stored.

    Parameters
    ----------
    items : iterable
        What the loop goes through; all of it is made before the first round.
    seconds : float, optional
        What the loop costs, told before it begins: wanted where it is more than ten.
        What the rounds take corrects it.

    Yields
    ------
    object
        The items.

    Examples
    --------
    >>> [seed**2 for seed in progress(range(4))]
    [0, 1, 4, 9]
    """
    items = [*items]
    if not hasattr(get_ipython(), "kernel"):
        yield from items
        return
    import ipywidgets as widgets  # only a notebook needs it

    number = len(items)
    bar, label = (
        widgets.IntProgress(max=number),
        widgets.Label(_told(0, number, seconds)),
    )
    row = widgets.HBox([bar, label])
    view = dict(version_major=2, version_minor=0, model_id=row.model_id)
    publish_display_data({VIEW: view}, transient=dict(display_id=row.model_id))
    began = shown = perf_counter()
    try:
        for done, item in enumerate(items, 1):
            yield item
            now = perf_counter()
            if now > shown + PAUSE:
                left = (now - began) / done * (number - done)
                bar.value, label.value, shown = done, _told(done, number, left), now
    finally:  # an output cannot be taken back, only emptied
        update_display({"text/html": ""}, raw=True, display_id=row.model_id)
        for part in (row, bar, label):
            part.close()


def _told(done, number, left):
    ahead = "" if left is None else f", about {left:.0f} s left"
    return f"{done} of {number}{ahead}"
