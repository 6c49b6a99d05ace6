"""`make plan`: rows of the tracking plan from the events that came, with guessed roles."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import duckdb
import pytest

from demo.business import plan as plan_of_business
from demo.business.writing import write
from orchestration.commands import plan
from orchestration.ingest import planning
from orchestration.ingest.definitions.problems import ERROR, WARNING
from orchestration.ingest.seeds import read_seeds
from orchestration.project import ROOT, Settings
from tests import support

BUSINESS = ROOT / "demo" / "business" / "seeds" / "event_names.csv"
# Its name does not say what it is read as.
MISSED = {"merchant_visited"}


def read(path: Path) -> dict[str, dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {row["event_name"]: row for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Events of the made-up business, and nobody has said what they are."""
    folder = tmp_path_factory.mktemp("plan")
    settings = support.settings_of(folder, {"YUNYING_CURRENCY": plan_of_business.CURRENCY})
    write(settings.raw_dir, 10_000, 7, True)
    support.ingest_raw(settings)
    support.transform(settings, select="+fct_events dim_event_names")
    return settings


@pytest.fixture
def given(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Settings:
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    return settings


def test_roles_are_guessed_as_people_gave_them(
    given: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    path = given.seeds_dir / "event_names.csv"
    assert plan.main() == 0
    found, right = read(path), read(BUSINESS)
    assert found.keys() <= right.keys()
    wrong = {
        name: (row["role"], right[name]["role"])
        for name, row in found.items()
        if row["role"] != right[name]["role"]
    }
    assert wrong.keys() == MISSED, wrong
    active = {name for name in found if found[name]["is_activity"] != right[name]["is_activity"]}
    assert len(active) <= len(found) / 10, active
    assert found["page_viewed"]["note"].startswith(f"{given_count(given, 'page_viewed')} events, ")
    assert "page" in found["page_viewed"]["note"]
    said = capsys.readouterr().out
    assert "order_paid: order, product; " in said
    seeds = read_seeds(given)
    assert not [*seeds.of(ERROR), *seeds.of(WARNING)]
    # What stands is left as it is.
    before = path.read_bytes()
    assert plan.main() == 0
    assert path.read_bytes() == before


def given_count(settings: Settings, name: str) -> int:
    [row] = support.query(
        settings.warehouse,
        f"select count(*) as n from facts.fct_events where event_name = '{name}'",
    )
    return int(row["n"])


def test_rows_that_people_wrote_stay_and_others_come_behind_them(given: Settings) -> None:
    path = given.seeds_dir / "event_names.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_text(
        '\ufeffevent_name,label_zh,role\r\nmerchant_visited,"逛，""店""",demand\r\n'
        "order_fulfilled,发货,order\r\n",
        encoding="utf-8",
        newline="",
    )
    assert plan.main() == 0
    assert path.read_bytes().startswith(b"\xef\xbb\xbfevent_name,label_zh,role,")
    found = read(path)
    assert list(found)[:2] == ["merchant_visited", "order_fulfilled"]
    assert found["merchant_visited"]["label_zh"] == '逛，"店"'
    # Somebody has said which event is the order.
    assert found["order_paid"]["role"] == ""
    assert found["order_refunded"]["role"] == "refund"


def test_columns_are_known_as_definitions_are_read(given: Settings) -> None:
    path = given.seeds_dir / "event_names.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_text("Event_Name, ROLE\nmerchant_visited,demand\n", encoding="utf-8")
    assert plan.main() == 0
    assert path.read_text(encoding="utf-8").startswith("Event_Name, ROLE,label_en,label_zh,area,")
    roles = {
        row.values["event_name"]: row.values["role"]
        for row in read_seeds(given).tables["event_names"].rows
    }
    assert roles["merchant_visited"] == "demand"
    assert roles["order_paid"] == "order"


def test_without_events_or_a_place_to_write_it_ends_in_a_sentence(
    given: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("YUNYING_SEEDS_DIR", str(tmp_path / "file" / "seeds"))
    assert plan.main() == 1
    assert "The plan cannot be written: " in capsys.readouterr().err
    monkeypatch.setenv("YUNYING_WAREHOUSE", str(tmp_path / "empty.duckdb"))
    duckdb.connect(str(tmp_path / "empty.duckdb")).close()
    assert plan.main() == 1
    assert capsys.readouterr().err == "The warehouse holds no events yet: make build\n"


def test_a_file_whose_rows_could_be_lost_is_left_alone(
    given: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    path = given.seeds_dir / "event_names.csv"
    path.parent.mkdir(exist_ok=True)
    for content in ("event_name,label_zh\n打开,打开应用\n".encode("gb18030"), b"event_name;role\n"):
        path.write_bytes(content)
        assert plan.main() == 1
        assert "is not a CSV with commas in UTF-8" in capsys.readouterr().err
        assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("name", "filled", "amounts", "role"),
    [
        ("Order Completed", ("order_id",), 3, "order"),
        ("Order Completed", ("order_id",), 0, ""),
        ("支付成功", (), 3, "order"),
        ("articleFinished", ("content_id",), 0, "read_finish"),
        ("articleFinished", (), 0, ""),
        ("$pageview", (), 0, "page_view"),
        ("unliked", ("content_id",), 0, ""),
        ("dislike", ("content_id",), 0, ""),
        ("likely_to_churn_shown", (), 0, ""),
        ("取消订单", ("order_id",), 0, "cancel"),
        ("优惠券核销", (), 0, "coupon_redeemed"),
        ("签到", (), 0, "check_in"),
    ],
)
def test_a_name_means_what_it_fills(
    name: str, filled: tuple[str, ...], amounts: int, role: str
) -> None:
    day = date(2024, 1, 1)
    event = planning.Seen(name, 9, 3, amounts, day, day, filled)
    [row] = planning.rows([event], {})
    assert row["role"] == role
    assert bool(row["label_zh"]) == (not row["label_en"])


def test_of_two_orders_the_one_with_amounts_is_it() -> None:
    day = date(2024, 1, 1)
    events = [
        planning.Seen("order_created", 20, 9, 5, day, day, ("order_id",)),
        planning.Seen("payment_succeeded", 15, 9, 15, day, day, ("order_id",)),
    ]
    assert [row["role"] for row in planning.rows(events, {})] == ["", "order"]
    # Somebody has said which it is; of an order that never came nobody has.
    assert planning.rows(events, {"order_created": "order"})[0]["role"] == ""
    assert planning.rows(events, {"order_placed": "order"})[1]["role"] == "order"
