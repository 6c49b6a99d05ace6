"""A bucket: the published tables as Parquet, for readers that have no access to this machine.

    $YUNYING_SERVE_BUCKET/
      builds/<build_id>/parquet/<schema>/<table>.parquet      never changed
      current.json            the build that readers see, and where its tables are

`current.json` is written by one request once every table of its build is there, and tables of the
builds before stay as long as they are kept on this machine: who has read it reads on in whole.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from orchestration.project import Settings
from orchestration.publish.builds import PublishedBuild, kept_builds, unfinished_builds
from orchestration.publish.postgres import ServingError
from orchestration.store.buckets import Bucket, BucketError, Content, ReplacedError, at_once

POINTER = "current.json"
_BUILDS = "builds/"
_NOT_TAKEN = "The bucket did not take the build, and readers keep what they had"
_NOT_ALONE = "Another warehouse has published there meanwhile: give each a prefix of its own."
_NOT_CLEARED = "Builds that are to go are still in the bucket: `make serve` tries again"


@contextmanager
def filling(
    settings: Settings, folder: Path, build: PublishedBuild, say: Callable[[str], None]
) -> Iterator[Callable[[], None]]:
    """Put the tables of the build in `folder` there; readers see them once what is yielded is
    called.

    Nothing happens where no bucket is set. Without the call, or when the block raises, readers see
    what they saw. Raises `ServingError` with the reason when the bucket does not take the build.
    """
    if settings.serve_bucket is None:
        yield lambda: None
        return
    with _in_a_sentence(_NOT_TAKEN):
        bucket = Bucket(settings, settings.serve_bucket, "YUNYING_SERVE_BUCKET")
        before = bucket.read(POINTER)
        below = f"{_BUILDS}{build.build_id}/"
        there = {each.key: each.size_bytes for page in bucket.pages(below) for each in page}
        paths = {
            below + path.relative_to(folder).as_posix(): path
            for path in sorted((folder / "parquet").rglob("*.parquet"))
        }
        missing = [
            (key, path) for key, path in paths.items() if there.get(key) != path.stat().st_size
        ]
        at_once(lambda one: bucket.write(*one), missing)
    pointer = _pointer(build, paths)

    def show() -> None:
        nonlocal before
        with _in_a_sentence(_NOT_TAKEN):
            now = bucket.read(POINTER)
            # A rollback here may have moved it meanwhile.
            if now not in (None, before) and _build_id(now) not in _kept(settings):
                raise ReplacedError(POINTER)
            before = now
            bucket.exchange(POINTER, before, pointer)
        say(f"{settings.serve_bucket} has build {build.build_id}")

    try:
        yield show
    except BaseException:
        with suppress(BucketError):
            now = bucket.read(POINTER)
            if now is not None and now.data == pointer:
                bucket.write(POINTER, before.data) if before else bucket.delete(POINTER)
        raise


def prune(settings: Settings) -> None:
    """Take away the builds that are not kept on this machine, save the one that readers see.

    Raises `ServingError`: people who were erased since may be in them.
    """
    if settings.serve_bucket is None:
        return
    with _in_a_sentence(_NOT_CLEARED):
        bucket = Bucket(settings, settings.serve_bucket, "YUNYING_SERVE_BUCKET")
        there = {
            each.key.removeprefix(_BUILDS).partition("/")[0]
            for page in bucket.pages(_BUILDS)
            for each in page
        }
        # One that another process puts together is kept by the time it is no longer unfinished.
        kept = unfinished_builds(settings) | _kept(settings) | {_build_id(bucket.read(POINTER))}
        for build_id in sorted(there - kept):
            bucket.delete(f"{_BUILDS}{build_id}/")


def _kept(settings: Settings) -> set[str]:
    return {build.build_id for build in kept_builds(settings)}


def _build_id(pointer: Content | None) -> str:
    return json.loads(pointer.data)["build_id"] if pointer else ""


def _pointer(build: PublishedBuild, paths: dict[str, Path]) -> bytes:
    told = {
        "build_id": build.build_id,
        "built_at": build.built_at,
        "data_through_at": build.data_through_at,
        "tables": {f"{path.parent.name}.{path.stem}": key for key, path in paths.items()},
    }
    return json.dumps(told, indent=1).encode()


@contextmanager
def _in_a_sentence(told: str) -> Iterator[None]:
    try:
        yield
    except BucketError as error:
        raise ServingError(f"{told}. {error}") from None
    except ReplacedError:
        raise ServingError(f"{told}. {_NOT_ALONE}") from None
