"""The page "Coming from PyTorch": its code carries weights both ways, as it stands."""

import re

import numpy as np
import pytest

import dlbook
from conftest import ROOT
from dlbook import backprop, cnn, gru, lstm, rnn
from dlbook._core.tree import named_leaves
from near import close

PAGE = (ROOT / "chapters" / "from_pytorch.md").read_text(encoding="utf-8")
RNG = np.random.default_rng(0)
X, IMAGES = RNG.normal(size=(7, 2, 3)), RNG.normal(size=(2, 2, 5, 6))


@pytest.fixture(scope="module")
def page(torch):
    names = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(compile(block, "from_pytorch.md", "exec"), names)
    return names


KINDS = {
    "dense": (
        lambda torch: torch.nn.Linear(3, 4, dtype=torch.float64),
        backprop.init_params(3, 4, rng=RNG)[0],
        lambda layer: backprop.mlp(X[0], [layer]),
        lambda torch, module: module(torch.tensor(X[0])),
    ),
    "conv": (
        lambda torch: torch.nn.Conv2d(2, 4, (3, 2), dtype=torch.float64),
        cnn.ConvLayer(RNG.normal(size=(4, 2, 3, 2)), RNG.normal(size=4)),
        lambda layer: cnn.conv2d(IMAGES, *layer),
        lambda torch, module: module(torch.tensor(IMAGES)),
    ),
    **{
        cell.__name__.split(".")[1]: (
            lambda torch, name=name: getattr(torch.nn, name)(3, 4, dtype=torch.float64),
            cell.init_params(3, 4, rng=RNG),
            lambda params, cell=cell: states(cell, params),
            lambda torch, module: module(torch.tensor(X))[0],
        )
        for name, cell in {"RNN": rnn, "LSTM": lstm, "GRU": gru}.items()
    },
}


def states(cell, params):
    run = getattr(cell, cell.__name__.split(".")[1])(X, params)
    return getattr(run, "h", run)


@pytest.mark.parametrize("name", KINDS)
def test_weights_are_carried_both_ways(torch, page, name):
    make, params, ours, theirs = KINDS[name]
    torch.manual_seed(0)
    module = make(torch)
    taken = page[f"{name}_from_torch"](module)
    close(ours(taken), theirs(torch, module).detach())
    given = page[f"{name}_to_torch"](params)
    close(ours(params), theirs(torch, given).detach())
    there_and_back = page[f"{name}_from_torch"](given)
    pairs = zip(named_leaves(there_and_back), named_leaves(params), strict=True)
    for (path, a), (_, b) in pairs:
        np.testing.assert_array_equal(a, b, path)


def test_every_name_of_ours_in_the_tables_exists():
    rows = [line for line in PAGE.splitlines() if line.startswith("|")]
    ours = " ".join(row.split("|")[-2] for row in rows)
    names = set(re.findall(r"`(?:\w+, \w+ = )?(\w+)\(", ours)) - {"Layer"}
    public = set()
    for module in set(dlbook.__all__) - {"live", "site", "worked", "notebooks"}:
        public |= set(getattr(dlbook, module).__all__)
    assert len(names) > 12
    assert names - {"np"} <= public, names - public
