"""Would a build only make again what readers see already? Seen in a second, without Dagster."""

from __future__ import annotations

import duckdb

from orchestration.ingest.loader import has_news
from orchestration.ingest.seeds import have_changed
from orchestration.project import Settings
from orchestration.publish.builds import PublishedBuild, current_build, rolled_back_builds
from orchestration.store import watermarks
from orchestration.store.warehouse import WarehouseError, connect
from orchestration.transform.fingerprint import fingerprint


def published_already(settings: Settings) -> PublishedBuild | None:
    """The published build, when a build would make nothing that is new to readers.

    Files, definitions, settings and code are those that it was made of, or those of a build that
    readers were taken back from: it comes back when somebody asks for it, not by itself. None
    when something is new, and in doubt: nothing is published yet, the last build did not
    complete, or the warehouse is held or cannot be read.
    """
    published = current_build(settings)
    if published is None:
        return None
    seen = {published.fingerprint, *(b.fingerprint for b in rolled_back_builds(settings))}
    try:
        with connect(settings, read_only=True, wait_seconds=0) as connection:
            last = watermarks.last(connection)
            is_same = (
                last is not None
                and last.load_id == watermarks.newest_load_id(connection)
                and not has_news(connection, settings)
                and not have_changed(connection, settings.seeds_dir)
                and fingerprint(settings, connection) in seen
            )
    except (WarehouseError, duckdb.Error):
        return None
    return published if is_same else None


def nothing_new(settings: Settings, published: PublishedBuild) -> str:
    """Why there is no build to make, in words."""
    rolled_back = rolled_back_builds(settings)
    if not rolled_back:
        return f"nothing is new: readers see it already, as build {published.build_id}"
    return (
        f"nothing is new since build {rolled_back[-1].build_id}, from which readers were taken "
        f"back to {published.build_id}: they keep that. `make build AGAIN=1` builds all the same"
    )
