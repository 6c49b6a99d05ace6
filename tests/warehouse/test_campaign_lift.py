"""Lift of campaigns: what people get wrong, an oracle, horizons, other clocks, what comes later."""

from __future__ import annotations

import random
import runpy
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from orchestration.ingest.definitions.problems import ERROR, WARNING
from orchestration.project import DBT_PROJECT_DIR
from tests.support import build_warehouse, query, read_definitions

MARTS = " ".join(
    f"+mart_campaign_{name}" for name in ("balance", "lift", "daily", "review")
) + " +mart_definition_warnings"  # fmt: skip
MEASURES = (
    "measure_id,campaign_id,kind,event_name,value,denominator_event_name,window_days,pre_days\n"
)
START = datetime(2025, 3, 1, tzinfo=UTC)
Row = dict[str, Any]


@pytest.mark.parametrize(
    ("seeds", "severity", "line", "problem", "mend"),
    [
        ({"campaign_measures": MEASURES + "m,,men,order,,,,\n"}, ERROR, 2, "kind men is unknown",
         "did you mean mean?"),
        ({"campaign_measures": MEASURES + "m,,mean,order,amount,,,\n"}, ERROR, 2,
         "value amount is unknown", "event:<property>"),
        ({"campaign_measures": MEASURES + "m,,mean,order,,,0,\n"}, ERROR, 2,
         "window_days 0 is too small", "from 1"),
        ({"campaign_measures": MEASURES + "m,,ratio,order,,visit,,7\n"}, WARNING, 2,
         "pre_days", "kind mean or proportion"),
        ({"campaign_measures": MEASURES + "m,,mean,order,,visit,,\n"}, WARNING, 2,
         "denominator_event_name", "kind ratio"),
        ({"campaign_measures": MEASURES + "m,,proportion,order,event:amount,,,\n"}, WARNING, 2,
         "value", "kind mean"),
        ({"campaign_measures": MEASURES + "m,,mean,order,,,,\n", "filters":
          "definition,definition_id,side,property,operator,value\nmeasure,m,denominator,page,is,/\n"},
         ERROR, 2, "side denominator is none of measure m", "give numerator"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line_and_mend(
    tmp_path: Path, seeds: Mapping[str, str], severity: str, line: int, problem: str, mend: str
) -> None:
    found = [
        each
        for each in read_definitions(tmp_path, seeds).problems
        if problem in each.problem.en and mend in each.mend.en
    ]
    assert [(each.severity, each.line) for each in found] == [(severity, line)]
    assert found[0].problem.zh != found[0].problem.en


@dataclass
class World:
    """Feeds of campaigns."""

    feeds: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))

    def campaign(self, campaign_id: str, **columns: Any) -> None:
        self.feeds["campaigns"].append({"campaign_id": campaign_id, **columns})

    def assign(self, campaign_id: str, user: str, variant: str | None, at: Any = START) -> None:
        row = {"campaign_id": campaign_id, "user_id": user, "variant": variant}
        self.feeds["campaign_assignments"].append(row | {"assigned_at": at and str(at)})

    def event(self, user: str, name: str, at: datetime, **columns: Any) -> None:
        self.feeds["events"].append(
            {"event_id": f"e{len(self.feeds['events']):07d}", "event_name": name, "user_id": user,
             "occurred_at": at.isoformat(), **columns}
        )  # fmt: skip

    def cost(self, campaign_id: str, day: str, amount: Any) -> None:
        self.feeds["channel_costs"].append(
            {"cost_date": day, "cost_amount": amount, "campaign_id": campaign_id}
        )


SEEDS = {
    "event_names": (
        "event_name,role,is_activity\norder,order,true\npush,exposure,false\nvisit,,true\n"
    ),
    "campaign_measures": (
        MEASURES + "bought,,proportion,order,,,7,14\nspend,,mean,order,event:amount,,7,14\n"
        "per_visit,,ratio,order,event:amount,visit,7,\nactive,,mean,*,,,7,\n"
        "big,,proportion,order,,,7,\nelse,other,mean,order,,,7,\n"
    ),
    "filters": (
        "definition,definition_id,side,property,operator,value\n"
        "measure,big,numerator,amount,gte,20\n"
    ),
}


def drawn(seed: int = 5, people: int = 240) -> World:
    """A campaign in three arms over ten days, and a year's worth of noise around it."""
    draw, world = random.Random(seed), World()
    world.campaign("c.1::x", starts_at=str(START), ends_at=str(START + timedelta(days=10)),
                   variant_shares="control:1|a:1|b:2", goal_measure_id="spend", target_value=900,
                   budget_amount=100)  # fmt: skip
    for number in range(people):
        user, at = f"u{number}", START + timedelta(seconds=draw.randrange(10 * 86400))
        variant = draw.choice(["control", "a", "b", "b"])
        world.assign("c.1::x", user, variant, at)
        if number % 40 == 7:
            world.assign("c.1::x", user, "a" if variant == "b" else "b", at)
        rate = {"control": 0.2, "a": 0.35, "b": 0.3}[variant]
        taste = draw.random()
        for day in range(-20, 9):
            if draw.random() < 0.3:
                world.event(user, "visit", at + timedelta(days=day, minutes=draw.randrange(999)))
            if draw.random() < (rate if day >= 0 else 0.2) * taste:
                when = at + timedelta(days=day, seconds=draw.choice([0, 0, 5000]))
                world.event(user, "order", when, amount=str(round(draw.uniform(1, 40), 2)))
        if variant != "control" and draw.random() < 0.6:
            when = at + timedelta(seconds=draw.choice([-60, 0, 90_000]))
            world.event(user, "push", when, campaign_id="c.1::x")
    world.cost("c.1::x", "2025-03-02", 30)
    world.cost("c.1::x", "2025-03-20", 90)
    world.event("nobody", "visit", datetime(2025, 4, 1, tzinfo=UTC))
    return world


def build(folder: Path, world: World, **more: Any) -> Path:
    return build_warehouse(folder, feeds=world.feeds, seeds=SEEDS, select=MARTS, **more)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("lift"), drawn(), run_tests=True)


