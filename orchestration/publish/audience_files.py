"""Lists of audiences as files, for tools that write to people:

    audiences/<audience_id>/<export_at>.csv, .parquet

A file of a list is in the build that has its rows, and is swapped in with it. It holds whom to
write to, and whom to take off the list before. Who has taken back their consent since is not to be
written to: from the next build on no file of any export has them, wherever its horizon is.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb

from orchestration.store.sql import literal, value

AUDIENCES = "audiences"
_FORMATS = {"csv": "format csv, header", "parquet": "format parquet, compression zstd"}


def write(connection: duckdb.DuckDBPyConnection, folder: Path, user_id: str) -> None:
    """Write the files of all exports that the attached `warehouse` has; `user_id` is the id as it
    leaves it."""
    connection.execute(
        f"""
        create temp table lists as
        select
            audience_id,
            campaign_id,
            export_at,
            {user_id},
            case when change = 'removed' then change else status end as status,
            change
        from warehouse.marts.mart_audience_members
        inner join warehouse.facts.dim_audience_exports using (audience_id, export_at)
        where change = 'removed' or (status = 'exported' and (user_id, purpose) not in (
            select (user_id, purpose) from warehouse.intermediate.int_consents_resolved
            group by user_id, purpose having not arg_max(is_granted, recorded_at)
        ))
        order by all
        """
    )
    exports: list[tuple[str, datetime]] = connection.execute(
        "select audience_id, export_at from warehouse.facts.dim_audience_exports order by all"
    ).fetchall()
    for audience_id, export_at in exports:
        path = folder / AUDIENCES / audience_id / f"{export_at.isoformat()}Z"
        path.parent.mkdir(parents=True, exist_ok=True)
        for ending, how in _FORMATS.items():
            connection.execute(
                f"copy (from lists where audience_id = {literal(audience_id)}"
                f" and export_at = {value(export_at)}) to {literal(f'{path}.{ending}')} ({how})"
            )
    connection.execute("drop table lists")
