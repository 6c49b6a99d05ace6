"""Acquisition: every grain counts the same users, customers and costs."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import not_negative

SUITE = gx.ExpectationSuite(
    name="marts.mart_channel_acquisition",
    meta={"keys": ["grain", "period_start_date", "channel_id"]},
    expectations=[
        *not_negative("new_user_count", "new_customer_count", "impression_count", "click_count"),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    channel_id, min(new_user_count) as new_user_count,
    max(new_user_count) as new_user_count_of_others
from (
    select
        grain, channel_id, sum(new_user_count) as new_user_count,
        sum(new_customer_count) as new_customer_count, sum(cost_amount) as cost_amount
    from {batch}
    group by grain, channel_id
) as grains
group by channel_id
having min(new_user_count) <> max(new_user_count)
    or min(new_customer_count) <> max(new_customer_count)
    or min(cost_amount) <> max(cost_amount)""",
            severity="critical",
            notes="Days, weeks and months of a channel do not add up to the same",
            meta={
                "rule": "grains_add_up_to_the_same",
                "zh": "某渠道按天、周、月合计不一致",
                "keys": ["channel_id"],
            },
        ),
    ],
)
