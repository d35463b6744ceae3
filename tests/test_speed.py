"""The page on speed shows what was recorded, and the package keeps its promises."""

import json
import subprocess
import sys
import tracemalloc
from functools import partial

import numpy as np

from bench_speed import DTYPES, FORMULAS, PAGE, RECORD, page, take_turns
from dlbook import backprop, cnn, lstm, rnn, vae
from dlbook.optim import Adam
from oracles import flat


def test_the_page_is_written_from_the_record():
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    assert PAGE.read_text(encoding="utf-8") == page(record)


def test_the_record_has_every_case_in_both_dtypes(torch):
    from contenders import CASES

    rows = json.loads(RECORD.read_text(encoding="utf-8"))["operations"]
    assert [(row["dtype"], row["name"]) for row in rows] == [
        (dtype, name) for dtype in DTYPES for name in CASES
    ]


def test_contenders_do_the_same_work(torch):
    from contenders import CASES

    looped = set()
    for name, make in CASES.items():
        runs = make("float64").contenders
        assert {"PyTorch", "loop"} <= {*runs}, name
        kind = name.partition(",")[0], name.rpartition(",")[2]
        if kind in looped:  # a loop of Python takes long: once, and not on other shapes
            del runs["loop"]
        looped.add(kind)
        results = {k: run() for k, run in runs.items()}
        ours = _first(results.pop("dlbook"))
        for who, result in results.items():
            theirs = _first(result).reshape(ours.shape)
            np.testing.assert_allclose(
                ours, theirs, rtol=1e-8, atol=1e-12, err_msg=f"{name}: {who}"
            )


def _first(result):
    """Return the output, or the gradient that comes out first, as one array."""
    for name in ("dx", "h"):
        if hasattr(result, name):
            return getattr(result, name)
    if isinstance(result, (tuple, list)):
        return _first(result[0])
    return result.detach().numpy() if hasattr(result, "detach") else np.asarray(result)


def test_slow_contenders_run_once_and_others_take_turns():
    calls = []
    found = take_turns(
        {"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, 0.01
    )
    assert set(found) == {"a", "b"} and calls[4:8] == ["a", "b", "a", "b"]


def test_formulas_load_neither_matplotlib_nor_ipywidgets():
    imports = "\n".join(f"import dlbook.{name}" for name in FORMULAS)
    unwanted = "{'matplotlib', 'ipywidgets'} & {*sys.modules}"
    code = f"import sys\n{imports}\nprint({unwanted})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout.strip() == b"set()"


def peak(run):
    """Return the bytes that a call keeps, and those that it needs at most."""
    run()
    tracemalloc.start()
    kept = run()
    now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del kept
    return now, most


def test_a_convolution_keeps_less_than_one_matrix_of_windows():
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(32, 3, 32, 32)), rng.normal(size=(16, 3, 5, 5))
    y, cache = cnn.conv2d_forward(x, w)
    windows = 25 * 3 * 32 * 28 * 28 * 8  # im2col: every window as a column
    now, most = peak(lambda: cnn.conv2d_forward(x, w))
    assert now <= y.nbytes + windows
    assert most <= 3 * y.nbytes + windows
    now, most = peak(lambda: cnn.conv2d_backward(y, cache))
    assert now <= 1.1 * (x.nbytes + w.nbytes)
    assert most <= x.nbytes + 3 * y.nbytes + windows


def test_pooling_keeps_the_place_of_each_maximum_alone():
    x = np.random.default_rng(0).normal(size=(32, 8, 28, 28))
    y, cache = cnn.max_pool2d_forward(x, 2)
    now, most = peak(lambda: cnn.max_pool2d_forward(x, 2))
    assert now <= 2 * y.nbytes and most <= 4 * y.nbytes
    now, most = peak(lambda: cnn.max_pool2d_backward(y, cache))
    assert now <= 1.1 * x.nbytes and most <= x.nbytes + 2 * y.nbytes


def test_networks_keep_their_activations_and_gradients_alone():
    rng = np.random.default_rng(0)
    x, layers = rng.normal(size=(128, 64)), backprop.init_params(64, 96, 8, rng=rng)
    hidden, weights = 128 * 96 * 8, sum(a.nbytes for a in flat(layers))
    run = partial(backprop.mlp, x, layers)
    assert peak(run)[0] <= 1.2 * hidden
    y, run = rng.normal(size=(128, 8)), backprop.loss_and_gradients
    run = partial(run, x, y, layers, loss="half_squared_error")
    assert peak(run)[0] <= 1.1 * weights and peak(run)[1] <= weights + 4 * hidden
    params = vae.init_params(64, 96, 4, rng=rng)
    weights, data = sum(a.nbytes for a in flat(params)), rng.uniform(size=(128, 64))
    run = partial(vae.loss_and_gradients, data, params, rng.normal(size=(128, 4)))
    assert peak(run)[0] <= 1.1 * weights and peak(run)[1] <= weights + 9 * hidden


def test_adam_keeps_what_it_returns_alone():
    theta = np.ones((256, 784))
    optimiser = Adam(0.001)
    state = optimiser.init(theta)
    now, most = peak(lambda: optimiser.update(theta, theta, state))
    assert now <= 3.1 * theta.nbytes and most <= 3.3 * theta.nbytes


def test_a_sequence_keeps_its_states_and_gates_alone():
    rng = np.random.default_rng(0)
    x, zero = rng.normal(size=(50, 8, 16)), np.zeros((8, 32))
    states = 50 * 8 * 32 * 8
    params = rnn.init_params(16, 32, rng=rng)
    assert peak(lambda: rnn.rnn_forward(x, params, zero))[0] <= 3.2 * states + x.nbytes
    gated = lstm.init_params(16, 32, rng=rng)
    now, _ = peak(lambda: lstm.lstm_forward(x, gated, zero, zero))
    assert now <= 9 * states + x.nbytes
