"""Events by source, name and day: is what arrived as much as usual?

The home of the rule about volume by weekday: a suite that warns, because it asks whether figures
are plausible, and a holiday or a launch is no reason to hold back a build. The mart does the
arithmetic, so that dashboards show what the check saw.
"""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import day_within_horizon, not_empty_while, not_negative

SUITE = gx.ExpectationSuite(
    name="marts.mart_event_volume_daily",
    meta={"keys": ["source_id", "event_name", "event_date"]},
    expectations=[
        not_empty_while("facts.fct_events"),
        *not_negative("event_count", "lower_count"),
        day_within_horizon("event_date"),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select source_id, event_date,
    sum(event_count) filter (where event_name is null) as source_event_count,
    sum(event_count) filter (where event_name is not null) as named_event_count
from {batch}
group by source_id, event_date
having coalesce(sum(event_count) filter (where event_name is null), 0)
    <> coalesce(sum(event_count) filter (where event_name is not null), 0)""",
            severity="critical",
            notes="The events of a source's names on a day are not as many as those of the source",
            meta={
                "rule": "names_sum_to_their_source",
                "zh": "某天各事件之和不等于来源的事件总数",
                "keys": ["source_id", "event_date"],
            },
        ),
        # The last three closed days: a weekend without a build is told on Monday, and what
        # is older was told when it was new.
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    explanation_en, explanation_zh, source_id, event_name, event_date
from {batch}
where is_anomalous
    and event_date >= (select data_through_date - interval 3 day from facts.dim_horizon)""",
            severity="warning",
            notes="On one of the last three closed days there were fewer or more events than is "
            "usual on that day of the week",
            meta={
                "rule": "volume_is_usual",
                "zh": "最近三个完整日中，有一天的事件比这个星期几通常的少或多",
                "keys": ["explanation_en"],
            },
        ),
    ],
)