def lifts(warehouse: Path) -> dict[tuple[str, str, str], Row]:
    rows = query(warehouse, "select * from marts.mart_campaign_lift")
    return {(row["measure_id"], row["variant"], row["method"]): row for row in rows}


def arms_of(world: World) -> dict[str, dict[str, datetime]]:
    """Users of each arm, with the time from which on they are in it."""
    named, found = defaultdict(set), defaultdict(dict)
    for row in world.feeds["campaign_assignments"]:
        named[row["user_id"]].add(row["variant"])
    for row in world.feeds["campaign_assignments"]:
        if len(named[row["user_id"]]) == 1:
            at = datetime.fromisoformat(row["assigned_at"])
            found[row["variant"]][row["user_id"]] = at
    return found


def values(
    world: World, arm: Mapping[str, datetime], what: str, before: bool = False
) -> np.ndarray:
    """What each user of an arm did in the 7 days from the assignment on, or in the 14 before."""
    first, last = (-14, 0) if before else (0, 7)
    found = dict.fromkeys(arm, 0.0)
    for event in world.feeds["events"]:
        at = arm.get(event["user_id"])
        when = datetime.fromisoformat(event["occurred_at"])
        if at is None or not timedelta(first) <= when - at < timedelta(last):
            continue
        if what == "visits":
            found[event["user_id"]] += event["event_name"] == "visit"
        elif what == "events":
            found[event["user_id"]] += event["event_name"] != "push"
        elif event["event_name"] == "order" and (what != "big" or float(event["amount"]) >= 20):
            found[event["user_id"]] += float(event["amount"]) if what == "spend" else 1
    return np.array(list(found.values()))


