"""Whom an erasure concerns, and which raw rows are theirs: ids as keyed hashes, rows by number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import duckdb

from orchestration.ingest.feeds import FEEDS_BY_NAME, LOGS
from orchestration.store.keyed_hash import hash_sql
from orchestration.store.sql import literal, quote, value

REQUESTS = "erasure_requests"
SHARED_DEVICE_MAX_USERS = 3
FUTURE_TOLERANCE_DAYS = 1
EARLIEST_PLAUSIBLE_DATE = "1970-01-01"
"""As the vars of the dbt project by these names; a test holds them together."""
KEY = "erasure"
"""Name of the key of the hashes, as `keyed_hash.set_key` was told it."""
_INSTANTS = ("recorded_at", "requested_at")

Request = tuple[str | None, str | None, datetime]
"""User id and anonymous id, as `person_id` reads them, and when it was asked: where that cannot
be read, when it was loaded."""

# Who did what, and when, by every log that is known.
ACTORS = " union all ".join(
    f"select load_id, person_id({actor.user}) as user_id, "
    f"person_id({actor.device}) as anonymous_id, {actor.at} as occurred_at, "
    f"{actor.event} as event_id, {actor.received} as received_at, "
    f"{actor.is_event} as is_event from raw.{quote(log)}"
    for log, actor in LOGS.items()
)
# Devices that users were seen with: the one seen first, how many, and who. As identity is computed
# of staged rows: what is quarantined joins nobody, and of one instant the smallest id is first.
_OWNERS = f"""
        select
            anonymous_id,
            first(user_id order by first_seen_at, first_event_id, user_id) as owner,
            count(*) as user_count,
            list(user_id) as users
        from (
            select
                anonymous_id,
                user_id,
                min(first_seen_at) as first_seen_at,
                arg_min(event_id, (first_seen_at, event_id)) as first_event_id
            from (
                select
                    a.anonymous_id,
                    a.user_id,
                    raw_instant(a.occurred_at) as first_seen_at,
                    coalesce(a.event_id, '') as event_id,
                    f.first_loaded_at,
                    raw_instant(a.received_at) as received_at
                from ({ACTORS}) as a
                inner join raw.ingest_files as f on a.load_id = f.load_id
                where a.anonymous_id is not null and a.user_id is not null and a.is_event
                union all
                select anonymous_id, user_id, first_seen_at, first_event_id, first_seen_at, null
                from archive.arc_identity_pairs
            )
            where first_seen_at >= timestamp '{EARLIEST_PLAUSIBLE_DATE}'
                and first_seen_at <= coalesce(received_at, first_loaded_at)
                    + interval {FUTURE_TOLERANCE_DAYS} day
                and coalesce(
                    received_at <= first_loaded_at + interval {FUTURE_TOLERANCE_DAYS} day, true
                )
            group by anonymous_id, user_id
        )
        group by anonymous_id
"""
# What may be an id in a text that is no row: words, what stands between separators or quotes.
_WORDS = """
            list_distinct(list_concat(
                regexp_split_to_array(malformed_payload, '[^\\p{L}\\p{M}\\p{N}_.@+:-]+'),
                regexp_split_to_array(malformed_payload, '[,;\\t]'),
                regexp_split_to_array(malformed_payload, '"'),
                list_transform(
                    regexp_extract_all(malformed_payload, '"(?:[^"]|"")*"'),
                    lambda text: replace(text[2:-2], '""', '"')
                ),
                list_transform(
                    regexp_extract_all(malformed_payload, '"(?:[^"\\\\]|\\\\.)*"'),
                    lambda text: case
                        when json_valid(text) then json_extract_string(text, '$')
                    end
                )
            ))
