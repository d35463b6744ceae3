"""What a page says about itself where somebody shares its address."""

import json
from datetime import date
from html import escape
from pathlib import Path

import matplotlib.pyplot as plt
import yaml
from docutils import nodes
from sphinx import addnodes

from dlbook.plotting import PALETTE

__all__ = ["card", "citation", "describe", "structured", "tags", "touch_icon"]

LICENCE = "https://creativecommons.org/licenses/by/4.0/"

SKIPPED = (nodes.math, nodes.math_block, nodes.raw, addnodes.pending_xref)
LONGEST = 200


def describe(doctree):
    """Return a page's first paragraphs as one line of plain text.

    Parameters
    ----------
    doctree : document or None
        The page.

    Returns
    -------
    str
        At most two hundred characters, cut between words. A paragraph that holds a
        formula is passed over, for it would not be readable.
    """
    text = ""
    for paragraph in doctree.findall(nodes.paragraph) if doctree else ():
        if not isinstance(paragraph.parent, nodes.section):
            continue
        if next(iter(paragraph.findall(nodes.math)), None) is None:
            text = f"{text} {' '.join(paragraph.astext().split())}".strip()
        if len(text) >= LONGEST // 2:
            break
    if len(text) <= LONGEST:
        return text
    return text[:LONGEST].rsplit(" ", 1)[0].rstrip(",;:.") + " …"


def tags(title, book, description, url, picture):
    """Return the attributes of a page's meta elements.

    Parameters
    ----------
    title, book, description : str
        The page's title, the book's, and what `describe` says.
    url, picture : str
        The page's address and its card's; "" if not known.

    Returns
    -------
    list of str
        Each the inside of one ``meta`` element.
    """
    pairs = [("og:type", "article"), ("og:title", title), ("og:site_name", book)]
    pairs += [("og:description", description), ("og:url", url), ("og:image", picture)]
    if picture:
        pairs += [("og:image:width", "1200"), ("og:image:height", "630")]
        pairs += [("og:image:alt", f"{title}. {book}")]
    result = [f'property="{name}" content="{escape(t)}"' for name, t in pairs if t]
    if description:
        result.append(f'name="description" content="{escape(description)}"')
    if picture:
        result.append('name="twitter:card" content="summary_large_image"')
    return result


def citation(folder):
    """Return what CITATION.cff says of the book.

    Parameters
    ----------
    folder : path-like
        Where the file is.

    Returns
    -------
    dict
        ``version``, ``date`` as readers write it, ``released`` as programs do, and
        ``authors``; empty if there is no such file.
    """
    path = Path(folder, "CITATION.cff")
    if not path.exists():
        return {}
    told = yaml.safe_load(path.read_text("utf-8"))
    day = date.fromisoformat(told["date-released"])
    return {
        "version": str(told["version"]),
        "date": f"{day.day} {day:%B %Y}",
        "released": day.isoformat(),
        "authors": [author["name"] for author in told["authors"]],
    }


def structured(cited, known, book):
    """Return what a page says of itself to programs, in schema.org's words.

    Parameters
    ----------
    cited : dict
        What `citation` returned.
    known : dict
        The page's ``name``, ``description``, ``url`` and so on, without empty ones.
    book : str
        The title of the book that the page is a part of, "" for the book itself.

    Returns
    -------
    str
        JSON-LD that can stand in a script element.
    """
    told = {"@context": "https://schema.org", "@type": "Chapter" if book else "Book"}
    told |= {name: value for name, value in known.items() if value}
    told["author"] = [{"@type": "Organization", "name": n} for n in cited["authors"]]
    told |= {"version": cited["version"], "datePublished": cited["released"]}
    told |= {"license": LICENCE, "isAccessibleForFree": True}
    if book:
        told["isPartOf"] = {"@type": "Book", "name": book}
    return json.dumps(told, ensure_ascii=False).replace("<", r"\u003c")


def card(path, title, book):
    """Draw the card of a page: its title, the book's, and the book's colours.

    Parameters
    ----------
    path : path-like
        Where to write a PNG of 1200 by 630 pixels.
    title, book : str
        The two titles.
    """
    with plt.style.context("default"):
        figure = plt.figure(figsize=(12, 6.3), dpi=100, facecolor=PALETTE["paper"].dark)
        look = {"color": PALETTE["ink"].dark, "family": "STIXGeneral", "wrap": True}
        figure.text(0.07, 0.62, title, size=64, va="center", **look)
        figure.text(0.07, 0.2, book, size=32, va="center", **look)
        roles = ("input", "weight", "activation", "gradient", "error")
        for place, role in enumerate(roles):
            box = (0.07 + 0.06 * place, 0.34, 0.05, 0.016)
            figure.add_axes(box, facecolor=PALETTE[role].dark).set(xticks=(), yticks=())
            figure.axes[-1].spines[:].set_visible(False)
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, metadata={"Software": None})
    plt.close(figure)


def touch_icon(path):
    """Draw the site's icon as a picture for the first screen of a phone.

    Parameters
    ----------
    path : path-like
        Where to write a PNG of 180 by 180 pixels.
    """
    with plt.style.context("default"):
        figure = plt.figure(figsize=(1.8, 1.8), dpi=100, facecolor="#0072b2")
        axes = figure.add_axes((0, 0, 1, 1), xlim=(0, 32), ylim=(32, 0))
        axes.axis("off")
        for x, y in ((7, 9), (7, 16), (7, 23), (25, 16)):
            axes.plot([x, 16], [y, 16], color="w", lw=10, solid_capstyle="round")
        axes.plot(16, 16, "wo", markersize=36)
        figure.savefig(path, metadata={"Software": None})
    plt.close(figure)
