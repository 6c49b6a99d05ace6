"""A raw folder taken apart into rows, and new files made of them in any format.

The project's own ingest reads the folder, so whatever a build can read can be taken apart.
Each row of a feed has a part: half of the parts are stretches of time, the others random.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.ingest.loader import ingest
from orchestration.project import Settings
from orchestration.store.sql import quote
from orchestration.store.warehouse import connect

STRETCHES = 24
PARTS = 2 * STRETCHES
"""Parts from 0 are stretches of time, in their order; those from STRETCHES on are random."""
FORMATS = ("jsonl", "csv", "parquet", "jsonl.gz", "csv.zst")
_PROVENANCE = frozenset(
    {"source_file", "row_number", "load_id", "content_hash", "malformed_payload"}
)
_COPY_OPTIONS = {
    "jsonl": "format json",
    "csv": "format csv, header",
    "parquet": "format parquet",
    "jsonl.gz": "format json, compression gzip",
    "csv.zst": "format csv, header, compression zstd",
}
# What orders a feed's rows in time, where it has such a column.
_TIMES = ("occurred_at", "updated_at", "cost_date", "assigned_at", "recorded_at")


@dataclass(frozen=True)
class Content:
    """What a file holds: parts of a feed, and some rows of others again.

    `altered` are the columns that such a copy takes from another row: the same event with
    another actor, time or amount.
    """

    feed: str
    parts: tuple[int, ...]
    copied_per_thousand: int = 0
    altered: tuple[str, ...] = ()
    salt: int = 0


class Source:
    """The rows of a raw folder, in a database of their own."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self.columns = self._columns()
        self.row_counts = {feed: self._number(feed) for feed in self.columns}
        for feed in [feed for feed, count in self.row_counts.items() if not count]:
            del self.columns[feed], self.row_counts[feed]
        self.telling = {feed: self._telling(feed) for feed in self.columns}
        """Columns by feed that hold a value at all, the first (the row's id) left out."""

    @property
    def feeds(self) -> tuple[str, ...]:
        """Feeds that have rows; events first."""
        return tuple(sorted(self.columns, key=lambda feed: (feed != "events", feed)))

    def write(self, content: Content, path: Path) -> int:
        """Write a file in the format that its name says; return its rows."""
        path.parent.mkdir(parents=True, exist_ok=True)
        suffix = path.name.partition(".")[2]
        shuffled = f"order by md5('{content.salt} ' || row_id)"
        columns = ", ".join(quote(column) for column in self.columns[content.feed])
        chosen = self._chosen(content)
        whole = f"select {columns} from ({chosen}) where malformed_payload is null {shuffled}"
        self._connection.execute(f"copy ({whole}) to '{path}' ({_COPY_OPTIONS[suffix]})")
        if suffix == "jsonl":
            broken = self._connection.execute(
                f"select malformed_payload from ({chosen})"
                f" where malformed_payload is not null {shuffled}"
            ).fetchall()
            with path.open("a", encoding="utf-8") as file:
                file.writelines(f"{payload}\n" for (payload,) in broken)
        count = self._connection.execute(f"select count(*) from ({chosen})").fetchone()
        return int(count[0]) if count else 0

    def _chosen(self, content: Content) -> str:
        """SQL of the rows: those of the parts, and altered copies of others."""
        table = f"rows_{content.feed}"
        listed = ", ".join(map(str, content.parts)) or "-1"
        columns = ["row_id", "malformed_payload", *self.columns[content.feed]]
        plain = ", ".join(quote(column) for column in columns)
        # By row_id, so that the same rows come for the same salt.
        another = f"over (order by md5('{content.salt}' || row_id))"
        copies = ", ".join(
            f"lag({quote(column)}, 1, {quote(column)}) {another} as {quote(column)}"
            if column in content.altered
            else quote(column)
            for column in columns
        )
        drawn = f"('0x' || left(md5('copy {content.salt} ' || row_id), 8))::bigint % 1000"
        return (
            f"select {plain} from {quote(table)} where part in ({listed}) union all "
            f"select {copies} from {quote(table)} where part not in ({listed})"
            f" and malformed_payload is null and {drawn} < {content.copied_per_thousand}"
        )

    def _columns(self) -> dict[str, list[str]]:
        rows = self._connection.execute(
            "select table_name, list(column_name order by column_index) from duckdb_columns()"
            " where schema_name = 'raw' group by table_name"
        ).fetchall()
        return {
            table: [name for name in names if name not in _PROVENANCE]
            for table, names in rows
            if set(names) >= _PROVENANCE
        }

    def _telling(self, feed: str) -> list[str]:
        names = self.columns[feed][1:]
        counted = ", ".join(f"count({quote(name)})" for name in names)
        counts = self._connection.execute(f"select {counted} from raw.{quote(feed)}").fetchone()
        return [name for name, count in zip(names, counts or (), strict=True) if count]

    def _number(self, feed: str) -> int:
        """Give each row its id and part; return the number of rows."""
        time = next((name for name in _TIMES if name in self.columns[feed]), "row_number")
        self._connection.execute(
            f"""
            create table {quote(f"rows_{feed}")} as
            with numbered as (
                select
                    *,
                    source_file || '#' || row_number as row_id,
                    ntile({STRETCHES}) over (
                        order by {quote(time)}, source_file, row_number
                    ) - 1 as stretch
                from raw.{quote(feed)}
            )
            select
                *,
                case
                    when ('0x' || left(md5(row_id), 8))::bigint % 2 = 0 then stretch
                    else {STRETCHES} + ('0x' || right(md5(row_id), 8))::bigint % {STRETCHES}
                end as part
            from numbered
            """
        )
        row = self._connection.execute(f"select count(*) from {quote(f'rows_{feed}')}").fetchone()
        return int(row[0]) if row else 0


@contextmanager
def open_source(settings: Settings) -> Iterator[Source]:
    """Ingest a raw folder into the settings' warehouse, and take it apart."""
    ingest(settings)
    with connect(settings) as connection:
        yield Source(connection)
