"""Times between steps: the fastest, the median and the slowest are in order."""

from expectations.plausibility import not_negative
from expectations.rules import QueryRule, RowRule, Severity, Suite

SUITE = Suite(
    schema="marts",
    table="mart_funnel_times",
    keys=("funnel_id", "breakdown_value", "from_step", "to_step"),
    rules=(
        not_negative("least_seconds", "mean_seconds", "mature_reached_count"),
        RowRule(
            name="times_are_in_order",
            sentence="The fastest, the median, nine in ten and the slowest are not in order",
            where="least_seconds > median_seconds or median_seconds > p90_seconds "
            "or p90_seconds > most_seconds or mean_seconds > most_seconds",
            show=("least_seconds", "mean_seconds", "median_seconds", "p90_seconds"),
        ),
        QueryRule(
            name="not_all_in_one_second",
            sentence="Of 1,000 who got from one step to the other or more, half took no second: "
            "does one action send both events?",
            query="""select funnel_id, from_step, to_step, mature_reached_count
from {table}
where breakdown_value is null and mature_reached_count >= 1000 and median_seconds < 1""",
            keys=("funnel_id", "from_step", "to_step"),
            severity=Severity.WARNING,
        ),
    ),
)
