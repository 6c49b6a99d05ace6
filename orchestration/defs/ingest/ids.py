"""Ids and names of raw rows, read as staging does by macros of the dbt project."""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.defs.ingest.ledger import insert_many
from orchestration.defs.ingest.seeds import read_definition
from orchestration.project import Settings


def define_person_id(
    connection: duckdb.DuckDBPyConnection, settings: Settings, links: Path
) -> None:
    """Make `person_id(text)`: the id of a user or a device, null where the text is none.

    Placeholders are those of the definitions as they are now. `links` is a folder for a symlink.
    """
    _, rows = read_definition(connection, "placeholder_ids", settings.seeds_dir, links)
    connection.execute("create or replace temp table placeholders (placeholder_id varchar)")
    insert_many(connection, "placeholders", [*{(row[0].lower(),) for row in rows if row[0]}])
    connection.execute(
        """
        create or replace temp macro person_id(t) as
        case
            when lower(trimmed(t)) not in (select placeholder_id from placeholders)
                then nullif(trimmed(t), '')
        end
        """
    )
