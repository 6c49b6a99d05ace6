"""Funnel conversion: shares of entrants that never widen, and times that fit together."""

from expectations.plausibility import (
    day_within_horizon,
    not_negative,
    parts_within_wholes,
    rates_between_0_and_1,
)
from expectations.rules import QueryRule, RowRule, Severity, Suite

SUITE = Suite(
    schema="marts",
    table="mart_funnel_conversion",
    keys=("funnel_id", "grain", "period_start_date", "breakdown_value", "step_number"),
    rules=(
        rates_between_0_and_1("rate_from_start", "rate_from_previous"),
        not_negative(
            "entrant_count",
            "reached_count",
            "mature_entrant_count",
            "mature_reached_count",
            "mean_seconds_from_previous",
            "median_seconds_from_previous",
        ),
        parts_within_wholes(
            ("reached_count", "entrant_count"),
            ("mature_reached_count", "mature_entrant_count"),
        ),
        RowRule(
            name="never_widens",
            sentence="More entrants reached a step than the required step before it",
            where="mature_reached_count > mature_previous_count",
            show=("mature_reached_count", "mature_previous_count"),
        ),
        RowRule(
            name="times_are_in_order",
            sentence="Nine in ten are faster than half of them (p90 below the median)",
            where="p90_seconds_from_previous < median_seconds_from_previous",
            show=("median_seconds_from_previous", "p90_seconds_from_previous"),
        ),
        day_within_horizon("period_start_date"),
        QueryRule(
            name="somebody_completes",
            sentence="Of 1,000 entrants or more nobody reached this step: is the event's name "
            "spelled as the product sends it?",
            query="""select funnel_id, step_number, mature_entrant_count
from {table}
where grain = 'all'
    and breakdown_value is null
    and mature_entrant_count >= 1000
    and reached_count = 0""",
            keys=("funnel_id", "step_number"),
            severity=Severity.WARNING,
        ),
    ),
)
