"""What peers' own test suites say comes out of our public tables, number by number."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from tests import support
from tests.conformance import cases

if not cases.FOLDER.is_dir():
    pytest.skip("the cases are not beside this checkout", allow_module_level=True)

KINDS = (
    "funnel", "funnel_trends", "window_funnel", "funnel_time_to_convert", "retention",
    "condition_retention", "stickiness", "lifecycle", "sessions", "stages", "rfm_summary",
    "paths",
)  # fmt: skip
ALL = {kind: cases.read_cases(kind) for kind in KINDS}
RUN = {kind: [c for c in ALL[kind] if cases.why_not(c) is None] for kind in KINDS}
# How many cases of a kind are not run, and why.
NOT_RUN = {
    "window_funnel": {
        "a repeat of a step ends the peer's chain at its depth": 4,
        "the peer scans once, tolerates repeats, and stops at what is out of order": 9,
        "one event meets several conditions of the peer, and serves one step with us": 1,
        "what meets only later steps ends the peer's chain at its depth": 2,
    },
    "sessions": {"sessions are cut by inactivity, not by events that mark them": 8},
    "stages": {"who was never active is in no state with us, dormant with the peer": 1},
}
# Cases that are run, differ, and are meant to.
DIFFERS = {
    "ph2.trends.breakdown_with_attribution_2.4": (
        "of a user who serves the step with several values, the peer shows every attempt under "
        "each of them; with us an attempt is in the part of its own value alone"
    ),
}
# All cases that are run are of these two; another zone or week start is a build of its own.
ENVIRONMENT = {"YUNYING_TIMEZONE": "UTC", "YUNYING_WEEK_START": "sunday"}

Tables = dict[str, dict[Any, list[dict[str, Any]]]]


def named(kind: str) -> Any:
    return pytest.mark.parametrize(
        "case",
        [
            pytest.param(
                case,
                id=case["id"],
                marks=pytest.mark.xfail(reason=why) if (why := DIFFERS.get(case["id"])) else (),
            )
            for case in RUN[kind]
        ],
    )


def by_key(rows: list[dict[str, Any]], key: str) -> dict[Any, list[dict[str, Any]]]:
    found: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row[key]].append(row)
    return found


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """One build of all cases; rows of each table by definition, or by user."""
    world = cases.World()
    for kind in set(KINDS) - {"stages"}:
        for case in RUN[kind]:
            world.add(case)
    add_cdnow(world)
    world.add_end()
    warehouse = support.build_warehouse(
        tmp_path_factory.mktemp("conformance"),
        events=world.events,
        feeds={"users": world.users},
        seeds=world.seeds(),
        environment=ENVIRONMENT,
    )
    return {
        name: by_key(support.query(warehouse, f"select * from {schema}.{name}"), key)
        for schema, name, key in (
            ("marts", "mart_funnel_conversion", "funnel_id"),
            ("marts", "mart_retention_cohorts", "retention_id"),
            ("marts", "mart_stickiness", "stickiness_id"),
            ("marts", "mart_growth_accounting", "activity_id"),
            ("marts", "mart_funnel_times", "funnel_id"),
            ("marts", "mart_funnel_time_to_convert", "funnel_id"),
            ("marts", "mart_funnel_trends", "funnel_id"),
            ("marts", "mart_path_edges", "path_id"),
            ("marts", "mart_path_sequences", "path_id"),
            ("facts", "fct_funnel_counted_attempts", "funnel_id"),
            ("facts", "fct_user_growth_states", "activity_id"),
            ("facts", "fct_activity_days", "activity_id"),
            ("facts", "fct_events", "user_id"),
            ("facts", "fct_sessions", "user_id"),
            ("facts", "fct_orders", "user_id"),
        )
    }


@pytest.fixture(scope="module")
def spans(tmp_path_factory: pytest.TempPathFactory) -> dict[Any, list[dict[str, Any]]]:
    """States by user of a build whose cuts are the peer's: 1-7, 8-30 and more days."""
    world = cases.World()
    for case in RUN["stages"]:
        world.add(case)
    warehouse = support.build_warehouse(
        tmp_path_factory.mktemp("stages"),
        events=world.events,
        seeds=world.seeds(),
        environment=ENVIRONMENT,
        variables={"active_week_days": 8, "active_month_days": 31},
        select="+fct_user_state_spans",
    )
    return by_key(support.query(warehouse, "select * from facts.fct_user_state_spans"), "user_id")


