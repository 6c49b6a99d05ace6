"""Exits: every session that viewed a page came in by one and left by one."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import not_negative, parts_within_wholes, rates_between_0_and_1

SUITE = gx.ExpectationSuite(
    name="marts.mart_page_exits",
    meta={"keys": ["grain", "period_start_date", "page"]},
    expectations=[
        *not_negative("bounce_count"),
        *parts_within_wholes(
            ("entry_count", "session_count"),
            ("exit_count", "session_count"),
            ("bounce_count", "entry_count"),
            ("bounce_count", "exit_count"),
        ),
        *rates_between_0_and_1("exit_rate", "exit_rate_lower", "exit_rate_upper"),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    grain, period_start_date, null as page,
    sum(entry_count) as entry_count, sum(exit_count) as exit_count
from {batch}
group by grain, period_start_date
having sum(entry_count) <> sum(exit_count)""",
            severity="critical",
            notes="More sessions came in than left, or fewer",
            meta={"rule": "who_comes_in_leaves", "zh": "进入的会话数与离开的不等"},
        ),
    ],
)
