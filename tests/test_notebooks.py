"""The chapters' notebooks: their outputs are stored, true, and in order.

nbval runs every cell and compares its output with the stored one. A cell without
output would pass in silence, and a number typed into the text would never be
compared: these tests close such gaps.
"""

import ast
import importlib
import os
import re
import subprocess
import sys

import nbformat
import numpy as np
import pytest

from changes import defined, taken
from closeness import NUMBER, PACKED, Close, comparable, difference, unpacked
from conftest import ROOT
from dlbook.compiler.tables import Tables
from dlbook.live.views.display import carried
from dlbook.notebooks import canonical, main, text

NOTEBOOKS = sorted(ROOT.glob("chapters/*.ipynb"))
CHAPTERS = [path for path in NOTEBOOKS if path.stem[0].isdigit()]
LINES, WIDTH = 25, 88
LIBRARIES = {"dlbook", "matplotlib", "numpy"}
HOSTS = {"doi.org", "arxiv.org"}
SHOWS = {"display", "print"}

URL = re.compile(r"https?://([^/\s)\"'>]+)")
ABSOLUTE = re.compile(
    r"(?<![\w./:<])/(?:home|root|work|tmp|Users|usr|opt|var|private)/|\b[A-Z]:\\\\"
)
DECIMAL = re.compile(r"(?<![\w./-])\d+\.\d{2,}(?!\d|[/.]\w)")

each_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path):
    return nbformat.read(path, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def prose(notebook):
    return "\n\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")


def printed(notebook):
    """Everything the code shows: streams, and each output in each of its forms."""
    texts = []
    for cell in code_cells(notebook):
        for output in cell.outputs:
            texts.append(output.get("text", ""))
            texts += map(str, output.get("data", {}).values())
    return "\n".join(texts)


def printed_html(notebook):
    """What the code shows as HTML."""
    outputs = [output for cell in code_cells(notebook) for output in cell.outputs]
    return [o["data"]["text/html"] for o in outputs if "text/html" in o.get("data", ())]


def is_call_of(node, names):
    if not isinstance(node, ast.Call):
        return False
    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
    return name in names


def must_show(source):
    """Tell whether a cell has to show something.

    It has to if it prints or displays outside a definition, or if it ends in an
    expression, unless that is a call which by its name asserts or sets something.
    """
    body = ast.parse(source).body
    if not body:
        return False
    definitions = (ast.FunctionDef, ast.ClassDef)
    outside = [node for node in body if not isinstance(node, definitions)]
    if any(is_call_of(n, SHOWS) for top in outside for n in ast.walk(top)):
        return True
    last = body[-1]
    if not isinstance(last, ast.Expr):
        return False
    silent = ("assert_", "set_", "use_", "seed", "bind", "formula", "describe")
    silent += ("tick_params",)
    function = getattr(last.value, "func", None)
    name = getattr(function, "attr", getattr(function, "id", ""))
    return not name.startswith(silent)


def test_there_are_eight_chapters_in_order():
    assert [path.stem[:2] for path in CHAPTERS] == [f"{n:02d}" for n in range(1, 9)]


@each_notebook
def test_a_stored_notebook_is_canonical(path):
    written = path.read_text(encoding="utf-8")
    assert text(nbformat.reads(written, as_version=4)) == written, (
        f"run python -m dlbook.notebooks {path.name}"
    )


@each_notebook
def test_every_cell_was_run_in_order(path):
    counts = [cell.execution_count for cell in code_cells(read(path))]
    assert counts, "no code: a chapter computes its numbers"
    assert counts == list(range(1, len(counts) + 1))


@each_notebook
def test_every_cell_that_shows_has_its_output_stored(path):
    notebook = read(path)
    showing = [cell for cell in code_cells(notebook) if must_show(cell.source)]
    assert showing, "no cell shows anything"
    empty = [cell.source for cell in showing if not any(map(filled, cell.outputs))]
    assert not empty, f"{len(empty)} cells without output, the first:\n{empty[0]}"


def filled(output):
    return bool(output.get("text", "").strip()) or bool(output.get("data"))


@each_notebook
def test_no_output_is_an_error_a_warning_or_an_address(path):
    for cell in code_cells(read(path)):
        for output in cell.outputs:
            assert output.output_type != "error", cell.source
            assert output.get("name") != "stderr", output.text
    assert not re.search(r" at 0x[0-9a-f]+", printed(read(path)))


@each_notebook
def test_numbers_are_printed_and_no_bare_value_stands_below_a_cell(path):
    for cell in code_cells(read(path)):
        if "remove-output" in cell.metadata.get("tags", []):
            continue  # a widget, which only a kernel shows
        for output in cell.outputs:
            assert set(output.get("data", {})) != {"text/plain"}, cell.source