def test_every_case_is_run_or_has_a_reason() -> None:
    files = {path.stem for path in cases.FOLDER.glob("*.jsonl")}
    assert files == set(KINDS) | set(cases.KINDS_ELSEWHERE)
    reasons = {
        kind: dict(Counter(why for c in ALL[kind] if (why := cases.why_not(c)))) for kind in KINDS
    }
    assert {kind: count for kind, count in reasons.items() if count} == NOT_RUN
    run = [case for kind in KINDS for case in RUN[kind]]
    assert {case["id"] for case in run} >= set(DIFFERS)
    for case in run:
        # A funnel's total knows no days: its case of another zone is one of fixed seconds.
        if case["kind"] == "funnel":
            continue
        for setting, name in (
            ("timezone", "YUNYING_TIMEZONE"),
            ("week_start", "YUNYING_WEEK_START"),
        ):
            assert case["params"].get(setting, ENVIRONMENT[name]) == ENVIRONMENT[name]


@named("funnel")
def test_funnel(tables: Tables, case: cases.Case) -> None:
    rows = [r for r in tables["mart_funnel_conversion"][case["id"]] if r["grain"] == "all"]
    attempts = [
        attempt
        for attempt in tables["fct_funnel_counted_attempts"][case["id"]]
        if attempt["grain"] == "all" and attempt["is_counted"]
    ]
    expected = case["expected"]
    if "breakdowns" not in expected:
        check_steps(case, expected, rows, attempts, None)
        return
    check_keys(expected["breakdowns"], {r["breakdown_value"] for r in rows} - {None})
    for value, part in expected["breakdowns"].items():
        if value != "__exact_keys__":
            check_steps(case, part, rows, attempts, value)


def check_steps(
    case: cases.Case,
    expected: dict[str, Any],
    rows: list[dict[str, Any]],
    attempts: list[dict[str, Any]],
    value: str | None,
) -> None:
    expected = dict(expected)
    reached = {r["step_number"]: r["reached_count"] for r in rows if r["breakdown_value"] == value}
    for step, count in enumerate(expected.pop("step_counts", ()), start=1):
        assert count is None or reached.get(step) == count, f"{value}, step {step}: {reached}"
    for step, users in expected.pop("users_reaching_step", {}).items():
        found = {
            attempt["user_id"]
            for attempt in attempts
            if attempt["breakdown_value"] == value and attempt["reached_step"] >= int(step)
        }
        assert found == {f"{case['id']} {user}" for user in users}, f"{value}, step {step}"
    for step, users in expected.pop("users_dropped_after_step", {}).items():
        found = {
            attempt["user_id"]
            for attempt in attempts
            if attempt["breakdown_value"] == value and attempt["reached_step"] == int(step)
        }
        assert found == {f"{case['id']} {user}" for user in users}, f"{value}, after {step}"
    for name in ("avg_conversion_seconds", "median_conversion_seconds"):
        column = {"avg": "mean", "median": "median"}[name.split("_")[0]]
        seconds = {
            r["step_number"]: r[f"{column}_seconds_from_previous"]
            for r in rows
            if r["breakdown_value"] == value
        }
        for step, wanted in enumerate(expected.pop(name, ()), start=1):
            assert wanted is None or seconds.get(step) == pytest.approx(wanted), f"{name}: {step}"
    assert expected == {}


