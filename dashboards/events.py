"""What figures are made of, and whether anybody sends it: for empty places, and for marks.

A definition is made of the events that it names, by the column that a filter chooses it by; a
mart of a role of the events that the tracking plan gives it; everything else of any event.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import duckdb

from dashboards.board import Item, Table, Text

DEFINITIONS = {
    "activity_id": "select activity_id, event_name from seeds.dim_activities",
    "funnel_id": "select funnel_id, step_event_name from marts.mart_funnel_conversion"
    " group by funnel_id, step_number, step_event_name order by funnel_id, step_number",
    "retention_id": "select retention_id, cohort_event, return_event from seeds.dim_retentions",
    "conversion_id": "select conversion_id, event_name from seeds.dim_conversions",
    "path_id": "select path_id, anchor_event, item_event from seeds.dim_paths",
}
"""The id of a definition and the events that it names, in its last columns."""
ROLES = {
    "marts.mart_sales_periods": "order",
    "marts.mart_rfm_scores": "order",
    "marts.mart_rfm_migrations": "order",
    "marts.mart_user_values": "order",
    "marts.mart_value_models": "order",
    "marts.mart_page_exits": "page_view",
    "marts.mart_page_elements": "element_click",
}
"""The marts that are made of the events of a role."""
_ANY = Text("any event", "任何事件")


@dataclass(frozen=True)
class MadeOf:
    """The events that figures are made of by name, and those of them that nobody sends."""

    events: tuple[str, ...]
    unsent: tuple[Text, ...]


class Events:
    """The events of a build: what came, and what the tracking plan calls it."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        came = connection.execute(
            "select distinct event_name from marts.mart_event_volume_daily"
            " where event_name is not null and event_count > 0"
        ).fetchall()
        plan = connection.execute(
            "select event_name, label_en, label_zh, role from seeds.dim_event_names"
        ).fetchall()
        self._connection = connection
        self._came = {name for (name,) in came}
        self._labels = {name: (en or name, zh or en or name) for name, en, zh, _ in plan}
        self._of_role: dict[str, list[str]] = {}
        for name, _, _, role in plan:
            self._of_role.setdefault(role, []).append(name)

    def definitions(self, columns: Iterable[str]) -> Mapping[str, Mapping[str, MadeOf]]:
        """What the definitions are made of that these filters choose, by column and id."""
        found: dict[str, dict[str, MadeOf]] = {}
        for column in columns:
            if column not in DEFINITIONS:
                continue
            sides: dict[str, list[list[str]]] = {}
            for name, *texts in self._connection.execute(DEFINITIONS[column]).fetchall():
                sides.setdefault(name, []).extend(alternatives(text) for text in texts)
            found[column] = {name: self._made_of(some) for name, some in sides.items()}
        return found

    def of(self, item: Item) -> MadeOf:
        """What an item is made of, whatever its filters choose."""
        if isinstance(item, Table) and item.empty != Item.empty:
            return MadeOf((), ())  # it says itself why it has no rows
        marts = {mart for mart in item.marts if mart.startswith("marts.")}
        roles = {ROLES.get(mart) for mart in marts}
        role = roles.pop() if len(roles) == 1 else None
        if role is None:
            return self._made_of([[]])
        named = self._of_role.get(role)
        return self._made_of([named]) if named else MadeOf((), (_no_role(role),))

    def _made_of(self, sides: Iterable[list[str]]) -> MadeOf:
        """A side is a list of alternatives, of which one is enough; empty: any event."""
        names, unsent = [], []
        for side in sides:
            names += side
            if not (self._came.intersection(side) if side else self._came):
                unsent.append(self._words(side))
        return MadeOf(tuple(dict.fromkeys(names)), tuple(dict.fromkeys(unsent)))

    def _words(self, side: list[str]) -> Text:
        if not side:
            return _ANY
        named = [self._labels.get(name, (name, name)) for name in side]
        english = [f"{en} ({name})" for name, (en, _) in zip(side, named, strict=True)]
        chinese = [f"{zh}（{name}）" for name, (_, zh) in zip(side, named, strict=True)]
        return Text(" or ".join(english), "或".join(chinese))


def _no_role(role: str) -> Text:
    return Text(
        f"an event with the role {role} (seeds/event_names.csv)",
        f"角色为 {role} 的事件（seeds/event_names.csv）",
    )


def alternatives(text: str | None) -> list[str]:
    """The events of a cell of a definition; none: any event."""
    if not text or text == "*":
        return []
    return [part.replace("\\|", "|") for part in re.split(r"(?<!\\)\|", text)]
