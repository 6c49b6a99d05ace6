"""PostgreSQL: the published tables in a database, for tools that speak no other tongue.

    marts.…, seeds.…        the build that readers see; `build` in `marts` says which it is
    yunying_new_<schema>    a build that is being filled: part of one transaction, seen by nobody
    yunying_old_…           a build whose tables a reader would not let go of, until the next one

DuckDB's `postgres` extension, a file of a Python package, copies a published file in one
transaction: new schemas are filled, indexed, granted to the role of readers, renamed into place,
and the ones before them dropped. For the rename every old table is locked at once, or none:
a query looks its tables up one after the other, and would else find one here and the next there.
Nobody waits longer than a rename takes, and what waits finds the new tables under their names.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from orchestration.project import Settings
from orchestration.publish.builds import PublishedBuild
from orchestration.publish.restatements import PERSON_ID_COLUMNS
from orchestration.store.sql import literal, quote

READER = "yunying_reader"
BUILD_SCHEMA = "marts"
"""Where the table `build` stands: PostgreSQL has no schema `main`."""
SECONDS_FOR_READERS = 60
"""How long a rename waits for a moment in which no reader holds a table of the build before."""
_SECONDS_FOR_ENDED_SESSIONS = 10
_NEW = "yunying_new_"
_OLD = "yunying_old_"
_MARK = re.compile(r"Yunying build (\w+), erasures: (\d+)")

# What libpq says when there is no connection may repeat any part of the URL: it is never shown.
_UNREACHABLE = {
    r"connection refused|no such file": "nobody listens there",
    r"password|role .* does not exist|authentication": "it does not let that user in with that "
    "password",
    r"could not translate host name": "the name of its host is not known here",
    r"database .* does not exist": "it has no database of that name",
    r"pg_hba\.conf": "its pg_hba.conf does not let this machine in",
    r"timeout|timed out": "it did not answer in time",
    r"ssl|certificate": "no encrypted connection could be agreed on",
    r"too many clients|connection slots": "it has no connection to spare",
    r"starting up|shutting down|recovery mode": "it is starting or stopping",
}
_BROKEN = {
    r"no space left|disk quota": "no room is left where it keeps its data",
    r"out of memory": "it has too little memory",
    r"closed the connection|terminating connection|connection .*lost|no connection to": (
        "the connection broke off"
    ),
}


class ServingError(RuntimeError):
    """PostgreSQL does not serve the build; the message is a sentence, and holds no secret."""


@dataclass(frozen=True)
class Served:
    """A schema of PostgreSQL that holds a build, and how many erasures were complete in it."""

    schema: str
    build_id: str
    erasure_epoch: int

    @property
    def is_aside(self) -> bool:
        return self.schema.startswith(_OLD)


@contextmanager
def serving(
    settings: Settings, file: Path, build: PublishedBuild, say: Callable[[str], None]
) -> Iterator[Callable[[], None]]:
    """Fill PostgreSQL with the build in `file`; readers see it once what is yielded is called.

    Nothing happens where no server is set. Without the call, or when the block raises, the
    server is as it was. Raises `ServingError` with the reason when it does not take the build.
    """
    if settings.serve_postgres is None:
        yield lambda: None
        return
    with _connection(settings) as connection:
        with _in_a_sentence(settings):
            _attach(connection, settings, settings.serve_postgres, file)
            _begin(connection)
            before = _served(connection)
            schemas = _fill(connection, build, before)
            _put_away(connection, build, before, say)
            _show(connection, build, schemas)

        def commit() -> None:
            with _in_a_sentence(settings):
                connection.execute("commit")
            say(f"PostgreSQL serves build {build.build_id}")

        yield commit


@contextmanager
def _connection(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB without a file and without a look at the network; what is not committed is undone."""
    with duckdb.connect(
        config={
            "memory_limit": settings.memory_limit,
            "threads": settings.threads,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    ) as connection:
        try:
            yield connection
        finally:
            # Left to the closing of the connection, a server that is gone ends the process.
            with suppress(duckdb.Error):
                connection.execute("rollback")


def _attach(
    connection: duckdb.DuckDBPyConnection, settings: Settings, target: str, file: Path
) -> None:
    extension = _extension()
    with TemporaryDirectory() as folder:
        # DuckDB finds an extension's entry by the file's name, and the package has another.
        link = Path(folder) / "postgres_scanner.duckdb_extension"
        link.symlink_to(extension)
        connection.execute(f"load {literal(str(link))}")
    connection.execute("set TimeZone = 'UTC'")
    # PostgreSQL's text holds no such character.
    connection.execute("set pg_null_byte_replacement = ''")
    # Read committed: what is asked of the catalog must be as of now, also after a wait.
    connection.execute(
        f"attach {literal(_with_limits(target))} as pg"
        " (type postgres, isolation_level 'READ COMMITTED')"
    )
    connection.execute(f"attach {literal(str(file))} as build (read_only)")


def _extension() -> Path:
    """The file of DuckDB's extension: installed with Python's packages, never looked for online."""
    version = duckdb.__version__
    package = importlib.util.find_spec("duckdb_extension_postgres")
    if package is not None and package.origin is not None:
        folder = Path(package.origin).parent
        path = folder / "extensions" / f"v{version}" / "postgres.duckdb_extension"
        if path.exists():
            return path
    raise ServingError(
        f"The package duckdb-extension-postgres of DuckDB {version} is not installed: it is in "
        "requirements.lock, but for Macs with Intel chips there is none."
    )


def _with_limits(target: str) -> str:
    """The URL or DSN with a limit on connecting, and a name for those who look at the server."""
    if "connect_timeout" in target:
        return target
    if "://" not in target:
        return f"{target} connect_timeout=10 application_name=yunying"
    join = "&" if "?" in target else "?"
    return f"{target}{join}connect_timeout=10&application_name=yunying"


def _begin(connection: duckdb.DuckDBPyConnection) -> None:
    """One writer at a time: another publish, or a rollback, waits until this one has ended."""
    connection.execute("begin")
    _run(
        connection,
        "set local statement_timeout = 0; set local lock_timeout = 0;"
        " set local client_min_messages = warning;"
        " select pg_advisory_xact_lock(hashtext('yunying'))",
    )


def _served(connection: duckdb.DuckDBPyConnection) -> list[Served]:
    """The schemas that hold a build: those whose comment says so."""
    found = _ask(
        connection,
        "select nspname, obj_description(oid, 'pg_namespace') as comment from pg_namespace"
        " where obj_description(oid, 'pg_namespace') is not null order by nspname",
    )
    marks = [(schema, _MARK.match(comment)) for schema, comment in found]
    return [Served(schema, mark[1], int(mark[2])) for schema, mark in marks if mark]


def _fill(
    connection: duckdb.DuckDBPyConnection, build: PublishedBuild, before: Sequence[Served]
) -> list[str]:
    """Copy every published table into new schemas; return the names they will have."""
    tables = connection.execute(
        "select schema_name, table_name, comment from duckdb_tables()"
        " where database_name = 'build' and schema_name <> 'main' order by all"
    ).fetchall()
    schemas = sorted({BUILD_SCHEMA, *(schema for schema, _, _ in tables)})
    _refuse_strangers(connection, schemas, before)
    _run(connection, _REQUIRE_READER)
    for schema in schemas:
        connection.execute(f"create schema pg.{quote(_NEW + schema)}")
    for schema, table, comment in tables:
        _copy(connection, schema, table, schema, comment)
    _copy(connection, "main", "build", BUILD_SCHEMA, f"One row: build {build.build_id}.")
    return schemas


def _refuse_strangers(
    connection: duckdb.DuckDBPyConnection, schemas: Sequence[str], before: Sequence[Served]
) -> None:
    """Raise where a schema stands under one of our names that we did not make."""
    existing = {name for (name,) in _ask(connection, "select nspname from pg_namespace")}
    strangers = (existing & set(schemas)) - {served.schema for served in before}
    if strangers:
        raise ServingError(
            f"PostgreSQL has a schema of another make under the name of {sorted(strangers)[0]}: "
            "give Yunying a database of its own."
        )


# A group role: whoever may read is made a member of it.
_REQUIRE_READER = f"""
do $$ begin
    if not exists (select from pg_roles where rolname = '{READER}') then
        create role {READER} nologin;
    end if;
exception when insufficient_privilege then
    raise exception 'it has no role {READER}, and this user may not make one: create role {READER}';
end $$
"""


def _copy(
    connection: duckdb.DuckDBPyConnection, schema: str, table: str, target: str, comment: str | None
) -> None:
    """One table with its comments, indexes and statistics."""
    columns = connection.execute(
        "select column_name, data_type, comment from duckdb_columns()"
        f" where schema_name = {literal(schema)} and table_name = {literal(table)}"
        " and database_name = 'build' order by column_index"
    ).fetchall()
    # DuckDB's 128-bit integers, sums above all, would arrive as rounded floating-point numbers.
    selected = ", ".join(
        f"cast({quote(name)} as decimal(38, 0)) as {quote(name)}"
        if kind == "HUGEINT"
        else quote(name)
        for name, kind, _ in columns
    )
    new = f"{quote(_NEW + target)}.{quote(table)}"
    connection.execute(
        f"create table pg.{new} as select {selected} from build.{quote(schema)}.{quote(table)}"
    )
    statements = [f"comment on table {new} is {literal(comment or '')}"]
    for name, kind, described in columns:
        if described:
            statements.append(f"comment on column {new}.{quote(name)} is {literal(described)}")
        if _is_looked_up(name, kind):
            statements.append(f"create index on {new} ({quote(name)})")
    statements.append(f"analyze {new}")
    _run(connection, ";\n".join(statements))


def _is_looked_up(column: str, kind: str) -> bool:
    """Boards filter by period, and by the id of what was defined; nobody looks for a person."""
    is_id = column.endswith("_id") and column not in PERSON_ID_COLUMNS
    return kind == "DATE" or (is_id and kind == "VARCHAR")


def _put_away(
    connection: duckdb.DuckDBPyConnection,
    build: PublishedBuild,
    before: Sequence[Served],
    say: Callable[[str], None],
) -> None:
    """Drop the builds before this one, their tables locked until the commit.

    Where readers hold a table for too long, the tables are put aside for the next build to drop;
    if people are in them who were erased since, those readers' sessions are ended.
    """
    current = [served for served in before if not served.is_aside]
    groups = [(current, SECONDS_FOR_READERS)]
    groups += [([served], 0) for served in before if served.is_aside]
    for group, seconds in groups:
        schemas = [served.schema for served in group]
        if _lock(connection, schemas, seconds):
            pass
        elif all(served.erasure_epoch >= build.erasure_epoch for served in group):
            _put_aside(connection, [served for served in group if not served.is_aside])
            say(
                "PostgreSQL: readers hold tables of an older build; it stays under another name, "
                "and the next build drops it"
            )
            continue
        elif not _lock_by_force(connection, schemas):
            raise ServingError(
                "PostgreSQL: open sessions hold tables with people who were erased since, and "
                "this user may not end them (pg_signal_backend): end them, then build again."
            )
        for schema in schemas:
            _run(connection, f"drop schema {quote(schema)} cascade")


def _lock(connection: duckdb.DuckDBPyConnection, schemas: Sequence[str], seconds: int) -> bool:
    """Lock every table of these schemas, all at one moment; False when there was none.

    It waits with nothing locked, so readers wait for nothing, and no two can wait for each other.
    """
    tables = [
        f"{quote(schema)}.{quote(table)}"
        for schema in schemas
        for (table,) in _ask(
            connection,
            "select relname from pg_class where relkind in ('r', 'p')"
            f" and relnamespace = {literal(quote(schema))}::regnamespace order by relname",
        )
    ]
    if not tables:
        return True
    _run(
        connection,
        f"""
        do $$
        declare until timestamptz := clock_timestamp() + interval '{seconds} seconds';
        begin
            perform set_config('yunying.is_locked', 'false', true);
            loop
                begin
                    lock table {", ".join(tables)} in access exclusive mode nowait;
                    perform set_config('yunying.is_locked', 'true', true);
                    return;
                exception when lock_not_available then
                    if clock_timestamp() >= until then return; end if;
                end;
                perform pg_sleep(0.02);
            end loop;
        end $$
        """,
    )
    [(is_locked,)] = _ask(connection, "select current_setting('yunying.is_locked') as is_locked")
    return bool(is_locked == "true")


def _lock_by_force(connection: duckdb.DuckDBPyConnection, schemas: Sequence[str]) -> bool:
    """End the sessions that hold tables of these schemas, where that is allowed, and lock them."""
    for schema in schemas:
        _run(
            connection,
            f"""
            do $$ begin
                perform pg_terminate_backend(pid) from pg_locks
                inner join pg_class on pg_locks.relation = pg_class.oid
                where relnamespace = {literal(quote(schema))}::regnamespace
                    and pid <> pg_backend_pid();
            exception when insufficient_privilege then null;
            end $$
            """,
        )
    return _lock(connection, schemas, _SECONDS_FOR_ENDED_SESSIONS)


def _put_aside(connection: duckdb.DuckDBPyConnection, group: Sequence[Served]) -> None:
    for served in group:
        aside = quote(f"{_OLD}{served.build_id.lower()}_{served.schema}")
        _run(
            connection,
            f"alter schema {quote(served.schema)} rename to {aside};"
            f" revoke usage on schema {aside} from {READER}",
        )


def _show(
    connection: duckdb.DuckDBPyConnection, build: PublishedBuild, schemas: Sequence[str]
) -> None:
    """Give the new schemas their names, their readers, and the mark by which we know them."""
    mark = f"Yunying build {build.build_id}, erasures: {build.erasure_epoch}"
    for schema in schemas:
        name = quote(schema)
        _run(
            connection,
            f"alter schema {quote(_NEW + schema)} rename to {name};"
            f" comment on schema {name} is {literal(mark)};"
            f" grant usage on schema {name} to {READER};"
            f" grant select on all tables in schema {name} to {READER}",
        )


def _run(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Have PostgreSQL execute statements, in the transaction."""
    connection.execute(f"call postgres_execute('pg', {literal(sql)})")


def _ask(connection: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[str, ...]]:
    """Rows of a query of PostgreSQL's, in the transaction; its columns have names of their own."""
    return connection.execute(f"from postgres_query('pg', {literal(sql)})").fetchall()


@contextmanager
def _in_a_sentence(settings: Settings) -> Iterator[None]:
    """Turn what DuckDB and PostgreSQL raise into a sentence: their texts may repeat the URL."""
    try:
        yield
    except duckdb.Error as error:
        raise ServingError(
            f"PostgreSQL did not take the build: {settings.redact(_reason(str(error)))}. "
            "YUNYING_SERVE_POSTGRES says where it is; readers keep what they had."
        ) from None


def _reason(text: str) -> str:
    if "Unable to connect to Postgres" in text:
        told = text.rpartition('": ')[2]
        return _first(_UNREACHABLE, told) or "it cannot be reached with this URL"
    known = _first(_BROKEN, text)
    said = re.search(r"(?:ERROR|FATAL):\s+(.+)", text)
    return known or (said.group(1) if said else text.splitlines()[0])[:300].rstrip(". ")


def _first(table: dict[str, str], text: str) -> str | None:
    found = (said for pattern, said in table.items() if re.search(pattern, text, re.IGNORECASE))
    return next(found, None)
