"""`make dev` as people see it: started on ports of its own, and opened in a browser."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

from orchestration.project import ROOT
from tests.browser import Chromium, Page, Size

SECONDS_TO_START = 300.0
LARGE = Size(1500, 1600)


@dataclass(frozen=True)
class Ui:
    """Addresses of a UI that runs: its own, and that of the pages beside it."""

    address: str
    pages: str

    def asset(self, chromium: Chromium, key: str, **view: str) -> Page:
        """An asset's page, once it shows what is chosen."""
        page = chromium.open(f"{self.address}/assets/{key}?{urlencode(view)}", LARGE)
        shows(page, view.get("checkDetail", key.rpartition("/")[2]))
        return page


def shows(page: Page, text: str) -> None:
    """Wait until a text stands on the page."""
    page.wait_for(f"document.body.innerText.includes({text!r})", SECONDS_TO_START)


def click(page: Page, text: str) -> None:
    """Click the first of the innermost elements whose text is this."""
    found = f"""[...document.querySelectorAll('body *')].find((one) =>
        one.textContent.trim() === {text!r}
        && ![...one.children].some((part) => part.textContent.trim() === {text!r}))"""
    page.wait_for(found)
    page.evaluate(f"{found}.click()")


def links(page: Page, beginning: str) -> list[str]:
    """Where the page leads, of the addresses that begin so."""
    found = page.evaluate("[...document.querySelectorAll('a[href]')].map((one) => one.href)")
    return sorted({link for link in found if link.startswith(beginning)})


@contextmanager
def running_ui(environment: Mapping[str, str]) -> Iterator[Ui]:
    """Dagster's UI, and its pages where `YUNYING_PAGES_URL` says, as `make dev` starts them."""
    port = free_port()
    ui = Ui(f"http://127.0.0.1:{port}", environment["YUNYING_PAGES_URL"])
    process = subprocess.Popen(
        [sys.executable, "-m", "orchestration.commands.dev", "--port", str(port)],
        cwd=ROOT,
        env={**environment, "YUNYING_UI_URL": ui.address},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + SECONDS_TO_START
        while not _answers(f"{ui.address}/server_info"):
            assert process.poll() is None, f"make dev ended with {process.returncode}"
            assert time.monotonic() < until, "make dev does not answer"
            time.sleep(0.2)
        yield ui
    finally:
        process.terminate()
        process.wait(60)


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _answers(address: str) -> bool:
    with suppress(URLError, ConnectionError), urlopen(address, timeout=5) as answer:
        return bool(answer.status == 200)
    return False