def welch(treated: np.ndarray, control: np.ndarray) -> dict[str, float]:
    """By scipy's own test of whole samples."""
    test = stats.ttest_ind(treated, control, equal_var=False)
    low, high = test.confidence_interval(0.95)
    return {"difference": treated.mean() - control.mean(), "degrees_of_freedom": test.df,
            "p_value": test.pvalue, "difference_low": low, "difference_high": high,
            "standard_error": (treated.mean() - control.mean()) / test.statistic}  # fmt: skip


def close(row: Row, figures: Mapping[str, float]) -> None:
    for name, value in figures.items():
        assert row[name] == pytest.approx(value, rel=1e-9, abs=1e-12), name


@pytest.mark.parametrize("variant", ["a", "b"])
def test_means_and_cuped_are_those_of_scipy(warehouse: Path, variant: str) -> None:
    world, found = drawn(), lifts(warehouse)
    arms = arms_of(world)
    treated, control = arms[variant], arms["control"]
    for measure, what in (("spend", "spend"), ("active", "events")):
        close(
            found[measure, variant, "unadjusted"],
            welch(values(world, treated, what), values(world, control, what)),
        )
    for measure, what in (("spend", "spend"), ("bought", "orders")):
        y, x = (
            [values(world, arm, what, before) for arm in (treated, control)]
            for before in (False, True)
        )
        if measure == "bought":
            y, x = ([(each > 0).astype(float) for each in of] for of in (y, x))
        together = np.cov(np.concatenate(x), np.concatenate(y))
        theta = together[0, 1] / together[0, 0]
        row = found[measure, variant, "cuped"]
        close(row, welch(y[0] - theta * x[0], y[1] - theta * x[1]) | {"theta": theta})
        plain = sum(each.var(ddof=1) / len(each) for each in y)
        assert row["variance_reduction_rate"] == pytest.approx(
            1 - row["standard_error"] ** 2 / plain
        )
        assert row["mean_value"] == pytest.approx(y[0].mean())


STEP = runpy.run_path(
    str(DBT_PROJECT_DIR / "models" / "steps" / "campaign" / "step_campaign_comparisons.py")
)


def arm(y: Any, x: Any) -> dict[str, Any]:
    """Sums of what users did, and before: of a ratio, of what is below its line."""
    y, x = np.array(y, float), np.array(x, float)
    sums = {
        "user_count": len(x),
        "value_sum": y.sum(),
        "pre_value_sum": x.sum(),
        "denominator_sum": x.sum(),
        "value_squares": ((y - y.mean()) ** 2).sum(),
        "pre_value_squares": ((x - x.mean()) ** 2).sum(),
        "denominator_squares": ((x - x.mean()) ** 2).sum(),
        "value_pre_value_products": ((x - x.mean()) * (y - y.mean())).sum(),
        "value_denominator_products": ((x - x.mean()) * (y - y.mean())).sum(),
    }
    return {name: np.array([float(value)]) for name, value in sums.items()}


@pytest.mark.parametrize("factor", [3, 1.1, 0.768])
def test_what_follows_from_before_leaves_no_error(factor: float) -> None:
    """Whatever digits the sums have lost: in another order they lose others."""
    before = np.array([0.1, 0.7, 1.3, 19.49])
    plain = {"mean_value": np.ones(1), "control_mean_value": np.ones(1)}
    arms = [arm(factor * x, x) for x in (before, before[:3])]
    with np.errstate(all="ignore"):
        assert STEP["adjusted"](*arms, plain)["standard_error"] == [0.0]


