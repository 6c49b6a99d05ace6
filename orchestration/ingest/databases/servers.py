"""What MySQL and PostgreSQL are asked, each in its own words: columns, and pages of rows as text.

Plain drivers, and each page a statement of its own outside of any transaction: between pages the
server holds nothing for us, and a page that broke off is asked again. Values come as the text that
the server writes, so that no zero date, unsigned number or long decimal is made into something
else. What a server says is never repeated where it may quote a row.
"""

from __future__ import annotations

import re
import ssl
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn

from orchestration.ingest.databases.declared import Database, DatabasesError
from orchestration.project import secret

Row = tuple[Any, ...]
"""Texts, bytes and None."""

PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds before each time that a page is asked again of a server that was lost on the way."""
CONNECT_SECONDS = 10
PAGE_SECONDS = 300

# What a column holds, as far as reading it asks.
INSTANT, LOCAL, DATE = "instant", "local", "date"
INTEGER, NUMBER, BOOLEAN, TEXT = "integer", "number", "boolean", "text"
BITS, BYTES = "bits", "bytes"
TIMES = (INSTANT, LOCAL, DATE)

LOST = "lost"
_REFUSED = {
    "user": "it does not let {user} in with that password. Mend the user, or the variable that "
    "password_from names",
    "rights": "{user} may not read {of}. Grant it SELECT there",
    "database": "it has no database {database}, or {user} may not see it. Mend the name, or "
    "grant it SELECT",
    "table": "{of} is not there, or {user} may not see it. Mend the name, or grant it SELECT",
    "column": "a column that {of} asks for is not there: {said}. Bring it back, or mend the query",
    "syntax": "it does not understand {of}: {said}. Mend the query",
    "slow": "a page of {of} took over 5 minutes. An index on updated_at and key makes it quick; a "
    "smaller page_rows helps too",
    "busy": "it has no connection to spare. Raise its limit, or build when less goes on",
    "expired": "the password of {user} has expired. Give it a new one",
    "certificate": "its certificate is not trusted. Give the ca_file of who signed it, a host that "
    "it names, and a server whose certificate has not expired",
    "unencrypted": "it does not encrypt, which ca_file asks for. Give the server a certificate, or "
    "take ca_file out",
    "package": "its way of logging in needs encryption. Give the server a certificate",
    LOST: "it does not answer at {host}:{port}. See that it runs, and that this machine reaches it",
    "gone": "it was lost while {of} was read. Let it come back, then build again: nothing was kept "
    "of what was half read",
}
"""Why a server does not give rows, with the mend."""


@dataclass(frozen=True)
class Column:
    """A column of a table or a query, and what it holds."""

    name: str
    holds: str


class Server(ABC):
    """A database that is open for reading; it is opened again where it was lost."""

    errors: tuple[type[Exception], ...]

    def __init__(self, database: Database) -> None:
        self.database = database
        self.connection: Any = None
        self.password = _password(database)

    def __enter__(self) -> Server:
        self._open("")
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def rows(self, sql: str, of: str) -> list[Row]:
        """The rows of a query; `of` says what is read by it."""
        return self._ask(sql, of)[1]

    def columns(self, relation: str, of: str) -> tuple[Column, ...]:
        """The columns of a relation."""
        return self._ask(f"select * from {relation} limit 0", of)[0]

    def relation(self, table: str | None, query: str | None) -> str:
        """What to select from: a table, whose name may have its schema before it, or a query."""
        if query is not None:
            return f"(\n{query}\n) as yunying_rows"
        return ".".join(self.name(part) for part in str(table).split("."))

    @abstractmethod
    def name(self, text: str) -> str:
        """A name in quotes."""

    @abstractmethod
    def literal(self, value: str | bytes, holds: str) -> str:
        """A value of a column in SQL, to be held against that column."""

    @abstractmethod
    def bounds(self, holds: str) -> tuple[str, str | None]:
        """Between which values, in SQL and without them, a column of times has a time. Zero dates
        and the infinite lie outside."""

    def _ask(self, sql: str, of: str) -> tuple[tuple[Column, ...], list[Row]]:
        for pause in (*PAUSES, None):
            try:
                if self.connection is None:
                    self._open(of)
                with self.connection.cursor() as cursor:
                    cursor.execute(sql)
                    return self._described(cursor.description), list(cursor.fetchall())
            except _LostError:
                pass
            except self.errors as error:
                why, said = self._why(error)
                if why != LOST:
                    self._refuse(why, of, said)
            except UnicodeDecodeError as error:
                raise DatabasesError(
                    f"{of} holds text that is not of its own encoding: mend it in the database."
                ) from error
            self._close()
            if pause is not None:
                time.sleep(pause)
        self._refuse("gone", of)

    def _open(self, of: str) -> None:
        """Connect. Raises `_LostError` where it was connected before, and may be again."""
        try:
            self.connection = self._connect()
        except (*self.errors, RuntimeError, UnicodeError) as error:  # the last: of no host's name
            why, said = self._why(error)
            if why == LOST and of:
                raise _LostError from None
            self._refuse(why, of or "its tables", said)

    def _close(self) -> None:
        if self.connection is not None:
            with suppress(*self.errors, OSError):
                self.connection.close()
            self.connection = None

    def _refuse(self, why: str, of: str, said: str = "") -> NoReturn:
        database = self.database
        if why in _REFUSED:
            told = _REFUSED[why].format(
                user=database.user,
                database=database.database,
                host=database.host,
                port=database.port,
                of=of,
                said=" ".join(said.split()).rstrip("."),
            )
        else:
            told = f"it refuses {of} with its error {why}. Look that up, and mend it there"
        if self.password:
            told = told.replace(self.password, "•••")
        raise DatabasesError(f"{told}.") from None

    @abstractmethod
    def _connect(self) -> Any: ...

    @abstractmethod
    def _described(self, description: Sequence[Any] | None) -> tuple[Column, ...]: ...

    @abstractmethod
    def _why(self, error: Exception) -> tuple[str, str]:
        """The reason, as `_REFUSED` has it, else the server's own code; and what may be quoted."""


