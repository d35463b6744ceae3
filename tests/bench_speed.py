"""Measure the package and the book: ``python tests/bench_speed.py``.

It times `dlbook` beside PyTorch, SciPy and a textbook's loop in one run, on one thread,
then the compiler, the notebooks, the build, and the figures' answers to a slider. It
prints the tables, keeps the record in ``tests/speed.json`` and writes
``chapters/speed.md`` from it. `dlbook` and PyTorch take turns, so that a busy moment
slows both of them; slower contenders follow, since they would leave cold caches. Needs
PyTorch (``tests/requirements-torch.txt``) and a Chromium. Parts that are named are
measured again, the others keep their record.

``--playground nn.js`` is the engine of TensorFlow Playground, for the same training:
``src/nn.ts`` of github.com/tensorflow/playground, made a CommonJS module by
``npx esbuild nn.ts --format=cjs --outfile=nn.js``. ``--lite SITE`` is a built book with
JupyterLite beside it, as ``python -m dlbook.site.lite`` makes it, for its start.
"""

# ruff: noqa: E402 (threads and kernels are settled before NumPy is loaded)
import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"
for _name in ("OPENBLAS_CORETYPE", "NPY_DISABLE_CPU_FEATURES"):  # each as it is made
    os.environ.pop(_name, None)

import argparse
import io
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager, redirect_stdout
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np

from conftest import ARGUMENTS, ROOT, build_book

RECORD = ROOT / "tests" / "speed.json"
PAGE = ROOT / "chapters" / "speed.md"
DTYPES = ("float32", "float64")
SECONDS, SLOW = 1.5, 0.1
BUILDS = {"as it is": False, "by Jupyter Book's defaults": True}
FORMULAS = "activations losses optim backprop cnn rnn lstm autoencoder vae gan".split()

HEAD = """# Speed

How long does the package take, and how long do the pages? Everything here was measured
by `python tests/bench_speed.py`, part by part, with {machine}.
"""
READING = """## How to read it

All contenders of a row do the same work on the same numbers, on one thread; `dlbook`
and PyTorch take turns. Each time is the median of the processor's time, in
milliseconds; each library chooses its kernels for the processor. The *ratio* is the
time of `dlbook` over that of PyTorch in eager mode: below 1 the package is faster. The
*loop* is the formula as a textbook writes it: one output at a time for convolution,
pooling and Adam, one example at a time for the rest. The *share* is the rate of
`dlbook` as a part of the rate at which this machine multiplies two large matrices of
the same dtype: what is left is the price of moving data and of everything else. PyTorch
is made for larger work than a textbook's, and its float32 kernels for convolution and
LSTM have no counterpart in NumPy. Ratios travel between machines better than times do.
"""


BOUNDS = """## What bounds the rows above 1, in float32

Each part was timed by itself, forward, on the clock of the processor, so that what two
of them share in a cache is not counted. NumPy hands the products of a convolution and
of an LSTM to BLAS as they are; how long PyTorch's own products of the same arrays take
is said, too. But for these two layers PyTorch has kernels that are written while it
runs, for their very shapes: they read the image in blocks and need no copies of it, and
they join the gates of an LSTM to its products. With one example the products are
products of a matrix and a vector, and what bounds them is to read the weights; beside
them stand the checks, for which all weights and all gradients are read once more, and
new parameters, where PyTorch writes over the old ones. Adam returns new parameters and
new means and leaves the old ones as they were: three more arrays to write than a step
in place.
"""

LITE = """With nothing installed, a chapter starts in the browser. A first visit asks a
server on this machine, which compresses nothing, for {0[MB]:.0f} MB; the chapter is on
the page after {0[shown]:.0f} seconds, and its first cell has run after {0[ran]:.0f}. A
second visit asks for {1[MB]:.0f} MB and takes {1[shown]:.0f} and {1[ran]:.0f} seconds.
"""

COMPILER = """## Compiled for the page

The time to compile a function, the size of its script, and the time of one call, in
milliseconds: in Chromium, in NumPy, and in the engine of TensorFlow Playground, for the
same network and data. The step is one of gradient descent on all examples: forward,
backward, update.
"""


