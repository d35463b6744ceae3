"""Run of a notebook only what is compared, and what that needs: ``-p compared``."""

from itertools import groupby

from nbval.plugin import IPyNbCell

from changes import needed


def pytest_collection_modifyitems(config, items):
    """Leave out each cell whose outputs are ignored, unless another needs its names."""
    left_out = set()
    cells = [item for item in items if isinstance(item, IPyNbCell)]
    for _, group in groupby(cells, lambda item: item.path):
        group = [*group]
        compared = [k for k, item in enumerate(group) if not ignored(item)]
        kept = needed([item.cell.source for item in group], compared)
        left_out |= {*group} - {group[k] for k in kept}
    config.hook.pytest_deselected(items=[*left_out])
    items[:] = [item for item in items if item not in left_out]


def ignored(item):
    return "nbval-ignore-output" in item.cell.metadata.get("tags", ())
