"""Sessions: is each as long and as busy as a person's can be?"""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import instant_within_horizon, not_empty_while, not_negative

SUITE = gx.ExpectationSuite(
    name="facts.fct_sessions",
    meta={"keys": ["session_id"]},
    expectations=[
        not_empty_while("facts.fct_user_days"),
        *not_negative("event_count"),
        instant_within_horizon("started_at"),
        # A session is cut 72 hours after its start (var `session_max_hours`).
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select session_id, started_at, ended_at
from {batch}
where ended_at < started_at or ended_at > started_at + interval 30 day""",
            severity="critical",
            notes="A session ends before it starts, or lasts over 30 days",
            meta={"rule": "shorter_than_a_month", "zh": "有访问的结束早于开始，或持续 30 天以上"},
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="event_count",
            max_value=20_000,
            severity="warning",
            notes="A session has over 20,000 events: a robot, or a shared id?",
            meta={
                "rule": "events_of_a_person",
                "zh": "有访问的事件超过 20,000 个：是机器人，还是多人共用的编号？",
            },
        ),
    ],
)
