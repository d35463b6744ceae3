"""What a published site has beside its pages: sitemap, 404 page, notebooks that run."""

import json
from pathlib import Path
from xml.sax.saxutils import escape

from dlbook.plotting import PALETTE
from dlbook.site.address import address, page_links
from dlbook.site.answers import unsolved
from dlbook.site.launch import let_run
from dlbook.site.plain import names, notebook
from dlbook.site.social import card, citation, describe, structured, tags, touch_icon

__all__ = ["setup"]

#: What a host that reads such a file (Netlify, Cloudflare) says with each answer: the
#: names of assets hold their content's hash, and the worker must not grow old.
HEADERS = """/*
  X-Content-Type-Options: nosniff
  Referrer-Policy: strict-origin-when-cross-origin
  Content-Security-Policy: frame-ancestors 'self'
/_assets/*
  Cache-Control: public, max-age=31536000, immutable
/sw.js
  Cache-Control: no-cache
"""


def note_address(app, config):
    """Read the environment once; a change of it rebuilds the pages."""
    config.dlbook_address = tuple(address())
    config.html_baseurl = config.dlbook_address[0]


def links_of(app, pagename, context):
    """Return the links of a page's menu: its notebook, and what `page_links` knows."""
    name = context.get("sourcename")
    if not name or not context.get("has_source"):
        return []
    source = Path(app.env.doc2path(pagename))
    here, notebook, links = address(), source.suffix == ".ipynb", []
    if notebook and here.url:
        start = f"{here.url}lite/start.html#{source.name}"
        links.append({"text": "Run in the browser", "url": start})
    if notebook:
        file = context["pathto"](f"_sources/{name}", 1)
        links.append({"text": "Download the notebook", "url": file, "file": True})
    if here.url:
        for kind in ("pdf", "epub"):
            text = f"The whole book as {kind.upper()}"
            links.append({"text": text, "url": f"{here.url}book.{kind}"})
    path = source.relative_to(app.srcdir).as_posix()
    links += [{"text": t, "url": u} for t, u in page_links(here, path, notebook)]
    return links


def present(app, pagename, templatename, context, doctree):
    """Give the page its menu, its address and what it says where it is shared."""
    here = address()
    title, book = context["plain_title"], context["plain_book"]
    file = f"_images/cards/{pagename}.png"
    picture = ""
    if here.url and doctree is not None:
        card(Path(app.outdir, file), title, book)
        picture = here.url + file
    if pagename == "404":
        root, relative = here.root, context["pathto"]
        context["content_root"] = root or context["content_root"]
        context["pathto"] = lambda target, resource=False: (
            root + relative(target, resource)
        )
        context["book_contents"] = ""
    url = "" if pagename == "404" else context["pageurl"] or ""
    if pagename == app.config.root_doc:
        url = here.url  # which shows this page, see `dlbook.site.front`
    context["published"] = bool(here.url)
    context["page_links"] = links_of(app, pagename, context)
    context["canonical"] = url
    description = describe(doctree) or f"{title}: a page of the book “{book}”."
    context["card"] = tags(title, book, description, url, picture)
    context["citation"] = cited = citation(app.srcdir)
    if cited and doctree is not None:
        known = {"name": title, "description": description, "url": url}
        known |= {"image": picture, "inLanguage": context["language"]}
        part = pagename != app.config.root_doc
        context["structured"] = structured(cited, known, book if part else "")


def extra_pages(app):
    """Add the page that a server shows where there is none."""
    if app.builder.name == "epub":
        return
    yield "404", {"title": "Page not found"}, "404.html"


def write_sitemap(app):
    """List the pages for search engines, if the site's address is known."""
    here = address()
    if not here.url:
        return
    pages = sorted(here.url + app.builder.get_target_uri(d) for d in app.env.found_docs)
    lines = "".join(f"<url><loc>{escape(page)}</loc></url>\n" for page in pages)
    space = "http://www.sitemaps.org/schemas/sitemap/0.9"
    text = f'<?xml version="1.0" encoding="utf-8"?>\n<urlset xmlns="{space}">\n'
    Path(app.outdir, "sitemap.xml").write_text(f"{text}{lines}</urlset>\n", "utf-8")
    robots = f"User-agent: *\nSitemap: {here.url}sitemap.xml\n"
    Path(app.outdir, "robots.txt").write_text(robots, "utf-8")


def write_app(app):
    """Let a phone keep the book beside its programs, and say what answers carry."""
    if not address().url:
        return
    icon = {"src": app.config.dlbook_assets["icon.svg"], "type": "image/svg+xml"}
    touch = {"src": "touch-icon.png", "type": "image/png", "sizes": "180x180"}
    told = {"name": app.config.html_title, "start_url": "./", "display": "minimal-ui"}
    told |= {"lang": app.config.language, "background_color": PALETTE["paper"].light}
    told["icons"] = [icon | {"sizes": "any"}, touch]
    site = Path(app.outdir)
    text = json.dumps(told, ensure_ascii=False, indent=1)
    Path(site, "manifest.webmanifest").write_text(text, "utf-8")
    Path(site, "_headers").write_text(HEADERS, "utf-8")
    touch_icon(site / touch["src"])


def share_notebooks(app):
    """Make each notebook to download plain, with a first cell that gets `dlbook`."""
    here, known = address(), names(app.env)
    for path in Path(app.outdir, "_sources").rglob("*.ipynb"):
        text = path.read_text("utf-8")
        text = text if app.config.dlbook_solutions else unsolved(text)
        path.write_text(notebook(text, known), "utf-8")
        if here.repository:
            let_run(path, here.repository)


def finish(app, exception):
    """Write what the whole site has once."""
    if exception is None and app.builder.name == "html":
        write_sitemap(app)
        write_app(app)
        share_notebooks(app)


def setup(app):
    """Register the events."""
    app.add_config_value("dlbook_address", (), "html")
    app.connect("config-inited", note_address, priority=901)
    app.connect("html-page-context", present, priority=901)
    app.connect("html-collect-pages", extra_pages)
    app.connect("build-finished", finish)
