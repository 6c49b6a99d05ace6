"""Sales: money is the sum of its parts, customers are no more than their orders."""

from expectations.plausibility import (
    day_within_horizon,
    not_empty_while,
    not_negative,
    parts_within_wholes,
    rates_between_0_and_1,
)
from expectations.rules import QueryRule, RowRule, Severity, Suite

SUITE = Suite(
    schema="marts",
    table="mart_sales_periods",
    keys=("grain", "period_start_date"),
    rules=(
        not_empty_while("facts.fct_user_days"),
        not_negative(
            "order_count",
            "customer_count",
            "new_customer_count",
            "repeat_customer_count",
            "gross_amount",
            "refunded_amount",
        ),
        parts_within_wholes(
            ("new_customer_count", "customer_count"),
            ("repeat_customer_count", "customer_count"),
            ("customer_count", "order_count"),
        ),
        rates_between_0_and_1("repeat_rate"),
        day_within_horizon("period_start_date"),
        RowRule(
            name="net_is_gross_less_refunds",
            sentence="The net amount is not the gross amount less refunds",
            where="net_amount <> gross_amount - refunded_amount",
            show=("gross_amount", "refunded_amount", "net_amount"),
        ),
        QueryRule(
            # Refunds of an order come later than it; over all days they are less than was sold.
            name="refunds_did_not_eat_the_sales",
            sentence="More was refunded than sold, over all days",
            query="""select
    grain,
    min(period_start_date) as period_start_date,
    sum(gross_amount) as gross_amount,
    sum(refunded_amount) as refunded_amount
from {table}
where grain = 'day'
group by grain
having sum(refunded_amount) > sum(gross_amount)""",
            keys=("grain", "period_start_date"),
            severity=Severity.WARNING,
        ),
    ),
)
