"""Discounts: parts of wholes, coupons that somebody was issued, and less off than was paid."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import (
    not_negative,
    parts_within_wholes,
    rates_between_0_and_1,
)

SUITE = gx.ExpectationSuite(
    name="marts.mart_campaign_discounts",
    meta={"keys": ["campaign_id"]},
    expectations=[
        *rates_between_0_and_1("redemption_rate", "would_have_bought_rate"),
        *not_negative("gross_amount", "break_even_uplift_rate"),
        *parts_within_wholes(
            ("redeemed_user_count", "issued_user_count"), ("redeemed_user_count", "redeemed_count")
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select campaign_id, redeemed_count, issued_user_count
from {batch}
where redeemed_count >= 20 and redeemed_user_count = 0""",
            severity="warning",
            notes="Coupons are redeemed by nobody who was issued one: has the event that issues "
            "them the role coupon_issued?",
            meta={
                "rule": "who_redeems_was_issued",
                "zh": "核销优惠券的人都没有领过券：发券事件的角色是 coupon_issued 吗？",
                "keys": ["campaign_id"],
            },
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select campaign_id, gross_amount, discount_amount
from {batch}
where discount_amount > gross_amount and gross_amount > 0""",
            severity="warning",
            notes="More was taken off than the orders cost: are amount and discount_amount of one "
            "currency?",
            meta={
                "rule": "less_off_than_paid",
                "zh": "减免的比订单金额还多：amount 和 discount_amount 是同一币种吗？",
                "keys": ["campaign_id"],
            },
        ),
    ],
)