"""


def requests(connection: duckdb.DuckDBPyConnection) -> list[Request]:
    """The requests that raw holds; those that were taken in have left it."""
    return connection.execute(
        f"""
        select distinct person_id(user_id), person_id(anonymous_id),
            coalesce(raw_instant(r.requested_at), f.first_loaded_at)
        from raw.{REQUESTS} as r
        inner join raw.ingest_files as f on r.load_id = f.load_id
        where malformed_payload is null
            and coalesce(person_id(user_id), person_id(anonymous_id)) is not null
        order by all
        """
    ).fetchall()


def returned(connection: duckdb.DuckDBPyConnection, since: int, now: datetime) -> list[Request]:
    """Erased users whom loads after `since` name: their rows may show devices that are new."""
    rows = connection.execute(
        f"""
        select u.id, max(r.requested_at)
        from (
            select distinct user_id as id
            from ({ACTORS})
            where load_id > {since} and user_id is not null
        ) as u
        inner join raw.erased_ids as e
            on e.id_hash = {hash_sql(KEY, "u.id")} and e.kind = 'user'
        left join raw.erasures as r on e.person_hash = r.person_hash
        group by u.id
        order by u.id
        """
    ).fetchall()
    return [(user, None, requested_at or now) for user, requested_at in rows]


def record(
    connection: duckdb.DuckDBPyConnection,
    requests: Sequence[Request],
    again: Sequence[Request],
    now: datetime,
) -> bool:
    """Write the hashes of all ids of the people who ask; whether there are new ones.

    `again` are people who were erased before and are named by rows again. `person_ids` has the
    ids in plain, for the rest of this run, and `new_ids` the hashes that were not known.
    """
    execute = connection.execute
    execute(f"create or replace temp table owners as {_OWNERS}")
    execute(
        "create or replace temp table person_ids "
        "(person varchar, id varchar, kind varchar, until_at timestamp)"
    )
    for user, device, requested_at in [*requests, *again]:
        execute("create or replace temp table asked (id varchar, kind varchar)")
        if user is not None:
            execute(f"insert into asked values ({literal(user)}, 'user')")
        if device is not None:
            execute(f"insert into asked values ({literal(device)}, 'anonymous')")
        if user is None and device is not None:  # whose it is says the request itself, or nobody
            execute(
                "insert into asked select owner, 'user' from owners "
                f"where anonymous_id = {literal(device)} "
                f"and user_count <= {SHARED_DEVICE_MAX_USERS}"
            )
        execute(
            f"""
            insert into asked
            select anonymous_id, case
                when user_count = 1 then 'anonymous'
                when user_count > {SHARED_DEVICE_MAX_USERS} then 'unjoined'
                else 'shared'
            end
            from owners
            where anonymous_id not in (select id from asked where kind = 'anonymous')
                and (
                    owner in (select id from asked where kind = 'user')
                    or user_count > {SHARED_DEVICE_MAX_USERS}
                    and list_has_any(
                        users, (select list(id) from asked where kind = 'user')
                    )
                )
            """
        )
        name = literal(user or device or "")
        execute(
            f"insert into person_ids select distinct {name}, id, kind, "
            f"case when kind = 'shared' then {value(requested_at)} end from asked"
        )
    hashed = hash_sql(KEY, "person")
    execute(
        f"""
        create or replace temp table new_ids as
        select distinct {hashed} as person_hash, {hash_sql(KEY, "id")} as id_hash,
            kind, until_at
        from person_ids as p
        where not exists (
            select 1 from raw.erased_ids as e
            where e.id_hash = {hash_sql(KEY, "p.id")} and e.kind = p.kind
                and e.until_at is not distinct from p.until_at
        )
        """
    )
    execute("begin")
    execute("insert into raw.erased_ids select * from new_ids")
    for user, device, requested_at in requests:
        name = literal(user or device or "")
        execute(
            f"""
            insert into raw.erasures
            select {hash_sql(KEY, name)}, {value(requested_at)}, {value(now)}, null
            where not exists (
                select 1 from raw.erasures
                where person_hash = {hash_sql(KEY, name)}
                    and requested_at is not distinct from {value(requested_at)}
            )
            """
        )
    execute("commit")
    return count(connection, "new_ids") > 0


def find_rows(connection: duckdb.DuckDBPyConnection, since: int) -> None:
    """Make `erased_rows`: the raw rows of loads after `since` that name an erased person."""
    execute = connection.execute
    execute(
        "create or replace temp table erased_rows "
        "(feed varchar, load_id bigint, row_number bigint, person_hash varchar)"
    )
    for feed, columns in _feeds(connection):
        table = f"raw.{quote(feed)}"
        known = FEEDS_BY_NAME.get(feed)
        users = known.users if known else [quote(column) for column in columns]
        devices = known.devices if known else ()
        for user in users:
            _insert(
                connection,
                feed,
                f"select load_id, row_number, person_id({user}) as id from {table} "
                f"where load_id > {since} and person_id({user}) is not null",
                ("user",) if known else ("user", "anonymous"),
            )
        log = LOGS.get(feed)
        at = log.at if log else next((name for name in _INSTANTS if name in columns), None)
        for device in devices:
            _insert(
                connection,
                feed,
                f"select load_id, row_number, person_id({device}) as id, "
                f"{f'raw_instant({at})' if at else 'null'} as at from {table} "
                f"where load_id > {since} and person_id({device}) is not null "
                f"and person_id({users[0]}) is null",
                ("anonymous", "shared"),
            )
        # What is no row cannot be asked for its columns: a part of it that is an id will do.
        _insert(
            connection,
            feed,
            "select load_id, row_number, person_id(word) as id from ("
            f"select load_id, row_number, unnest({_WORDS}) as word "
            f"from {table} where load_id > {since} and malformed_payload is not null)",
            ("user", "anonymous"),
        )
    if count(connection, "person_ids"):
        execute(
            f"""
            insert into erased_rows
            select {literal(REQUESTS)}, r.load_id, r.row_number, min(e.person_hash)
            from raw.{REQUESTS} as r
            inner join raw.erased_ids as e
                on e.id_hash in (
                    {hash_sql(KEY, "person_id(r.user_id)")},
                    {hash_sql(KEY, "person_id(r.anonymous_id)")}
                )
            group by r.load_id, r.row_number
            """
        )
    execute(
        "create or replace temp table erased_rows as select feed, load_id, row_number, "
        "min(person_hash) as person_hash from erased_rows group by all"
    )


def _insert(
    connection: duckdb.DuckDBPyConnection, feed: str, rows: str, kinds: tuple[str, ...]
) -> None:
    """Add those of `rows` (`load_id`, `row_number`, `id`, perhaps `at`) whose id is erased."""
    has_instant = " as at " in rows
    in_time = "and (e.until_at is null or r.at is null or r.at <= e.until_at)"
    connection.execute(
        f"""
        insert into erased_rows
        with rows_of_feed as ({rows}),
        ids as (select distinct id from rows_of_feed),
        hashes as (select id, {hash_sql(KEY, "id")} as id_hash from ids)
        select {literal(feed)}, r.load_id, r.row_number, e.person_hash
        from rows_of_feed as r
        inner join hashes as h on r.id = h.id
        inner join raw.erased_ids as e on h.id_hash = e.id_hash
        where e.kind in ({", ".join(map(literal, kinds))}) {in_time if has_instant else ""}
        """
    )


def _feeds(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every raw table of rows, with its text columns."""
    rows = connection.execute(
        """
        select table_name, list(column_name order by column_index)
        from duckdb_columns()
        where database_name = current_database() and schema_name = 'raw'
            and column_name not in ('source_file', 'row_number', 'load_id', 'content_hash',
                'malformed_payload', 'properties')
        group by table_name
        having table_name in (select feed from raw.ingest_files)
        """
    ).fetchall()
    for table, columns in sorted(rows):
        yield table, tuple(columns)


def count(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    """Rows of a relation."""
    row = connection.execute(f"select count(*) from {relation}").fetchone()
    return int(row[0]) if row else 0
