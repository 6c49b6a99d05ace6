"""Sessions: is each as long and as busy as a person's can be?"""

from expectations.plausibility import instant_within_horizon, not_empty_while, not_negative
from expectations.rules import RowRule, Severity, Suite

SUITE = Suite(
    schema="facts",
    table="fct_sessions",
    keys=("session_id",),
    rules=(
        not_empty_while("facts.fct_user_days"),
        not_negative("event_count"),
        instant_within_horizon("started_at"),
        RowRule(
            # A session is cut 72 hours after its start (var `session_max_hours`).
            name="shorter_than_a_month",
            sentence="A session ends before it starts, or lasts over 30 days",
            where="ended_at < started_at or ended_at > started_at + interval 30 day",
            show=("started_at", "ended_at"),
        ),
        RowRule(
            name="events_of_a_person",
            sentence="A session has over 20,000 events: a robot, or a shared id?",
            where="event_count > 20000",
            show=("user_id", "event_count", "started_at"),
            severity=Severity.WARNING,
        ),
    ),
)