def test_where_nothing_varies_no_digit_that_sums_lose_stands_for_it() -> None:
    def exact(y: Any, x: Any) -> dict[str, Any]:
        flat = {
            name: np.zeros(1)
            for name, of in (("value", y), ("pre_value", x), ("denominator", x))
            if len({*of}) == 1
            for name in (f"{name}_squares", f"value_{name}_products")
        }
        return arm(y, x) | flat

    def compared(treated: Any, control: Any, kind: str) -> tuple[Any, Any]:
        arms = exact(*treated), exact(*control)
        with np.errstate(all="ignore"):
            plain = STEP["unadjusted"](*arms, np.array([kind], dtype=object))
            return plain, STEP["adjusted"](*arms, plain)

    # Sums of squares are exact; all had 0.1 before, of which the means of three and of two differ.
    plain, cuped = compared(([1, 2, 4], [0.1] * 3), ([1, 2.5], [0.1] * 2), "mean")
    assert cuped["theta"] == [0]
    assert cuped["difference"] == plain["difference"] == pytest.approx(0.58333333)
    assert cuped["p_value"] == plain["p_value"]
    # All did 0.1.
    _, cuped = compared(([0.1] * 2, [3, 1]), ([0.1] * 3, [1, 0, 2]), "mean")
    assert cuped["theta"] == [0]
    assert np.isnan(cuped["p_value"])
    # What is above the line is 0.7 and 1.1 times what is below it.
    above = ([3.3, 5.5, 6.6], [3, 5, 6]), ([0.7, 1.4, 2.8, 4.9], [1, 2, 4, 7])
    plain, _ = compared(*above, "ratio")
    assert plain["difference"] == pytest.approx(0.4)
    assert plain["standard_error"] == [0]
    assert np.isnan(plain["p_value"])


@pytest.mark.parametrize("variant", ["a", "b"])
def test_proportions_are_those_of_scipy(warehouse: Path, variant: str) -> None:
    """Wilson's intervals are scipy's, the pooled z is the chi-square of the two by two table."""
    world, arms, found = drawn(), arms_of(drawn()), lifts(warehouse)
    for measure, what in (("bought", "orders"), ("big", "big")):
        did = [values(world, arms[name], what) > 0 for name in (variant, "control")]
        (k1, n1), (k0, n0) = ((each.sum(), len(each)) for each in did)
        own = [
            stats.binomtest(int(k), int(n)).proportion_ci(0.95, "wilson")
            for k, n in ((k1, n1), (k0, n0))
        ]
        p1, p0 = k1 / n1, k0 / n0
        table = stats.chi2_contingency([[k1, n1 - k1], [k0, n0 - k0]], correction=False)
        row = found[measure, variant, "unadjusted"]
        close(row, {
            "difference": p1 - p0, "p_value": table.pvalue, "value_sum": k1, "user_count": n1,
            "difference_low": p1 - p0 - np.hypot(p1 - own[0].low, own[1].high - p0),
            "difference_high": p1 - p0 + np.hypot(own[0].high - p1, p0 - own[1].low),
            "incremental_value": (p1 - p0) * n1,
        })  # fmt: skip


def test_a_ratio_has_the_variance_of_what_is_left_of_its_line(warehouse: Path) -> None:
    """The delta method is Welch's t of (y - R d) / mean d, whatever the ratio."""
    world, arms = drawn(), arms_of(drawn())
    of = []
    for name in ("b", "control"):
        y, d = (values(world, arms[name], what) for what in ("spend", "visits"))
        of.append((y.sum() / d.sum(), (y - y.sum() / d.sum() * d) / d.mean()))
    row = lifts(warehouse)["per_visit", "b", "unadjusted"]
    wanted = welch(of[0][1] + of[0][0], of[1][1] + of[1][0])
    close(row, wanted | {"mean_value": of[0][0], "control_mean_value": of[1][0]})


def test_arms_are_compared_with_their_shares(warehouse: Path) -> None:
    rows = query(warehouse, "select * from marts.mart_campaign_balance order by variant")
    arms = arms_of(drawn())
    counts = [len(arms[row["variant"]]) for row in rows]
    assert [row["assigned_count"] for row in rows] == counts
    assert [row["expected_share"] for row in rows] == [0.25, 0.5, 0.25]
    test = stats.chisquare(counts, np.array([0.25, 0.5, 0.25]) * sum(counts))
    close(rows[0], {"chi_square": test.statistic, "p_value": test.pvalue})


