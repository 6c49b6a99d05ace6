"""The ledger of files: what arrived could be read, is as large as usual, and was not lost."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.suites.raw._feeds import BEFORE_NEWEST_LOAD

SUITE = gx.ExpectationSuite(
    name="raw.ingest_files",
    meta={"keys": ["feed", "source_file"]},
    expectations=[
        # A warehouse file put back from a copy, or raw tables dropped by hand.
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    max(load_id) as built_load_id,
    (select max(load_id) from {batch}) as ledger_load_id
from raw.build_watermarks
having max(load_id) > coalesce(
    (
        select max(load_id)
        from (
            select load_id from {batch}
            union all
            select load_id from raw.restated_days
        ) as numbered
    ),
    0
)""",
            severity="critical",
            notes="The ledger ends before the load that the last build had already read",
            meta={
                "rule": "not_older_than_the_last_build",
                "zh": "台账的末尾早于上次构建已经读过的导入",
                "keys": ["built_load_id"],
            },
        ),
        # One broken file must not stop the others; a broken export must.
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    feed,
    count(*) filter (where status = 'failed') as failed_file_count,
    count(*) as file_count
from {batch}
where status <> 'withdrawn'
group by feed
having count(*) >= 20 and count(*) filter (where status = 'failed') > 0.5 * count(*)""",
            severity="critical",
            notes="Over half of a feed's 20 or more files could not be read",
            meta={
                "rule": "files_mostly_readable",
                "zh": "某类数据有 20 个以上的文件，一半以上读不了",
                "keys": ["feed"],
            },
        ),
        # Marts of the few rows that are left would look like a collapse of the business.
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    feed,
    sum(rows_quarantined) as quarantined_row_count,
    sum(rows_in) as row_count
from staging.stg_ingest_ledger /* of {batch} */
group by feed
having sum(rows_in) >= 1000 and sum(rows_quarantined) > 0.5 * sum(rows_in)""",
            severity="critical",
            notes="Over half of a feed's 1,000 or more rows are in quarantine",
            meta={
                "rule": "rows_mostly_staged",
                "zh": "某类数据有 1,000 行以上，一半以上被隔离",
                "keys": ["feed"],
            },
        ),
        gxe.ExpectColumnValuesToNotBeInSet(
            column="status",
            value_set=["failed"],
            severity="warning",
            notes="A file could not be read; the others were loaded",
            meta={"rule": "every_file_readable", "zh": "有文件读不了；其他文件已经导入"},
        ),
        # One broken delivery among many good ones, whatever its size: told, with the
        # columns that it lacks.
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select feed, source_file, rows_quarantined, rows_in, notes
from staging.stg_ingest_ledger /* of {batch} */
where rows_quarantined > 0.5 * rows_in""",
            severity="warning",
            notes="Over half of a file's rows are in quarantine",
            meta={
                "rule": "most_of_a_file_is_usable",
                "zh": "某个文件一半以上的行被隔离",
                "keys": ["feed", "source_file"],
            },
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=f"""with earlier as (
    select feed, median(rows_in) as median_row_count, count(*) as file_count
    from {{batch}}
    where status = 'loaded' and load_id <= {BEFORE_NEWEST_LOAD}
    group by feed
)

select files.feed, files.source_file, files.rows_in, earlier.median_row_count
from {{batch}} as files
inner join earlier on files.feed = earlier.feed
where files.status = 'loaded'
    and files.load_id > {BEFORE_NEWEST_LOAD}
    and earlier.file_count >= 5
    and earlier.median_row_count >= 100
    and files.rows_in < 0.1 * earlier.median_row_count""",
            severity="warning",
            notes="A file of the newest load has under a tenth of the rows of the feed's "
            "earlier files",
            meta={
                "rule": "files_as_large_as_usual",
                "zh": "最近一次导入的某个文件，行数不到这类数据以往文件的十分之一",
                "keys": ["feed", "source_file"],
            },
        ),
    ],
)
