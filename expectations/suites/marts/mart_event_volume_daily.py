"""Events by source, name and day: is what arrived as much as usual?

The home of the rule about volume by weekday: a suite that warns, because it asks whether figures
are plausible, and a holiday or a launch is no reason to hold back a build. The mart does the
arithmetic, so that dashboards show what the check saw.
"""

from expectations.plausibility import day_within_horizon, not_empty_while, not_negative
from expectations.rules import QueryRule, Severity, Suite

SUITE = Suite(
    schema="marts",
    table="mart_event_volume_daily",
    keys=("source_id", "event_name", "event_date"),
    rules=(
        not_empty_while("facts.fct_events"),
        not_negative("event_count", "lower_count"),
        day_within_horizon("event_date"),
        QueryRule(
            name="names_sum_to_their_source",
            sentence="The events of a source's names on a day are not as many as those of the "
            "source",
            query="""select source_id, event_date,
    sum(event_count) filter (where event_name is null) as source_event_count,
    sum(event_count) filter (where event_name is not null) as named_event_count
from {table}
group by source_id, event_date
having coalesce(sum(event_count) filter (where event_name is null), 0)
    <> coalesce(sum(event_count) filter (where event_name is not null), 0)""",
            keys=("source_id", "event_date"),
        ),
        QueryRule(
            # The last three closed days: a weekend without a build is told on Monday, and what
            # is older was told when it was new.
            name="volume_is_usual",
            sentence="On one of the last three closed days there were fewer or more events than "
            "is usual on that day of the week",
            query="""select explanation_en, explanation_zh, source_id, event_name, event_date
from {table}
where is_anomalous
    and event_date >= (select data_through_date - interval 3 day from facts.dim_horizon)""",
            # The sentence names the row, so that `make build` tells it in words.
            keys=("explanation_en",),
            severity=Severity.WARNING,
        ),
    ),
)
