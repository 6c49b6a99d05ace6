"""The ledger of files: what arrived could be read, is as large as usual, and was not lost."""

from expectations.rules import QueryRule, RowRule, Severity, Suite
from expectations.suites.raw._feeds import BEFORE_NEWEST_LOAD

SUITE = Suite(
    schema="raw",
    table="ingest_files",
    keys=("feed", "source_file"),
    rules=(
        QueryRule(
            # A warehouse file put back from a copy, or raw tables dropped by hand.
            name="not_older_than_the_last_build",
            sentence="The ledger ends before the load that the last build had already read",
            query="""select
    max(load_id) as built_load_id,
    (select max(load_id) from {table}) as ledger_load_id
from raw.build_watermarks
having max(load_id) > coalesce(
    (
        select max(load_id)
        from (
            select load_id from {table}
            union all
            select load_id from raw.restated_days
        ) as numbered
    ),
    0
)""",
            keys=("built_load_id",),
        ),
        QueryRule(
            # One broken file must not stop the others; a broken export must.
            name="files_mostly_readable",
            sentence="Over half of a feed's 20 or more files could not be read",
            query="""select
    feed,
    count(*) filter (where status = 'failed') as failed_file_count,
    count(*) as file_count
from {table}
where status <> 'withdrawn'
group by feed
having count(*) >= 20 and count(*) filter (where status = 'failed') > 0.5 * count(*)""",
            keys=("feed",),
        ),
        QueryRule(
            # Marts of the few rows that are left would look like a collapse of the business.
            name="rows_mostly_staged",
            sentence="Over half of a feed's 1,000 or more rows are in quarantine",
            query="""select
    feed,
    sum(rows_quarantined) as quarantined_row_count,
    sum(rows_in) as row_count
from staging.stg_ingest_ledger
group by feed
having sum(rows_in) >= 1000 and sum(rows_quarantined) > 0.5 * sum(rows_in)""",
            keys=("feed",),
        ),
        RowRule(
            name="every_file_readable",
            sentence="A file could not be read; the others were loaded",
            where="status = 'failed'",
            show=("error",),
            severity=Severity.WARNING,
        ),
        QueryRule(
            # One broken delivery among many good ones, whatever its size: told, with the
            # columns that it lacks.
            name="most_of_a_file_is_usable",
            sentence="Over half of a file's rows are in quarantine",
            query="""select feed, source_file, rows_quarantined, rows_in, notes
from staging.stg_ingest_ledger
where rows_quarantined > 0.5 * rows_in""",
            keys=("feed", "source_file"),
            severity=Severity.WARNING,
        ),
        QueryRule(
            name="files_as_large_as_usual",
            sentence="A file of the newest load has under a tenth of the rows of the feed's "
            "earlier files",
            query=f"""with earlier as (
    select feed, median(rows_in) as median_row_count, count(*) as file_count
    from {{table}}
    where status = 'loaded' and load_id <= {BEFORE_NEWEST_LOAD}
    group by feed
)

select files.feed, files.source_file, files.rows_in, earlier.median_row_count
from {{table}} as files
inner join earlier on files.feed = earlier.feed
where files.status = 'loaded'
    and files.load_id > {BEFORE_NEWEST_LOAD}
    and earlier.file_count >= 5
    and earlier.median_row_count >= 100
    and files.rows_in < 0.1 * earlier.median_row_count""",
            keys=("feed", "source_file"),
            severity=Severity.WARNING,
        ),
    ),
)
