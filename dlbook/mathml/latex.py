r"""LaTeX's mathematics read into a tree.

The tree serves three purposes: MathML is written from it, slots for numbers are
found in it, and worked examples are evaluated on it. A slot is written ``<<name>>``,
``<<name[0]>>`` or ``<<name[0, 1]:.2f>>``.
"""

import re

from dlbook.mathml import symbols
from dlbook.mathml.nodes import (
    Command,
    Fence,
    Function,
    Group,
    LaTeXError,
    Number,
    Script,
    Slot,
    Space,
    Style,
    Symbol,
    Table,
    Text,
)

__all__ = ["parse", "rows"]

_TOKEN = re.compile(
    r"<<[^<>]*>>|\\operatorname\*|\\[A-Za-z]+|\\.|[0-9]+(?:\.[0-9]+)?|\.[0-9]+|.",
    re.DOTALL,
)
_DIGITS = "0123456789"
_LENGTH = re.compile(r"\s*\[\s*-?[\d.]+\s*(?:pt|em|ex|mu|mm|cm)\s*\]")
# command: how many arguments it takes
_PARTS = dict.fromkeys([*symbols.ACCENTS, *symbols.BRACES, *symbols.FONTS], 1)
_PARTS |= {r"\boxed": 1, r"\phantom": 1, r"\xrightarrow": 1, r"\binom": 2}
_PARTS |= {r"\frac": 2, r"\dfrac": 2, r"\tfrac": 2}
_PARTS |= {r"\overset": 2, r"\underset": 2, r"\stackrel": 2}


def parse(latex):
    r"""Read a formula and return the tuple of its parts.

    Parameters
    ----------
    latex : str
        Mathematics without dollar signs.

    Returns
    -------
    tuple
        Nodes of this module's types.

    Raises
    ------
    LaTeXError
        If a command is unknown, a brace or an environment is left open, or an
        argument is missing; the message shows the place.

    Examples
    --------
    >>> parse("2x")
    (Number(text='2'), Symbol(name='x', text='x', cls='var'))
    >>> parse(r"2 \foo")
    Traceback (most recent call last):
    ...
    dlbook.mathml.nodes.LaTeXError: unknown command \foo in 2 >>>\foo
    """
    found = rows(latex)
    if len(found) == 1 and len(found[0]) == 1:
        return found[0][0]
    return (Table("aligned", found, ""),)


def rows(latex):
    r"""Read a formula that may have rows ``\\`` and cells ``&`` of its own."""
    return _Reader(latex).rows("")


