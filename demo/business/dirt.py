"""What goes wrong on the way: late rows, copies, broken rows, odd files. It changes no figure.

Dirt falls on finished days. What is late or sent again arrives in the file of the day on which it
is received; broken rows come beside the others, from a client that could not tell better.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from demo.business import plan
from demo.business.people import People
from demo.business.streams import Ints, Process, stream


@dataclass
class Dirt:
    """The dirt of a world; `waiting` is what arrives on a later day."""

    seed: int
    waiting: dict[int, list[pa.Table]] = field(default_factory=lambda: defaultdict(list))
    late_count: int = 0
    copies: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    """Rows of a day's file that are copies of rows received before."""

    def of_day(self, day: int, table: pa.Table) -> pa.Table:
        """What the file of the day of receipt holds."""
        rows = table.num_rows
        if day < plan.DAYS - plan.DIRT_ENDS_DAYS and rows:
            draws = stream(self.seed, Process.DIRT, 0, day).random((rows, 4))
            late = draws[:, 0] < plan.LATE_RATE
            copied = ~late & (draws[:, 1] < plan.DUPLICATE_RATE)
            again = ~late & (draws[:, 2] < plan.REDELIVERED_RATE)
            self.late_count += int(late.sum())
            self.copies[day] += int(copied.sum())
            wait = 1 + (draws[:, 3] * plan.LATE_MAX_DAYS).astype(np.int64)
            self._send_later(day, table, late, wait, copies=False)
            self._send_later(day, table, again, np.minimum(wait, 2), copies=True)
            table = pa.concat_tables([table.filter(pa.array(~late)), table.filter(pa.array(copied))])
        return pa.concat_tables([table, *self.waiting.pop(day, [])])

    def _send_later(
        self, day: int, table: pa.Table, which: np.ndarray, wait: Ints, copies: bool
    ) -> None:
        for days in np.unique(wait[which]).tolist():
            rows = table.filter(pa.array(which & (wait == days)))
            at = pc.add(rows["received_at"], pa.scalar(days * plan.DAY, pa.duration("ms")))
            place = rows.column_names.index("received_at")
            rows = rows.set_column(place, "received_at", at)
            self.waiting[day + days].append(rows)
            self.copies[day + days] += rows.num_rows if copies else 0


def shared_devices(people: People, events: np.ndarray) -> Ints:
    """Which shared device each person uses later: a few of those who come most."""
    shared = np.full(len(people), -1)
    often = np.bincount(events["actor"][events["kind"] == 0], minlength=len(people))
    often = np.where(people.signed_up, often, 0)[:2_000]
    count = plan.SHARED_DEVICES * plan.USERS_PER_SHARED_DEVICE
    chosen = np.argsort(-often, kind="stable")[:count]
    shared[chosen] = np.arange(len(chosen)) % plan.SHARED_DEVICES
    return shared


def broken_rows(table: pa.Table, day: int, count: int) -> tuple[list[str], dict[str, int]]:
    """Lines of JSON that cannot be used, each for a reason of its own, and how many of each."""
    lines: list[str] = []
    reasons: dict[str, int] = defaultdict(int)
    for number in range(count):
        reason = plan.BROKEN_REASONS[(day // plan.BROKEN_EVERY_DAYS + number)
                                     % len(plan.BROKEN_REASONS)]  # fmt: skip
        row = table.slice(number * table.num_rows // count, 1).to_pylist()[0]
        lines.append(_broken(row, reason, f"broken-{day}-{number}"))
        reasons[reason] += 1
    return lines, dict(reasons)


def _broken(row: dict[str, Any], reason: str, event_id: str) -> str:
    sent: dict[str, Any] = {
        "event_id": event_id,
        "event_name": row["event_name"],
        "occurred_at": _iso(row["occurred_at"]),
        "received_at": _iso(row["received_at"]),
        "anonymous_id": row["anonymous_id"] or row["user_id"],
    }
    if reason == "missing_event_name":
        sent["event_name"] = None
    elif reason == "missing_actor":
        sent["anonymous_id"] = None
    elif reason == "unparseable_occurred_at":
        sent["occurred_at"] = "yesterday evening"
    elif reason == "future_occurred_at":
        sent["occurred_at"] = "2099-01-01T00:00:00Z"
    elif reason == "future_received_at":
        sent["received_at"] = "2099-01-01T00:00:00Z"
    elif reason == "invalid_amount":
        sent |= {"amount": "12,3O", "currency": plan.CURRENCY}
    elif reason == "foreign_currency":
        sent |= {"amount": 12.5, "currency": "ZAR"}
    line = json.dumps(sent)
    return line[: len(line) // 2] if reason == "malformed_row" else line


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
