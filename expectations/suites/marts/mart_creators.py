"""Creators: active ones are the sum of their kinds, and of each something was published."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import not_negative, parts_within_wholes

SUITE = gx.ExpectationSuite(
    name="marts.mart_creators",
    meta={"keys": ["grain", "period_start_date"]},
    expectations=[
        *not_negative(
            "new_creator_count",
            "retained_creator_count",
            "resurrected_creator_count",
            "lost_creator_count",
            "reward_amount",
            "finished_read_count",
            "reward_per_finished_read",
        ),
        *parts_within_wholes(("active_creator_count", "published_count")),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    grain, period_start_date, active_creator_count, new_creator_count, retained_creator_count,
    resurrected_creator_count
from {batch}
where
    active_creator_count
    <> new_creator_count + retained_creator_count + resurrected_creator_count""",
            severity="critical",
            notes="Active creators are not new, retained and resurrected ones together",
            meta={
                "rule": "active_is_the_sum_of_its_kinds",
                "zh": "活跃创作者不等于新增、留存与回流之和",
            },
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    grain, period_start_date, retained_creator_count, lost_creator_count,
    previous_creator_count
from (
    select
        grain, period_start_date, retained_creator_count, lost_creator_count,
        lag(active_creator_count, 1, 0) over (
            partition by grain order by period_start_date
        ) as previous_creator_count
    from {batch}
    where grain <> 'all'
) as periods
where retained_creator_count + lost_creator_count <> previous_creator_count""",
            severity="critical",
            notes="Those who were active in the period before are not those who stayed and left",
            meta={
                "rule": "who_was_there_stays_or_leaves",
                "zh": "上一时期的活跃创作者不等于留存与流失之和",
            },
        ),
    ],
)
