"""Arms of campaigns: parts of one whole."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import not_negative, parts_within_wholes, rates_between_0_and_1

SUITE = gx.ExpectationSuite(
    name="marts.mart_campaign_balance",
    meta={"keys": ["campaign_id", "variant"]},
    expectations=[
        *not_negative("assigned_count", "exposed_count"),
        *parts_within_wholes(("exposed_count", "assigned_count")),
        *rates_between_0_and_1("expected_share", "p_value"),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select campaign_id, sum(expected_share) as expected_share
from {batch}
group by campaign_id
having abs(sum(expected_share) - 1) > 0.000001""",
            severity="critical",
            notes="The shares of the arms are not the whole",
            meta={
                "rule": "shares_are_the_whole",
                "zh": "各组比例之和不是 1",
                "keys": ["campaign_id"],
            },
        ),
    ],
)
