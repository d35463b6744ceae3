"""What each page's template needs beyond Sphinx's own context."""

import re
from base64 import b64encode
from hashlib import sha256
from html import unescape
from pathlib import Path

import imagesize
from docutils import nodes
from sphinx.environment.adapters.toctree import document_toc

from dlbook.plotting import PALETTE
from dlbook.site.assets import plain_code
from dlbook.site.inline import keep_punctuation

__all__ = ["content_policy", "setup"]

STYLE_ELEMENT = re.compile(r"<style[^>]*>(.*?)</style>", re.S)
STYLE_ATTRIBUTE = re.compile(r"<[a-z][^<>]*\sstyle=")
PICTURE = re.compile(r'<img (?![^>]*\bwidth=)([^>]*?)src="([^"]+)"')
HEADING_LINK = re.compile(r'<a class="headerlink" href="([^"]*)" title="([^"]*)"')
TAGS = re.compile(r"<[^>]+>")
#: Marks in code that give it no look. A figure's own code keeps them, for its names
#: stand for quantities.
MARK = re.compile(
    r'(<details class="dl-code">.*?</details>)'
    rf'|<span class="(?:{"|".join(sorted(plain_code()))})">([^<]*)</span>',
    re.S,
)


def content_policy(body):
    """Return the page's Content-Security-Policy.

    Scripts come from the site's files alone: no inline script, no ``eval``, no
    handler in an attribute. Style elements are allowed by their hash, style attributes
    only on a page whose text has some.

    Parameters
    ----------
    body : str
        The HTML of the page's text.

    Returns
    -------
    str
        The policy, for a meta element.

    Examples
    --------
    >>> content_policy("<p>text</p>").split("; ")[4:6]
    ["script-src 'self'", "style-src 'self'"]
    """
    styles = {
        f"'sha256-{b64encode(sha256(rules.encode()).digest()).decode()}'"
        for rules in STYLE_ELEMENT.findall(body)
    }
    rules = {
        "default-src": "'self'",  # Firefox fetches the next page ahead by it
        "object-src": "'none'",
        "frame-src": "'none'",
        "media-src": "'none'",
        "script-src": "'self'",
        "style-src": " ".join(["'self'", *sorted(styles)]),
        "img-src": "'self' data:",
        "font-src": "data:",
        "connect-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
    }
    if STYLE_ATTRIBUTE.search(body):
        rules["style-src-attr"] = "'unsafe-inline'"
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def plain(html):
    """Return the text of a piece of HTML."""
    return unescape(TAGS.sub("", html)).strip()


def page_contents(app, docname):
    """Return the page's own contents as HTML: its sections without its title."""
    if docname not in app.env.tocs:
        return ""
    contents = document_toc(app.env, docname, app.builder.tags)
    title = next(iter(contents.findall(nodes.list_item)), ())
    if len(title) < 2:
        return ""
    html = app.builder.render_partial(title[1])["fragment"]
    return html if "<a " in html else ""


def with_sizes(app, body):
    """Return a page's HTML whose pictures tell their size before they are loaded."""
    sources = {name: Path(app.srcdir, p) for p, name in app.builder.images.items()}

    def sized(match):
        source = sources.get(match[2].rpartition("/")[2])
        width, height = imagesize.get(source) if source else (-1, -1)
        if width < 0:
            return match[0]
        size = f'width="{width}" height="{height}" loading="lazy" decoding="async"'
        return f'<img {size} {match[1]}src="{match[2]}"'

    return PICTURE.sub(sized, body)


def mended(body):
    """Return a page's HTML without what keeps some readers out, and lighter.

    A link to a heading gets a name, and a list of references is no ARIA list, for its
    entries are no ARIA list items. Marks of code that look like text go: they are half
    of a chapter's elements.
    """
    body = MARK.sub(lambda found: found[1] or found[2], body)
    body = body.replace('<div role="list" class="citation-list">', "<div>")
    body = body.replace(' role="doc-biblioentry"', "")
    return HEADING_LINK.sub(r'<a class="headerlink" aria-label="\2" href="\1"', body)


def fill_context(app, pagename, templatename, context, doctree):
    """Add what `layout.html` shows."""
    if "body" in context:
        body = with_sizes(app, context["body"])
        context["body"] = keep_punctuation(mended(body))
    book = plain(context["docstitle"])
    title = plain(context.get("title", "")) or book
    context |= {
        "policy": content_policy(context.get("body", "")),
        "plain_title": title,
        "plain_book": book,
        "page_title": title if title == book else f"{title} — {book}",
        "assets": app.config.dlbook_assets,
        "answered": 'class="dl-answer"' in context.get("body", ""),
        "paper": PALETTE["paper"],
        "page_contents": page_contents(app, pagename),
        "book_contents": context["toctree"](
            maxdepth=1, collapse=False, includehidden=True, titles_only=True
        )
        .replace(' role="heading"', "")
        .replace('<a class="current ', '<a aria-current="page" class="'),
    }


def setup(app):
    """Fill the context after all extensions that change it."""
    app.connect("html-page-context", fill_context, priority=900)
