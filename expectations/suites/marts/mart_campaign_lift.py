"""Lift of campaigns: a difference within its interval."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import not_negative, rates_between_0_and_1

SUITE = gx.ExpectationSuite(
    name="marts.mart_campaign_lift",
    meta={"keys": ["campaign_id", "measure_id", "variant", "method"]},
    expectations=[
        *not_negative("user_count", "control_user_count", "standard_error"),
        *rates_between_0_and_1("p_value"),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    campaign_id, measure_id, variant, method, difference, difference_low, difference_high
from {batch}
where difference_low > difference + 0.000001 * (1 + abs(difference))
    or difference_high < difference - 0.000001 * (1 + abs(difference))""",
            severity="critical",
            notes="A difference lies outside of its own interval",
            meta={
                "rule": "differences_are_within_their_interval",
                "zh": "差不在自己的区间内",
                "keys": ["campaign_id", "measure_id", "variant", "method"],
            },
        ),
    ],
)
