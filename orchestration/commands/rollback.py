"""`make rollback` and `make builds`: take readers back to a kept build, at once; list them.

It opens no warehouse and waits for no build: one symlink changes. What stands in the warehouse
stays. A build that readers were taken back from is not published again by itself: readers keep
the older one until something new is built, or `make build AGAIN=1`. Where PostgreSQL or a bucket
serves the tables too, it is filled with that build afterwards: the files go back whether it answers
or not.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from orchestration.commands.serve import serve_current
from orchestration.project import Settings, SettingsError
from orchestration.publish.builds import (
    DATABASE,
    PublishedBuild,
    builds_dir,
    current_build,
    kept_builds,
    publish_lock,
    rolled_back_builds,
    show,
)
from orchestration.publish.postgres import ServingError
from orchestration.store.lock import holder


class RollbackError(ValueError):
    """Readers cannot be taken there; the message says why."""


def rollback(settings: Settings, build_id: str | None = None) -> PublishedBuild:
    """Show readers the build before the current one, or the kept one that is named.

    The build before is the one that readers saw when the current one came, else the next older
    one. Raises `RollbackError` when there is none, it is not kept, it is current already, or an
    erasure lies between.
    """
    with publish_lock(settings):
        kept = {build.build_id: build for build in kept_builds(settings)}
        current = current_build(settings)
        if current is None:
            raise RollbackError(f"Nothing is published in {settings.publish_dir} yet.")
        target = kept.get(build_id) if build_id else _before(current, kept)
        if target is None:
            raise RollbackError(_no_target(current, build_id, kept))
        if target.build_id == current.build_id:
            raise RollbackError(f"Readers see build {target.build_id} already.")
        newest_epoch = max(build.erasure_epoch for build in (*kept.values(), current))
        if target.erasure_epoch < newest_epoch:
            raise RollbackError(
                f"Build {target.build_id} is from before an erasure: it holds people who asked "
                "to be forgotten. The next build removes it."
            )
        if not (builds_dir(settings) / target.build_id / DATABASE).exists():
            raise RollbackError(f"Build {target.build_id} is not whole: its file is missing.")
        show(settings, target.build_id)
    return target


def _before(current: PublishedBuild, kept: dict[str, PublishedBuild]) -> PublishedBuild | None:
    if current.previous_build_id in kept:
        return kept[current.previous_build_id]
    older = [build_id for build_id in kept if build_id < current.build_id]
    return kept[max(older)] if older else None


def _no_target(
    current: PublishedBuild, build_id: str | None, kept: dict[str, PublishedBuild]
) -> str:
    if build_id:
        return f"Build {build_id} is not kept. Kept are: {', '.join(kept)}."
    return (
        f"There is no build before {current.build_id}: it is the oldest that is kept. How many "
        "are kept, says YUNYING_BUILDS_KEPT."
    )


def told(settings: Settings, left: PublishedBuild, target: PublishedBuild) -> str:
    """What a rollback did, and what comes next."""
    lines = [
        f"Readers see build {target.build_id} now (built at {target.built_at} UTC, data through "
        f"{target.data_through_at or 'no data'}), in place of {left.build_id}.",
        "They keep it until something new is built. To publish what is in the warehouse all the "
        "same: make build AGAIN=1",
        f"To undo this: make rollback BUILD={left.build_id}",
    ]
    running = holder(settings)
    if running:
        lines.append(f"A build is running ({running}): if it passes, readers will see that one.")
    return "\n".join(lines)


def listed(settings: Settings) -> str:
    """The kept builds, newest first, as a table for a person."""
    current = current_build(settings)
    rolled_back = {build.build_id for build in rolled_back_builds(settings)}
    builds = kept_builds(settings)
    if current is None or not builds:
        return f"Nothing is published in {settings.publish_dir} yet. Run `make build` first."
    lines = [f"  {'build':<24}{'built at (UTC)':<21}{'data through (UTC)':<28}{'rows':>13}"]
    for build in reversed(builds):
        mark, note = " ", ""
        if build.build_id == current.build_id:
            mark, note = "*", "  readers see this one"
        elif build.build_id in rolled_back:
            note = "  rolled back"
        rows = sum(build.row_counts.values())
        lines.append(
            f"{mark} {build.build_id:<24}{build.built_at:<21}"
            f"{build.data_through_at or 'no data':<28}{rows:>13,}{note}"
        )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0: done. 1: refused, or what serves too stays. 2: a setting cannot be used."""
    parser = argparse.ArgumentParser(
        prog="python -m orchestration.commands.rollback", description=__doc__
    )
    parser.add_argument("build", nargs="?", default="", help="a kept build; none: the one before")
    parser.add_argument("--list", action="store_true", help="list the kept builds, change nothing")
    chosen = parser.parse_args(arguments)
    try:
        settings = Settings.from_environment()
        if chosen.list:
            print(listed(settings))
            return 0
        left = current_build(settings)
        target = rollback(settings, chosen.build.strip() or None)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except RollbackError as error:
        print(error, file=sys.stderr)
        return 1
    if left is not None:
        print(told(settings, left, target))
    try:
        serve_current(settings, print)
    except ServingError as error:
        print(f"{error} To try that again: make serve", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