def check_keys(expected: dict[str, Any], found: set[str]) -> None:
    keys = set(expected) - {"__exact_keys__"}
    assert found == keys if "__exact_keys__" in expected else keys <= found


@named("funnel_trends")
def test_funnel_trends(tables: Tables, case: cases.Case) -> None:
    parameters = case["params"]
    rows = [
        row
        for row in tables["mart_funnel_conversion"][case["id"]]
        if row["grain"] == parameters["interval"]
    ]
    starts = list(cases.trend_starts(case))
    assert len(starts) == case["expected"]["periods"]
    parts = case["expected"].get("breakdowns", {None: case["expected"]})
    if "breakdowns" in case["expected"]:
        check_keys(parts, {row["breakdown_value"] for row in rows} - {None})
    for value, part in parts.items():
        if value == "__exact_keys__":
            continue
        counts = {
            (row["period_start_date"], row["step_number"]): row["reached_count"]
            for row in rows
            if row["breakdown_value"] == value
        }
        trend = {
            row["period_start_at"]: row
            for row in tables["mart_funnel_trends"][case["id"]]
            if row["grain"] == parameters["interval"] and row["breakdown_value"] == value
        }
        assert sorted(trend) == [start.replace(tzinfo=None) for start in starts]
        for number, start in enumerate(starts):
            row = trend[start.replace(tzinfo=None)]
            if parameters["interval"] == "hour":
                assert (parameters["from_step"], parameters["to_step"] + 1) == (
                    0, len(parameters["steps"])
                )  # fmt: skip
                reached_from, reached_to = row["entrant_count"], row["converted_count"]
            else:
                day = start.date()
                reached_from = counts.get((day, parameters["from_step"] + 1), 0)
                reached_to = counts.get((day, parameters["to_step"] + 1), 0)
                assert row["entrant_count"] == counts.get((day, 1), 0)
                assert row["converted_count"] == counts.get((day, len(parameters["steps"])), 0)
            found = {
                "reached_from": reached_from,
                "reached_to": reached_to,
                "conversion_rate": 100 * reached_to / reached_from if reached_from else 0,
            }
            for key, got in found.items():
                wanted = part.get(key, [None] * len(starts))[number]
                assert wanted is None or got == pytest.approx(wanted, abs=0.005), (
                    f"{value}, {start}, {key}: {got} instead of {wanted}"
                )


@named("window_funnel")
def test_window_funnel(tables: Tables, case: cases.Case) -> None:
    levels = {
        attempt["user_id"]: attempt["reached_step"]
        for attempt in tables["fct_funnel_counted_attempts"][case["id"]]
        if attempt["grain"] == "all" and attempt["is_counted"]
    }
    for user, level in case["expected"]["levels"].items():
        assert level is None or levels.get(f"{case['id']} {user}", 0) == level, user


@named("funnel_time_to_convert")
def test_funnel_time_to_convert(tables: Tables, case: cases.Case) -> None:
    parameters, expected = case["params"], case["expected"]
    assert set(expected) == {"bins", "average_conversion_seconds"}

    def of_pair(table: str) -> list[dict[str, Any]]:
        return [
            row
            for row in tables[table][case["id"]]
            if row["breakdown_value"] is None
            and row["from_step"] == parameters["from_step"] + 1
            and row["to_step"] == parameters["to_step"] + 1
        ]

    bins = sorted(of_pair("mart_funnel_time_to_convert"), key=lambda row: row["bin_number"])
    assert [[row["bin_from_seconds"], row["mature_reached_count"]] for row in bins] == [
        [pytest.approx(edge), count] for edge, count in expected["bins"]
    ]
    [times] = of_pair("mart_funnel_times")
    assert times["mean_seconds"] == pytest.approx(expected["average_conversion_seconds"])


