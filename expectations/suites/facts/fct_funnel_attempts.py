"""Attempts at funnels: does each get somewhere, and not too often?"""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import instant_within_horizon, not_negative

SUITE = gx.ExpectationSuite(
    name="facts.fct_funnel_attempts",
    meta={"keys": ["funnel_id", "user_id", "attempt_number"]},
    expectations=[
        *not_negative("reached_step", "attempt_number"),
        instant_within_horizon("entered_at"),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select funnel_id, user_id, count(*) as attempt_count
from {batch}
group by funnel_id, user_id
having count(*) > 20000""",
            severity="warning",
            notes="A user attempts one funnel over 20,000 times: a robot, or a shared id?",
            meta={
                "rule": "attempts_of_a_person",
                "zh": "有用户进入同一个漏斗超过 20,000 次：是机器人，还是多人共用的编号？",
                "keys": ["funnel_id", "user_id"],
            },
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    funnel_id,
    count(*) filter (where is_void) as void_count,
    count(*) as attempt_count
from {batch}
group by funnel_id
having count(*) >= 1000 and count(*) filter (where is_void) > 0.95 * count(*)""",
            severity="warning",
            notes="An exclusion voids over 95 % of a funnel's attempts: is it meant so?",
            meta={
                "rule": "exclusions_leave_attempts",
                "zh": "排除条件作废了某个漏斗 95 % 以上的尝试：是有意这样定义的吗？",
                "keys": ["funnel_id"],
            },
        ),
    ],
)
