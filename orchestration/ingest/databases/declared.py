"""The settings file of databases: which tables are read, into which feeds, by which columns."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml

from orchestration.ingest.feeds import RESERVED_NAMES

READ_TAG = "yunying/databases-read"
"""A run with this tag was started by who had read the databases for it."""
KINDS = {"mysql": 3306, "postgresql": 5432}
"""What a database may be, with its port."""
_NAME = re.compile(r"[a-z0-9_]+")
_OF_A_DATABASE = (
    "kind", "host", "port", "database", "user", "password_from", "ca_file", "time_zone",
    "page_rows", "overlap_minutes", "tables",
)  # fmt: skip
_OF_A_TABLE = ("feed", "table", "query", "key", "updated_at", "columns", "values")


class DatabasesError(RuntimeError):
    """What hinders reading a database: a sentence with the mend, without secrets and values."""


@dataclass(frozen=True)
class Table:
    """What is read into a feed: a table, or what a query gives.

    `columns` are the feed's, with the table's column that fills each; None: all, as they are
    named. `values` are columns that every row has alike. Without `updated_at` the whole is read.
    """

    name: str
    feed: str
    table: str | None
    query: str | None
    key: tuple[str, ...]
    updated_at: str | None
    columns: Mapping[str, str] | None
    values: Mapping[str, str]


@dataclass(frozen=True)
class Database:
    """Where a database is, how its times are meant, and what is read of it."""

    name: str
    kind: str
    host: str
    port: int
    database: str
    user: str
    password_from: str | None
    ca_file: Path | None
    time_zone: ZoneInfo
    page_rows: int
    overlap_minutes: int
    tables: tuple[Table, ...]

    def source(self, table: Table) -> str:
        """The table's name among all that are read; its folder is called so too."""
        return f"{self.name}.{table.name}"

    def folder(self, table: Table) -> str:
        """Where its files lie, below the raw folder."""
        return f"{table.feed}/{self.source(table)}"

    def meaning(self, table: Table) -> str:
        """A hash of whatever decides what its rows look like."""
        said = (self.kind, self.time_zone.key, *vars(table).values())
        return sha256(repr(said).encode()).hexdigest()


def read_declared(path: Path) -> tuple[Database, ...]:
    """The databases of the settings file. Raises `DatabasesError` with file, line and mend."""
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise DatabasesError(
            f"YUNYING_DATABASES: {path} cannot be read. Mend the setting, or the file's rights."
        ) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "it holds a character that may not stand there"
        line = mark.line + 1 if mark else 1
        raise DatabasesError(f"{path.name}, line {line}: {problem}. Mend the YAML.") from None
    if root is None:
        return ()
    parts = _Part(path, "the file", root).parts()
    return tuple(_database(name, part) for name, part in parts.items())


@dataclass(frozen=True)
class _Part:
    """A value of the file, and what it is called. A scalar is the text that stands there."""

    path: Path
    called: str
    node: yaml.Node

    def wrong(self, what: str) -> DatabasesError:
        line = self.node.start_mark.line + 1
        return DatabasesError(f"{self.path.name}, line {line}: {self.called} {what}.")

    def parts(self, allowed: Iterable[str] | None = None) -> dict[str, _Part]:
        if not isinstance(self.node, yaml.MappingNode):
            raise self.wrong("must hold names, each with a colon and what belongs to it")
        found: dict[str, _Part] = {}
        for key, value in self.node.value:
            name = str(key.value)
            part = _Part(self.path, name, value)
            if name in found:
                raise part.wrong("stands there twice: leave one")
            if allowed is not None and name not in allowed:
                raise part.wrong(f"is not known here: give some of {', '.join(allowed)}")
            found[name] = part
        return found

    def text(self) -> str:
        if not isinstance(self.node, yaml.ScalarNode) or not self.node.value.strip():
            raise self.wrong("needs a value")
        return str(self.node.value).strip()

    def texts(self) -> tuple[str, ...]:
        if isinstance(self.node, yaml.SequenceNode):
            return tuple(_Part(self.path, self.called, node).text() for node in self.node.value)
        return (self.text(),)

    def number(self, least: int, most: int | None = None) -> int:
        text = self.text()
        if not text.isdecimal() or int(text) < least or (most is not None and int(text) > most):
            to = "" if most is None else f" to {most}"
            raise self.wrong(f"is {text!r}: give a whole number from {least}{to}")
        return int(text)


def _database(name: str, part: _Part) -> Database:
    found = part.parts(_OF_A_DATABASE)
    for needed in ("kind", "host", "database", "user", "tables"):
        if needed not in found:
            raise part.wrong(f"has no {needed}: add it")
    _check_name(name, part)
    kind = found["kind"].text()
    if kind not in KINDS:
        raise found["kind"].wrong(f"is {kind!r}: give one of {', '.join(KINDS)}")
    return Database(
        name=name,
        kind=kind,
        host=found["host"].text(),
        port=found["port"].number(1, 65535) if "port" in found else KINDS[kind],
        database=found["database"].text(),
        user=found["user"].text(),
        password_from=found["password_from"].text() if "password_from" in found else None,
        ca_file=_ca_file(found["ca_file"]) if "ca_file" in found else None,
        time_zone=_zone(found["time_zone"]) if "time_zone" in found else ZoneInfo("UTC"),
        page_rows=found["page_rows"].number(1) if "page_rows" in found else 10_000,
        overlap_minutes=found["overlap_minutes"].number(0) if "overlap_minutes" in found else 60,
        tables=tuple(_table(*each) for each in found["tables"].parts().items()),
    )


def _table(name: str, part: _Part) -> Table:
    found = part.parts(_OF_A_TABLE)
    _check_name(name, part)
    feed = found["feed"].text() if "feed" in found else name
    _check_name(feed, found.get("feed", part))
    if feed in RESERVED_NAMES:
        raise found.get("feed", part).wrong(f"is {feed}, a table of ours: give another feed")
    if "query" in found and "table" in found:
        raise part.wrong("has a table and a query: leave one")
    columns = _texts(found["columns"]) if "columns" in found else None
    values = _texts(found["values"]) if "values" in found else {}
    for column in {*values} & {*(columns or {})}:
        raise found["values"].parts()[column].wrong("stands under columns too: leave one")
    return Table(
        name=name,
        feed=feed,
        table=None if "query" in found else found["table"].text() if "table" in found else name,
        query=found["query"].text().rstrip("; \n\t") if "query" in found else None,
        key=found["key"].texts() if "key" in found else (),
        updated_at=found["updated_at"].text() if "updated_at" in found else None,
        columns=columns,
        values=values,
    )


def _texts(part: _Part) -> dict[str, str]:
    return {name: each.text() for name, each in part.parts().items()}


def _check_name(name: str, part: _Part) -> None:
    if not _NAME.fullmatch(name):
        raise part.wrong(f"is called {name!r}: give a name of small letters, digits and _")


def _ca_file(part: _Part) -> Path:
    path = Path(part.text()).expanduser()
    try:
        ssl.create_default_context(cafile=path)
    except OSError as error:
        raise part.wrong(f"is {path}, which holds no certificate: give the CA's .pem") from error
    return path


def _zone(part: _Part) -> ZoneInfo:
    name = part.text()
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise part.wrong(f"is {name!r}: give an IANA time zone like Asia/Shanghai") from error
