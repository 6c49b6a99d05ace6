"""Cases of campaigns by type as raw feeds of ours.

Many cases are one build: each is a campaign, and its users, invites and orders carry the case's id.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.conformance.channel_cases import Case

TYPES = {"invites": "invite", "discount": "discount", "checkin": "check_in", "cobrand": "cobrand"}
STARTS, ENDS = "2025-03-01T00:00:00Z", "2025-04-01T00:00:00Z"
DURING, AFTER, LONG_BEFORE = "2025-03-10T08:00:00Z", "2025-04-10T08:00:00Z", "2022-01-01T00:00:00Z"
EVENT_NAMES = """event_name,role,is_activity
order,order,false
invite,invite,true
accept,invite_accept,true
coupon,coupon_issued,false
redeem,coupon_redeemed,true
check_in,check_in,true
"""


@dataclass
class World:
    """Raw feeds of all the cases of one build."""

    events: list[dict[str, Any]] = field(default_factory=list)
    campaigns: list[dict[str, Any]] = field(default_factory=list)
    assignments: list[dict[str, Any]] = field(default_factory=list)

    def add(self, case: Case) -> None:
        """The campaign of a case, and what happened in it."""
        self.campaigns.append(
            {
                "campaign_id": case["id"],
                "campaign_type": TYPES[case["kind"]],
                "starts_at": STARTS,
                "ends_at": ENDS,
                "margin_rate": case["params"].get("margin_rate"),
            }
        )
        getattr(self, f"_add_{case['kind']}")(case)

    def _event(self, case: Case, user: str, name: str, at: str, **columns: Any) -> None:
        self.events.append(
            {
                "event_id": f"{len(self.events):07d}",
                "event_name": name,
                "occurred_at": at,
                "user_id": f"{case['id']} {user}",
                "campaign_id": case["id"],
                **columns,
            }
        )

    def _assign(self, case: Case, user: str, variant: str) -> None:
        self.assignments.append(
            {"campaign_id": case["id"], "user_id": f"{case['id']} {user}", "variant": variant}
        )

    def _add_invites(self, case: Case) -> None:
        for user in case["users"]:
            of = {} if user.get("is_participant", True) else {"campaign_id": None}
            self._event(case, user["user"], "visit", user["first_at"], **of)
        for number, invite in enumerate(case["invites"]):
            invite_id, inviter = f"{case['id']}::{number}", invite["inviter"]
            self._event(case, inviter, "invite", invite["sent_at"], invite_id=invite_id)
            if "accepted_at" in invite:
                self._event(
                    case, invite["invitee"], "accept", invite["accepted_at"],
                    properties={"invite_id": invite_id, "inviter_id": f"{case['id']} {inviter}"},
                )  # fmt: skip

    def _add_discount(self, case: Case) -> None:
        for coupon in case["issued"]:
            self._event(case, coupon, "coupon", STARTS, coupon_id=coupon)
        for number, redeemed in enumerate(case["redeemed"]):
            self._event(
                case, redeemed["coupon"], "redeem", DURING,
                order_id=f"{case['id']} {number}", amount=redeemed.get("gross_amount"),
                properties={"discount_amount": redeemed.get("discount_amount")},
            )  # fmt: skip
        for arm, (buyers, users) in case.get("buyers", {}).items():
            for number in range(users):
                self._assign(case, f"{arm} {number}", arm)
            self._add_orders(case, arm, buyers, users, DURING)
        for arm, (orders, users) in case.get("after_orders", {}).items():
            self._add_orders(case, arm, orders, users, AFTER)

    def _add_orders(self, case: Case, arm: str, orders: int, users: int, at: str) -> None:
        for number in range(orders):
            self._event(case, f"{arm} {number % users}", "order", at, campaign_id=None, amount=1)

    def _add_checkin(self, case: Case) -> None:
        for user, instants in case["check_ins"].items():
            for at in instants:
                self._event(case, user, "check_in", at)

    def _add_cobrand(self, case: Case) -> None:
        for buyer in case["buyers"]:
            user, at = buyer["user"], buyer["first_campaign_order_at"]
            self._event(case, user, "order", at, amount=buyer["net_amount"])
            for earlier in buyer["earlier_orders"]:
                self._event(case, user, "order", earlier, campaign_id=None, amount=1)
        for user in case["own_customers"]:
            self._event(case, user, "order", LONG_BEFORE, campaign_id=None, amount=1)
        for user in case["partner_audience"]:
            self._assign(case, user, "partner_audience")
