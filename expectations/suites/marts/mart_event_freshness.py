"""Since when each event has not come: are some late?

Dagster's freshness asks whether tables are built in time, by the clock. This asks whether a
source, or one of its events, has fallen silent, by the data's own horizon and days of the week.
"""

from expectations.plausibility import instant_within_horizon, not_empty_while, not_negative
from expectations.rules import QueryRule, Severity, Suite

SUITE = Suite(
    schema="marts",
    table="mart_event_freshness",
    keys=("source_id", "event_name"),
    rules=(
        not_empty_while("facts.fct_events"),
        not_negative("silent_day_count", "missed_event_count"),
        instant_within_horizon("last_event_at"),
        QueryRule(
            # For two weeks: by then it is known, or the event is retired.
            name="nothing_is_late",
            sentence="An event has not come for longer than its days of the week explain",
            query="""select explanation_en, explanation_zh, source_id, event_name, last_event_at
from {table}
where is_late and silent_day_count <= 14""",
            # The sentence names the row, so that `make build` tells it in words.
            keys=("explanation_en",),
            severity=Severity.WARNING,
        ),
    ),
)
