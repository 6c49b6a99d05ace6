"""Ripe figures that moved: the published tables of a build against those that readers see.

A row is ripe where its column `is_mature` is true. Each value of a ripe row that is another one
now is a row of the restatements table, which is carried from build to build in the published
file itself: a reader finds it in the very build that moved the figure, no rebuild loses it, and a
rollback takes it back too. The warehouse takes it in as `raw.restatements_log`, for models.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import duckdb

from orchestration.ingest.feeds import EXPIRES_BY, LATEST_STAYS
from orchestration.project import Settings
from orchestration.publish.builds import DATABASE, PublishedBuild, builds_dir, current_build
from orchestration.store.sql import literal, quote, value
from orchestration.transform.dbt_runs import Manifest, exposed_nodes

Relation = tuple[str, str]
# Columns that hold the id of a person.
PERSON_ID_COLUMNS = frozenset({"user_id", "anonymous_id"})
BEFORE = "build_before"
# Rows whose key names a person.
_NAMES_A_PERSON = " or ".join(
    f"json_exists(row_key, '$.{column}')" for column in sorted(PERSON_ID_COLUMNS)
)
# Rows whose key names a person without an id: lists of earlier builds may have such, which compared
# people with each other.
_NAMES_NOBODY = " or ".join(
    f"row_key like '%\"{column}\":null%'" for column in sorted(PERSON_ID_COLUMNS)
)

REASONS = {
    "late_rows": ("rows arrived that occurred before the data's end of then", "迟到的数据"),
    "replaced_files": ("files were replaced", "文件被替换"),
    "withdrawn_files": ("files were withdrawn", "文件被撤出"),
    "erasure": ("people were erased", "有人的数据被删除"),
    "changed_definitions": ("files in seeds/ changed", "seeds/ 里的定义有改动"),
    "changed_settings": ("settings changed", "设置有改动"),
    "changed_code": ("the SQL or the code changed", "SQL 或代码有改动"),
    "new_rows": (
        "new rows joined earlier events to other users, or changed what is known of users",
        "新数据改变了以前事件的归属或用户属性",
    ),
    "unknown": ("unknown: the build before does not say what it was made of", "未知"),
}


@dataclass(frozen=True)
class Restating:
    """The published table that lists what moved, and the key columns of each that ripens; columns
    that are of everything so far go on in ripe rows too: in all, or in those in which the column
    that is named is empty."""

    table: Relation
    keys: Mapping[Relation, tuple[str, ...]] = field(default_factory=dict)
    so_far: Mapping[Relation, Mapping[str, str | bool]] = field(default_factory=dict)


def restating(manifest: Manifest) -> Restating | None:
    """What dbt says of it: the published model with `meta: {restatements: true}` is the list.

    Each published model with a column `is_mature` is watched, by the columns of its key test, but
    for columns with `meta: {so_far: true}`, or `{so_far: <column>}` in rows where that is empty.
    None when no model is the list.
    """
    published = exposed_nodes(manifest)
    lists = [node for node in published if node["config"].get("meta", {}).get("restatements")]
    if not lists:
        return None
    keys = {
        (node["schema"], node["alias"]): _key_columns(manifest, node["unique_id"])
        for node in published
        if "is_mature" in node["columns"]
    }
    so_far = {
        (node["schema"], node["alias"]): {
            name: rows
            for name, column in node["columns"].items()
            if (rows := column.get("config", {}).get("meta", {}).get("so_far"))
        }
        for node in published
    }
    return Restating((lists[0]["schema"], lists[0]["alias"]), keys, so_far)


def _key_columns(manifest: Manifest, unique_id: str) -> tuple[str, ...]:
    """Columns of a model's key test. Raises `ValueError` when it has none."""
    tests = [
        node
        for node in manifest["nodes"].values()
        if node.get("attached_node") == unique_id and node.get("test_metadata")
    ]
    for test in tests:
        if test["test_metadata"]["name"] == "one_row_per":
            return tuple(test["test_metadata"]["kwargs"]["columns"])
    for test in tests:
        if test["test_metadata"]["name"] == "unique":
            return (str(test["column_name"]),)
    raise ValueError(f"{unique_id} ripens and has no key test: what moves could not be named")


def take_in(
    connection: duckdb.DuckDBPyConnection, settings: Settings, table: Relation, epoch: int
) -> None:
    """Make `raw.restatements_log` the list that readers see now.

    `epoch` is the warehouse's number of erasures. When it is ahead of the build's, rows that
    name people stay out: some of them are erased.
    """
    connection.execute("delete from raw.restatements_log")
    build = current_build(settings)
    if build is None or not _attach(connection, settings, build):
        return
    try:
        if _has(connection, BEFORE, table):
            kept = "true" if epoch <= build.erasure_epoch else f"not ({_NAMES_A_PERSON})"
            connection.execute(
                "insert into raw.restatements_log by name"
                f" select * from {quote(BEFORE, *table)} where ({kept}) and not ({_NAMES_NOBODY})"
            )
    finally:
        connection.execute(f"detach {BEFORE}")


