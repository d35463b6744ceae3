"""Time the compiler and what it writes: ``python tests/bench_compiler.py [nn.js]``.

Processor time of one step of full-batch gradient descent, in V8 and in NumPy, and of
compiling it; an LSTM over 100 steps besides. ``nn.js`` is the engine of TensorFlow
Playground for the same network and data: ``src/nn.ts`` of its repository, made a
CommonJS module by ``esbuild nn.ts --format=cjs``.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from dlbook import backprop, lstm
from dlbook.compiler import trace
from dlbook.compiler.trees import leaves

N, SIZES = 100, (2, 8, 8, 1)

TIMED = """
const time = (f, n) => {
  let best = Infinity;
  for (let k = 0; k < n; k++) f();
  for (let r = 0; r < 7; r++) {
    const start = process.cpuUsage();
    for (let k = 0; k < n; k++) f();
    best = Math.min(best, process.cpuUsage(start).user / n);
  }
  return best;
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


def compiled(model, inputs):
    """Return a program, its script, and the seconds that they took."""
    start = time.process_time()
    program = trace(model, inputs)
    script = program.javascript()
    return program, script, time.process_time() - start


def in_node(code):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.js"
        path.write_text(TIMED + code, encoding="utf-8")
        done = subprocess.run(
            ["node", path], capture_output=True, text=True, check=True
        )
    return float(done.stdout)


def in_javascript(program, script):
    """Return the microseconds of a step that feeds its results back."""
    parts = [np.ravel(x) for _, x in leaves(program.defaults)]
    values = json.dumps(np.concatenate(parts).tolist())
    size = sum(int(np.prod(shape)) for shape in program.outputs.values())
    return in_node(
        f"const f = {script}, v = new Float64Array({values});\n"
        f"console.log(time(() => v.set(f(v).subarray(0, {size})), 1000));"
    )


def in_playground(path):
    x, y = data()
    return in_node(
        f"const nn = require({json.dumps(str(Path(path).resolve()))});\n"
        f"const x = {json.dumps(x.tolist())}, y = {json.dumps(y.ravel().tolist())};\n"
        f"const {{TANH, SIGMOID}} = nn.Activations;\n"
        f"const net = nn.buildNetwork({list(SIZES)}, TANH, SIGMOID, null, "
        "['x', 'y'], false);\n"
        "console.log(time(() => {\n"
        "  for (let i = 0; i < x.length; i++) {\n"
        "    nn.forwardProp(net, x[i]); nn.backProp(net, y[i], nn.Errors.SQUARE);\n"
        "  }\n"
        "  nn.updateWeights(net, 0.03, 0);\n"
        "}, 300));"
    )


def in_numpy(step, inputs, times=200):
    best = np.inf
    for _ in range(7):
        start = time.process_time()
        for _ in range(times):
            step(**inputs)
        best = min(best, (time.process_time() - start) / times)
    return 1e6 * best


if __name__ == "__main__":
    step, inputs = training()
    program, script, seconds = compiled(step, inputs)
    shape = "-".join(map(str, SIZES))
    print(f"a step of {shape} on {N} points")
    print(f"  compiled in {seconds:.3f} s to {len(script):,} bytes")
    print(f"  JavaScript {in_javascript(program, script):6.1f} us")
    print(f"  NumPy      {in_numpy(step, inputs):6.1f} us")
    if sys.argv[1:]:
        print(f"  Playground {in_playground(sys.argv[1]):6.1f} us")
    program, script, seconds = compiled(*sequence())
    print(f"an LSTM over 100 steps: {seconds:.3f} s, {len(script):,} bytes")
