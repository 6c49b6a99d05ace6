"""People who walk over pages and say what they think, for the boards of areas; built by itself,
so that days of the other boards keep their volume."""

from __future__ import annotations

import shutil
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import vl_convert

from dashboards.boards import BOARDS
from dashboards.render import STATIC, VEGA, Build, board_page
from tests.support import build_warehouse

FIRST = date(2024, 1, 1)
DAYS = 100
PEOPLE = 40
SHOPS = 60
WALK = ("home", "list", "cart", "thanks")
"""Pages in the order in which a visit sees them."""
SEEN = (1, 2, 3, 3, 4)
"""How many of them a visit sees, in turn: two of three that get to the cart end there."""
SEEDS = {
    "event_names": "event_name,label_en,label_zh,area,role,is_activity,is_key_action\n"
    "page_seen,Page seen,浏览页面,product,page_view,true,false\n"
    "clicked,Clicked,点击,product,element_click,true,false\n"
    "tried,Tried,试用,product,feature_use,true,false\n"
    "shown,Shown,曝光,content,exposure,true,false\n"
    "opened,Opened,点击内容,content,click,true,false\n"
    "began,Began to read,开始阅读,content,read_start,true,false\n"
    "finished,Finished,读完,content,read_finish,true,false\n"
    "invited,Invited,邀请,user,invite,true,false\n"
    "joined,Joined,接受邀请,user,invite_accept,true,false\n"
    "shelved,Shelved,上架,platform,listing,false,false\n"
    "sought,Sought,找,platform,demand,false,false\n"
    "sold,Sold,成交,platform,order,false,false\n",
    "survivals": "survival_id,label_en,label_zh,subject,start_event,end_event,max_days\n"
    "to_map,Until something is tried,首次试用之前,user,page_seen,tried,60\n",
    # The map is used by three in four whenever they come; who scans does it at first alone.
    "features": "feature_id,label_en,label_zh,released_at,window_days\n"
    "scan,Scan,扫码,2024-01-01,14\n"
    "map,Map,地图,2024-01-20,14\n",
}
MARTS = (
    "mart_event_volume_daily",
    "mart_page_exits",
    "mart_page_elements",
    "mart_feedback",
    "mart_feature_adoption",
    "mart_feature_usage",
    "mart_feature_launches",
    "mart_content_performance",
    "mart_content_age_curves",
    "mart_content_positions",
    "mart_content_supply",
    "mart_creators",
    "mart_survival_curves",
    "mart_referrals",
    "mart_winback",
    "mart_concentration",
    "mart_merchant_funnel",
    "mart_merchant_periods",
    "mart_rule_violations",
    "mart_supply_demand",
)
DEFINITIONS = ("dim_campaigns", "dim_features", "dim_lifecycle_stages")


