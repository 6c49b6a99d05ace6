"""Promise 1: however files arrive, every table of facts and marts equals a rebuild from raw.

A product's year is drawn at random, cut into files that overlap, come late, are replaced and
withdrawn; each delivery is built upon the one before. Then everything is rebuilt from the same
raw schema and compared, both ways and exactly. `YUNYING_TEST_SEED` draws another one.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.defs.ingest.withdraw import withdraw
from tests.support import build_warehouse, settings_of

SEED = int(os.environ.get("YUNYING_TEST_SEED", "20170101"))
START = datetime(2023, 10, 1)
SEEDS = {
    "event_names": (
        "event_name,label_en,label_zh,area,role,is_activity,is_key_action\n"
        "order,Order,下单,product,order,,true\n"
        "refund,Refund,退款,product,refund,,\n"
        "push,Push,推送,campaign,,false,\n"
    ),
    "activities": "activity_id,label_en,label_zh,event_name\nany,,,\nbuy,,,order\n",
    "stickiness": (
        "stickiness_id,activity_id,interval,period\nweekly,any,day,week\nrolling,buy,day,28_days\n"
    ),
    "funnels": (
        "funnel_id,window_seconds,breakdown,breakdown_attribution\n"
        "buying,604800,event:platform,first\nagain,,,\n"
    ),
    "funnel_steps": (
        "funnel_id,step_number,event_name\nbuying,1,open\nbuying,2,view\nbuying,3,order\n"
        "again,1,order\nagain,2,order\n"
    ),
    "paths": (
        "path_id,anchor_event,direction,item_event,repeats,scope\nvisits,,after,,last,session\n"
        "around,order,both,open|view,first,user\n"
    ),
    "retentions": (
        "retention_id,cohort_event,cohort_mode,return_event,granularity,periods\n"
        "week,*,first_matching,*,week,8\nbuyers,order,recurring,order,month,4\n"
    ),
}


def _events(draw: random.Random, count: int) -> list[dict[str, Any]]:
    """Events of 300 people on 400 devices, some shared; ties, gaps, a marathon, refunds."""
    rows = []
    for number in range(count):
        person = draw.randrange(300)
        device = draw.choice([person, person, person + 100, draw.randrange(400)])
        at = START + timedelta(
            days=draw.choice([draw.randrange(150), person // 2]),
            seconds=draw.choice([0, 60, 1800, draw.randrange(86400)]),
        )
        name = draw.choice(["open", "open", "view", "view", "order", "refund", "push"])
        is_money = name in ("order", "refund")
        known = draw.random() < 0.6
        rows.append(
            {
                "event_id": f"e{number}",
                "event_name": name,
                "occurred_at": at.isoformat(),
                "received_at": (at + timedelta(minutes=draw.randrange(600))).isoformat(),
                "user_id": f"u{person}" if known else None,
                "anonymous_id": f"d{device}" if not known or draw.random() < 0.5 else None,
                "platform": draw.choice(["ios", "web", None]),
                "order_id": f"o{draw.randrange(count // 6)}" if is_money else None,
                "amount": draw.choice(["9.99", "20", "0"]) if is_money else None,
            }
        )
    # One person who never pauses for 30 minutes in four days: sessions end after 72 hours.
    rows += [
        {
            "event_id": f"m{number}",
            "event_name": "view",
            "occurred_at": (START + timedelta(days=9, minutes=20 * number)).isoformat(),
            "user_id": "u_marathon",
        }
        for number in range(300)
    ]
    return rows


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _deliveries(draw: random.Random, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What arrives by each build: files by name; None withdraws one."""
    # Early events that give devices to other people: their later events are re-keyed, and
    # nobody else is touched.
    links = [
        {
            "event_id": f"l{number}",
            "event_name": "view",
            "occurred_at": "2023-09-30T00:00:00",
            "user_id": f"u{draw.randrange(300)}",
            "anonymous_id": f"d{draw.randrange(300)}",
        }
        for number in range(12)
    ]
    draw.shuffle(rows)
    parts = [rows[start::9] for start in range(9)]
    copies = [{**row, "received_at": None} for row in draw.sample(rows, 60)]
    earlier = [{**row, "received_at": row["occurred_at"]} for row in draw.sample(rows, 60)]
    bad = [{"event_name": "open"}, {"event_name": "view", "user_id": "u1", "occurred_at": "soon"}]
    return [
        {"a": parts[0] + bad, "b": parts[1] + parts[2] + copies, "c": parts[3] + parts[4]},
        {"b": parts[1] + parts[5], "d": parts[6], "e": parts[7] + earlier, "f": parts[8][:40]},
        {"d": None, "f": parts[8][:35], "links": links},
    ]