class _LostError(Exception):
    """There is no connection at this moment."""


class MySql(Server):
    """MySQL, MariaDB, and what speaks like them."""

    _HOLDS: Mapping[int, str] = {
        **dict.fromkeys((1, 2, 3, 8, 9, 13), INTEGER),
        **dict.fromkeys((0, 4, 5, 246), NUMBER),
        7: INSTANT,
        12: LOCAL,
        **dict.fromkeys((10, 14), DATE),
        16: BITS,
    }
    _CODES: Mapping[int, str] = {
        **dict.fromkeys((1045, 1698), "user"),
        **dict.fromkeys((1820, 1862), "expired"),
        **dict.fromkeys((1142, 1143, 1227, 1370), "rights"),
        **dict.fromkeys((1044, 1049), "database"),
        **dict.fromkeys((1146, 1051), "table"),
        1054: "column",
        **dict.fromkeys((1064, 1060, 1052, 1248), "syntax"),
        **dict.fromkeys((1040, 1203, 1226), "busy"),
        **dict.fromkeys((1969, 3024), "slow"),
        2026: "unencrypted",
        **dict.fromkeys((0, 1053, 1077, 1079, 1205, 1213, 1317, 1927), LOST),
        **dict.fromkeys((2002, 2003, 2006, 2013), LOST),
    }  # fmt: skip

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.driver = _driver("pymysql")
        self.errors = (self.driver.err.Error, OSError)

    def name(self, text: str) -> str:
        return "`" + text.replace("`", "``") + "`"

    def literal(self, value: str | bytes, holds: str) -> str:
        if isinstance(value, bytes):
            return f"x'{value.hex()}'"
        # A number in quotes would be held against the column as a double.
        if holds in (INTEGER, NUMBER) and _is_number(value):
            return value
        return str(self.connection.escape(value))

    def bounds(self, holds: str) -> tuple[str, str | None]:
        return ("0", None) if holds == INTEGER else ("'1000-01-01'", None)

    def _connect(self) -> Any:
        at = self.database
        return self.driver.connect(
            host=at.host,
            port=at.port,
            user=at.user,
            password=self.password or "",
            database=at.database,
            charset="utf8mb4",
            conv={},
            autocommit=True,
            connect_timeout=CONNECT_SECONDS,
            read_timeout=PAGE_SECONDS,
            init_command="set time_zone = '+00:00'",
            ssl_ca=str(at.ca_file) if at.ca_file else None,
            ssl_verify_cert=True if at.ca_file else None,
            ssl_verify_identity=True if at.ca_file else None,
        )

    def _described(self, description: Sequence[Any] | None) -> tuple[Column, ...]:
        return tuple(Column(each[0], self._HOLDS.get(each[1], TEXT)) for each in description or ())

    def _why(self, error: Exception) -> tuple[str, str]:
        if isinstance(error, RuntimeError):  # the driver, of a package that it has not
            return "package", ""
        if isinstance(getattr(error, "original_exception", None), ssl.SSLCertVerificationError):
            return "certificate", ""
        if not isinstance(error, self.driver.err.Error):
            return LOST, ""
        code = error.args[0] if error.args else 0
        said = str(error.args[1]) if len(error.args) > 1 else ""
        if code == 2013 and "timed out" in said:
            return "slow", ""
        if isinstance(error, self.driver.err.InterfaceError) and code not in self._CODES:
            return LOST, ""
        return self._CODES.get(code, str(code)), said


