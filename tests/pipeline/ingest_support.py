"""A raw folder with real bytes in it, and a warehouse of its own, for the tests of ingest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration.ingest.loader import FileLoad, IngestReport, ingest
from orchestration.project import Settings
from orchestration.store.warehouse import connect


@dataclass
class World:
    """A raw folder, a seeds folder and a warehouse below one temporary folder."""

    root: Path
    settings: Settings = field(init=False)

    def __post_init__(self) -> None:
        self.settings = Settings.from_environment(
            {
                "YUNYING_RAW_DIR": str(self.root / "raw"),
                "YUNYING_SEEDS_DIR": str(self.root / "seeds"),
                "YUNYING_WAREHOUSE": str(self.root / "warehouse.duckdb"),
                "YUNYING_PUBLISH_DIR": str(self.root / "published"),
                "YUNYING_MEMORY_LIMIT": "1GB",
                "YUNYING_THREADS": "2",
            }
        )
        self.settings.raw_dir.mkdir(parents=True, exist_ok=True)
        self.settings.seeds_dir.mkdir(parents=True, exist_ok=True)

    def put(self, name: str, content: bytes | str) -> Path:
        """Write a raw file."""
        path = self.settings.raw_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def put_parquet(self, name: str, select: str) -> Path:
        """Write what a query gives as a raw parquet file."""
        path = self.settings.raw_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with duckdb.connect() as connection:
            connection.execute("set TimeZone = 'UTC'")
            escaped = str(path).replace("'", "''")
            connection.execute(f"copy ({select}) to '{escaped}' (format parquet)")
        return path

    def seed(self, name: str, content: bytes | str) -> None:
        """Write a definition file."""
        path = self.settings.seeds_dir / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def ingest(self, now: datetime | None = None) -> IngestReport:
        return ingest(self.settings, now=now)

    def load(self, name: str, content: bytes | str) -> FileLoad:
        """Put a file, ingest, and say what became of it."""
        self.put(name, content)
        return next(file for file in self.ingest().files if file.source_file == name)

    def rows(self, query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with connect(self.settings, read_only=True) as connection:
            return connection.execute(query, parameters).fetchall()

    def ledger(self, name: str) -> dict[str, Any]:
        """The ledger's row of a file."""
        with connect(self.settings, read_only=True) as connection:
            cursor = connection.execute(
                "select * from raw.ingest_files where source_file = ?", [name]
            )
            columns = [column[0] for column in cursor.description]
            rows = cursor.fetchall()
        assert len(rows) == 1, rows
        return dict(zip(columns, rows[0], strict=True))

    def assert_adds_up(self) -> None:
        """Every file's rows_in are the rows that raw has of it, under its load_id and no other."""
        for feed, source_file, load_id, rows_in in self.rows(
            "select feed, source_file, load_id, rows_in from raw.ingest_files"
        ):
            counted = self.rows(
                f'select count(*), count(*) filter (where load_id = ?) from raw."{feed}" '
                "where source_file = ?",
                [load_id, source_file],
            )
            assert counted == [(rows_in, rows_in)], source_file
