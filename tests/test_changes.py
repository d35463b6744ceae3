"""The chapters are made to be changed: other numbers break no cell further down.

By default three numbers of each chapter are changed at once: an entry of an array, a
number by itself, a seed. All that there are, with learning rates and counts of epochs
and steps, are tried one by one where CHANGES is set to ``all``, as the weekly workflow
does.
"""

import json
import os
import subprocess
import sys

import pytest

import changes
from conftest import ROOT

CHAPTERS = sorted(ROOT.glob("chapters/0*.ipynb"))
HOW = "each" if os.environ.get("CHANGES") == "all" else "few"

forks = pytest.mark.skipif(
    not hasattr(os, "fork"), reason="needs fork, as POSIX has it"
)


@forks
@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_changed_number_breaks_no_cell_that_needs_it(path):
    command = [sys.executable, str(ROOT / "tests" / "changes.py"), str(path), HOW]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    tried = [json.loads(line) for line in done.stdout.splitlines()]
    assert {"entry", "seed"} <= {kind for kinds, _, _ in tried for kind in kinds}
    for _, told, failed in tried:
        for cell, error, message, line in failed:
            place = f"{told}\nthen code cell {cell}: {error}: {message}\n{line}"
            assert error not in ("NameError", "UnboundLocalError"), place
            assert message.strip(), place


SOURCES = [
    "import numpy as np",
    "x = np.array([-1.5, 2])\nepochs = 10",
    "assert x[0] == -1.5\ny = 2 * x",
    "z = 1",
    "rng = np.random.default_rng(0)\nw = train(lr=0.5, epochs=30)",
    "print(y, z)",
]


def test_numbers_that_readers_change_are_found():
    found = changes.changes(SOURCES, folded={3})
    told = [(c.cell, c.kind, c.source.splitlines()[-1]) for c in found]
    assert told == [
        (1, "entry", "epochs = 10"),
        (1, "count", "epochs = 2"),
        (4, "seed", "w = train(lr=0.5, epochs=30)"),
        (4, "rate", "w = train(lr=0.75, epochs=30)"),
        (4, "count", "w = train(lr=0.5, epochs=6)"),
    ]
    assert found[0].source.startswith("x = np.array([-1.8, 2])")


def test_a_change_runs_what_depends_on_it_and_what_that_needs():
    entry, epochs, seed, *_ = changes.changes(SOURCES, folded={3})
    assert changes.runs(SOURCES, entry) == [0, 1, 2, 3, 5]
    assert changes.runs(SOURCES, epochs) == [0, 1]
    assert changes.runs(SOURCES, seed) == [0, 4]
    assert changes.runs(SOURCES, entry, seed) == [0, 1, 2, 3, 4, 5]
    assert changes.needed(["import x", "a = 1", "b = a", "c = 1"], [2]) == [0, 1, 2]


@pytest.mark.parametrize(
    "sources",
    [
        ["x = 1", "many = []", "many += [x]", "print(many)"],
        [
            "x = 1",
            "def f():\n    return g()",
            "def g():\n    return 2",
            "print(x, f())",
        ],
    ],
    ids=["added to", "defined below"],
)
def test_what_a_cell_needs_in_other_ways_runs_too(sources):
    first, *_ = changes.changes(sources, folded=())
    assert changes.runs(sources, first) == [0, 1, 2, 3]


@pytest.mark.parametrize("how", ["y.append(x)", "y[0] = x", "y = f(x)"])
def test_what_a_statement_changes_in_its_cell_is_seen_below(how):
    sources = [f"x = 1\ny = [0]\nz = 2\n{how}", "print(z)", "print(y)"]
    first, *_ = changes.changes(sources, folded=())
    assert changes.runs(sources, first) == [0, 2]


@forks
def test_a_name_that_a_failed_assertion_left_out_is_found():
    """The fault that the test is for, as the first edition had it."""
    (change, *_) = changes.changes(SOURCES, folded={3, 4})
    failed = changes.failures(SOURCES, change)
    assert [(cell, error) for cell, error, *_ in failed] == [
        (2, "AssertionError"),
        (5, "NameError"),
    ]
