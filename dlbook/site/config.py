"""The book by plain Sphinx, without Jupyter Book: ``python -m dlbook.site.config``.

It writes ``_build/sphinx/conf.py`` from the book's settings in ``_config.yml``. In an
environment of its own::

    python -m pip install -e ".[plain]"
    python -m dlbook.site.config
    sphinx-build -n -W --keep-going -c _build/sphinx . _build/plain

Jupyter Book needs an old Sphinx; this way any newer one builds the same pages.
"""

import sys
from pathlib import Path

import yaml

__all__ = ["main", "settings"]

#: What Jupyter Book sets up by itself, as far as the book's pages depend on it.
EXTENSIONS = (
    "myst_nb",
    "sphinx_external_toc",
    "sphinx_multitoc_numbering",
    "sphinxcontrib.bibtex",
)


def settings(folder):
    """Return what Sphinx is to know of the book.

    Parameters
    ----------
    folder : path-like
        The folder of ``_config.yml``.

    Returns
    -------
    dict
        Names and values for ``conf.py``.
    """
    folder = Path(folder).resolve()
    book = yaml.safe_load((folder / "_config.yml").read_text("utf-8"))
    sphinx = book["sphinx"]
    return {
        "project": book["title"],
        "html_title": book["title"],
        "author": book["author"],
        "copyright": book["copyright"],
        "extensions": [*EXTENSIONS, *sphinx["extra_extensions"]],
        "exclude_patterns": ["_build", *book["exclude_patterns"]],
        "external_toc_exclude_missing": book["only_build_toc_files"],
        "bibtex_bibfiles": [str(folder / name) for name in book["bibtex_bibfiles"]],
        "myst_enable_extensions": book["parse"]["myst_enable_extensions"],
        "nb_execution_mode": book["execute"]["execute_notebooks"],
        **sphinx["config"],
    }


def main(folder="."):
    """Write ``conf.py``."""
    lines = [f"{name} = {value!r}\n" for name, value in settings(folder).items()]
    path = Path(folder, "_build", "sphinx", "conf.py")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(lines), "utf-8")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
