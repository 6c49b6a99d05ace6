"""RFM scores: measures of customers of the past year, spread over segments."""

from expectations.plausibility import day_within_horizon, not_empty_while
from expectations.rules import QueryRule, RowRule, Severity, Suite

SUITE = Suite(
    schema="marts",
    table="mart_rfm_scores",
    keys=("snapshot_date", "user_id"),
    rules=(
        not_empty_while(
            "facts.fct_orders",
            "net_amount > 0 and order_date between "
            "(select data_through_date - interval 364 day from facts.dim_horizon) "
            "and (select data_through_date from facts.dim_horizon)",
        ),
        day_within_horizon("snapshot_date"),
        RowRule(
            name="bought_within_the_year",
            sentence="Recency lies outside the 365 days that the snapshot looks back",
            where="recency_days not between 0 and 365",
            show=("recency_days",),
        ),
        RowRule(
            name="customers_have_bought",
            sentence="A customer has no order, or orders worth less than nothing",
            where="frequency < 1 or monetary_amount < 0",
            show=("frequency", "monetary_amount"),
        ),
        QueryRule(
            # Eleven segments of ranked customers: one of them hardly ever takes nearly all.
            name="no_segment_holds_nearly_all",
            sentence="One segment holds over 95 % of a snapshot's customers",
            query="""select snapshot_date, segment_id, user_count, snapshot_user_count
from (
    select
        snapshot_date,
        segment_id,
        count(*) as user_count,
        sum(count(*)) over (partition by snapshot_date) as snapshot_user_count
    from {table}
    group by snapshot_date, segment_id
) as segments
where snapshot_user_count >= 200 and user_count > 0.95 * snapshot_user_count""",
            keys=("snapshot_date", "segment_id"),
            severity=Severity.WARNING,
        ),
        QueryRule(
            # The window moves by a month and holds a year: most customers stay in it.
            name="customers_did_not_vanish",
            sentence="The last snapshot has under a fifth of the customers of the one before",
            query="""select snapshot_date, user_count, previous_user_count
from (
    select
        snapshot_date,
        count(*) as user_count,
        lag(count(*)) over (order by snapshot_date) as previous_user_count
    from {table}
    group by snapshot_date
) as snapshots
where snapshot_date = (select max(snapshot_date) from {table})
    and previous_user_count >= 200
    and user_count < 0.2 * previous_user_count""",
            keys=("snapshot_date",),
            severity=Severity.WARNING,
        ),
    ),
)
