"""A day moves the stages of those whom it touches, and of those whose silence passed a limit."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestration.transform.dbt_runs import load_manifest
from tests import support
from verify.compare import compare, histories

FIRST = date(2024, 1, 1)
STAGES = (
    "stage_id,label_en,label_zh,mode,min_active_days,min_active_weeks,of_weeks,silent_over_days\n"
)
FIXED = STAGES + (
    "introduction,Introduction,引入期,,2,,,\ngrowth,Growth,成长期,,,,,\n"
    "maturity,Maturity,成熟期,,,3,4,\ndormancy,Dormancy,休眠期,fixed,,,,7\n"
    "churn,Churn,流失期,fixed,,,,30\n"
)


def build(folder: Path, **given: Any) -> None:
    """All that stages are made of, and what is made of them."""
    support.build_warehouse(folder, only="@fct_lifecycle_touched", **given)


def active(user: str, *days: int, device: str = "") -> list[dict[str, Any]]:
    return [
        {
            "event_id": f"{user}{device}-{day}",
            "event_name": "open",
            "user_id": user or None,
            "anonymous_id": device or None,
            "occurred_at": f"{FIRST + timedelta(days=day)}T08:00:00Z",
        }
        for day in days
    ]


def touched(folder: Path) -> dict[str, int]:
    """Who was computed anew, from which day on."""
    rows = support.query(
        folder / support.WAREHOUSE, "select user_id, from_date from facts.fct_lifecycle_touched"
    )
    return {row["user_id"]: (row["from_date"] - FIRST).days for row in rows}


def differences(folder: Path) -> list[str]:
    """What stands against everything anew."""
    other = folder.with_name(folder.name + "-anew")
    shutil.rmtree(other, ignore_errors=True)
    shutil.copytree(folder, other)
    build(other, full_refresh=True)
    tables = histories(load_manifest())
    found = compare(folder / support.WAREHOUSE, other / support.WAREHOUSE, histories=tables)
    return [str(one) for one in found.differences]


@pytest.mark.parametrize("each", [False, pytest.param(True, marks=pytest.mark.long)])
def test_a_day_moves_whom_it_touches_and_whose_silence_passed_a_limit(
    tmp_path: Path, each: bool
) -> None:
    """Each build equals a rebuild, or the last one, which stands on those before."""
    folder = tmp_path / "day"
    build(
        folder,
        events=[
            *active("steady", *range(0, 20)),
            *active("asleep", 0, 3),
            *active("gone", 0),
            *active("back", 0, 1, 12, 13),
            *active("drowsy", 2, 13),
            *active("", 4, 15, device="phone"),
        ],
        seeds={"lifecycle_stages": FIXED},
    )

    # Day 21: one is back, and of all others two pass a limit: the 8th day of silence.
    build(folder, events=active("back", 21))
    assert touched(folder) == {"back": 12, "drowsy": 13}
    assert not each or differences(folder) == []

    # Late, and by a device that has an owner from now on, as long ago as its first event.
    build(folder, events=[*active("gone", 9), *active("owner", 22, device="phone")])
    assert touched(folder) == {"gone": 0, "owner": 4, "anon:phone": 4}
    assert not each or differences(folder) == []

    # Two months on: all who were silent pass both limits, from where they had been silent.
    build(folder, events=active("steady", 80))
    assert touched(folder)["steady"] == 18
    assert touched(folder)["asleep"] == 3
    assert not each or differences(folder) == []

    # Other rules: everybody, from the first day on.
    build(folder, seeds={"lifecycle_stages": FIXED.replace("3,4,", "2,3,")})
    assert touched(folder)["asleep"] == 0
    assert not each or differences(folder) == []

    # Limits that are drawn from the gaps: a late day may move them for all.
    build(
        folder,
        events=active("gone", 40, 41),
        seeds={"lifecycle_stages": FIXED.replace("fixed", "calibrated")},
    )
    assert not each or differences(folder) == []
    build(folder, events=[*active("asleep", 10, 11), *active("steady", 95)])
    assert differences(folder) == []
