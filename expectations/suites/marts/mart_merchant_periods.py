"""Merchants' periods: days add up to the whole of a merchant, and parts are within theirs."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import not_negative, parts_within_wholes

SUITE = gx.ExpectationSuite(
    name="marts.mart_merchant_periods",
    meta={"keys": ["merchant_id", "grain", "period_start_date"]},
    expectations=[
        *not_negative(
            "order_count",
            "gross_amount",
            "refunded_amount",
            "fulfilled_count",
            "cancelled_count",
            "complaint_count",
            "complaint_rate",
            "rating_count",
        ),
        *parts_within_wholes(
            ("buyer_count", "order_count"),
            ("open_violation_count", "violation_count"),
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    merchant_id, grain, null as period_start_date, sum(order_count) as order_count,
    max(all_order_count) as all_order_count, sum(gross_amount) as gross_amount,
    max(all_gross_amount) as all_gross_amount
from (
    select
        merchant_id, grain, order_count, gross_amount,
        max(case when grain = 'all' then order_count end) over (
            partition by merchant_id
        ) as all_order_count,
        max(case when grain = 'all' then gross_amount end) over (
            partition by merchant_id
        ) as all_gross_amount
    from {batch}
    where grain in ('all', 'month')
) as parts
group by merchant_id, grain
having
    sum(order_count) <> max(all_order_count) or sum(gross_amount) <> max(all_gross_amount)""",
            severity="critical",
            notes="A merchant's months do not add up to all that it sold",
            meta={"rule": "months_add_up_to_all", "zh": "商家各月合计不等于全部"},
        ),
    ],
)
