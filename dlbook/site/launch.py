"""Notebooks that run where only they themselves are: downloaded, or opened on Colab.

The build gives the notebooks that it offers a first cell that gets `dlbook`. The
workflow that publishes the book puts them into the branch that Colab opens.
"""

import json
from pathlib import Path

__all__ = ["install_cell", "let_run"]


def install_cell(repository):
    """Return the code of a cell that gets `dlbook` where it is not installed.

    Parameters
    ----------
    repository : str
        The repository's address.

    Returns
    -------
    str
        Code for a notebook.

    Examples
    --------
    >>> print(install_cell("https://github.com/owner/name"))
    import importlib.util
    <BLANKLINE>
    if importlib.util.find_spec("dlbook") is None:
        %pip install --quiet git+https://github.com/owner/name
    """
    return (
        "import importlib.util\n\n"
        'if importlib.util.find_spec("dlbook") is None:\n'
        f"    %pip install --quiet git+{repository}"
    )


def let_run(path, repository):
    """Give a notebook a first cell that gets `dlbook`, unless it has one.

    Parameters
    ----------
    path : path-like
        The notebook, changed in place.
    repository : str
        The repository's address.
    """
    path = Path(path)
    notebook, code = json.loads(path.read_text("utf-8")), install_cell(repository)
    if any(code in "".join(cell["source"]) for cell in notebook["cells"]):
        return
    cell = {"cell_type": "code", "id": "get-dlbook", "source": code}
    cell |= {"metadata": {}, "outputs": [], "execution_count": None}
    notebook["cells"].insert(0, cell)
    text = json.dumps(notebook, ensure_ascii=False, indent=1)
    path.write_text(text + "\n", "utf-8")
