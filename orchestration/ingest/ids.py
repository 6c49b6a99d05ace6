"""Ids of people in raw rows, read as staging reads them."""

from __future__ import annotations

import duckdb

from orchestration.ingest.seeds import Seeds
from orchestration.store.sql import insert_many


def define_person_id(connection: duckdb.DuckDBPyConnection, seeds: Seeds) -> None:
    """Make `person_id(text)`: the id of a user or a device, null where the text is none.

    Placeholders are those of the definitions as they are now.
    """
    rows = seeds.tables["placeholder_ids"].rows
    placeholders = {str(row.values["placeholder_id"]).lower() for row in rows}
    connection.execute("create or replace temp table placeholders (placeholder_id varchar)")
    insert_many(connection, "placeholders", [(each,) for each in placeholders])
    connection.execute(
        """
        create or replace temp macro person_id(t) as
        case
            when lower(trimmed(t)) not in (select placeholder_id from placeholders)
                then nullif(trimmed(t), '')
        end
        """
    )
