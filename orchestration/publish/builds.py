"""The builds that are kept for readers: which there are, which one they see, and the swap.

Every build is a folder of `$YUNYING_PUBLISH_DIR/builds`, whole and never changed. `current` is a
symlink to one of them. Whoever moves it holds the publish lock, for milliseconds: a rollback
waits for no build, and none is published in its midst.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path

from dashboards.site import PAGES
from orchestration.project import Settings
from orchestration.publish.audience_files import AUDIENCES

DATABASE = "yunying.duckdb"
_LINKS = (DATABASE, "parquet", AUDIENCES, "data_docs", "build.json", *PAGES)
_UNFINISHED = ".unfinished-"
_SYNCS_AT_A_TIME = 8
# Stands in the folder of a build that readers were taken back from.
_ROLLED_BACK = ".rolled_back"


@dataclass(frozen=True)
class PublishedBuild:
    """What was published: the content of `build.json`, and of the table `build` in the file.

    `built_at` and `data_through_at` are UTC; `data_through_at` is None on an empty warehouse.
    `row_counts` is by `schema.table`. `fingerprint` says what it was made of, `made_of` the same
    by part, `load_id` the newest load in it. `previous_build_id` is the build that readers saw
    before; `erasure_epoch` the number of erasures that were complete; `restated_value_count` how
    many ripe values were others before; `ids_hashed_with` tells one key of ids from another.
    """

    build_id: str
    built_at: str
    data_through_at: str | None
    configuration_hash: str
    code_version: str | None
    row_counts: dict[str, int]
    fingerprint: str = ""
    previous_build_id: str | None = None
    erasure_epoch: int = 0
    load_id: int = 0
    restated_value_count: int = 0
    ids_hashed_with: str = ""
    made_of: dict[str, str] = field(default_factory=dict)


def builds_dir(settings: Settings) -> Path:
    return settings.publish_dir / "builds"


def current_build(settings: Settings) -> PublishedBuild | None:
    """The build that readers see now; None before the first."""
    return _read(settings.publish_dir / "current")


def kept_builds(settings: Settings) -> list[PublishedBuild]:
    """Every whole build that is kept, oldest first."""
    folder = builds_dir(settings)
    if not folder.is_dir():
        return []
    paths = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    return [build for path in paths if (build := _read(path)) is not None]


def rolled_back_builds(settings: Settings) -> list[PublishedBuild]:
    """The builds that readers were taken back from, to one that is older."""
    current = current_build(settings)
    return [
        build
        for build in kept_builds(settings)
        if current is not None
        and build.build_id > current.build_id
        and (builds_dir(settings) / build.build_id / _ROLLED_BACK).exists()
    ]


def _read(folder: Path) -> PublishedBuild | None:
    path = folder / "build.json"
    if not path.exists():
        return None
    known = {known_field.name for known_field in fields(PublishedBuild)}
    content = json.loads(path.read_text(encoding="utf-8"))
    return PublishedBuild(**{name: value for name, value in content.items() if name in known})


@contextmanager
def publish_lock(settings: Settings) -> Iterator[None]:
    """Hold what readers see: for the swap alone, never while tables are copied."""
    settings.publish_dir.mkdir(parents=True, exist_ok=True)
    with (settings.publish_dir / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def show(settings: Settings, build_id: str) -> None:
    """Make a kept build the one that readers see. Call it with the publish lock."""
    current = current_build(settings)
    newest = build_id
    for build in kept_builds(settings):
        mark = builds_dir(settings) / build.build_id / _ROLLED_BACK
        if current is not None and build_id < build.build_id <= current.build_id:
            mark.touch()
        if build.build_id > build_id and mark.exists():
            newest = build.build_id
    # Lists never go back, as who was on one may have taken back their consent since; so they stand
    # where they stay before all else moves.
    stay = newest != build_id and (builds_dir(settings) / newest / AUDIENCES).exists()
    if stay:
        point(settings.publish_dir / AUDIENCES, Path("builds") / newest / AUDIENCES)
    point(settings.publish_dir / "current", Path("builds") / build_id)
    for name in _LINKS:
        link = settings.publish_dir / name
        if stay and name == AUDIENCES:
            continue
        if (builds_dir(settings) / build_id / name).exists():
            point(link, Path("current") / name)
        else:
            link.unlink(missing_ok=True)  # a build from before there were such pages
    sync(settings.publish_dir)
    (builds_dir(settings) / build_id / _ROLLED_BACK).unlink(missing_ok=True)


def point(link: Path, target: Path) -> None:
    """Make `link` a symlink to the relative path `target`, by one rename."""
    if link.is_symlink() and link.readlink() == target:
        return
    temporary = link.with_name(f".{link.name}.new")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    temporary.replace(link)


def unfinished_path(settings: Settings, build_id: str) -> Path:
    """Where a build is put together; readers never look there."""
    return builds_dir(settings) / f"{_UNFINISHED}{build_id}"


def unfinished_builds(settings: Settings) -> set[str]:
    """Ids of builds that are being put together, or whose publishing was killed."""
    found = builds_dir(settings).glob(f"{_UNFINISHED}*")
    return {path.name.removeprefix(_UNFINISHED) for path in found}


def remove_unfinished(settings: Settings) -> None:
    """Remove what a publish that was interrupted has left: half a build, or one never shown.

    A whole build newer than the one that readers see, from which they were not taken back, was
    interrupted before the swap.
    """
    folder = builds_dir(settings)
    for path in folder.glob(f"{_UNFINISHED}*"):
        shutil.rmtree(path)
    current = current_build(settings)
    for build in kept_builds(settings):
        path = folder / build.build_id
        is_newer = current is not None and build.build_id > current.build_id
        if is_newer and not (path / _ROLLED_BACK).exists():
            shutil.rmtree(path)


def forget(settings: Settings, current: PublishedBuild, keep: int) -> None:
    """Keep so many builds, and none from before an erasure that `current` comes after.

    On POSIX who has a file of one open goes on reading it.
    """
    kept = kept_builds(settings)
    old = [build.build_id for build in kept[: max(0, len(kept) - keep)]]
    before_erasure = [b.build_id for b in kept if b.erasure_epoch < current.erasure_epoch]
    for build_id in {*old, *before_erasure} - {current.build_id}:
        shutil.rmtree(builds_dir(settings) / build_id)


def forget_all_but_current(settings: Settings) -> None:
    """Remove every build but the one that readers see, and what interrupted publishes left."""
    with publish_lock(settings):
        remove_unfinished(settings)
        current = current_build(settings)
        for build in kept_builds(settings):
            if current is None or build.build_id != current.build_id:
                shutil.rmtree(builds_dir(settings) / build.build_id)
        lists = settings.publish_dir / AUDIENCES
        if not lists.exists():  # those of a build that readers were taken back from
            lists.unlink(missing_ok=True)


def sync_tree(folder: Path) -> None:
    """Have the disk hold all of it: many at a time, which share the journal's writes."""
    with ThreadPoolExecutor(_SYNCS_AT_A_TIME) as pool:
        list(pool.map(sync, [*folder.rglob("*"), folder]))


def sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
