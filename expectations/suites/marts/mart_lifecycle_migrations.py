"""Moves between lifecycle stages: as stages allow them, and not everybody out at once."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import day_within_horizon, not_empty_while, not_negative

SUITE = gx.ExpectationSuite(
    name="marts.mart_lifecycle_migrations",
    meta={"keys": ["grain", "period_start_date", "from_stage_id", "to_stage_id"]},
    expectations=[
        not_empty_while("facts.fct_user_days"),
        *not_negative("user_count", "move_count"),
        day_within_horizon("period_start_date"),
        # Silence grows from dormancy to churn, and only an active day ends it.
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    grain, period_start_date, from_stage_id, to_stage_id, user_count
from {batch}
where to_stage_id = 'dormancy' and from_stage_id = 'churn'
    or to_stage_id in ('dormancy', 'churn') and from_stage_id is null""",
            severity="critical",
            notes="A move goes from churn to dormancy, or from nothing to silence",
            meta={
                "rule": "silence_is_entered_in_order",
                "zh": "有人从流失期流向休眠期，或一开始就处于沉默",
            },
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""with last_weeks as (
    select max(period_start_date) as period_start_date
    from {batch}
    where grain = 'week' and is_mature
),

silent as (
    select period_start_date, sum(user_count) as silent_user_count
    from {batch}
    inner join last_weeks using (period_start_date)
    where grain = 'week'
        and to_stage_id in ('dormancy', 'churn')
        and from_stage_id not in ('dormancy', 'churn')
    group by period_start_date
),

here as (
    select sum(user_count) as user_count
    from marts.mart_lifecycle_daily
    cross join last_weeks
    where activity_date = last_weeks.period_start_date - interval 1 day
        and stage_id not in ('dormancy', 'churn')
)

select silent.period_start_date, silent.silent_user_count, here.user_count
from silent
cross join here
where here.user_count >= 200 and silent.silent_user_count > 0.8 * here.user_count""",
            severity="warning",
            notes="In the last closed week over 80 % of the users who were here fell silent: "
            "did their events arrive?",
            meta={
                "rule": "not_everybody_fell_silent",
                "zh": "最近一个完整周里，原本活跃的用户有 80 % 以上陷入沉默：他们的事件到达了吗？",
                "keys": ["period_start_date"],
            },
        ),
    ],
)
