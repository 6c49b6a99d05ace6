"""Win-back: parts of wholes, and what silences are parted by adds up to all of them."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import not_negative, parts_within_wholes, rates_between_0_and_1

SUITE = gx.ExpectationSuite(
    name="marts.mart_winback",
    meta={"keys": ["grain", "period_start_date", "stage_id", "dimension", "dimension_value"]},
    expectations=[
        *not_negative("mature_returned_count", "touched_returned_count"),
        *parts_within_wholes(
            ("mature_silent_count", "silent_count"),
            ("mature_returned_count", "mature_silent_count"),
            ("mature_returned_count", "returned_count"),
            ("returned_count", "silent_count"),
            ("touched_returned_count", "returned_count"),
        ),
        *rates_between_0_and_1("return_rate", "return_rate_lower", "return_rate_upper"),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    grain, period_start_date, stage_id, dimension, null as dimension_value,
    sum(silent_count) as silent_count, max(all_count) as all_count
from (
    select
        grain, period_start_date, stage_id, dimension, silent_count,
        max(case when dimension = 'all' then silent_count end) over (
            partition by grain, period_start_date, stage_id
        ) as all_count
    from {batch}
) as parts
group by grain, period_start_date, stage_id, dimension
having sum(silent_count) <> max(all_count)""",
            severity="critical",
            notes="What came before silences does not add up to all of them",
            meta={"rule": "dimensions_add_up_to_all", "zh": "按维度的合计不等于全部沉默"},
        ),
    ],
)
