"""Run a notebook as on another processor, and hold its live figures against NumPy.

NumPy and OpenBLAS choose their kernels by what the processor can do, and kernels round
otherwise. Switches of theirs, and of the C library's mathematics, make this machine
compute as one without AVX-512, and as one with SSE alone.

The cells that are compared and what they need run in a shell of a process of their own,
which spares a kernel: `faults` yields what they raise or show otherwise than is stored,
by the rules of the notebooks' own tests. The live figures that they make are at hand
then: `held` tells how their models and pictures move, and nothing runs twice.
"""

import json
import os
import platform
import re
import subprocess
import sys
import traceback
from collections import defaultdict
from pathlib import Path

import numpy as np
from IPython.core.displayhook import CapturingDisplayHook
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

from changes import figures, needed
from closeness import comparable, difference
from dlbook.live import gather
from dlbook.live.checks import random_settings
from dlbook.live.loops import VIEW
from dlbook.live.views import display, page
from engine import Engine

__all__ = ["KERNELS", "SETTINGS", "X86", "elsewhere", "run"]

ROOT = Path(__file__).resolve().parent.parent
X86 = platform.machine().lower() in ("x86_64", "amd64")
KERNELS = [name for name in __cpu_dispatch__ if __cpu_features__.get(name)]
WIDE = [name for name in KERNELS if "512" in name or name == "X86_V4"]
SETTINGS = {
    "AVX2": dict(NPY_DISABLE_CPU_FEATURES=" ".join(WIDE), OPENBLAS_CORETYPE="Haswell"),
    "SSE": dict(
        NPY_DISABLE_CPU_FEATURES=" ".join(KERNELS), OPENBLAS_CORETYPE="Nehalem",
        GLIBC_TUNABLES="glibc.cpu.hwcaps=-AVX2,-FMA,-AVX,-FMA4",
    ),
}  # fmt: skip

ALL = os.environ.get("FIGURES") == "all"
PATHS = ROOT, ROOT / "tests", ROOT / "tests" / "unread"
#: Random settings at which a figure is held against NumPy, fewer of one that learns,
#: whose step gives thousands of numbers each time; and seeds of a training.
DRAWN, LEARNING, SEEDS = (200, 200, 5) if ALL else (30, 8, 1)
#: Steps that a figure which learns takes before it is looked at.
STEPS = 3


def run(setting, *command):
    """Run Python as on another processor; return what it prints, or fail with it."""
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(map(str, PATHS)),
            **(SETTINGS[setting] if X86 else {}),
        },
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-8000:]
    return done.stdout


def elsewhere(setting, name, *how):
    """Return the faults of a notebook, and with ``figures`` what `held` tells."""
    told = run(setting, "tests/elsewhere.py", f"{name}.ipynb", *how)
    return json.loads(told.splitlines()[-1])


def faults(cells, kept):
    """Run some cells; yield what they raise, and what they show if it is not stored."""
    shell = InteractiveShell.instance()
    shell.history_manager.enabled = False
    shell.showtraceback = lambda *args, **kwargs: None
    for place in kept:
        source, tags = "".join(cells[place]["source"]), tags_of(cells[place])
        shell.display_pub = CapturingDisplayPublisher()
        outputs = shell.display_pub.outputs = []
        shell.display_trap.hook = CapturingDisplayHook(shell, outputs)
        with capture_output(display=False) as printed:
            result = shell.run_cell(source)
        for name in ("stdout", "stderr"):
            outputs.append(dict(name=name, text=getattr(printed, name)))
        if error := result.error_before_exec or result.error_in_exec:
            yield f"{source}\n{''.join(traceback.format_exception(error))}"
        elif IGNORED not in tags:
            rounding = "rounding" in tags
            stored = shown(cells[place]["outputs"], rounding)
            got = shown(outputs, rounding)
            for kind in sorted({*stored, *got}):
                yield from apart(source, kind, stored.get(kind), got.get(kind))


def apart(source, kind, stored, got):
    """Tell where one kind of outputs of a cell is not as it is stored."""
    if stored != got:
        pairs = zip(stored or (), got or (), strict=False)
        first = [difference(*pair) for pair in pairs]
        yield f"{source}\n{kind}: {first}\n{stored}"[:LONG] + f"\n{got}"[:LONG]


LONG = 3000  # letters that are told
IGNORED = "nbval-ignore-output"


def tags_of(cell):
    return cell["metadata"].get("tags", ())


def shown(outputs, rounding):
    """Return what outputs show, by stream and by media type, ready to be compared."""
    found = defaultdict(list)
    for output in outputs:
        if "data" not in output:
            text = "".join(output["text"])
            found[output["name"]] = ["".join([*found[output["name"]], text])]
        for kind, data in output.get("data", {}).items():
            found[kind].append("".join(data) if isinstance(data, list) else data)
    return {
        kind: [comparable(part, sanitize, rounding) for part in parts]
        for kind, parts in found.items()
        if kind != VIEW and any(parts)
    }


PATTERNS = re.findall(
    "^regex: (.*)\nreplace: (.*)$", (ROOT / "tests/nbval.cfg").read_text("utf-8"), re.M
)


