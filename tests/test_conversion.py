"""The chapter's conversion of weights: PyTorch computes the same LSTM with them."""

import numpy as np
import pytest

import runs
from dlbook import lstm

NAMES = runs.definitions("05_lstm")
T, D, H = 7, 3, 5


@pytest.fixture
def params():
    rng = np.random.default_rng(0)
    drawn = lstm.init_params(D, H, rng=rng)
    biases = {name: rng.normal(size=H) for name in ("b_f", "b_i", "b_C", "b_o")}
    return drawn._replace(**biases)


def network(torch):
    torch.manual_seed(0)
    return torch.nn.LSTM(D, H, dtype=torch.float64)


def test_weights_given_to_pytorch_give_our_outputs(params, torch):
    theirs = network(torch)
    state = NAMES["to_torch"](params)
    theirs.load_state_dict({k: torch.tensor(v) for k, v in state.items()})
    x = np.random.default_rng(1).normal(size=(T, D))
    h, (_, C) = theirs(torch.tensor(x))
    steps = lstm.lstm(x, params)
    np.testing.assert_allclose(h.detach().numpy(), steps.h, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(C.detach().numpy()[0], steps.C[-1], rtol=1e-9)


def test_weights_taken_from_pytorch_give_its_outputs(torch):
    theirs = network(torch)
    state = {k: v.detach().numpy() for k, v in theirs.state_dict().items()}
    x = np.random.default_rng(2).normal(size=(T, D))
    h, _ = theirs(torch.tensor(x))
    steps = lstm.lstm(x, NAMES["from_torch"](state))
    np.testing.assert_allclose(h.detach().numpy(), steps.h, rtol=1e-9, atol=1e-12)
