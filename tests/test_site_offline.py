"""The built site on a server, and what a reader keeps of it when the server is gone."""

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from dlbook.site.offline import kept
from test_site import CHAPTERS, PAGES
from test_site_figures import AWAKE

READY = """async () => {
  for (let k = 0; k < 600; k++) {
    const found = await navigator.serviceWorker.getRegistration();
    if (found?.active?.state === "activated") return true;
    await new Promise(done => setTimeout(done, 50));
  }
  return false;
}"""


#: Asks for pages and all that they load; lists what does not come, and counts the rest.
LACKING = """async pages => {
  const lost = [], found = new Set();
  const get = url => fetch(url).then(answer => answer.text()).catch(() => "");
  const loads = "script[src], img[src], link:is([rel=stylesheet], [rel=icon])";
  for (const url of pages) {
    const html = await get(url);
    if (!html) lost.push(url);
    const page = new DOMParser().parseFromString(html, "text/html");
    for (const e of page.querySelectorAll(loads))
      found.add(new URL(e.getAttribute("src") || e.getAttribute("href"), url).href);
  }
  for (const url of found) if (!await get(url)) lost.push(url);
  return [lost, found.size - lost.length];
}"""


class Quiet(SimpleHTTPRequestHandler):
    """A server of files that keeps no record."""

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def served(built_site):
    """The site's address on this machine, and how to end the server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=built_site))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", server
    server.shutdown()
    server.server_close()


@pytest.fixture
def free(browser):
    """A page whose requests nobody else takes before the worker does."""
    with browser.new_context() as context:
        page = context.new_page()
        errors = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page
    assert errors == []


def test_a_reader_who_opened_one_page_has_the_whole_book_offline(free, served):
    (url, server), page = served, free
    page.goto(f"{url}{CHAPTERS[-1]}.html")
    assert page.evaluate(READY)
    server.shutdown()
    server.server_close()
    lost, found = page.evaluate(LACKING, [f"{url}{name}.html" for name in PAGES])
    assert lost == [] and found > len(PAGES) / 2
    for address in (url, f"{url}{CHAPTERS[0]}.html"):
        page.goto(address)
        page.wait_for_function(AWAKE)
        assert page.url == address
        assert page.locator("h1").count() == 1
        assert page.locator(".dl-live").count()
    page.goto(f"{url}search.html?q=perceptron")
    page.wait_for_selector("#search-results li a")


def test_a_page_on_the_network_is_the_networks(free, served, built_site):
    (url, _), page = served, free
    page.goto(url)
    assert page.evaluate(READY)
    page.reload()
    path = built_site / "chapters" / "speed.html"
    text = path.read_text("utf-8")
    try:
        path.write_text(text.replace("<h1>", "<h1>New: "), "utf-8")
        page.goto(f"{url}chapters/speed.html?now")  # no browser has that
        assert page.locator("h1").inner_text().startswith("New: ")
    finally:
        path.write_text(text, "utf-8")


def test_a_term_shows_its_meaning_from_another_page(page, served):
    url, _ = served
    page.goto(f"{url}chapters/07_vae.html")
    for target in ("glossary.html#term", "references.html#id"):
        page.locator(f'article a[href*="{target}"]').first.hover()
        page.locator(".preview").wait_for(state="visible")
        assert len(page.locator(".preview").inner_text()) > 40
        page.keyboard.press("Escape")


def test_the_disk_needs_no_worker(page, built_site):
    page.goto((built_site / "index.html").as_uri())
    assert page.evaluate("navigator.serviceWorker?.controller ?? null") is None


def test_the_list_of_what_is_kept_changes_with_a_file(tmp_path):
    (tmp_path / "_sources").mkdir()
    for name in ("a.html", "b.txt", "_sources/c.html", "sw.js"):
        (tmp_path / name).write_text("a", "utf-8")
    first = kept(tmp_path)
    assert [*first] == ["a.html"]
    (tmp_path / "a.html").write_text("b", "utf-8")
    assert kept(tmp_path) != first
