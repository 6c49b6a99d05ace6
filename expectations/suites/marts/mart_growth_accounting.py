"""Growth accounting: actives are the sum of their kinds, and nobody leaves all at once."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import day_within_horizon, not_empty_while, not_negative

SUITE = gx.ExpectationSuite(
    name="marts.mart_growth_accounting",
    meta={"keys": ["activity_id", "grain", "period_start_date"]},
    expectations=[
        not_empty_while(
            "facts.fct_user_days",
            "exists (select 1 from seeds.activities where activity_id = 'any')",
        ),
        *not_negative(
            "new_user_count",
            "retained_user_count",
            "resurrected_user_count",
            "churned_user_count",
            "active_user_count",
            "quick_ratio",
        ),
        day_within_horizon("period_start_date"),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    activity_id, grain, period_start_date, active_user_count, new_user_count, retained_user_count,
    resurrected_user_count
from {batch}
where active_user_count <> new_user_count + retained_user_count + resurrected_user_count""",
            severity="critical",
            notes="Active users are not new, retained and resurrected ones together",
            meta={
                "rule": "active_is_the_sum_of_its_kinds",
                "zh": "活跃用户不等于新增、留存与回流之和",
            },
        ),
        # By day most actives are gone the next; within a month hardly ever all of them.
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""with closed_months as (
    select
        activity_id,
        grain,
        period_start_date,
        churned_user_count,
        retained_user_count,
        row_number() over (
            partition by activity_id order by period_start_date desc
        ) as months_back
    from {batch}
    where grain = 'month' and is_mature
)

select activity_id, grain, period_start_date, churned_user_count, retained_user_count
from closed_months
where months_back = 1
    and churned_user_count >= 200
    and churned_user_count > 99 * retained_user_count""",
            severity="warning",
            notes="In the last closed month over 99 % of the month before's users churned",
            meta={
                "rule": "not_everybody_left",
                "zh": "最近一个完整月里，上个月的用户流失了 99 % 以上",
                "keys": ["activity_id", "grain", "period_start_date"],
            },
        ),
    ],
)
