"""What a reader changes in a notebook, and what then fails below.

A change is one number: an input, a weight, an entry of a kernel, a seed, a count of
epochs or steps, a learning rate. It is found in the syntax tree of the cells that are
not folded. The changed cell runs with every cell that depends on it and every cell
that these need, errors allowed, as a reader runs on.
"""

import ast
import contextlib
import io
import json
import os
import sys
import traceback
from functools import cache
from typing import NamedTuple

__all__ = ["Change", "changes", "failures", "figures", "needed", "runs"]

RATES = {"lr", "eta", "eta_G", "eta_D", "rate", "beta", "momentum"}
COUNTS = {"epochs", "seeds", "steps", "updates"}
SEEDS = {"seed", "default_rng"}


class Change(NamedTuple):
    """One number of one cell: its place, its kind, the cell's new text, what it gives.

    ``names`` are those through which the changed statement acts on the cells below.
    """

    cell: int
    kind: str
    told: str
    source: str
    names: frozenset


def changes(sources, folded):
    """Return the changes of a notebook's code cells, in order."""
    found = []
    for place, source in enumerate(sources):
        if place in folded:
            continue
        body = ast.parse(source).body
        for turn, statement in enumerate(body):
            if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
                continue
            names = reached(body[turn:], names_of(source)[0])
            for kind, node in numbers(statement):
                new = str(changed(kind, node.value))
                lines = source.splitlines(keepends=True)
                line, (a, b) = node.lineno - 1, (node.col_offset, node.end_col_offset)
                text = lines[line].encode()
                lines[line] = (text[:a] + new.encode() + text[b:]).decode()
                told = f"{ast.unparse(statement)[:60]}: {ast.unparse(node)} -> {new}"
                found.append(Change(place, kind, told, "".join(lines), names))
    return found


def reached(body, gives):
    """Return which names that a cell gives may change with its first statement here.

    What is not a plain assignment may change whatever it takes.
    """
    names = frozenset()
    for turn, statement in enumerate(body):
        if turn == 0 or taken(statement) & names:
            names |= defined(statement)
            plain = isinstance(statement, ast.Assign) and all(
                isinstance(node, (ast.Name, ast.Tuple)) for node in statement.targets
            )
            names |= frozenset() if plain else taken(statement) & gives
    return names


def numbers(statement):
    """Yield the kind and the node of each number that a reader would change."""
    for node in ast.walk(statement):
        name = getattr(node, "arg", None) if isinstance(node, ast.keyword) else None
        value = node.value if name else None
        if isinstance(node, ast.Call):
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            name, value = called, node.args[0] if node.args else None
            if called == "array" and value is not None:
                yield from ([("entry", first)] if (first := number(value)) else [])
        for kind, names in dict(rate=RATES, count=COUNTS, seed=SEEDS).items():
            if name in names and (plain := constant(value)):
                yield kind, plain
    if isinstance(statement, ast.Assign):
        parts = statement.value
        for part in parts.elts if isinstance(parts, ast.Tuple) else [parts]:
            if plain := constant(part):
                name = getattr(statement.targets[0], "id", "")
                yield "count" if name.lower() in COUNTS else "value", plain


def constant(node):
    """Return a node that is a number, else None."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node = node.operand
    plain = isinstance(node, ast.Constant) and type(node.value) in (int, float)
    return node if plain else None


def number(literal):
    """Return the first number of a literal array, or None if it is computed."""
    while isinstance(literal, (ast.List, ast.Tuple)) and literal.elts:
        literal = literal.elts[0]
    return constant(literal)


def changed(kind, value):
    if kind == "count":
        return max(1, value // 5)
    if kind == "seed":
        return value + 7
    if kind == "rate":
        return value * 1.5
    if kind == "value" and value in (0, 1):  # a label, perhaps
        return type(value)(1 - value)
    return value + 1 if isinstance(value, int) else round(value + 0.3, 4)


def defined(node):
    """Return the names that a statement or cell gives to the cells below."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return {node.name}
    if isinstance(node, ast.alias):
        return {(node.asname or node.name).partition(".")[0]}
    loops = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Lambda)
    if isinstance(node, loops):
        return set()
    stored = isinstance(getattr(node, "ctx", None), ast.Store)
    own = {node.id} if stored and isinstance(node, ast.Name) else set()
    return own.union(*map(defined, ast.iter_child_nodes(node)))


