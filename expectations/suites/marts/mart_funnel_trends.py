"""Trends of funnels: shares of entrants, and no period missing."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import (
    day_within_horizon,
    mature_within_all,
    not_negative,
    parts_within_wholes,
    rates_between_0_and_1,
)

SUITE = gx.ExpectationSuite(
    name="marts.mart_funnel_trends",
    meta={"keys": ["funnel_id", "grain", "period_start_at", "breakdown_value"]},
    expectations=[
        *rates_between_0_and_1("conversion_rate"),
        *not_negative("entrant_count", "converted_count"),
        *parts_within_wholes(
            ("converted_count", "entrant_count"),
            ("mature_converted_count", "mature_entrant_count"),
        ),
        mature_within_all("entrant_count"),
        day_within_horizon("period_start_date"),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select funnel_id, period_start_date, next_date
from (
    select funnel_id, period_start_date, lead(period_start_date) over (
        partition by funnel_id order by period_start_date
    ) as next_date
    from {batch}
    where grain = 'day' and breakdown_value is null
) as days
where next_date > period_start_date + interval 1 day""",
            severity="critical",
            notes="A day between two of the funnel is missing",
            meta={
                "rule": "no_day_missing",
                "zh": "漏斗的两天之间缺了一天",
                "keys": ["funnel_id", "period_start_date"],
            },
        ),
    ],
)
