"""Files of the business: the same bytes each time, whatever the number of blocks, and dirt beside
what happened."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from demo.business import plan
from demo.business.block import block
from demo.business.events import NAMES
from demo.business.people import NEVER, people
from demo.business.writing import NOTE, TRUTH, BusinessError, write
from orchestration.ingest.feeds import FEEDS
from orchestration.project import ROOT
from tests.business.worlds import SEED, World, made

SIZE = 5_000


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> World:
    return made(tmp_path_factory.mktemp("business-small"), SIZE)


def bytes_of(world: World) -> dict[str, bytes]:
    files = {f"raw/{file}" for file in world.truth["files"]} | {TRUTH}
    return {file: (world.folder / file).read_bytes() for file in files}


def test_the_same_seed_gives_the_same_bytes(small: World, tmp_path: Path) -> None:
    assert bytes_of(made(tmp_path, SIZE)) == bytes_of(small)


def test_another_seed_gives_another_business() -> None:
    one, other = (block(seed, 0, 50) for seed in (1, 2))
    assert len(one.events) != len(other.events)


def test_a_block_does_not_depend_on_the_others(tmp_path: Path) -> None:
    """Blocks of 100 visitors: the first one is the same with one more behind it."""
    size = round(100 * plan.EVENTS_PER_VISITOR)
    one = made(tmp_path / "one", size, is_dirty=False, block_visitors=100)
    two = made(tmp_path / "two", 2 * size, is_dirty=False, block_visitors=100)
    first = "select * exclude (person) from acts where event_id like 'e0-%' order by event_id"
    assert one.query(first) == two.query(first)
    assert len(one.query(first)) == one.one("select count(*) from acts")[0]
    assert two.one("select count(*) from acts where event_id like 'e1-%'")[0] > 0
    users = "select * from users where user_id < 'u1000000' or length(user_id) < 8 order by all"
    assert one.query(users) == two.query(users)


def test_the_first_people_are_the_same_in_a_larger_business() -> None:
    small, large = people(SEED, 0, 100), people(SEED, 0, 400)
    count = len(small)
    for name in ("arrived_at", "channel", "signed_up_at", "inviter", "platform"):
        assert (getattr(small, name) == getattr(large, name)[:count]).all()
    assert (small.inviter[small.inviter >= 0] < count).all()
    assert (large.signed_up_at[large.inviter >= 0] < NEVER).all()


def test_what_is_there_stays_and_other_feeds_are_not_touched(small: World, tmp_path: Path) -> None:
    path = small.raw / "events" / "2024-06" / "2024-06-05.parquet"
    before = path.stat().st_mtime_ns
    assert write(small.raw, SIZE, SEED).event_count == sum(small.drawn["events"].values())
    assert path.stat().st_mtime_ns == before
    with pytest.raises(BusinessError, match="holds other feeds"):
        write(small.raw, SIZE, SEED + 1)
    (tmp_path / "events").mkdir()
    with pytest.raises(BusinessError, match="point YUNYING_RAW_DIR"):
        write(tmp_path, SIZE, SEED)
    assert not (tmp_path / NOTE).exists()


def test_what_was_stopped_is_written_again(small: World, tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / NOTE).write_bytes((small.raw / NOTE).read_bytes())
    assert bytes_of(made(tmp_path, SIZE)) == bytes_of(small)


def test_every_feed_of_the_warehouse_is_there_and_known(small: World) -> None:
    folders = {path.name for path in small.raw.iterdir() if path.is_dir()}
    # Nobody asks to be forgotten: what was drawn is to be found.
    assert folders == {feed.name for feed in FEEDS} - {"erasure_requests"}


def test_the_tracking_plan_is_that_of_the_events() -> None:
    with (ROOT / "demo/business/seeds/event_names.csv").open(encoding="utf-8") as file:
        seeds = list(csv.DictReader(file))
    assert [(row["event_name"], row["label_zh"], row["role"]) for row in seeds] == [
        (each.event_name, each.label_zh, each.role) for each in NAMES
    ]
    assert [row["is_activity"] == "true" for row in seeds] == [each.is_activity for each in NAMES]


def test_dirt_changes_nothing_that_happened(small: World, tmp_path: Path) -> None:
    clean = made(tmp_path, SIZE, is_dirty=False)
    assert clean.drawn == small.drawn
    happened = (
        "select * exclude (received_at, anonymous_id, properties) from acts order by event_id"
    )
    assert clean.query(happened) == small.query(happened)
    late = "select count(*) from acts where received_at > occurred_at + interval 1 day"
    assert clean.one(late) == (0,)
    assert small.one(late)[0] > 0
    assert clean.one("select max(received_at) from acts") == small.one(
        "select max(received_at) from acts"
    )
    shared = small.query(
        "select count(distinct user_id) from acts where anonymous_id like 'shared-%'"
        " group by anonymous_id"
    )
    assert shared == [(plan.USERS_PER_SHARED_DEVICE,)] * plan.SHARED_DEVICES


def test_nothing_planted_gives_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No invites, no violations, no refunds, no merchant but one, nobody comes back."""
    for name in ("INVITE_RATE", "VIOLATIONS_PER_WEEK", "RETURN_RATE", "SHARE_RATE"):
        monkeypatch.setattr(plan, name, 0.0)
    monkeypatch.setattr(plan, "VISITORS_PER_MERCHANT", 10**9)
    world = made(tmp_path, SIZE)
    for name in ("invite_sent", "invite_accepted", "content_shared", "share_opened"):
        assert name not in world.drawn["events"]
    assert not (world.raw / "rule_violations").exists()
    assert world.one("select count(distinct merchant_id) <= 2 from merchants") == (True,)
    assert world.drawn["events"]["order_paid"] > 0
