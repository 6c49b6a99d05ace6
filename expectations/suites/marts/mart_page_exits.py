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
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select grain, sum(session_count) as session_count
from {batch}
where grain = 'all'
group by grain
having sum(session_count) >= 1000
    and sum(case when page = 'Other' then session_count end) > 0.5 * sum(session_count)""",
            severity="warning",
            notes="Over half of all visits to pages are of `Other`: do names of pages hold ids? "
            "Send their pattern as `page`, and the id beside it",
            meta={
                "rule": "most_pages_have_a_name",
                "zh": "对页面的访问一半以上归在 `Other`：页面名里是不是带了编号？"
                "把页面的模式写在 `page`，编号另放",
                "keys": ["grain"],
            },
        ),
    ],
)
