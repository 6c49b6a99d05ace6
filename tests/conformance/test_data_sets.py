"""A year of a content platform (Deskdrop): the figures of its case, and each piece's by pandas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests import support
from tests.conformance.area_cases import FOLDER

DATA = FOLDER.parent / "data" / "deskdrop" / "users_interactions.csv.zip"
if not DATA.is_file():
    pytest.skip("the data set is not beside this checkout", allow_module_level=True)

ROLES = {
    "VIEW": "read_start", "LIKE": "like", "BOOKMARK": "favourite", "COMMENT CREATED": "comment",
    "FOLLOW": "follow",
}  # fmt: skip
COLUMNS = {
    "timestamp": "occurred_at", "eventType": "event_name", "contentId": "content_id",
    "personId": "user_id", "sessionId": "session_id", "userCountry": "country",
}  # fmt: skip
LIFETIME = 90 * 86400


@pytest.fixture(scope="module")
def feed() -> pd.DataFrame:
    return pd.read_csv(DATA, dtype=str).rename(columns=COLUMNS)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory, feed: pd.DataFrame) -> Path:
    folder = tmp_path_factory.mktemp("deskdrop")
    (folder / "raw" / "events").mkdir(parents=True)
    feed.to_csv(folder / "raw" / "events" / "users_interactions.csv", index=False)
    plan = "".join(f"{name},{role}\n" for name, role in ROLES.items())
    return support.build_warehouse(
        folder,
        seeds={"event_names": f"event_name,role\n{plan}"},
        select="+mart_content_performance +mart_concentration",
        run_tests=True,
    )


@pytest.fixture(scope="module")
def pieces(warehouse: Path) -> dict[str, Any]:
    """What the mart says of each piece so far."""
    rows = support.query(
        warehouse, "select * from marts.mart_content_performance where window_days is null"
    )
    return {row["content_id"]: row for row in rows}


@pytest.fixture(scope="module")
def case() -> dict[str, Any]:
    lines = (FOLDER / "areas" / "content.jsonl").read_text(encoding="utf-8").splitlines()
    [found] = (case for case in map(json.loads, lines) if case["rows"] == {"dataset": "deskdrop"})
    return found


def test_how_concentrated_reads_are(warehouse: Path, case: dict[str, Any]) -> None:
    [row] = support.query(
        warehouse,
        "select * from marts.mart_concentration"
        " where measure_id = 'content_reads' and grain = 'all'",
    )
    told = [
        label.partition("/")[0] for label in case["expected"] if label.endswith("/content_reads")
    ]
    assert len(told) == 5
    for column in told:
        expected = case["expected"][f"{column}/content_reads"]
        assert float(row[column]) == pytest.approx(expected, rel=1e-9, abs=1e-6), column


def test_the_pieces_of_the_case(pieces: dict[str, Any], case: dict[str, Any]) -> None:
    told = [label.split("/") for label in case["expected"] if not label.endswith("content_reads")]
    assert len(told) == 30
    for column, piece, _ in told:
        expected = case["expected"][f"{column}/{piece}/"]
        assert float(pieces[piece][column]) == pytest.approx(expected, abs=1e-6), (column, piece)


def test_every_piece_by_pandas(pieces: dict[str, Any], feed: pd.DataFrame) -> None:
    events = feed.drop_duplicates()
    assert len(feed) - len(events) == 11
    events = events.assign(at=events["occurred_at"].astype("int64"))
    assert pieces.keys() == set(events["content_id"])
    for piece, of_piece in events.groupby("content_id"):
        is_read = of_piece["event_name"] == "VIEW"
        readers = set(of_piece.loc[is_read, "user_id"])
        age = (of_piece.loc[is_read, "at"] - of_piece["at"].min()).sort_values()
        life = age[age <= LIFETIME].tolist()
        row = pieces[piece]
        assert (
            row["read_count"], row["reader_count"], row["interaction_count"],
            row["interacting_reader_count"], row["half_life_seconds"],
        ) == (
            len(age), len(readers), (~is_read).sum(),
            len(readers & set(of_piece.loc[~is_read, "user_id"])),
            life[(len(life) - 1) // 2] if life else None,
        ), piece  # fmt: skip
