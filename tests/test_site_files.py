"""The built site as files: links, addresses, validity, weight and content policy."""

import gzip
import json
import re
from base64 import b64encode
from datetime import date
from hashlib import sha256
from html.parser import HTMLParser
from io import BytesIO
from urllib.parse import unquote, urlsplit

import html5lib
import pytest
import yaml
from fontTools.ttLib import TTFont

from conftest import ROOT
from dlbook.live.views.display import stored
from dlbook.mathml import symbols
from dlbook.site.font import CHARACTERS, NARROW, math_font
from test_site import CHAPTERS, PAGES, TOC

#: Attributes that make a browser fetch something, by element.
FETCHED = {
    "script": ("src",),
    "link": ("href",),
    "img": ("src", "srcset"),
    "source": ("src", "srcset"),
    "iframe": ("src",),
    "object": ("data",),
    "embed": ("src",),
    "use": ("href", "xlink:href"),
    "image": ("href", "xlink:href"),
    "form": ("action",),
}
REFERRING = ("for", "aria-labelledby", "aria-describedby", "aria-controls")

each_page = pytest.mark.parametrize("name", PAGES)
each_chapter = pytest.mark.parametrize("name", CHAPTERS)


class Page(HTMLParser):
    """The elements of a page, its ids, its links, and what it fetches."""

    def __init__(self, path):
        super().__init__()
        self.elements, self.ids, self.links, self.fetched = [], [], [], []
        self.inline, self.within = [], ""
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.elements.append((tag, attributes))
        self.within = tag if tag in ("script", "style") else ""
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if tag == "a" and "href" in attributes:
            self.links.append(attributes["href"])
        names = FETCHED.get(tag, ())
        if tag == "link" and attributes["rel"] in (
            "canonical",
            "next",
            "prev",
            "search",
        ):
            names = ()
        self.fetched += [attributes[name] for name in names if attributes.get(name)]

    def handle_endtag(self, tag):
        self.within = ""

    def handle_data(self, data):
        if self.within and data.strip():
            self.inline.append((self.within, data))


@pytest.fixture(scope="module")
def pages(built_site):
    """All pages of the site, read once."""
    return {
        path.relative_to(built_site).as_posix(): Page(path)
        for path in sorted(built_site.rglob("*.html"))
    }


EQUATION = re.compile(r"^\$\$ \([\w-]+\)$", re.M)


def figures_in(name, answering=False):
    """The live figures that a page shows: those its notebook stores, or those named.

    Some stand still and have no script: ``answering`` leaves them out.
    """
    path = ROOT / f"{name}.ipynb"
    if not path.exists():
        text = (ROOT / f"{name}.md").read_text("utf-8")
        return re.findall(r"```\{live-figure\} \S+ (\S+)", text)
    cells = json.loads(path.read_text("utf-8"))["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", ())]
    texts = ["".join(o.get("data", {}).get("text/html", "")) for o in outputs]
    kept = filter(None, map(stored, texts))
    return [figure["name"] for figure in kept if figure["script"] or not answering]


@each_page
def test_a_page_is_valid_html(name, built_site):
    parser = html5lib.HTMLParser(strict=False)
    parser.parse((built_site / f"{name}.html").read_bytes())
    assert [(place, code, data) for place, code, data in parser.errors] == []


@each_page
def test_an_id_names_one_element_and_references_find_it(name, pages):
    page = pages[f"{name}.html"]
    assert sorted(page.ids) == sorted(set(page.ids))
    for _tag, attributes in page.elements:
        for attribute in REFERRING:
            for ident in (attributes.get(attribute) or "").split():
                assert ident in page.ids, f"{attribute}={ident}"


