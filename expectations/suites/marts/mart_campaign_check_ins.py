"""Check-ins: fewer streaks from day to day, and rates that are shares."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import parts_within_wholes, rates_between_0_and_1

SUITE = gx.ExpectationSuite(
    name="marts.mart_campaign_check_ins",
    meta={"keys": ["campaign_id", "day_number"]},
    expectations=[
        *rates_between_0_and_1("continuation_rate", "survival_rate"),
        *parts_within_wholes(
            ("at_risk_count", "streak_count"), ("continued_count", "at_risk_count")
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select campaign_id, day_number, streak_count
from (
    select
        campaign_id, day_number, streak_count, lag(continued_count, 1, streak_count)
            over (partition by campaign_id order by day_number) as expected_count
    from {batch}
) as days
where streak_count <> expected_count""",
            severity="critical",
            notes="Other streaks reach a day than went on from the day before",
            meta={
                "rule": "what_goes_on_reaches_the_next_day",
                "zh": "到达某天的连续签到数不等于前一天继续的数",
                "keys": ["campaign_id", "day_number"],
            },
        ),
    ],
)
