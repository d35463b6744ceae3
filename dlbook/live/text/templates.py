"""Texts with numbers in them: ``"z = {z:+.2f}"``, the same in both views."""

import re

from dlbook.live.text.numbers import check_spec, in_text

__all__ = ["Template"]

#: What is counted is written in full, however large.
COUNTS = ("steps", "seed")
_FIELD = re.compile(r"\{((?:[^{}:\[]|\[[^\]{}]*\])+)(?::([^{}]*))?\}")


class Template:
    """A text whose fields name sources.

    Parameters
    ----------
    text : str
        Fields are ``{name}``, ``{name[0]:.2f}``; formats are those of
        `dlbook.live.text.numbers`. ``{name:none|one|several}`` writes a word.
    scope : Scope
        Resolves the names.

    Examples
    --------
    >>> from dlbook.live.bindings.sources import Scope
    >>> template = Template("z = {z:+.2f}", Scope("demo", {"z": ()}))
    >>> template.fill({"z": -0.25})
    'z = −0.25'
    >>> Template("It is {z:below|above} 1.", Scope("demo", {"z": ()})).fill({"z": 2})
    'It is above 1.'
    """

    def __init__(self, text, scope):
        self.literals, self.fields, end = [], [], 0
        for match in _FIELD.finditer(text):
            source = scope.source(match[1])
            if source.index.size != 1:
                raise ValueError(
                    f"figure {scope.figure!r}: {match[0]} in a text: wanted one "
                    f"number, got shape {source.index.shape}; name an element of it"
                )
            self.literals.append(text[end : match.start()])
            spec = match[2] or ("d" if source.name in COUNTS else "")
            self.fields.append((source, spec if "|" in spec else check_spec(spec)))
            end = match.end()
        self.literals.append(text[end:])
        if any(mark in "".join(self.literals) for mark in "{}"):
            raise ValueError(f"figure {scope.figure!r}: unpaired brace in {text!r}")

    def fill(self, values):
        """Return the text with its numbers."""
        return "".join(self.parts(values))

    def parts(self, values):
        """Return the pieces of the text: words and numbers in turn, words first."""
        parts = [self.literals[0]]
        for (source, spec), literal in zip(self.fields, self.literals[1:], strict=True):
            number = source.take(values).item()
            parts += [in_text(number, spec), literal]
        return parts

    def pieces(self, address):
        """Return what the page's script needs: literals, and ``[address, format]``."""
        pieces = [self.literals[0]]
        for (source, spec), literal in zip(self.fields, self.literals[1:], strict=True):
            pieces += [[address(source), spec], literal]
        return [piece for piece in pieces if piece != ""]
