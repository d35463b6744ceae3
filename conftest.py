"""What the tests share: one thread a process, a browser, and the book built once.

A browser test asks for ``new_page`` or ``page`` and for ``built_site``. Nothing but
the files of the site and this machine can be reached; an error on the console, a
failed request or a request to another host fails the test when it ends.
"""

import gc
import json
import os
import shutil
import subprocess
import sysconfig
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from filelock import FileLock
from hypothesis import settings
from nbval.plugin import IPyNbCell

from closeness import comparable
from dlbook.live.loops import VIEW

# Before NumPy is imported: workers with threads of their own slow each other down.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

# What is started from here keeps its memory: glibc returns arrays above 128 kB to the
# system, and to fault the next one in costs a training a tenth of its time.
for _name in ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"):
    os.environ.setdefault(_name, str(2**30))

# Whatever imports nbformat, and so jsonschema, would spend a second in each process on
# a grammar of addresses, which no schema of a notebook asks for: this folder refuses.
_paths = [str(Path(__file__).resolve().parent / "tests" / "unread")]
_paths += filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(_paths))

# Where Matplotlib cannot write it says so, and that it looks for fonts: here, once, and
# not in each notebook, for the folder that it takes then is known to all it starts.
import matplotlib.font_manager  # noqa: E402, F401

# The same cases in every run, however busy the machine is.
settings.register_profile("book", deadline=None, derandomize=True)
settings.load_profile("book")

ROOT = Path(__file__).resolve().parent
#: They hold no test, and load other libraries.
collect_ignore_glob = ["tests/bench_*.py", "tests/contenders.py", "tests/unread/*"]
#: Tests that take long without asking for anything that does.
LONG = {
    "test_answers.py",
    "test_changes.py",
    "test_claims.py",
    "test_clients.py",
    "test_compiler_javascript.py",
    "test_compiler_package.py",
    "test_evaluate.py",
    "test_exports.py",
    "test_figures.py",
    "test_notebooks.py",
    "test_numbers.py",
    "test_oracles.py",
    "test_processors.py",
    "test_project.py",
    "test_runs.py",
    "test_site_build.py",
    "test_steps.py",
    "test_worked.py",
}
#: Tests that are shared out by their parameter, such as a page, and not by their file.
PARTED = {
    "test_figures.py",
    "test_processors.py",
    "test_site.py",
    "test_site_figures.py",
}
#: Seconds that a cell of a notebook may compute without showing how far it is.
LONGEST = 4
PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


def pytest_configure(config):
    """Let nbval find its patterns from any folder."""
    config.option.nbval_sanitize_with = str(ROOT / "tests" / "nbval.cfg")


def pytest_xdist_auto_num_workers(config):
    """Run named tests in one process, and the whole suite in one more than processors.

    Workers wait, for a browser's frame or for a kernel that starts.
    """
    if config.args_source is config.ArgsSource.TESTPATHS:
        return 1 + max(2, os.cpu_count() or 2)
    config.option.dist = "no"
    return 0


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Begin with what takes longest, and mark what is quick.

    Then no worker is left alone at the end, and ``-m quick`` leaves out notebooks, the
    build, browsers, whole chapters and other libraries. While the first worker builds
    the book for its engines, the others have what needs no book.
    """

    def turn(item):
        first = ("test_engines.py", "test_processors.py")
        if item.path.name in first:
            return first.index(item.path.name)
        return 2 if item.path.suffix == ".ipynb" else 3 + (item.path.name not in PARTED)

    items.sort(key=turn)
    for item in items:
        slow = {"book_build", "browser", "chapter", "playwright", "torch"}
        kept = item.path.suffix == ".py" and item.path.name not in LONG
        if kept and not slow & set(getattr(item, "fixturenames", ())):
            item.add_marker("quick")


def pytest_collection_finish():
    """Take the tests themselves out of each collection of garbage."""
    gc.freeze()


def pytest_xdist_make_scheduler(config, log):
    """Give a worker a whole file; of those in `PARTED`, the tests of one parameter."""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduler(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            path, _, test = nodeid.partition("::")
            return path + (test.partition("[")[2] if Path(path).name in PARTED else "")

    config.option.loadscopereorder = False
    return Scheduler(config, log)


_runtest = IPyNbCell.runtest


def _timed(cell):
    """Run a cell of a notebook; what computes long shows how far it is.

    The bound is two seconds of processor time on a quiet machine of today: twice that
    is allowed here, for others are slower.
    """
    kernel = psutil.Process(cell.parent.kernel.km.provisioner.pid)
    before = sum(kernel.cpu_times()[:2])
    _runtest(cell)
    spent = sum(kernel.cpu_times()[:2]) - before
    told = any(VIEW in output.get("data", ()) for output in cell.test_outputs)
    assert spent < LONGEST or told, f"{spent:.1f} s without dlbook.live.progress"


IPyNbCell.runtest = _timed
_sanitize = IPyNbCell.sanitize
IPyNbCell.sanitize = lambda cell, output: comparable(
    output,
    lambda text: _sanitize(cell, text),
    "rounding" in cell.cell.metadata.get("tags", ()),
)


@pytest.fixture(scope="session")
def root():
    """The project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def torch():
    """PyTorch on one thread, an oracle; without it a test is skipped, but not in CI."""
    try:
        import torch
    except ImportError:
        reason = "needs PyTorch: pip install -r tests/requirements-torch.txt"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    torch.set_num_threads(1)
    return torch


