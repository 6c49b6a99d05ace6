"""Effects of removal: shares of one whole."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import rates_between_0_and_1

SUITE = gx.ExpectationSuite(
    name="marts.mart_attribution_removals",
    meta={"keys": ["conversion_id", "period_start_date", "channel_id"]},
    expectations=[
        *rates_between_0_and_1("removal_effect", "credit_share"),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    conversion_id, period_start_date, sum(credit_share) as credit_share
from {batch}
group by conversion_id, period_start_date
having abs(sum(credit_share) - 1) > 0.000001""",
            severity="critical",
            notes="The shares of the channels are not the whole",
            meta={
                "rule": "shares_are_the_whole",
                "zh": "各渠道份额之和不是 1",
                "keys": ["conversion_id", "period_start_date"],
            },
        ),
    ],
)
