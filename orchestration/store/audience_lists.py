"""The lists of audiences that were exported: once made they stand, whatever comes after.

A build makes those that are due, and when it is whole they move into the archive: what breaks off
has exported nothing. From then on facts read them there, and an erasure alone changes them.
"""

from __future__ import annotations

import duckdb

from orchestration.project import Settings
from orchestration.store import kept_tables

MEMBERS = "archive.arc_audience_members"
EXPORTS = "archive.arc_audience_exports"
TABLES = (EXPORTS, MEMBERS)
_MADE = {
    EXPORTS: "facts.dim_audience_exports",
    MEMBERS: "(from marts.mart_audience_members where status <> 'removed')",
}


def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Make them where they are missing."""
    connection.execute(
        f"create table if not exists {EXPORTS} (audience_id varchar, campaign_id varchar,"
        " purpose varchar, is_by_profile boolean, export_at timestamp, made_through_at timestamp)"
    )
    connection.execute(
        f"create table if not exists {MEMBERS} (audience_id varchar, user_id varchar,"
        " status varchar, bucket double, export_at timestamp)"
    )


def archive(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Take in the lists that a whole build has made. Call it inside a transaction."""
    due = connection.execute(
        f"create or replace temp table due as select audience_id, export_at from {_MADE[EXPORTS]}"
        f" anti join {EXPORTS} using (audience_id, export_at); select count(*) from due"
    ).fetchone()
    if not due or not due[0]:
        return
    for table in TABLES:
        columns = ", ".join(
            column for column, *_ in connection.execute(f"describe {table}").fetchall()
        )
        connection.execute(
            f"insert into {table} ({columns}) select {columns} from {_MADE[table]}"
            " semi join due using (audience_id, export_at)"
        )
    # Beside the warehouse before they are committed: a list that went out is never made again.
    kept_tables.write(connection, kept_tables.archive_dir(settings), TABLES)
