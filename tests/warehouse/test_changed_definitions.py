"""A definition that changes, comes or goes costs that definition, and equals a rebuild.

One warehouse, in which definitions change one after the other; other definitions' rows are spoiled
before each build, and stay so: nothing computed them.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from orchestration.store.warehouse import connect
from orchestration.transform.dbt_runs import load_manifest
from tests import support
from tests.warehouse.test_recomputed_users import events, people
from verify.compare import compare, histories

FIVE = range(1, 6)
SEEDS = {
    "event_names": "event_name,is_activity,role\nopen,true,\nview,true,\nbuy,true,order\n",
    "lifecycle_stages": "stage_id,mode,silent_over_days\nintroduction,fixed,\ngrowth,fixed,\n"
    "maturity,fixed,\ndormancy,fixed,3\nchurn,fixed,9\n",
    "activities": "activity_id,event_name\nbuying,buy\nviewing,view\n",
    "stickiness": "stickiness_id,activity_id,interval,period\n"
    "hours,buying,hour,week\ndays,viewing,day,week\nany_hours,any,hour,week\n",
    "funnels": "funnel_id,order_mode,window_seconds,count_by,breakdown,breakdown_attribution\n"
    "to_buy,ordered,172800,users,user:tier,\nby_plan,ordered,172800,attempts,event:plan,step_1\n"
    "strict,strict,86400,users,,\nin_any,any,86400,users,event:plan,first\n",
    "funnel_steps": "funnel_id,step_number,exclusion_number,event_name\n"
    "to_buy,1,,open\nto_buy,2,,buy\nby_plan,1,,open\nby_plan,2,,view\nby_plan,,1,buy\n"
    "strict,1,,open\nstrict,2,,*\nin_any,1,,view\nin_any,2,,open\n",
    "retentions": "retention_id,label_en,cohort_event,cohort_mode,return_event,window_mode,periods,"
    "breakdown\nback,Back,open,first_matching,buy,calendar,5,user:tier\n"
    "rolling,,*,first_ever,*,rolling,3,\nagain,,view,recurring,view,calendar,4,event:plan\n",
    "filters": "definition,definition_id,side,scope,property,operator,value\n"
    "retention,back,return,user,tier,is_not,iron\nactivity,viewing,,event,plan,is_not,free\n"
    "feature,pro_plans,use,event,plan,is,pro\n",
    "paths": "path_id,anchor_event,direction,steps,scope,window_seconds,item_property\n"
    "after_open,open,after,2,user,86400,\nplans,,after,3,session,,event:plan\n",
    "features": "feature_id,owner,event_name,eligible_event,released_at,adopt_uses\n"
    "views,me,view,,2024-03-06,1\nbuys,,buy,open,,2\npro_plans,,open|view,,,1\n"
    "opens,,open,,,1\n",
    "kpis": "kpi_id,parent_kpi_id,owner,kind,event_name,drivers,segment_by\n"
    "worth,,me,product,,buyers|each,event:plan\nbuyers,worth,,users,buy,,\n"
    "each,worth,,ratio,,bought|buyers,\nbought,worth,,count,buy,,\nviewed,worth,,count,view,,\n",
    "channels": "rule_number,channel_id,utm_source\n10,one,a\n20,two,b\n",
    "conversions": "conversion_id,event_name,value,models,lookback_days\n"
    "bought,buy,,first|markov|shapley,30\nviewed_it,view,none,linear|time_decay,7\n",
    "campaign_measures": "measure_id,campaign_id,kind,event_name\n"
    "spent,,proportion,buy\nlooked,,proportion,view\n",
    "rfm_cut_points": "measure,score,at_least,at_most\n"
    "monetary,1,,19.99\nmonetary,2,20,39.99\nmonetary,3,40,59.99\nmonetary,4,60,79.99\n"
    "monetary,5,80,\n",
    "rfm_segments": "r_score,f_score,m_score,segment_id\n"
    + "".join(f"{r},{f},{m},money_{m}\n" for r in FIVE for f in FIVE for m in FIVE),
    "rfm_segment_labels": "segment_id,label_en\n" + "".join(f"money_{m},{m}\n" for m in FIVE),
    "currency_rates": "currency,rate,valid_from_date\nEUR,7,\nEUR,8,2024-03-07\n",
}
# Where a row is spoiled of a definition that is not about to change, by table.
SPOILED = {
    "fct_funnel_opened_attempts": ("funnel_id", "furthest_at = null", "furthest_at is null"),
    "fct_retention_member_returns": ("retention_id", "last_period = 99", "last_period = 99"),
    "fct_path_runs": ("path_id", "item = 'spoiled'", "item = 'spoiled'"),
    "fct_activity_days": ("activity_id", "event_count = 99", "event_count = 99"),
    "fct_stickiness_hours": ("stickiness_id", "event_count = 99", "event_count = 99"),
    "fct_feature_uses": (
        "feature_id",
        "event_date = date '1999-09-09'",
        "event_date = date '1999-09-09'",
    ),
    "fct_kpi_user_days": ("kpi_id", "event_count = 99", "event_count = 99"),
    "fct_path_touches": ("conversion_id", "next_channel_id = 'x'", "next_channel_id = 'x'"),
    "fct_measure_events": ("measure_id", "event_value = 99", "event_value = 99"),
}


# A build breaks off, with some of the tables of definitions made.
BEFORE_IT_BROKE = "+fct_funnel_opened_attempts +fct_retention_members +fct_activity_days"
# What changes: in which file which text becomes which, and the definitions that it is about.
Change = tuple[str, str, str]
CHANGES: dict[str, tuple[list[Change], set[str]]] = {
    "a label": ([("retentions", "back,Back,", "back,Return,")], set()),
    "an owner": (
        [("features", "views,me", "views,you"), ("kpis", "worth,,me", "worth,,you")],
        set(),
    ),
    "a stage": ([("lifecycle_stages", "dormancy,fixed,3", "dormancy,fixed,2")], set()),
    "a cut point": (
        [
            ("rfm_cut_points", "monetary,2,20,39.99", "monetary,2,20,29.99"),
            ("rfm_cut_points", "monetary,3,40", "monetary,3,30"),
        ],
        set(),
    ),
    "a segment": ([("rfm_segments", "5,5,3,money_3", "5,5,3,money_4")], set()),
    "periods": ([("retentions", "rolling,3,", "rolling,2,")], {"rolling"}),
    "a window": ([("funnels", "to_buy,ordered,172800", "to_buy,ordered,60")], {"to_buy"}),
    "a step": ([("funnel_steps", "strict,2,,*", "strict,2,,buy")], {"strict"}),
    "an exclusion": ([("funnel_steps", "by_plan,,1,buy\n", "")], {"by_plan"}),
    "steps of a path": ([("paths", "plans,,after,3,", "plans,,after,2,")], {"plans"}),
    "a condition": ([("filters", "plan,is_not,free", "plan,is,free")], {"viewing", "days"}),
    "an activity": ([("activities", "buying,buy", "buying,open")], {"buying", "hours"}),
    "a release": ([("features", "2024-03-06,1", "2024-03-07 09:00,1")], {"views"}),
    "uses": ([("features", "buys,,buy,open,,2", "buys,,buy,open,,1")], {"buys"}),
    "a condition of a use": ([("filters", "plan,is,pro", "plan,is,free")], {"pro_plans"}),
    "an interval": ([("stickiness", "days,viewing,day", "days,viewing,hour")], {"days"}),
    "segments": ([("kpis", "event:plan", "user:tier")], {"buyers", "bought"}),
    "a look-back": ([("conversions", "shapley,30", "shapley,1")], {"bought"}),
    "what is measured": (
        [("campaign_measures", "looked,,proportion,view", "looked,,proportion,open")],
        {"looked"},
    ),
    "a channel": ([("channels", "20,two,b", "20,two,c")], {"bought", "viewed_it"}),
    "new ones": (
        [
            ("funnels", "strict,strict", "more,ordered,60,users,,\nstrict,strict"),
            ("funnel_steps", "strict,1", "more,1,,view\nmore,2,,buy\nstrict,1"),
            ("retentions", "again,", "more,,buy,recurring,*,calendar,2,\nagain,"),
            ("features", "buys,", "more,,open,,,1\nbuys,"),
            ("kpis", "viewed,", "more,worth,,count,open,,\nviewed,"),
            ("paths", "plans,", "more,view,before,2,session,,\nplans,"),
            ("activities", "viewing,", "more,open|buy\nviewing,"),
            ("conversions", "viewed_it,", "more,open,none,last,7\nviewed_it,"),
            ("campaign_measures", "looked,", "more,,proportion,*\nlooked,"),
            ("stickiness", "any_hours,", "more,more,hour,week\nany_hours,"),
        ],
        {"more"},
    ),
    "gone ones": (
        [
            ("paths", "after_open,open,after,2,user,86400,\n", ""),
            ("features", "opens,,open,,,1\n", ""),
            ("kpis", "viewed,worth,,count,view,,\n", ""),
            ("stickiness", "any_hours,any,hour,week\n", ""),
            ("retentions", "again,,view,recurring,view,calendar,4,event:plan\n", ""),
            ("funnels", "in_any,any,86400,users,event:plan,first\n", ""),
            ("funnel_steps", "in_any,1,,view\nin_any,2,,open\n", ""),
        ],
        {"after_open", "any_hours", "again", "in_any", "opens", "viewed"},
    ),
}


def with_changes(seeds: dict[str, str], *names: str) -> dict[str, str]:
    """The definition files with what these changes say."""
    said = dict(seeds)
    for name in names:
        for file, before, after in CHANGES[name][0]:
            assert said[file].count(before) == 1, (file, before)
            said[file] = said[file].replace(before, after)
    return said


def ordered(first: int, last: int) -> list[dict[str, Any]]:
    """Events, from where they came, with the money of their orders, half of it in another
    currency."""
    rows = events(first, last)
    for number, row in enumerate(rows):
        row["utm_source"] = ("a", "b", "c", None)[number % 4]
        if row["event_name"] == "buy":
            row |= {"order_id": row["event_id"], "amount": 3 + number % 9}
            row |= {"currency": ("USD", "EUR")[number % 2]}
    return rows


def campaign(name: str, updated_at: str) -> dict[str, Any]:
    return {"campaign_id": "spring", "campaign_name": name, "updated_at": updated_at}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("definitions")
    support.build_warehouse(
        folder,
        events=ordered(0, 6),
        feeds={
            "users": people("gold", range(9)),
            "campaigns": [campaign("Spring", "2024-03-02")],
        },
        seeds=SEEDS,
    )
    return folder


def differences(folder: Path) -> list[str]:
    """What stands against everything anew."""
    other = folder.with_name(folder.name + "-anew")
    shutil.rmtree(other, ignore_errors=True)
    shutil.copytree(folder, other)
    support.build_warehouse(other, full_refresh=True)
    of_builds = histories(load_manifest())
    found = compare(folder / support.WAREHOUSE, other / support.WAREHOUSE, histories=of_builds)
    return [str(one) for one in found.differences]


def spoil(folder: Path) -> set[str]:
    """A wrong value in every row; the definitions that have rows."""
    with connect(support.settings_of(folder)) as connection:
        for table, (_, spoil_by, _) in SPOILED.items():
            connection.execute(f"update facts.{table} set {spoil_by}")
    return {*spoiled(folder)}


def spoiled(folder: Path) -> dict[str, bool]:
    """By definition: are its rows as they were spoiled? Of each of them all, or none."""
    found: dict[str, bool] = {}
    for table, (column, _, is_spoiled) in SPOILED.items():
        for row in support.query(
            folder / support.WAREHOUSE,
            f"select {column} as definition_id, bool_and({is_spoiled}) as every,"
            f" bool_or({is_spoiled}) as some from facts.{table} group by all",
        ):
            assert row["every"] == row["some"], (table, row)
            found[row["definition_id"]] = row["every"]
    return found


@pytest.mark.parametrize(
    "names",
    [
        pytest.param([*CHANGES][:4], marks=pytest.mark.long),
        [*CHANGES][4:-3],
        pytest.param([*CHANGES][-3:], marks=pytest.mark.long),
    ],
    ids=lambda names: names[0],
)
def test_a_change_costs_what_it_is_about(folder: Path, tmp_path: Path, names: list[str]) -> None:
    about = {definition for name in names for definition in CHANGES[name][1]}
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    before = spoil(copy)
    with connect(support.settings_of(copy)) as connection:
        connection.execute("update facts.fct_user_days set key_action_count = 77")
    support.build_warehouse(copy, seeds=with_changes(SEEDS, *names))
    found = spoiled(copy)
    assert {name for name, is_spoiled in found.items() if is_spoiled} == before - about
    [days] = support.query(
        copy / support.WAREHOUSE,
        "select bool_and(key_action_count = 77) as untouched from facts.fct_user_days",
    )
    assert days["untouched"]
    assert not found.keys() & (CHANGES["gone ones"][1] if "gone ones" in names else set())


@pytest.mark.parametrize("at_a_time", [len(CHANGES), pytest.param(3, marks=pytest.mark.long)])
def test_one_after_the_other_they_equal_a_rebuild(
    folder: Path, tmp_path: Path, at_a_time: int
) -> None:
    """On top of those before, the last with events and people as well; and back."""
    folder = shutil.copytree(folder, tmp_path / "copy")
    said = SEEDS
    every = [*CHANGES]
    assert_scored(folder, 40)
    for number in range(0, len(every), at_a_time):
        names = every[number : number + at_a_time]
        said = with_changes(said, *names)
        is_last = "gone ones" in names
        # A campaign, too: of versions the newest counts, whenever it comes.
        versions = [campaign("Now", "2024-03-03"), campaign("Late", "2024-03-01")]
        support.build_warehouse(
            folder,
            events=ordered(6, 9) if is_last else None,
            feeds={"users": people("iron", range(3)), "campaigns": versions} if is_last else None,
            seeds=said,
        )
    assert_scored(folder, 30)
    sql = "select campaign_name from facts.dim_campaigns"
    assert support.query(folder / support.WAREHOUSE, sql) == [{"campaign_name": "Now"}]
    if at_a_time < len(every):
        assert differences(folder) == []
    support.build_warehouse(folder, seeds=SEEDS)
    assert differences(folder) == []


def assert_scored(folder: Path, third_from: int) -> None:
    """By their money alone, from 20, `third_from`, 60 and 80 on; some customer is between both."""
    sql = "select monetary_amount, r_score, f_score, m_score, segment_id from marts.mart_rfm_scores"
    rows = support.query(folder / support.WAREHOUSE, sql)
    assert any(30 <= row["monetary_amount"] < 40 for row in rows)
    for row in rows:
        score = 1 + sum(row["monetary_amount"] >= cut for cut in (20, third_from, 60, 80))
        best = (row["r_score"], row["f_score"], score) == (5, 5, 3) and third_from == 30
        assert (row["m_score"], row["segment_id"]) == (score, f"money_{4 if best else score}")


@pytest.mark.long
def test_a_rate_that_changes_counts_all_money_anew(folder: Path, tmp_path: Path) -> None:
    """Of the days that it is for, with what was built before it and what comes with it."""
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    rates = SEEDS["currency_rates"].replace("EUR,8,", "EUR,9,")
    support.build_warehouse(copy, ordered(20, 21), seeds={**SEEDS, "currency_rates": rates})
    rate = {("EUR", False): 7, ("EUR", True): 9}
    expected = {
        row["order_id"]: row["amount"]
        * rate.get((row["currency"], row["occurred_at"] >= "2024-03-07"), 1)
        for path in (copy / "raw" / "events").iterdir()
        for row in map(json.loads, path.read_text(encoding="utf-8").splitlines())
        if "order_id" in row
    }
    sql = "select order_id, gross_amount from facts.fct_orders"
    found = support.query(copy / support.WAREHOUSE, sql)
    assert {row["order_id"]: row["gross_amount"] for row in found} == expected
    assert differences(copy) == []


@pytest.mark.long
def test_definitions_that_come_back_after_a_build_that_broke_off(
    folder: Path, tmp_path: Path
) -> None:
    """What that one has made is not to be built upon, nor what it had not come to any more."""
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    changed = with_changes(SEEDS, "periods", "a window", "new ones", "an activity")
    support.build_warehouse(copy, seeds=changed, select=BEFORE_IT_BROKE)
    support.build_warehouse(copy, seeds=SEEDS)
    assert differences(copy) == []


@pytest.mark.long
def test_dbt_by_hand_computes_the_same(tmp_path: Path) -> None:
    """Nobody tells it what the definitions ask for, nor that a build was complete."""
    folder = tmp_path / "hand"
    settings = support.settings_of(folder)
    support.write_feeds(folder, {"events": ordered(0, 6), "users": people("gold", range(9))})
    for seeds in (SEEDS, with_changes(SEEDS, "periods", "a step", "an activity", "gone ones")):
        support.read_definitions(folder, seeds)
        support.ingest_raw(settings)
        support.run_dbt(settings, ["run"])
    assert differences(folder) == []


def test_dbt_by_hand_refuses_to_make_a_missing_table_of_a_part(
    folder: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    with connect(support.settings_of(copy)) as connection:
        connection.execute("drop table facts.fct_path_runs")
    with pytest.raises(AssertionError, match=r"facts\.fct_path_runs is missing: run `make build`"):
        support.run_dbt(support.settings_of(copy), ["run", "--select", "fct_path_runs"])