def _tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute(
        "select table_schema || '.' || table_name from information_schema.tables"
        " where table_schema in ('facts', 'marts') and table_type = 'BASE TABLE' order by 1"
    ).fetchall()
    return [name for (name,) in rows]


def differences(left: Path, right: Path) -> dict[str, int]:
    """Rows of facts and marts that stand in one warehouse alone, by table."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{left}' as left_one (read_only)")
        connection.execute(f"attach '{right}' as right_one (read_only)")
        names = {}
        for side in ("left_one", "right_one"):
            connection.execute(f"use {side}")
            names[side] = _tables(connection)
        assert names["left_one"] == names["right_one"]
        assert len(names["left_one"]) > 40
        found = {}
        for name in names["left_one"]:
            count = connection.execute(
                f"""
                select count(*) from (
                    (from left_one.{name} except all from right_one.{name})
                    union all
                    (from right_one.{name} except all from left_one.{name})
                )
                """
            ).fetchone()
            if count and count[0]:
                found[name] = count[0]
        return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse that was built delivery by delivery."""
    draw = random.Random(SEED)
    folder = tmp_path_factory.mktemp("incremental")
    environment = {"YUNYING_TIMEZONE": "Asia/Shanghai"}
    for number, delivery in enumerate(_deliveries(draw, _events(draw, 1500))):
        for name, rows in delivery.items():
            path = folder / "raw" / "events" / f"{name}.jsonl"
            if rows is None:
                path.unlink()
                withdraw(settings_of(folder, environment), f"events/{name}.jsonl")
            else:
                _write(path, rows)
        build_warehouse(folder, seeds=SEEDS if number == 0 else None, environment=environment)
    return folder


def test_incremental_builds_equal_a_rebuild(folder: Path, tmp_path: Path) -> None:
    rebuilt = tmp_path / "rebuilt"
    shutil.copytree(folder, rebuilt)
    build_warehouse(rebuilt, environment={"YUNYING_TIMEZONE": "Asia/Shanghai"}, full_refresh=True)
    found = differences(folder / "warehouse.duckdb", rebuilt / "warehouse.duckdb")
    assert not found, f"seed {SEED}: rows that differ from a rebuild: {found}"


def test_a_build_with_nothing_new_changes_nothing(folder: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    shutil.copytree(folder, again)
    build_warehouse(again, environment={"YUNYING_TIMEZONE": "Asia/Shanghai"})
    found = differences(folder / "warehouse.duckdb", again / "warehouse.duckdb")
    assert not found, f"seed {SEED}: rows that moved by themselves: {found}"


def test_each_raw_row_ends_in_one_place(folder: Path) -> None:
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as connection:
        wrong = connection.execute(
            "select * from staging.stg_ingest_ledger"
            " where rows_in <> rows_staged + rows_duplicate + rows_quarantined"
        ).fetchall()
        total = connection.execute(
            "select sum(rows_duplicate), sum(rows_staged) from staging.stg_ingest_ledger"
        ).fetchone()
    assert not wrong
    assert total is not None
    duplicates, staged = total
    assert duplicates >= 40
    assert staged > 1000
