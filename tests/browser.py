"""Headless Chromium, by its own DevTools protocol: what a page shows, says and asks for.

    with browser() as chromium:
        page = chromium.open(path, Size(390, 844), "lang=zh")
        page.evaluate("document.title")

It is offline: no name resolves, so it reaches this machine alone, and what a page asks of
anything but files is kept as a request.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SECONDS_TO_START = 60.0
SECONDS_TO_ANSWER = 60.0
MOST_POSTED = 1_000_000
_FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--hide-scrollbars", "--force-color-profile=srgb",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--remote-debugging-port=0",
    "--lang=en-US", "--no-proxy-server",
)  # fmt: skip


@dataclass(frozen=True)
class Size:
    """Of a screen, in CSS pixels."""

    width: int
    height: int


DESKTOP = Size(1366, 768)
PHONE = Size(390, 844)


@dataclass
class Page:
    """An open page. `problems` are errors of its console, `requests` what is not a file, `posted`
    what was sent with them: the address, and the text."""

    chromium: Chromium
    problems: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    posted: list[tuple[str, str]] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Was nothing else opened since?"""
        return self.chromium.page is self

    def evaluate(self, script: str) -> Any:
        """The value of an expression, awaited when it is a promise."""
        result = self.chromium.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in result:
            raise AssertionError(json.dumps(result["exceptionDetails"])[:2000])
        return result["result"].get("value")

    def wait_for(self, script: str, seconds: float = 20.0) -> None:
        """Wait until an expression holds; raise `AssertionError` when it does not come to.

        On its way to another address a page has no body, and then no context: not yet.
        """
        until = time.monotonic() + seconds
        while True:
            why: object = self.problems
            try:
                if self.evaluate(f"!!({script})"):
                    return
            except AssertionError as failure:
                why = failure
            if time.monotonic() > until:
                raise AssertionError(f"not within {seconds} s: {script}; {why}")
            time.sleep(0.05)

    def screenshot(self, path: Path, *, is_whole: bool = False) -> Path:
        """A PNG of the screen, or of the whole page."""
        settings: dict[str, Any] = {"format": "png", "captureBeyondViewport": is_whole}
        if is_whole:
            metrics = self.chromium.call("Page.getLayoutMetrics")["cssContentSize"]
            settings["clip"] = {**metrics, "x": 0, "y": 0, "scale": 1}
        answer = self.chromium.call("Page.captureScreenshot", **settings)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(answer["data"]))
        return path

    def note(self, event: dict[str, Any]) -> None:
        """Keep what an event of the protocol says of errors and requests."""
        method, said = event["method"], event["params"]
        if method == "Runtime.exceptionThrown":
            self.problems.append(json.dumps(said["exceptionDetails"])[:1000])
        elif method == "Runtime.consoleAPICalled" and said["type"] in ("error", "warning"):
            self.problems.append(json.dumps(said["args"])[:1000])
        elif method == "Log.entryAdded" and said["entry"]["level"] == "error":
            # When it is slow, Chromium asks for an icon before the page names one.
            if not said["entry"].get("url", "").endswith("/favicon.ico"):
                self.problems.append(json.dumps(said["entry"])[:1000])
        elif method in ("Network.requestWillBeSent", "Network.webSocketCreated"):
            url = said["request"]["url"] if "request" in said else said["url"]
            if not url.startswith(("file:", "data:", "about:", "blob:")):
                self.requests.append(url)
            if "postData" in said.get("request", {}):
                self.posted.append((url, said["request"]["postData"]))
        elif method == "Network.loadingFailed" and not said.get("canceled"):
            self.problems.append(json.dumps(said)[:1000])


class Chromium:
    """One browser with one tab."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._number = 0
        self._session: str | None = None
        self.page: Page | None = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")
        self.call("Network.enable", maxPostDataSize=MOST_POSTED)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A command of the protocol; its events on the way go to the page."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._connection.send(json.dumps(message))
        while True:
            answer = json.loads(self._connection.recv(timeout=SECONDS_TO_ANSWER))
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']}")
                return dict(answer["result"])
            if "method" in answer and self.page is not None:
                self.page.note(answer)

    def open(self, path: Path | str, size: Size = DESKTOP, fragment: str = "") -> Page:
        """Open a file or an address anew on a screen of this size, once its scripts are loaded."""
        self.call("Page.navigate", url="about:blank")
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=size.width, height=size.height, deviceScaleFactor=1,
            mobile=size.width < 600,
        )  # fmt: skip
        self.page = Page(self)
        address = path if isinstance(path, str) else path.absolute().as_uri()
        self.call("Page.navigate", url=address + (f"#{fragment}" if fragment else ""))
        self.page.wait_for(f"location.href.startsWith('{address}')")
        self.page.wait_for("document.readyState === 'complete'")
        return self.page


def executable() -> str | None:
    """Chromium's path; None where there is none."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@contextmanager
def browser() -> Iterator[Chromium]:
    """A browser of its own, with nothing kept from before; it ends with the block."""
    program = executable()
    if program is None:
        raise FileNotFoundError("Chromium is needed: apt-get install chromium")
    profile = Path(mkdtemp(prefix="yunying-chromium-"))
    process = subprocess.Popen(
        [program, *_FLAGS, f"--user-data-dir={profile}", "about:blank"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        # No pings: on a busy machine a browser that starts answers them late.
        with connect(
            _address(process, profile), max_size=None, close_timeout=1, ping_interval=None
        ) as connection:
            yield Chromium(connection)
            with suppress(ConnectionClosed, subprocess.TimeoutExpired):
                connection.send(json.dumps({"id": 0, "method": "Browser.close"}))
                process.wait(10)
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()
        shutil.rmtree(profile, ignore_errors=True)


def _address(process: subprocess.Popen[bytes], profile: Path) -> str:
    note = profile / "DevToolsActivePort"
    until = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < until and process.poll() is None:
        if note.exists() and len(lines := note.read_text(encoding="utf-8").split()) == 2:
            return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
        time.sleep(0.05)
    raise AssertionError(f"{process.args} did not start")
