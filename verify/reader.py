"""A reader of what is published, lists too: asks without pause, and checks that one build answers.

    python -m verify.reader PUBLISH_DIR STOP_FILE

ends when the stop file is there, and prints what it saw as one line of JSON.
"""

from __future__ import annotations

import json
import os
import random
import re
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

import duckdb

from orchestration.publish.audience_files import AUDIENCES
from orchestration.publish.publishing import DATABASE

_BUILD_ID = re.compile(r"\b\d{8}T\d{12}Z\b")
_TABLES_SQL = """
    select schema_name || '.' || table_name, comment
    from duckdb_tables() where schema_name <> 'main' order by all
"""


@dataclass
class Seen:
    """What a reader asked and got."""

    queries: int = 0
    rows: int = 0
    builds: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def read(publish_dir: Path, draw: random.Random, seen: Seen) -> None:
    """One connection: which build is it, and are its tables those that this build made?"""
    with duckdb.connect(str(publish_dir / DATABASE), read_only=True) as connection:
        (build_id,) = _one(connection, "select build_id from build")
        if build_id not in seen.builds:
            seen.builds.append(build_id)
        wanted = _row_counts(publish_dir, build_id)
        tables = dict(connection.execute(_TABLES_SQL).fetchall())
        if wanted is not None and tables.keys() != wanted.keys():
            seen.errors.append(f"{build_id}: its tables are {sorted(tables)}")
        for table in draw.sample(sorted(tables), min(5, len(tables))):
            named = set(_BUILD_ID.findall(tables[table] or ""))
            if named - {build_id}:
                seen.errors.append(f"{build_id}: {table} says that it is of {named}")
            # Every value is read, so that a block that is not there would be missed.
            count, _ = _one(connection, f"select count(*), bit_xor(hash(t)) from {table} as t")
            if wanted is not None and wanted.get(table) != count:
                seen.errors.append(f"{build_id}: {table} has {count} rows, not {wanted.get(table)}")
            seen.queries += 1
            seen.rows += count
        (again,) = _one(connection, "select build_id from build")
        if again != build_id:
            seen.errors.append(f"a connection read {build_id} and then {again}")
        seen.queries += 2
    table = draw.choice(sorted(tables))
    file = publish_dir / "parquet" / f"{table.replace('.', '/')}.parquet"
    seen.rows += _one(duckdb.connect(), f"select count(*) from '{file}'")[0]
    seen.queries += 1
    read_list(publish_dir, draw, seen)


def read_list(publish_dir: Path, draw: random.Random, seen: Seen) -> None:
    """The newest file of a list: both formats say the same, and what their build says of it."""
    folder = (publish_dir / AUDIENCES).resolve()
    lists = [path for path in folder.glob("*") if path.is_dir()]
    if not lists:
        return
    newest = max(draw.choice(sorted(lists)).glob("*.csv"))
    try:
        with duckdb.connect(str(folder.parent / DATABASE), read_only=True) as connection:
            said = connection.execute(
                "select exported_count, removed_count from marts.mart_audience_exports"
                " where audience_id = ? and export_at = ?",
                [newest.parent.name, newest.stem.removesuffix("Z")],
            ).fetchone()
            csv, parquet = (
                connection.execute(f"select user_id, status, change from {file}").fetchall()
                for file in (
                    f"read_csv('{newest}', header = true, all_varchar = true)",
                    f"'{newest.with_suffix('.parquet')}'",
                )
            )
    except duckdb.IOException:
        if folder.exists():
            raise
        return  # kept no more
    statuses = [status for _, status, _ in csv]
    # Who took their consent back since is in no file any more.
    if (
        csv != parquet
        or said is None
        or statuses.count("exported") > said[0]
        or statuses.count("removed") != said[1]
    ):
        seen.errors.append(f"{newest}: {len(csv)} and {len(parquet)} rows; its build says {said}")
    seen.queries += 1
    seen.rows += len(csv)


def _row_counts(publish_dir: Path, build_id: str) -> dict[str, int] | None:
    """What the build says of itself; None when it is kept no more."""
    try:
        text = (publish_dir / "builds" / build_id / "build.json").read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    counts: dict[str, int] = json.loads(text)["row_counts"]
    return counts


def _one(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[object, ...]:
    row = connection.execute(sql).fetchone()
    assert row is not None
    return tuple(row)


def main(publish_dir: str, stop: str) -> None:
    draw, seen = random.Random(os.getpid()), Seen()
    while not Path(stop).exists():
        try:
            read(Path(publish_dir), draw, seen)
        except (duckdb.Error, OSError) as error:
            seen.errors.append(f"{type(error).__name__}: {error}")
    print(json.dumps(asdict(seen)))


if __name__ == "__main__":
    main(*sys.argv[1:])
