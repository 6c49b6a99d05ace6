"""Growth accounting: actives are the sum of their kinds, and nobody leaves all at once."""

from expectations.plausibility import day_within_horizon, not_empty_while, not_negative
from expectations.rules import QueryRule, RowRule, Severity, Suite

SUITE = Suite(
    schema="marts",
    table="mart_growth_accounting",
    keys=("activity_id", "grain", "period_start_date"),
    rules=(
        not_empty_while(
            "facts.fct_user_days",
            "exists (select 1 from seeds.activities where activity_id = 'any')",
        ),
        not_negative(
            "new_user_count",
            "retained_user_count",
            "resurrected_user_count",
            "churned_user_count",
            "active_user_count",
            "quick_ratio",
        ),
        day_within_horizon("period_start_date"),
        RowRule(
            name="active_is_the_sum_of_its_kinds",
            sentence="Active users are not new, retained and resurrected ones together",
            where="active_user_count <> "
            "new_user_count + retained_user_count + resurrected_user_count",
            show=(
                "active_user_count",
                "new_user_count",
                "retained_user_count",
                "resurrected_user_count",
            ),
        ),
        QueryRule(
            # By day most actives are gone the next; within a month hardly ever all of them.
            name="not_everybody_left",
            sentence="In the last closed month over 99 % of the month before's users churned",
            query="""with closed_months as (
    select
        activity_id,
        grain,
        period_start_date,
        churned_user_count,
        retained_user_count,
        row_number() over (
            partition by activity_id order by period_start_date desc
        ) as months_back
    from {table}
    where grain = 'month' and is_mature
)

select activity_id, grain, period_start_date, churned_user_count, retained_user_count
from closed_months
where months_back = 1
    and churned_user_count >= 200
    and churned_user_count > 99 * retained_user_count""",
            keys=("activity_id", "grain", "period_start_date"),
            severity=Severity.WARNING,
        ),
    ),
)