@named("retention")
def test_retention(tables: Tables, case: cases.Case) -> None:
    rows = tables["mart_retention_cohorts"][case["id"]]
    expected = case["expected"]
    assert set(expected) <= {"matrix", "breakdowns", "aggregate", "period_starts"}
    starts = cases.retention_starts(case)
    for start, wanted in zip(starts, expected.get("period_starts", ()), strict=False):
        assert start == cases.instant(wanted)
    column = "returned_count"
    if "aggregate" in expected:
        function = case["params"]["aggregate"]["function"]
        column = {"sum": "returned_value_sum", "avg": "returned_value_mean"}[function]
    parts = expected.get("breakdowns", {None: expected.get("matrix", expected.get("aggregate"))})
    if "breakdowns" in expected:
        check_keys(parts, {row["breakdown_value"] for row in rows} - {None})
    for value, matrix in parts.items():
        if value == "__exact_keys__":
            continue
        returned = {
            (row["cohort_start_at"], row["period_number"]): row[column]
            for row in rows
            if row["breakdown_value"] == value and row["cohort_start_at"] is not None
        }
        for start, cells in zip(starts, matrix, strict=True):
            for period, wanted in enumerate(cells):
                got = returned.get((start.replace(tzinfo=None), period), 0)
                assert wanted is None or got == wanted, f"{value}, {start}, period {period}"


@named("stickiness")
def test_stickiness(tables: Tables, case: cases.Case) -> None:
    rows = tables["mart_stickiness"][case["id"]]
    found = {row["active_intervals"]: row["user_count"] for row in rows}
    expected = case["expected"]
    for intervals, wanted in enumerate(expected["data"], start=1):
        assert wanted is None or found.get(intervals, 0) == wanted, f"{intervals} intervals"
    assert max(found, default=0) <= expected["buckets"]
    if "count" in expected:
        users = found.get(1, 0) if case["params"]["cumulative"] else sum(found.values())
        assert users == expected["count"]


@named("lifecycle")
def test_lifecycle(tables: Tables, case: cases.Case) -> None:
    parameters = case["params"]
    rows = {
        row["period_start_date"]: row
        for row in tables["mart_growth_accounting"][case["id"]]
        if row["grain"] == parameters["interval"]
    }
    columns = {
        "new": ("new_user_count", 1),
        "returning": ("retained_user_count", 1),
        "resurrecting": ("resurrected_user_count", 1),
        "dormant": ("churned_user_count", -1),
    }
    assert set(case["expected"]) <= {*columns, "users", "period_starts"}
    people: dict[Any, set[str]] = defaultdict(set)
    for row in tables["fct_user_growth_states"][case["id"]]:
        if row["grain"] == parameters["interval"]:
            user = row["user_id"].removeprefix(f"{case['id']} ")
            people[row["period_start_date"], row["growth_state"]].add(user)
    start = cases.instant(parameters["first_period_start"])
    for number in range(parameters["periods"]):
        row = rows.get(start.date(), {})
        for key, (column, sign) in columns.items():
            wanted = case["expected"].get(key, [None] * parameters["periods"])[number]
            got = sign * row.get(column, 0)
            assert wanted is None or got == wanted, f"{start:%Y-%m-%d}, {key}"
            users = case["expected"].get("users", {}).get(key, [None] * parameters["periods"])
            found = people[start.date(), column.removesuffix("_user_count")]
            assert users[number] is None or found == set(users[number]), f"{start}, {key}"
            assert len(found) == abs(got), f"{start}, {key}: the mart counts others than the fact"
        start = cases.next_period(start, parameters["interval"])


