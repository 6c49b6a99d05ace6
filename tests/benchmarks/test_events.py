"""The generated shop is the same each time, and has what a shop has."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from benchmarks.events import FIRST_DAY, Generated, generate

EVENTS, DAYS = 100_000, 20


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Generated]:
    folder = tmp_path_factory.mktemp("shop")
    return folder, generate(folder / "raw", EVENTS, DAYS, folder / "held_back")


def one(files: str, sql: str) -> tuple:
    row = duckdb.sql(sql.format(files=f"read_parquet('{files}')")).fetchone()
    assert row is not None
    return row


def test_the_same_events_come_each_time(shop: tuple[Path, Generated], tmp_path: Path) -> None:
    folder, made = shop
    again = generate(tmp_path / "raw", EVENTS, DAYS, tmp_path / "held_back")
    assert again.events == made.events == EVENTS
    content = "select sum(hash(files)) from {files} as files"
    for glob in ("raw/events/*.parquet", "held_back/*.parquet"):
        assert one(f"{folder}/{glob}", content) == one(f"{tmp_path}/{glob}", content)


def test_every_event_is_there_once_in_the_file_of_its_day(shop: tuple[Path, Generated]) -> None:
    folder, made = shop
    counts = one(
        f"{folder}/**/*.parquet",
        "select count(*), count(distinct event_id), count(distinct cast(occurred_at as date)),"
        " min(cast(occurred_at as date)) from {files}",
    )
    assert counts == (EVENTS, EVENTS, DAYS, FIRST_DAY)
    assert sorted(made.held_back) == sorted((folder / "held_back").iterdir())
    assert len(list((folder / "raw/events").iterdir())) == DAYS - len(made.held_back) == DAYS - 2


def test_activity_comes_in_bursts_and_peaks_in_the_evening(shop: tuple[Path, Generated]) -> None:
    folder, _ = shop
    bursts, evening = one(
        f"{folder}/**/*.parquet",
        """
        with gaps as (
            select occurred_at, occurred_at - lag(occurred_at) over (
                partition by anonymous_id order by occurred_at
            ) as gap from {files}
        )
        select
            avg(cast(gap < interval 5 minute as integer)),
            avg(cast(hour(occurred_at) between 18 and 22 as integer))
        from gaps
        """,
    )
    assert bursts > 0.75
    assert 0.35 < evening < 0.65


def test_few_do_much(shop: tuple[Path, Generated]) -> None:
    folder, _ = shop
    most, mean = one(
        f"{folder}/**/*.parquet",
        "select max(events), avg(events) from"
        " (select count(*) as events from {files} group by anonymous_id)",
    )
    assert most > 5 * mean
