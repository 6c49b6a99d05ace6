"""What became of each file: as the ledger says, and nothing is lost on the way."""

from expectations.plausibility import not_negative, rates_between_0_and_1
from expectations.rules import QueryRule, Suite

SUITE = Suite(
    schema="marts",
    table="mart_ingest_files",
    keys=("feed", "source_file"),
    rules=(
        not_negative("row_count", "staged_row_count", "duplicate_row_count"),
        rates_between_0_and_1("quarantined_rate"),
        QueryRule(
            name="every_file_of_the_ledger",
            sentence="A file of the ledger is missing, or holds other rows",
            query="""select ledger.feed, ledger.source_file, ledger.rows_in, files.row_count
from staging.stg_ingest_ledger as ledger
left join {table} as files
    on ledger.feed = files.feed and ledger.source_file = files.source_file
where files.source_file is null or files.row_count <> coalesce(ledger.rows_in, 0)""",
            keys=("feed", "source_file"),
        ),
    ),
)