def fill(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    watched: Restating,
    before: PublishedBuild | None,
    build: PublishedBuild,
    withholding: Collection[Relation] = (),
) -> int:
    """Write the list into the file of a new build; give the number of values that moved.

    The connection is the new file's; its tables are whole, the list is empty, and the warehouse
    is attached as `warehouse`. Tables that are `withholding` leave out ids of people who have
    taken their consent back, and the list does not tell them either.
    """
    target = quote(*watched.table)
    if before is None or not _attach(connection, settings, before):
        return 0
    try:
        _carry(connection, watched, before, build, withholding)
        reasons = _reasons(connection, before, build)
        count = 0
        for relation, keys in watched.keys.items():
            if not _columns(connection, BEFORE, relation):
                continue  # published for the first time
            holds_people = bool(PERSON_ID_COLUMNS & set(keys))
            if holds_people and before.ids_hashed_with != build.ids_hashed_with:
                continue  # the same person has another id, so nothing can be compared
            # A row that is gone is told, but not by the key of somebody who was erased.
            tells_gone = not holds_people or (
                before.erasure_epoch == build.erasure_epoch and relation not in withholding
            )
            told = {
                "build_id": build.build_id,
                "previous_build_id": before.build_id,
                "reasons": ", ".join(reasons),
                "reason_en": "; ".join(REASONS[reason][0] for reason in reasons),
                "reason_zh": "；".join(REASONS[reason][1] for reason in reasons),
            }
            so_far = watched.so_far.get(relation, {})
            sql = _moved(connection, relation, keys, so_far, tells_gone)
            row = connection.execute(
                f"insert into {target} by name select"
                f" {', '.join(f'{value(text)} as {name}' for name, text in told.items())},"
                f" cast({value(build.built_at)} as timestamp) as restated_at, * from ({sql})"
            ).fetchone()
            count += int(row[0]) if row else 0
        return count
    finally:
        connection.execute(f"detach {BEFORE}")


def _attach(
    connection: duckdb.DuckDBPyConnection, settings: Settings, build: PublishedBuild
) -> bool:
    """Attach what readers see; False when the file cannot be read, which must hold up no build."""
    path = builds_dir(settings) / build.build_id / DATABASE
    try:
        connection.execute(f"attach {literal(path)} as {BEFORE} (read_only)")
    except duckdb.Error:
        return False
    return True


def _carry(
    connection: duckdb.DuckDBPyConnection,
    watched: Restating,
    before: PublishedBuild,
    build: PublishedBuild,
    withholding: Collection[Relation],
) -> None:
    """Copy what readers were told, without people who are erased or have other ids now."""
    target = quote(*watched.table)
    if not _columns(connection, BEFORE, watched.table):
        return
    # Left out as it is copied: what is deleted afterwards can be read in the file's bytes.
    kept = "true"
    if before.ids_hashed_with != build.ids_hashed_with:
        kept = f"not ({_NAMES_A_PERSON})"
    elif before.erasure_epoch != build.erasure_epoch or withholding:
        present = [
            f"select {_row_key(keys, 'present')} from {quote(*relation)} as present"
            for relation, keys in watched.keys.items()
            if PERSON_ID_COLUMNS & set(keys)
        ]
        listed = " union all ".join(present) or "select ''"
        kept = f"not ({_NAMES_A_PERSON}) or row_key in ({listed})"
    connection.execute(
        f"insert into {target} by name select * from {quote(BEFORE, *watched.table)}"
        f" where ({kept}) and not ({_NAMES_NOBODY})"
    )


