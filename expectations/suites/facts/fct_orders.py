"""Orders: are their amounts money that somebody paid?"""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import instant_within_horizon

SUITE = gx.ExpectationSuite(
    name="facts.fct_orders",
    meta={"keys": ["order_id"]},
    expectations=[
        instant_within_horizon("ordered_at"),
        # Legal (goodwill, a fee handed back), and often a refund that was counted twice.
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="gross_amount",
            column_B="refunded_amount",
            or_equal=True,
            ignore_row_if="either_value_is_missing",
            severity="warning",
            notes="More was refunded than was paid",
            meta={"rule": "refund_within_order", "zh": "退款多于付款"},
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""with typical as (
    select median(gross_amount) as median_amount, count(*) as order_count
    from {batch}
    where gross_amount > 0
)
select orders.order_id, orders.gross_amount, typical.median_amount
from {batch} as orders
cross join typical
where typical.order_count >= 100 and orders.gross_amount > 10000 * typical.median_amount""",
            severity="warning",
            notes="An order is worth over 10,000 times the median order: cents for units?",
            meta={
                "rule": "no_order_dwarfs_the_others",
                "zh": "有订单的金额是中位数的 10,000 倍以上：是不是把分当成了元？",
                "keys": ["order_id"],
            },
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    'gross_amount' as column_name,
    count(*) filter (where gross_amount = 0) as worthless_count,
    count(*) as order_count
from {batch}
having count(*) >= 1000 and count(*) filter (where gross_amount = 0) > 0.9 * count(*)""",
            severity="warning",
            notes="Over 90 % of the orders are worth nothing: did the amounts arrive?",
            meta={
                "rule": "orders_carry_amounts",
                "zh": "90 % 以上的订单金额为零：金额传过来了吗？",
                "keys": ["column_name"],
            },
        ),
    ],
)
