"""`make screenshots`: a few pictures of what is published, for the READMEs."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from orchestration.project import ROOT, Settings
from tests.browser import DESKTOP, PHONE, Page, Size, browser

IMAGES = ROOT / "docs" / "images"
# Tall enough for the heat map below the curves.
TALL = Size(DESKTOP.width, 1150)
SHOWN = (
    ("overview", "en", DESKTOP, "overview.png"),
    ("retention", "en", TALL, "retention.png"),
    ("overview", "zh", DESKTOP, "overview.zh-CN.png"),
    ("retention", "zh", TALL, "retention.zh-CN.png"),
    ("funnels", "en", PHONE, "funnels-phone.png"),
    ("funnels", "zh", PHONE, "funnels-phone.zh-CN.png"),
)
SECONDS_TO_DRAW = 1.5


def main(folder: Path = IMAGES) -> int:
    """Take them from the pages that readers see; return 1 where there are none."""
    boards = Settings.from_environment().publish_dir / "boards"
    if not boards.exists():
        print("nothing is published yet: run `make run`", file=sys.stderr)
        return 1
    with browser() as chromium:
        for name, language, size, file in SHOWN:
            page: Page = chromium.open(boards / f"{name}.html", size, f"lang={language}")
            page.wait_for("document.documentElement.dataset.drawn")
            time.sleep(SECONDS_TO_DRAW)
            print(page.screenshot(folder / file))
    return 0


if __name__ == "__main__":
    sys.exit(main())
