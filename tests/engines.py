"""Two more browsers for the tests: Debian's Firefox, and WebKit as in Safari.

Playwright drives its own builds of them only. Firefox itself speaks WebDriver BiDi over
a socket; WebKit has a driver that speaks WebDriver over HTTP and needs a display.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.request import Request, urlopen

import websocket

__all__ = ["ENGINES", "Firefox", "WebKit"]

SECONDS = 60
PREFERENCES = (
    ("datareporting.policy.dataSubmissionEnabled", False),
    ("layout.css.devPixelsPerPx", "1"),
    ("network.proxy.type", 0),
    ("remote.active-protocols", 1),
    ("security.fileuri.strict_origin_policy", False),
    ("toolkit.telemetry.enabled", False),
    ("ui.prefersReducedMotion", 1),
)
#: Notes what a page that is loaded tells its console of errors.
LISTEN = """(() => {
  self.problems = [];
  addEventListener("error", event => problems.push(event.message));
  addEventListener("unhandledrejection", event => problems.push(String(event.reason)));
  addEventListener("securitypolicyviolation", event => problems.push(event.blockedURI));
  console.error = (...words) => problems.push(words.join(" "));
})()"""


class Browser:
    """A program in a folder of its own: ``open``, ``evaluate``, and ``problems``."""

    needed = ()

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.log = Path(self.folder.name, "log")
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    @classmethod
    def missing(cls):
        """Return the names of programs that are not there."""
        return [names[0] for names in cls.needed if not any(map(shutil.which, names))]

    def touch(self, start, end):
        """Draw a finger from one point of the window to another."""
        with self.finger(start, end):
            pass

    @contextmanager
    def finger(self, start, end):
        """Draw a finger to a point, give what draws it on, and lift it in the end."""
        finger = {"type": "pointer", "id": "finger"}
        finger["parameters"] = {"pointerType": "touch"}
        down, up = ({"type": f"pointer{what}", "button": 0} for what in ("Down", "Up"))

        def to(x, y, *more):
            move = {"type": "pointerMove", "duration": 50, "x": x, "y": y}
            self.act([finger | {"actions": [move, *more]}])

        to(*start, down)
        to((start[0] + end[0]) // 2, (start[1] + end[1]) // 2)
        to(*end)
        try:
            yield to
        finally:
            self.act([finger | {"actions": [up]}])

    def run(self, *command, **environment):
        """Start a program that writes into the log."""
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, "HOME": self.folder.name, **environment},
            )

    def close(self):
        """End the program and all that it started."""
        if process := getattr(self, "process", None):
            os.killpg(process.pid, 15)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                process.wait()
        self.folder.cleanup()

    def until(self, found):
        """Return what the function returns, as soon as it is something."""
        end = time.monotonic() + SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            if result := found():
                return result
            time.sleep(0.02)
        raise TimeoutError(self.log.read_text(errors="replace")[-2000:])


class Firefox(Browser):
    """Firefox, driven by WebDriver BiDi."""

    needed = (("firefox-esr", "firefox"),)

    def start(self):
        """Start it with nothing but one empty page."""
        lines = [f'user_pref("{name}", {json.dumps(v)});' for name, v in PREFERENCES]
        Path(self.folder.name, "user.js").write_text("\n".join(lines))
        self.run(
            next(filter(None, map(shutil.which, self.needed[0]))),
            *("--headless", "--no-remote", "--remote-debugging-port=0"),
            *("--width=1280", "--height=900", "--profile", self.folder.name),
        )
        line = r"WebDriver BiDi listening on (ws://\S+)"
        url = self.until(lambda: re.search(line, self.log.read_text(errors="replace")))
        self.socket = websocket.create_connection(
            f"{url[1]}/session", timeout=SECONDS, suppress_origin=True
        )
        self.sent, self.problems = 0, []
        self.ask("session.new", capabilities={})
        self.ask("session.subscribe", events=["log.entryAdded"])
        self.tab = self.ask("browsingContext.getTree")["contexts"][0]["context"]

    def ask(self, method, **params):
        """Send a command, and return its result; note what the console says."""
        self.sent += 1
        told = {"id": self.sent, "method": method, "params": params}
        self.socket.send(json.dumps(told))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("method") == "log.entryAdded":
                entry = answer["params"]
                if entry["level"] == "error":
                    self.problems.append(entry["text"])
            elif answer.get("id") == self.sent:
                if answer["type"] == "error":
                    raise RuntimeError(f"{method}: {answer['message']}")
                return answer["result"]

    def open(self, url):
        """Load a page in full, and listen to it alone.

        The driver's own waiting ends too early where the page that is left makes an
        entry in its history just then, as a figure does after it was moved.
        """
        self.evaluate("(self.left = true)")
        self.problems.clear()
        self.ask("browsingContext.navigate", context=self.tab, url=url, wait="complete")
        here = f"!self.left && location.href.startsWith({json.dumps(url)})"
        loaded = f"{here} && document.readyState === 'complete'"

        def arrived():
            with suppress(RuntimeError):  # a page that goes away has no answer
                return self.evaluate(loaded)

        self.until(arrived)

    def close(self):
        """Hang up, and end the program."""
        if hasattr(self, "socket"):
            self.socket.close()
        super().close()

    def act(self, actions):
        """Do what a hand does."""
        self.ask("input.performActions", context=self.tab, actions=actions)

    def evaluate(self, expression):
        """Return the value of JavaScript, awaited."""
        answer = self.ask(
            "script.evaluate",
            expression=f"(async () => JSON.stringify(await {expression}))()",
            target={"context": self.tab},
            awaitPromise=True,
        )
        if answer["type"] == "exception":
            raise RuntimeError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"].get("value", "null"))


class WebKit(Browser):
    """WebKitGTK's small browser, driven by WebDriver."""

    needed = (("WebKitWebDriver",), ("xvfb-run",))

    def start(self):
        """Start it under a display that nobody sees."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.run(
            *("xvfb-run", "--auto-servernum", "--server-args=-screen 0 1280x1024x24"),
            *("WebKitWebDriver", f"--port={self.port}"),
            WEBKIT_DISABLE_COMPOSITING_MODE="1",
        )
        self.path = ""
        self.until(self.ready)
        *_, browser = sorted(Path("/usr/lib").glob("*/webkit2gtk-*/MiniBrowser"))
        options = {"binary": str(browser), "args": ["--automation"]}
        wanted = {"alwaysMatch": {"webkitgtk:browserOptions": options}}
        answer = self.ask("POST", "", capabilities=wanted)
        self.path = "/" + answer["sessionId"]
        limits = {"script": 1000 * SECONDS, "pageLoad": 1000 * SECONDS}
        self.ask("POST", "/timeouts", **limits)

    def ready(self):
        """Whether the driver listens."""
        with socket.socket() as tried:
            return tried.connect_ex(("127.0.0.1", self.port)) == 0

    def ask(self, method, path, **body):
        """Send a command, and return its value."""
        url = f"http://127.0.0.1:{self.port}/session{self.path}{path}"
        data = json.dumps(body).encode() if method == "POST" else None
        with urlopen(Request(url, data, method=method), timeout=2 * SECONDS) as answer:
            return json.load(answer)["value"]

    def open(self, url):
        """Load a page in full, and listen from then on."""
        self.ask("POST", "/url", url=url)
        self.evaluate(LISTEN)

    def act(self, actions):
        """Do what a hand does."""
        self.ask("POST", "/actions", actions=actions)

    def evaluate(self, expression):
        """Return the value of JavaScript, awaited."""
        script = (
            "const done = arguments[arguments.length - 1];"
            f"(async () => {expression})().then(v => done([v]), e => done(String(e)));"
        )
        answer = self.ask("POST", "/execute/async", script=script, args=[])
        if isinstance(answer, str):
            raise RuntimeError(answer)
        return answer[0]

    @property
    def problems(self):
        """Return the errors since the page was loaded; the driver tells of none."""
        return self.evaluate("self.problems")

    def close(self):
        """End the session first, for the browser is a child of the driver."""
        if getattr(self, "path", ""):
            self.ask("DELETE", "")
        super().close()


ENGINES = {"firefox": Firefox, "webkit": WebKit}
