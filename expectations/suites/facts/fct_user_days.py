"""Active days of users: could a person have done this in a day?"""

from expectations.plausibility import (
    day_within_horizon,
    not_empty_while,
    not_negative,
    parts_within_wholes,
)
from expectations.rules import RowRule, Severity, Suite

SUITE = Suite(
    schema="facts",
    table="fct_user_days",
    keys=("user_id", "activity_date"),
    rules=(
        not_empty_while("facts.fct_events", "is_activity"),
        not_negative("event_count", "session_count", "order_count"),
        parts_within_wholes(("session_count", "event_count"), ("key_action_count", "event_count")),
        day_within_horizon("activity_date"),
        RowRule(
            # 20,000 in 24 hours is one every 4 seconds without sleep.
            name="events_of_a_person",
            sentence="A user has over 20,000 events in a day: a robot, or a shared id?",
            where="event_count > 20000",
            show=("event_count",),
            severity=Severity.WARNING,
        ),
        RowRule(
            name="orders_of_a_person",
            sentence="A user has over 500 orders in a day: a test account, or a till's own id?",
            where="order_count > 500",
            show=("order_count",),
            severity=Severity.WARNING,
        ),
    ),
)
