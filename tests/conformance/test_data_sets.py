"""Data sets that cases name (Deskdrop, MovieLens 100k): the figures of their cases, and each
piece's by pandas."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from orchestration.project import ROOT
from tests import support
from tests.conformance import area_cases as cases

if not (cases.FOLDER / "areas").is_dir():
    pytest.skip("the cases are not beside this checkout", allow_module_level=True)

from tests.conformance.test_areas import check

CASES = cases.data_set_cases()
# By the name of an event; each rating of MovieLens is a read.
ROLES = {
    "VIEW": "read_start", "LIKE": "like", "BOOKMARK": "favourite", "COMMENT CREATED": "comment",
    "FOLLOW": "follow", "rating": "read_start",
}  # fmt: skip
FILES = {
    "deskdrop": ["data/deskdrop/users_interactions.csv.zip"],
    # recbole, on PyPI, has it, and asks for 3 GB more.
    "ml-100k": ["data/*/ml-100k.inter", "data/*/u.data"],
}
COLUMNS = {
    "timestamp": "occurred_at", "eventType": "event_name", "contentId": "content_id",
    "personId": "user_id", "sessionId": "session_id", "userCountry": "country",
}  # fmt: skip
LIFETIME = 90 * 86400


@dataclass(frozen=True)
class DataSet:
    name: str
    feed: pd.DataFrame
    warehouse: Path

    @cached_property
    def pieces(self) -> dict[tuple[str, int | None], dict[str, Any]]:
        """What the mart says of each piece and window."""
        rows = support.query(self.warehouse, "select * from marts.mart_content_performance")
        return {(row["content_id"], row["window_days"]): row for row in rows}

    @cached_property
    def concentration(self) -> dict[str, dict[str, Any]]:
        rows = support.query(
            self.warehouse, "select * from marts.mart_concentration where grain = 'all'"
        )
        return {row["measure_id"]: row for row in rows}


def read(name: str) -> pd.DataFrame:
    """The data set as a feed of events."""
    shared = cases.FOLDER.parent
    paths = [path for pattern in FILES[name] for path in sorted(shared.glob(pattern))]
    installed = f"lib/*/site-packages/recbole/dataset_example/{name}/*.inter"
    paths += (ROOT / ".venv-peers").glob(installed)
    if not paths:
        pytest.skip(f"the data set {name} is not beside this checkout")
    if name == "deskdrop":
        return pd.read_csv(paths[0], dtype=str).rename(columns=COLUMNS)
    names = ["user_id", "content_id", "rating", "occurred_at"]
    skipped = 1 if paths[0].suffix == ".inter" else 0
    ratings = pd.read_csv(paths[0], sep="\t", dtype=str, names=names, skiprows=skipped)
    return ratings.assign(event_name="rating")


@pytest.fixture(scope="module")
def data_set(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    feed = read(request.param)
    folder = tmp_path_factory.mktemp("data_set")
    (folder / "raw" / "events").mkdir(parents=True)
    feed.to_csv(folder / "raw" / "events" / "events.csv", index=False)
    plan = "".join(f"{name},{role}\n" for name, role in ROLES.items())
    warehouse = support.build_warehouse(
        folder,
        seeds={"event_names": f"event_name,role\n{plan}"},
        select="+mart_content_performance +mart_concentration",
        run_tests=True,
    )
    return DataSet(request.param, feed, warehouse)


@pytest.mark.parametrize(
    ("data_set", "case"),
    [pytest.param(cases.data_set_of(case), case, id=case["id"]) for case in CASES],
    indirect=["data_set"],
)
def test_the_figures_of_a_case(data_set: DataSet, case: cases.Case) -> None:
    for label, expected in case["expected"].items():
        column, *keys = label.split("/")
        if case["kind"] == "concentration":
            keys = [case["params"]["measure"]]
        if len(keys) == 1:
            given = data_set.concentration[keys[0]][column]
        else:
            piece, window = keys
            given = data_set.pieces[piece, int(window) if window else None][column]
        check(case, label, expected, given)


@pytest.mark.parametrize("data_set", sorted(FILES), indirect=True)
def test_every_piece_by_pandas(data_set: DataSet) -> None:
    events = data_set.feed.drop_duplicates()
    assert len(data_set.feed) - len(events) == {"deskdrop": 11, "ml-100k": 0}[data_set.name]
    events = events.assign(at=events["occurred_at"].astype("int64"))
    pieces = {piece: row for (piece, window), row in data_set.pieces.items() if window is None}
    assert pieces.keys() == set(events["content_id"])
    for piece, of_piece in events.groupby("content_id"):
        is_read = of_piece["event_name"].map(ROLES) == "read_start"
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


def test_a_case_of_a_data_set_that_nothing_reads_is_an_error() -> None:
    with pytest.raises(LookupError, match="no test reads the data set netflix"):
        cases.data_set_of({"id": "c", "rows": {"dataset": "netflix"}})
