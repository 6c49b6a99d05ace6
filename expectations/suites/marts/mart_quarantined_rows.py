"""Rows in quarantine, by file and reason: what arrived is there too, and no more is left out."""

from expectations.plausibility import rates_between_0_and_1
from expectations.rules import QueryRule, Suite

SUITE = Suite(
    schema="marts",
    table="mart_quarantined_rows",
    keys=("feed", "source_file", "reason"),
    rules=(
        rates_between_0_and_1("quarantined_rate"),
        QueryRule(
            name="as_many_as_the_ledger_says",
            sentence="A file has other rows in quarantine here than in the ledger",
            query="""with listed as (
    select feed, source_file, sum(row_count) as row_count from {table} group by feed, source_file
)

select
    ledger.feed, ledger.source_file, ledger.rows_quarantined,
    coalesce(listed.row_count, 0) as listed_row_count
from staging.stg_ingest_ledger as ledger
left join listed
    on ledger.feed = listed.feed and ledger.source_file = listed.source_file
where coalesce(listed.row_count, 0) <> ledger.rows_quarantined""",
            keys=("feed", "source_file"),
        ),
    ),
)
