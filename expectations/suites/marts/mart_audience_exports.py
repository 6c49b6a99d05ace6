"""Exports: whom the conditions match is sent to or not, and a list is the one before, changed."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import not_negative

SUITE = gx.ExpectationSuite(
    name="marts.mart_audience_exports",
    meta={"keys": ["audience_id", "export_at"]},
    expectations=[
        *not_negative("exported_count", "holdout_count", "kept_count"),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    audience_id, export_at, matched_count, no_consent_count, capped_count, holdout_count,
    exported_count
from {batch}
where matched_count <> no_consent_count + capped_count + holdout_count + exported_count""",
            severity="critical",
            notes="Users who match are not those exported and those left out together",
            meta={
                "rule": "matched_is_the_sum_of_its_kinds",
                "zh": "符合条件的人不等于导出与各类未导出之和",
            },
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    audience_id, export_at, exported_count, added_count, removed_count, previous_count
from (
    select
        *,
        lag(exported_count, 1, 0) over (
            partition by audience_id order by export_at
        ) as previous_count
    from {batch}
) as exports
where exported_count <> previous_count + added_count - removed_count
    or exported_count <> kept_count + added_count""",
            severity="critical",
            notes="A list is not the one before with who came and without who went",
            meta={
                "rule": "a_list_follows_from_the_one_before",
                "zh": "名单不等于上一次加新增减移除",
            },
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select audience_id, export_at, exported_count, previous_count
from (
    select
        *,
        lag(exported_count) over (partition by audience_id order by export_at) as previous_count,
        row_number() over (partition by audience_id order by export_at desc) as number
    from {batch}
) as exports
where number = 1 and greatest(previous_count, exported_count) >= 200
    and (exported_count > 5 * previous_count or 5 * exported_count < previous_count)""",
            severity="warning",
            notes="The last list is over five times as long as the one before, or under a fifth",
            meta={
                "rule": "lists_do_not_leap",
                "zh": "最近一次名单的人数超过上一次的五倍，或不到五分之一",
            },
        ),
    ],
)
