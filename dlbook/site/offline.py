"""The whole book without a network, once a reader has opened it over https.

A service worker keeps the pages and what they load. It is written when all the rest is,
for it lists every file with the hash of its content: a new edition is fetched file by
file where it differs.
"""

import json
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

__all__ = ["kept", "setup"]

#: What a reader without a network has no use for: folders of the built site.
LEFT = ("_sources", "_images/cards")
KINDS = {".html", ".css", ".js", ".svg", ".png", ".jpg", ".gif"}


def kept(site):
    """Return the files of a built site that reading needs.

    Parameters
    ----------
    site : path-like
        The folder of the built HTML.

    Returns
    -------
    dict of str to str
        Path in the site and hash of the content.
    """
    site, found = Path(site), {}
    for path in sorted(site.rglob("*")):
        name = path.relative_to(site).as_posix()
        wanted = path.suffix in KINDS and not name.startswith((*LEFT, "sw.js"))
        if wanted and not any(part.startswith(".") for part in Path(name).parts):
            found[name] = sha256(path.read_bytes()).hexdigest()[:12]
    return found


def write_worker(app, exception):
    """Write the worker and its list."""
    if exception is None and app.builder.name == "html":
        told = json.dumps(kept(app.outdir), indent=0)
        text = (files("dlbook.site") / "theme" / "sw.js").read_text("utf-8")
        text = text.replace("{/* files */}", told)
        Path(app.outdir, "sw.js").write_text(text, "utf-8")


def setup(app):
    """Write the worker after everything else."""
    app.connect("build-finished", write_worker, priority=999)