def take_turns(contenders, seconds=SECONDS, clock=time.perf_counter):
    """Return the median time of each contender in seconds; slow ones run once."""
    times = {}
    for name, run in contenders.items():
        for _ in range(2 if name != "loop" else 1):  # the first run warms up
            start = clock()
            run()
            times[name] = [clock() - start]
    quick = {name: run for name, run in contenders.items() if times[name][0] < SLOW}
    end = time.perf_counter() + seconds
    for name in quick:
        times[name].clear()
    while quick and time.perf_counter() < end:
        for name, run in quick.items():
            start = clock()
            run()
            times[name].append(clock() - start)
    return {name: statistics.median(spent) for name, spent in times.items()}


def matmul_rate(dtype, clock=time.perf_counter):
    """Return the floating-point operations a second of a large matrix product."""
    a = np.random.default_rng(0).normal(size=(1024, 1024)).astype(dtype)
    return 2 * 1024**3 / take_turns({"matmul": lambda: a @ a}, clock=clock)["matmul"]


def operations():
    """Time every case in both dtypes."""
    import torch

    from contenders import CASES

    torch.set_num_threads(1)
    np.ones(31 * 2**17)  # 31 MB: from now on malloc keeps what is freed, for everyone
    rows = []
    for dtype in DTYPES:
        rate = matmul_rate(dtype, time.process_time)
        for name, make in CASES.items():
            case = make(dtype)
            pair = {k: case.contenders[k] for k in ("dlbook", "PyTorch")}
            rest = {k: v for k, v in case.contenders.items() if k not in pair}
            times = take_turns(pair, clock=time.process_time)
            times |= take_turns(rest, SECONDS / 3, time.process_time)
            share = case.flops / times["dlbook"] / rate if case.flops else None
            rows.append(dict(name=name, dtype=dtype, times=times, share=share))
            print(dtype, name, times, flush=True)
    return rows


