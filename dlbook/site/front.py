"""The site's own address shows the overview, wherever its file is.

People share the address of the folder, and a page that only leads on to another shows
them nothing.
"""

import posixpath
import re
from html import escape, unescape
from pathlib import Path
from urllib.parse import urlsplit

__all__ = ["moved", "setup"]

ADDRESS = re.compile(r'(\s(?:href|src|action|data-content_root)=")([^"#][^"]*)(?=")')


def moved(html, folder):
    """Return a page's HTML as it stands at the root of the site.

    Parameters
    ----------
    html : str
    folder : str
        The folder of the page, as it is seen from the root.

    Returns
    -------
    str
        The same page; its relative addresses lead where they led.

    Examples
    --------
    >>> moved('<a href="b.html#c"> <a href="#d"> <a href="https://e.org/">', "a")
    '<a href="a/b.html#c"> <a href="#d"> <a href="https://e.org/">'
    """

    def new(match):
        address = unescape(match[2])
        if urlsplit(address).scheme or address.startswith("/"):
            return match[0]
        path = posixpath.normpath(posixpath.join(folder, address))
        return match[1] + escape(path + "/" * address.endswith("/"))

    return ADDRESS.sub(new, html)


def write_front(app, exception):
    """Write the overview at the root, if it is not there already."""
    root = app.config.root_doc
    if exception is None and app.builder.name == "html" and "/" in root:
        page = Path(app.outdir, f"{root}.html").read_text("utf-8")
        front = moved(page, posixpath.dirname(root))
        Path(app.outdir, "index.html").write_text(front, "utf-8")


def setup(app):
    """Write the page after all others."""
    app.connect("build-finished", write_front, priority=940)
