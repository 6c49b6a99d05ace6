"""The raw files of a table: parquet, every column as text, under hidden names until they count."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.ingest.arrivals import BROUGHT_BY_BUILDS
from orchestration.ingest.databases.state import hidden_path

WHOLE = "whole"
UNDATED = "undated"


class Files:
    """The files of one read, one open at a time; `written` are their names, with their columns."""

    def __init__(self, raw_dir: Path, folder: str, number: int, columns: Sequence[str]) -> None:
        self.raw_dir = raw_dir
        self.folder = folder
        self.number = number
        self.columns = list(columns)
        self.written: dict[str, list[str]] = {}
        self._day: str | None = None
        self._open: pq.ParquetWriter | None = None

    def write(self, day: str, columns: Sequence[Sequence[str | None]]) -> None:
        """Add rows, column by column. A day that comes after a later one stays in its file."""
        schema = _schema(self.columns)
        if self._open is None or self._day is None or day > self._day:
            self.close()
            # The version of a row that was read first comes first by its file's name.
            number = "" if day == WHOLE else f".{self.number:05d}"
            name = f"{self.folder}/{day}{number}.parquet"
            self._day = day
            self._open = pq.ParquetWriter(self._hidden(name), schema, compression="zstd")
            self.written[name] = self.columns
        self._open.write_table(
            pa.table([pa.array(column, pa.string()) for column in columns], schema)
        )

    def write_empty(self, name: str, columns: Sequence[str]) -> None:
        """Put a file without rows in the place of one whose rows are to leave."""
        pq.write_table(_schema(columns).empty_table(), self._hidden(name))
        self.written[name] = []

    def discard(self) -> None:
        """Leave what lies there as it is."""
        self.close()
        for name in self.written:
            hidden_path(self.raw_dir / name).unlink()
        self.written.clear()

    def close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None

    def there(self) -> dict[str, list[str]]:
        """The files of reads before that lie there, with their columns."""
        return {
            f"{self.folder}/{path.name}": list(pq.read_schema(path).names)
            for path in sorted((self.raw_dir / self.folder).glob("*.parquet"))
            if not path.name.startswith(".")
        }

    def _hidden(self, name: str) -> Path:
        hidden = hidden_path(self.raw_dir / name)
        hidden.parent.mkdir(parents=True, exist_ok=True)
        (hidden.parent / BROUGHT_BY_BUILDS).touch()
        return hidden


def _schema(columns: Sequence[str]) -> pa.Schema:
    return pa.schema([(column, pa.string()) for column in columns])
