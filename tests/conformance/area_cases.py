"""Cases of content, product, platform and growth as raw feeds and definitions of ours.

Cases of a kind are one build: their users and things carry the case's id, and each case happens in
years of its own, as marts count all that is there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from orchestration.ingest.definitions.schema import BY_NAME
from tests.conformance.cases import FOLDER
from tests.conformance.channel_cases import csv_of

Case = Mapping[str, Any]
Row = dict[str, Any]
WEEKS_APART = 52
OTHER = "other"
ROLES = BY_NAME["event_names"].field("role").enum
NO_ACTIVITY = ("message_sent", "approve", "reject", "creator_reward")


# What test_data_sets.py reads, by the names that a case may give it.
DATA_SETS = {"deskdrop": "deskdrop", "movielens": "ml-100k", "movielens_100k": "ml-100k",
             "ml-100k": "ml-100k"}  # fmt: skip


def read_cases(*kinds: str) -> list[Case]:
    """The cases of some kinds that have rows, not a data set, in the order of their files."""
    return [case for case in _all_cases(*kinds) if data_set_of(case) is None]


def data_set_cases() -> list[Case]:
    """The cases of all kinds that have a data set instead of rows."""
    kinds = sorted(path.stem for path in (FOLDER / "areas").glob("*.jsonl"))
    return [case for case in _all_cases(*kinds) if data_set_of(case)]


def data_set_of(case: Case) -> str | None:
    """The data set that a case asks for; one that nothing reads is an error."""
    name = case["rows"].get("dataset") if isinstance(case["rows"], Mapping) else None
    if name is not None and name not in DATA_SETS:
        raise LookupError(f"{case['id']}: no test reads the data set {name}")
    return DATA_SETS.get(name)


def _all_cases(*kinds: str) -> list[Case]:
    found = []
    for kind in kinds:
        with (FOLDER / "areas" / f"{kind}.jsonl").open(encoding="utf-8") as lines:
            found += [json.loads(line) for line in lines]
    return found


def _feeds_of(case: Case) -> Mapping[str, Sequence[Row]]:
    """What units of a concentration have are orders of one day of the case's years."""
    if case["kind"] != "concentration":
        return case["rows"]
    return {"events": [
        {"role": "order", "user": "u", "ts": "2024-11-01T00:00:00Z", "id": row["unit"],
         "merchant_id": row["unit"], "amount": row["value"]}
        for row in case["rows"]
    ]}  # fmt: skip


@dataclass
class World:
    """Raw feeds and definition rows of all the cases of one build."""

    cases: Sequence[Case]
    feeds: dict[str, list[Row]] = field(default_factory=dict)
    seeds: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        roles: set[str] = set()
        for case in self.cases:
            for feed, rows in _feeds_of(case).items():
                for row in rows:
                    self.feeds.setdefault(feed, []).append(self._row(case, feed, row))
                    roles.add(row.get("role", OTHER))
        plan = [
            {"event_name": role, "role": role if role in ROLES else "",
             "is_activity": str(role not in NO_ACTIVITY).lower()}
            for role in sorted(roles)
        ]  # fmt: skip
        self.seeds["event_names"] = csv_of("event_names", plan)
        features = [case for case in self.cases if case["kind"] == "feature"]
        self.seeds["features"] = csv_of("features", map(self._feature, features))
        # The product has users of other cases, too.
        self.seeds["filters"] = csv_of(
            "filters",
            [{"definition": "feature", "definition_id": case["id"], "property": "case",
              "operator": "is", "value": case["id"]} for case in features],
        )  # fmt: skip

    def day(self, case: Case, text: str) -> date:
        """The day on which a day of the case is."""
        return date.fromisoformat(text) - self._earlier(case)

    def _earlier(self, case: Case) -> timedelta:
        return timedelta(weeks=WEEKS_APART * self.cases.index(case))

    def _feature(self, case: Case) -> Row:
        given = {name: cell for name, cell in case["params"].items()
                 if name in ("adopt_uses", "window_days")}  # fmt: skip
        return given | {
            "feature_id": case["id"],
            "eligible_event": case["params"].get("eligible_role", ""),
            "released_at": self._moved(case, case["params"].get("released_at")) or "",
        }

    def _row(self, case: Case, feed: str, row: Row) -> Row:
        moved = {
            name: self._moved(case, cell) if name.endswith("_at") or name == "ts" else cell
            for name, cell in row.items()
        }
        if "user" in moved:
            moved["user_id"] = f"{case['id']} {moved.pop('user')}"
        for name in ("feedback_id", "content_id", "author_id", "merchant_id", "violation_id"):
            if name in moved:
                moved[name] = f"{case['id']} {moved[name]}"
        if feed != "events":
            return moved
        if case["kind"] == "feature":
            moved |= {"case": case["id"], "feature_id": case["id"]}
        return {
            "event_name": moved.pop("role"),
            "event_id": f"{case['id']} {moved.pop('id')}",
            "occurred_at": moved.pop("ts"),
            **moved,
        }

    def _moved(self, case: Case, instant: str | None) -> str | None:
        if not instant:
            return instant
        at = datetime.fromisoformat(instant.replace("Z", "+00:00")).astimezone(UTC)
        return (at - self._earlier(case)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