@pytest.fixture(scope="module")
def playwright():
    """Playwright's driver; it ends with the module, for its event loop blocks others"""
    api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    with api.sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="module")
def chromium(playwright):
    """The browser's program: CHROMIUM, one on the path, or playwright's own."""
    own = playwright.chromium.executable_path
    candidates = (
        os.environ.get("CHROMIUM"),
        *map(shutil.which, PROGRAMS),
        *PLACES,
        own,
    )
    for candidate in candidates:
        if candidate and Path(candidate).exists():
            return candidate
    reason = "no Chromium: install it, or name its program in CHROMIUM"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def browser(playwright, chromium):
    """A headless browser that knows no host but this machine."""
    browser = playwright.chromium.launch(
        executable_path=chromium, args=[*ARGUMENTS], chromium_sandbox=False
    )
    yield browser
    browser.close()


@pytest.fixture
def new_page(browser):
    """Open pages: ``new_page(**context_options)``; ``page.problems`` lists faults.

    The list must be empty when the test ends. A test that provokes a fault looks at
    it and clears the list.
    """
    contexts, problems = [], []

    def open_page(**options):
        contexts.append(browser.new_context(**options))
        page = watched(contexts[-1])
        problems.append(page.problems)
        return page

    yield open_page
    for context in contexts:
        context.close()
    found = [problem for listed in problems for problem in listed]
    assert not found, "\n".join(found)


@pytest.fixture(scope="module")
def tab(browser):
    """What the ``page`` of one test after the other is loaded into."""
    context = browser.new_context()
    yield watched(context)
    context.close()


@pytest.fixture
def page(tab):
    """One page of a desktop's size; nothing is kept of that of the test before."""
    tab.set_viewport_size({"width": 1280, "height": 900})
    tab.emulate_media(media="null", color_scheme="null", reduced_motion="null")
    yield tab
    if tab.url.startswith("file:"):
        tab.evaluate("localStorage.clear(); sessionStorage.clear()")
    tab.goto("about:blank")
    tab.mouse.move(0, 0)
    found, tab.problems[:] = [*tab.problems], []
    assert not found, "\n".join(found)


@pytest.fixture(scope="module")
def kept_page(name, browser, built_site):
    """The page of a test's parameter ``name``, as the test before has left it."""
    context = browser.new_context()
    page = watched(context)
    page.goto((built_site / f"{name}.html").as_uri())
    yield page
    context.close()


@pytest.fixture
def visited(kept_page):
    """The same at a desktop's size and in light, loaded once for a module's tests."""
    kept_page.set_viewport_size({"width": 1280, "height": 900})
    kept_page.emulate_media(media="screen", color_scheme="light")
    yield kept_page
    found, kept_page.problems[:] = [*kept_page.problems], []
    assert not found, "\n".join(found)


def watched(context):
    """Open a page that is refused other hosts, and note every fault it tells of."""
    page = context.new_page()
    page.problems = []

    def guard(route):
        url = urlsplit(route.request.url)
        if url.scheme in ("http", "https") and url.hostname not in (
            "127.0.0.1",
            "localhost",
        ):
            page.problems.append(f"request to another host: {route.request.url}")
            route.abort()
        else:
            route.continue_()

    def on_console(message):
        if message.type == "error":
            place = message.location.get("url", "")
            page.problems.append(f"console: {message.text} ({place})")

    def on_response(response):
        if response.status >= 400:
            page.problems.append(f"status {response.status}: {response.url}")

    def on_failure(request):
        # A page that is left, by its reader or by itself, gives up what it still loads.
        if "ERR_ABORTED" not in request.failure:
            page.problems.append(f"request failed: {request.url} ({request.failure})")

    context.route("**/*", guard)
    page.on("console", on_console)
    page.on("pageerror", lambda error: page.problems.append(f"exception: {error}"))
    page.on("response", on_response)
    page.on("requestfailed", on_failure)
    return page


def build_book(output, *arguments):
    """Build the book into ``output``; return the exit code and what was printed."""
    program = shutil.which("jupyter-book", path=sysconfig.get_path("scripts"))
    command = [program, "build", str(ROOT)]
    command += ["-n", "-W", "--keep-going", "--path-output", str(output), *arguments]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "NO_COLOR": "1", "PYTHONUTF8": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    return done.returncode, done.stdout


@pytest.fixture(scope="session")
def book_build(tmp_path_factory):
    """The book built twice in a row, once for all workers: folder, codes, prints."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    output, record = base / "the book", base / "book.json"
    with FileLock(base / "book.lock"):
        if not record.exists():
            runs = [build_book(output), build_book(output)]
            record.write_text(json.dumps(runs), encoding="utf-8")
    return output / "_build" / "html", json.loads(record.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def built_site(book_build):
    """The folder of the built HTML; a test that needs it fails if the build failed."""
    html, runs = book_build
    for code, printed in runs:
        assert code == 0, printed[-6000:]
    return html
