"""Channels: rules that people get wrong, costs, conservation, horizons, other clocks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.ingest.definitions.problems import ERROR, WARNING
from tests.support import build_warehouse, query, read_definitions

RULES = "rule_number,channel_id,is_direct,utm_source,utm_medium,source_category\n"
CONVERSIONS = "conversion_id,event_name,value,models,first_weight,last_weight\n"
MARTS = "+marts.channel +fct_attribution_credits"


@pytest.mark.parametrize(
    ("seeds", "severity", "line", "problem", "mend"),
    [
        ({"channels": RULES + "1,ads,,(,,\n"}, ERROR, 2, "( is no regular expression", "backslash"),
        (
            {"channels": RULES + "1,ads,,,cpc,\n2,mail,,,cpc,\n"},
            WARNING, 3, "rule 2 never holds: rule 1 in line 2", "smaller rule_number",
        ),
        (
            {"channels": RULES + "7,mail,,mail,,\n1,rest,,,,\n"},
            WARNING, 2, "rule 7 never holds: rule 1 in line 3", "take it out",
        ),
        (
            {"channels": RULES + "1,all,,.*,,\n2,mail,,mail,email,\n"},
            WARNING, 3, "rule 2 never holds: rule 1 in line 2", "smaller rule_number",
        ),
        (
            {"channels": RULES + "1,a,true,x,,\n2,a,,y,,\n"},
            ERROR, 3, "channel a has another is_direct in line 2", "same is_direct",
        ),
        (
            {"channels": RULES + "1,ads,,,,serch\n", "source_categories":
             "utm_source,source_category\nbaidu,search\n"},
            WARNING, 2, "no source has the category serch", "source_categories.csv",
        ),
        ({"channels": RULES + "1,a,,x,,\n1,b,,y,,\n"}, ERROR, 3, "rule 1", "keep one row"),
        (
            {"channels": "rule_number,channel_id,utm_contnt\n1,a,x\n"},
            WARNING, None, "column utm_contnt is not read", "take the column out",
        ),
        (
            {"conversions": CONVERSIONS + "c,order,,,-0.1,\n"},
            ERROR, 2, "first_weight -0.1 is too small", "from 0 to 1",
        ),
        (
            {"conversions": CONVERSIONS + "c,order,,,0.7,0.7\n"},
            ERROR, 2, "are 1.4 together", "at most 1",
        ),
        (
            {"conversions": CONVERSIONS + "c,order,,lineer,,\n"},
            ERROR, 2, "model lineer is unknown", "did you mean linear?",
        ),
        (
            {"conversions": CONVERSIONS + "c,order,amount,,,\n"},
            ERROR, 2, "value amount is unknown", "event:<property>",
        ),
        ({"conversions": CONVERSIONS + "c,*,,,,\n"}, ERROR, 2, "any activity", "name the events"),
        (
            {"filters": "definition,definition_id,property,operator,value\n"
             "conversion,nope,page,is,/\n"},
            ERROR, 2, "conversion nope is unknown", "its file defines",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line_and_mend(
    tmp_path: Path,
    seeds: Mapping[str, str],
    severity: str,
    line: int | None,
    problem: str,
    mend: str,
) -> None:
    found = [
        each
        for each in read_definitions(tmp_path, seeds).problems
        if problem in each.problem.en and mend in each.mend.en
    ]
    assert [(each.severity, each.line) for each in found] == [(severity, line)]
    assert found[0].problem.zh != found[0].problem.en


def visit(user: str, at: str, source: str | None = None, **columns: Any) -> dict[str, Any]:
    name = columns.pop("event_name", "visit")
    return {
        "event_id": f"{user} {at} {name}",
        "event_name": name,
        "user_id": user,
        "occurred_at": at,
        "utm_source": source,
        **columns,
    }


def order(user: str, at: str, amount: str, **columns: Any) -> dict[str, Any]:
    columns = {"order_id": f"{user} {at}", **columns}
    return visit(user, at, amount=amount, event_name="order", **columns)


SEEDS = {
    "event_names": (
        "event_name,role,is_activity\norder,order,false\nrefund,refund,false\npush,,false\n"
    ),
    "channels": (
        "rule_number,channel_id,is_direct,utm_source,utm_medium,utm_campaign\n"
        "1,direct,true,(none),(none),(none)\n2,ads,,ads.*,,\n3,mail,,mail,,\n"
        "4,late,,ads[12],,\n5,typo,,(none),,sumer\n6,sms,,,sms,\n"
    ),
    "conversions": (
        "conversion_id,event_name,value,counting,models,lookback_days,refund_days\n"
        "orders.all::1,order,,,,,\nfirst,order,,first,first|markov,3,2\nnothing,never,,,,,\n"
        "at_once,push,,,first,,0\n"
    ),
    "currency_rates": "currency,rate,valid_from_date\nEUR,2,2025-03-01\n",
}
# Late on 31 March in London it is April in Shanghai; 2 March 2025 is a Sunday.
EVENTS = [
    visit("a", "2025-03-01T10:00:00Z", "ads1"),
    visit("a", "2025-03-02T10:00:00Z", "mail"),
    order("a", "2025-03-02T11:00:00Z", "100"),
    visit("a", "2025-03-20T10:00:00Z"),
    order("a", "2025-03-20T10:01:00Z", "50"),
    {**visit("a", "2025-03-25T00:00:00Z", event_name="refund"), "amount": "5",
     "order_id": "a 2025-03-20T10:01:00Z"},
    {**visit("a", "2025-04-19T10:01:00Z", event_name="refund"), "amount": "10",
     "order_id": "a 2025-03-20T10:01:00Z"},
    {**visit("a", "2025-04-19T10:01:01Z", event_name="refund"), "amount": "20",
     "order_id": "a 2025-03-20T10:01:00Z"},
    visit("b", "2025-03-31T20:00:00Z", "ads2"),
    visit("b", "2025-04-02T20:00:00Z", "other"),
    order("c", "2025-03-05T10:00:00Z", "7"),
    # A push begins an order: its lines come in the minutes after it, one on the next day.
    visit("e", "2025-03-06T10:00:00Z", event_name="push", order_id="e"),
    order("e", "2025-03-06T10:00:01Z", "30", order_id="e"),
    order("e", "2025-03-06T10:01:00Z", "12", order_id="e"),
    {**visit("e", "2025-03-06T10:02:00Z", event_name="refund"), "amount": "4", "order_id": "e"},
    order("e", "2025-03-07T00:00:00Z", "9", order_id="e"),
    visit("d", "2025-03-03T10:00:00Z", "ads1"),
    visit("end", "2025-07-01T00:00:00Z"),
]  # fmt: skip
COSTS = [
    {"cost_date": "2025-03-01", "utm_source": "ADS9", "cost_amount": "10"},
    {"cost_date": "2025-03-01", "utm_source": "ADS9", "cost_amount": "10"},
    {"cost_date": "2025-03-01", "utm_source": "ADS9", "cost_amount": "10", "cost_id": "2"},
    {"cost_date": "2025-03-02", "channel_id": "tv", "cost_amount": "4", "currency": "EUR"},
    {"cost_date": "2025-02-02", "channel_id": "tv", "cost_amount": "4", "currency": "EUR"},
    {"cost_date": "2025-03-02", "channel_id": "tv", "cost_amount": "4", "currency": "XYZ"},
    {"cost_date": "2025-03-03", "channel_id": "tv", "cost_amount": "-1"},
    {"cost_date": "2025-03-03", "cost_amount": "3", "impressions": "1,234", "clicks": "-5"},
    # The same once more, as another export writes it.
    {"cost_date": "2025/3/3", "cost_amount": "3.00", "currency": "usd", "impressions": "n/a"},
    {"cost_date": "1202-03-03", "cost_amount": "3"},
    {"cost_date": "2030-01-01", "channel_id": "ads", "cost_amount": "6", "cost_id": "far"},
]
SPENT = {"ads": 26, "tv": 7, "unassigned": 3}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("channels")


@pytest.fixture(scope="module")
def warehouse(folder: Path) -> Path:
    return build_warehouse(
        folder,
        events=EVENTS,
        feeds={"channel_costs": COSTS},
        seeds=SEEDS,
        select=MARTS,
        run_tests=True,
    )


def attribution(warehouse: Path, **wanted: Any) -> dict[Any, dict[str, Any]]:
    where = " and ".join(f"{column} = '{value}'" for column, value in wanted.items())
    rows = query(warehouse, f"select * from marts.mart_attribution where {where}")
    return {(row["period_start_date"], row["channel_id"]): row for row in rows}


def test_costs_count_once_in_one_currency_and_none_is_lost(warehouse: Path) -> None:
    rows = query(
        warehouse,
        "select model_id, grain, channel_id, sum(cost_amount) as spent from marts.mart_attribution"
        " group by all having spent <> 0",
    )
    spent: dict[Any, dict[str, Any]] = defaultdict(dict)
    for row in rows:
        spent[row["model_id"], row["grain"]][row["channel_id"]] = row["spent"]
    assert len(spent) == 7 * 4 + 2
    for (model, _), channels in spent.items():
        of = {"first": 4, "markov": 3}.get(model, 2)
        assert channels == {channel: of * amount for channel, amount in SPENT.items()}
    refused = query(
        warehouse, "select reason from staging.stg_feed_rows where outcome = 'quarantined'"
    )
    assert sorted(row["reason"] for row in refused) == [
        *["foreign_currency"] * 2, "unparseable_cost_date",
    ]  # fmt: skip


def test_every_model_gives_away_what_there_was(warehouse: Path) -> None:
    rows = query(
        warehouse,
        "select conversion_id, model_id, grain, sum(credited_count) as count,"
        " sum(credited_amount) as amount from marts.mart_attribution group by all",
    )
    wanted = {
        "orders.all::1": (4, 100 + 35 + 7 + 47),
        "first": (3, 107 + 47),
        "nothing": (0, 0),
        "at_once": (1, 42),
    }
    for row in rows:
        count, amount = wanted[row["conversion_id"]]
        assert row["count"] == pytest.approx(count, abs=1e-9)
        assert row["amount"] == pytest.approx(amount, abs=1e-9)
    credits = query(
        warehouse,
        "select conversion_id, model_id, conversion_event_id, sum(credit) as credit"
        " from facts.fct_attribution_credits group by all",
    )
    assert {round(row["credit"], 12) for row in credits} == {1}


def test_the_mart_is_the_sum_of_what_touches_are_credited_with(warehouse: Path) -> None:
    """It counts touches that stand alike together; the credits take them one by one."""
    key = "conversion_id, model_id, channel_id"
    sums = {
        tuple(row[name] for name in key.split(", ")): (row["count"], row["amount"])
        for row in query(
            warehouse,
            f"select {key}, sum(credit) as count, sum(credited_amount) as amount"
            " from facts.fct_attribution_credits group by all",
        )
    }
    rows = query(
        warehouse,
        f"select {key}, credited_count as count, credited_amount as amount"
        " from marts.mart_attribution where grain = 'all' and model_id <> 'markov'",
    )
    given = {
        tuple(row[name] for name in key.split(", ")): (row["count"], row["amount"])
        for row in rows
        if row["count"]
    }
    assert len(given) > 10
    assert given.keys() == {key for key, sum_of in sums.items() if sum_of[0]}
    for each, (count, amount) in given.items():
        assert (count, amount) == pytest.approx(sums[each], abs=1e-9), each


def test_shares_of_a_path_are_those_of_who_asks_for_them(warehouse: Path) -> None:
    rows = query(
        warehouse,
        "select conversion_id, count(time_decay_credit) as decays,"
        " count(shapley_credit) as shapleys, count(*) as touches"
        " from facts.fct_path_touches where is_converted group by all",
    )
    counts = {row["conversion_id"]: (row["decays"], row["shapleys"]) for row in rows}
    assert counts["first"] == (0, 0)
    [asks] = [row for row in rows if row["conversion_id"] == "orders.all::1"]
    assert asks["decays"] == asks["touches"] >= asks["shapleys"] > 0


def test_a_buyer_without_a_touch_is_credited_to_nobody(warehouse: Path) -> None:
    rows = attribution(warehouse, conversion_id="orders.all::1", model_id="markov", grain="month")
    assert rows[date(2025, 3, 1), "(none)"]["credited_amount"] == 7 + 47
    (row,) = query(
        warehouse,
        "select * from marts.mart_channel_acquisition"
        " where grain = 'all' and channel_id = '(none)'",
    )
    assert (row["new_user_count"], row["new_customer_count"], row["cac_amount"]) == (0, 2, 0)


def test_of_the_rows_of_one_cost_the_file_that_came_last_counts(warehouse: Path) -> None:
    cost = {"cost_date": "2025-03-04", "utm_source": "mail", "cost_amount": "12", "cost_id": "2"}
    build_warehouse(warehouse.parent, feeds={"channel_costs": [cost]}, select="+fct_channel_costs")
    rows = query(
        warehouse,
        "select channel_id, cost_amount from facts.fct_channel_costs where cost_id = '2'",
    )
    assert rows == [{"channel_id": "mail", "cost_amount": Decimal(12)}]


def test_a_verdict_is_that_of_every_model(warehouse: Path) -> None:
    """Of months one by one, and of all of them, from what the models give them."""
    rows = query(warehouse, "select * from marts.mart_channel_verdicts")
    said = {(row["conversion_id"], row["span"], row["channel_id"]): row for row in rows
            if str(row["period_start_date"]) in ("2025-02-01", "2025-03-01")}  # fmt: skip
    for (conversion, span, channel), row in said.items():
        if span.startswith("last"):
            continue
        period = f"period_start_date = '{row['period_start_date']}'" if span == "month" else "true"
        models = query(
            warehouse,
            "select sum(credited_amount) as amount, sum(cost_amount) as cost"
            f" from marts.mart_attribution where grain = 'month' and {period}"
            f" and conversion_id = '{conversion}' and channel_id = '{channel}' group by model_id",
        )
        amounts = [each["amount"] for each in models] or [0]
        assert row["credited_amount_low"] == pytest.approx(min(amounts))
        assert row["credited_amount_high"] == pytest.approx(max(amounts))
        assert row["cost_amount"] == (models[0]["cost"] if models else 0)
    verdicts = {key: row["verdict_id"] for key, row in said.items()}
    assert verdicts["orders.all::1", "all", "ads"] == "depends"
    assert verdicts["first", "last_3", "ads"] == "pays"
    assert verdicts["first", "all", "tv"] == "nobody"
    assert verdicts["first", "all", "unassigned"] == "unknown"
    assert verdicts["nothing", "all", "ads"] == "no_conversions"
    assert verdicts["orders.all::1", "all", "mail"] == "free"
    assert {row["span"] for row in rows} == {"month", "all", "last_3", "last_12"}
    assert not any(row["is_mature"] for row in rows if row["span"] != "month")


def test_what_never_came_and_what_cannot_be_is_a_warning(warehouse: Path) -> None:
    build_warehouse(warehouse.parent, select="+fct_definition_warnings +fct_feed_warnings")
    rows = query(warehouse, "select * from facts.fct_definition_warnings")
    told = {(row["file"], row["row_number"], row["problem"]) for row in rows}
    # What is not of one's own naming, the medium of rule 6, is not doubted.
    assert told == {
        ("conversions.csv", 4, "nobody sends the event never"),
        ("channels.csv", 5, "rule 4 of channel late holds for no visit and for no cost"),
        ("channels.csv", 6, "rule 5 of channel typo holds for no visit and for no cost"),
    }
    assert all(row["problem_zh"] != row["problem"] for row in rows)
    rows = query(warehouse, "select * from facts.fct_feed_warnings")
    told = {(row["file"].split("/")[0], row["row_number"], row["problem"][:36]) for row in rows}
    assert told == {
        ("channel_costs", 8, "impressions cannot be read in 2 rows"),
        ("channel_costs", 8, "clicks cannot be read in 1 row, of w"),
        ("channel_costs", 11, "cost_date is over a year after the d"),
    }


def test_days_weeks_and_months_are_local(tmp_path: Path) -> None:
    local = build_warehouse(
        tmp_path,
        events=EVENTS,
        feeds={"channel_costs": COSTS},
        seeds=SEEDS,
        environment={"YUNYING_TIMEZONE": "Asia/Shanghai", "YUNYING_WEEK_START": "sunday"},
        select=MARTS,
    )
    users = query(
        local,
        "select grain, period_start_date as start from marts.mart_channel_acquisition"
        " where channel_id = 'ads' and new_user_count = 1 and period_start_date > '2025-03-03'",
    )
    assert {(row["grain"], str(row["start"])) for row in users} == {
        ("day", "2025-04-01"), ("week", "2025-03-30"), ("month", "2025-04-01"),
    }  # fmt: skip
    weeks = attribution(local, conversion_id="orders.all::1", model_id="last", grain="week")
    assert (date(2025, 3, 2), "mail") in weeks
    assert weeks[date(2025, 2, 23), "ads"]["cost_amount"] == Decimal(20)


# Of each mart its key, and columns that go on in ripe rows.
KEYS = {
    "mart_attribution": ("conversion_id", "model_id", "grain", "period_start_date", "channel_id"),
    "mart_attribution_transitions": (
        "conversion_id", "period_start_date", "from_channel_id", "to_channel_id"),
    "mart_attribution_removals": ("conversion_id", "period_start_date", "channel_id"),
    "mart_channel_acquisition": ("grain", "period_start_date", "channel_id"),
    "mart_channel_cohort_value": ("cohort_start_date", "channel_id", "day_number"),
    "mart_channel_verdicts": ("conversion_id", "span", "period_start_date", "channel_id"),
}  # fmt: skip
SO_FAR = {"net_amount", "payback_days"}


@pytest.mark.parametrize(
    ("horizon", "ripe"),
    [
        # Two days after March the refunds of `first` are over, and not what it looks back on.
        pytest.param("2025-04-03T00:00:00", {("first", 1), ("at_once", 1)}, marks=pytest.mark.long),
        ("2025-04-30T23:59:59", {("first", 2), ("at_once", 1)}),
        pytest.param(
            "2025-05-01T00:00:00",
            {("first", 2), ("orders.all::1", 8), ("nothing", 8), ("at_once", 1)},
            marks=pytest.mark.long,
        ),
    ],
)
def test_what_is_ripe_at_a_horizon_stays(
    warehouse: Path, tmp_path: Path, horizon: str, ripe: set[tuple[str, int]]
) -> None:
    early = build_warehouse(
        tmp_path,
        events=EVENTS,
        feeds={"channel_costs": COSTS},
        seeds=SEEDS,
        environment={"YUNYING_HORIZON": horizon},
        select=MARTS,
    )
    compared = 0
    for mart, keys in KEYS.items():
        now = {
            tuple(row[key] for key in keys): row
            for row in query(warehouse, f"select * from marts.{mart}")
        }
        rows = query(early, f"select * from marts.{mart} where is_mature")
        compared += len(rows)
        for row in rows:
            later = now[tuple(row[key] for key in keys)]
            moved = {n for n in row if row[n] != later[n]} - SO_FAR
            assert not moved, (mart, row, later)
    assert compared > 50
    march = query(
        early,
        "select conversion_id, count(distinct model_id) as n from marts.mart_attribution"
        " where is_mature and grain = 'month' and period_start_date = '2025-03-01' group by all",
    )
    assert {(row["conversion_id"], row["n"]) for row in march} == ripe


@pytest.mark.long
def test_a_storm_of_clicks_of_one_user_is_one_path(tmp_path: Path) -> None:
    """So many touches before one order, all in a row: nothing is done for each pair of them."""
    clicks = 200_000
    (tmp_path / "raw" / "events").mkdir(parents=True)
    duckdb.sql(
        f"""
        select
            'click' || range as event_id, 'visit' as event_name, 'bot' as user_id,
            if(range % 2 = 0, 'ads1', 'mail') as utm_source,
            timestamp '2025-03-01' + to_milliseconds(range) as occurred_at, null as amount
        from range({clicks})
        union all
        select 'order', 'order', 'bot', null, timestamp '2025-03-02', 100
        union all
        select 'end', 'visit', 'end', null, timestamp '2025-07-01', null
        """
    ).write_parquet(str(tmp_path / "raw" / "events" / "storm.parquet"))
    built = build_warehouse(tmp_path, seeds=SEEDS, select=MARTS)
    for model in ("linear", "time_decay", "position", "shapley", "markov"):
        of = "first" if model == "markov" else "orders.all::1"
        rows = attribution(built, conversion_id=of, model_id=model, grain="month")
        credited = [row["credited_count"] for row in rows.values() if row["credited_count"]]
        assert credited == pytest.approx([0.5, 0.5], abs=1e-3), model
        assert sum(row["credited_amount"] for row in rows.values()) == pytest.approx(100, abs=1e-6)
    [longest] = query(built, "select max(touch_count) as n from facts.fct_path_touches")
    assert longest["n"] == clicks


def test_a_line_of_an_order_counts_until_its_day_is_ripe_over_a_change_of_clocks(
    tmp_path: Path,
) -> None:
    """31 October ends at 4:00 UTC in New York; 30 times 24 hours later it is 23:00 there."""
    lines = {"10": "2024-10-31T15:00:01Z", "5": "2024-12-01T03:59:59Z", "3": "2024-12-01T04:00:00Z"}
    built = build_warehouse(
        tmp_path,
        events=[
            visit("e", "2024-10-31T15:00:00Z", event_name="push", order_id="e"),
            *(order("e", at, amount, order_id="e") for amount, at in lines.items()),
            visit("end", "2025-07-01T00:00:00Z"),
        ],
        seeds={**SEEDS, "conversions": "conversion_id,event_name\npushed,push\n"},
        environment={"YUNYING_TIMEZONE": "America/New_York"},
        only="+fct_conversions",
    )
    [row] = query(built, "select value_amount from facts.fct_conversions")
    assert row["value_amount"] == 15


def test_a_customer_is_new_once_an_order_is_worth_something(tmp_path: Path) -> None:
    """A line that comes later makes an order worth something from then on: no ripe day moves."""
    lines = [("o1", 0, 3), ("o2", 10, 9), ("o1", 100, 20)]
    warehouse = build_warehouse(
        tmp_path,
        events=[
            {"event_name": "order", "user_id": "u", "order_id": order, "amount": amount,
             "occurred_at": f"2025-03-{day:02} 12:00:00"}
            for order, amount, day in lines
        ],
        seeds={"event_names": "event_name,role\norder,order\n"},
        select="+mart_channel_acquisition",
    )  # fmt: skip
    rows = query(
        warehouse,
        "select period_start_date, new_customer_count from marts.mart_channel_acquisition"
        " where grain = 'day' and new_customer_count > 0",
    )
    assert rows == [{"period_start_date": date(2025, 3, 9), "new_customer_count": 1}]
