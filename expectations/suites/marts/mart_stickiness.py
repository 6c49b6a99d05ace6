"""Stickiness histograms: no more active intervals than a period has."""

from expectations.plausibility import day_within_horizon, not_negative
from expectations.rules import QueryRule, Suite

SUITE = Suite(
    schema="marts",
    table="mart_stickiness",
    keys=("stickiness_id", "period_start_date", "active_intervals"),
    rules=(
        not_negative("user_count", "active_intervals"),
        day_within_horizon("period_start_date"),
        QueryRule(
            # The hour more is the one that a change of clocks repeats. A range has no limit.
            name="fits_into_its_period",
            sentence="A user is active in more intervals than the period has",
            query="""with limits as (
    select
        stickiness_id,
        case lower(coalesce("interval", 'day'))
            when 'hour' then 24 * period_days + 1
            when 'day' then period_days
            when 'week' then ceil(period_days / 7.0) + 1
            when 'month' then 2
        end as most_intervals
    from (
        select
            stickiness_id,
            "interval",
            case lower(period) when 'week' then 7 when '28_days' then 28 when 'month' then 31 end
                as period_days
        from seeds.stickiness
    ) as periods
)

select
    histogram.stickiness_id,
    histogram.period_start_date,
    histogram.active_intervals,
    limits.most_intervals
from {table} as histogram
inner join limits on histogram.stickiness_id = limits.stickiness_id
where histogram.active_intervals > limits.most_intervals""",
            keys=("stickiness_id", "period_start_date", "active_intervals"),
        ),
    ),
)