@each_page
def test_headings_descend_one_step_at_a_time(name, pages):
    tags = [tag for tag, _ in pages[f"{name}.html"].elements]
    levels = [int(tag[1]) for tag in tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    steps = zip(levels, levels[1:], strict=False)
    assert all(after <= before + 1 for before, after in steps), levels


def test_no_page_fetches_anything_from_another_host(pages, built_site):
    for name, page in pages.items():
        for address in page.fetched:
            assert not urlsplit(address).netloc, f"{name}: {address}"
    for path in [*built_site.rglob("*.css"), *built_site.glob("_assets/live/**/*.js")]:
        for address in re.findall(r"url\(['\"]?([^'\")]+)", path.read_text("utf-8")):
            assert not urlsplit(address).netloc, f"{path.name}: {address}"


def test_every_internal_link_leads_somewhere(pages, built_site):
    for name, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (built_site / name).parent / unquote(parts.path)
            path = target.resolve() if parts.path else built_site / name
            assert path.is_file(), f"{name}: {link}"
            found = pages.get(path.relative_to(built_site.resolve()).as_posix())
            fragment = unquote(parts.fragment)
            if found and fragment and "=" not in fragment:
                assert fragment in found.ids, f"{name}: {link}"


@each_page
def test_no_script_of_a_page_stands_in_the_page(name, pages):
    page = pages[f"{name}.html"]
    data = [a["type"] for tag, a in page.elements if tag == "script" and "type" in a]
    assert data == ["application/ld+json"] * len(data)
    assert len(data) == len([text for tag, text in page.inline if tag == "script"])
    for tag, attributes in page.elements:
        handlers = [attribute for attribute in attributes if attribute.startswith("on")]
        assert not handlers, f"{tag}: {handlers}"
        assert not (attributes.get("href") or "").lower().startswith("javascript:")


@each_page
def test_the_content_policy_allows_what_is_there_and_no_more(name, pages):
    page = pages[f"{name}.html"]
    metas = [a for tag, a in page.elements if tag == "meta" and "http-equiv" in a]
    policy = dict(rule.split(" ", 1) for rule in metas[0]["content"].split("; "))
    assert policy["default-src"] == "'self'"
    for kind in ("object-src", "frame-src", "media-src", "base-uri"):
        assert policy[kind] == "'none'"
    assert policy["script-src"] == "'self'"
    assert "unsafe" not in policy["style-src"] and "unsafe-eval" not in str(policy)
    hashes = {
        f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
        for tag, text in page.inline
        if tag == "style"
    }
    assert hashes == set(policy["style-src"].split()) - {"'self'"}
    styled = any("style" in attributes for _, attributes in page.elements)
    assert styled == ("style-src-attr" in policy)


@each_chapter
def test_a_page_shows_every_live_figure_of_its_notebook(name, pages, built_site):
    page, figures = pages[f"{name}.html"], figures_in(name)
    shown = [ident[5:] for ident in page.ids if ident.startswith("live-")]
    assert shown == figures and len(set(shown)) == len(shown)
    scripts = [*built_site.glob(f"_assets/live/{name}.*.js")]
    answering = figures_in(name, answering=True)
    assert len(scripts) == bool(answering)
    for figure in answering:
        assert f'"name":"{figure}"' in scripts[0].read_text("utf-8")


@each_chapter
def test_every_picture_has_a_text_alternative_and_a_size(name, pages):
    for tag, attributes in pages[f"{name}.html"].elements:
        if tag == "img":
            assert attributes.get("alt"), attributes["src"]
            assert attributes.get("width") and attributes.get("height")


@each_page
def test_a_page_weighs_little(name, pages, built_site):
    """HTML under 1.5 MB; compressed and with all it loads under 300 kB."""
    path = built_site / f"{name}.html"
    assert path.stat().st_size < 1_500_000
    total = len(gzip.compress(path.read_bytes()))
    fetched = [a for a in pages[f"{name}.html"].fetched if a]
    for address in {urlsplit(a).path for a in fetched if not a.startswith("data:")}:
        file = path.parent / unquote(address)
        if file.is_file() and file.suffix != ".html":
            content = file.read_bytes()
            packed = file.suffix in (".png", ".jpg", ".woff2")
            total += len(content) if packed else len(gzip.compress(content))
    assert total < 300_000


def test_the_readme_shows_a_figure_by_its_number(built_site):
    readme = (ROOT / "README.md").read_text("utf-8")
    number = re.search(r"!\[(Figure [\d.]+),", readme)[1]
    page = (built_site / f"{CHAPTERS[1]}.html").read_text("utf-8")
    assert f'href="#fig-backpropagation-playground">{number}</a>' in page


@each_page
def test_what_is_spoken_holds_no_source_of_a_formula(name, pages):
    for tag, attributes in pages[f"{name}.html"].elements:
        spoken = attributes.get("aria-label") or ""
        assert not re.search(r"[\\_^${}]", spoken), f"{tag}: {spoken}"


@each_page
def test_a_page_describes_itself(name, pages):
    metas = [a for tag, a in pages[f"{name}.html"].elements if tag == "meta"]
    known = {a.get("property") or a.get("name"): a.get("content") for a in metas}
    assert known["og:title"] and known["viewport"] == (
        "width=device-width, initial-scale=1"
    )
    if name in CHAPTERS + [TOC["root"]]:
        assert 40 <= len(known["description"]) <= 203, known.get("description")
        assert "\\" not in known["description"]


@each_page
def test_a_page_says_under_which_licence_and_from_when_it_is(name, built_site, pages):
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    html = (built_site / f"{name}.html").read_text("utf-8")
    footer = html.partition('<footer class="colophon">')[2]
    day = date.fromisoformat(cited["date-released"])
    assert f"Version {cited['version']}, {day.day} {day:%B %Y}" in footer
    assert 'rel="license" href="https://creativecommons.org' in footer
    for section in ("how-to-cite", "accessibility"):
        assert f'index.html#{section}">' in footer or name.endswith("index")
    if name in ("search", "genindex", "404"):
        return
    (text,) = [text for tag, text in pages[f"{name}.html"].inline if tag == "script"]
    told, book = json.loads(text), cited["title"]
    assert told["version"] == cited["version"] and told["name"]
    whole = name in ("index", TOC["root"])
    assert told["@type"] == "Book" if whole else told["isPartOf"]["name"] == book


def test_a_page_loads_files_that_are_named_by_their_content(pages, built_site):
    for name, page in pages.items():
        for address in page.fetched:
            if "_assets/" in address:
                path = (built_site / name).parent / address
                text = path.read_bytes()
                assert sha256(text).hexdigest()[:8] == path.name.split(".")[-2]
    assert not (built_site / "_static").exists()
    loaded = {a.rpartition("/")[2] for page in pages.values() for a in page.fetched}
    assets = {p.name for p in built_site.glob("_assets/**/*") if p.is_file()}
    assert assets <= loaded


@each_chapter
def test_a_notebook_is_offered_in_plain_markdown(name, pages, built_site):
    path = ROOT / f"{name}.ipynb"
    if not path.exists():
        return
    (link,) = [a for a in pages[f"{name}.html"].links if a.endswith(".ipynb")]
    offered = json.loads(((built_site / name).parent / link).read_text("utf-8"))
    own = json.loads(path.read_text("utf-8"))
    code = [
        [(c["source"], c["outputs"]) for c in book["cells"] if c["cell_type"] == "code"]
        for book in (offered, own)
    ]
    assert ["".join(source) for source, _ in code[0]] == [
        "".join(source) for source, _ in code[1]
    ]
    assert [outputs for _, outputs in code[0]] == [outputs for _, outputs in code[1]]
    prose, source = (
        "\n\n".join(
            "".join(c["source"]) for c in book["cells"] if c["cell_type"] == "markdown"
        )
        for book in (offered, own)
    )
    assert not re.findall(
        r"^:::.*|\{[a-z:]+\}`.*|^\([\w-]+\)=$|^\$\$ \(.*", prose, re.M
    )
    titles = re.findall(r"^:::\{admonition\} (.*)", source, re.M)
    assert [t for t in titles if f"> **{t}" not in prose] == []
    exercises = re.findall(r"\*\*Exercise \d+\.\d+", prose)
    assert len(exercises) == len(set(exercises)) == source.count("{exercise}")
    assert prose.count("<summary>Hint") == source.count("{dropdown} Hint")
    assert prose.count("<details>") == prose.count("</details>")
    assert len(re.findall(r"\\tag\{\d", prose)) == len(re.findall(EQUATION, source))


def test_the_font_has_every_sign_that_a_formula_can_show():
    with TTFont(BytesIO(math_font())) as font:
        assert {ord(sign) for sign in CHARACTERS} <= set(font.getBestCmap())
        wide = {*font["MATH"].table.MathVariants.HorizGlyphCoverage.glyphs}
        assert font.getBestCmap()[0x20D7] in wide
        assert not wide & {font.getBestCmap()[ord(sign)] for sign in NARROW}
    known = {
        sign
        for table in vars(symbols).values()
        if isinstance(table, dict)
        for text in table.values()
        if isinstance(text, str)
        for sign in text
    }
    assert {sign for sign in known if sign.strip()} <= CHARACTERS
