"""The stored results of the long experiments: the chapters' functions give them again.

Training in float32 differs a little from machine to machine, so that numbers are
compared as closely as that allows; one seed of each experiment is run.
"""

from functools import cache

import numpy as np
import pytest

import runs
from dlbook import datasets


@cache
def chapter(stem):
    return runs.definitions(stem)


def test_a_stored_lstm_is_what_training_gives():
    stored = datasets.load_runs("lstm")
    net = chapter("05_lstm")["train_latch"]("lstm", 0, forget_bias=4.0)
    for name in runs.WEIGHTS:
        ours = stored[name][4, 0]
        np.testing.assert_allclose(
            getattr(net.cell, name), ours, atol=0.05, err_msg=name
        )


@pytest.mark.parametrize("row, orthogonal", [(0, False), (1, True)])
def test_a_stored_share_of_a_plain_network_is_what_training_gives(row, orthogonal):
    names = chapter("05_lstm")
    net = names["train_latch"]("rnn", 0, units=17, orthogonal=orthogonal)
    share = datasets.load_runs("lstm")["rnn_right"][row, 0]
    assert names["right"](net) == pytest.approx(share, abs=0.05)


def test_a_stored_share_of_a_gru_is_what_training_gives():
    shares = runs.gru_right(chapter("05_lstm"), 2, 0)
    stored = datasets.load_runs("lstm")["gru_right"][1, 0]
    np.testing.assert_allclose(shares, stored, atol=0.05)


def test_the_stored_steps_of_training_are_what_training_gives():
    needed = chapter("05_lstm")["steps_needed"](20, 3.0, 0)
    stored = datasets.load_runs("lstm")["steps_needed"][0, 3, 0]
    assert needed == pytest.approx(stored, abs=3)


def test_the_stored_losses_on_text_are_what_training_gives():
    losses = runs.text_losses(chapter("05_lstm"), "rnn", 128, 0, steps=150)
    stored = datasets.load_runs("lstm")["text"][0, 0, :1]
    np.testing.assert_allclose(losses, stored, atol=0.01)
