"""Time the compiler and what it writes, for `bench_speed`.

One step of full-batch gradient descent on 100 points: compiling it, and its time in
Chromium, in NumPy and in the engine of TensorFlow Playground for the same network and
data. An LSTM over 100 steps besides. ``python tests/bench_compiler.py --book`` compiles
every figure of the book and prints, by chapter, processor time and the scripts' size.
"""

import io
import json
import sys
import time
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np

from dlbook import backprop, lstm
from dlbook.compiler import trace
from dlbook.compiler.trees import leaves

N, SIZES = 100, (2, 8, 8, 1)

TIMED = """
const time = (f, n) => {
  let best = Infinity;
  for (let k = 0; k < 10 * n; k++) f();
  for (let r = 0; r < 70; r++) {
    const start = performance.now();
    for (let k = 0; k < n; k++) f();
    best = Math.min(best, (performance.now() - start) / n);
  }
  return best / 1000;
};
"""


def data():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(N, SIZES[0])).round(2)
    return x, (x[:, :1] * x[:, 1:] > 0) * 1.0


def training():
    """Return a step and what it begins with."""
    x, y = data()
    rng = np.random.default_rng(1)
    layers = backprop.init_params(*SIZES, hidden="tanh", output="sigmoid", rng=rng)

    def step(layers, lr):
        _, gradients = backprop.loss_and_gradients(
            x, y, layers, loss="binary_cross_entropy"
        )
        pairs = zip(layers, gradients, strict=True)
        return dict(
            layers=tuple(
                a._replace(W=a.W - lr * d.W, b=a.b - lr * d.b) for a, d in pairs
            )
        )

    return step, dict(layers=layers, lr=0.1)


def sequence():
    """Return an LSTM's pass over 100 steps, and its parameters."""
    x = np.random.default_rng(0).normal(size=(100, 4)).round(2)
    params = lstm.init_params(4, 16, rng=np.random.default_rng(1))
    return lambda params: dict(h=lstm.lstm(x, params).h), dict(params=params)


def compiled(model, inputs, name="bench", outputs=None):
    """Return a program, its script, and the seconds that they took."""
    start = time.process_time()
    program = trace(model, inputs, name=name)
    script = program.javascript(outputs)
    return program, script, time.process_time() - start


def in_javascript(browser, program, script, feeds):
    """Return the seconds of a call, whose results may feed the next."""
    parts = [np.ravel(x) for _, x in leaves(program.defaults)]
    values = json.dumps(np.concatenate(parts).tolist())
    size = sum(int(np.prod(shape)) for shape in program.outputs.values())
    call = f"v.set(f(v).subarray(0, {size}))" if feeds else "f(v)"
    return browser.evaluate(
        f"() => {{ {TIMED} const f = {script}, v = new Float64Array({values});"
        f"return time(() => {call}, 100); }}"
    )


def in_playground(browser, source):
    """Return the seconds of a step of the engine, a CommonJS module."""
    x, y = data()
    return browser.evaluate(
        f"() => {{ {TIMED} const module = {{}}; {{ {source} }}"
        f"const nn = module.exports;"
        f"const x = {json.dumps(x.tolist())}, y = {json.dumps(y.ravel().tolist())};"
        f"const {{TANH, SIGMOID}} = nn.Activations;"
        f"const net = nn.buildNetwork({list(SIZES)}, TANH, SIGMOID, null, "
        "['x', 'y'], false);"
        "return time(() => {"
        "  for (let i = 0; i < x.length; i++) {"
        "    nn.forwardProp(net, x[i]); nn.backProp(net, y[i], nn.Errors.SQUARE);"
        "  }"
        "  nn.updateWeights(net, 0.03, 0);"
        "}, 100); }"
    )


def in_numpy(step, inputs, times=30):
    """Return the seconds of a step."""
    best = np.inf
    for _ in range(20):
        start = time.process_time()
        for _ in range(times):
            step(**inputs)
        best = min(best, (time.process_time() - start) / times)
    return best


def measure(browser, playground=None):
    """Return what was measured of each program, by its name.

    ``browser`` is a page of a browser, ``playground`` the engine's source.
    """
    found = {}
    for name, (function, inputs), feeds in [
        ("one step of 2-8-8-1, N = 100", training(), True),
        ("LSTM, T = 100, H = 16, forward", sequence(), False),
    ]:
        program, script, seconds = compiled(function, inputs)
        found[name] = {
            "compile": seconds,
            "bytes": len(script.encode()),
            "JavaScript": in_javascript(browser, program, script, feeds),
            "NumPy": in_numpy(function, inputs),
            "Playground": in_playground(browser, playground)
            if feeds and playground
            else None,
        }
    return found


def book():
    """Print the time to compile each chapter's figures, and their scripts' bytes."""
    from dlbook.live import collect

    print("chapter            programs  seconds    bytes  largest")
    for path in sorted(Path(__file__).parents[1].glob("chapters/0*.ipynb")):
        with redirect_stdout(io.StringIO()):  # what the chapter prints
            lives = [live for live in collect(path) if live.program]
        seconds, sizes = 0, {}
        for live in lives:
            for name, program in live.programs.items():
                shown = live.shown_outputs if name == "compute" else None
                again = program.function, program.defaults
                _, script, taken = compiled(*again, live.name, shown)
                seconds += taken
                sizes[f"{live.name} {name}"] = len(script.encode())
        largest = max(sizes, key=sizes.get)
        print(
            f"{path.stem:18} {len(sizes):8} {seconds:8.2f} {sum(sizes.values()):8,}  "
            f"{largest} {sizes[largest]:,}",
            flush=True,
        )


if __name__ == "__main__" and "--book" in sys.argv:
    book()