def test_a_measure_of_another_campaign_is_not_of_this_one(warehouse: Path) -> None:
    assert {key[0] for key in lifts(warehouse)} == {"bought", "spend", "per_visit", "active", "big"}


def test_reach_and_pace_are_those_of_the_feeds(warehouse: Path) -> None:
    world = drawn()
    arms = arms_of(world)
    rows = query(warehouse, "select * from marts.mart_campaign_daily order by activity_date")
    last = rows[-1]
    assert str(rows[0]["activity_date"]) == "2025-03-01"
    assert str(last["activity_date"]) == "2025-03-20"
    spent = sum(values(world, arms[name], "spend").sum() for name in ("a", "b"))
    assert last["goal_value_to_date"] == pytest.approx(spent)
    assert (last["cost_amount_to_date"], last["elapsed_rate"]) == (120, 1)
    assert last["risk_level"] == "over_budget"
    [review] = query(warehouse, "select * from marts.mart_campaign_review")
    pushed = defaultdict(list)
    for event in world.feeds["events"]:
        if event["event_name"] == "push":
            pushed[event["user_id"]].append(datetime.fromisoformat(event["occurred_at"]))
    assigned = {user: at for arm in arms.values() for user, at in arm.items()}
    reached = [u for u, at in assigned.items() if any(when >= at for when in pushed[u])]
    assert review["exposed_count"] == len(reached)
    assert review["multiple_variant_user_count"] == 6
    early = [u for u, at in assigned.items() if any(when < at for when in pushed[u])]
    assert review["exposed_before_assigned_count"] >= len(early) > 0
    found = lifts(warehouse)
    gained = sum(found["spend", name, "unadjusted"]["incremental_value"] for name in ("a", "b"))
    close(review, {"incremental_value": gained, "cost_per_incremental": 120 / gained})
    assert review["is_mature"]
    assert all(row["is_mature"] for row in found.values())


KEYS = {
    "mart_campaign_lift": ("campaign_id", "measure_id", "variant", "method"),
    "mart_campaign_daily": ("campaign_id", "activity_date"),
    "mart_campaign_review": ("campaign_id",),
}
SO_FAR = {"exposed_count", "unassigned_exposed_count", "cost_amount", "cost_per_incremental"}


@pytest.mark.parametrize(
    ("horizon", "lifts_are_ripe", "days"),
    [
        # Within the campaign; after it, and within windows; as the last of them closes.
        pytest.param("2025-03-05T12:00:00", False, 4, marks=pytest.mark.long),
        ("2025-03-12T00:00:00", False, 11),
        pytest.param("2025-03-18T00:00:00", True, 15, marks=pytest.mark.long),
    ],
)
def test_what_is_ripe_at_a_horizon_stays(
    warehouse: Path, tmp_path: Path, horizon: str, lifts_are_ripe: bool, days: int
) -> None:
    early = build(tmp_path, drawn(), environment={"YUNYING_HORIZON": horizon})
    for mart, keys in KEYS.items():
        now = {
            tuple(row[key] for key in keys): row
            for row in query(warehouse, f"select * from marts.{mart}")
        }
        ripe = query(early, f"select * from marts.{mart} where is_mature")
        for row in ripe:
            later = now[tuple(row[key] for key in keys)]
            moved = {name for name in row if row[name] != later[name]}
            assert mart == "mart_campaign_daily" or not moved - SO_FAR, (mart, row, later)
            # Who is in two arms is said by what came later, and is in none of any day.
            assert not moved - {"goal_value", "goal_value_to_date", "target_pace_rate"} - SO_FAR
        if mart == "mart_campaign_daily":
            assert len(ripe) == days
            assert all(row["goal_value"] is None for row in query(
                early, f"select * from marts.{mart} where activity_date > '{horizon[:10]}'"
            ))  # fmt: skip
        else:
            assert bool(ripe) is lifts_are_ripe, mart


