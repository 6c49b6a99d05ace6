"""Stickiness histograms: no more active intervals than a period has."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import day_within_horizon, not_negative

SUITE = gx.ExpectationSuite(
    name="marts.mart_stickiness",
    meta={"keys": ["stickiness_id", "period_start_date", "active_intervals"]},
    expectations=[
        *not_negative("user_count", "active_intervals"),
        day_within_horizon("period_start_date"),
        # The hour more is the one that a change of clocks repeats. A range has no limit.
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""with limits as (
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
from {batch} as histogram
inner join limits on histogram.stickiness_id = limits.stickiness_id
where histogram.active_intervals > limits.most_intervals""",
            severity="critical",
            notes="A user is active in more intervals than the period has",
            meta={
                "rule": "fits_into_its_period",
                "zh": "有用户活跃的区间数比时期里的区间还多",
                "keys": ["stickiness_id", "period_start_date", "active_intervals"],
            },
        ),
    ],
)