def _moved(
    connection: duckdb.DuckDBPyConnection,
    relation: Relation,
    keys: tuple[str, ...],
    so_far: Mapping[str, str | bool],
    tells_gone: bool,
) -> str:
    """A query of the values of ripe rows of the build before that are others in the new one.

    Rows of people whose ids are left out are not compared: nothing tells them apart.
    """
    before = _columns(connection, BEFORE, relation)
    now = _columns(connection, None, relation)
    compared = [
        column
        for column in before
        if column in now
        and so_far.get(column) is not True
        and column not in {*keys, *PERSON_ID_COLUMNS}
    ]
    differs = [
        f"old.{quote(column)} is distinct from new.{quote(column)}"
        if before[column] == now[column]
        else f"{_as_text('old', column)} is distinct from {_as_text('new', column)}"
        for column in compared
    ]
    # What goes on in some rows is there as it was.
    stands = {column: f"old.{quote(of)} is null" for column, of in so_far.items() if of is not True}
    changes = ", ".join(
        f"{{column_name: '{column}', old_value: {_as_text('old', column)},"
        f" new_value: case when {stands.get(column, 'false')} then {_as_text('old', column)}"
        f" else {_as_text('new', column)} end}}"
        for column in compared
    )
    joined = " and ".join(f"old.{quote(key)} is not distinct from new.{quote(key)}" for key in keys)
    named = "".join(f" and old.{quote(key)} is not null" for key in PERSON_ID_COLUMNS & {*keys})
    gone = "[{column_name: null::varchar, old_value: null::varchar, new_value: null::varchar}]"
    return f"""
        select
            '{".".join(relation)}' as table_name,
            row_key,
            change.column_name as column_name,
            change.old_value as old_value,
            change.new_value as new_value,
            change.column_name is null as is_gone
        from (
            select
                {_row_key(keys, "old")} as row_key,
                unnest(
                    case when new.is_there then [{changes}] else {gone} end
                ) as change
            from {quote(BEFORE, *relation)} as old
            left join (select *, true as is_there from {quote(*relation)}) as new on {joined}
            where old.is_mature{named} and (
                {"new.is_there is null" if tells_gone else "false"}
                or new.is_there and ({" or ".join(differs)})
            )
        )
        where change.column_name is null or change.old_value is distinct from change.new_value
    """


def _reasons(
    connection: duckdb.DuckDBPyConnection, before: PublishedBuild, build: PublishedBuild
) -> list[str]:
    """The causes that held between two builds, any of which may have moved a row."""
    found = []
    if before.erasure_epoch != build.erasure_epoch:
        found.append("erasure")
    for part, reason in (
        ("definitions", "changed_definitions"),
        ("settings", "changed_settings"),
        ("project", "changed_code"),
    ):
        if before.made_of.get(part) != build.made_of.get(part):
            found.append(reason)
    found += _reasons_of_files(connection)
    if before.load_id:
        if _came_late(connection, before):
            found.insert(0, "late_rows")
        elif not found and build.load_id > before.load_id:
            found.append("new_rows")
    if not found and before.made_of.get("code") != build.made_of.get("code"):
        found.append("changed_code")
    if not before.made_of or not found:
        found.append("unknown")
    return found


def _came_late(connection: duckdb.DuckDBPyConnection, before: PublishedBuild) -> bool:
    """Did rows come since of before the data's end of then: events, or of a feed that has a row for
    each thing that happened? What describes people or things says how they are from now on."""
    instants = {("staging", "stg_events"): "occurred_at"}
    for feed, column in EXPIRES_BY.items():
        if feed != "events" and feed not in LATEST_STAYS:
            instants["raw", feed] = f"try_cast({quote(column)} as timestamp)"
    for relation, instant in instants.items():
        if _has(connection, "warehouse", relation):
            late = connection.execute(
                f"select count(*) from {quote('warehouse', *relation)}"
                f" where load_id > {before.load_id}"
                f" and {instant} < cast({value(before.data_through_at)} as timestamp)"
            ).fetchone()
            if late and late[0]:
                return True
    return False


def _reasons_of_files(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Whether versions of files that the build before had read are gone, and how."""
    if not _has(connection, BEFORE, ("main", "build_files")):
        return []
    rows = connection.execute(
        f"""
        select distinct case when new.load_id is null then 'withdrawn_files'
            else 'replaced_files' end
        from {BEFORE}.main.build_files as old
        left join main.build_files as new using (feed, source_file)
        where new.load_id is distinct from old.load_id
        order by 1
        """
    ).fetchall()
    return [row[0] for row in rows]


def _has(connection: duckdb.DuckDBPyConnection, database: str, relation: Relation) -> bool:
    return bool(_columns(connection, database, relation))


def _columns(
    connection: duckdb.DuckDBPyConnection, database: str | None, relation: Relation
) -> dict[str, str]:
    """Type by column, in their order; empty when there is no such table."""
    try:
        # A hundredth of what the catalogue's own tables take, which list all that is attached.
        rows = connection.execute(f"describe {quote(*filter(None, [database]), *relation)}")
    except duckdb.CatalogException:
        return {}
    return {name: kind for name, kind, *_ in rows.fetchall()}


def _row_key(keys: tuple[str, ...], alias: str) -> str:
    pairs = ", ".join(f"'{key}', {alias}.{quote(key)}" for key in keys)
    return f"cast(json_object({pairs}) as varchar)"


def _as_text(alias: str, column: str) -> str:
    return f"cast({alias}.{quote(column)} as varchar)"
