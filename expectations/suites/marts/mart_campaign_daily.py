"""Pace of campaigns: days that add up."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import not_negative, rates_between_0_and_1

SUITE = gx.ExpectationSuite(
    name="marts.mart_campaign_daily",
    meta={"keys": ["campaign_id", "activity_date"]},
    expectations=[
        *not_negative("exposed_user_count"),
        *rates_between_0_and_1("elapsed_rate"),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    campaign_id, sum(cost_amount) as cost_amount,
    max_by(cost_amount_to_date, activity_date) as cost_amount_to_date
from {batch}
group by campaign_id
having sum(cost_amount) <> max_by(cost_amount_to_date, activity_date)""",
            severity="critical",
            notes="What was spent up to the last day is not what all days cost",
            meta={
                "rule": "costs_add_up",
                "zh": "截至最后一天的花费不等于每天花费之和",
                "keys": ["campaign_id"],
            },
        ),
    ],
)
