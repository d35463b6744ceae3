"""The Sphinx extension on a small book: formulas, folds, figures, addresses, paper."""

import base64
import contextlib
import gc
import io
import json
import re
import warnings
import zipfile
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import nbformat
import pytest
import sphinx.cmd.build
from jupyter_book.config import get_final_config
from PIL import Image, ImageColor
from pypdf import PdfReader

from conftest import ROOT
from dlbook.site import assets, collect_rarely, config
from dlbook.site.address import address
from dlbook.site.config import settings
from dlbook.site.joined import join
from dlbook.site.launch import install_cell
from dlbook.site.page import content_policy
from dlbook.site.pdf import find_chromium, main, page_numbers
from dlbook.site.social import structured, tags

URL, REPOSITORY = "https://example.org/book/", "https://github.com/owner/name"
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAA"
    "AABJRU5ErkJggg=="
)
MARKUP = (
    '<figure class="dl-live" id="live-small"><figcaption>'
    '<span class="dl-number"></span>Small.</figcaption><p>z is 0.8</p></figure>'
)
SCRIPT = '(self.dlbook=self.dlbook||[]).push({"name":"small",compute:v=>[v[0]]});\n'
FIGURE = {
    "text/html": '<div class="dl-kept" data-figure="small">'
    f'<img alt="z" src="data:image/png;base64,{PIXEL}"><script>'
    + SCRIPT.strip().replace(
        "push({", f'push({{"markup":{json.dumps(MARKUP)},at:document.currentScript,'
    )
    + "</script></div>",
    "text/plain": "LiveFigure('small': z = 0.8)",
}
CONFIG = """
extensions = ["myst_nb", "sphinx_design", "sphinx_exercise", "dlbook.site"]
project = "A small book"
html_title = "A small book"
root_doc = "index"
nb_execution_mode = "off"
myst_enable_extensions = ["amsmath", "colon_fence", "dollarmath"]
nb_ipywidgets_js = {}
language = "en"
numfig = True
numfig_format = {"figure": "Figure %s"}
"""
INDEX = r"""
# A small book

The first paragraph says what a reader will find here. The second one is $x^2$.

```{toctree}
notebook
```

$$ L = \frac{1}{2} \sum_i (y_i - \hat y_i)^2 $$ (loss)

{numref}`fig-small` is in the notebook.
As {eq}`loss` says, $z = w_1 x_1 + w_2 x_2 + w_3 x_3 + b = 0.8$, so we go on.

$$
a &= b \\
  &= c
$$

| a | b |
|---|---|
| 1 | 2 |

![A dot](dot.png)

```{raw} html
<hr>
```

```{exercise}
:label: first
Compute it.
```

```{solution} first
:class: dropdown
It is 0.01.
```

:::{dropdown} A hint
Square first.
:::
"""


def write_book(folder):
    folder.mkdir()
    (folder / "conf.py").write_text(CONFIG, "utf-8")
    (folder / "index.md").write_text(INDEX, "utf-8")
    (folder / "dot.png").write_bytes(base64.b64decode(PIXEL))
    cell = nbformat.v4.new_code_cell("live", execution_count=1, id="one")
    cell.outputs = [nbformat.v4.new_output("display_data", FIGURE)]
    title = nbformat.v4.new_markdown_cell("# A notebook", id="title")
    folded = {"tags": ["hide-input"]}
    silent = nbformat.v4.new_code_cell("a = 1", id="two", metadata=folded)
    telling = nbformat.v4.new_code_cell("print(a)", id="three", metadata=folded)
    telling.outputs = [nbformat.v4.new_output("stream", text="1\n")]
    cells = [title, cell, silent, telling]
    notebook = nbformat.v4.new_notebook(cells=cells)
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.metadata["kernelspec"] = kernel
    nbformat.write(notebook, folder / "notebook.ipynb")


def build(folder, builder, output):
    """Build a book in this process, which has Sphinx loaded; return its warnings."""
    told = io.StringIO()
    with contextlib.redirect_stderr(told), contextlib.redirect_stdout(io.StringIO()):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.simplefilter("ignore", PendingDeprecationWarning)
            where = [str(folder), str(output)]
            code = sphinx.cmd.build.main(["-q", "--no-color", "-b", builder, *where])
    assert code == 0, told.getvalue()
    return told.getvalue()


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """A small book built with known addresses: its source and its HTML."""
    base = tmp_path_factory.mktemp("small book")
    write_book(base / "source")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DLBOOK_URL", URL)
        patch.setenv("DLBOOK_REPOSITORY", REPOSITORY)
        assert build(base / "source", "html", base / "html") == ""
    return base / "html"