class _Reader:
    def __init__(self, latex):
        self.latex, self.at, self.last = latex, 0, 0

    def fail(self, reason, at=None):
        at = self.last if at is None else at
        raise LaTeXError(f"{reason} in {self.latex[:at]}>>>{self.latex[at:]}")

    def peek(self):
        while self.at < len(self.latex) and self.latex[self.at].isspace():
            self.at += 1
        match = _TOKEN.match(self.latex, self.at)
        return match.group() if match else ""

    def take(self, wanted=None):
        token = self.peek()
        self.last = self.at
        if wanted is not None and token != wanted:
            self.fail(f"wanted {wanted}, got {token or 'the end'}")
        self.at += len(token)
        return token

    def row(self, stops):
        items = []
        while (token := self.peek()) not in stops:
            if token in ("", "}", "&", r"\\", r"\end", r"\right"):
                self.take()
                self.fail(f"unexpected {token or 'end'}, wanted {' or '.join(stops)}")
            items.append(self.item(stops))
        return tuple(items)

    def item(self, stops):
        bare = self.peek() in ("_", "^", "'")
        base = Group(()) if bare else self.atom(stops)
        sub, sup, primes, limits = None, None, "", None
        while (token := self.peek()) in ("_", "^", "'", r"\limits", r"\nolimits"):
            self.take()
            if token == "'":
                primes += "′"
            elif token == "_" and sub is None:
                sub = self.argument(script=True)
            elif token == "^" and sup is None:
                sup = self.argument(script=True)
            elif token in ("_", "^"):
                self.fail(f"a second {token}")
            else:
                limits = token == r"\limits"
        if sub is None and sup is None and not primes:
            return base
        if len(primes) > 4:
            self.fail("more than four primes")
        if primes:
            char = "′″‴⁗"[len(primes) - 1]
            sup = (Symbol(r"\prime", char, "ord"), *(sup or ()))
        return Script((base,), sub or (), sup or (), limits)

    def argument(self, script=False):
        token = self.peek()
        if token == "{":
            self.take()
            items = self.row(("}",))
            self.take("}")
            return items
        if token in ("", "}", "&", r"\\", "_", "^", r"\end", r"\right"):
            self.take()
            self.fail(f"an argument is missing before {token or 'the end'}")
        if token[0] in _DIGITS and len(token) > 1:
            if script:
                self.take()
                self.fail(f"braces are missing around {token}")
            self.at += 1
            return (Number(token[0]),)
        atom = self.atom(())
        return (atom._replace(argument=True) if isinstance(atom, Slot) else atom,)

    def atom(self, stops):
        token = self.take()
        start = self.last
        if token == "{":
            items = self.row(("}",))
            self.take("}")
            alone = len(items) == 1 and isinstance(items[0], Slot)
            return items[0] if alone else Group(items)
        if token.startswith("<<") and len(token) > 4:
            return Slot(token[2:-2].strip(), start, self.at, False)
        if token[0] in _DIGITS or token[0] == "." and len(token) > 1:
            return Number(token)
        if token in symbols.CHARACTERS:
            return Symbol(token, *symbols.CHARACTERS[token])
        if token in symbols.COMMANDS:
            return Symbol(token, *symbols.COMMANDS[token])
        if token in symbols.FUNCTIONS:
            return Function(token, *symbols.FUNCTIONS[token])
        if token in symbols.SPACES:
            return Space(symbols.SPACES[token])
        if token.isascii() and token.isalpha():
            return Symbol(token, token, "var")
        return self.command(token, stops)

    def command(self, token, stops):
        if token in symbols.TEXTS:
            return Text(token, self.words())
        if token in (r"\operatorname", r"\operatorname*"):
            return Function(token, self.name(), token.endswith("*"))
        if token in symbols.STYLES:
            return Style(token, self.row(stops))
        if token in _PARTS:
            return Command(token, tuple(self.argument() for _ in range(_PARTS[token])))
        if token == r"\sqrt":
            return self.root()
        if token == r"\left":
            return self.fence()
        if token == r"\middle" and r"\right" in stops:
            return Symbol(token, self.delimiter(), "rel")
        if token == r"\begin":
            return self.environment()
        if token.rstrip("lrm") in symbols.SIZES:
            return self.big(token)
        kind = "command" if token.startswith("\\") else "character"
        return self.fail(f"unknown {kind} {token}")

    def raw(self):
        self.take("{")
        start, depth = self.at, 1
        while depth:
            if self.at == len(self.latex):
                self.fail("wanted } after")
            depth += {"{": 1, "}": -1}.get(self.latex[self.at], 0)
            self.at += 1
        return self.latex[start : self.at - 1]

    def name(self):
        text = self.raw().replace(r"\,", "\u2009")
        if not re.fullmatch(r"[A-Za-z0-9\u2009 -]+", text):
            self.fail("wanted a name in letters")
        return text

    def words(self):
        text = self.raw()
        if "<<" in text:
            self.fail("a slot within a text")
        plain = re.sub(r"\$[^$]*\$", "", text)
        if re.search(r"\\(?![ %&#_])", plain) or plain.count("$"):
            self.fail("a command or a single $ within a text")
        return text

    def root(self):
        index = None
        if self.peek() == "[":
            self.take()
            index = self.row(("]",))
            self.take("]")
        return Command(r"\sqrt", (self.argument(),), index)

    def delimiter(self):
        token = self.take()
        if token not in symbols.DELIMITERS:
            self.fail(f"wanted a delimiter, got {token or 'the end'}")
        return symbols.DELIMITERS[token]

    def fence(self):
        left = self.delimiter()
        items = self.row((r"\right",))
        self.take(r"\right")
        return Fence(left, items, self.delimiter())

    def big(self, token):
        base = token.rstrip("lrm")
        char = self.delimiter()
        cls = {"l": "open", "r": "close", "m": "rel"}.get(token[len(base) :], "ord")
        return Command(base, ((Symbol(token, char, cls),),))

    def environment(self):
        name = self.raw()
        if name not in symbols.FENCES:
            self.fail(f"unknown environment {name}")
        columns = self.raw() if name == "array" else ""
        if columns.strip("lcr"):
            self.fail(f"wanted columns l, c or r, got {columns}")
        rows = self.rows(r"\end")
        if self.raw() != name:
            self.fail(rf"wanted \end{{{name}}}")
        return Table(name, rows, columns)

    def rows(self, end):
        rows = [[]]
        while True:
            rows[-1].append(self.row(("&", r"\\", end)))
            token = self.take()
            if token == r"\\":
                rows.append([])
                if skip := _LENGTH.match(self.latex, self.at):
                    self.at = skip.end()
            elif token == end:
                break
        if rows[-1] == [()] and len(rows) > 1:
            rows.pop()
        return tuple(map(tuple, rows))
