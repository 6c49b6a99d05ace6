"""Events as facts: do their dates, names and spread look like people using a product?"""

from expectations.plausibility import instant_within_horizon
from expectations.rules import QueryRule, RowRule, Severity, Suite

SUITE = Suite(
    schema="facts",
    table="fct_events",
    keys=("source_id", "event_id"),
    rules=(
        instant_within_horizon("occurred_at"),
        RowRule(
            name="not_before_the_web",
            sentence="An event is dated before 1990: a zero date of the source?",
            where="occurred_at < timestamp '1990-01-01 00:00:00'",
            show=("occurred_at",),
            severity=Severity.WARNING,
        ),
        RowRule(
            name="amount_of_this_world",
            sentence="An amount exceeds 10^12 currency units: minor units, or an overflow?",
            where="abs(amount) > 1000000000000",
            show=("event_name", "amount"),
            severity=Severity.WARNING,
        ),
        QueryRule(
            # An import of history that lost its timestamps lands on one day. A product's own
            # day is far below half of 30 or more, a launch or a sale included.
            name="no_day_holds_most_events",
            sentence="One day holds over half of all events of 30 or more days",
            query="""with days as (
    select event_date, count(*) as event_count from {table} group by event_date
)
select event_date, event_count
from days
where event_count > 1000
    and event_count > 0.5 * (select sum(event_count) from days)
    and (select count(*) from days) >= 30""",
            keys=("event_date",),
            severity=Severity.WARNING,
        ),
        QueryRule(
            # An id in the name ("view_product_8142") makes an event of its own per product.
            name="few_event_names",
            sentence="There are over 2,000 event names: are ids written into names?",
            query="""select 'event_name' as column_name, count(distinct event_name) as name_count
from {table}
having count(distinct event_name) > 2000""",
            keys=("column_name",),
            severity=Severity.WARNING,
        ),
    ),
)
