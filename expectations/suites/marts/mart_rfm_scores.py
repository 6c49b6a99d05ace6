"""RFM scores: measures of customers of the past year, spread over segments."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import (
    day_within_horizon,
    mean_of_recent_builds,
    not_empty_while,
    not_negative,
)

SUITE = gx.ExpectationSuite(
    name="marts.mart_rfm_scores",
    meta={"keys": ["snapshot_date", "user_id"]},
    expectations=[
        not_empty_while(
            "facts.fct_orders",
            "net_amount > 0 and order_date between "
            "(select data_through_date - interval 364 day from facts.dim_horizon) "
            "and (select data_through_date from facts.dim_horizon)",
        ),
        day_within_horizon("snapshot_date"),
        gxe.ExpectColumnValuesToBeBetween(
            column="recency_days",
            min_value=0,
            max_value=365,
            severity="critical",
            notes="Recency lies outside the 365 days that the snapshot looks back",
            meta={"rule": "bought_within_the_year", "zh": "最近一次购买不在快照回看的 365 天之内"},
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="frequency",
            min_value=1,
            severity="critical",
            notes="A customer has no order",
            meta={"rule": "customers_have_bought", "zh": "有客户没有订单"},
        ),
        *not_negative("monetary_amount"),
        # Eleven segments of ranked customers: one of them hardly ever takes nearly all.
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    snapshot_date, segment_id, user_count, snapshot_user_count
from (
    select
        snapshot_date,
        segment_id,
        count(*) as user_count,
        sum(count(*)) over (partition by snapshot_date) as snapshot_user_count
    from {batch}
    group by snapshot_date, segment_id
) as segments
where snapshot_user_count >= 200 and user_count > 0.95 * snapshot_user_count""",
            severity="warning",
            notes="One segment holds over 95 % of a snapshot's customers",
            meta={
                "rule": "no_segment_holds_nearly_all",
                "zh": "一个客群占了某个快照 95 % 以上的客户",
                "keys": ["snapshot_date", "segment_id"],
            },
        ),
        # The window moves by a month and holds a year: most customers stay in it.
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select snapshot_date, user_count, previous_user_count
from (
    select
        snapshot_date,
        count(*) as user_count,
        lag(count(*)) over (order by snapshot_date) as previous_user_count
    from {batch}
    group by snapshot_date
) as snapshots
where snapshot_date = (select max(snapshot_date) from {batch})
    and previous_user_count >= 200
    and user_count < 0.2 * previous_user_count""",
            severity="warning",
            notes="The last snapshot has under a fifth of the customers of the one before",
            meta={
                "rule": "customers_did_not_vanish",
                "zh": "最近一个快照的客户数不到前一个的五分之一",
                "keys": ["snapshot_date"],
            },
        ),
        mean_of_recent_builds("monetary_amount"),
    ],
)
