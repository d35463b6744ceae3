"""The chapters in the browser: ``python -m dlbook.site.lite`` adds them to the site.

JupyterLite with a Pyodide kernel is laid beside the built book, with everything that a
chapter loads: no other host is asked. Names and SHA-256 of Pyodide's files are those
of the lock in npm's package ``pyodide``; a file that differs is refused. There NumPy's
default integer has 32 bits: what needs more is written as ``np.int64``.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from urllib.request import urlopen

import nbformat

__all__ = ["build", "gather", "main", "notebook", "wanted"]

#: What a chapter imports, and what the kernel loads before a reader's first cell.
NAMES = ("ipython", "jedi", "matplotlib", "micropip", "numpy", "pillow", "pygments")
NAMES += ("sqlite3", "ssl")
CORE = ("pyodide*.*js", "*.wasm", "python_stdlib.zip")
INSTALL = "%pip install -q dlbook ipywidgets"
KERNEL = {"display_name": "Python (Pyodide)", "language": "python", "name": "python"}
EXTENSION = "@jupyterlite/pyodide-kernel-extension:kernel"


def wanted(lock, names=NAMES):
    """Return the files of packages and of all that they depend on.

    Parameters
    ----------
    lock : dict
        Pyodide's lock, read from its JSON.
    names : sequence of str
        Packages; those that this Pyodide does not have apart are left out.

    Returns
    -------
    dict of str to str
        The SHA-256 of each file.

    Raises
    ------
    ValueError
        If the lock lacks a package that another depends on.

    Examples
    --------
    >>> lock = {"packages": {
    ...     "a": {"depends": ["b_b"], "file_name": "a.whl", "sha256": "0a"},
    ...     "b-b": {"depends": [], "file_name": "b.whl", "sha256": "0b"},
    ...     "c": {"depends": [], "file_name": "c.whl", "sha256": "0c"}}}
    >>> wanted(lock, ["a"])
    {'a.whl': '0a', 'b.whl': '0b'}
    """
    packages, found, queue = lock["packages"], {}, [*names]
    while queue:
        name = queue.pop(0).replace("_", "-")
        if name not in packages and name not in names:
            raise ValueError(f"the lock has no package {name!r}, which another needs")
        if package := packages.get(name):
            if package["file_name"] not in found:
                found[package["file_name"]] = package["sha256"]
                queue += package["depends"]
    return dict(sorted(found.items()))


def gather(sums, source, folder):
    """Bring files into a folder, if they are what the lock says.

    Parameters
    ----------
    sums : dict of str to str
        The SHA-256 of each file.
    source : str
        A folder, or an address that begins with ``https:``.
    folder : path-like
        Where to write them.

    Raises
    ------
    ValueError
        If a file differs from what the lock says.
    """
    for name, wanted_sum in sums.items():
        if source.startswith("https:"):
            with urlopen(f"{source.rstrip('/')}/{name}", timeout=120) as answer:
                content = answer.read()
        else:
            content = Path(source, name).read_bytes()
        if (found := sha256(content).hexdigest()) != wanted_sum:
            raise ValueError(f"{name}: wanted SHA-256 {wanted_sum}, got {found}")
        Path(folder, name).write_bytes(content)


def notebook(text):
    """Return a downloaded notebook, as the text of its file, for the browser's kernel.

    Its first cell installs what lies beside the book, and its kernel is the browser's.
    There is no server to sign what a notebook stores, so that JupyterLab would keep the
    figures' scripts from running: its cells say by themselves that they are trusted.

    Examples
    --------
    >>> cells = [nbformat.v4.new_code_cell("1 + 1"), nbformat.v4.new_markdown_cell("a")]
    >>> text = nbformat.writes(nbformat.v4.new_notebook(cells=cells))
    >>> [cell["metadata"] for cell in json.loads(notebook(text))["cells"]]
    [{}, {'trusted': True}, {}]
    """
    book = nbformat.reads(text, as_version=4)  # which joins the lines of each text
    cell = {"cell_type": "code", "id": "get-dlbook", "source": INSTALL}
    cell |= {"metadata": {}, "outputs": [], "execution_count": None}
    cells = [other for other in book["cells"] if other["id"] != cell["id"]]
    for other in cells:
        if other["cell_type"] == "code":
            other["metadata"]["trusted"] = True
    book["cells"] = [cell, *cells]
    book["metadata"]["kernelspec"] = KERNEL
    return json.dumps(book, ensure_ascii=False, indent=1) + "\n"


def build(site, pyodide, source, wheels, program="jupyter-lite"):
    """Add JupyterLite to the built site, in its folder ``lite``.

    Parameters
    ----------
    site : path-like
        The built book.
    pyodide : path-like
        npm's package ``pyodide``: the core and the lock.
    source : str
        Where Pyodide's packages are: a folder or an address.
    wheels : sequence of path-like
        Those of `dlbook` and of the sliders' front end, which Pyodide does not have.
    program : str
        JupyterLite's command, in an environment that has the Pyodide kernel.

    Returns
    -------
    list of dict
        Each file that a first visit loads: its address in ``lite``, its bytes.
    """
    output, pyodide = Path(site, "lite").resolve(), Path(pyodide)
    lock = json.loads((pyodide / "pyodide-lock.json").read_text("utf-8"))
    with tempfile.TemporaryDirectory() as work:
        contents = Path(work, "contents")
        contents.mkdir()
        for path in sorted(Path(site, "_sources", "chapters").glob("*.ipynb")):
            text = notebook(path.read_text("utf-8"))
            (contents / path.name).write_text(text, "utf-8")
        command = [program, "build", "--contents", str(contents)]
        command += ["--output-dir", str(output)]
        for wheel in wheels:
            command += ["--piplite-wheels", str(Path(wheel).resolve())]
        subprocess.run(command, check=True, cwd=work)
    static = output / "static" / "pyodide"
    static.mkdir(parents=True, exist_ok=True)
    core = [path for pattern in CORE for path in pyodide.glob(pattern)]
    core = [Path(shutil.copy(path, static)) for path in core]
    sums = wanted(lock)
    gather(sums, source, static)
    kept = {k: p for k, p in lock["packages"].items() if p["file_name"] in sums}
    text = json.dumps(lock | {"packages": kept})
    (static / "pyodide-lock.json").write_text(text, "utf-8")
    _configure(output, static)
    for path in output.rglob("*.map"):  # of minified code; only developers' tools ask
        path.unlink()
    first = [static / "pyodide-lock.json", *(static / name for name in sums)]
    first += [path for path in core if _loads(path, static)]
    first += [*output.glob("build/jlab_core.*.js"), *output.glob("build/lab/*.js")]
    listed = [
        {"file": path.relative_to(output).as_posix(), "bytes": path.stat().st_size}
        for path in sorted(first)
    ]
    (output / "first.json").write_text(json.dumps(listed), "utf-8")
    for path in files("dlbook.site").joinpath("start").iterdir():
        (output / path.name).write_bytes(path.read_bytes())
    return listed


def _configure(output, static):
    """Tell the kernel where Pyodide lies, as seen from JupyterLite's root."""
    path = output / "jupyter-lite.json"
    config = json.loads(path.read_text("utf-8"))
    settings = config["jupyter-config-data"].setdefault("litePluginSettings", {})
    name = "pyodide.js" if (static / "pyodide.asm.js").exists() else "pyodide.mjs"
    settings.setdefault(EXTENSION, {})["pyodideUrl"] = f"./static/pyodide/{name}"
    path.write_text(json.dumps(config, indent=1), "utf-8")


def _loads(path, static):
    """Tell whether a browser loads a file of the core: one form of each script."""
    old = (static / "pyodide.asm.js").exists()
    return path.suffix not in ((".mjs",) if old else (".js",))


def main(arguments=None):
    """Run the command."""
    parser = argparse.ArgumentParser(prog="dlbook.site.lite", description=__doc__)
    parser.add_argument("--site", default="_build/html", help="the built HTML")
    parser.add_argument("--pyodide", required=True, help="npm's package, unpacked")
    parser.add_argument("--packages", required=True, help="folder or https: address")
    parser.add_argument("--program", default="jupyter-lite", help="of JupyterLite")
    parser.add_argument("wheels", nargs="+", help="dlbook, ipywidgets and its own")
    options = parser.parse_args(arguments)
    if not Path(options.site, "_sources", "chapters").exists():
        parser.error(f"{options.site}: no built book; run `jupyter-book build .` first")
    listed = build(
        options.site, options.pyodide, options.packages, options.wheels, options.program
    )
    total = sum(one["bytes"] for one in listed)
    print(f"a first visit loads {len(listed)} files, {total / 1e6:.0f} MB")


if __name__ == "__main__":
    sys.exit(main())
