"""Since when each event has not come: are some late?

Dagster's freshness asks whether tables are built in time, by the clock. This asks whether a
source, or one of its events, has fallen silent, by the data's own horizon and days of the week.
"""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import instant_within_horizon, not_empty_while, not_negative

SUITE = gx.ExpectationSuite(
    name="marts.mart_event_freshness",
    meta={"keys": ["source_id", "event_name"]},
    expectations=[
        not_empty_while("facts.fct_events"),
        *not_negative("silent_day_count", "missed_event_count"),
        instant_within_horizon("last_event_at"),
        # For two weeks: by then it is known, or the event is retired.
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    explanation_en, explanation_zh, source_id, event_name, last_event_at
from {batch}
where is_late and silent_day_count <= 14""",
            severity="warning",
            notes="An event has not come for longer than its days of the week explain",
            meta={
                "rule": "nothing_is_late",
                "zh": "有事件没有出现的时间，超过了按星期几能解释的长度",
                "keys": ["explanation_en"],
            },
        ),
    ],
)
