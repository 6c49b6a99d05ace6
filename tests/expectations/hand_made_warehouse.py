"""A small warehouse as a build leaves it, made by hand: 60 days of 2024 and a little of a 61st.

Large enough that every rule has something to judge, whatever number of rows it asks for. The
columns of facts and marts are those of their contracts; the figures agree with one another.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from expectations.suites import suite_files
from orchestration.transform.dbt_runs import load_manifest
from tests.expectations.tables import good_rows

FEED_ROWS = 1200

_TABLES = """
create schema raw; create schema seeds; create schema staging;
create schema facts; create schema marts;

create table raw.ingest_files (
    feed text, source_file text, size_bytes bigint, content_hash text, stat_signature text,
    load_id bigint, status text, rows_in bigint, error text, first_loaded_at timestamp,
    loaded_at timestamp, notes text
);
create table raw.restated_days (load_id bigint, restated_date date);
create table raw.build_watermarks (
    load_id bigint, configuration_hash text, completed_at timestamp
);
create table seeds.activities (
    activity_id text, label_en text, label_zh text, event_name text, row_number bigint
);
create table seeds.dim_funnel_steps (
    funnel_id text, is_optional boolean, exclusion_number bigint
);
create table seeds.stickiness (
    stickiness_id text, label_en text, label_zh text, activity_id text, "interval" text,
    period text, from_at text, to_at text, min_occurrences text, is_cumulative text,
    row_number bigint
);
create table staging.stg_ingest_ledger (
    feed text, source_file text, error text, notes text, rows_in bigint, rows_staged bigint,
    rows_duplicate bigint, rows_quarantined bigint
);
"""

# 120 users, of whom each day 60 are active with two events each; each is new on day 1 or 2.
_PEOPLE = """
create temp table days as
select cast(range as bigint) as day, date '2024-01-01' + cast(range as integer) as day_date
from range(0, 60);
create temp table active as
select day, day_date, 'u' || lpad(cast((day * 60 + range) % 120 as text), 3, '0') as user_id
from days cross join range(0, 60);
"""


def make_empty_warehouse(path: Path) -> Path:
    """Every table, no rows, save the horizon's one, which holds nothing: a build of no files."""
    with duckdb.connect(str(path)) as connection:
        _create(connection)
        connection.execute("insert into facts.dim_horizon (data_through_at) values (null)")
    return path


def make_clean_warehouse(path: Path) -> Path:
    """Every table, with rows that every suite accepts."""
    with duckdb.connect(str(path)) as connection:
        _create(connection)
        connection.execute(_PEOPLE + good_rows())
        for feed, columns in _feeds():
            if feed != "events":
                names = [*columns, "source_file"]
                connection.execute(
                    f"insert into raw.{feed} (row_number, load_id, {', '.join(names)}) "
                    f"select range + 1, 1, {', '.join(_text_of(name) for name in names)} "
                    f"from range(0, {FEED_ROWS})"
                )
    return path


def _create(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(_TABLES)
    for node in load_manifest()["nodes"].values():
        if node["resource_type"] == "model" and node["schema"] in ("facts", "marts"):
            columns = (f'"{name}" {each["data_type"]}' for name, each in node["columns"].items())
            table = f"{node['schema']}.{node['alias']}"
            connection.execute(f"create table {table} ({', '.join(columns)})")
    for feed, columns in _feeds():
        provenance = "source_file text, row_number bigint, load_id bigint, content_hash text"
        declared = ", ".join(f'"{column}" text' for column in columns)
        connection.execute(
            f"create table raw.{feed} ({provenance}, {declared}, properties text, "
            "malformed_payload text)"
        )


def _feeds() -> list[tuple[str, list[str]]]:
    added = {"source_file", "row_number", "load_id", "content_hash", "properties"}
    added.add("malformed_payload")
    return [
        (file.table, [column for column in expectation.column_set if column not in added])
        for file in suite_files()
        if file.schema == "raw"
        for expectation in file.load().expectations
        if expectation.expectation_type == "expect_table_columns_to_match_set"
    ]


def _text_of(column: str) -> str:
    return f"'{column}-' || range" if column != "source_file" else "'feed/all.csv'"
