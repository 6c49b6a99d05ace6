"""Funnel of merchants: it never widens, and parts are within their wholes."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import not_negative, parts_within_wholes, rates_between_0_and_1

SUITE = gx.ExpectationSuite(
    name="marts.mart_merchant_funnel",
    meta={"keys": ["grain", "period_start_date", "stage_number"]},
    expectations=[
        *not_negative("merchant_count", "mature_merchant_count"),
        *parts_within_wholes(
            ("mature_merchant_count", "merchant_count"),
            ("mature_merchant_count", "mature_previous_count"),
            ("mature_previous_count", "mature_signed_up_count"),
        ),
        *rates_between_0_and_1(
            "rate_from_start",
            "rate_from_start_lower",
            "rate_from_start_upper",
            "rate_from_previous",
            "rate_from_previous_lower",
            "rate_from_previous_upper",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    grain, period_start_date, stage_number, merchant_count, previous_count
from (
    select
        grain, period_start_date, stage_number, merchant_count,
        lag(merchant_count) over (
            partition by grain, period_start_date order by stage_number
        ) as previous_count
    from {batch}
) as stages
where merchant_count > previous_count""",
            severity="critical",
            notes="More merchants reached a stage than the one before it",
            meta={"rule": "never_widens", "zh": "到达某阶段的商家比前一阶段还多"},
        ),
    ],
)
