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


def test_a_stored_share_after_training_at_many_lengths_is_what_training_gives():
    shares = runs.many_lengths(chapter("05_lstm"), 2)
    stored = datasets.load_runs("lstm")["many_lengths"][2]
    np.testing.assert_allclose(shares, stored, atol=0.05)


def test_the_stored_steps_of_training_are_what_training_gives():
    needed = chapter("05_lstm")["steps_needed"](20, 3.0, 0)
    stored = datasets.load_runs("lstm")["steps_needed"][0, 3, 0]
    assert needed == pytest.approx(stored, abs=3)


def test_the_stored_losses_on_text_are_what_training_gives():
    losses = runs.text_losses(chapter("05_lstm"), "rnn", 128, 0, steps=150)
    stored = datasets.load_runs("lstm")["text"][0, 0, :1]
    np.testing.assert_allclose(losses, stored, atol=0.01)


@pytest.mark.parametrize(
    "row, reader, steps", [(0, ("rnn", 128), 450), (1, ("lstm", 60), 900)]
)
def test_a_stored_reader_is_what_training_gives(row, reader, steps):
    names = chapter("05_lstm")
    *_, net = names["train_text"](*reader, 0, steps)
    nets = net, names["stored_reader"](*reader)
    far = [names["far_share"](each) for each in nets]
    np.testing.assert_allclose(
        far, datasets.load_runs("lstm")["far"][row, 0], atol=0.02
    )
    found, kept = (names["text_loss"](names["held_out"], each) for each in nets)
    assert found == pytest.approx(kept, abs=0.02)


def test_the_stored_errors_of_an_autoencoder_are_what_training_gives():
    names, stored = chapter("06_autoencoder"), datasets.load_runs("autoencoder")
    found, _ = runs.sweep_errors(names, (64, 128, 8), 0)
    np.testing.assert_allclose(found, stored["sweep"][3, 0], rtol=0.03)
    found, _ = runs.sweep_errors(names, (64, 8), 0)
    np.testing.assert_allclose(found, stored["deep"][1, 0, 0], rtol=0.03)


def test_the_stored_errors_on_noisy_digits_are_what_training_gives():
    found = chapter("06_autoencoder")["denoised_errors"](0)
    stored = datasets.load_runs("autoencoder")["denoised"][0]
    np.testing.assert_allclose(found[:2] + found[-1:], stored[[0, 1, 4]], rtol=1e-4)
    # The plain autoencoder works far from what it was trained on, and varies more.
    np.testing.assert_allclose(found[3], stored[3], rtol=0.05)
    np.testing.assert_allclose(found[2], stored[2], rtol=0.3)


def test_the_stored_shares_of_anomalies_are_what_training_gives():
    found = runs.anomaly(chapter("06_autoencoder"), 8, 0)
    stored = datasets.load_runs("autoencoder")["anomaly"][1, 0]
    np.testing.assert_allclose(found, stored, atol=0.01)


def test_the_stored_distances_of_drawn_codes_are_what_training_gives():
    found = chapter("06_autoencoder")["hole_distances"](0, 8)
    stored = datasets.load_runs("autoencoder")["holes"][1, 0]
    np.testing.assert_allclose(found, stored, rtol=0.05)