def bounds():
    """Time the parts of the float32 rows in which PyTorch is or was ahead."""
    import torch

    from dlbook import backprop, cnn, lstm
    from dlbook._core import check, convolution
    from dlbook._core.formulas import PHI
    from dlbook._core.windows import sweep_over
    from dlbook.optim import SGD, Adam, tree_map

    torch.set_num_threads(1)
    rng, found, clock = np.random.default_rng(0), [], time.process_time
    rate = matmul_rate("float32", clock)

    def normal(*shape):
        return rng.normal(size=shape).astype("float32")

    def add(name, whole, parts, flops=0, pairs=()):
        """Time a call and its parts, and PyTorch's products of the same pairs."""
        times = take_turns({"whole": whole} | parts, SECONDS, clock)
        share = flops / times["matrix products"] / rate if flops else None
        theirs = [(torch.from_numpy(a), torch.from_numpy(b)) for a, b in pairs]
        turns = {
            "NumPy": lambda: [a @ b for a, b in pairs],
            "PyTorch": lambda: [a @ b for a, b in theirs],
        }
        products = take_turns(turns, SECONDS / 3, clock) if pairs else None
        found.append(dict(name=name, times=times, share=share, products=products))

    cases = {
        "convolution, 32×16×14×14, 32 of 3×3": ((32, 16, 14, 14), (32, 16, 3, 3)),
        "convolution, 32×3×32×32, 16 of 5×5": ((32, 3, 32, 32), (16, 3, 5, 5)),
    }
    for name, shapes in cases.items():
        x, w = (normal(*shape) for shape in shapes)
        sweep = sweep_over(x.shape[-2:], w.shape[-2:])
        columns = convolution._columns(x, sweep)
        rows = convolution._kernel_rows(w)
        read = [convolution._row(columns[:, :-1], u, sweep) for u in range(len(rows))]
        y = rows[0] @ read[0]
        term = np.empty_like(y)
        pairs = list(zip(rows, read, strict=True))
        parts = {
            "matrix products": lambda pairs=pairs, out=term: [
                np.matmul(a, b, out=out) for a, b in pairs
            ],
            "laying out copies of the image": partial(convolution._columns, x, sweep),
            "adding up": lambda y=y, t=term, more=rows[1:]: [
                np.add(y, t, out=y) for _ in more
            ],
        }
        flops = 2 * y.size * w[0].size
        add(name, partial(cnn.conv2d, x, w), parts, flops, pairs)

    x, params = (
        normal(100, 32, 128),
        lstm.init_params(128, 128, rng=rng, dtype="float32"),
    )
    W, inputs, gates = lstm._fused(params)[0], normal(100, 257, 32), normal(4, 128, 32)
    parts = {
        "matrix products": lambda: [
            np.matmul(W, row, out=gates.reshape(512, 32)) for row in inputs
        ],
        "sigmoid and tanh": lambda: [
            (PHI["sigmoid"].overwrite(gates[:3]), np.tanh(gates[3:], out=gates[3:]))
            for _ in inputs
        ],
    }
    name = "LSTM, T = 100, N = 32, H = 128"
    pairs = [(W, row) for row in inputs]
    add(name, partial(lstm.lstm, x, params), parts, 2 * 100 * W.size * 32, pairs)

    layers = backprop.init_params(784, 256, 128, 10, rng=rng, dtype="float32")
    sgd, how = SGD(0.01), dict(loss="cross_entropy_with_logits")
    x, labels = normal(1, 784), [3]
    grads = backprop.loss_and_gradients(x, labels, layers, **how).gradients
    ends = [normal(1, W.shape[k]) for W, *_ in layers for k in (1, 0)]
    parts = {
        "matrix products": lambda: [
            (h @ W.T, d @ W, np.dot(d.T, h))
            for (W, *_), h, d in zip(layers, ends[::2], ends[1::2], strict=True)
        ],
        "checks": lambda: [
            check.array(a, "a")
            for tree in (layers, layers, grads)
            for W, b, _ in tree
            for a in (W, b)
        ],
        "new parameters": lambda: tree_map(lambda w, g: w - 0.01 * g, layers, grads),
    }
    whole = partial(backprop.train_step, x, labels, layers, sgd, (), **how)
    add("MLP 784-256-128-10, N = 1, one step", whole, parts)
    theta, adam = normal(256, 784), Adam(0.001)
    state, out = adam.init(theta), np.empty_like(theta)
    parts = {
        "one root": lambda: np.sqrt(state.v, out=out),
        "one quotient": lambda: np.divide(theta, theta, out=out),
        "eleven sums and products": lambda: [
            np.multiply(theta, 0.9, out=out) for _ in range(11)
        ],
    }
    whole = partial(adam.update, theta, theta, state)
    add("Adam, 200,704 parameters", whole, parts)
    return found


def growth():
    """Time how the work grows with filters, steps, and the length of a curve."""
    from dlbook import cnn, rnn

    rng, found = np.random.default_rng(0), {}
    x = rng.normal(size=(32, 1, 28, 28)).astype("float32")
    runs = {}
    for n in (4, 8, 16, 32, 64):
        w = rng.normal(size=(n, 1, 3, 3)).astype("float32")
        runs[n] = partial(cnn.conv2d, x, w)
    clock = time.process_time
    found["filters of a convolution, 32×1×28×28, 3×3"] = take_turns(runs, clock=clock)
    params = rnn.init_params(128, 128, rng=rng, dtype="float32")
    h0 = np.zeros((32, 128), "float32")
    runs = {}
    for n in (25, 50, 100, 200, 400):
        sequence = rng.normal(size=(n, 32, 128)).astype("float32")
        runs[n] = partial(rnn.rnn_forward, sequence, params, h0)
    found["steps of an RNN, N = 32, H = 128"] = take_turns(runs, clock=clock)
    return found


def import_time():
    """Return what importing the formulas costs beyond NumPy, in seconds."""
    imports = "\n".join(f"import dlbook.{name}" for name in FORMULAS)
    clock = "time.perf_counter()"
    code = f"import numpy, time\nt = {clock}\n{imports}\nprint({clock} - t)"
    command = [sys.executable, "-c", code]
    runs = [
        float(subprocess.run(command, capture_output=True, check=True, cwd=ROOT).stdout)
        for _ in range(7)
    ]
    return statistics.median(runs)


