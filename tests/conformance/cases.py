"""Cases of other products' test suites as raw events and definitions of ours.

Many cases are one build: ids of users and names of events carry the case's id, and a side that
takes any event asks for the case by a property, so that no case sees another. What a case asks
for that no definition can say has a reason (`why_not`), and is not left out in silence.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

from orchestration.ingest.definitions.schema import DEFINITIONS
from orchestration.project import ROOT

FOLDER = ROOT.parent / "shared" / "conformance"
Case = Mapping[str, Any]

OPERATORS = {
    "exact": "is",
    "is_not": "is_not",
    "icontains": "contains",
    "not_icontains": "not_contains",
    "is_set": "is_set",
    "is_not_set": "is_not_set",
    "gt": "gt",
    "gte": "gte",
    "lt": "lt",
    "lte": "lte",
}
UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
COHORT_MODES = {
    "recurring": "recurring",
    "first_ever_occurrence": "first_ever",
    "first_occurrence_matching_filters": "first_matching",
}
ORDER_MODES = {"ordered": "ordered", "strict": "strict", "unordered": "any"}
CONVERSION_TIMES = {"per_user_mean": "mean_of_furthest"}
ATTRIBUTIONS = {"first_touch": "first", "last_touch": "last", "all_events": "all"}
# Kinds that are run elsewhere (test_channels.py).
KINDS_ELSEWHERE = {
    "attribution": "they stand once more among the cases of channels, by its definitions",
}
# The property that keeps a side of any event to its own case.
CASE_PROPERTY = "conformance_case"
SESSION_GAP_SECONDS = 1800
# Longer than the events of any case lie apart.
FOREVER_SECONDS = 10**9


def read_cases(kind: str) -> list[dict[str, Any]]:
    """The cases of a kind, in the order of its file."""
    with (FOLDER / f"{kind}.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def why_not(case: Case) -> str | None:
    """Why a definition cannot say what the case asks; None when it can."""
    return {
        "window_funnel": _why_no_window_funnel,
        "sessions": _why_no_session,
        "stages": _why_no_stage,
    }.get(case["kind"], lambda _: None)(case)


def _why_no_window_funnel(case: Case) -> str | None:
    parameters = case["params"]
    for mode, why in {
        "strict_deduplication": "a repeat of a step ends the peer's chain at its depth",
        "deduplication": "a repeat of a step ends the peer's chain at its depth",
        "strict_order": "the peer scans once, tolerates repeats, and stops at what is out of order",
        "fixed": "what meets only later steps ends the peer's chain at its depth",
    }.items():
        if mode in parameters["modes"]:
            return why
    named = [json.dumps(condition, sort_keys=True) for condition in parameters["conditions"]]
    is_once = parameters["dialect"] == "doris" or {"strict_once", "strict_increase"} & set(
        parameters["modes"]
    )
    if not is_once and len(set(named)) < len(named):
        return "one event meets several conditions of the peer, and serves one step with us"
    return None


def _why_no_session(case: Case) -> str | None:
    if case["params"]["mode"] != "inactivity":
        return "sessions are cut by inactivity, not by events that mark them"
    return None


def _why_no_stage(case: Case) -> str | None:
    wanted = case["params"]["activity_events"]
    first: dict[str, Case] = {}
    for event in sorted(case["events"], key=lambda event: instant(event["ts"])):
        first.setdefault(event["user"], event)
    if wanted is not None and any(event["event"] not in wanted for event in first.values()):
        return "who was never active is in no state with us, dormant with the peer"
    return None


@dataclass
class World:
    """Raw feeds and definition rows of all the cases of one build."""

    events: list[dict[str, Any]] = field(default_factory=list)
    users: list[dict[str, Any]] = field(default_factory=list)
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def add(self, case: Case) -> None:
        getattr(self, f"_add_{case['kind']}")(case)

    def add_end(self) -> None:
        """An event long after all others, so that the windows of every case have closed."""
        latest = datetime.fromisoformat(
            max(str(event["occurred_at"])[:10] for event in self.events)
        )
        self.events.append(
            {
                "event_id": "end",
                "event_name": "end",
                "occurred_at": (latest + timedelta(days=60)).isoformat(),
                "user_id": "end",
            }
        )

    def seeds(self) -> dict[str, str]:
        """CSV text by file."""
        columns = {definition.name: definition.columns for definition in DEFINITIONS}
        texts = {}
        for name, rows in self.rows.items():
            text = io.StringIO()
            writer = csv.DictWriter(text, columns[name], lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
            texts[name] = text.getvalue()
        return texts

    def _row(self, file: str, **cells: Any) -> None:
        self.rows.setdefault(file, []).append(cells)

    def _add_events(
        self,
        case: Case,
        since: datetime | None = None,
        until: datetime | None = None,
        **columns: Any,
    ) -> None:
        """The case's events; those before `since` and after `until` the peer never sees."""
        case_id = case["id"]
        for number, event in enumerate(case["events"]):
            at = instant(event["ts"])
            if (since and at < since) or (until and at > until):
                continue
            self.events.append(
                {
                    "event_id": f"{case_id} {number:05d}",
                    "event_name": f"{case_id} {event['event']}",
                    "occurred_at": at.isoformat(),
                    "user_id": f"{case_id} {event['user']}",
                    "properties": {**event.get("properties", {}), CASE_PROPERTY: case_id},
                    **columns,
                }
            )
        for user in case.get("users", ()):
            self.users.append(
                {
                    "user_id": f"{case_id} {user['user']}",
                    "created_at": user.get("created_at"),
                    "properties": user.get("properties", {}),
                }
            )

    def _add_side(
        self, case: Case, definition: str, definition_id: str, side: str, selected: Case
    ) -> str:
        """Conditions of a side; returns its event names."""
        members = selected.get("any_of", [selected])
        conditions = [
            *_groups(selected.get("where", [])),
            *_groups(case["params"].get("filters", [])),
        ]
        is_any = any(member["event"] is None for member in members)
        if is_any:
            leaf = {"property": CASE_PROPERTY, "operator": "exact", "value": case["id"]}
            conditions.append([leaf])
        self._add_conditions(definition, definition_id, side, conditions)
        return "*" if is_any else "|".join(_text(f"{case['id']} {m['event']}") for m in members)

    def _add_conditions(
        self,
        definition: str,
        definition_id: str,
        side: str,
        groups: Sequence[Sequence[Case]],
    ) -> None:
        for number, group in enumerate(groups):
            for leaf in group:
                value = leaf.get("value")
                values = value if isinstance(value, list) else [] if value is None else [value]
                if leaf["property"] == "event_name":
                    values = [f"{definition_id} {name}" for name in values]
                self._row(
                    "filters",
                    definition=definition,
                    definition_id=definition_id,
                    side=side,
                    any_of=f"group {number}" if len(group) > 1 else "",
                    scope="user" if leaf.get("scope") == "person" else "event",
                    property=leaf["property"],
                    operator=OPERATORS[leaf["operator"]],
                    value="|".join(_text(_plain(part)) for part in values),
                )

    def _add_funnel(self, case: Case) -> None:
        parameters = case["params"]
        case_id = case["id"]
        window = parameters["conversion_window"]
        bounds = parameters["date_range"] or {"from": "", "to": ""}
        breakdown = parameters["breakdown"] or {}
        attribution = breakdown.get("attribution", "")
        self._row(
            "funnels",
            funnel_id=case_id,
            order_mode=ORDER_MODES[parameters["order_mode"]],
            window_seconds=window["value"] * UNITS[window["unit"]],
            breakdown=_scoped(breakdown),
            breakdown_attribution=(
                f"step_{breakdown['step'] + 1}"
                if attribution == "step"
                else ATTRIBUTIONS.get(attribution, "")
            ),
            breakdown_limit=breakdown.get("limit", ""),
            conversion_time=CONVERSION_TIMES.get(parameters.get("conversion_time_rule"), ""),
            from_at=bounds["from"],
            to_at=bounds["to"],
            time_bins=parameters.get("bin_count", ""),
            trend_grain="hour" if parameters.get("interval") == "hour" else "",
        )
        for number, step in enumerate(parameters["steps"], start=1):
            self._row(
                "funnel_steps",
                funnel_id=case_id,
                step_number=number,
                event_name=self._add_side(case, "funnel", case_id, str(number), step),
                first_time=step.get("first_time", ""),
            )
        for number, exclusion in enumerate(parameters["exclusions"], start=1):
            side = f"exclusion_{number}"
            self._row(
                "funnel_steps",
                funnel_id=case_id,
                exclusion_number=number,
                event_name=self._add_side(case, "funnel", case_id, side, exclusion),
                excluded_after_step=exclusion["from_step"] + 1,
                excluded_before_step=exclusion["to_step"] + 1,
            )
        # The peer reads no event outside the range, except for what is first in all history.
        looks_back = any("first_time" in step for step in parameters["steps"])
        self._add_events(
            case,
            instant(bounds["from"]) if bounds["from"] and not looks_back else None,
            instant(bounds["to"]) if bounds["to"] else None,
        )

    _add_funnel_trends = _add_funnel
    _add_funnel_time_to_convert = _add_funnel

    def _add_window_funnel(self, case: Case) -> None:
        parameters = case["params"]
        case_id = case["id"]
        is_later = {"increase", "strict_increase"} & set(parameters["modes"])
        self._row(
            "funnels",
            funnel_id=case_id,
            window_seconds=parameters["window"],
            ties="later" if is_later else "together",
        )
        for number, condition in enumerate(parameters["conditions"], start=1):
            self._row(
                "funnel_steps",
                funnel_id=case_id,
                step_number=number,
                event_name=self._add_side(case, "funnel", case_id, str(number), condition),
            )
        self._add_events(case)

    def _add_retention(self, case: Case) -> None:
        parameters = case["params"]
        case_id = case["id"]
        starts = retention_starts(case)
        period = parameters["period"]
        seen_until = starts[-1]
        for _ in range(1 + parameters["lookahead_periods"]):
            seen_until = next_period(seen_until, period)
        lengths = parameters["brackets"] or []
        ends = [sum(lengths[: number + 1]) for number in range(len(lengths))]
        self._row(
            "retentions",
            retention_id=case_id,
            cohort_mode=COHORT_MODES[parameters["retention_type"]],
            cohort_event=self._add_side(case, "retention", case_id, "cohort", parameters["target"]),
            return_event=self._add_side(
                case, "retention", case_id, "return", parameters["returning"]
            ),
            granularity=period,
            window_mode="calendar" if parameters["window_mode"] == "calendar" else "rolling",
            kind="on_or_after" if parameters["cumulative"] else "on",
            periods="" if lengths else max(1, parameters["return_periods"] - 1),
            brackets=";".join(
                f"{end - length + 1}-{end}" for length, end in zip(lengths, ends, strict=True)
            ),
            min_occurrences=parameters["minimum_occurrences"],
            breakdown=_scoped(parameters["breakdown"] or {}),
            from_at=starts[0].isoformat(),
            to_at=(next_period(starts[-1], period) - timedelta(microseconds=1)).isoformat(),
            value_property=_scoped(parameters["aggregate"] or {}),
        )
        looks_back = parameters["retention_type"] != "recurring"
        self._add_events(
            case,
            None if looks_back else starts[0],
            seen_until - timedelta(microseconds=1),
        )

    def _add_stickiness(self, case: Case) -> None:
        parameters = case["params"]
        case_id = case["id"]
        bounds = parameters["date_range"]
        self._row(
            "activities",
            activity_id=case_id,
            event_name=self._add_side(
                case, "activity", case_id, "activity", parameters["activity"]
            ),
        )
        self._row(
            "stickiness",
            stickiness_id=case_id,
            activity_id=case_id,
            interval=parameters["interval"],
            period="range",
            from_at=bounds["from"],
            to_at=bounds["to"],
            **_occurrences(parameters["criteria"]),
            is_cumulative=str(parameters["cumulative"]).lower(),
            interval_size=parameters["interval_count"],
        )
        self._add_events(case)

    def _add_paths(self, case: Case) -> None:
        parameters = case["params"]
        bounds = parameters["date_range"]
        row: dict[str, Any] = {
            "path_id": case["id"],
            "from_at": bounds["from"],
            "to_at": bounds["to"],
        }
        if parameters.get("task") == "flows":
            item = {"event": None}
            anchor = {"event": parameters["primary_event"]}
            parameters = {**parameters, "filters": []}
            row |= {
                "anchor_event": self._add_side(
                    {**case, "params": parameters}, "path", case["id"], "anchor", anchor
                ),
                "direction": parameters["direction"],
                "steps": parameters["depth"],
                "scope": "user",
                "window_seconds": FOREVER_SECONDS,
            }
        else:
            item = {"any_of": parameters["sources"]}
            properties = [source.get("item_property") for source in parameters["sources"]]
            row |= {
                # The peer counts the item that it starts at among the steps.
                "anchor_item": parameters["start_at"],
                "steps": parameters["max_steps"] - (parameters["start_at"] is not None),
                "item_property": "|".join(
                    dict.fromkeys(f"event:{_text(name)}" for name in properties if name)
                ),
                "drop_ending": "/",
                "repeats": "last",
                "occurrences": "first" if parameters["start_at"] else "",
                "session_gap_seconds": parameters["session_gap_seconds"],
            }
        row["item_event"] = self._add_side(
            {**case, "params": parameters}, "path", case["id"], "item", item
        )
        self._row("paths", **row)
        self._add_events(case, instant(bounds["from"]), instant(bounds["to"]))

    def _add_lifecycle(self, case: Case) -> None:
        self._row(
            "activities",
            activity_id=case["id"],
            event_name=self._add_side(
                case, "activity", case["id"], "activity", case["params"]["activity"]
            ),
            new_by=case["params"]["new_rule"],
        )
        self._add_events(case)

    def _add_stages(self, case: Case) -> None:
        """Any event but those of the plan that are no activity; the states are all users'."""
        wanted = case["params"]["activity_events"]
        for name in sorted({event["event"] for event in case["events"]}):
            self._row(
                "event_names",
                event_name=f"{case['id']} {name}",
                is_activity=str(wanted is None or name in wanted).lower(),
            )
        self._add_events(case)

    def _add_condition_retention(self, case: Case) -> None:
        """Each condition is an activity."""
        plain = {**case, "params": {**case["params"], "filters": []}}
        for number, condition in enumerate(case["params"]["conditions"], start=1):
            activity_id = f"{case['id']} {number}"
            self._row(
                "activities",
                activity_id=activity_id,
                event_name=self._add_side(plain, "activity", activity_id, "activity", condition),
            )
        self._add_events(case)

    def _add_sessions(self, case: Case) -> None:
        """Times are stretched about the first one, so that the case's gap is our 30 minutes: a
        hair less where the peer wants a gap to be longer than that."""
        first = min(instant(event["ts"]) for event in case["events"])
        stretch = SESSION_GAP_SECONDS / case["params"]["gap_seconds"]
        if case["params"]["gap_rule"] == ">":
            stretch *= 1 - 1e-6
        events = [
            {
                **event,
                "ts": (first + (instant(event["ts"]) - first) * stretch).isoformat(),
            }
            for event in case["events"]
        ]
        self._add_events({**case, "events": events})

    def _add_rfm_summary(self, case: Case) -> None:
        self._row("event_names", event_name=f"{case['id']} purchase", role="order")
        for number, event in enumerate(case["events"]):
            self._add_events(
                {**case, "id": case["id"], "events": [event]},
                event_id=f"{case['id']} {number:05d}",
                amount=event.get("properties", {}).get("value"),
            )


