"""Invites: parts of wholes, and acceptances that name the invites that were sent."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import not_negative, parts_within_wholes

SUITE = gx.ExpectationSuite(
    name="marts.mart_campaign_invites",
    meta={"keys": ["campaign_id"]},
    expectations=[
        *not_negative("k_factor", "median_seconds_to_accept", "median_cycle_seconds"),
        *parts_within_wholes(
            ("inviter_count", "invite_count"), ("accepted_new_count", "accepted_count")
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select campaign_id, invite_count, accepted_new_count
from {batch}
where accepted_new_count >= 20 and median_seconds_to_accept is null""",
            severity="warning",
            notes="New users accepted, and none of them names an invite that was sent: does the "
            "product send invite_id with both events?",
            meta={
                "rule": "acceptances_name_invites",
                "zh": "有新用户接受邀请，却没有一个对得上发出的邀请：两种事件都带了 invite_id 吗？",
                "keys": ["campaign_id"],
            },
        ),
    ],
)