def notebooks():
    """Return the seconds to run each chapter, and to build, cold and warm."""
    from dlbook.notebooks import execute

    found = {}
    for path in sorted(ROOT.glob("chapters/*.ipynb")):
        start = time.perf_counter()
        execute(path)
        found[path.stem] = time.perf_counter() - start
    return found


def builds():
    """Return the seconds to build the book, and the same by Jupyter Book's defaults."""
    from bench_site import build

    found = {}
    for name, default in BUILDS.items():
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            build(Path(folder), default)
            found[f"{name}, cold"] = time.perf_counter() - start
    with tempfile.TemporaryDirectory() as folder:
        for name in ("once", "as it is, warm"):
            start = time.perf_counter()
            code, printed = build_book(Path(folder))
            assert code == 0, printed[-2000:]
            found[name] = time.perf_counter() - start
    del found["once"]
    return found


#: The mean of many updates: a browser's clock ticks in tenths of a millisecond.
PRESS = """figure => {
  const slider = figure.sliders[0], start = performance.now();
  for (let k = 0; k < 500; k++) {
    figure.set(0, slider.low + k % slider.count * slider.step);
    figure.touched();
  }
  const spent = (performance.now() - start) / 500;
  figure.reset(); figure.update();
  return spent;
}"""


def curve(points):
    """Return a figure whose curve has some number of points."""
    import matplotlib.pyplot as plt

    from dlbook.live import LiveFigure

    t = np.linspace(-3, 3, points)
    fig, ax = plt.subplots(figsize=(3.4, 2.6))
    (line,) = ax.plot(t, t)
    live = LiveFigure(
        f"curve{points}", fig, lambda a: dict(y=np.tanh(a * t)), dict(a=(0, 3, 0.1, 1))
    )
    live.bind(line, y="y")
    live.describe("a is {a}.")
    return live


@contextmanager
def chromium():
    """Open a page of a browser."""
    from playwright.sync_api import sync_playwright

    from dlbook.site.pdf import find_chromium

    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=find_chromium(), args=[*ARGUMENTS], chromium_sandbox=False
        )
        yield browser.new_page()
        browser.close()


def compiler(playground=None):
    """Time a training step that was compiled, beside NumPy and another engine."""
    from bench_compiler import measure

    with chromium() as page:
        return measure(page, playground and playground.read_text("utf-8"))


def figures():
    """Time a slider's way to the picture, in the kernel and on the page."""
    from dlbook.live import collect
    from test_runtime import site

    kernel, page_times, grows, many, scripts = {}, {}, {}, {}, {}
    with chromium() as page, tempfile.TemporaryDirectory() as folder:

        def pressed(name, lives):
            place = Path(folder, name)
            place.mkdir()
            page.goto(site(place, lives))
            names = [live.name for live in lives]
            script = f"names => names.map(n => ({PRESS})(dlbook.figures.get(n)))"
            ready = page.evaluate("performance.now()")
            return page.evaluate(script, names), ready

        for path in sorted(ROOT.glob("chapters/*.ipynb")):
            with redirect_stdout(io.StringIO()):  # what the chapter prints
                lives = collect(path)
            lives = [live for live in lives if live.program and live.sliders]
            page_times[path.stem] = pressed(path.stem, lives)[0]
            kernel[path.stem] = [_kernel(live) for live in lives]
            scripts[path.stem] = [_compiled(live) for live in lives]
        for points in (25, 50, 100, 200, 400, 800):
            grows[points] = pressed(f"c{points}", [curve(points)])[0][0] / 1000
        for number in (1, 2, 4, 8, 16):
            lives = [curve(40 + k) for k in range(number)]
            many[number] = pressed(f"n{number}", lives)[1] / 1000
    return dict(
        kernel=kernel, page={k: [t / 1000 for t in v] for k, v in page_times.items()},
        grows=grows, many=many, scripts=scripts,
    )  # fmt: skip


