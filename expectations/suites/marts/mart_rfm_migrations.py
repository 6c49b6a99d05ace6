"""Moves between RFM segments: from somewhere to somewhere, and not everybody out at once."""

from expectations.plausibility import day_within_horizon, not_negative
from expectations.rules import QueryRule, RowRule, Severity, Suite

SUITE = Suite(
    schema="marts",
    table="mart_rfm_migrations",
    keys=("snapshot_date", "from_segment_id", "to_segment_id"),
    rules=(
        not_negative("user_count"),
        day_within_horizon("snapshot_date"),
        RowRule(
            name="comes_or_goes_somewhere",
            sentence="A move has neither a segment that it leaves nor one that it enters",
            where="from_segment_id is null and to_segment_id is null",
            show=("user_count",),
        ),
        QueryRule(
            name="not_everybody_lapsed",
            sentence="At the last snapshot over 80 % of the customers before it lapsed",
            query="""select
    snapshot_date,
    sum(user_count) filter (where to_segment_id is null) as lapsed_user_count,
    sum(user_count) as previous_user_count
from {table}
where from_segment_id is not null
    and snapshot_date = (select max(snapshot_date) from {table})
group by snapshot_date
having sum(user_count) >= 200
    and sum(user_count) filter (where to_segment_id is null) > 0.8 * sum(user_count)""",
            keys=("snapshot_date",),
            severity=Severity.WARNING,
        ),
    ),
)
