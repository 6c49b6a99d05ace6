"""What each definition says, as a hash: where it is another one, what was computed of it is too."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping

import duckdb

from orchestration.ingest.definitions.cells import alternatives, spelled
from orchestration.ingest.definitions.schema import BY_NAME
from orchestration.store.sql import insert_many, quote

CHANNELS = "channels"
"""The id of all rules of channels together: which one holds is a question to all of them."""
LISTED = "audience"
"""A kind of which nothing is computed anew: lists that were made stand."""
FILES = {
    "activities": ("activity", "activity_id"),
    "stickiness": ("stickiness", "stickiness_id"),
    "funnels": ("funnel", "funnel_id"),
    "funnel_steps": ("funnel", "funnel_id"),
    "retentions": ("retention", "retention_id"),
    "paths": ("path", "path_id"),
    "channels": ("channel", CHANNELS),
    "source_categories": ("channel", CHANNELS),
    "conversions": ("conversion", "conversion_id"),
    "campaign_measures": ("measure", "measure_id"),
    "survivals": ("survival", "survival_id"),
    "features": ("feature", "feature_id"),
    "profile_tags": ("profile_tag", "tag_id"),
    "kpis": ("kpi", "kpi_id"),
    "filters": ("", "definition_id"),  # the kind is the row's `definition`
}
"""The files whose rows are parts of definitions: the kind, and the id or the column that has it."""
# Columns of definitions that change what is shown and not what is counted.
_SHOWN = frozenset(
    {"label_en", "label_zh", "breakdown_limit", "item_limit", "sequence_limit", "time_bins",
     "is_cumulative", "new_by", "is_paid", "is_goal_up", "owner", "parent_kpi_id", "stage",
     "direction", "method", "is_mix_split", "grains"}
)  # fmt: skip


def definition_hashes(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], str]:
    """A hash of what each definition says, by its kind and id."""
    texts: dict[tuple[str, str], list[object]] = {}
    for file, (kind, column) in FILES.items():
        for row in _rows(connection, file):
            key = (kind or row["definition"] or "", row.get(column, column) or "")
            if key[0] == LISTED:
                continue
            texts.setdefault(key, []).append([file, row] if kind else row)
    drivers = {row["kpi_id"]: row["drivers"] for row in _rows(connection, "kpis")}
    texts[("activity", "any")] = []
    texts.setdefault(("channel", CHANNELS), [])
    # A stickiness counts an activity: it says what that says.
    for (kind, _), said in [*texts.items()]:
        if kind == "stickiness":
            activity = said[0][1]["activity_id"]  # type: ignore[index]
            said.append(texts.get(("activity", activity or "any"), []))
    # What a KPI is made of is counted by its segments too.
    for row in _rows(connection, "kpis"):
        pending, seen = [row["kpi_id"] or ""] if row["segment_by"] else [], set()
        while pending:
            kpi = pending.pop()
            if kpi not in seen and ("kpi", kpi) in texts:
                seen.add(kpi)
                texts["kpi", kpi].append(["segment_by", row["segment_by"]])
                pending += alternatives(drivers.get(kpi) or "")
    return {
        key: hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
        for key, said in texts.items()
    }


def note_definitions(
    connection: duckdb.DuckDBPyConnection, computed: Mapping[tuple[str, str], str] | None = None
) -> None:
    """Note what the definitions that are loaded say, and what a complete build has `computed`;
    by default, what it had. Until the next is complete, one that is gone is not forgotten: rows of
    it may stand."""
    connection.execute(
        "create table if not exists seeds.definition_hashes (definition varchar,"
        " definition_id varchar, definition_hash varchar, computed_hash varchar)"
    )
    said = definition_hashes(connection)
    before: Mapping[tuple[str, str], str | None] | None = computed
    if before is None:
        noted = "select definition, definition_id, computed_hash from seeds.definition_hashes"
        before = {
            (kind, name): hashed for kind, name, hashed in connection.execute(noted).fetchall()
        }
    connection.execute("delete from seeds.definition_hashes")
    insert_many(
        connection,
        "seeds.definition_hashes",
        [(*key, said.get(key), before.get(key)) for key in sorted(said.keys() | before.keys())],
    )


def _rows(connection: duckdb.DuckDBPyConnection, file: str) -> Iterator[dict[str, str | None]]:
    """The rows of a definition file in their order, without what only shows."""
    columns = [column for column in BY_NAME[file].fields if column.name not in _SHOWN]
    listed = ", ".join(quote(column.name) for column in columns)
    for row in connection.execute(
        f'select {listed} from seeds."{file}" order by row_number'
    ).fetchall():
        # A default says the same whether it is written or not.
        yield {
            column.name: None if cell is None or cell == column.default else spelled(cell)
            for column, cell in zip(columns, row, strict=True)
        }