def test_days_are_local(tmp_path: Path) -> None:
    world = World()
    world.campaign("c", starts_at="2025-02-28T16:00:00Z", ends_at="2025-03-02T16:00:00Z",
                   target_value=10, goal_measure_id="spend")  # fmt: skip
    world.assign("c", "u", "treatment", None)
    world.event("u", "order", START - timedelta(hours=7), amount=4)
    world.event("u", "order", START + timedelta(hours=16), amount=5)
    built = build(tmp_path, world, environment={"YUNYING_TIMEZONE": "Asia/Shanghai"})
    rows = query(built, "select * from marts.mart_campaign_daily order by activity_date")
    assert [
        (str(row["activity_date"]), row["elapsed_rate"], row["goal_value_to_date"]) for row in rows
    ] == [("2025-03-01", 0.5, 4), ("2025-03-02", 1, 9)]


def test_what_is_odd_has_a_sentence_or_a_figure(tmp_path: Path) -> None:
    world = World()
    day = {"starts_at": "2025-03-01", "ends_at": "2025-03-11"}
    world.campaign("negative", **day, variant_shares="control:-1|a:2")
    world.campaign("alone", **day, variant_shares="a:1")
    world.campaign("backwards", starts_at="2025-03-11", ends_at="2025-03-01", target_value=5)
    world.campaign("free", **day, goal_measure_id="spend", budget_amount="")
    world.campaign("aimless", **day, goal_measure_id="nothing", target_value="many")
    world.campaign("forever", starts_at="2025-03-01", ends_at="9999-12-31", budget_amount=7)
    world.campaign("chosen", **day, is_randomized=False)
    world.campaign("cased", **day)
    world.campaign("uncontrolled", **day, control_variant="placebo")
    world.campaign("by_comma", **day, variant_shares="control:0.5,a:0.5")
    world.campaign("at_the_limit", starts_at="2025-03-01", ends_at="2025-04-15", budget_amount=90)
    world.campaign("far", starts_at="2025-03-01", ends_at="2025-03-05")
    for number in range(1, 14):
        world.cost("at_the_limit", f"2025-03-{number:02}", 2.2)
    for name in ("negative", "chosen", "cased", "uncontrolled", "by_comma"):
        control = "Control" if name == "cased" else "control"
        for number in range(8):
            world.assign(name, f"u{number}", control if number % 4 else "a")
    world.assign("alone", "u1", "a")
    world.assign("undescribed", "u1", "a")
    world.assign("undescribed", "u2", "control")
    world.cost("backwards", "2025-03-05", 3)
    world.cost("free", "2025-03-05", 3)
    world.cost("far", "2025-03-02", 5)
    world.cost("far", "2999-01-01", 4)
    world.event("u1", "order", START, amount=3, campaign_id="free")
    world.event("u1", "order", START + timedelta(days=12), amount=3, campaign_id="free")
    world.event("u2", "visit", START + timedelta(days=40))
    built = build(tmp_path, world)
    told = {
        (row["file"].split("/")[-2], row["row_number"]): (
            row["problem"],
            row["mend"],
            row["problem_zh"],
        )
        for row in query(built, "select * from marts.mart_definition_warnings")
        if "/" in row["file"]
    }
    for line, problem, mend in (
        (1, "has variant_shares control:-1|a:2", "not below 0"),
        (2, "has one arm alone", "assign a control"),
        (3, "ends before it starts", "after its starts_at"),
        (8, "campaign cased has nobody in its control control: there is no lift", "capitals too"),
        (9, "campaign uncontrolled has nobody in its control placebo", "as the assignments spell"),
        (10, "shares control:0.5,a:0.5, which give users to no two arms", "control:0.1|mail:0.9"),
    ):
        assert problem in told["campaigns", line][0]
        assert mend in told["campaigns", line][1]
        assert told["campaigns", line][0] != told["campaigns", line][2]
    assert query(
        built,
        "select 1 from marts.mart_definition_warnings where file = 'campaign_assignments'"
        " and problem like '%undescribed%'",
    )
    aimless = query(
        built, "select problem from marts.mart_definition_warnings where problem like '%aimless%'"
    )
    assert len(aimless) == 2  # an unknown goal, a target that is no number
    balance = {
        (row["campaign_id"], row["variant"]): row
        for row in query(built, "select * from marts.mart_campaign_balance")
    }
    for key in (("negative", "a"), ("alone", "a"), ("chosen", "a")):
        assert (balance[key]["chi_square"], balance[key]["is_mismatch"]) == (None, None), key
    assert balance["negative", "a"]["expected_share"] is None
    assert balance["undescribed", "a"]["p_value"] == 1
    compared = {
        row["campaign_id"] for row in query(built, "select * from marts.mart_campaign_lift")
    }
    assert compared == {"negative", "undescribed", "by_comma"}
    daily = query(built, "select * from marts.mart_campaign_daily order by activity_date")
    of = {name: [row for row in daily if row["campaign_id"] == name] for name in
          ("backwards", "free", "forever", "at_the_limit", "far")}  # fmt: skip
    # 28.6 of 26: 1.1 in decimals, and a little more in doubles.
    assert of["at_the_limit"][12]["risk_level"] == "on_track"
    assert [(row["elapsed_rate"], row["target_pace_rate"], row["risk_level"])
            for row in of["backwards"]] == [(None, None, "on_track")]  # fmt: skip
    assert {row["budget_pace_rate"] for row in of["free"]} == {None}
    assert (of["free"][-1]["cost_amount_to_date"], of["free"][-1]["goal_value_to_date"]) == (3, 3)
    assert 366 <= len(of["forever"]) <= 366 + 41
    # To a year after the data, and what is further away for itself.
    assert [str(row["activity_date"]) for row in of["far"]][-2:] == ["2026-04-11", "2999-01-01"]
    assert len(of["far"]) == 366 + 41 + 1
    assert of["far"][-1]["cost_amount_to_date"] == 9
    [cost] = query(
        built, "select * from marts.mart_definition_warnings where file like 'channel_costs%'"
    )
    assert "cost_date is over a year after the data in 1 row" in cost["problem"]
    assert "2999-01-01" in cost["problem_zh"]


