"""Orders: are their amounts money that somebody paid?"""

from expectations.plausibility import instant_within_horizon
from expectations.rules import QueryRule, RowRule, Severity, Suite

SUITE = Suite(
    schema="facts",
    table="fct_orders",
    keys=("order_id",),
    rules=(
        instant_within_horizon("ordered_at"),
        RowRule(
            # Legal (goodwill, a fee handed back), and often a refund that was counted twice.
            name="refund_within_order",
            sentence="More was refunded than was paid",
            where="refunded_amount > gross_amount",
            show=("user_id", "gross_amount", "refunded_amount"),
            severity=Severity.WARNING,
        ),
        QueryRule(
            name="no_order_dwarfs_the_others",
            sentence="An order is worth over 10,000 times the median order: cents for units?",
            query="""with typical as (
    select median(gross_amount) as median_amount, count(*) as order_count
    from {table}
    where gross_amount > 0
)
select orders.order_id, orders.gross_amount, typical.median_amount
from {table} as orders
cross join typical
where typical.order_count >= 100 and orders.gross_amount > 10000 * typical.median_amount""",
            keys=("order_id",),
            severity=Severity.WARNING,
        ),
        QueryRule(
            name="orders_carry_amounts",
            sentence="Over 90 % of the orders are worth nothing: did the amounts arrive?",
            query="""select
    'gross_amount' as column_name,
    count(*) filter (where gross_amount = 0) as worthless_count,
    count(*) as order_count
from {table}
having count(*) >= 1000 and count(*) filter (where gross_amount = 0) > 0.9 * count(*)""",
            keys=("column_name",),
            severity=Severity.WARNING,
        ),
    ),
)