def _groups(conditions: Any) -> list[list[Case]]:
    """Nested conditions as groups of which each must have one that holds."""
    if isinstance(conditions, list):
        return [group for condition in conditions for group in _groups(condition)]
    if "all" in conditions:
        return _groups(conditions["all"])
    if "any" in conditions:
        choices = product(*(_groups(condition) for condition in conditions["any"]))
        return [[leaf for group in choice for leaf in group] for choice in choices]
    return [[conditions]]


def _occurrences(criteria: Case) -> dict[str, int]:
    """Least and greatest number of events of an active interval."""
    value = criteria["value"]
    return {
        "gte": {"min_occurrences": value},
        "gt": {"min_occurrences": value + 1},
        "lte": {"max_occurrences": value},
        "lt": {"max_occurrences": value - 1},
        "exact": {"min_occurrences": value, "max_occurrences": value},
    }[criteria["operator"]]


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _text(value: str) -> str:
    return value.replace("|", "\\|")


def _scoped(breakdown: Case) -> str:
    if not breakdown:
        return ""
    scope = "user" if breakdown.get("scope") == "person" else "event"
    names = breakdown["property"]
    return "|".join(
        f"{scope}:{_text(name)}" for name in (names if isinstance(names, list) else [names])
    )


def next_period(start: datetime, period: str) -> datetime:
    """The start of the period after the one that starts then, in UTC."""
    if period == "month":
        return start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
    return start + {"hour": 1, "day": 24, "week": 168}[period] * timedelta(hours=1)


def retention_starts(case: Case) -> list[datetime]:
    """Start of each cohort period."""
    starts = [instant(case["params"]["first_period_start"])]
    while len(starts) < case["params"]["cohort_periods"]:
        starts.append(next_period(starts[-1], case["params"]["period"]))
    return starts


def trend_starts(case: Case) -> Iterator[datetime]:
    """Start of each period that the case's range touches; weeks start on Sunday."""
    bounds = case["params"]["date_range"]
    interval = case["params"]["interval"]
    start = instant(bounds["from"]).replace(minute=0, second=0, microsecond=0)
    if interval != "hour":
        start = start.replace(hour=0)
    if interval == "week":
        start -= timedelta(days=(start.weekday() + 1) % 7)
    elif interval == "month":
        start = start.replace(day=1)
    while start <= instant(bounds["to"]):
        yield start
        start = next_period(start, interval)


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