def sanitize(text):
    for pattern, instead in PATTERNS:
        text = re.sub(pattern, instead, text)
    return text


def held(live, end):
    """Hold a live figure against NumPy; return what the page shall show of it."""
    told = dict(name=live.name, compiled=bool(live.program), moved=[], faults=[])
    if not live.program:
        return told
    for hold in (live.check, lambda n: scripts(live, n)):
        try:
            hold(LEARNING if live.system else DRAWN)
        except AssertionError:
            told["faults"].append(traceback.format_exc())
    if live.name == "gan-ring":
        told["modes"] = modes(live)
    states = random_settings(live.sliders, 1, np.random.default_rng(3))
    # all sliders at one end or the other, and all at random
    for state in states[[end, -1]] if page.moves(live) else ():
        live.show(state, run_of(live, state, STEPS))
        drawing = live.draw()
        beside = [
            slider.text(state[live.sliders.index(slider)])
            for group in live.groups
            for slider in group.sliders
            if not slider.choices or slider.play
        ]
        told["moved"].append(
            dict(
                state=state.tolist(),
                svg=drawing.svg(live.title),
                html=page.html(live, drawing),
                beside=beside,
            )
        )
    return told


def run_of(live, values, steps):
    """Return where a figure that learns is after some steps, or None."""
    if live.system is None:
        return None
    now = live.begin(values)
    for _ in range(steps):
        now = live.advance(values, now)
    return now


def scripts(live, n):
    """Raise if a figure's scripts give other numbers than NumPy."""
    states = random_settings(live.sliders, n, np.random.default_rng(2))
    now = run_of(live, live.defaults, 4)
    with Engine() as engine:
        for name, program in live.programs.items():
            wanted = live.replay(states, now, name).values()
            wanted = [np.empty((len(states), 0)), *wanted]
            wanted = np.hstack([value.reshape(len(states), -1) for value in wanted])
            got = engine.run(program.javascript(), live.vector(states, now))
            np.testing.assert_allclose(
                got, wanted, rtol=1e-12, atol=1e-13, err_msg=f"{live.name} {name}"
            )


LOOP = """((start, step, given, n) => {
  let state = Array.from(start(given));
  for (let k = 0; k < n; k++) {
    given[given.length - 1] = k;
    state = Array.from(step([...given, ...state]));
  }
  return state.join();
})"""
TURN = 2 * np.pi * np.arange(8) / 8
EIGHT = np.stack([np.cos(TURN), np.sin(TURN)], axis=1)
#: The generator's shapes.
RING = [(32, 2), (1, 32), (32, 32), (1, 32), (2, 32), (1, 2)]


def modes(live):
    """Return how many modes the ring's generator finds, by pace and by seed."""
    slow = dict(eta_G=0.02, eta_D=0.003)
    ways = dict(slow=(400, slow), five=(1000, slow | dict(every=5)), equal=(400, {}))
    with Engine() as engine:
        return {
            name: [modes_found(engine, live, n, seed, **way) for seed in range(SEEDS)]
            for name, (n, way) in ways.items()
        }


def modes_found(engine, live, steps, seed, **sliders):
    """Return how many of eight modes the ring's generator finds after some steps."""
    given = [*live.settings(**sliders).tolist(), seed, 0]
    start, step = (live.programs[name].javascript() for name in ("start", "step"))
    text = engine.evaluate(f"{LOOP}({start},{step},{given},{steps})")
    numbers, net = np.array(text.split(","), float), []
    for shape in RING:  # the generator comes first in the state
        net.append(numbers[: np.prod(shape)].reshape(shape))
        numbers = numbers[np.prod(shape) :]
    x = np.random.default_rng(5).normal(size=(1000, 2))
    for k in (0, 2, 4):
        x = x @ net[k].T + net[k + 1]
        x = np.maximum(x, 0) if k < 4 else x
    return int((mode_counts(x, EIGHT, within=0.2) >= 10).sum())


def unpainted(live):
    """Return what stands for a figure's pixels, which are not compared, and a width."""
    return "none", round(live.fig.get_figwidth() * display.DPI)


def main(path, how="cells"):
    """Print as JSON what is wrong in a notebook, and what its figures show."""
    matplotlib.use("agg")
    display._small_png = unpainted
    cells = json.loads(Path(path).read_text("utf-8"))["cells"]
    cells = [cell for cell in cells if cell["cell_type"] == "code"]
    sources = ["".join(cell["source"]) for cell in cells]
    chosen = {k for k, cell in enumerate(cells) if IGNORED not in tags_of(cell)}
    if how == "figures":
        chosen |= {*figures(sources)}
    os.chdir(Path(path).parent)
    with gather() as lives:
        told = dict(faults=[*faults(cells, needed(sources, chosen))])
    if how == "figures":
        told["figures"] = [held(live, k % 2) for k, live in enumerate(lives)]
        for live in told["figures"]:
            live["rounding"] = any(
                f'"{live["name"]}"' in source and "rounding" in tags_of(cell)
                for source, cell in zip(sources, cells, strict=True)
            )
    print(json.dumps(told))


if __name__ == "__main__":
    import matplotlib

    from dlbook.gan import mode_counts

    main(*sys.argv[1:])
