"""Cases of campaigns as raw feeds and definitions of ours.

Each case is a campaign whose id is the case's, with a measure of its own; many are one build.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.conformance.channel_cases import Case, csv_of

Row = dict[str, Any]
START = datetime(2025, 3, 1, tzinfo=UTC)
WINDOW_DAYS = 7
# What a column of the rows of an arm is of: side, and days after the assignment.
COLUMNS = {
    "value": ("numerator", 1),
    "denominator": ("denominator", 1),
    "pre_value": ("numerator", -1),
}


@dataclass
class World:
    """Raw feeds and definition rows of all the cases of one build."""

    feeds: dict[str, list[Row]] = field(
        default_factory=lambda: {
            name: [] for name in ("events", "campaigns", "campaign_assignments", "channel_costs")
        }
    )
    measures: list[Row] = field(default_factory=list)

    def seeds(self) -> dict[str, str]:
        return {
            "campaign_measures": csv_of("campaign_measures", self.measures),
            "event_names": "event_name,role,is_activity\nexposure,exposure,false\n",
        }

    def add(self, case: Case) -> None:
        """What happened in a case of any kind."""
        {
            "balance": self._balance,
            "exposure": self._exposure,
            "lift": self._lift,
            "plan": self._plan,
        }[case["kind"]](case)

    def _add(self, feed: str, case: Case, **row: Any) -> None:
        self.feeds[feed].append({"campaign_id": case["id"], **row})

    def _event(self, case: Case, name: str, user: str, at: Any, **columns: Any) -> None:
        self.feeds["events"].append(
            {"event_id": f"{len(self.feeds['events']):08d}", "event_name": name,
             "user_id": f"{case['id']} {user}", "occurred_at": str(at), **columns}
        )  # fmt: skip

    def _assign(self, case: Case, variant: str, user: str, at: Any) -> None:
        self._add(
            "campaign_assignments", case, variant=variant, user_id=f"{case['id']} {user}",
            assigned_at=str(at),
        )  # fmt: skip

    def _measure(self, case: Case, kind: str, **cells: Any) -> None:
        self.measures.append(
            {"measure_id": case["id"], "campaign_id": case["id"], "kind": kind,
             "event_name": f"{case['id']} numerator", "window_days": WINDOW_DAYS, **cells}
        )  # fmt: skip

    def _balance(self, case: Case) -> None:
        shares = case["params"].get("variant_shares") or {}
        said = "|".join(f"{name}:{share}" for name, share in shares.items())
        self._add("campaigns", case, starts_at=str(START), variant_shares=said)
        for variant, count in case["arms"].items():
            for number in range(count):
                self._assign(case, variant, f"{variant} {number}", START)

    def _exposure(self, case: Case) -> None:
        self._add("campaigns", case, starts_at=str(START))
        self._measure(case, "proportion", **case["params"])
        for each in case["assignments"]:
            self._assign(case, each["variant"], each["user"], each["at"])
        for each in case["exposures"]:
            self._event(case, "exposure", each["user"], each["at"], campaign_id=case["id"])
        for each in case["conversions"]:
            self._event(case, f"{case['id']} numerator", each["user"], each["at"])

    def _lift(self, case: Case) -> None:
        params = case["params"]
        self._add("campaigns", case, starts_at=str(START), control_variant=params["control"])
        given: Row = {} if params["measure"] == "proportion" else {"value": "event:worth"}
        if params["measure"] == "ratio":
            given |= {
                "denominator_event_name": f"{case['id']} denominator",
                "denominator_value": "event:worth",
            }
        if params.get("cuped"):
            given["pre_days"] = WINDOW_DAYS
        self._measure(case, params["measure"], **given)
        for variant, rows in case["arms"].items():
            number = 0
            for *values, count in rows:
                for _ in range(count):
                    user = f"{variant} {number}"
                    number += 1
                    self._assign(case, variant, user, START)
                    self._did(case, user, values)

    def _did(self, case: Case, user: str, values: Sequence[float]) -> None:
        for column, value in zip(case["params"]["columns"], values, strict=True):
            side, days = COLUMNS[column]
            if value:
                at = START + timedelta(days=days)
                self._event(case, f"{case['id']} {side}", user, at, properties={"worth": value})

    def _plan(self, case: Case) -> None:
        params = case["params"]
        ends = date.fromisoformat(params["ends_date"]) + timedelta(days=1)
        self._add(
            "campaigns", case, starts_at=params["starts_date"], ends_at=str(ends),
            target_value=params["target_value"], budget_amount=params["budget_amount"],
            goal_measure_id=case["id"],
        )  # fmt: skip
        self._measure(case, "mean", value="event:worth", window_days=60)
        self._assign(case, "treatment", "u", params["starts_date"])
        for each in case["actual"]:
            at = f"{each['date']}T12:00:00Z"
            self._event(
                case, f"{case['id']} numerator", "u", at, properties={"worth": each["value"]}
            )
        for each in case["costs"]:
            self._add(
                "channel_costs", case, cost_date=each["date"], cost_amount=each["amount"],
                cost_id=f"{case['id']} {each['date']}",
            )  # fmt: skip
