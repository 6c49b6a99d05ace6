"""What became of each file: as the ledger says, and nothing is lost on the way."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import not_negative, rates_between_0_and_1

SUITE = gx.ExpectationSuite(
    name="marts.mart_ingest_files",
    meta={"keys": ["feed", "source_file"]},
    expectations=[
        *not_negative("row_count", "staged_row_count", "duplicate_row_count"),
        *rates_between_0_and_1("quarantined_rate"),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    ledger.feed, ledger.source_file, ledger.rows_in, files.row_count
from staging.stg_ingest_ledger as ledger
left join {batch} as files
    on ledger.feed = files.feed and ledger.source_file = files.source_file
where files.source_file is null or files.row_count <> coalesce(ledger.rows_in, 0)""",
            severity="critical",
            notes="A file of the ledger is missing, or holds other rows",
            meta={
                "rule": "every_file_of_the_ledger",
                "zh": "台账里的文件缺失，或行数不同",
                "keys": ["feed", "source_file"],
            },
        ),
    ],
)