def lite(site):
    """Time JupyterLite's start: until a chapter is on the page, and its first cell ran.

    Twice in one browser, with an empty cache and with a full one: seconds, and the
    megabytes that are asked of a server on this machine.
    """

    class Server(SimpleHTTPRequestHandler):
        sent = 0

        def __init__(self, *args):
            super().__init__(*args, directory=str(site))

        def log_message(self, *args):
            pass

        def copyfile(self, source, target):
            Server.sent += os.fstat(source.fileno()).st_size
            super().copyfile(source, target)

    found = []
    prompt = "document.querySelector('.jp-CodeCell .jp-InputPrompt').innerText"
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server, chromium() as page:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page.set_default_timeout(200_000)
        for _ in range(2):
            start, Server.sent = time.perf_counter(), 0
            address = f"http://127.0.0.1:{server.server_port}/lite/start.html"
            page.goto(f"{address}#01_perceptron.ipynb")
            page.wait_for_selector(".jp-CodeCell .cm-content")
            shown = time.perf_counter() - start
            page.wait_for_selector("[data-status=idle]")
            page.locator(".jp-CodeCell .cm-content").first.click()
            page.keyboard.press("Shift+Enter")
            for sign in ("===", "!=="):  # it runs, and then it does no more
                page.wait_for_function(f"() => {prompt} {sign} '[*]:'")
            ran = time.perf_counter() - start
            found.append(dict(shown=shown, ran=ran, MB=Server.sent / 1e6))
        server.shutdown()
    return found


def _compiled(live):
    """Return the seconds to compile a figure's functions, and the scripts' bytes."""
    from bench_compiler import compiled

    again = [(program.function, program.defaults) for program in live.programs.values()]
    found = [compiled(*one, live.name) for one in again]
    return sum(row[2] for row in found), sum(len(row[1].encode()) for row in found)


def _kernel(live):
    """Return the median seconds from a slider's new value to the picture's bytes."""
    widget, slider = live.widget(), live.sliders[0]
    spent = []
    for k in range(12):
        value = slider.at(k % slider.positions)
        state = [value, *widget.state()[1:]]
        start = time.perf_counter()
        widget._set(state)
        spent.append(time.perf_counter() - start)
    return statistics.median(spent)


# The page -----------------------------------------------------------------------------


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---" + "|--:" * (len(head) - 1) + "|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def ms(seconds):
    if seconds is None:
        return "–"
    return f"{1000 * seconds:.3g}" if seconds < 1 else f"{1000 * seconds:.0f}"


def page(record):
    """Return the text of the page for a record of a run."""
    parts = [HEAD.format(machine=record["machine"]), READING]
    ratios = []
    for dtype in DTYPES:
        rows = []
        for row in (r for r in record["operations"] if r["dtype"] == dtype):
            times = row["times"]
            ratios.append(times["dlbook"] / times["PyTorch"])
            share = "–" if row["share"] is None else f"{100 * row['share']:.0f} %"
            others = [ms(times.get(name)) for name in ("SciPy", "loop")]
            rows.append(
                [row["name"], ms(times["dlbook"]), ms(times["PyTorch"])]
                + [f"{ratios[-1]:.2f}", *others, share]
            )
        head = ["work", "dlbook", "PyTorch", "ratio", "SciPy", "loop", "share"]
        parts.append(f"## Formulas in {dtype}\n\n{table(head, rows)}")
    fast = sum(ratio <= 1 for ratio in ratios)
    parts.insert(
        2,
        f"`dlbook` is at or below PyTorch's time in {fast} of {len(ratios)} rows. The "
        f"largest ratio is {max(ratios):.2f}. Importing all the models takes "
        f"{ms(record['import'])} ms beyond NumPy.\n",
    )
    parts.append(_bounds(record["bounds"]))
    for title, times in record["growth"].items():
        rows = [[str(n) for n in times], [ms(t) for t in times.values()]]
        parts.append(_grown(title, rows))
    parts.append(_compiler(record["compiler"]))
    parts.append("## Notebooks, build and figures\n\nSeconds to run or to build:\n")
    built = record["builds"]
    rows = [[f"build {name}", f"{spent:.1f}"] for name, spent in built.items()]
    rows = [[k, f"{spent:.1f}"] for k, spent in record["notebooks"].items()] + rows
    parts.append(table(["what", "s"], rows))
    ours, theirs = (built.get(f"{name}, cold") for name in BUILDS)
    if theirs:
        parts.append(
            f"The build takes {ours / theirs:.2f} times as long as by Jupyter Book's "
            "defaults on the same sources.\n"
        )
    parts.append(LITE.format(*record["lite"]))
    parts.append(
        "From a slider's new value to the picture, in milliseconds: the median and the "
        "slowest of a chapter's figures, with a kernel and on the page; and the "
        "seconds to compile them all, and the kilobytes of what is compiled.\n"
    )
    live, rows = record["figures"], []
    for name, spent in live["kernel"].items():
        shown = live["page"][name]
        middle = [statistics.median(spent), max(spent)]
        middle += [statistics.median(shown), max(shown)]
        rows.append([name, str(len(shown)), *map(ms, middle)])
        rows[-1] += _scripts(live.get("scripts", {}).get(name))
    head = ["chapter", "figures", "kernel", "slowest", "page", "slowest"]
    parts.append(table([*head, "compile, s", "kB"], rows))
    for title, key in [
        ("points of a curve on the page: one update", "grows"),
        ("figures on a page: all of them answer", "many"),
    ]:
        times = live[key]
        parts.append(_grown(title, [[*times], [ms(t) for t in times.values()]]))
    return "\n".join(parts)


