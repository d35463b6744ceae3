"""A script without what only its readers need: comments, indentation, spaces."""

import re

__all__ = ["shrunk"]

#: What stays as it is: strings, templates (none within another) and patterns.
KEPT = re.compile(
    r'("(?:\\.|[^"\\\n])*"'
    r'|`(?:\\.|\$\{(?:[^{}`]|"[^"]*")*\}|[^`\\])*`'
    r"|(?:(?<=[(!])|(?<=[(,=:&|!?] ))/(?:\\.|\[[^\]]*\]|[^/\\\n ])+/[gimsuy]*)"
)
REMARKS = re.compile(r"^\s*(?://.*\n)?|  // .*$", re.MULTILINE)
SPACES = re.compile(
    r" ?(!?[=<>*&|?:{},;()]) ?|(?<![-+]) ([-+/%]) (?![-+/])"
    r"|(?<=[{};,(\[=>)])\n|\n(?=[])}?:.&|])"
)
LAST = re.compile(r";\s*(?=})")


def shrunk(text):
    """Return JavaScript of this project's style in fewer bytes.

    Comments have a line of their own, or follow two spaces and end the line. Spaces
    stay between two signs, where they mean something. Every statement ends with its
    semicolon, which the last of a block then does without.

    Parameters
    ----------
    text : str

    Returns
    -------
    str

    Examples
    --------
    >>> print(shrunk('// Adds.\\nlet a = [1, - -2],\\n  b = "x = y";  // two\\n'))
    let a=[1,- -2],b="x = y";
    """
    pieces = KEPT.split(REMARKS.sub("", text))
    for k in range(0, len(pieces), 2):
        pieces[k] = LAST.sub("", SPACES.sub(r"\1\2", pieces[k]))
    return "".join(pieces)
