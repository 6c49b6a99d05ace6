"""A small product, published with its pages, and a browser that opens them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.project import SHIPPED_SEEDS_DIR, Settings
from orchestration.publish.builds import DATABASE, PublishedBuild
from orchestration.publish.publishing import publish
from orchestration.publish.site import site_writer
from orchestration.transform.build_checks import BuildCheck
from orchestration.transform.dbt_runs import chinese, exposed_nodes, load_manifest
from tests.browser import Chromium, browser, executable
from tests.dashboards import areas as area
from tests.support import build_warehouse, settings_of

FIRST = date(2024, 1, 1)
DAYS = 100
PEOPLE = 40
SEEDS = {path.stem: path.read_text(encoding="utf-8") for path in SHIPPED_SEEDS_DIR.glob("*.csv")}
# With a breakdown, which none of those that are shipped has.
SEEDS["retentions"] += (
    "by_platform,By platform,按平台,app_opened,first_ever,*,week,,,,4,,,event:platform,,,,\n"
)
# Of an event that nobody sends.
SEEDS["activities"] += "push,Opened a push,打开推送,push_opened,\n"
# Without a value.
SEEDS["conversions"] += "first_open,First opened,首次打开,app_opened,none,first,,,,,,,,,\n"
COMING = (
    {"utm_source": "google", "utm_medium": "cpc"},
    {"utm_source": "facebook", "utm_medium": "paid_social"},
    {"referrer": "https://www.google.com/search"},
    {},
)
"""How people come, by their number; again every eleventh day."""
COSTS = {
    ("google", "cpc"): 0.5, ("facebook", "paid_social"): 400.0, ("news", "banner"): 5.0,
    ("billboard", "offline"): 7.0,
}  # fmt: skip
"""What is spent each tenth day: what pays, what does not, where nobody came, and by no rule."""
SEEDS["features"] += "ordering,Ordering,下单,order_placed,,,,,,\n"
SEEDS["event_names"] += (
    "checked_in,Checked in,签到,campaign,check_in,true,false,\n"
    "message_sent,Message sent,发送消息,user,message_sent,false,false,\n"
)
# A list of a campaign of its own, whose people come and go; and a model of too few to fit.
SEEDS["audiences"] += "regulars,Regulars,常客,letters,week,2024-02-05,2024-03-31,,true,1,7,0.3,\n"
SEEDS["filters"] += "audience,regulars,,,user,tier,is,regular\n"
SEEDS["value_models"] += "given,Given,给定,,2024-03-01,,28,r=0.5|alpha=5|a=0.8|b=2.5,p=6|q=4|v=15\n"
TESTED = {"goal_measure_id": "orders", "starts_at": "2024-01-20", "ends_at": "2024-02-10",
          "target_value": 12, "budget_amount": 60}  # fmt: skip
CAMPAIGNS = [
    {"campaign_id": "thanks", "campaign_name": "Thanks", **TESTED},
    {"campaign_id": "lopsided", "campaign_name": "Lopsided", **TESTED,
     "variant_shares": "control:0.9|treatment:0.1", "ends_at": "2024-02-05"},
    {"campaign_id": "streaks", "campaign_type": "check_in", "starts_at": "2024-02-01",
     "ends_at": "2024-03-01"},
    {"campaign_id": "spring", "campaign_name": "Spring", "starts_at": "2024-02-12",
     "ends_at": "2024-02-26T23:59:59Z"},
    {"campaign_id": "unnamed", "starts_at": "2024-03-12"},
    {"campaign_id": "letters", "campaign_type": "message"},
]  # fmt: skip
ASSIGNED = [
    {"campaign_id": campaign, "user_id": f"person-{who:03d}",
     "variant": "treatment" if who % 2 else "control"}
    for campaign in ("thanks", "lopsided") for who in range(PEOPLE)
]  # fmt: skip
TURNED = date(2024, 3, 1)
"""When some are regulars no more, and others want no letters any more."""
SILENT = date(2024, 3, 20)
"""A day on which nothing came."""
CHECKS = (
    BuildCheck("marts.mart_active_users_daily", "unique", "dbt test", "passed", 0, None),
    BuildCheck(
        "raw.events", "volume", "suite", "warned", 3,
        "Fewer <b>events</b> than usual", "<b>事件</b>比通常少",
    ),
)  # fmt: skip


def person(number: int) -> str:
    return f"person-{number:03d}"


def events() -> list[dict[str, Any]]:
    """People who come on some days, order on some of these, and get a campaign now and then."""
    made: list[dict[str, Any]] = []

    def add(name: str, day: date, who: int, hour: int, **more: Any) -> None:
        at = datetime(day.year, day.month, day.day, hour) + timedelta(minutes=who)
        made.append(
            {"event_name": name, "user_id": person(who), "occurred_at": f"{at.isoformat()}Z",
             "platform": ("ios", "web", "android")[who % 3], **more}
        )  # fmt: skip

    for place in range(DAYS):
        day = FIRST + timedelta(days=place)
        if day == SILENT:
            continue
        for who in range(PEOPLE):
            if place < who or (place * 7 + who * 3) % (2 + who % 9):
                continue
            comes = place == who or (place + who) % 11 == 0
            tags = COMING[who % 4] if comes else {}
            add("app_opened", day, who, 8, **tags)
            if (place + who) % 3 == 0:
                add(
                    "order_placed", day, who, 9, order_id=f"o{place}-{who}", amount=10 + who, **tags
                )
            if (place + who) % 30 == 0:
                add("order_refunded", day, who, 11, order_id=f"o{place}-{who}", amount=5)
            if (place + who) % 5 == 0:
                add("campaign_received", day, who, 7, campaign_type="Type A")
            if (place + who) % 15 == 0:
                add("coupon_redeemed", day, who, 10)
            if 31 <= place < 60 and who % 3 == 0:
                for later in (0, 1):
                    at = day + timedelta(days=later)
                    add("checked_in", at, who, 12, campaign_id="streaks")
            if who % 5 == 1 and day.weekday() in (4, 5):
                add("message_sent", day, who, 13)
    for who in range(1, PEOPLE, 2):
        add("campaign_received", FIRST + timedelta(days=20), who, 7, campaign_id="thanks")
        add("coupon_issued", FIRST + timedelta(days=20), who, 7, campaign_id="thanks")
    add("unplanned_event", FIRST + timedelta(days=DAYS), 1, 1)
    made.append({"event_name": "app_opened", "user_id": "x", "occurred_at": "31/05/2024"})
    return made


def costs() -> list[dict[str, Any]]:
    return [
        {"cost_date": f"{FIRST + timedelta(days=place)}", "utm_source": source,
         "utm_medium": medium, "cost_amount": amount, "impressions": 100, "clicks": 3}
        for place in range(0, DAYS, 10)
        for (source, medium), amount in COSTS.items()
    ] + [
        {"cost_date": f"{FIRST + timedelta(days=place)}", "campaign_id": "thanks",
         "cost_amount": 10}
        for place in range(19, 25)
    ]  # fmt: skip


def users() -> list[dict[str, Any]]:
    return [
        {"user_id": person(who), "tier": tier, "updated_at": f"{day}"}
        for who in range(PEOPLE - 5)
        for tier, day in (("regular", FIRST + timedelta(who)), ("guest", TURNED))
        if tier == "regular" or who % 7 == 0
    ]


def consents() -> list[dict[str, Any]]:
    return [
        {"user_id": person(who), "purpose": "marketing", "is_granted": False,
         "recorded_at": f"{TURNED}"}
        for who in range(3, PEOPLE, 10)
    ]  # fmt: skip


@dataclass(frozen=True)
class Published:
    """A build with its pages, and its file to ask."""

    settings: Settings
    build: PublishedBuild

    @property
    def folder(self) -> Path:
        return self.settings.publish_dir

    def board(self, name: str) -> Path:
        return self.folder / "boards" / f"{name}.html"

    @cached_property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """Opened once, which costs more than a query; of a copy, as others open the file itself in
        their own ways."""
        copy = self.settings.warehouse.with_name(f"{self.build.build_id}.duckdb")
        shutil.copyfile(self.folder / DATABASE, copy)
        connection = duckdb.connect(str(copy), read_only=True)
        connection.execute("set TimeZone = 'UTC'")
        return connection

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql).fetchall()


def publish_with_pages(settings: Settings) -> Published:
    manifest = load_manifest()
    build = publish(
        settings,
        [(node["schema"], node["alias"]) for node in exposed_nodes(manifest)],
        "hash",
        chinese=chinese(manifest),
        checks=CHECKS,
        write_site=site_writer(settings, manifest),
    )
    return Published(settings, build)


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Published:
    folder = tmp_path_factory.mktemp("boards")
    build_warehouse(
        folder,
        events=events(),
        feeds={
            "campaigns": CAMPAIGNS,
            "campaign_assignments": ASSIGNED,
            "channel_costs": costs(),
            "users": users(),
            "consents": consents(),
            "feedback": area.feedback(),
            "contents": area.contents(),
        },
        seeds=SEEDS,
    )
    return publish_with_pages(settings_of(folder))


@pytest.fixture(scope="session")
def areas(tmp_path_factory: pytest.TempPathFactory) -> area.Areas:
    return area.Areas(tmp_path_factory.mktemp("areas"))


@pytest.fixture(scope="session")
def published_empty(empty_warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Published:
    folder = tmp_path_factory.mktemp("empty_boards")
    return publish_with_pages(settings_of(folder, {"YUNYING_WAREHOUSE": str(empty_warehouse)}))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    if executable() is None:
        assert not os.environ.get("CI"), "continuous integration has to bring Chromium"
        pytest.skip("Chromium is not installed: apt-get install chromium")
    with browser() as opened:
        yield opened
