"""Supply of content: parts are within their wholes, and dimensions add up to all of it."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import not_negative, parts_within_wholes, rates_between_0_and_1

SUITE = gx.ExpectationSuite(
    name="marts.mart_content_supply",
    meta={"keys": ["grain", "period_start_date", "dimension", "dimension_value"]},
    expectations=[
        *not_negative(
            "planned_published_count",
            "on_time_count",
            "submitted_count",
            "passed_first_count",
            "original_count",
            "median_cycle_seconds",
            "stale_count",
        ),
        *parts_within_wholes(
            ("planned_published_count", "planned_count"),
            ("on_time_count", "planned_count"),
            ("passed_first_count", "reviewed_count"),
            ("original_known_count", "published_count"),
            ("original_count", "original_known_count"),
            ("stale_count", "live_count"),
        ),
        *rates_between_0_and_1(
            "first_pass_rate",
            "first_pass_rate_lower",
            "first_pass_rate_upper",
            "original_rate",
            "original_rate_lower",
            "original_rate_upper",
            "stale_rate",
            "stale_rate_lower",
            "stale_rate_upper",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    grain, period_start_date, dimension, null as dimension_value,
    sum(published_count) as published_count, max(all_published_count) as all_published_count,
    sum(live_count) as live_count, max(all_live_count) as all_live_count
from (
    select
        grain, period_start_date, dimension, published_count, live_count,
        max(case when dimension = 'all' then published_count end) over (
            partition by grain, period_start_date
        ) as all_published_count,
        max(case when dimension = 'all' then live_count end) over (
            partition by grain, period_start_date
        ) as all_live_count
    from {batch}
) as parts
group by grain, period_start_date, dimension
having
    sum(published_count) <> max(all_published_count) or sum(live_count) <> max(all_live_count)""",
            severity="critical",
            notes="The parts of a dimension do not add up to all content",
            meta={"rule": "dimensions_add_up_to_all", "zh": "按维度的合计不等于全部内容"},
        ),
    ],
)
