"""The package's own passes and training steps, compiled: JavaScript against NumPy."""

import numpy as np
import pytest

from dlbook.compiler import trace
from dlbook.compiler.program import results
from dlbook.compiler.trees import leaves
from engine import Engine, same_bits
from training import passes, steps


@pytest.fixture(scope="module")
def engine():
    with Engine() as racer:
        yield racer


def vector(program):
    """Return the inputs' defaults in a row."""
    parts = [
        [value.seed, value.step] if hasattr(value, "seed") else np.ravel(value)
        for _, value in leaves(program.defaults)
    ]
    return np.concatenate(parts).astype(float)


def in_numpy(program, values):
    found = results(program.function(**program.arguments(values)), program.name)
    return np.concatenate([np.ravel(np.asarray(x, float)) for x in found.values()])


@pytest.mark.parametrize(("name", "model", "inputs"), list(passes()))
def test_passes_are_compiled(engine, name, model, inputs):
    program = trace(model, inputs, name=name)
    rng = np.random.default_rng(0)
    rows = vector(program) * rng.uniform(0.9, 1.1, (3, len(program.inputs)))
    for row, got in zip(rows, engine.run(program.javascript(), rows), strict=True):
        wanted = in_numpy(program, row)
        np.testing.assert_allclose(got, wanted, rtol=1e-11, atol=1e-13)
        replayed = np.concatenate([np.ravel(x) for x in program.replay(row).values()])
        np.testing.assert_allclose(replayed, wanted, rtol=1e-11, atol=1e-13)


def moves(program):
    """Return where a step's results go: pairs (input, output)."""
    places, start = [], 0
    for key, tree in program.defaults.items():
        for path, value in leaves(tree, key):
            size = 2 if hasattr(value, "seed") else value.size
            if path in program.offsets:
                first = program.offsets[path]
                places += [(start + k, first + k) for k in range(size)]
            start += size
    return places


@pytest.mark.parametrize(("name", "step", "inputs"), list(steps()))
@pytest.mark.parametrize("n", [1, 10, 300])
def test_training_steps_run_as_in_numpy(engine, name, step, inputs, n):
    program = trace(step, inputs, name=name)
    values = vector(program)
    source = program.javascript()
    assert len(source) < 8000
    to = "".join(f"v[{i}]=o[{j}];" for i, j in moves(program))
    count = program.inputs.index("rng.step") if "rng.step" in program.inputs else None
    to += "" if count is None else f"v[{count}]++"
    run = f"v=>{{const f={source};let o;for(let k=0;k<{n};k++){{o=f(v);{to}}}return o}}"
    got = engine.run(run, [values])[0]
    for _ in range(n):
        wanted = in_numpy(program, values)
        for i, j in moves(program):
            values[i] = wanted[j]
        if count is not None:
            values[count] += 1
    np.testing.assert_allclose(got, wanted, rtol=1e-9, atol=1e-11)


def test_a_program_returns_the_same_array_at_each_call_and_leaves_its_argument(engine):
    _, step, inputs = next(steps())
    source = trace(step, inputs).javascript()
    values = vector(trace(step, inputs))
    told = engine.run(
        f"v=>{{const f={source},w=v.slice(),a=f(v),b=[...a],c=f(v);"
        "return[+(a===c),+c.every((x,k)=>x===b[k]),+v.every((x,k)=>x===w[k])]}",
        [values],
    )
    assert told.tolist() == [[1, 1, 1]]
    assert same_bits(told, np.ones((1, 3)))
