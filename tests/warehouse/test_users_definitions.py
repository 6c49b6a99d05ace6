"""Wrong definitions of the users and RFM areas are named with file, row and mend; an empty
warehouse has empty marts."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.project import SHIPPED_SEEDS_DIR
from tests import support
from tests.warehouse.users_world import SELECTION, build_warehouse, ripening

STAGES = """stage_id,mode,min_active_days,min_active_weeks,of_weeks,silent_over_days
introduction,calibrated,two,,,
growing,,,,,30.5
maturity,,,10,9,
dormancy,fixed,,,,30
dormancy,,,,,7
churn,usual,,,,30
"""
STICKINESS = """stickiness_id,activity_id,interval,period,from_at,to_at,min_occurrences,\
is_cumulative,max_occurrences,interval_size
good,any,day,week,,,,,,
good,any,day,week,,,,,,
,any,day,week,,,,,,
unknown_activity,sleeping,day,week,,,,,,
unknown_interval,any,year,week,,,,,,
unknown_period,any,day,quarter,,,,,,
no_period,any,day,,,,,,,
no_count,any,day,week,,,0,,,
no_boolean,any,day,week,,,,perhaps,,
no_date,any,day,range,2024-02-30,2024-03-01,,,,
backwards,any,day,range,2024-03-02,2024-03-01T23:00:00Z,,,,
bounds_for_nothing,any,day,month,2024-03-02,,,,,
sizes,any,day,week,,,,,some,1.5
below,any,day,week,,,3,,2,
zero_most,any,day,week,,,,,0,7
"""
CUT_POINTS = """measure,score,at_least,at_most
recency,5,0,30
recency,4,31,
recency,1,91,200
frequency,1,,1
frequency,2,2,4
frequency,3,4,
money,1,,
monetary,6,1,
monetary,1,cheap,
monetary,2,10,20
monetary,2,20,30
monetary,3,15,
"""


@pytest.fixture(scope="module")
def problems(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, int | None, str, str]]:
    """File, row, severity and problem of every wrong row."""
    segments = (SHIPPED_SEEDS_DIR / "rfm_segments.csv").read_text(encoding="utf-8").splitlines()
    segments[2] = segments[1]
    segments[3] = "5,5,7,champions"
    segments[4] = "5,5,2,stars"
    segments[5] = "5,5,1,"
    seeds = {
        "lifecycle_stages": STAGES,
        "stickiness": STICKINESS,
        "rfm_segments": "\n".join(segments) + "\n",
        "rfm_cut_points": CUT_POINTS,
    }
    read = support.read_definitions(tmp_path_factory.mktemp("wrong"), seeds)
    return [(each.file, each.line, each.severity, each.problem.en) for each in read.problems]


@pytest.mark.parametrize(
    "expected",
    [
        ("lifecycle_stages.csv", None, "error", "stage growth is missing"),
        ("lifecycle_stages.csv", 2, "error", "min_active_days two is no whole number"),
        (
            "lifecycle_stages.csv",
            2,
            "warning",
            "mode calibrated says nothing on stage introduction",
        ),
        ("lifecycle_stages.csv", 3, "error", "stage_id growing is unknown"),
        ("lifecycle_stages.csv", 4, "error", "maturity asks for 10 of 9 weeks"),
        ("lifecycle_stages.csv", 4, "error", "of_weeks 9 is too large: at most 8 weeks are taken"),
        ("lifecycle_stages.csv", 6, "error", "stage dormancy stands here again, as in line 5"),
        ("lifecycle_stages.csv", 7, "error", "mode usual is unknown"),
        ("lifecycle_stages.csv", 3, "error", "silent_over_days 30.5 is no whole number"),
        (
            "lifecycle_stages.csv",
            7,
            "error",
            "churn after 30 silent days leaves no dormancy after 30",
        ),
    ],
    ids=lambda row: row[3],
)
def test_a_wrong_stage_is_named(
    problems: list[tuple[str, int | None, str, str]],
    expected: tuple[str, int | None, str, str],
) -> None:
    assert expected in problems


def test_every_wrong_stickiness_is_named_and_no_good_one(
    problems: list[tuple[str, int | None, str, str]],
) -> None:
    found = sorted(row[1:] for row in problems if row[0] == "stickiness.csv")
    assert found == [
        (3, "error", "stickiness good stands here again, as in line 2"),
        (4, "error", "stickiness_id is empty"),
        (5, "error", "activity sleeping is unknown"),
        (6, "error", "interval year is unknown"),
        (7, "error", "period quarter is unknown"),
        (8, "error", "period is empty"),
        (9, "error", "min_occurrences 0 is too small: 1 is the least"),
        (10, "error", "is_cumulative perhaps is neither true nor false"),
        (11, "error", "from_at 2024-02-30 cannot be read"),
        (12, "error", "to_at 2024-03-01T23:00:00Z is before from_at 2024-03-02"),
        (13, "warning", "from_at and to_at say nothing on period month"),
        (14, "error", "interval_size 1.5 is no whole number"),
        (14, "error", "max_occurrences some is no whole number"),
        (15, "error", "max_occurrences 2 is below min_occurrences 3"),
        (16, "error", "max_occurrences 0 is below min_occurrences 1"),
        (16, "error", "max_occurrences 0 is too small: 1 is the least"),
    ]


def test_every_wrong_cell_is_named(problems: list[tuple[str, int | None, str, str]]) -> None:
    found = {row[1:] for row in problems if row[0].startswith("rfm_segment")}
    assert found == {
        (3, "error", "r_score 5, f_score 5, m_score 5 stand here again, as in line 2"),
        (4, "error", "m_score 7 is too large: at most 5 are taken"),
        (5, "warning", "segment stars has no label"),
        (6, "error", "segment_id is empty"),
        (None, "error", "cell 5, 5, 4 is missing"),
        (None, "error", "cell 5, 5, 3 is missing"),
        (None, "error", "cell 5, 5, 1 is missing"),
    }


def test_every_wrong_cut_point_is_named(problems: list[tuple[str, int | None, str, str]]) -> None:
    found = {row[1:] for row in problems if row[0] == "rfm_cut_points.csv"}
    assert found == {
        (3, "error", "score 4 of recency has no bound on its worse side"),
        (4, "error", "some values of recency are worse than the lowest score allows"),
        (8, "error", "measure money is unknown"),
        (9, "error", "score 6 is too large: at most 5 are taken"),
        (10, "error", "at_least cheap is no number"),
        (11, "error", "score 2 of monetary overlaps the next one, or stands on its wrong side"),
        (12, "error", "measure monetary, score 2 stand here again, as in line 11"),
    }


def test_the_shipped_definitions_are_right(tmp_path: Path) -> None:
    seeds = {
        path.stem: path.read_text(encoding="utf-8") for path in SHIPPED_SEEDS_DIR.glob("*.csv")
    }
    assert support.read_definitions(tmp_path, seeds).problems == ()
    warehouse = build_warehouse(tmp_path, seeds=seeds, select=SELECTION)
    for mart in ripening():
        rows = support.query(warehouse, f"select * from marts.{mart}")
        # Funnels and retentions have rows before anybody enters them.
        counts = [row[name] for row in rows for name in row if name.endswith("_count")]
        assert not any(counts), mart
        assert counts or not rows, mart
