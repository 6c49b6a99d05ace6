"""Breaches of rules: those of each rule add up to all, and parts are within their wholes."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import not_negative, parts_within_wholes, rates_between_0_and_1

SUITE = gx.ExpectationSuite(
    name="marts.mart_rule_violations",
    meta={"keys": ["grain", "period_start_date", "rule_id", "severity"]},
    expectations=[
        *not_negative("repeat_offender_count", "open_count", "median_seconds_to_resolution"),
        *parts_within_wholes(
            ("violating_merchant_count", "violation_count"),
            ("violating_merchant_count", "active_merchant_count"),
            ("repeat_offender_count", "violating_merchant_count"),
            ("resolved_count", "violation_count"),
        ),
        *rates_between_0_and_1(
            "violation_rate",
            "violation_rate_lower",
            "violation_rate_upper",
            "repeat_offender_rate",
            "repeat_offender_rate_lower",
            "repeat_offender_rate_upper",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    grain, period_start_date, null as rule_id, null as severity,
    sum(case when rule_id is not null then violation_count else 0 end) as violation_count,
    sum(case when rule_id is null then violation_count else 0 end) as all_violation_count
from {batch}
group by grain, period_start_date
having
    sum(case when rule_id is not null then violation_count else 0 end)
    <> sum(case when rule_id is null then violation_count else 0 end)""",
            severity="critical",
            notes="Breaches of the rules do not add up to all breaches",
            meta={"rule": "rules_add_up_to_all", "zh": "各规则的违规合计不等于全部违规"},
        ),
    ],
)
