"""Would a build only make again what readers see already? Seen in a second, without Dagster."""

from __future__ import annotations

import duckdb

from orchestration import watermarks
from orchestration.defs.ingest.loader import has_news
from orchestration.defs.ingest.seeds import have_changed
from orchestration.fingerprint import fingerprint
from orchestration.project import Settings
from orchestration.publishing import PublishedBuild, current_build
from orchestration.warehouse import WarehouseError, connect


def published_already(settings: Settings) -> PublishedBuild | None:
    """The published build, when files, definitions, settings and code are those it was made of.

    None when something is new, and in doubt: nothing is published yet, the last build did not
    complete, or the warehouse is held or cannot be read.
    """
    published = current_build(settings)
    if published is None:
        return None
    try:
        with connect(settings, read_only=True, wait_seconds=0) as connection:
            last = watermarks.last(connection)
            is_same = (
                last is not None
                and last.load_id == watermarks.newest_load_id(connection)
                and not has_news(connection, settings)
                and not have_changed(connection, settings.seeds_dir)
                and fingerprint(settings, connection) == published.fingerprint
            )
    except (WarehouseError, duckdb.Error):
        return None
    return published if is_same else None
