"""Sales: money is the sum of its parts, customers are no more than their orders."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import (
    day_within_horizon,
    mean_of_recent_builds,
    not_empty_while,
    not_negative,
    parts_within_wholes,
    rates_between_0_and_1,
)

SUITE = gx.ExpectationSuite(
    name="marts.mart_sales_periods",
    meta={"keys": ["grain", "period_start_date"]},
    expectations=[
        not_empty_while("facts.fct_user_days"),
        *not_negative(
            "order_count",
            "customer_count",
            "new_customer_count",
            "repeat_customer_count",
            "gross_amount",
            "refunded_amount",
        ),
        *parts_within_wholes(
            ("new_customer_count", "customer_count"),
            ("repeat_customer_count", "customer_count"),
            ("customer_count", "order_count"),
        ),
        *rates_between_0_and_1("repeat_rate"),
        day_within_horizon("period_start_date"),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    grain, period_start_date, gross_amount, refunded_amount, net_amount
from {batch}
where net_amount <> gross_amount - refunded_amount""",
            severity="critical",
            notes="The net amount is not the gross amount less refunds",
            meta={"rule": "net_is_gross_less_refunds", "zh": "净金额不等于总金额减去退款"},
        ),
        # Refunds of an order come later than it; over all days they are less than was sold.
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    grain,
    min(period_start_date) as period_start_date,
    sum(gross_amount) as gross_amount,
    sum(refunded_amount) as refunded_amount
from {batch}
where grain = 'day'
group by grain
having sum(refunded_amount) > sum(gross_amount)""",
            severity="warning",
            notes="More was refunded than sold, over all days",
            meta={
                "rule": "refunds_did_not_eat_the_sales",
                "zh": "全部日期合计，退款多于销售",
                "keys": ["grain", "period_start_date"],
            },
        ),
        mean_of_recent_builds("gross_amount"),
    ],
)
