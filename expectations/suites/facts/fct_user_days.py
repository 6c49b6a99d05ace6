"""Active days of users: could a person have done this in a day?"""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import (
    day_within_horizon,
    not_empty_while,
    not_negative,
    parts_within_wholes,
)

SUITE = gx.ExpectationSuite(
    name="facts.fct_user_days",
    meta={"keys": ["user_id", "activity_date"]},
    expectations=[
        not_empty_while("facts.fct_events", "is_activity"),
        *not_negative("event_count", "session_count", "order_count"),
        *parts_within_wholes(("session_count", "event_count"), ("key_action_count", "event_count")),
        day_within_horizon("activity_date"),
        # 20,000 in 24 hours is one every 4 seconds without sleep.
        gxe.ExpectColumnValuesToBeBetween(
            column="event_count",
            max_value=20_000,
            severity="warning",
            notes="A user has over 20,000 events in a day: a robot, or a shared id?",
            meta={
                "rule": "events_of_a_person",
                "zh": "有用户一天的事件超过 20,000 个：是机器人，还是多人共用的编号？",
            },
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="order_count",
            max_value=500,
            severity="warning",
            notes="A user has over 500 orders in a day: a test account, or a till's own id?",
            meta={
                "rule": "orders_of_a_person",
                "zh": "有用户一天的订单超过 500 个：是测试账号，还是收银机的编号？",
            },
        ),
    ],
)
