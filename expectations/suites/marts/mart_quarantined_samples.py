"""Samples of quarantine: they stand for rows that are there, and show no value that names."""

import great_expectations as gx
import great_expectations.expectations as gxe

SUITE = gx.ExpectationSuite(
    name="marts.mart_quarantined_samples",
    meta={"keys": ["feed", "reason", "sample_number"]},
    expectations=[
        # Names of columns and codes of currencies aside, a sample has the letter x alone.
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=r"""select feed, reason, sample_number, sample
from {batch}
where reason not like 'missing_%' and reason <> 'foreign_currency'
    and regexp_matches(replace(sample, 'x', ''), '[\p{{L}}0-8]')""",
            severity="critical",
            notes="A sample shows a value as it came, where it may name a person",
            meta={"rule": "samples_name_nobody", "zh": "样例照原样显示了可能指向个人的值"},
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""with sampled as (
    select distinct feed, reason from {batch}
)

select counted.feed, counted.reason, sum(counted.row_count) as row_count
from marts.mart_quarantined_rows as counted
left join sampled on counted.feed = sampled.feed and counted.reason = sampled.reason
where sampled.feed is null
group by counted.feed, counted.reason""",
            severity="critical",
            notes="A reason for quarantine has no sample",
            meta={
                "rule": "every_reason_has_a_sample",
                "zh": "有隔离原因没有样例",
                "keys": ["feed", "reason"],
            },
        ),
    ],
)