@each_notebook
def test_cells_are_short_and_do_not_hide_their_output(path):
    for cell in code_cells(read(path)):
        lines = cell.source.splitlines()
        assert len(lines) <= LINES, f"{len(lines)} lines:\n{cell.source}"
        assert max(map(len, lines), default=0) <= WIDTH, cell.source
        assert not cell.source.rstrip().endswith(";"), cell.source


@each_notebook
def test_code_imports_only_public_names(path):
    for cell in code_cells(read(path)):
        for node in ast.walk(ast.parse(cell.source)):
            for module, names in imported(node):
                top = module.partition(".")[0]
                assert top in LIBRARIES | sys.stdlib_module_names, module
                if top == "dlbook":
                    check_public(module, names)


def imported(node):
    if isinstance(node, ast.Import):
        return [(alias.name, []) for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [(node.module, [alias.name for alias in node.names])]
    return []


def check_public(module, names):
    assert not any(part.startswith("_") for part in module.split(".")), module
    public = getattr(importlib.import_module(module), "__all__", ())
    for name in names:
        if name not in public:  # then it can only be a module of the package
            assert not name.startswith("_"), f"{module}.{name}"
            importlib.import_module(f"{module}.{name}")


@each_notebook
def test_text_and_outputs_name_no_path_and_no_other_host(path):
    notebook = read(path)
    code = "\n".join(cell.source for cell in code_cells(notebook))
    everything = "\n".join((prose(notebook), code, printed(notebook)))
    assert not (found := ABSOLUTE.search(everything)), everything[found.start() :][:80]
    hosts = set(URL.findall(prose(notebook))) | set(URL.findall(code))
    assert hosts <= HOSTS
    assert set(URL.findall(printed(notebook))) <= HOSTS | {"www.w3.org"}


@each_notebook
def test_no_number_of_the_text_is_typed_in(path):
    """A decimal in the prose stands in the code or in what the code shows."""
    notebook = read(path)
    code = "\n".join(cell.source for cell in code_cells(notebook))
    known = set(re.findall(r"\d+\.\d+", code + printed(notebook)))
    links_gone = re.sub(r"https?://\S+|\{cite[^}]*\}`[^`]*`", "", prose(notebook))
    typed = [n for n in DECIMAL.findall(links_gone) if n not in known]
    assert not typed, f"not computed in this chapter: {typed}"


@each_notebook
def test_directives_are_readable_where_myst_is_not_known(path):
    source = prose(read(path))
    assert not re.findall(r"^\s*`{3,}\{.*", source, re.MULTILINE), "wanted :::{...}"
    old = re.findall(r"\]\((?!#|https?:)[\w-]+\)", source)
    assert not old, f"JupyterLab wants [text](#label): {old}"
    crowded = r"^:{3,}\{.*\n(?::[\w-]+:.*\n)*(?!\s*\n|:).+"
    assert not re.findall(crowded, source, re.MULTILINE), "wanted an empty line first"


@each_notebook
def test_one_figure_brings_todays_runtime_and_style(path):
    """nbval leaves these out of what it compares, for a chapter does not make them."""
    kept = [html for html in printed_html(read(path)) if "dl-kept" in html]
    bring = [html for html in kept if "<style>" in html]
    assert len(bring) == min(1, len(kept))
    for html in bring:
        again = "run python -m dlbook.notebooks: the notebook keeps an older runtime"
        assert html.endswith(carried()), again


@each_notebook
def test_an_assertion_tells_a_reader_why_it_failed(path):
    """Readers change numbers: what then fails says what it held."""
    for cell in code_cells(read(path)):
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Assert):
                assert node.msg, f"no message: {ast.unparse(node)}"
            elif asserts(node):
                names = [keyword.arg for keyword in node.keywords]
                assert "err_msg" in names, f"no err_msg: {ast.unparse(node)}"


@each_notebook
def test_what_later_cells_need_is_defined_before_a_cell_asserts(path):
    """So that no name is missing below a cell whose numbers a reader changed."""
    needed = set()
    for cell in reversed(code_cells(read(path))):
        tree, asserted = ast.parse(cell.source), False
        for statement in tree.body:
            late = defined(statement) & needed if asserted else set()
            assert not late, f"{late} below an assertion:\n{cell.source}"
            scoped = isinstance(statement, (ast.FunctionDef, ast.ClassDef))
            asserted |= not scoped and any(map(checks, ast.walk(statement)))
        needed = needed - defined(tree) | taken(tree)


def asserts(node):
    """Tell whether a node calls one of NumPy's assertions."""
    name = getattr(node, "func", None)
    name = getattr(name, "attr", getattr(name, "id", ""))
    return isinstance(node, ast.Call) and name.startswith("assert_")


def checks(node):
    named = is_call_of(node, {"check_gradient"})
    return isinstance(node, ast.Assert) or asserts(node) or named


