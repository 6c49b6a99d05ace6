"""Reads by age: they add up, day by day."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import not_negative

SUITE = gx.ExpectationSuite(
    name="marts.mart_content_age_curves",
    meta={"keys": ["content_id", "age_days"]},
    expectations=[
        *not_negative("age_days", "read_count"),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select content_id, age_days
from (
    select
        content_id, age_days, cumulative_read_count,
        sum(read_count) over (partition by content_id order by age_days) as reads_by_then
    from {batch}
)
where cumulative_read_count <> reads_by_then""",
            severity="critical",
            notes="The reads of the days do not add up to those so far",
            meta={"rule": "reads_add_up", "zh": "逐日的阅读数加起来不等于累计的阅读数"},
        ),
    ],
)
