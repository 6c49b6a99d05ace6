"""Cases of channels as raw events and definitions of ours.

Many cases are one build: channels, users, events and conversions carry the case's id. A channel is
a source of its own; the one that is called `direct` is a visit without tags, in every case. Who did
not convert did so in no case: paths of each case are of a month of their own.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from orchestration.ingest.definitions.schema import BY_NAME
from tests.conformance.cases import FOLDER

Case = Mapping[str, Any]
DIRECT = "direct"


def read_cases(kind: str, large: bool = False) -> list[dict[str, Any]]:
    """The cases of a kind that are not large, or those that are, in the order of its file."""
    with (FOLDER / "channels" / f"{kind}.jsonl").open(encoding="utf-8") as lines:
        found = [json.loads(line) for line in lines]
    return [case for case in found if case.get("large", False) is large]


def mta_paths(data: Path) -> list[dict[str, Any]]:
    """The paths of a file of PyPI's mta."""
    with gzip.open(data, "rt", encoding="utf-8") as lines:
        return [
            {
                "path": row["path"].split(" > "),
                "conversions": int(row["total_conversions"]),
                "non_conversions": int(row["total_null"]),
            }
            for row in csv.DictReader(lines)
        ]


def csv_of(name: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """The text of a definition file."""
    text = io.StringIO()
    writer = csv.DictWriter(text, BY_NAME[name].columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def grouping_world(
    cases: Sequence[Case],
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Events, a session each, and the definitions of cases that share their rules."""
    events = [
        {
            "event_id": f"{case['id']} {number}",
            "event_name": "visit",
            "user_id": f"{case['id']} {number}",
            "occurred_at": "2025-03-03T10:00:00Z",
            **row,
        }
        for case in cases
        for number, row in enumerate(case["rows"])
    ]
    categories = [
        {"utm_source": source, "source_category": category}
        for source, category in cases[0]["source_categories"].items()
    ]
    return events, {
        "channels": csv_of("channels", cases[0]["rules"]),
        "source_categories": csv_of("source_categories", categories),
    }


def of_case(case: Case, channel: str | None) -> str | None:
    """The channel of a case as we call it."""
    return channel if channel in (None, DIRECT) else f"{case['id']}::{channel}"


@dataclass
class World:
    """Raw feeds and definition rows of all the cases of one build."""

    events: list[dict[str, Any]] = field(default_factory=list)
    costs: list[dict[str, Any]] = field(default_factory=list)
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    months: int = 0

    def __post_init__(self) -> None:
        """A visit is activity; orders and refunds open no session."""
        none = "(none)"
        tags = dict.fromkeys(("utm_source", "utm_medium", "utm_campaign"), none)
        self._row("channels", rule_number=1, channel_id=DIRECT, is_direct="true", **tags)
        self._row("event_names", event_name="refund", role="refund", is_activity="false")

    def seeds(self) -> dict[str, str]:
        return {name: csv_of(name, rows) for name, rows in self.rows.items()}

    def add(self, case: Case) -> None:
        """What its users did, and what was spent."""
        self._row(
            "event_names", event_name=f"{case['id']} order", role="order", is_activity="false"
        )
        if case["kind"] in ("attribution", "roas"):
            self._row(
                "conversions",
                conversion_id=case["id"],
                event_name=f"{case['id']} order",
                **{**case["params"], "models": "|".join(case["params"]["models"])},
            )
        users = case.get("users") or _users_of(case["paths"], self.months)
        self.months += 1
        for user in users:
            self._add_user(case, user)
        for cost in case.get("costs", ()):
            channel = of_case(case, cost.get("channel"))
            self.costs.append(
                {
                    "cost_date": cost["date"],
                    "channel_id": channel,
                    "cost_amount": cost["amount"],
                    "cost_id": f"{case['id']} {len(self.costs)}",
                }
            )
        named = {touch["channel"] for user in users for touch in user["touches"]}
        for channel in sorted(named - {DIRECT}):
            name = str(of_case(case, channel))
            self._row(
                "channels",
                rule_number=len(self.rows["channels"]) + 1,
                channel_id=name,
                utm_source=re.escape(name),
            )

    def _row(self, file: str, **cells: Any) -> None:
        self.rows.setdefault(file, []).append(cells)

    def _add_user(self, case: Case, user: Case) -> None:
        name = f"{case['id']} {user['user']}"

        def add(event: str, at: str, **columns: Any) -> None:
            number = len(self.events)
            self.events.append(
                {"event_id": f"{number:07d}", "event_name": event, "occurred_at": at,
                 "user_id": name, **columns}
            )  # fmt: skip

        for touch in user["touches"]:
            tag = of_case(case, touch["channel"])
            add("visit", touch["at"], **({} if tag == DIRECT else {"utm_source": tag}))
        orders = user.get("conversions", user.get("orders", ()))
        for number, order in enumerate(orders):
            order_id = f"{name} {number}"
            add(
                f"{case['id']} order", order["at"], order_id=order_id, amount=order.get("amount", 0)
            )
            for refund in order.get("refunds", ()):
                add("refund", refund["at"], order_id=order_id, amount=refund["amount"])
        for refund in user.get("refunds", ()):
            order_id = f"{name} {refund.get('order', 0)}"
            add("refund", refund["at"], order_id=order_id, amount=refund["amount"])


def _users_of(paths: Sequence[Case], month: int) -> list[dict[str, Any]]:
    """One user per path that was walked, the first with all that it brought."""
    start = datetime(2020 + month // 12, 1 + month % 12, 3, tzinfo=UTC)
    users: list[dict[str, Any]] = []
    for path in paths:
        count = path["conversions"]
        for number in range(count + path["non_conversions"]):
            at = [start + timedelta(hours=hour) for hour in range(len(path["path"]))]
            order = {
                "at": (at[-1] + timedelta(minutes=1)).isoformat(),
                "amount": path.get("revenue", 0) if number == 0 else 0,
            }
            users.append(
                {
                    "user": str(len(users)),
                    "touches": [
                        {"channel": channel, "at": instant.isoformat()}
                        for channel, instant in zip(path["path"], at, strict=True)
                    ],
                    "conversions": [order] if number < count else [],
                }
            )
    return users