class PostgreSql(Server):
    """PostgreSQL, and what speaks like it."""

    _HOLDS: Mapping[int, str] = {
        **dict.fromkeys((20, 21, 23, 26), INTEGER),
        **dict.fromkeys((700, 701, 1700), NUMBER),
        16: BOOLEAN,
        1184: INSTANT,
        1114: LOCAL,
        1082: DATE,
        17: BYTES,
    }
    _STATES: Mapping[str, str] = {
        **dict.fromkeys(("28P01", "28000"), "user"),
        "42501": "rights",
        "3D000": "database",
        **dict.fromkeys(("42P01", "3F000"), "table"),
        "42703": "column",
        **dict.fromkeys(("42601", "42702", "42883", "42804", "42P10"), "syntax"),
        "53300": "busy",
        "57014": "slow",
        **dict.fromkeys(("57P01", "57P02", "57P03", "25006", "40001", "40P01"), LOST),
    }
    # There is no state where there is no connection.
    _TEXTS: Mapping[str, str] = {
        r"password|authentication|role .* does not exist|pg_hba\.conf": "user",
        r"database .* does not exist": "database",
        r"certificate verify failed|server certificate for": "certificate",
        r"does not support SSL": "unencrypted",
        r"too many clients|connection slots|too many connections": "busy",
    }

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.driver = _driver("psycopg")
        self.errors = (self.driver.Error,)

    def name(self, text: str) -> str:
        return '"' + text.replace('"', '""') + '"'

    def literal(self, value: str | bytes, holds: str) -> str:
        del holds  # a literal in quotes is of the type that it is held against
        return _in_quotes(value if isinstance(value, str) else f"\\x{value.hex()}")

    def bounds(self, holds: str) -> tuple[str, str | None]:
        return ("0", None) if holds == INTEGER else ("'0001-01-01'", "'9999-12-31'")

    def _connect(self) -> Any:
        at = self.database
        with_ca = {"sslmode": "verify-full", "sslrootcert": str(at.ca_file)} if at.ca_file else {}
        connection = self.driver.connect(
            host=at.host,
            port=at.port,
            user=at.user,
            password=self.password,
            dbname=at.database,
            connect_timeout=CONNECT_SECONDS,
            application_name="yunying",
            client_encoding="utf8",
            autocommit=True,
            prepare_threshold=None,
            tcp_user_timeout=1000 * PAGE_SECONDS,
            **with_ca,
        )
        from psycopg.types.string import TextLoader

        for kind in connection.adapters.types:
            for oid in filter(None, (kind.oid, kind.array_oid)):
                connection.adapters.register_loader(oid, TextLoader)
        connection.execute(
            "set timezone = 'UTC'; set datestyle = 'ISO'; set bytea_output = 'hex';"
            " set standard_conforming_strings = on;"
            f" set statement_timeout = {1000 * PAGE_SECONDS}"
        )
        return connection

    def _described(self, description: Sequence[Any] | None) -> tuple[Column, ...]:
        return tuple(
            Column(each.name, self._HOLDS.get(each.type_code, TEXT)) for each in description or ()
        )

    def _why(self, error: Exception) -> tuple[str, str]:
        state = getattr(error, "sqlstate", None)
        if state is not None:
            said = str(getattr(error.diag, "message_primary", "") or "")  # type: ignore[attr-defined]
            is_lost = state.startswith("08")
            return LOST if is_lost else self._STATES.get(state, state), said
        for pattern, why in self._TEXTS.items():
            if re.search(pattern, str(error), re.IGNORECASE):
                return why, ""
        return LOST, ""


def open_server(database: Database) -> Server:
    """The server of a database, to be entered."""
    return {"mysql": MySql, "postgresql": PostgreSql}[database.kind](database)


def _driver(package: str) -> Any:
    """The driver, which only who reads databases needs."""
    try:
        return __import__(package)
    except ImportError as error:
        raise DatabasesError(
            f"The package {package} is not installed: `pip install 'yunying[databases]'` brings it."
        ) from error


def _password(database: Database) -> str | None:
    if database.password_from is None:
        return None
    given = secret(database.password_from)
    if given is None:
        raise DatabasesError(
            f"the environment has no {database.password_from}. Set it to the "
            f"password of {database.user}."
        )
    return given


def _is_number(value: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?", value) is not None


def _in_quotes(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
