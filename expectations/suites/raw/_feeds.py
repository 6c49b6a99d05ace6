"""What the suites of raw feeds share: the table's shape, and how much of it can be read."""

from __future__ import annotations

import great_expectations as gx
import great_expectations.expectations as gxe

_ADDED_BY_INGEST = (
    "source_file",
    "row_number",
    "load_id",
    "content_hash",
    "properties",
    "malformed_payload",
)


def feed_suite(
    feed: str,
    columns: tuple[str, ...],
    required: tuple[str, ...],
    expectations: tuple[gxe.Expectation, ...] = (),
) -> gx.ExpectationSuite:
    """Suite of `raw.<feed>` with its declared columns; `required` ones are filled in most rows.

    A column that a file lacks is still in the table, and empty: that is how a renamed column
    shows. Below 1,000 rows one odd file may be most of the feed, and nothing stops: that is why
    `mostly` of Great Expectations, which judges a table of one row too, is not asked here.
    """
    return gx.ExpectationSuite(
        name=f"raw.{feed}",
        meta={"keys": ["source_file", "row_number"]},
        expectations=[
            gxe.ExpectTableColumnsToMatchSet(
                column_set=[*_ADDED_BY_INGEST, *columns],
                exact_match=False,
                severity="critical",
                notes="A declared column is missing",
                meta={"rule": "has_its_columns", "zh": "缺少约定的列"},
            ),
            _mostly_readable(),
            *(_mostly_filled(column) for column in required),
            *expectations,
        ],
    )


def _mostly_readable() -> gxe.UnexpectedRowsExpectation:
    return gxe.UnexpectedRowsExpectation(
        unexpected_rows_query="""select
    min(source_file) as source_file,
    count(*) filter (where malformed_payload is not null) as malformed_row_count,
    count(*) as row_count
from {batch}
having count(*) >= 1000
    and count(*) filter (where malformed_payload is not null) > 0.5 * count(*)""",
        severity="critical",
        notes="Over half of 1,000 or more rows could not be parsed: wrong format, or encoding?",
        meta={
            "rule": "mostly_readable",
            "zh": "1,000 行以上的数据里一半以上解析不了：格式或编码不对？",
            "keys": ["source_file"],
        },
    )


def _mostly_filled(column: str) -> gxe.UnexpectedRowsExpectation:
    return gxe.UnexpectedRowsExpectation(
        unexpected_rows_query=f"""select
    '{column}' as column_name,
    min(source_file) filter (where {column} is null) as first_source_file,
    count(*) filter (where {column} is null) as empty_row_count,
    count(*) as row_count
from {{batch}}
where malformed_payload is null
having count(*) >= 1000 and count(*) filter (where {column} is null) > 0.5 * count(*)""",
        severity="critical",
        notes=f"Over half of 1,000 or more rows have no {column}: is it named otherwise?",
        meta={
            "rule": f"{column}_mostly_filled",
            "zh": f"1,000 行以上的数据里一半以上没有 {column}：是不是换了列名？",
            "keys": ["column_name"],
        },
    )


# Files with a load_id above this came with the newest load: since the last build but this one.
BEFORE_NEWEST_LOAD = """(
    select coalesce(max(load_id), -1)
    from raw.build_watermarks
    where load_id < (select max(load_id) from raw.ingest_files)
)"""