@pytest.fixture(scope="module")
def faulty(tmp_path_factory):
    """The book with faults, built with no address known: its HTML and its warnings."""
    base = tmp_path_factory.mktemp("faulty book")
    write_book(base / "source")
    text = INDEX + "\n$\\nonsense x$ and $\\text{☃}$\n\n![](a.svg)\n"
    (base / "source" / "index.md").write_text(text, "utf-8")
    (base / "source" / "a.svg").write_text("<svg/>", "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("DLBOOK_URL", "DLBOOK_REPOSITORY", "DLBOOK_BRANCH"):
            patch.delenv(name, raising=False)
        return base / "html", build(base / "source", "html", base / "html")


def read(book, name):
    return (book / name).read_text("utf-8")


def test_an_equation_is_mathml_with_its_number_and_its_link(book):
    html = read(book, "index.html")
    assert 'id="equation-loss"' in html and 'href="#equation-loss"' in html
    assert re.search(r'<span class="eqno">\(1\)', html)
    assert html.count('<math display="block">') == 2
    assert "MathJax" not in html and r"\(" not in html


def test_rows_in_a_bare_display_are_aligned(book):
    assert 'class="dl-aligned"' in read(book, "index.html")


def test_a_long_formula_in_the_text_can_break_and_keeps_its_comma(book):
    html = read(book, "index.html")
    assert "<wbr>" in html
    assert re.search(r"</math>,</span></span> so we go on", html)


def test_hints_and_solutions_open_without_a_script(book):
    html = read(book, "index.html")
    folds = re.findall(r'<details class="([^"]*)"[^>]*>\s*<summary>([^<]*)', html)
    assert [("solution" in kind, "hint" in kind) for kind, _ in folds] == [
        (True, False),
        (False, True),
    ]
    assert folds[1][1] == "A hint"


def test_folded_code_is_named_by_what_a_reader_sees_and_opens_at_once(book):
    html = read(book, "notebook.html")
    (fold,) = re.findall(r'<details class="code fold">(.*?)</details>', html, re.S)
    assert "<summary>Show the code</summary>" in fold and fold.count("<pre>") == 2
    assert "Toggle hidden content" not in html
    assert html.index("</details>") < html.index("<pre><span></span>1")


def test_a_live_figure_brings_its_markup_and_its_script(book):
    html = read(book, "notebook.html")
    number = '<a id="fig-small" href="#fig-small">Figure 1</a>. '
    opened = '<span class="dl-number">'
    assert MARKUP.replace(opened, opened + number) in html
    name = "_assets/live/notebook"
    (script,) = re.findall(rf'<script defer src="({name}\.[0-9a-f]{{8}}\.js)">', html)
    assert read(book, script) == SCRIPT
    assert "/runtime." in html and "/runtime." not in read(book, "index.html")


def test_a_text_refers_to_a_figure_by_its_number(book):
    (link,) = re.findall(
        '<a [^>]*href="notebook.html#fig-small".*?</a>', read(book, "index.html")
    )
    assert re.sub("<[^>]+>", "", link) == "Figure 1"


def test_a_figure_of_a_notebook_can_be_shown_on_another_page(tmp_path):
    write_book(tmp_path / "source")
    page = tmp_path / "source" / "index.md"
    shown = INDEX + "\n```{live-figure} notebook small\n```\n"
    page.write_text(shown, "utf-8")
    assert build(tmp_path / "source", "html", tmp_path / "html") == ""
    assert MARKUP in read(tmp_path / "html", "index.html")
    (script,) = tmp_path.glob("html/_assets/live/index.*.js")
    assert script.read_text("utf-8") == SCRIPT
    wrong = shown.replace("notebook small", "notebook large")
    wrong += "\n```{live-figure} none small\n```\n"
    page.write_text(wrong, "utf-8")
    told = build(tmp_path / "source", "html", tmp_path / "html")
    assert "notebook.ipynb has small, and no 'large'" in told
    assert "live-figure: cannot read none.ipynb" in told


def test_a_table_names_itself_and_its_rows_to_a_listener(book):
    (table,) = re.findall("<table.*?</table>", read(book, "index.html"), re.S)
    assert re.search(r"<caption[^>]*visually-hidden[^>]*>.*A small book", table, re.S)
    assert re.search(r'<tbody>\s*<tr[^>]*><th class="stub"><p>1</p></th>', table)


def test_the_contents_tell_which_page_this_is(book):
    for name in ("index", "notebook"):
        contents = read(book, f"{name}.html").partition('id="book-contents"')[2]
        current = re.findall('<a aria-current="page"[^>]*href="([^"]*)"', contents)
        assert current in (["#"], [f"{name}.html"])


def test_a_picture_tells_its_size_before_it_is_loaded(book):
    html = read(book, "index.html")
    (dot,) = re.findall('<img [^>]*src="_images/dot.png"', html)
    assert 'width="1" height="1"' in dot and 'alt="A dot"' in dot and "<hr>" in html


def test_paper_leaves_such_a_figure_to_its_notebook(tmp_path):
    write_book(tmp_path / "source")
    shown = "# A small book\n\n```{live-figure} notebook small\n```\n"
    (tmp_path / "source" / "index.md").write_text(shown, "utf-8")
    build(tmp_path / "source", "latex", tmp_path / "latex")
    (tex,) = (tmp_path / "latex").glob("*.tex")
    assert "z is 0.8" not in tex.read_text("utf-8")


def test_a_style_in_an_attribute_is_allowed_where_there_is_one():
    assert "style-src-attr 'unsafe-inline'" in content_policy('<p style="top: 0">a</p>')
    assert "style-src-attr" not in content_policy("<p>style=</p>")


def test_a_page_without_text_has_no_description():
    assert not any("description" in tag for tag in tags("A", "B", "", "", ""))


def test_joined_pages_keep_their_links_apart(tmp_path):
    contents = '<nav id="book-contents"><a href="a.html">A</a></nav>'
    (tmp_path / "search.html").write_text(contents, "utf-8")
    (tmp_path / "a.html").write_text(
        """<article><section id="top"><h1>A</h1><section id="part"><h2>Part</h2>
        <svg><g clip-path="url(#clip)"></g></svg><a href="https://example.org/">b</a>
        <a href="data.csv">c</a><details class="solution"><summary>S</summary>
        <details class="hint"><summary>H</summary></details></details>
        </section></section></article>""",
        "utf-8",
    )
    text, headings = join(tmp_path)
    for kept in ("url(#a--clip)", 'href="https://example.org/"', 'href="data.csv"'):
        assert kept in text
    assert text.count("see the appendix") == 1
    assert [heading.text for heading in headings] == [
        "A",
        "Part",
        "Hints and solutions",
    ]


def test_a_formula_that_cannot_be_shown_is_a_warning(faulty):
    assert "unknown command" in faulty[1] and "U+2603" in faulty[1]


def test_a_picture_without_words_is_a_warning(faulty):
    assert "a.svg has no text alternative" in faulty[1]


def test_latex_gets_the_figures_picture(tmp_path):
    write_book(tmp_path / "source")
    build(tmp_path / "source", "latex", tmp_path / "latex")
    (tex,) = (tmp_path / "latex").glob("*.tex")
    assert "includegraphics" in tex.read_text("utf-8")
    assert len(list((tmp_path / "latex").glob("*.png"))) == 2  # the dot is the other


def test_a_new_style_reaches_a_book_that_is_built_already(tmp_path, monkeypatch):
    write_book(tmp_path / "source")
    build(tmp_path / "source", "html", tmp_path / "html")
    monkeypatch.setattr(assets, "style_sheet", lambda cache: "p { color: red }")
    build(tmp_path / "source", "html", tmp_path / "html")
    (sheet,) = tmp_path.glob("html/_assets/book.*.css")
    assert "color: red" in sheet.read_text("utf-8")
    assert f"_assets/{sheet.name}" in read(tmp_path / "html", "index.html")
    assert not (tmp_path / "html" / "_static").exists()


def test_known_addresses_give_links_cards_and_a_sitemap(book):
    html = read(book, "notebook.html")
    (menu,) = re.findall(r'<ul popover id="page-links".*?</ul>', html, re.S)
    assert re.search('href="([^"]*)', menu)[1] == f"{URL}lite/start.html#notebook.ipynb"
    for link in (
        "https://mybinder.org/v2/gh/owner/name/main?urlpath=lab/tree/notebook.ipynb",
        "https://colab.research.google.com/github/owner/name/blob/colab/notebook.ipynb",
        f"{REPOSITORY}/edit/main/notebook.ipynb",
        f"{REPOSITORY}/issues/new?title=",
    ):
        assert f'href="{link}' in html
    assert f'<link rel="canonical" href="{URL}notebook.html">' in html
    assert f'content="{URL}_images/cards/notebook.png"' in html
    assert (book / "_images/cards/notebook.png").read_bytes()[1:4] == b"PNG"
    assert f'<link rel="canonical" href="{URL}">' in read(book, "index.html")
    assert f"<loc>{URL}index.html</loc>" in read(book, "sitemap.xml")
    assert f"Sitemap: {URL}sitemap.xml" in read(book, "robots.txt")
    assert 'href="/book/_assets/book.' in read(book, "404.html")


def test_a_published_book_can_stand_among_a_phones_programs(book):
    for name in ("notebook.html", "index.html"):
        assert '<link rel="manifest" href="manifest.webmanifest">' in read(book, name)
        assert '<link rel="apple-touch-icon" href="touch-icon.png">' in read(book, name)
    told = json.loads(read(book, "manifest.webmanifest"))
    assert told["name"] == "A small book" and told["start_url"] == "./"
    vector, picture = told["icons"]
    fill = re.search('fill="(#[0-9a-f]{6})"', read(book, vector["src"]))[1]
    with Image.open(book / picture["src"]) as icon:
        assert icon.size == (180, 180) and picture["sizes"] == "180x180"
        at = {xy: icon.convert("RGB").getpixel(xy) for xy in ((3, 3), (90, 90))}
    assert at == {(3, 3): ImageColor.getrgb(fill), (90, 90): (255, 255, 255)}


def test_a_host_is_told_what_may_be_kept_and_who_may_frame(book):
    rules, path = {}, None
    for line in read(book, "_headers").splitlines():
        if line.startswith("/"):
            path = line
        else:
            name, value = line.strip().split(": ")
            rules[path, name] = value
    assert rules["/*", "Content-Security-Policy"] == "frame-ancestors 'self'"
    assert "immutable" in rules["/_assets/*", "Cache-Control"]
    assert rules["/sw.js", "Cache-Control"] == "no-cache"
    files = [file for file in (book / "_assets").rglob("*") if file.is_file()]
    for file in files:  # so each name changes with its content
        assert sha256(file.read_bytes()).hexdigest()[:8] == file.name.split(".")[1]


def test_a_start_page_bears_any_address(new_page):
    page = new_page()
    page.goto((ROOT / "dlbook/site/start/start.html").as_uri() + "#100%")
    page.get_by_text("Not all could be loaded").wait_for()
    page.problems.clear()  # on a disk there is nothing to load


def test_structured_data_cannot_end_its_element():
    cited = {"version": "1", "released": "2026-01-01", "authors": ["A"]}
    told = structured(cited, {"name": "</script>", "url": ""}, "B")
    assert "<" not in told and json.loads(told)["name"] == "</script>"
    assert "url" not in told


def test_a_downloaded_notebook_gets_the_package_itself(book):
    stored = json.loads(read(book, "_sources/notebook.ipynb"))
    first = stored["cells"][0]
    assert first["source"] == install_cell(REPOSITORY)
    nbformat.validate(stored)


def test_unknown_addresses_leave_no_dead_link(faulty):
    html = read(faulty[0], "notebook.html")
    words = ("binder", "colab", "github", "canonical", "og:image", "og:url", "manifest")
    for word in words:
        assert word not in html
    for name in ("sitemap.xml", "_headers", "touch-icon.png"):
        assert not (faulty[0] / name).exists()
    assert 'href="_sources/notebook.ipynb" download' in html


@pytest.mark.parametrize(
    ("name", "value"),
    [("DLBOOK_URL", "example.org"), ("DLBOOK_REPOSITORY", "git@github.com:a/b.git")],
)
def test_a_wrong_address_is_refused(name, value):
    with pytest.raises(ValueError, match=f"{name}: wanted https://.*, got '{value}'"):
        address({name: value})


def test_the_book_is_one_pdf_with_solutions_at_its_end(book, chromium, monkeypatch):
    monkeypatch.setenv("CHROMIUM", chromium)
    output = book.parent / "book.pdf"
    main(["--site", str(book), "--output", str(output)])
    reader = PdfReader(output)
    pages = [page.extract_text() for page in reader.pages]
    assert reader.metadata.title == "A small book"
    numbers = page_numbers(reader)
    assert "It is 0.01." in pages[numbers["solutions"] - 1]
    assert "z is 0.8" in pages[numbers["notebook"] - 1]
    contents = next(text for text in pages if "Contents" in text)
    assert re.search(rf"Hints and solutions\s*{numbers['solutions']}", contents)
    assert not Path(book, "_whole-book.html").exists()


def test_paper_needs_a_chromium(monkeypatch):
    monkeypatch.setenv("CHROMIUM", "/nowhere")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(FileNotFoundError, match="install it, or name its program"):
        find_chromium()


def test_paper_needs_a_built_book(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["--site", str(tmp_path)])
    assert "run `jupyter-book build .` first" in capsys.readouterr().err


def test_garbage_is_looked_for_less_often_until_the_build_ends():
    told, before, usual = {}, gc.get_threshold(), (700, 10, 10)
    gc.set_threshold(*usual)  # mypy, where it ran in this process, has left its own
    try:
        collect_rarely(SimpleNamespace(connect=told.__setitem__), None)
        assert gc.get_threshold() > usual
        told["build-finished"](None, None)
        assert gc.get_threshold() == usual
    finally:
        gc.set_threshold(*before)


def test_plain_sphinx_is_told_what_jupyter_book_tells(tmp_path):
    told, _ = get_final_config(
        user_yaml=ROOT / "_config.yml",
        sourcedir=ROOT,
        cli_config={"latex_individualpages": False},
        use_external_toc=True,
    )
    own = settings(ROOT)
    assert {*own.pop("extensions")} <= {*told["extensions"]}
    assert {*own.pop("exclude_patterns")} <= {*told["exclude_patterns"]}
    assert [Path(p).name for p in own.pop("bibtex_bibfiles")] == ["references.bib"]
    assert own.pop("project") == own["html_title"]
    assert {name: told.get(name) for name in own} == own
    for name in ("_config.yml", "_toc.yml"):
        (tmp_path / name).write_text((ROOT / name).read_text("utf-8"), "utf-8")
    config.main(tmp_path)
    written = {}
    exec((tmp_path / "_build/sphinx/conf.py").read_text("utf-8"), written)
    assert written["html_title"] == own["html_title"]


def test_an_epub_is_xml_with_formulas_pictures_and_no_dead_control(tmp_path):
    write_book(tmp_path / "source")
    conf = tmp_path / "source" / "conf.py"
    told = 'version = "1"\nepub_contributor = epub_publisher = author = "We"\n'
    conf.write_text(f'{CONFIG}epub_basename = "small"\n{told}', "utf-8")
    build(tmp_path / "source", "epub", tmp_path / "epub")
    with zipfile.ZipFile(tmp_path / "epub" / "small.epub") as packed:
        names = packed.namelist()
        pages = {n: packed.read(n) for n in names if n.endswith((".xhtml", ".opf"))}
        assert (names[0], packed.infolist()[0].compress_type) == ("mimetype", 0)
    trees = {name: ElementTree.fromstring(page) for name, page in pages.items()}
    index, notebook = trees["index.xhtml"], trees["notebook.xhtml"]
    assert len([*index.iter("{http://www.w3.org/1998/Math/MathML}math")]) > 3
    assert "z is 0.8" in "".join(notebook.itertext())
    for name, tree in trees.items():
        tags = {element.tag.rpartition("}")[2] for element in tree.iter()}
        assert not tags & {"script", "button", "form"}, name
        for link in tree.iter("{http://www.w3.org/1999/xhtml}link"):
            assert link.get("href") in names
    items = trees["content.opf"].iter("{http://www.idpf.org/2007/opf}item")
    told = {item.get("href"): item.get("properties") for item in items}
    assert told["index.xhtml"] == "mathml" and told["nav.xhtml"] == "nav"
