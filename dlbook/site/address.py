"""Where the book is published, told by the environment of the build.

Three variables are read, all of them optional; what needs an address that is not
known is left out, so that no page holds a link that leads nowhere.

``DLBOOK_URL``
    The site's own address, ``https://owner.github.io/name/``. Sitemap, canonical
    links and the cards that social networks show need it.
``DLBOOK_REPOSITORY``
    The repository, ``https://github.com/owner/name``. Links to run, to edit and to
    report need it.
``DLBOOK_BRANCH``
    The branch those links lead to; ``main`` if it is not set.

Colab opens a notebook of a repository, but not the package beside it. The workflow
that publishes the book therefore keeps notebooks that get the package themselves in a
branch of their own, see `dlbook.site.launch`.
"""

import os
import re
from typing import NamedTuple
from urllib.parse import quote, urlsplit

__all__ = ["Address", "address", "page_links"]

COLAB_BRANCH = "colab"
REPOSITORY = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?/?")


class Address(NamedTuple):
    """The site's address, the repository's, and its branch; "" if not known."""

    url: str
    repository: str
    branch: str

    @property
    def root(self):
        """The folder of the site on its server, "" if not known."""
        return urlsplit(self.url).path


def address(environment=os.environ):
    """Read the addresses.

    Parameters
    ----------
    environment : mapping
        The environment's variables.

    Returns
    -------
    Address

    Raises
    ------
    ValueError
        If a variable holds something else than such an address.

    Examples
    --------
    >>> address({"DLBOOK_URL": "https://example.org/book"}).url
    'https://example.org/book/'
    >>> address({"DLBOOK_REPOSITORY": "example"})
    Traceback (most recent call last):
    ...
    ValueError: DLBOOK_REPOSITORY: wanted https://github.com/owner/name, got 'example'
    """
    url = environment.get("DLBOOK_URL", "")
    if url and urlsplit(url).scheme not in ("http", "https"):
        raise ValueError(f"DLBOOK_URL: wanted https://..., got {url!r}")
    repository = environment.get("DLBOOK_REPOSITORY", "")
    if repository and not REPOSITORY.fullmatch(repository):
        wanted = "https://github.com/owner/name"
        raise ValueError(f"DLBOOK_REPOSITORY: wanted {wanted}, got {repository!r}")
    return Address(
        url=url and url.rstrip("/") + "/",
        repository=repository.rstrip("/").removesuffix(".git"),
        branch=environment.get("DLBOOK_BRANCH") or "main",
    )


def page_links(here, source, notebook):
    """Return what a reader can do with a page's source, as pairs of text and address.

    Parameters
    ----------
    here : Address
        Where the book is published.
    source : str
        The page's file in the repository.
    notebook : bool
        Whether the source is one.

    Returns
    -------
    list of tuple
        Empty if the repository is not known.

    Examples
    --------
    >>> here = Address("", "https://github.com/owner/name", "main")
    >>> [text for text, link in page_links(here, "chapters/errata.md", False)]
    ['Suggest an edit', 'Report a problem']
    """
    if not here.repository:
        return []
    name = REPOSITORY.fullmatch(here.repository)[1]
    file, branch = quote(source), quote(here.branch, safe="")
    links = []
    if notebook:
        binder = f"https://mybinder.org/v2/gh/{name}/{branch}"
        links.append(("Run on Binder", f"{binder}?urlpath=lab/tree/{file}"))
        colab = f"https://colab.research.google.com/github/{name}/blob/{COLAB_BRANCH}"
        links.append(("Run on Colab", f"{colab}/{file}"))
    links.append(("Suggest an edit", f"{here.repository}/edit/{branch}/{file}"))
    title = quote(f"On {source}: ")
    links.append(("Report a problem", f"{here.repository}/issues/new?title={title}"))
    return links