@named("paths")
def test_paths(tables: Tables, case: cases.Case) -> None:
    expected = case["expected"]
    prefix = f"{case['id']} "
    if "flows" in expected:
        assert set(expected) == {"flows"}
        # Time runs forward with us and ends at the anchor; the peer tells backwards, without.
        flows = {
            tuple(item.removeprefix(prefix) for item in row["item_sequence"].split(" > ")[-2::-1]):
                row["occurrence_count"]
            for row in tables["mart_path_sequences"][case["id"]]
        }  # fmt: skip
        assert flows == {tuple(flow["sequence"]): flow["occurrences"] for flow in expected["flows"]}
        return
    assert set(expected) <= {"edges", "edge_count"}
    # The item that a path starts at is 0 with us and 1 with the peer.
    shift = 1 if case["params"]["start_at"] else 0
    found = {
        (
            f"{row['source_position'] + shift}_{row['source_item'].removeprefix(prefix)}",
            f"{row['target_position'] + shift}_{row['target_item'].removeprefix(prefix)}",
        ): row
        for row in tables["mart_path_edges"][case["id"]]
    }
    assert len(found) == expected.get("edge_count", len(found))
    if "edges" in expected:
        assert set(found) == {(edge["source"], edge["target"]) for edge in expected["edges"]}
    for edge in expected.get("edges", ()):
        row = found[edge["source"], edge["target"]]
        assert row["occurrence_count"] == edge["value"], edge
        if "average_seconds" in edge:
            assert row["mature_occurrence_count"] == edge["value"]
            assert row["mean_seconds"] == pytest.approx(edge["average_seconds"]), edge


@named("condition_retention")
def test_condition_retention(tables: Tables, case: cases.Case) -> None:
    """Users who ever met the first condition, and of them those who ever met another."""
    met = [
        {row["user_id"] for row in tables["fct_activity_days"][f"{case['id']} {number}"]}
        for number in range(1, len(case["params"]["conditions"]) + 1)
    ]
    both = [met[0] & users for users in met]
    expected = case["expected"]
    assert expected.keys() <= {"totals", "users"}
    if "totals" in expected:
        assert [len(users) for users in both] == expected["totals"]
    for user, wanted in expected.get("users", {}).items():
        assert [int(f"{case['id']} {user}" in users) for users in both] == wanted, user


@named("stages")
def test_stages(spans: dict[Any, list[dict[str, Any]]], case: cases.Case) -> None:
    """The peer's rows end some days after the last event, or with the data."""
    last_event = max(cases.instant(event["ts"]) for event in case["events"]).date()
    for user, wanted in case["expected"]["states"].items():
        mine = [cases.instant(e["ts"]).date() for e in case["events"] if e["user"] == user]
        silent_days = timedelta(days=case["params"]["max_dormant_days"])
        found = []
        day = min(mine)
        while day <= min(max(mine) + silent_days, last_event):
            for span in spans[f"{case['id']} {user}"]:
                if span["valid_from_date"] <= day < (span["valid_to_date"] or date.max):
                    found.append([day.isoformat(), span["state_id"]])
            day += timedelta(days=1)
        assert len(found) == len(wanted)
        for row, state in zip(found, wanted, strict=True):
            assert state is None or row == state


@named("sessions")
def test_sessions(tables: Tables, case: cases.Case) -> None:
    users = {f"{case['id']} {event['user']}" for event in case["events"]}
    sessions = [s for user in users for s in tables["fct_sessions"][user]]
    expected = case["expected"]
    assert len(sessions) == expected["sessions"]
    if "rows" in expected:
        assert sorted(numbered(tables, users)) == sorted(
            (f"{case['id']} {user}", f"{case['id']} {event}", number)
            for user, event, number in expected["rows"]
        )


def numbered(tables: Tables, users: set[str]) -> Iterator[tuple[str, str, int]]:
    """User, event name and number of the session within the user, of each event."""
    for user in users:
        sessions = sorted(tables["fct_sessions"][user], key=lambda session: session["started_at"])
        numbers = {s["session_id"]: number for number, s in enumerate(sessions, start=1)}
        for event in tables["fct_events"][user]:
            yield user, event["event_name"], numbers[event["session_id"]]


