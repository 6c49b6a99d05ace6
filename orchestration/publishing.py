"""Publishing: a new folder for each build, and one atomic swap of a symlink to it.

    $YUNYING_PUBLISH_DIR/
      builds/<build_id>/      yunying.duckdb  parquet/<schema>/<table>.parquet  data_docs/
                              build.json
      current              -> builds/<build_id>          swapped by one rename
      yunying.duckdb       -> current/yunying.duckdb     never changes
      parquet              -> current/parquet
      data_docs            -> current/data_docs

Whatever interrupts a publish before the swap, readers keep the build before. Readers that hold
a file of an older build open go on reading it, also when its folder is removed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from expectations.data_docs import publish_data_docs
from orchestration.project import ROOT, Settings

DATABASE = "yunying.duckdb"
BUILDS_KEPT = 5
# Columns that hold the id of a person: hashed when YUNYING_PSEUDONYM_KEY is set.
PERSON_ID_COLUMNS = frozenset({"user_id", "anonymous_id"})
_LINKS = (DATABASE, "parquet", "data_docs", "build.json")
_UNFINISHED = ".unfinished-"
_HMAC_BLOCK_BYTES = 64


@dataclass(frozen=True)
class PublishedBuild:
    """What was published: the content of `build.json`, and of the table `build` in the file.

    `built_at` and `data_through_at` are UTC; `data_through_at` is None on an empty warehouse.
    `row_counts` is by `schema.table`. `fingerprint` says what it was made of.
    """

    build_id: str
    built_at: str
    data_through_at: str | None
    configuration_hash: str
    code_version: str | None
    row_counts: dict[str, int]
    fingerprint: str = ""


def publish(
    settings: Settings,
    relations: Sequence[tuple[str, str]],
    configuration_hash: str,
    data_docs: Path | None = None,
    keep: int = BUILDS_KEPT,
    fingerprint: str = "",
) -> PublishedBuild:
    """Copy relations of the warehouse, given as `(schema, table)`, and make them the current build.

    Raises whatever hinders it (`duckdb.Error`, `OSError`), after removing what it had begun.
    """
    builds = settings.publish_dir / "builds"
    builds.mkdir(parents=True, exist_ok=True)
    _remove_unfinished(builds)
    now = datetime.now(UTC)
    build_id = f"{now:%Y%m%dT%H%M%S%f}Z"
    unfinished = builds / f"{_UNFINISHED}{build_id}"
    try:
        unfinished.mkdir()
        build = replace(
            _write(settings, relations, configuration_hash, unfinished, build_id, now),
            fingerprint=fingerprint,
        )
        text = json.dumps(asdict(build), indent=2)
        (unfinished / "build.json").write_text(text, encoding="utf-8")
        if data_docs is not None and data_docs.is_dir():
            publish_data_docs(data_docs, unfinished / "data_docs")
        else:
            (unfinished / "data_docs").mkdir()
        _sync_tree(unfinished)
        unfinished.rename(builds / build_id)
        _sync(builds)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    _point(settings.publish_dir / "current", Path("builds") / build_id)
    for name in _LINKS:
        _point(settings.publish_dir / name, Path("current") / name)
    _sync(settings.publish_dir)
    _forget(builds, current=build_id, keep=keep)
    return build


def current_build(settings: Settings) -> PublishedBuild | None:
    """The build that readers see now; None before the first."""
    path = settings.publish_dir / "current" / "build.json"
    if not path.exists():
        return None
    return PublishedBuild(**json.loads(path.read_text(encoding="utf-8")))


def _write(
    settings: Settings,
    relations: Iterable[tuple[str, str]],
    configuration_hash: str,
    folder: Path,
    build_id: str,
    now: datetime,
) -> PublishedBuild:
    row_counts: dict[str, int] = {}
    with duckdb.connect(
        str(folder / DATABASE),
        config={"memory_limit": settings.memory_limit, "threads": settings.threads},
    ) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"attach {_text(settings.warehouse)} as warehouse (read_only)")
        for schema, table in relations:
            row_counts[f"{schema}.{table}"] = _copy(connection, settings, schema, table)
            parquet = folder / "parquet" / schema / f"{table}.parquet"
            parquet.parent.mkdir(parents=True, exist_ok=True)
            connection.execute(
                f"copy {_name(schema)}.{_name(table)} to {_text(parquet)}"
                " (format parquet, compression zstd)"
            )
        build = PublishedBuild(
            build_id=build_id,
            built_at=now.replace(tzinfo=None).isoformat(sep=" ", timespec="seconds"),
            data_through_at=_data_through_at(connection),
            configuration_hash=configuration_hash,
            code_version=_code_version(),
            row_counts=row_counts,
        )
        connection.execute(
            "create table build as select ? as build_id, cast(? as timestamp) as built_at,"
            " cast(? as timestamp) as data_through_at, ? as configuration_hash,"
            " cast(? as varchar) as code_version",
            [
                build.build_id,
                build.built_at,
                build.data_through_at,
                build.configuration_hash,
                build.code_version,
            ],
        )
        connection.execute("detach warehouse")
        connection.execute("checkpoint")
    (folder / "parquet").mkdir(exist_ok=True)
    return build


def _copy(
    connection: duckdb.DuckDBPyConnection, settings: Settings, schema: str, table: str
) -> int:
    """Copy one relation with its descriptions; return its number of rows."""
    target = f"{_name(schema)}.{_name(table)}"
    columns = connection.execute(
        "select column_name, comment from duckdb_columns() where database_name = 'warehouse'"
        " and schema_name = ? and table_name = ? order by column_index",
        [schema, table],
    ).fetchall()
    selected = ", ".join(_selected(connection, settings, column) for column, _ in columns)
    connection.execute(f"create schema if not exists {_name(schema)}")
    connection.execute(f"create table {target} as select {selected} from warehouse.{target}")
    comment = connection.execute(
        "select comment from duckdb_tables() where database_name = 'warehouse'"
        " and schema_name = ? and table_name = ?",
        [schema, table],
    ).fetchone()
    if comment and comment[0]:
        connection.execute(f"comment on table {target} is {_text(comment[0])}")
    for column, text in columns:
        if text:
            connection.execute(f"comment on column {target}.{_name(column)} is {_text(text)}")
    count = connection.execute(f"select count(*) from {target}").fetchone()
    return int(count[0]) if count else 0


def _selected(connection: duckdb.DuckDBPyConnection, settings: Settings, column: str) -> str:
    """The column as it leaves the warehouse: an id of a person as HMAC-SHA256 when a key is set."""
    if settings.pseudonym_key is None or column not in PERSON_ID_COLUMNS:
        return _name(column)
    key = settings.pseudonym_key.encode().ljust(_HMAC_BLOCK_BYTES, b"\0")
    if len(key) > _HMAC_BLOCK_BYTES:
        import hashlib

        key = hashlib.sha256(settings.pseudonym_key.encode()).digest()
        key = key.ljust(_HMAC_BLOCK_BYTES, b"\0")
    # By name: the SQL of a statement that fails is repeated in logs.
    connection.execute("set variable inner_key = ?", [bytes(byte ^ 0x36 for byte in key)])
    connection.execute("set variable outer_key = ?", [bytes(byte ^ 0x5C for byte in key)])
    hashed = f"sha256(getvariable('inner_key') || encode({_name(column)}))"
    return f"sha256(getvariable('outer_key') || unhex({hashed})) as {_name(column)}"


def _data_through_at(connection: duckdb.DuckDBPyConnection) -> str | None:
    exists = connection.execute(
        "select count(*) from duckdb_tables() where database_name = 'warehouse'"
        " and schema_name = 'facts' and table_name = 'dim_horizon'"
    ).fetchone()
    if not exists or not exists[0]:
        return None
    row = connection.execute(
        "select cast(max(data_through_at) as varchar) from warehouse.facts.dim_horizon"
    ).fetchone()
    return row[0] if row else None


def _code_version() -> str | None:
    """The commit that built it; None outside of a git checkout."""
    try:
        result = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return result.stdout.strip()


def _point(link: Path, target: Path) -> None:
    """Make `link` a symlink to the relative path `target`, by one rename."""
    if link.is_symlink() and link.readlink() == target:
        return
    temporary = link.with_name(f".{link.name}.new")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    temporary.replace(link)


def _remove_unfinished(builds: Path) -> None:
    for path in builds.glob(f"{_UNFINISHED}*"):
        shutil.rmtree(path)


def _forget(builds: Path, current: str, keep: int) -> None:
    """Remove the oldest builds; on POSIX who has a file of one open goes on reading it."""
    names = sorted(path.name for path in builds.iterdir() if not path.name.startswith("."))
    for name in names[:-keep]:
        if name != current:
            shutil.rmtree(builds / name)


def _sync_tree(folder: Path) -> None:
    for path in folder.rglob("*"):
        _sync(path)
    _sync(folder)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def _text(value: str | Path) -> str:
    return "'" + str(value).replace("'", "''") + "'"