def test_figures_have_unique_names():
    names = []
    for path in NOTEBOOKS:
        for cell in code_cells(read(path)):
            for node in ast.walk(ast.parse(cell.source)):
                if is_call_of(node, {"LiveFigure", "still"}):
                    name = node.args[0]
                    names += [name.value] if isinstance(name, ast.Constant) else []
    assert len(names) == len(set(names)), sorted(names)


@each_chapter
def test_a_chapter_has_all_its_parts(path):
    source, stem = prose(read(path)), path.stem
    for part in PARTS:
        assert re.search(PARTS[part], source, re.MULTILINE), f"{stem}: no {part}"
    exercises = re.findall(r"\{exercise(?:-start)?\}", source)
    solutions = re.findall(r"\{solution(?:-start)?\}", source)
    hints = re.findall(r"\{(?:dropdown|admonition)\} Hint", source)
    assert len(exercises) >= 5
    assert len(solutions) == len(hints) == len(exercises)


PARTS = {
    "opening question": r"^\*\*The question\.\*\* [^?]+\?",
    "list of what the reader learns": r"^\*\*After this chapter you can\*\*",
    "numbered formula": r"^\$\$ \(",
    "table of symbols": r"^\|.*Name in code \|$",
    "errata box": r"\{admonition\} Erratum",
    "worked example": r"^## The source's example by hand",
    "classic mistakes": r"^## Classic mistakes",
    "mistake": r"\{admonition\} Mistake",
    "exercises": r"^## Exercises",
    "summary": r"^## Summary",
    "further reading": r"^## Further reading",
    "citation": r"\{cite:",
}


# The tests of the tests: each rule must be able to fail.


def test_must_show_knows_silent_cells():
    silent = [
        "import numpy as np",
        "def f():\n    print(1)",
        "x = 1",
        "np.testing.assert_allclose(1, 1)",
        "live.bind(bars, height='z')",
        "# a remark",
    ]
    assert not any(map(must_show, silent))
    loud = ["1 + 1", "print(2)", "x = 1\nx", "for i in range(2):\n    print(i)"]
    assert all(map(must_show, loud))


def test_close_numbers_agree_and_others_do_not():
    assert difference("M 1.000001 2e-9", "M 1.000002 0") is None
    assert Close("<path d='M 1 2'/>") == "<path d='M 1.00001 2'/>"
    assert Close("<path d='M 1 2'/>") != "<path d='M 1.1 2'/>"
    assert difference("a 1 b", "a 1 c") == "' b' against ' c'"
    assert difference("1, 2", "1, 2, 3") is not None


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(0).normal(size=40),
        np.arange(60.0) ** 2 / 4 - 3,
        np.where(np.arange(60) % 7, np.arange(60.0), -0.0),
    ],
)
def test_constants_in_letters_are_compared_as_numbers(values):
    def script(values):
        tables = Tables()
        tables.add(values)
        return f"<script>{tables.source().replace('$packed', 'U')}</script>"

    ours, same = script(values), script(values * (1 + 1e-15))
    assert 'U("' in ours and ours != same
    assert difference(ours, same) is None
    numbers = [float(n) for n in NUMBER.findall(PACKED.sub(unpacked, ours))]
    np.testing.assert_array_equal(numbers, values)
    assert difference(ours, script(values + 0.1)) is not None


def test_of_what_rounding_leaves_only_the_size_is_compared():
    def same(text):
        return text

    def noise(text):
        return comparable(f"<text x='{text}'/>", same, rounding=True)

    curves = (comparable(f'<path d="{d}"/>', same, rounding=True) for d in ("M1", "M"))
    assert next(curves) == next(curves)
    assert noise("100 200 3e-9") == noise("130 170 9e-8")
    assert noise("100 200") != noise("100 300")
    assert noise("0.02") == noise("0.2") and noise("0.02") != noise("0.8")
    assert difference("off by 6.6×10⁻¹⁰", "off by 1.0×10⁻⁹") is None
    assert difference("off by 6.6×10⁻¹", "off by 1.0×10⁻⁹") is not None
    printed = comparable("off by 3e-17, not 0.5", same)
    assert printed == comparable("off by 2.1e-16, not 0.5", same)
    told = comparable("off by 6.6×10⁻¹⁰", same)
    assert told == comparable("off by 1.0×10⁻⁹", same)
    assert told != comparable("off by 6.6×10⁻²", same)
    for other in ("3e-17, not 0.6", "3e-12, not 0.5", "3e-01, not 0.5", "3e-17"):
        assert printed != comparable(f"off by {other}", same)


