"""What the suites of raw feeds share: the table's shape, and how much of it can be read."""

from __future__ import annotations

from expectations.rules import ColumnsRule, QueryRule, Rule, Severity, Suite

_ADDED_BY_INGEST = (
    "source_file",
    "row_number",
    "load_id",
    "content_hash",
    "properties",
    "malformed_payload",
)


def feed_suite(
    feed: str, columns: tuple[str, ...], required: tuple[str, ...], rules: tuple[Rule, ...] = ()
) -> Suite:
    """Suite of `raw.<feed>` with its declared columns; `required` ones are filled in most rows.

    A column that a file lacks is still in the table, and empty: that is how a renamed column
    shows. Below 1,000 rows one odd file may be most of the feed, and nothing stops.
    """
    return Suite(
        schema="raw",
        table=feed,
        keys=("source_file", "row_number"),
        rules=(
            ColumnsRule(columns=(*_ADDED_BY_INGEST, *columns)),
            _mostly_readable(),
            *(_mostly_filled(column) for column in required),
            *rules,
        ),
    )


def _mostly_readable() -> QueryRule:
    return QueryRule(
        name="mostly_readable",
        sentence="Over half of 1,000 or more rows could not be parsed: wrong format, or encoding?",
        query="""select
    min(source_file) as source_file,
    count(*) filter (where malformed_payload is not null) as malformed_row_count,
    count(*) as row_count
from {table}
having count(*) >= 1000
    and count(*) filter (where malformed_payload is not null) > 0.5 * count(*)""",
        keys=("source_file",),
    )


def _mostly_filled(column: str) -> QueryRule:
    return QueryRule(
        name=f"{column}_mostly_filled",
        sentence=f"Over half of 1,000 or more rows have no {column}: is it named otherwise?",
        query=f"""select
    '{column}' as column_name,
    min(source_file) filter (where {column} is null) as first_source_file,
    count(*) filter (where {column} is null) as empty_row_count,
    count(*) as row_count
from {{table}}
where malformed_payload is null
having count(*) >= 1000 and count(*) filter (where {column} is null) > 0.5 * count(*)""",
        keys=("column_name",),
    )


# Files with a load_id above this came with the newest load: since the last build but this one.
BEFORE_NEWEST_LOAD = """(
    select coalesce(max(load_id), -1)
    from raw.build_watermarks
    where load_id < (select max(load_id) from raw.ingest_files)
)"""

WARNING = Severity.WARNING
