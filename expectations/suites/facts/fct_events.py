"""Events as facts: do their dates, names and spread look like people using a product?"""

from datetime import datetime

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import instant_within_horizon

SUITE = gx.ExpectationSuite(
    name="facts.fct_events",
    meta={"keys": ["source_id", "event_id"]},
    expectations=[
        instant_within_horizon("occurred_at"),
        gxe.ExpectColumnValuesToBeBetween(
            column="occurred_at",
            min_value=datetime(1990, 1, 1),
            severity="warning",
            notes="An event is dated before 1990: a zero date of the source?",
            meta={
                "rule": "not_before_the_web",
                "zh": "有事件的时间早于 1990 年：是来源里的空日期？",
            },
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="amount",
            min_value=-1_000_000_000_000,
            max_value=1_000_000_000_000,
            severity="warning",
            notes="An amount exceeds 10^12 currency units: minor units, or an overflow?",
            meta={
                "rule": "amount_of_this_world",
                "zh": "有金额超过一万亿：单位是分，还是数值溢出？",
            },
        ),
        # An import of history that lost its timestamps lands on one day. A product's own
        # day is far below half of 30 or more, a launch or a sale included.
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""with days as (
    select event_date, count(*) as event_count from {batch} group by event_date
)
select event_date, event_count
from days
where event_count > 1000
    and event_count > 0.5 * (select sum(event_count) from days)
    and (select count(*) from days) >= 30""",
            severity="warning",
            notes="One day holds over half of all events of 30 or more days",
            meta={
                "rule": "no_day_holds_most_events",
                "zh": "数据有 30 天以上，其中一天的事件却占一半以上",
                "keys": ["event_date"],
            },
        ),
        # An id in the name ("view_product_8142") makes an event of its own per product.
        gxe.ExpectColumnUniqueValueCountToBeBetween(
            column="event_name",
            max_value=2000,
            severity="warning",
            notes="There are over 2,000 event names: are ids written into names?",
            meta={"rule": "few_event_names", "zh": "事件名超过 2,000 个：是不是把编号写进了名称？"},
        ),
    ],
)