def test_json_and_markup_are_compared_loosely_and_printed_text_exactly():
    def same(text):
        return text

    ours = comparable({"html": "<g>", "x": 1.0000001}, same)
    assert ours == comparable({"html": "<g>", "x": 1.0}, same)
    assert ours != comparable({"html": "<g>", "x": 1.1}, same)
    assert comparable("1.0000001", same) != comparable("1.0", same)
    assert comparable("1e-05", same) != comparable("2e-05", same)


def test_typed_numbers_are_found():
    assert DECIMAL.findall("is 0.953, not 12.5 nor v1.25.3 nor 10.1037/h00") == [
        "0.953"
    ]


def test_canonical_form_drops_what_a_run_may_change():
    output = nbformat.v4.new_output(
        "display_data",
        {"text/plain": "a", "application/vnd.jupyter.widget-view+json": {"id": "7"}},
    )
    streams = [nbformat.v4.new_output("stream", name="stdout", text=t) for t in "ab"]
    cell = nbformat.v4.new_code_cell("1\n", outputs=[output, *streams])
    cell.metadata.update(execution={"when": "now"}, tags=["hide-input"])
    cell.id = "same"
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [cell, cell.copy()]
    notebook.metadata.update(language_info={}, widgets={"state": {}})
    result = canonical(notebook)
    language = {"name": "python", "file_extension": ".py"}
    assert result.metadata.pop("language_info") == language
    assert result.metadata == {"kernelspec": result.metadata.kernelspec}
    first, second = result.cells
    assert first.source == "1"
    folded = {"source_hidden": True}
    assert first.metadata == {"tags": ["hide-input"], "jupyter": folded}
    assert first.outputs[0].data == {"text/plain": "a"}
    assert first.outputs[1].text == "ab"
    assert first.id == "same" != second.id
    assert text(result) == text(notebook)
    assert "widgets" in notebook.metadata, "the notebook given stays as it is"


def test_solutions_are_folded_with_what_they_show():
    marks = ["::::{solution-start} a\n::::", "::::{solution-end}\n::::"]
    code = [nbformat.v4.new_code_cell(text) for text in ("a", "b", "c")]
    text = [nbformat.v4.new_markdown_cell(mark) for mark in marks]
    cells = [code[0], text[0], code[1], text[1], code[2]]
    found = canonical(nbformat.v4.new_notebook(cells=cells)).cells
    hidden = {"jupyter": {"source_hidden": True, "outputs_hidden": True}}
    assert [cell.metadata for cell in found] == [{}, {}, hidden, {}, {}]


def test_two_runs_of_the_tool_give_the_same_bytes(tmp_path, capsys):
    path = tmp_path / "with a space.ipynb"
    source = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nprint('π')"
    path.write_text(
        text(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])),
        encoding="utf-8",
    )
    runs = []
    for _ in range(2):
        run_tool(path)
        runs.append(path.read_bytes())
    assert runs[0] == runs[1]
    assert b"\xcf\x80" in runs[0] and b"image/png" in runs[0]
    assert main(["--check", str(path)]) == 0
    path.write_bytes(runs[0] + b"\n")
    assert main(["--check", str(path)]) == 1
    assert "not canonical" in capsys.readouterr().err


def test_an_attachment_of_a_text_stays():
    cell = nbformat.v4.new_markdown_cell("a", attachments={"b.png": {"image/png": ""}})
    notebook = canonical(nbformat.v4.new_notebook(cells=[cell]))
    assert notebook.cells[0].attachments == {"b.png": {"image/png": ""}}


def test_without_a_notebook_the_tool_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        main([])
    assert "no notebook named, and none in ./chapters" in capsys.readouterr().err


def test_a_folder_that_matplotlib_cannot_write_is_told_of_in_no_cell(tmp_path):
    path, file = tmp_path / "plain.ipynb", tmp_path / "file"
    file.write_text("", encoding="utf-8")
    cell = nbformat.v4.new_code_cell("import matplotlib.pyplot as plt")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    done = subprocess.run(
        [sys.executable, "-m", "dlbook.notebooks", str(path)],
        env=os.environ | {"MPLCONFIGDIR": str(file)},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert "temporary" in done.stderr
    assert nbformat.read(path, as_version=4).cells[0].outputs == []


def test_a_cell_that_raises_leaves_the_file_alone(tmp_path):
    path = tmp_path / "raises.ipynb"
    cells = [nbformat.v4.new_code_cell("1 / 0")]
    path.write_text(text(nbformat.v4.new_notebook(cells=cells)), encoding="utf-8")
    before = path.read_bytes()
    with pytest.raises(subprocess.CalledProcessError) as failure:
        run_tool(path)
    assert "ZeroDivisionError" in failure.value.stderr
    assert path.read_bytes() == before


def run_tool(path):
    """Run it as a reader does; a kernel in this process would meet other loops."""
    command = [sys.executable, "-m", "dlbook.notebooks", str(path)]
    subprocess.run(command, check=True, capture_output=True, text=True)
