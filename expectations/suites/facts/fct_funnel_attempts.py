"""Attempts at funnels: does each get somewhere, and not too often?"""

from expectations.plausibility import instant_within_horizon, not_negative
from expectations.rules import QueryRule, Severity, Suite

SUITE = Suite(
    schema="facts",
    table="fct_funnel_attempts",
    keys=("funnel_id", "user_id", "attempt_number"),
    rules=(
        not_negative("reached_step", "attempt_number"),
        instant_within_horizon("entered_at"),
        QueryRule(
            name="attempts_of_a_person",
            sentence="A user attempts one funnel over 20,000 times: a robot, or a shared id?",
            query="""select funnel_id, user_id, count(*) as attempt_count
from {table}
group by funnel_id, user_id
having count(*) > 20000""",
            keys=("funnel_id", "user_id"),
            severity=Severity.WARNING,
        ),
        QueryRule(
            name="exclusions_leave_attempts",
            sentence="An exclusion voids over 95 % of a funnel's attempts: is it meant so?",
            query="""select
    funnel_id,
    count(*) filter (where is_void) as void_count,
    count(*) as attempt_count
from {table}
group by funnel_id
having count(*) >= 1000 and count(*) filter (where is_void) > 0.95 * count(*)""",
            keys=("funnel_id",),
            severity=Severity.WARNING,
        ),
    ),
)