@pytest.mark.long
def test_ten_thousand_arms_are_no_burden(tmp_path: Path) -> None:
    world = World()
    world.campaign("c", starts_at="2025-03-01", ends_at="2025-03-11")
    for number in range(10_000):
        world.assign("c", f"u{number}", f"v{number}" if number else "control")
    world.event("u1", "order", START, amount=3)
    world.event("u1", "visit", START + timedelta(days=40))
    built = build(tmp_path, world)
    [balance] = query(
        built, "select count(*) as n, max(p_value) as p from marts.mart_campaign_balance"
    )
    assert balance == {"n": 10_000, "p": 1}
    rows = query(built, "select * from marts.mart_campaign_lift where measure_id = 'spend'")
    assert len(rows) == 2 * 9_999
    assert all(row["p_value"] is None and row["is_small_sample"] for row in rows)


def test_what_comes_later_gives_the_same_as_all_at_once(warehouse: Path, tmp_path: Path) -> None:
    """Two deliveries; the second has events of before, and assignments and costs that are new."""
    whole, draw = drawn().feeds, random.Random(3)
    parts: list[dict[str, list[Row]]] = [defaultdict(list), defaultdict(list)]
    for feed, rows in whole.items():
        for row in rows:
            parts[draw.random() < 0.3][feed].append(row)
    for part in parts:
        built = build_warehouse(tmp_path, feeds=part, seeds=SEEDS, only=MARTS)
    again = build_warehouse(tmp_path, full_refresh=True, only=MARTS)
    tables = [f"marts.{name}" for name in ("mart_campaign_balance", *KEYS)]
    for table in (*tables, "facts.fct_measure_events", "facts.fct_campaign_arms"):
        assert rows_of(built, table) == rows_of(again, table) == rows_of(warehouse, table), table


def rows_of(warehouse: Path, table: str) -> list[str]:
    return sorted(map(repr, query(warehouse, f"select * from {table}")))
