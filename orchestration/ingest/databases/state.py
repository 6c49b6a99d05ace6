"""What was read before, kept in a hidden folder of the raw folder, and how files come into place.

    data/raw/.databases/state.json     how far each table was read; which files are to be moved
    data/raw/.databases/<table>.seen   hashes of the rows that will be read once more

New files are written under hidden names beside their places, which no load looks at. The state,
written last and at once, says that they count: whoever finds it moves what is not moved yet. So
a read that is killed has either not been, or is gone on with. No value of a row but a time is kept.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from orchestration.ingest.databases.declared import DatabasesError

FOLDER = ".databases"
Hashes = npt.NDArray[np.uint64]
NO_HASHES: Hashes = np.empty(0, dtype=np.uint64)


@dataclass
class Known:
    """What is known of a table.

    `meaning` is a hash of what the settings file said of it, `columns` are those that it had,
    `newest` is the latest time that was read, as the server writes it; `digest` is of all rows of
    a table that is read whole. `files` are those that were written of it, below the raw folder,
    with their columns.
    """

    meaning: str
    columns: list[str]
    newest: str | None = None
    digest: str | None = None
    files: dict[str, list[str]] = field(default_factory=dict)
    reads: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether it was read whole, and has no rows."""
        return self.digest is not None and self.digest.startswith("0 ")


@dataclass
class State:
    """The state as it lies in the raw folder; `commit` makes another one of it."""

    raw_dir: Path
    tables: dict[str, Known]

    @classmethod
    def open(cls, raw_dir: Path) -> State:
        """Read it, and finish what a killed run had left to move."""
        path = raw_dir / FOLDER / "state.json"
        if not path.exists():
            return cls(raw_dir, {})
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            tables = {name: Known(**known) for name, known in found["tables"].items()}
        except (ValueError, KeyError, TypeError) as error:
            raise DatabasesError(
                f"{path} is damaged. Delete it, and databases are read from their beginning."
            ) from error
        state = cls(raw_dir, tables)
        if found["files"]:
            state._move(found["files"])
        return state

    def seen(self, source: str) -> Hashes:
        """Hashes of the rows of a table that will be read once more."""
        path = self.raw_dir / FOLDER / f"{source}.seen"
        return np.fromfile(path, dtype=np.uint64) if path.exists() else NO_HASHES

    def write_seen(self, source: str, hashes: Hashes) -> str:
        """Write such hashes; return the name of the file that `commit` is to be told of."""
        name = f"{FOLDER}/{source}.seen"
        hidden = hidden_path(self.raw_dir / name)
        hidden.parent.mkdir(parents=True, exist_ok=True)
        hashes.tofile(hidden)
        return name

    def commit(self, files: Iterable[str]) -> None:
        """These files, written under hidden names, and what is known now: from here on they count.

        They are below the raw folder.
        """
        listed = list(files)
        for name in listed:
            with hidden_path(self.raw_dir / name).open("rb") as file:
                os.fsync(file.fileno())
        self._write(listed)
        self._move(listed)

    def _write(self, files: list[str]) -> None:
        path = self.raw_dir / FOLDER / "state.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        hidden = hidden_path(path)
        tables = {name: asdict(known) for name, known in self.tables.items()}
        with hidden.open("w", encoding="utf-8") as file:
            json.dump({"tables": tables, "files": files}, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        hidden.replace(path)

    def _move(self, files: list[str]) -> None:
        """Put files into their places. From here on a hidden one of such a name is of a read that
        does not count."""
        for name in files:
            hidden = hidden_path(self.raw_dir / name)
            if hidden.exists():
                hidden.replace(self.raw_dir / name)
        self._write([])


def hidden_path(path: Path) -> Path:
    """What a file is called until it counts."""
    return path.with_name(f".{path.name}.new")
