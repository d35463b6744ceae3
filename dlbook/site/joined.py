"""The pages of the built site joined into one document, for paper.

Figures stand at their defaults, what is folded is open, hints and solutions move into
an appendix, and a link from page to page becomes one within the document.
"""

from html import escape
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup

__all__ = ["Heading", "document", "join", "pages_in_order"]

SHEET = """
@page { size: A4; margin: 22mm 20mm 24mm; @bottom-center {
  content: counter(page); font: 9pt sans-serif; color: #555; } }
@page :first { @bottom-center { content: none; } }
.part { break-before: page; }
.title-page { padding-top: 60mm; text-align: center; }
.title-page h1 { font-size: 30pt; }
.contents li { display: flex; gap: .5em; list-style: none; }
.contents li::after { content: attr(data-page); order: 3; }
.contents li span { flex: 1; border-bottom: 1px dotted #999; }
.contents .inner { padding-inline-start: 1.5em; font-size: .92em; }
"""
FOLDED = "details.solution, details.hint"


class Heading(NamedTuple):
    """The title of a chapter (level 1) or a section (level 2)."""

    level: int
    ident: str
    text: str


def pages_in_order(site):
    """Return the files of the site in the order of the book's contents.

    Parameters
    ----------
    site : path-like
        The folder of the built HTML.

    Returns
    -------
    list of Path
    """
    front = Path(site, "search.html")
    soup = BeautifulSoup(front.read_text("utf-8"), "html.parser")
    links = soup.select("#book-contents a[href]")
    return [(front.parent / unquote(link["href"])).resolve() for link in links]


def join(site):
    """Return the text of all pages, and the headings of its chapters and sections.

    Parameters
    ----------
    site : path-like
        The folder of the built HTML.

    Returns
    -------
    tuple of str and list of Heading
        HTML, and level, id and text of each heading.
    """
    site = Path(site).resolve()
    files = pages_in_order(site)
    articles, answers = [], []
    for file in files:
        article = _article(file, site, files)
        if moved := _take_answers(article):
            answers.append(f"<h2>{article.h1.get_text()}</h2>{''.join(moved)}")
        articles.append(article)
    solved = any('"solution' in text for text in answers)
    title = "Hints and solutions" if solved else "Hints"
    appendix = f"<h1>{title}</h1>{''.join(answers)}"
    appendix = f'<article class="part" id="solutions">{appendix}</article>'
    headings = [heading for article in articles for heading in _headings(article)]
    headings.append(Heading(1, "solutions", title))
    return "".join(map(str, articles)) + appendix, headings


def document(title, style, text, headings, numbers):
    """Return the whole document: title, contents, text.

    Parameters
    ----------
    title : str
        The book's title.
    style : str
        The address of the style sheet.
    text : str
    headings : list of Heading
        What `join` returned.
    numbers : mapping of str to int
        The page on which each id lies, as far as known.

    Returns
    -------
    str
        HTML, to be written into the folder of the built site.
    """
    return (
        '<!DOCTYPE html><html lang="en" data-theme="light"><head><meta charset="utf-8">'
        f'<title>{escape(title)}</title><link rel="stylesheet" href="{escape(style)}">'
        f"<style>{SHEET}</style></head><body><main>"
        f'<div class="title-page"><h1>{escape(title)}</h1></div>'
        f"{_contents(headings, numbers)}{text}</main></body></html>"
    )


def _article(file, site, files):
    """Return a page's article: its ids with its own prefix, its paths from the site."""
    soup = BeautifulSoup(file.read_text("utf-8"), "html.parser")
    article = soup.article
    for unwanted in article.select(".headerlink, .dl-controls, .dl-code, .fold.code"):
        unwanted.decompose()
    article["class"] = "part"
    article["id"] = _prefix(file)
    for element in article.find_all(True):
        for name, value in element.attrs.items():
            if name == "id":
                element[name] = f"{_prefix(file)}--{value}"
            elif "url(#" in value:
                element[name] = value.replace("url(#", f"url(#{_prefix(file)}--")
    for element in article.select("[href], [src]"):
        name = "href" if element.has_attr("href") else "src"
        element[name] = _target(element[name], file, site, files)
    for details in article.select("details"):
        details["open"] = ""
    return article


def _prefix(file):
    return file.stem


def _target(address, file, site, files):
    """Return an address as it is seen from the joined document."""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return address
    path = (file.parent / unquote(parts.path)).resolve() if parts.path else file
    if path in files:
        fragment = f"--{parts.fragment}" if parts.fragment else ""
        return f"#{_prefix(path)}{fragment}"
    return path.relative_to(site).as_posix()


def _take_answers(article):
    """Take hints and solutions out of an article and leave links to them."""
    moved = []
    for place, fold in enumerate(article.select(FOLDED)):
        if fold.find_parent("details"):
            continue
        ident = fold.get("id") or f"{article['id']}--fold-{place}"
        fold["id"] = ident
        text = fold.summary.get_text().strip()
        exercise = fold.find_previous(class_="exercise")
        number = exercise and exercise.select_one(".caption-number")
        if "hint" in fold["class"] and number:
            fold.summary.append(f" to {number.get_text().strip()}")
        link = f'<p><a href="#{ident}">{escape(text)}: see the appendix</a></p>'
        fold.replace_with(BeautifulSoup(link, "html.parser"))
        moved.append(str(fold))
    return moved


def _headings(article):
    """List the chapter's title and those of its sections."""
    found = [Heading(1, article["id"], _text(article.h1))]
    for section in article.select("section > section[id] > h2"):
        found.append(Heading(2, section.parent["id"], _text(section)))
    return found


def _text(heading):
    notes = {str(note.string) for note in heading.select("annotation")}
    words = [text for text in heading.strings if str(text) not in notes]
    return " ".join("".join(words).split())


def _contents(headings, numbers):
    lines = "".join(
        f'<li{" class=inner" * (level > 1)} data-page="{numbers.get(ident, "")}">'
        f'<a href="#{escape(ident)}">{escape(text)}</a><span></span></li>'
        for level, ident, text in headings
    )
    return f'<div class="part contents"><h1>Contents</h1><ul>{lines}</ul></div>'
