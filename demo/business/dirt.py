"""What goes wrong on the way: late rows, copies, broken rows, odd files. It changes no figure.

Dirt falls on finished days. What is late or sent again arrives in the file of the day on which it
is received; now and then an old client sends its rows in a file of its own, broken ones among
them; one day comes without time zones, one file comes a second time and is cut off.
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


@dataclass(frozen=True)
class DayFile:
    """A file of events of a day of receipt, as it is to be written."""

    table: pa.Table
    ending: str = ".parquet"
    copies: int = 0
    """Rows that are copies of rows received before."""
    broken: dict[str, str] = field(default_factory=dict)
    """Lines of JSON that cannot be used, and why not."""
    is_truncated: bool = False


@dataclass
class Dirt:
    """The dirt of a world; `waiting` is what arrives on a later day, and how much of it again."""

    seed: int
    waiting: dict[int, list[pa.Table]] = field(default_factory=lambda: defaultdict(list))
    copies: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    rows: int = 0
    """Rows since a client last sent broken ones."""

    def files(self, day: int, table: pa.Table) -> list[DayFile]:
        """What arrives on the day of receipt, of which `table` would be the clean file."""
        more = self.waiting.pop(day, [])
        self.rows += table.num_rows
        if day % plan.BROKEN_EVERY_DAYS == 0 and table.num_rows:
            old = pc.fill_null(pc.equal(table["platform"], plan.BROKEN_PLATFORM), False)
            # Never one alone: a file without one good line of JSON is no file at all.
            count = max(2, round(self.rows * plan.BROKEN_RATE))
            broken, self.rows = broken_lines(table, day, count), 0
            rest = pa.concat_tables([table.filter(pc.invert(old)), *more])
            return [
                DayFile(rest, copies=self.copies[day]),
                DayFile(table.filter(old), "-old-client.jsonl", broken=broken),
            ]
        if day < plan.DAYS - plan.DIRT_ENDS_DAYS and table.num_rows:
            table = self._dirty(day, table)
        table = pa.concat_tables([table, *more])
        if day == plan.ZONELESS_DAY:
            return [DayFile(table, ".csv", self.copies[day])]
        files = [DayFile(table, copies=self.copies[day])]
        if day == plan.TRUNCATED_DAY:
            files.append(DayFile(table, "-again.parquet", is_truncated=True))
        return files

    def _dirty(self, day: int, table: pa.Table) -> pa.Table:
        """Hold some rows back, and have some come twice, now or again later."""
        draws = stream(self.seed, Process.DIRT, 0, day).random((table.num_rows, 4))
        late = draws[:, 0] < plan.LATE_RATE
        copied = ~late & (draws[:, 1] < plan.DUPLICATE_RATE)
        again = ~late & (draws[:, 2] < plan.REDELIVERED_RATE)
        wait = 1 + (draws[:, 3] * plan.LATE_MAX_DAYS).astype(np.int64)
        self._send_later(day, table, late, wait, copies=False)
        self._send_later(day, table, again, np.minimum(wait, 2), copies=True)
        self.copies[day] += int(copied.sum())
        in_time, copies = table.filter(pa.array(~late)), table.filter(pa.array(copied))
        return pa.concat_tables([in_time, copies])

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


def broken_lines(table: pa.Table, day: int, count: int) -> dict[str, str]:
    """Lines of JSON that cannot be used, each with its reason; all reasons in turn."""
    lines: dict[str, str] = {}
    for number in range(count):
        reason = plan.BROKEN_REASONS[(day + number) % len(plan.BROKEN_REASONS)]
        row = table.slice(number * table.num_rows // count, 1).to_pylist()[0]
        lines[_broken(row, reason, f"broken-{day}-{number}")] = reason
    return lines


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


def json_line(row: dict[str, Any]) -> str:
    """A good row, as that client sends it."""
    given = {name: value for name, value in row.items() if value is not None}
    for name in ("occurred_at", "received_at"):
        given[name] = _iso(given[name])
    if "properties" in given:
        given["properties"] = json.loads(given["properties"])
    return json.dumps(given)


def without_zones(table: pa.Table) -> pa.Table:
    """Instants as text that does not say that it is UTC."""
    for place, name in enumerate(table.column_names):
        if pa.types.is_timestamp(table.schema.field(name).type):
            plain = pc.strftime(table[name], "%Y-%m-%d %H:%M:%S")
            table = table.set_column(place, name, plain)
    return table


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