def _bounds(found):
    """Say what the time goes to in the rows that PyTorch wins or has won."""
    lines = []
    for row in found:
        whole, *parts = row["times"].items()
        shares = [f"{name} {100 * t / whole[1]:.0f} %" for name, t in parts]
        rate = ""
        if row["share"]:
            slower = row["products"]["PyTorch"] / row["products"]["NumPy"]
            rate = (
                f"; the products alone run at {100 * row['share']:.0f} % of the large "
                f"matrices' rate, and PyTorch's take {slower:.2f} times as long"
            )
        lines.append(
            f"- {row['name']}, {ms(whole[1])} ms: {', '.join(shares)}{rate}.\n"
        )
    return f"{BOUNDS}\n{''.join(lines)}"


def _scripts(found):
    """Return the seconds to compile a chapter's figures, and the kilobytes of it."""
    if not found:
        return ["–", "–"]
    seconds, size = map(sum, zip(*found, strict=True))
    return [f"{seconds:.2f}", f"{size / 1000:.0f}"]


def _compiler(found):
    """Return the table of what was compiled, and what it is to be read beside."""
    rows = []
    for name, row in found.items():
        times = [ms(row[who]) for who in ("JavaScript", "NumPy", "Playground")]
        size = f"{row['bytes'] / 1000:.1f}"
        rows.append([name, ms(row["compile"]), size, *times])
    head = ["what", "compile", "kB", "JavaScript", "NumPy", "Playground"]
    return f"{COMPILER}\n{table(head, rows)}"


def _grown(title, rows):
    return f"Milliseconds, by the number of {title}:\n\n{table(*rows[:1], rows[1:])}"


def machine():
    import torch

    return (
        f"{os.cpu_count()} cores ({platform.machine()}, {platform.system()}), Python "
        f"{platform.python_version()}, NumPy {np.__version__} and PyTorch "
        f"{torch.__version__.split('+')[0]}"
    )


PARTS = {
    "machine": machine,
    "import": import_time,
    "operations": operations,
    "bounds": bounds,
    "growth": growth,
    "compiler": compiler,
    "notebooks": notebooks,
    "builds": builds,
    "figures": figures,
    "lite": lite,
}


def main():
    """Measure, keep the record, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(PARTS))
    parser.add_argument("--playground", type=Path, help="the engine's nn.js")
    parser.add_argument("--lite", type=Path, help="a site with JupyterLite")
    options = parser.parse_args()
    if unknown := {*options.parts} - {*PARTS}:
        parser.error(f"parts: wanted some of {', '.join(PARTS)}, got {unknown}")
    parts = dict(PARTS, compiler=partial(compiler, options.playground))
    parts["lite"] = partial(lite, options.lite)
    record = json.loads(RECORD.read_text("utf-8"))
    for name in options.parts or [name for name in parts if name != "lite"]:
        record[name] = parts[name]()
    record = {name: record[name] for name in parts}
    text = json.dumps(record, indent=1, default=float)
    RECORD.write_text(text + "\n", encoding="utf-8")
    PAGE.write_text(page(json.loads(text)), encoding="utf-8")
    print(PAGE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    sys.exit(main())
