"""Measure the built site as a reader far away meets it, page by page.

``python tests/bench_site.py`` builds the book twice, as it is and as Jupyter Book sets
up by default, serves both compressed on this machine, and loads each page cold in
Chromium at 10 Mbit/s with 40 ms of delay. It prints one table: transfer, requests,
first contentful paint, time until all figures answer, the same when a reader comes
back and the page is cached, layout shift, axe's serious findings in light, in dark and
320 pixels wide, and the other hosts that are asked, which are refused at once: what the
default setup would load from them, MathJax above all, is not in its figures.
"""

import argparse
import gzip
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import yaml
from playwright.sync_api import sync_playwright

from conftest import ARGUMENTS, ROOT
from dlbook.site.pdf import find_chromium
from test_site import faults

NETWORK = {"offline": False, "latency": 40}
NETWORK |= {"downloadThroughput": 1.25e6, "uploadThroughput": 1.25e6}
PACKED = {".html", ".css", ".js", ".svg", ".json", ".xml"}
OURS = ("dlbook.site",)

WATCH = """() => {
  self.shift = 0;
  new PerformanceObserver(list => list.getEntries().forEach(e => self.shift += e.value))
    .observe({type: "layout-shift", buffered: true});
  const look = () => {
    const asleep = document.querySelector("[data-wakes]:disabled");
    if (document.readyState !== "loading" && !asleep) self.live = performance.now();
    else requestAnimationFrame(look);
  };
  look();
}"""
#: How axe sees a page: the theme and the width of the window.
SEEN = (("light", 1280), ("dark", 1280), ("light", 320))
PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"


class Handler(SimpleHTTPRequestHandler):
    """Serve files compressed, as a web host does."""

    def log_message(self, *args):
        pass

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            return self.send_error(404)
        content = path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Cache-Control", "max-age=600")
        if path.suffix in PACKED:
            content = gzip.compress(content, 6)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def build(folder, default):
    """Build the book into a folder, by Jupyter Book's defaults if wanted."""
    source = folder / "source"
    (source / "chapters").mkdir(parents=True)
    for path in [*ROOT.glob("chapters/*.*"), ROOT / "_toc.yml"]:
        shutil.copy(path, source / path.relative_to(ROOT))
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    if default:
        sphinx = config["sphinx"]
        kept = [name for name in sphinx["extra_extensions"] if name not in OURS]
        sphinx["extra_extensions"] = kept
        sphinx["config"].pop("nb_ipywidgets_js", None)
    (source / "_config.yml").write_text(yaml.safe_dump(config), "utf-8")
    program = shutil.which("jupyter-book", path=sysconfig.get_path("scripts"))
    command = [program, "build", str(source), "--path-output", str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "_build" / "html"


def serve(site):
    """Serve a folder from a thread; return the address."""
    handler = partial(Handler, directory=str(site))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def serious(page):
    """Return how many elements axe finds at fault in earnest, in each of the looks."""
    found = []
    for theme, width in SEEN:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme)
        page.wait_for_timeout(500)
        found.append(len(faults(page)))
    return found


def load(browser, address, axe):
    """Load a page cold; return what was measured."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page, sent, other, inside = context.new_page(), [], [], set()
    link = context.new_cdp_session(page)
    link.send("Network.enable")
    link.send("Network.emulateNetworkConditions", NETWORK)

    def asked(event):
        url = urlsplit(event["request"]["url"])
        if url.scheme == "data":  # the font in the style sheet
            inside.add(event["requestId"])
        elif url.hostname not in ("127.0.0.1", None):  # resolved to nothing
            other.append(url.hostname)

    def loaded(event):
        if event["requestId"] not in inside:
            sent.append(event["encodedDataLength"])

    link.on("Network.requestWillBeSent", asked)
    link.on("Network.loadingFinished", loaded)

    page.add_init_script(f"({WATCH})()")
    page.goto(address, wait_until="load", timeout=120_000)
    page.wait_for_timeout(500)
    result = {
        "kB": sum(sent) / 1000,
        "requests": len(sent),
        "paint": page.evaluate(PAINT) or float("nan"),
        "live": page.evaluate("self.live"),
        "shift": page.evaluate("self.shift"),
        "hosts": len({*other}),
    }
    page.goto("about:blank")
    page.goto(address, wait_until="load")
    page.wait_for_timeout(300)
    result["again"] = page.evaluate("self.live")
    result["axe"] = serious(page) if axe else []
    context.close()
    return result


def measure(browser, site, name, runs):
    """Return the medians of several cold loads of a page."""
    address = f"{serve(site)}/{name}.html"
    loads = [load(browser, address, run == 0) for run in range(runs)]
    axe = loads[0].pop("axe")
    return {k: statistics.median(one[k] for one in loads) for k in loads[0]} | {
        "axe": axe
    }


def row(name, m):
    return (
        f"{name:34} {m['kB']:7.0f} {m['requests']:5.0f} {m['paint'] / 1000:6.2f} "
        f"{m['live'] / 1000:6.2f} {m['again'] / 1000:7.2f} {m['shift']:6.3f} "
        f"{'/'.join(map(str, m['axe'])):>11} {m['hosts']:5.0f}"
    )


def main():
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="cold loads of each page")
    parser.add_argument("--pages", nargs="*", help="pages instead of all of the book")
    parser.add_argument("--site", type=Path, help="a built site instead of a new one")
    parser.add_argument("--default", type=Path, help="the same of the default setup")
    options = parser.parse_args()
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    pages = [entry["file"] for part in toc["parts"] for entry in part["chapters"]]
    pages = options.pages or [toc["root"], *pages, "index", "genindex", "search"]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        ours = options.site or build(Path(folder, "ours"), default=False)
        theirs = options.default or build(Path(folder, "default"), default=True)
        browser = driver.chromium.launch(
            executable_path=find_chromium(), args=[*ARGUMENTS], chromium_sandbox=False
        )
        print(
            f"{'page':34} {'kB':>7} {'requ.':>5} {'FCP s':>6} {'live s':>6} "
            f"{'again s':>7} {'CLS':>6} {'axe':>11} {'hosts':>5}"
        )
        for name in pages:
            print(row(name, measure(browser, ours, name, options.runs)), flush=True)
            print(
                row(
                    "  Jupyter Book's defaults",
                    measure(browser, theirs, name, options.runs),
                ),
                flush=True,
            )
        browser.close()


if __name__ == "__main__":
    sys.exit(main())
