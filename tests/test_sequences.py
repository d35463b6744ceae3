"""Sequence models: loss and gradients, text, sampling, and what each cell can learn."""

import re

import numpy as np
import pytest

from dlbook import gru, lstm, rnn, sequences
from dlbook._core.tree import named_leaves
from dlbook.datasets import latch_task, load_text
from dlbook.gradcheck import check_gradient
from dlbook.losses import cross_entropy_with_logits
from dlbook.optim import SGD, Adam, clip_by_global_norm, global_norm
from dlbook.sequences import (
    CELLS,
    init_params,
    logits,
    loss_and_gradients,
    predict,
    sample,
    text_batches,
    train,
)
from near import close

DTYPES = [np.float32, np.float64]
each_cell = pytest.mark.parametrize("cell", CELLS)


def model_of_codes(cell, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    params = init_params(cell, 5, 4, 5, embedding=3, rng=rng, dtype=dtype)
    x, y = rng.integers(0, 5, (2, 6, 3))
    return params, x, y


def leaves(params):
    return [array for _, array in named_leaves(params)]


# Loss and gradients


@each_cell
def test_logits_are_embedding_cell_and_output_in_a_row(cell):
    params, x, _ = model_of_codes(cell)
    z, state = logits(x, params)
    one_hot = np.eye(5)[x]
    if cell == "gru":
        h = gru.gru(one_hot @ params.E, params.cell).h
        close(state, h[-1])
    elif cell == "rnn":
        h, _ = rnn.rnn_forward(one_hot @ params.E, params.cell)
        close(state, h[-1])
    else:
        steps, _ = lstm.lstm_forward(one_hot @ params.E, params.cell)
        h = steps.h
        close(state[0], h[-1])
        close(state[1], steps.C[-1])
    close(z, h @ params.output.W_ho.T + params.output.b_o)
    np.testing.assert_array_equal(predict(x, params), z[-1].argmax(axis=1))


@each_cell
def test_the_loss_of_text_is_the_mean_over_all_its_steps(cell):
    params, x, y = model_of_codes(cell)
    z, _ = logits(x, params)
    wanted = cross_entropy_with_logits(z.reshape(-1, 5), y.reshape(-1))
    close(loss_and_gradients(x, y, params).loss, wanted)


@each_cell
@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("codes", [True, False])
def test_a_model_passes_the_gradient_check(cell, codes, last):
    params, x, y = model_of_codes(cell)
    y = y[-1] if last else y
    if not codes:
        rng = np.random.default_rng(1)
        params = init_params(cell, 2, 4, 5, rng=rng)
        x = rng.normal(size=(6, 3, 2))
    assert (params.E is None) != codes

    def loss(params):
        return loss_and_gradients(x, y, params).loss

    check_gradient(loss, params, loss_and_gradients(x, y, params).gradients)


@each_cell
def test_gradients_end_at_the_state_that_a_piece_starts_from(cell):
    params, x, y = model_of_codes(cell)
    _, state = logits(x[:3], params)

    def loss(params):
        return cross_entropy_with_logits(logits(x[3:], params, state)[0], y[3:])

    result = loss_and_gradients(x[3:], y[3:], params, state)
    check_gradient(loss, params, result.gradients)
    close(result.loss, cross_entropy_with_logits(logits(x, params)[0][3:], y[3:]))


@each_cell
def test_a_code_that_does_not_occur_has_no_gradient(cell):
    params, x, y = model_of_codes(cell)
    x = np.where(x == 2, 3, x)
    dE = loss_and_gradients(x, y, params).gradients.E
    assert not dE[2].any()
    assert dE[3].any()


@pytest.mark.parametrize("cell", CELLS)
def test_a_model_agrees_with_pytorch(torch, cell):
    params, x, y = model_of_codes(cell)
    names = dict(rnn=torch.nn.RNN, lstm=torch.nn.LSTM, gru=torch.nn.GRU)
    theirs = names[cell](3, 4).to(torch.float64)
    if cell == "rnn":
        W_x, W_h, b, _ = params.cell
    elif cell == "gru":
        p = params.cell
        W_h, W_x = np.split(np.concatenate([p.W_r, p.W_z]), [4], axis=1)
        W_h, W_x = np.concatenate([W_h, p.W_h]), np.concatenate([W_x, p.W_x])
        b = np.concatenate([p.b_r, p.b_z, p.b_x])
    else:
        p = params.cell
        W_h, W_x = np.split(np.concatenate([p.W_i, p.W_f, p.W_C, p.W_o]), [4], axis=1)
        b = np.concatenate([p.b_i, p.b_f, p.b_C, p.b_o])
    with torch.no_grad():
        theirs.weight_ih_l0.copy_(torch.tensor(W_x))
        theirs.weight_hh_l0.copy_(torch.tensor(W_h))
        theirs.bias_ih_l0.copy_(torch.tensor(b))
        theirs.bias_hh_l0.zero_()
    E, W, b = (
        torch.tensor(a, requires_grad=True) for a in (params.E, *params.output[:2])
    )
    h, _ = theirs(torch.nn.functional.embedding(torch.tensor(x), E))
    z = (h @ W.T + b).flatten(0, 1)
    loss = torch.nn.functional.cross_entropy(z, torch.tensor(y).flatten())
    dE, dW, db = torch.autograd.grad(loss, [E, W, b])
    result = loss_and_gradients(x, y, params)
    close(result.loss, loss.detach())
    close(result.gradients.E, dE)
    close(result.gradients.output.W_ho, dW)
    close(result.gradients.output.b_o, db)


# Training


@each_cell
def test_training_is_a_step_of_the_optimiser_for_each_batch(cell):
    params, x, y = model_of_codes(cell)
    optimiser, max_norm = SGD(lr=0.5), 0.1
    steps = train([(x, y), (y, x)], params, optimiser, max_norm=max_norm)
    for (a, b), step in zip([(x, y), (y, x)], steps, strict=True):
        loss, gradients, _ = loss_and_gradients(a, b, params)
        close(step.loss, loss)
        close(step.norm, global_norm(gradients))
        assert step.norm > max_norm
        clipped = clip_by_global_norm(gradients, max_norm)
        params, _ = optimiser.update(params, clipped, ())
        for ours, wanted in zip(leaves(step.params), leaves(params), strict=True):
            close(ours, wanted)


@each_cell
@pytest.mark.parametrize("carry", [True, False])
def test_a_carried_state_leads_from_piece_to_piece(cell, carry):
    params, x, y = model_of_codes(cell)
    pieces = [(x[:2], y[:2]), (x[2:], y[2:])]
    still = SGD(lr=1e-30)
    first, second = train(pieces, params, still, carry=carry)
    state = logits(x[:2], params)[1] if carry else None
    close(second.loss, loss_and_gradients(x[2:], y[2:], params, state).loss)
    close(first.loss, loss_and_gradients(x[:2], y[:2], params).loss)


def test_an_lstm_learns_the_latch_and_an_rnn_does_not():
    def right(cell, **settings):
        rng = np.random.default_rng(0)
        params = init_params(cell, 2, 16, 2, rng=rng, dtype=np.float32, **settings)
        tasks = (latch_task(32, 40, rng=rng) for _ in range(400))
        batches = ((x.astype(np.float32), y) for x, y in tasks)
        *_, last = train(batches, params, Adam(lr=0.01), max_norm=1.0)
        x, y = latch_task(500, 40, rng=np.random.default_rng(99))
        return np.mean(predict(x, last.params) == y)

    assert right("lstm", forget_bias=2.0) == 1
    assert right("rnn") < 0.6


# Text


def test_text_is_read_in_strands_that_go_on_and_round():
    codes = np.arange(11) % 7
    (single,) = text_batches(codes, length=1, n=len(codes), steps=1)
    np.testing.assert_array_equal(single.x, [codes])
    pieces = list(text_batches(codes, length=2, n=3, steps=8))
    x = np.concatenate([piece.x for piece in pieces])
    for strand, begin in zip(x.T, [0, 3, 7], strict=True):
        np.testing.assert_array_equal(strand, codes[(begin + np.arange(16)) % 11])
    for piece in pieces:
        assert piece.x.shape == piece.y.shape == (2, 3)
        np.testing.assert_array_equal(piece.x[1:], piece.y[:-1])
    np.testing.assert_array_equal(pieces[0].y[-1], pieces[1].x[0])


@each_cell
def test_reading_a_text_lowers_the_loss_below_that_of_its_letters_frequencies(cell):
    text, alphabet, codes = load_text(lower=True)
    share = np.bincount(codes) / len(codes)
    entropy = -np.sum(share * np.log(share))
    size = len(alphabet)
    params = init_params(
        cell,
        size,
        32,
        size,
        embedding=8,
        rng=np.random.default_rng(0),
        dtype=np.float32,
    )
    batches = text_batches(codes, length=20, n=16, steps=150)
    steps = train(batches, params, Adam(lr=0.01), max_norm=1.0, carry=True)
    losses = [step.loss for step in steps]
    np.testing.assert_allclose(losses[0], np.log(size), rtol=0.05)
    assert np.mean(losses[-20:]) < entropy - 0.4


@each_cell
def test_a_text_learned_by_heart_is_recited(cell):
    codes = np.array([0, 1, 2, 1, 0, 3] * 5)
    rng = np.random.default_rng(0)
    params = init_params(cell, 4, 16, 4, embedding=4, rng=rng)
    batches = text_batches(codes, length=12, n=1, steps=200)
    *_, last = train(batches, params, Adam(lr=0.02), max_norm=1.0)
    drawn = sample(last.params, codes[:6], 12, rng=rng, temperature=0.1)
    np.testing.assert_array_equal(drawn, codes[:12])


@each_cell
def test_draws_have_the_frequencies_of_the_softmax(cell):
    params, x, _ = model_of_codes(cell)
    z = logits(x[:, :1], params)[0][-1, 0]
    rng = np.random.default_rng(0)
    for temperature in (0.5, 2.0):
        p = np.exp(z / temperature) / np.exp(z / temperature).sum()
        drawn = [
            sample(params, x[:, 0], 1, rng=rng, temperature=temperature)[0]
            for _ in range(500)
        ]
        share = np.bincount(drawn, minlength=5) / 500
        np.testing.assert_allclose(share, p, atol=0.08)


@each_cell
def test_each_draw_is_read_before_the_next(cell):
    params, x, _ = model_of_codes(cell)
    drawn = sample(params, x[:2, 0], 5, rng=np.random.default_rng(3))
    rng, codes = np.random.default_rng(3), list(x[:2, 0])
    for code in drawn:
        z = logits(np.array(codes)[:, None], params)[0][-1, 0]
        p = np.exp(z) / np.exp(z).sum()
        assert code == rng.choice(5, size=1, p=p)[0]
        codes.append(code)


# Draws and types


@each_cell
def test_the_draws_have_the_shapes_that_were_asked_for(cell):
    rng = np.random.default_rng(0)
    E, inner, output = init_params(cell, 300, 100, 7, embedding=20, rng=rng)
    assert E.shape == (300, 20)
    np.testing.assert_allclose([E.mean(), E.std()], [0, 1], atol=0.03)
    assert inner[0].shape == ((100, 20) if cell == "rnn" else (100, 120))
    assert output.W_ho.shape == (7, 100)
    assert 0.09 < output.W_ho.max() <= 0.1
    assert -0.09 > output.W_ho.min() >= -0.1
    np.testing.assert_array_equal(output.b_o, np.zeros(7))


def test_what_the_cell_alone_knows_is_handed_on():
    rng = np.random.default_rng(0)
    params = init_params("lstm", 2, 3, 2, rng=rng, forget_bias=4.0)
    np.testing.assert_array_equal(params.cell.b_f, [4, 4, 4])


@each_cell
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_type_stays_what_it_is(cell, dtype):
    params, x, y = model_of_codes(cell, dtype=dtype)
    for targets in (y, y[-1]):
        loss, gradients, state = loss_and_gradients(x, targets, params)
        states = list(state) if cell == "lstm" else [state]
        arrays = [loss, *leaves(gradients), *states, *leaves(params)]
        assert {a.dtype for a in arrays} == {np.dtype(dtype)}
    assert sample(params, [1], 3, rng=np.random.default_rng(0)).dtype.kind == "i"


# What is refused

RNG = np.random.default_rng(0)
CODES = init_params("rnn", 5, 4, 5, embedding=3, rng=RNG)
VECTORS = init_params("lstm", 2, 4, 3, rng=RNG)
X = np.array([[0, 1], [4, 2]])
V = np.ones((3, 1, 2))
START = dict(rng=RNG)
REFUSED = [
    (init_params, ("cnn", 1, 1, 1), START, "cell: wanted one of 'rnn', 'lstm', 'gru'"),
    (init_params, ("rnn", 0, 1, 1), START, "inputs: wanted an integer >= 1, got 0"),
    (init_params, ("rnn", 1, 0, 1), START, "units: wanted an integer >= 1, got 0"),
    (init_params, ("rnn", 1, 1, 0), START, "outputs: wanted an integer >= 1, got 0"),
    (
        init_params,
        ("rnn", 1, 1, 1),
        dict(rng=RNG, embedding=0),
        "embedding: wanted an integer >= 1, got 0",
    ),
    (
        init_params,
        ("rnn", 1, 1, 1),
        dict(rng=None),
        "rng: wanted a numpy.random.Generator, got NoneType",
    ),
    (
        init_params,
        ("rnn", 1, 1, 1),
        dict(rng=RNG, dtype=int),
        "dtype: wanted float32 or float64",
    ),
    (logits, ([0, 1], CODES), {}, "x: wanted shape (T, N), got (2,)"),
    (logits, (X / 2, CODES), {}, "x: wanted integers, got dtype float64"),
    (logits, (2 * X, CODES), {}, "x: wanted codes from 0 to 4, got 8"),
    (logits, (X - 1, CODES), {}, "x: wanted codes from 0 to 4, got -1"),
    (logits, (X, VECTORS), {}, "x: wanted shape (T, N, 2), got (2, 2)"),
    (logits, (V[..., :1], VECTORS), {}, "x: wanted shape (T, N, 2), got (3, 1, 1)"),
    (logits, (X, CODES, np.ones((3, 4))), {}, "state: wanted shape (2, 4), got (3, 4)"),
    (
        logits,
        (X, CODES._replace(cell=tuple(CODES.cell))),
        {},
        "params.cell: wanted RNNParams or LSTMParams or GRUParams, got tuple",
    ),
    (predict, (X + 1, CODES), {}, "x: wanted codes from 0 to 4, got 5"),
    (loss_and_gradients, (V, [3], VECTORS), {}, "y: wanted classes from 0 to 2, got 3"),
    (loss_and_gradients, (V, [0, 1], VECTORS), {}, "y: wanted shape (1,) or (1, 3)"),
    (
        lambda *args: train([(V, [0])], *args, max_norm=0),
        (VECTORS, SGD(0.1)),
        {},
        "max_norm: wanted a number > 0, got 0",
    ),
    (
        text_batches,
        (X, 1, 1, 1),
        {},
        "codes: wanted shape (L,), got (2, 2)",
    ),
    (
        text_batches,
        ([0.5], 1, 1, 1),
        {},
        "codes: wanted integers, got dtype float64",
    ),
    (
        text_batches,
        ([1, 2], 0, 1, 1),
        {},
        "length: wanted an integer >= 1, got 0",
    ),
    (
        text_batches,
        ([1, 2], 1, 0, 1),
        {},
        "n: wanted an integer >= 1, got 0",
    ),
    (
        text_batches,
        ([1, 2], 1, 3, 1),
        {},
        "n: wanted at most 2 strands, got 3",
    ),
    (
        text_batches,
        ([1, 2], 1, 1, 0),
        {},
        "steps: wanted an integer >= 1, got 0",
    ),
    (
        sample,
        (VECTORS, [0], 1),
        START,
        "params: wanted a model with an embedding, got E = None",
    ),
    (sample, (CODES, [], 1), START, "start: wanted at least one value, got shape (0,)"),
    (sample, (CODES, [[0]], 1), START, "start: wanted shape (S,), got (1, 1)"),
    (sample, (CODES, [7], 1), START, "start: wanted codes from 0 to 4, got 7"),
    (sample, (CODES, [0], 0), START, "length: wanted an integer >= 1, got 0"),
    (sample, (CODES, [0], 1), dict(rng=1), "rng: wanted a numpy.random.Generator"),
    (
        sample,
        (CODES, [0], 1),
        dict(rng=RNG, temperature=0),
        "temperature: wanted a number > 0, got 0",
    ),
]


@pytest.mark.parametrize(("function", "arguments", "settings", "message"), REFUSED)
def test_what_makes_no_sense_is_refused_by_name(function, arguments, settings, message):
    with pytest.raises((TypeError, ValueError), match="^" + re.escape(message)):
        function(*arguments, **settings)


def test_all_public_names_are_there():
    assert sorted(sequences.__all__) == list(sequences.__all__)
    assert all(hasattr(sequences, name) for name in sequences.__all__)
