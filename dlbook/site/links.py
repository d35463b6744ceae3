"""Links to other hosts, as the link check follows them, and links within the API.

Publishers refuse programs, so a DOI that is right can look broken. The registry of
DOIs answers anyone whether it knows a DOI.

A name in backticks in a docstring leads to its entry. Arguments and other projects have
none here: their names stay code. A name in `dlbook` that leads nowhere is reported.
"""

__all__ = ["argument", "registered", "setup"]

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


def argument(app, env, node, name):
    """Return the text of a link to an object that need not have an entry here.

    Parameters
    ----------
    app : Sphinx
        The application.
    env : BuildEnvironment
        Where entries are found.
    node : pending_xref
        A link that leads nowhere.
    name : Node
        Its text, as code.

    Returns
    -------
    Node or None
        The text; None for a link that should have led somewhere.

    Examples
    --------
    >>> node = dict(refdomain="py", reftype="obj", reftarget="y_hat")
    >>> argument(None, None, node, "y_hat")
    'y_hat'
    >>> argument(None, None, node | dict(reftarget="dlbook.cnn.fold"), "fold")
    """
    of_backticks = node["refdomain"] == "py" and node["reftype"] == "obj"
    return name if of_backticks and "dlbook." not in node["reftarget"] else None


def setup(app):
    """Let the link check ask the registry, and backticks be links where they can."""
    app.connect("linkcheck-process-uri", registered)
    app.connect("missing-reference", argument)
