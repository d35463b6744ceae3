"""A notebook in the clients that readers have: nbconvert's page, and JupyterLab itself.

The notebook is executed once. Its stored outputs are then opened without a kernel's
help, as on the second day, trusted and not.
"""

import json
import os
import re
import secrets
import socket
import subprocess
import sys
import time
from urllib.request import urlopen

import nbformat
import pytest
from nbconvert import HTMLExporter

from conftest import ROOT
from dlbook.notebooks import canonical, execute

expect = pytest.importorskip("playwright.sync_api").expect

START = """\
import numpy as np
from dlbook.live import LiveFigure
from dlbook.plotting import subplots, use_style
use_style()
x = np.linspace(0, 6, 50)"""
MODEL = """\
def model(a):
    return dict(y=np.sin(a * x), top=2 * a)"""
FIGURE = """\
fig, ax = subplots(figsize=(3.4, 2.4))
(line,) = ax.plot(x, x)
live = LiveFigure("wave", fig, model, dict(a=(0, 3, 0.5, 1)))
live.bind(line, y="y")
live.describe("The top is {top:.1f}.")
live"""
PYTHON = "live.widget()"
LIVE = ".dl-kept .dl-live .dl-controls:enabled"


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """The file of a notebook with one live figure, executed and saved."""
    path = tmp_path_factory.mktemp("clients") / "wave.ipynb"
    cells = [nbformat.v4.new_code_cell(s) for s in (START, MODEL, FIGURE, PYTHON)]
    kernel = dict(name="python3", display_name="Python 3", language="python")
    book = nbformat.v4.new_notebook(cells=cells, metadata=dict(kernelspec=kernel))
    nbformat.write(book, path)
    nbformat.write(canonical(execute(path)), path)
    return path


def moves(page):
    """Move the figure's slider by a key, and return what the figure then says."""
    page.wait_for_selector(LIVE)
    page.locator(".dl-kept input[type=range]").focus()
    page.keyboard.press("ArrowRight")
    return page.locator(".dl-kept .dl-readout").inner_text()


def test_an_exported_page_answers_offline(stored, new_page):
    html, _ = HTMLExporter().from_filename(str(stored))
    path = stored.with_suffix(".html")
    path.write_text(html, "utf-8")
    page = new_page()
    page.goto(path.as_uri())
    assert moves(page) == "The top is 3.0."
    assert page.locator(".dl-kept img").count() == 0
    # Exported pages ask a CDN for MathJax; that there is none must not matter.
    page.problems[:] = [p for p in page.problems if "cdn" not in p and "ERR_" not in p]


@pytest.fixture(scope="module")
def lab(stored):
    """The address of a JupyterLab that serves the notebook, with a home of its own."""
    folder, token = stored.parent, secrets.token_hex(8)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home = {f"JUPYTER_{kind}_DIR": str(folder / kind) for kind in HOMES}
    options = [f"--ServerApp.port={port}", f"--IdentityProvider.token={token}"]
    options += ["--no-browser", "--allow-root", "--LabApp.news_url=None"]
    options += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    environment = {**os.environ, **home, "IPYTHONDIR": str(folder / "ipython")}
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *options],
        cwd=folder, env=environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                urlopen(f"{address}/api?token={token}").close()
                break
            except OSError:
                time.sleep(0.2)
        yield lambda name: f"{address}/doc/tree/{name}?reset&token={token}", environment
    finally:
        server.terminate()
        server.wait()


HOMES = ("CONFIG", "DATA", "RUNTIME")


def opened(new_page, lab, name, theme="JupyterLab Light"):
    """Open a notebook in JupyterLab, in a theme, and return the page."""
    address, environment = lab
    settings = os.path.join(
        environment["JUPYTER_CONFIG_DIR"],
        "lab/user-settings/@jupyterlab/apputils-extension",
    )
    os.makedirs(settings, exist_ok=True)
    with open(f"{settings}/themes.jupyterlab-settings", "w", encoding="utf-8") as file:
        json.dump({"theme": theme}, file)
    page = new_page(viewport=dict(width=1280, height=900))
    page.goto(address(name))
    page.wait_for_selector(".jp-Notebook .dl-kept, .jp-Notebook img", timeout=60_000)
    # JupyterLab's own noise, such as an extension that it asks PyPI for.
    page.on("close", lambda _: page.problems.clear())
    return page


def trusted(stored, lab):
    """Sign the notebook as a client does that has run it."""
    command = [sys.executable, "-m", "jupyter", "trust", str(stored)]
    subprocess.run(command, check=True, env=lab[1], capture_output=True)
    return stored.name


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_a_trusted_notebook_is_alive_when_it_is_opened(stored, lab, new_page, theme):
    page = opened(new_page, lab, trusted(stored, lab), theme)
    assert moves(page) == "The top is 3.0."
    assert page.get_by_text("Error displaying widget").count() == 0
    assert page.evaluate("location.hash") == ""
    paper = page.locator(".dl-live").evaluate(
        "e => getComputedStyle(e).backgroundColor"
    )
    light = min(int(part) for part in paper[4:-1].split(",")[:3]) > 127
    assert light == (theme == "JupyterLab Light")
    page.problems.clear()


def test_a_figure_learns_in_an_opened_notebook(stored, lab, new_page):
    book = nbformat.read(ROOT / "chapters" / "own_figure.ipynb", as_version=4)
    book.cells = [c for c in book.cells if "dl-kept" in str(c.get("outputs"))]
    copy = stored.with_name("learns.ipynb")
    nbformat.write(book, copy)
    page = opened(new_page, lab, trusted(copy, lab))
    figure = page.locator(".dl-kept .dl-live", has=page.locator(".dl-drive"))
    drive, count = figure.locator(".dl-drive"), figure.locator("[data-run=count]")
    drive.get_by_text("Restart").click()
    expect(count).to_have_text("0")
    drive.get_by_text("One step").click()
    expect(count).to_have_text("1")
    drive.get_by_text("Play").click()
    expect(count).to_have_text(re.compile(r"\d\d+"))
    page.problems.clear()


def test_an_untrusted_notebook_shows_the_picture(stored, lab, new_page):
    copy = stored.with_name("stranger.ipynb")
    text = stored.read_text("utf-8").replace("np.linspace(0, 6, 50)", "np.arange(9.0)")
    copy.write_text(text, "utf-8")
    page = opened(new_page, lab, copy.name)
    picture = page.locator(".jp-Notebook img")
    assert "The top is 2.0." in picture.get_attribute("alt")
    assert picture.evaluate("e => e.naturalWidth") > 300
    assert page.locator(".dl-live").count() == 0
    assert page.get_by_text("Error displaying widget").count() == 0
    page.problems.clear()


def test_an_edited_model_runs_anew(stored, lab, new_page):
    copy = stored.with_name("edited.ipynb")
    copy.write_text(stored.read_text("utf-8").replace("2 * a", "5 * a"), "utf-8")
    page = opened(new_page, lab, trusted(copy, lab))
    assert moves(page) == "The top is 3.0."
    page.get_by_text("| Idle").wait_for(timeout=60_000)
    page.get_by_role("menuitem", name="Run").first.click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).first.click()
    said = page.locator(".dl-kept .dl-readout", has_text="The top is 5.0.")
    said.wait_for(timeout=60_000)
    assert moves(page) == "The top is 7.5."
    widget = page.locator(".dl-widget")
    expect(widget).to_contain_text("The top is 5.0.")
    widget.locator(".noUi-handle").press("ArrowRight")
    expect(widget).to_contain_text("The top is 7.5.")
    page.problems.clear()
