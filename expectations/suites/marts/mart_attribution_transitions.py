"""Steps between channels: all that leave a channel go somewhere."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import not_negative, rates_between_0_and_1

SUITE = gx.ExpectationSuite(
    name="marts.mart_attribution_transitions",
    meta={"keys": ["conversion_id", "period_start_date", "from_channel_id", "to_channel_id"]},
    expectations=[
        *not_negative("transition_count"),
        *rates_between_0_and_1("transition_rate"),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    conversion_id, period_start_date, from_channel_id, sum(transition_rate) as transition_rate
from {batch}
group by conversion_id, period_start_date, from_channel_id
having abs(sum(transition_rate) - 1) > 0.000001""",
            severity="critical",
            notes="The steps from a channel are not all of them",
            meta={
                "rule": "steps_from_a_channel_are_whole",
                "zh": "从某渠道出发的各去向比例之和不是 1",
                "keys": ["conversion_id", "period_start_date", "from_channel_id"],
            },
        ),
    ],
)
