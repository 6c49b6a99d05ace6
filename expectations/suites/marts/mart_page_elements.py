"""Clicks: an element is clicked by no more users and sessions than there are clicks."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import not_negative, parts_within_wholes, rates_between_0_and_1

SUITE = gx.ExpectationSuite(
    name="marts.mart_page_elements",
    meta={"keys": ["grain", "period_start_date", "page", "element"]},
    expectations=[
        *not_negative("clicked_session_count"),
        *parts_within_wholes(
            ("user_count", "click_count"),
            ("clicked_session_count", "click_count"),
            ("clicked_session_count", "page_session_count"),
        ),
        *rates_between_0_and_1("click_rate", "click_rate_lower", "click_rate_upper"),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select grain, sum(click_count) as click_count
from {batch}
where grain = 'all'
group by grain
having sum(click_count) >= 1000
    and sum(case when page = 'Other' then click_count end) > 0.5 * sum(click_count)""",
            severity="warning",
            notes="Over half of all clicks are of `Other`: do names of pages hold ids? "
            "Send their pattern as `page`, and the id beside it",
            meta={
                "rule": "most_elements_have_a_name",
                "zh": "点击一半以上归在 `Other`：页面名里是不是带了编号？"
                "把页面的模式写在 `page`，编号另放",
                "keys": ["grain"],
            },
        ),
    ],
)
