"""On other processors the notebooks and the doctests give the same verdict.

The notebooks run as with SSE alone here; as without AVX-512 they run where their
figures are held against NumPy, in test_figures.py.
"""

import json

import pytest

from elsewhere import KERNELS, SETTINGS, X86, elsewhere, run
from test_site_figures import NOTEBOOKS

pytestmark = [
    pytest.mark.processors,
    pytest.mark.skipif(not X86, reason="the switches are those of x86"),
]
each_setting = pytest.mark.parametrize("setting", SETTINGS)


@each_setting
def test_the_switches_work(setting):
    code = "from numpy._core._multiarray_umath import __cpu_features__ as found\n"
    code += "print(*(name for name, there in found.items() if there))"
    left = run(setting, "-c", code).split()
    switched = SETTINGS[setting]["NPY_DISABLE_CPU_FEATURES"].split()
    assert not {*left} & {*switched}
    assert {*KERNELS} - {*switched} <= {*left}


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_with_sse_alone_a_notebook_shows_what_is_stored(name):
    found = elsewhere("SSE", name)["faults"]
    assert not found, "\n\n".join(found)


@each_setting
def test_doctests_give_the_same_verdict(setting):
    run(setting, "-m", "pytest", "-q", "-p", "no:cacheprovider", "dlbook")


CURVE = (
    "from IPython.display import HTML\nHTML('<path d=\"M0 {:.2f}L1 2\"/>'.format(0.5))"
)


def test_what_is_not_as_stored_is_found(tmp_path):
    def cell(source, **outputs):
        stored = [dict(data={kind: text}) for kind, text in outputs.items()]
        return dict(cell_type="code", source=source, metadata={}, outputs=stored)

    html = {"text/plain": "<IPython.core.display.HTML object>"}
    cells = [
        cell("1 + 1", **{"text/plain": "2"}),
        cell("0.1 + 0.2", **{"text/plain": "0.3"}),
        cell(CURVE, **html, **{"text/html": '<path d="M0 0.5001L1 2"/>'}),
        cell(CURVE, **html, **{"text/html": '<path d="M0 0.51L1 2"/>'}),
        cell("print(3)"),
        cell("1 / 0"),
        cell("2", **{"text/plain": "2", "text/latex": "$2$"}),
    ]
    (tmp_path / "faulty.ipynb").write_text(json.dumps(dict(cells=cells)), "utf-8")
    found = elsewhere("SSE", tmp_path / "faulty")["faults"]
    told = [text.removeprefix(CURVE).splitlines() for text in found]
    assert [lines[0] or lines[1][:9] for lines in told] == [
        "0.1 + 0.2", "text/html", "print(3)", "1 / 0", "2",
    ]  # fmt: skip
    assert "ZeroDivisionError" in found[3]
