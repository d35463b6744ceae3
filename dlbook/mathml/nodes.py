"""The parts of a formula's tree."""

from typing import NamedTuple

__all__ = [
    "Command",
    "Fence",
    "Function",
    "Group",
    "LaTeXError",
    "Number",
    "Script",
    "Slot",
    "Space",
    "Style",
    "Symbol",
    "Table",
    "Text",
]


class LaTeXError(ValueError):
    """A formula that cannot be read; the message shows where."""


class Number(NamedTuple):
    text: str


class Symbol(NamedTuple):
    name: str
    text: str
    cls: str


class Function(NamedTuple):
    name: str
    text: str
    movable: bool


class Text(NamedTuple):
    name: str
    text: str


class Space(NamedTuple):
    width: str


class Slot(NamedTuple):
    """A place for a number: what ``<<...>>`` holds, and where it stands."""

    text: str
    start: int
    end: int
    argument: bool


class Group(NamedTuple):
    items: tuple


class Script(NamedTuple):
    base: tuple
    sub: tuple
    sup: tuple
    limits: bool | None


class Command(NamedTuple):
    name: str
    args: tuple
    option: tuple | None = None


class Fence(NamedTuple):
    left: str
    items: tuple
    right: str


class Style(NamedTuple):
    name: str
    items: tuple


class Table(NamedTuple):
    name: str
    rows: tuple
    columns: str
