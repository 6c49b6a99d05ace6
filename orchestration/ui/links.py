"""Where the UI leads: to pages, and to the files that an asset is made of.

Pages are those that `make dev` serves beside the UI: a browser opens no file from a page of a
server. Those of the suites are of the last run, published or not, so they are not served with
`make dashboards`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import dagster as dg

from dashboards.boards import BOARDS
from orchestration.project import CHECKS, ROOT, Settings


def page(address: str) -> dg.MetadataValue:
    """A link to a page of what is published, such as `boards/overview.html`."""
    return dg.MetadataValue.url(f"{Settings.from_environment().pages_url}/{address}")


def checks_page(address: str) -> dg.MetadataValue:
    """A link to a page of the suites' last run, whether it was published or not."""
    return page(f"{CHECKS}/{address}")


def boards_of(table: str) -> dict[str, dg.MetadataValue]:
    """A link to each board that shows a table, given as `schema.table`."""
    return {
        f"{board.name}_board": page(f"boards/{board.name}.html")
        for board in BOARDS
        if table in board.marts
    }


def written_in(*paths: Path) -> Mapping[str, dg.CodeReferencesMetadataValue]:
    """The files that make an asset, in the words that the UI opens them by."""
    return {
        "dagster/code_references": dg.CodeReferencesMetadataValue(
            code_references=[
                dg.LocalFileCodeReference(
                    file_path=str(path),
                    line_number=1,
                    label=str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else path.name,
                )
                for path in paths
            ]
        )
    }