def events() -> list[dict[str, Any]]:
    """Everybody comes each second to fifth day, from a day on."""
    made: list[dict[str, Any]] = []

    def add(name: str, place: int, who: int | str, second: int, **more: Any) -> None:
        at = datetime(FIRST.year, FIRST.month, FIRST.day, 8) + timedelta(place, second)
        made.append(
            {"event_name": name, "user_id": f"person-{who}", "occurred_at": f"{at}Z", **more}
        )  # fmt: skip

    for place in range(DAYS):
        for who in range(min(place + 1, PEOPLE)):
            if (place + who) % (2 + who % 4):
                continue
            for second, page in enumerate(WALK[: SEEN[(place + who) % len(SEEN)]]):
                add("page_seen", place, who, second, page=page)
                if page != "thanks" and who % 2:
                    add("clicked", place, who, second, page=page, properties={"element": "next"})
            # The two newest pieces are shown; two in three read them, and guides to the end.
            for position, number in enumerate((place // 3, max(place // 3 - 1, 0)), start=1):
                piece = {"content_id": f"c{number}"}
                if number % 7 == 0:
                    continue
                add("shown", place, who, 30, properties={"position": position}, **piece)
                if who % 3:
                    add("opened", place, who, 31, **piece)
                    add("began", place, who, 32, **piece)
                    if number % 2 or who % 5 == 0:
                        add("finished", place, who, 50, **piece)
            if place >= 20 and who % 4:
                add("tried", place, who, 20, feature_id="map")
            if who % 2 and place < who + 3:
                add("tried", place, who, 21, feature_id="scan")
    add("page_seen", 80, 1, 36_000, page="rare")
    # Four of five invites bring a friend, who falls silent; half of these have tried the map, and
    # are back a week after they are dormant.
    for who in range(PEOPLE):
        place = 20 + 2 * who
        for number in range(5):
            invite = {"properties": {"invite_id": f"i{who}-{number}"}}
            add("invited", place, who, 60, **invite)
            if number < 4 and place < DAYS:
                friend = f"{who}-{number}"
                add("joined", place + 1, friend, 0, **invite)
                if number % 2:
                    add("tried", place + 1, friend, 1, feature_id="map")
                    if place + 16 < DAYS:
                        add("page_seen", place + 16, friend, 0, page="home")
    # Nine in ten merchants list, half of all sell, and of these two in three again. Toys are
    # sought as often as food, and bought a tenth as often.
    for number in range(SHOPS):
        shop, place = {"merchant_id": f"shop-{number}"}, number // 3
        if number % 10:
            add("shelved", place, "staff", number, **shop)
        for again in range(40 if number % 2 and number % 3 else number % 2):
            day = place + 2 + again if again < 20 else place + 11 + again
            add("sold", day, number, 100 + number, amount=round(900 / (number + 1), 2), **shop)
    for number in range(600):
        kind = {"properties": {"category": "food" if number % 2 else "toys"}}
        add("sought", number % DAYS, number % PEOPLE, 200 + number, **kind)
    return made


def merchants() -> list[dict[str, Any]]:
    return [
        {"merchant_id": f"shop-{number}", "merchant_name": f"Shop {number}", "level_id": "gold",
         "category": "toys" if number % 20 == 5 else "food",
         "opened_at": f"{FIRST + timedelta(number // 3)}T01:00:00Z"}
        for number in range(SHOPS)
    ]  # fmt: skip


def breaches() -> list[dict[str, Any]]:
    """Half of the merchants are late in March, one in ten sells what is not real; the first half
    of these was settled."""
    return [
        {"violation_id": f"{rule}-{number}", "merchant_id": f"shop-{number}", "rule_id": rule,
         "severity": "minor" if rule == "late" else "major",
         "occurred_at": f"2024-03-{1 + number % 28:02d}T10:00:00Z",
         "resolved_at": f"2024-03-{2 + number % 28:02d}T10:00:00Z" if number < 30 else None}
        for rule, each in (("late", 2), ("fake", 10)) for number in range(0, SHOPS, each)
    ]  # fmt: skip


def feedback() -> list[dict[str, Any]]:
    """Two pieces a day; the second asks from February on how gladly one recommends it."""
    made = []
    for number in range(2 * DAYS):
        at = datetime(FIRST.year, FIRST.month, FIRST.day, 12) + timedelta(number // 2)
        is_asked = number % 2 == 1 and at.month > 1
        made.append({
            "feedback_id": f"f{number}", "user_id": f"person-{number % PEOPLE}",
            "submitted_at": f"{at}Z", "kind": "nps" if is_asked else "suggestion",
            "score": (10, 9, 9, 8, 3)[number // 2 % 5] if is_asked else None,
            "tags": ("price", "speed|price", "")[number % 3],
            "answered_at": f"{at + timedelta(hours=number % 5)}Z" if number % 4 else None,
            "release_id": "r1" if number % 8 == 0 else None,
        })  # fmt: skip
    return made


def contents() -> list[dict[str, Any]]:
    """A piece each third day, guides and news in turn; each fifth is late, each seventh is not
    out. An author stops in February."""
    made = []
    for number in range(DAYS // 3):
        at = datetime(FIRST.year, FIRST.month, FIRST.day) + timedelta(3 * number)
        made.append({
            "content_id": f"c{number}", "title": f"Piece {number}",
            "category": "guides" if number % 2 else "news",
            "origin": "pgc" if number % 3 else "ugc",
            "author_id": f"a{number % 4 if number < 15 else 1 + number % 3}",
            "planned_at": f"{at - timedelta(number % 5 == 0)}Z",
            "published_at": f"{at + timedelta(hours=6)}Z" if number % 7 else None,
        })  # fmt: skip
    return made


class Areas:
    """The warehouse of these people, and the pages of boards that are drawn of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = build_warehouse(
            folder,
            events=events(),
            feeds={
                "feedback": feedback(),
                "contents": contents(),
                "merchants": merchants(),
                "rule_violations": breaches(),
            },
            seeds=SEEDS,
            select=" ".join(f"+{name}" for name in (*MARTS, *DEFINITIONS)),
        )

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.database), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def board(self, name: str, change: str | None = None) -> Path:
        """The page of a board; with `change`, SQL, of a copy of the warehouse that it changed."""
        database = self.database
        if change is not None:
            database = self.folder / "changed.duckdb"
            shutil.copyfile(self.database, database)
            with duckdb.connect(str(database)) as connection:
                connection.execute(change)
        for file in STATIC.iterdir():
            shutil.copyfile(file, self.folder / file.name)
        if not (self.folder / VEGA).exists():
            bundle = vl_convert.javascript_bundle()
            (self.folder / VEGA).write_text(f"(() => {{{bundle}}})();\n", encoding="utf-8")
        [board] = [one for one in BOARDS if one.name == name]
        build = Build("id", "2024-05-01 00:00", None, "USD", "monday")
        with duckdb.connect(str(database), read_only=True) as connection:
            text = board_page(connection, board, build)
        page = self.folder / f"{name}.html"
        page.write_text(text, encoding="utf-8")
        return page
