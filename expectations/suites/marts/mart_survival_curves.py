"""Survival: who is at risk is who has not ended and is not lost sight of; no curve rises."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import in_order, not_negative, rates_between_0_and_1

_KEYS = ["survival_id", "breakdown_value", "day"]

SUITE = gx.ExpectationSuite(
    name="marts.mart_survival_curves",
    meta={"keys": _KEYS},
    expectations=[
        *not_negative("day", "ended_count", "censored_count", "median_days"),
        *rates_between_0_and_1("survival_rate"),
        *in_order("survival_rate_lower", "survival_rate", "survival_rate_upper"),
        # Sums of logarithms over a window end with a last digit of their own on each day.
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select *
from (
    select
        survival_id, breakdown_value, day, at_risk_count, survival_rate,
        lag(at_risk_count - ended_count - censored_count) over curve as left_count,
        lag(survival_rate) over curve as rate_before
    from {batch}
    window curve as (partition by survival_id, breakdown_value order by day)
) as days
where at_risk_count <> left_count or survival_rate > rate_before + 1e-12""",
            severity="critical",
            notes="At risk on a day are not those who were left the day before, or a curve rises",
            meta={
                "rule": "who_is_left_is_at_risk",
                "zh": "某天的在险数不等于前一天剩下的，或曲线上升",
                "keys": _KEYS,
            },
        ),
    ],
)