def taken(tree):
    """Return the names that a cell takes from the cells above it."""
    nodes = [*ast.walk(tree)]
    names = [node for node in nodes if isinstance(node, ast.Name)]
    more = {id(node.target) for node in nodes if isinstance(node, ast.AugAssign)}
    own = {
        node.id
        for node in names
        if isinstance(node.ctx, ast.Store) and id(node) not in more
    }
    own |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    return {node.id for node in names} - own


@cache
def names_of(source):
    """Return the names that a cell gives, and those that it takes."""
    tree = ast.parse(source)
    return defined(tree), taken(tree)


def runs(sources, *made):
    """Return the cells that changes reach, with all that these need, in order."""
    gives, takes = zip(*map(names_of, sources), strict=True)
    # What a cell changes in place, by a call or by +=, counts as given anew by it.
    touched, chosen = set(), {change.cell for change in made}
    for place in range(min(chosen), len(sources)):
        if takes[place] & touched:
            chosen.add(place)
            touched |= gives[place]
        else:
            touched -= gives[place]
        touched |= set().union(*(c.names for c in made if c.cell == place))
    return needed(sources, chosen)


def needed(sources, chosen):
    """Return some cells and all that these need, in order."""
    gives, takes = zip(*map(names_of, sources), strict=True)
    chosen = {0, *chosen}
    queue = [*chosen]
    while queue:
        place = queue.pop()
        for name in takes[place]:
            givers = [p for p, given in enumerate(gives) if name in given]
            earlier = [p for p in givers if p < place]
            more = {*(earlier[-1:] or givers[:1])}  # a function may need a later one
            queue += more - chosen
            chosen |= more
    return sorted(chosen)


def figures(sources):
    """Return the cells that make live figures or do something to them, in order."""
    names, chosen = {"LiveFigure"}, []
    for place, source in enumerate(sources):
        if names_of(source)[1] & names and place:
            chosen.append(place)
        for statement in ast.parse(source).body:
            value = getattr(statement, "value", statement)
            if taken(value) & names and not isinstance(statement, ast.Expr):
                names |= defined(statement)
    return chosen


def failures(sources, *made):
    """Run changes in a child of this process; return what failed, cell by cell."""
    reader, writer = os.pipe()
    if child := os.fork():
        os.close(writer)
        with open(reader, encoding="utf-8") as told:
            found = json.load(told)
        os.waitpid(child, 0)
        return found
    try:
        os.close(reader)
        with open(writer, "w", encoding="utf-8") as told:
            json.dump(run(sources, made), told)
    finally:
        os._exit(0)


def run(sources, made):
    """Run the cells in a fresh shell; return place, error, message of each failure."""
    import matplotlib
    from IPython.core.interactiveshell import InteractiveShell

    matplotlib.use("agg")
    shell, found = InteractiveShell.instance(), []
    shell.history_manager.enabled = False
    shell.showtraceback = lambda *args, **kwargs: None
    changed = {change.cell: change.source for change in made}
    for place in runs(sources, *made):
        with contextlib.redirect_stdout(io.StringIO()):
            result = shell.run_cell(changed.get(place, sources[place]))
        if error := result.error_before_exec or result.error_in_exec:
            line = traceback.extract_tb(error.__traceback__)[-1].line
            found.append([place, type(error).__name__, str(error), line])
    return found


def main():
    """Try each change of one notebook, or a few at once; tell what failed, as JSON."""
    path, each = sys.argv[1], sys.argv[2] == "each"
    with open(path, encoding="utf-8") as notebook:
        cells = json.load(notebook)["cells"]
    cells = [cell for cell in cells if cell["cell_type"] == "code"]
    sources = ["".join(cell["source"]) for cell in cells]
    folded = {
        place
        for place, cell in enumerate(cells)
        if "hide-input" in cell["metadata"].get("tags", ())
    }
    found = changes(sources, folded)
    together = [[change] for change in found]
    if not each:  # the first entry and value that act below, and the cheapest seed
        sizes = {change: len(runs(sources, change)) for change in found}
        below = [change for change in found if sizes[change] > 2] + found
        cheap = sorted(found, key=sizes.get)
        few = {}
        for kind, some in dict(entry=below, value=below, seed=cheap).items():
            for change in some:
                if change.kind == kind and change.cell not in few:
                    few[change.cell] = change
                    break
        together = [[*few.values()]]
    os.chdir(os.path.dirname(os.path.abspath(path)))
    for made in together:
        told = " and ".join(change.told for change in made)
        kinds = [change.kind for change in made]
        print(json.dumps([kinds, told, failures(sources, *made)]), flush=True)


if __name__ == "__main__":
    import numpy  # noqa: F401  -- once, for all children

    import dlbook.live.figure  # noqa: F401

    main()