@named("rfm_summary")
def test_rfm_summary(tables: Tables, case: cases.Case) -> None:
    """From facts.fct_orders: RFM's own marts score a year's orders and end at months."""
    expected = case["expected"]["customers"]
    assert case["expected"].keys() == {"customers"}
    unit = 7 if case["params"]["unit"] == "week" else 1
    end = date.fromisoformat(case["params"]["observation_period_end"])
    split = date.fromisoformat(case["params"].get("calibration_period_end", str(end)))
    seen = set()
    for user, orders in tables["fct_orders"].items():
        if not user.startswith(f"{case['id']} "):
            continue
        totals: dict[int, float] = defaultdict(float)
        late: set[int] = set()
        for order in orders:
            if order["order_date"] <= split:
                totals[period_of(order["order_date"], unit)] += float(order["net_amount"])
            elif order["order_date"] <= end:
                late.add(period_of(order["order_date"], unit))
        if not totals:
            continue
        name = user.removeprefix(f"{case['id']} ")
        seen.add(name)
        found = {
            "frequency": len(totals) - 1,
            "recency": max(totals) - min(totals),
            "T": period_of(split, unit) - min(totals),
            "monetary_value": mean([totals[period] for period in sorted(totals)[1:]]),
            "period_totals": [totals[period] for period in sorted(totals)],
            "frequency_holdout": len(late),
        }
        for key, wanted in expected.get(name, {}).items():
            assert found[key] == pytest.approx(wanted), f"{name}, {key}"
    assert seen == set(expected) - {"__exact_keys__"} or (
        "__exact_keys__" not in expected and set(expected) <= seen
    )


def period_of(day: date, unit: int) -> int:
    """Number of a day, or of its week from Monday."""
    return (day.toordinal() - 1) // unit


def mean(amounts: list[float]) -> float:
    return sum(amounts) / len(amounts) if amounts else 0


def add_cdnow(world: cases.World) -> None:
    """The 2,357 customers of CDNOW's sample: one event per line, each an order."""
    world.rows.setdefault("event_names", []).append({"event_name": "cdnow", "role": "order"})
    for number, line in enumerate(cases.read_csv(cases.FOLDER / "rfm_cdnow" / "transactions.csv")):
        world.events.append(
            {
                "event_id": f"cdnow {number:05d}",
                "event_name": "cdnow",
                "occurred_at": line["date"],
                "user_id": f"cdnow {line['customer_id']}",
                "amount": line["value"],
            }
        )


def test_cdnow(tables: Tables) -> None:
    expected = cases.read_csv(cases.FOLDER / "rfm_cdnow" / "expected_summary.csv")
    end = date(1997, 9, 30)
    assert len(expected) == 2357
    for line in expected:
        totals: dict[date, float] = defaultdict(float)
        for order in tables["fct_orders"][f"cdnow {line['customer_id']}"]:
            if order["order_date"] <= end:
                totals[order["order_date"]] += float(order["net_amount"])
        days = sorted(totals)
        assert len(days) - 1 == int(line["frequency"]), line
        recency = (days[-1] - days[0]).days / 7
        assert recency == pytest.approx(float(line["recency_weeks"]), abs=0.006), line
        assert (end - days[0]).days / 7 == pytest.approx(float(line["T_weeks"]), abs=0.006)
        assert mean([totals[day] for day in days[1:]]) == pytest.approx(
            float(line["monetary_value"]), abs=0.006
        ), line


def test_cdnow_repeats_by_week(tables: Tables) -> None:
    expected = cases.json.loads(
        (cases.FOLDER / "rfm_cdnow" / "expected.json").read_text(encoding="utf-8")
    )["cumulative_repeat_purchase_days"]
    start = date(1997, 1, 1)
    repeats: list[date] = []
    for user, orders in tables["fct_orders"].items():
        if user.startswith("cdnow "):
            repeats += sorted({order["order_date"] for order in orders})[1:]
    for week, wanted in zip(expected["week"], expected["cumulative"], strict=True):
        assert sum(day < start + timedelta(days=7 * week) for day in repeats) == wanted
