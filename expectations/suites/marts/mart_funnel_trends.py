"""Trends of funnels: shares of entrants, and no period missing."""

from expectations.plausibility import (
    day_within_horizon,
    not_negative,
    parts_within_wholes,
    rates_between_0_and_1,
)
from expectations.rules import QueryRule, Suite

SUITE = Suite(
    schema="marts",
    table="mart_funnel_trends",
    keys=("funnel_id", "grain", "period_start_at", "breakdown_value"),
    rules=(
        rates_between_0_and_1("conversion_rate"),
        not_negative("entrant_count", "converted_count"),
        parts_within_wholes(
            ("converted_count", "entrant_count"),
            ("mature_converted_count", "mature_entrant_count"),
        ),
        day_within_horizon("period_start_date"),
        QueryRule(
            name="no_day_missing",
            sentence="A day between two of the funnel is missing",
            query="""select funnel_id, period_start_date, next_date
from (
    select funnel_id, period_start_date, lead(period_start_date) over (
        partition by funnel_id order by period_start_date
    ) as next_date
    from {table}
    where grain = 'day' and breakdown_value is null
) as days
where next_date > period_start_date + interval 1 day""",
            keys=("funnel_id", "period_start_date"),
        ),
    ),
)
