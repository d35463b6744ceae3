"""On other processors the notebooks and the doctests give the same verdict.

NumPy and OpenBLAS choose their kernels by what the processor can do, and kernels round
otherwise. Switches of theirs, and of the C library's mathematics, make this machine
compute as one without AVX-512, and as one with SSE alone. Cells that are not compared
are left out, but for those that others need.
"""

import os
import platform
import subprocess
import sys

import pytest
from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

from conftest import ROOT

KERNELS = [name for name in __cpu_dispatch__ if __cpu_features__.get(name)]
WIDE = [name for name in KERNELS if "512" in name or name == "X86_V4"]
SETTINGS = {
    "AVX2": dict(NPY_DISABLE_CPU_FEATURES=" ".join(WIDE), OPENBLAS_CORETYPE="Haswell"),
    "SSE": dict(
        NPY_DISABLE_CPU_FEATURES=" ".join(KERNELS), OPENBLAS_CORETYPE="Nehalem",
        GLIBC_TUNABLES="glibc.cpu.hwcaps=-AVX2,-FMA,-AVX,-FMA4",
    ),
}  # fmt: skip
CHAPTERS = sorted(path.stem for path in ROOT.glob("chapters/0*.ipynb"))
HALF = len(CHAPTERS) // 2
WORK = {
    "first notebooks": [f"chapters/{name}.ipynb" for name in CHAPTERS[:HALF]],
    "last notebooks": [f"chapters/{name}.ipynb" for name in CHAPTERS[HALF:]],
    "doctests": ["dlbook"],
}

pytestmark = pytest.mark.skipif(
    platform.machine().lower() not in ("x86_64", "amd64"),
    reason="the switches are those of x86",
)


def run(setting, *command):
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "tests"), **SETTINGS[setting]},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:]
    return done.stdout


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_switches_work(setting):
    code = "from numpy._core._multiarray_umath import __cpu_features__ as found\n"
    code += "print(*(name for name, there in found.items() if there))"
    left = run(setting, "-c", code).split()
    switched = SETTINGS[setting]["NPY_DISABLE_CPU_FEATURES"].split()
    assert not {*left} & {*switched}
    assert {*KERNELS} - {*switched} <= {*left}


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("work", WORK)
def test_other_processors_give_the_same_verdict(work, setting):
    if setting == "AVX2" and not WIDE:
        pytest.skip("this processor has no wider kernels: all tests run so")
    plugins = "-p", "no:cacheprovider", "-p", "compared"
    run(setting, "-m", "pytest", "-q", *plugins, *WORK[work])
