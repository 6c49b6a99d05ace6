"""Samples of quarantine: they stand for rows that are there, and show no value that names."""

from expectations.rules import QueryRule, RowRule, Suite

SUITE = Suite(
    schema="marts",
    table="mart_quarantined_samples",
    keys=("feed", "reason", "sample_number"),
    rules=(
        RowRule(
            # Names of columns and codes of currencies aside, a sample has the letter x alone.
            name="samples_name_nobody",
            sentence="A sample shows a value as it came, where it may name a person",
            where=r"""reason not like 'missing_%' and reason <> 'foreign_currency'
    and regexp_matches(replace(sample, 'x', ''), '[\p{L}0-8]')""",
            show=("sample",),
        ),
        QueryRule(
            name="every_reason_has_a_sample",
            sentence="A reason for quarantine has no sample",
            query="""with sampled as (
    select distinct feed, reason from {table}
)

select counted.feed, counted.reason, sum(counted.row_count) as row_count
from marts.mart_quarantined_rows as counted
left join sampled on counted.feed = sampled.feed and counted.reason = sampled.reason
where sampled.feed is null
group by counted.feed, counted.reason""",
            keys=("feed", "reason"),
        ),
    ),
)
