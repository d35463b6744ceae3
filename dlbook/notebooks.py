"""Execute the chapters and store them in one canonical form.

``python -m dlbook.notebooks`` runs every chapter from top to bottom in a fresh
kernel and writes it back; named notebooks are run alone. What differs from run to
run and carries no meaning is left out, so that two runs give the same bytes and a
commit shows only what changed. ``--check`` runs nothing: it names the notebooks
that are not in canonical form and fails if there is one.
"""

import argparse
import hashlib
import os
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat import NotebookNode

__all__ = ["canonical", "execute", "main", "text"]

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
LANGUAGE = {"name": "python", "file_extension": ".py"}
KEPT_CELL_METADATA = ("mystnb", "tags")
DROPPED_MIMETYPES = ("application/vnd.jupyter.widget-view+json",)
SOLUTION = re.compile(r"\{solution-(start|end)\}")
TIMEOUT = 300  # seconds a cell may take


def canonical(notebook: NotebookNode) -> NotebookNode:
    """Return a copy of a notebook that holds nothing a run may change at will.

    Metadata shrink to the kernel's name, the language and the cells' tags; the views of
    live widgets, which end with their kernel, go; printed text in pieces is joined;
    cell identifiers that are missing or used twice are made from the cell's text. What
    the page folds is folded in notebooks, too: code that draws, by its tag
    ``hide-input``, and solutions with what they show.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        A notebook of format 4; it is left as it is.

    Returns
    -------
    nbformat.NotebookNode
        The canonical notebook, of format 4.5.

    Examples
    --------
    >>> cell = nbformat.v4.new_code_cell("1 + 1", metadata={"scrolled": True})
    >>> notebook = canonical(nbformat.v4.new_notebook(cells=[cell]))
    >>> notebook.cells[0].metadata
    {}
    """
    seen: set[str] = set()
    cells, solution = [], False
    for cell in notebook.cells:
        cells.append(_cell(cell, seen, solution))
        if cell.cell_type == "markdown":
            marks = SOLUTION.findall(cell.source)
            solution = marks[-1] == "start" if marks else solution
    return nbformat.from_dict(
        {
            "cells": cells,
            "metadata": {"kernelspec": dict(KERNEL), "language_info": dict(LANGUAGE)},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )


def _cell(cell, seen, solution):
    metadata = {
        key: cell.metadata[key] for key in KEPT_CELL_METADATA if cell.metadata.get(key)
    }
    if cell.cell_type == "code":
        folded = solution or "hide-input" in metadata.get("tags", ())
        hidden = dict(source_hidden=folded, outputs_hidden=solution)
        if jupyter := {key: True for key, value in hidden.items() if value}:
            metadata["jupyter"] = jupyter
    source = cell.source.rstrip()
    result = {
        "cell_type": cell.cell_type,
        "id": _identifier(cell.get("id"), source, seen),
        "metadata": metadata,
        "source": source,
    }
    if cell.cell_type == "code":
        result["execution_count"] = cell.execution_count
        result["outputs"] = _outputs(cell.outputs)
    elif cell.get("attachments"):
        result["attachments"] = cell.attachments
    return result


def _identifier(identifier, source, seen):
    """Keep an identifier; make a new one if it is missing or was seen before."""
    turn = 0
    while not identifier or identifier in seen:
        identifier = hashlib.sha256(f"{turn}{source}".encode()).hexdigest()[:12]
        turn += 1
    seen.add(identifier)
    return identifier


def _outputs(outputs):
    """Join printed text of one stream; drop the widgets' views, and what is empty."""
    result = []
    for output in outputs:
        output = dict(output)
        if output["output_type"] == "stream":
            last = result[-1] if result else {}
            if last.get("name") == output["name"]:
                last["text"] += output["text"]
                continue
        if "data" in output:
            output["data"] = {
                mimetype: content
                for mimetype, content in output["data"].items()
                if mimetype not in DROPPED_MIMETYPES
            }
            if not any(
                output["data"].values()
            ):  # such as a bar of progress that has gone
                continue
        result.append(output)
    return result


def text(notebook: NotebookNode) -> str:
    """Return the canonical file of a notebook as text.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        A notebook of format 4.

    Returns
    -------
    str
        JSON with sorted keys, one line a value, and a newline at its end.

    Raises
    ------
    nbformat.ValidationError
        If the notebook breaks its format.
    """
    notebook = canonical(notebook)
    nbformat.validate(notebook)
    return nbformat.v4.writes(notebook, indent=1, ensure_ascii=False) + "\n"


def execute(path: str | os.PathLike) -> NotebookNode:
    """Run a notebook in a fresh kernel, in its own folder, and return it.

    Parameters
    ----------
    path : path-like
        The notebook's file; it is only read.

    Returns
    -------
    nbformat.NotebookNode
        The notebook with its new outputs.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        If a cell raises an exception that it does not announce by a tag.
    """
    # Where Matplotlib cannot write, or looks for fonts, it says so here, not in a cell.
    import matplotlib.font_manager  # noqa: F401

    path = Path(path)
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=TIMEOUT,
        kernel_name=KERNEL["name"],
        record_timing=False,
        resources={"metadata": {"path": str(path.parent)}},
        extra_arguments=["--HistoryManager.hist_file=:memory:", "--log-level=ERROR"],
    )
    return client.execute()


def main(arguments: Sequence[str] | None = None) -> int:
    """Execute or check notebooks; return the exit code.

    Parameters
    ----------
    arguments : list of str, optional
        Those of the command line if left out.

    Returns
    -------
    int
        0 if all went well, else 1.
    """
    parser = argparse.ArgumentParser(prog="python -m dlbook.notebooks")
    parser.add_argument("paths", nargs="*", type=Path, help="all chapters if none")
    parser.add_argument("--check", action="store_true", help="run nothing")
    options = parser.parse_args(arguments)
    paths = options.paths or sorted(Path("chapters").glob("*.ipynb"))
    if not paths:
        parser.error("no notebook named, and none in ./chapters")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    step = _check if options.check else _rewrite
    return 0 if all([step(path) for path in paths]) else 1


def _check(path):
    written = path.read_text(encoding="utf-8")
    if text(nbformat.reads(written, as_version=4)) == written:
        return True
    print(f"{path}: not canonical; run python -m dlbook.notebooks", file=sys.stderr)
    return False


def _rewrite(path):
    start = time.perf_counter()
    try:
        result = text(execute(path))
    except (CellExecutionError, DeadKernelError) as error:
        print(f"{path}: {error}", file=sys.stderr)
        return False
    path.write_text(result, encoding="utf-8", newline="\n")
    print(f"{path}: {time.perf_counter() - start:.1f} s")
    return True


if __name__ == "__main__":
    sys.exit(main())
