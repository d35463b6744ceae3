"""The notebooks as other programs turn them into pages, scripts and slides.

Both forms are looked at: the chapter's own notebook, and the plain one that a reader
downloads. The filter that nbconvert sends Markdown through is Notebook 7's in kind: it
knows mathematics, and no MyST.
"""

import ast
import re
import subprocess
import sys
from unittest import mock

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbconvert import HTMLExporter, ScriptExporter, SlidesExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer

from conftest import ROOT
from dlbook.live.views.display import stored

CHAPTERS = sorted(path.stem for path in ROOT.glob("chapters/0*.ipynb"))
TITLE = re.compile(r"^:{3,}\{(?:admonition|dropdown)\} (.+)$", re.MULTILINE)
LABEL = re.compile(r"^\$\$ \(([\w-]+)\)$|^\(([\w-]+)\)=$|^:label: (\S+)", re.MULTILINE)
ROLE = re.compile(r"\{[a-z:]+\}\s*[`<]")

each_chapter = pytest.mark.parametrize("name", CHAPTERS)


def own(name):
    return nbformat.read(ROOT / "chapters" / f"{name}.ipynb", as_version=4)


def offered(name, site):
    path = site / "_sources" / "chapters" / f"{name}.ipynb"
    return nbformat.read(path, as_version=4)


def rendered(notebook):
    """The text of a notebook as nbconvert shows it, its mathematics as elements."""

    def element(self, text):
        return "<math></math>"

    texts = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
    notebook = nbformat.v4.new_notebook(cells=texts)
    spans = dict(inline_math=element, block_math=element, multiline_math=element)
    with mock.patch.multiple(IPythonRenderer, **spans):
        html, _ = HTMLExporter().from_notebook_node(notebook)
    return BeautifulSoup(html, "html.parser").main


def titles(name):
    text = "\n".join(c.source for c in own(name).cells if c.cell_type == "markdown")
    return [words(re.sub(r"\$[^$]*\$|[*`]", "", t)) for t in TITLE.findall(text)]


def words(text):
    return " ".join(re.findall(r"[^\W_]+", text))


def check(page, name):
    """What both forms keep: each title, all mathematics, code that is code."""
    for formula in page.select("math"):
        formula.extract()
    shown = page.get_text()
    assert "$" not in shown, shown[shown.index("$") - 80 :][:160]
    told, missed = words(shown), []
    for title in titles(name):
        if title not in told:
            missed.append(title)
    assert not missed
    assert not page.select("pre"), "a text that a client shows as code"
    return shown


@each_chapter
def test_the_own_notebook_keeps_titles_and_mathematics_without_myst(name):
    check(rendered(own(name)), name)


@each_chapter
def test_the_plain_notebook_reads_like_the_page_without_myst(name, built_site):
    page = rendered(offered(name, built_site))
    exercises = sum(c.source.count("{exercise}") for c in own(name).cells)
    assert not ROLE.findall(page.decode()) and ":::" not in page.get_text()
    assert len(page.select("details > summary")) >= 2 * exercises > 0
    shown = check(page, name)
    assert len(re.findall(r"^Exercise \d+\.\d+", shown, re.MULTILINE)) == exercises
    text = "\n".join(c.source for c in own(name).cells if c.cell_type == "markdown")
    labels = {label for found in LABEL.findall(text) for label in found if "-" in label}
    assert labels and not labels & set(re.findall(r"[\w-]+", shown))


@each_chapter
def test_a_script_has_the_suffix_of_python_and_is_python(name):
    script, resources = ScriptExporter().from_notebook_node(own(name))
    assert resources["output_extension"] == ".py"
    assert len(ast.parse(script).body) > 100


def test_a_script_runs_without_jupyter(tmp_path):
    path = tmp_path / "own_figure.py"
    script, _ = ScriptExporter().from_notebook_node(own("own_figure"))
    path.write_text(script, "utf-8")
    command = [sys.executable, "-W", "error", str(path)]
    subprocess.run(command, check=True, capture_output=True, cwd=tmp_path)


def test_a_section_of_the_plain_notebook_begins_a_slide(built_site):
    notebook = offered(CHAPTERS[0], built_site)
    headings = [
        mark
        for cell in notebook.cells
        if cell.cell_type == "markdown"
        for mark in re.findall(r"\A(#{1,3}) ", cell.source)
    ]
    html, _ = SlidesExporter().from_notebook_node(notebook)
    columns = BeautifulSoup(html, "html.parser").select(".slides > section")
    assert len(columns) == sum(len(mark) < 3 for mark in headings) > 10
    slides = [slide for column in columns for slide in column.select("section")]
    assert len(slides) == len(headings)


def test_an_exported_chapter_has_all_its_figures():
    html, _ = HTMLExporter().from_notebook_node(own(CHAPTERS[0]))
    data = [
        o.get("data", {}) for c in own(CHAPTERS[0]).cells for o in c.get("outputs", ())
    ]
    figures = [f for d in data if (f := stored(d.get("text/html", "")))]
    shown = BeautifulSoup(html, "html.parser").select(".dl-kept")
    assert len(shown) == len(figures) > 5
