"""Links to other hosts, as the link check follows them.

Publishers refuse programs, so a DOI that is right can look broken. The registry of
DOIs answers anyone whether it knows a DOI.
"""

__all__ = ["registered", "setup"]

DOI = "https://doi.org/"


def registered(app, uri):
    """Return where to ask for a DOI, and None for any other link.

    Parameters
    ----------
    app : Sphinx
        The application.
    uri : str
        A link of a page.

    Returns
    -------
    str or None
        The registry's answer to it has status 404 if there is no such DOI.

    Examples
    --------
    >>> registered(None, "https://doi.org/10.1037/h0042519")
    'https://doi.org/api/handles/10.1037/h0042519'
    >>> registered(None, "https://example.org")
    """
    if uri.startswith(DOI):
        return f"{DOI}api/handles/{uri.removeprefix(DOI)}"
    return None


def setup(app):
    """Let the link check ask the registry."""
    app.connect("linkcheck-process-uri", registered)
