"""Facts of definitions are computed for the users whom a build touches, and equal a rebuild."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestration.ingest.definitions.hashes import FILES
from orchestration.store.warehouse import connect
from orchestration.transform import transforming
from orchestration.transform.dbt_runs import BY_USER, incremental_models, load_manifest
from tests import support
from verify.compare import compare, histories

DAY = datetime(2024, 3, 4, 8, tzinfo=UTC)
NAMES = ("open", "view", "buy")
SEEDS = {
    "funnels": "funnel_id,window_seconds,breakdown,breakdown_limit\n"
    "to_buy,172800,user:tier,\nby_plan,172800,event:plan,1\n",
    "funnel_steps": "funnel_id,step_number,event_name\n"
    "to_buy,1,open\nto_buy,2,buy\nby_plan,1,open\nby_plan,2,view\n",
    "retentions": "retention_id,cohort_event,cohort_mode,return_event,periods,breakdown\n"
    "back,open,first_matching,buy,5,user:tier\nrolling,*,first_ever,*,3,\n",
    "filters": "definition,definition_id,side,scope,property,operator,value\n"
    "retention,back,return,user,tier,is_not,iron\n",
    "paths": "path_id,anchor_event,direction,steps,scope,window_seconds\n"
    "after_open,open,after,2,user,86400\n",
}
OF_DEFINITIONS = {
    "fct_activity_days", "fct_activity_hours", "fct_order_states", "fct_stickiness_hours",
    "fct_merchant_order_days",
    "fct_definition_matches", "fct_definition_values", "fct_definition_chosen_events",
    "fct_funnel_opened_attempts", "fct_retention_members", "fct_retention_member_returns",
    "fct_path_events", "fct_path_runs", "fct_path_placed_items", "fct_touches",
    "fct_user_acquisitions", "fct_conversions", "fct_path_ends", "fct_path_touches",
    "fct_measure_events", "fct_survival_events",
    "fct_feature_uses", "fct_feature_adoptions", "fct_kpi_user_days",
}  # fmt: skip


def events(first: int, last: int) -> list[dict[str, Any]]:
    """A week of events of 12 users, some of it every day; `first` to `last` are days."""
    rows = []
    for day in range(first, last):
        for number in range(12):
            for step, name in enumerate(NAMES):
                if (number + day * (step + 1)) % (step + 2) == 0:
                    rows.append(
                        {
                            "event_id": f"{day}-{number}-{name}",
                            "event_name": name,
                            "user_id": f"user {number:02d}",
                            "occurred_at": (DAY + timedelta(days=day, minutes=step)).isoformat(),
                            "properties": {"plan": ("pro", "free", "")[(number + day) % 3]},
                        }
                    )
    return rows


def people(tier: str, numbers: range) -> list[dict[str, Any]]:
    at = "2024-03-01" if tier == "gold" else "2024-03-20"
    return [
        {"user_id": f"user {number:02d}", "updated_at": at, "properties": {"tier": tier}}
        for number in numbers
    ]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recomputed")
    support.build_warehouse(
        folder, events=events(0, 7), feeds={"users": people("gold", range(12))}, seeds=SEEDS
    )
    return folder


@pytest.fixture
def folder(built: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "copy"
    shutil.copytree(built, copy)
    return copy


def differences(folder: Path) -> list[str]:
    """What stands against everything anew."""
    other = folder.with_name(folder.name + "-anew")
    shutil.copytree(folder, other)
    support.build_warehouse(other, full_refresh=True)
    found = compare(
        folder / support.WAREHOUSE,
        other / support.WAREHOUSE,
        histories=histories(load_manifest()),
    )
    return [str(one) for one in found.differences]


def spoil(folder: Path, user: str) -> None:
    """A wrong value in each table that is computed by user, where it does not decide a key."""
    with connect(support.settings_of(folder)) as connection:
        connection.execute(
            "update facts.fct_funnel_opened_attempts set all_outdone_at = '2000-01-01'"
            " where user_id = ?",
            [user],
        )
        connection.execute(
            "update facts.fct_retention_member_returns set last_period = 99 where user_id = ?",
            [user],
        )


def spoiled(folder: Path) -> set[str]:
    rows = support.query(
        folder / support.WAREHOUSE,
        "select user_id from facts.fct_funnel_opened_attempts"
        " where all_outdone_at = '2000-01-01' intersect"
        " select user_id from facts.fct_retention_member_returns where last_period = 99",
    )
    return {row["user_id"] for row in rows}


def ripe_attempts(folder: Path) -> int:
    [row] = support.query(
        folder / support.WAREHOUSE,
        "select count(*) as ripe_count from facts.fct_funnel_attempts where is_mature",
    )
    return int(row["ripe_count"])


def test_the_tables_are_all_of_that_kind(built: Path) -> None:
    found = incremental_models(load_manifest(), BY_USER)
    assert {node["name"] for node in found.values()} == OF_DEFINITIONS
    # Which each asks for the rows to replace, when it is added to: a rebuild would not tell.
    for node in found.values():
        assert "model.yunying.int_scope" in node["depends_on"]["nodes"], node["name"]


def test_nothing_else_that_is_added_to_is_made_of_definitions_that_change_one_by_one() -> None:
    """Where it were, another line of theirs would leave it as it is. Not by way of `int_scope`,
    which says what is computed, and not of what; nor of limits of silence: who stands on other
    ones than before is computed anew; nor of hours, of which those of `any` alone are counted."""
    apart = {"int_scope", "fct_lifecycle_deadlines", "fct_activity_hours"}
    manifest = load_manifest()
    of_definitions = incremental_models(manifest, BY_USER).keys() | {
        unique_id
        for unique_id, node in incremental_models(manifest).items()
        if node["config"]["meta"].get("touched") == "int_kpis_touched"  # each that changed
    }
    for unique_id in incremental_models(manifest).keys() - of_definitions:
        read = {f"model.yunying.{name}" for name in apart}
        pending = [unique_id]
        while pending:
            parent = pending.pop()
            if parent in manifest["nodes"] and parent not in read:
                read.add(parent)
                pending += manifest["nodes"][parent]["depends_on"]["nodes"]
            elif parent.startswith("source.yunying.seeds."):
                assert parent.rpartition(".")[2] not in FILES, (unique_id, parent)


def test_a_day_computes_its_users_and_leaves_the_others(folder: Path) -> None:
    spoil(folder, "user 01")
    spoil(folder, "user 02")
    late = [row for row in events(7, 10) if row["user_id"] not in ("user 01", "user 03")]
    assert any(row["user_id"] == "user 02" for row in late)
    support.build_warehouse(folder, events=late)
    assert spoiled(folder) == {"user 01"}


# By table: how a row is spoiled, how that is seen, the row's instant, and how many seconds before
# a touched event it may change. The funnel's window is two days; the longer curve has five periods,
# beside the member's own.
SPOILED = {
    "fct_funnel_opened_attempts where funnel_id = 'to_buy'":
        ("furthest_at = null", "furthest_at is null", "entered_at", 2 * 86400),
    "fct_definition_values where definition_id = 'by_plan'":
        ("property_value = 'spoiled'", "property_value = 'spoiled'", "occurred_at", 0),
    "fct_path_events where true": ("item = 'spoiled'", "item = 'spoiled'", "occurred_at", 0),
    "fct_retention_member_returns where true":
        ("last_period = 99", "last_period = 99", "cohort_event_at", 7 * 90000),
}  # fmt: skip


@pytest.mark.long
def test_a_day_leaves_what_its_users_did_long_before(folder: Path) -> None:
    support.build_warehouse(folder, events=[row for row in events(7, 20) if "02" in row["user_id"]])
    with connect(support.settings_of(folder)) as connection:
        for rows, (spoil_by, *_) in SPOILED.items():
            table, condition = rows.split(" where ")
            connection.execute(f"update facts.{table} set {spoil_by} where {condition}")
    late = [row for row in events(20, 23) if row["user_id"] == "user 02"]
    first_at = min(datetime.fromisoformat(row["occurred_at"]) for row in late)
    support.build_warehouse(folder, events=late)
    for rows, (_, is_spoiled, instant, seconds) in SPOILED.items():
        touched_from = (first_at - timedelta(seconds=seconds)).replace(tzinfo=None)
        found = support.query(
            folder / support.WAREHOUSE,
            f"select distinct {instant} >= '{touched_from}' as is_touched, {is_spoiled}"
            f" as is_spoiled from facts.{rows} and user_id = 'user 02'",
        )
        states = {(row["is_touched"], row["is_spoiled"]) for row in found}
        assert (False, True) in states, rows
        assert states <= {(False, True), (True, False)}, rows


@pytest.mark.long
def test_what_the_users_feed_says_anew_moves_breakdowns_and_conditions(folder: Path) -> None:
    counts = (
        "select breakdown_value, sum(entrant_count) as n from marts.mart_funnel_conversion"
        " where funnel_id = 'to_buy' and grain = 'all' and step_number = 1"
        " group by all order by all"
    )
    before = support.query(folder / support.WAREHOUSE, counts)
    support.build_warehouse(folder, feeds={"users": people("iron", range(3))})
    after = support.query(folder / support.WAREHOUSE, counts)
    assert [row["breakdown_value"] for row in before] == ["gold", None]
    assert [row["breakdown_value"] for row in after] == ["gold", "iron", None]
    assert differences(folder) == []


@pytest.mark.long
def test_a_table_that_is_missing_is_made_anew_with_the_rest(folder: Path) -> None:
    with connect(support.settings_of(folder)) as connection:
        connection.execute("drop table facts.fct_funnel_opened_attempts cascade")
    support.build_warehouse(folder, events=events(7, 8))
    assert differences(folder) == []


def told(folder: Path) -> list[str]:
    """What the last build says that it has computed anew."""
    settings = support.settings_of(folder)
    with connect(settings) as connection:
        run = transforming.begin(connection, settings, load_manifest())
        return list(transforming.what_was_computed(connection, run))


def test_what_was_computed_anew_is_told_with_its_reason_and_equals_a_rebuild(folder: Path) -> None:
    """Also where the horizon alone ripens what the day's users have nothing to do with, and where
    rows come late, to lie between those that are there."""
    support.build_warehouse(folder)
    assert told(folder) == [
        "nobody, because no file came or changed, and no definition counts in another way"
    ]
    device = {"event_name": "view", "anonymous_id": "device", "occurred_at": "2024-03-09T08:00:00Z"}
    before = ripe_attempts(folder)
    day = [row for row in events(9, 14) if row["user_id"] == "user 02"]
    late = [row for row in events(3, 4) if row["user_id"] in ("user 02", "user 05", "user 06")]
    again = [{**row, "event_id": f"late {row['event_id']}"} for row in late]
    support.build_warehouse(folder, events=[{**device, "event_id": "before"}, *day, *again])
    assert told(folder) == [
        "4 user(s) from 2024-03-07 08:00 on, because events of theirs came or went"
    ]
    assert ripe_attempts(folder) > before
    support.build_warehouse(
        folder,
        events=[{**device, "event_id": "after", "user_id": "user 01"}, *events(8, 9)[-1:]],
        feeds={"users": people("iron", range(3))},
        seeds={
            "funnels": SEEDS["funnels"].replace("to_buy,172800", "to_buy,60") + "again,3600,,\n",
            "funnel_steps": SEEDS["funnel_steps"] + "again,1,view\n",
            "retentions": "".join(SEEDS["retentions"].splitlines(keepends=True)[:2]),
        },
    )
    assert told(folder) == [
        "funnel again for 12 user(s), because the definition is new",
        "funnel to_buy for 12 user(s), because the definition says something else",
        "retention rolling, because the definition is gone",
        "1 user(s) from 2024-03-12 08:01 on, because events of theirs came or went",
        "2 user(s) from 2024-03-09 08:00 on, because an anonymous id of theirs is somebody else's"
        " now",
        "1 more: marts.mart_recomputations lists them",
    ]
    assert differences(folder) == []


@pytest.mark.long
def test_another_plan_computes_everything_and_says_so(folder: Path) -> None:
    settings = support.settings_of(folder)
    support.read_definitions(folder, {"event_names": "event_name,is_activity\nview,false\n"})
    support.ingest_raw(settings)
    assert told(folder) == [
        "everything from the raw files, because settings, SQL, the tracking plan or the rates are "
        "others than before"
    ]
