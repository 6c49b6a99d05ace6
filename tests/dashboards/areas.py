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
WALK = ("home", "list", "cart", "thanks")
"""Pages in the order in which a visit sees them."""
SEEN = (1, 2, 3, 3, 4)
"""How many of them a visit sees, in turn: two of three that get to the cart end there."""
SEEDS = {
    "event_names": "event_name,label_en,label_zh,area,role,is_activity,is_key_action\n"
    "page_seen,Page seen,浏览页面,product,page_view,true,false\n"
    "clicked,Clicked,点击,product,element_click,true,false\n"
}
MARTS = ("mart_event_volume_daily", "mart_page_exits", "mart_page_elements", "mart_feedback")
DEFINITIONS = ("dim_campaigns", "dim_lifecycle_stages")


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
    add("page_seen", 80, 1, 36_000, page="rare")
    return made


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


class Areas:
    """The warehouse of these people, and the pages of boards that are drawn of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = build_warehouse(
            folder,
            events=events(),
            feeds={"feedback": feedback()},
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
