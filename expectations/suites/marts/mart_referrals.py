"""Referrals: parts of wholes, and acceptances that name the invites that were sent."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import not_negative, parts_within_wholes, rates_between_0_and_1

SUITE = gx.ExpectationSuite(
    name="marts.mart_referrals",
    meta={"keys": ["grain", "period_start_date"]},
    expectations=[
        *not_negative(
            "active_user_count", "mature_accepted_count", "median_seconds_to_accept",
            "median_cycle_seconds",
        ),
        *parts_within_wholes(
            ("inviter_count", "invite_count"),
            ("mature_invite_count", "invite_count"),
            ("mature_accepted_count", "accepted_count"),
            ("mature_accepted_count", "mature_invite_count"),
        ),
        *rates_between_0_and_1(
            "acceptance_rate", "acceptance_rate_lower", "acceptance_rate_upper"
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select grain, period_start_date, mature_invite_count
from {batch}
where grain = 'all' and mature_invite_count >= 100 and accepted_count = 0""",
            severity="warning",
            notes="Invites are sent, and nobody new ever accepts one: does the product send "
            "invite_id with both events?",
            meta={
                "rule": "some_invites_are_accepted",
                "zh": "发出了邀请，却从来没有新用户接受：两种事件都带了 invite_id 吗？",
                "keys": ["grain", "period_start_date"],
            },
        ),
    ],
)  # fmt: skip
