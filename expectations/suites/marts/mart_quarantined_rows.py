"""Rows in quarantine, by file and reason: what arrived is there too, and no more is left out."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import rates_between_0_and_1

SUITE = gx.ExpectationSuite(
    name="marts.mart_quarantined_rows",
    meta={"keys": ["feed", "source_file", "reason"]},
    expectations=[
        *rates_between_0_and_1("quarantined_rate"),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""with listed as (
    select feed, source_file, sum(row_count) as row_count from {batch} group by feed, source_file
)

select
    ledger.feed, ledger.source_file, ledger.rows_quarantined,
    coalesce(listed.row_count, 0) as listed_row_count
from staging.stg_ingest_ledger as ledger
left join listed
    on ledger.feed = listed.feed and ledger.source_file = listed.source_file
where coalesce(listed.row_count, 0) <> ledger.rows_quarantined""",
            severity="critical",
            notes="A file has other rows in quarantine here than in the ledger",
            meta={
                "rule": "as_many_as_the_ledger_says",
                "zh": "某个文件在这里的隔离行数与台账不同",
                "keys": ["feed", "source_file"],
            },
        ),
    ],
)
