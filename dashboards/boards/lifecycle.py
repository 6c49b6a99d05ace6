"""Where do users stand in their lifecycle, and where do they move?"""

from __future__ import annotations

from dashboards.board import Board, Chart, Choice, Column, Period, Table, Text
from dashboards.boards.shared import (
    DAY,
    SHARE,
    STAGE,
    STAGE_COLUMNS,
    STAGES,
    USERS,
    newest,
)
from dashboards.specs import areas, columns, lines

_DAILY = f"""
    from marts.mart_lifecycle_daily as daily
    inner join seeds.dim_lifecycle_stages as stages on daily.stage_id = stages.stage_id
    where {newest("marts.mart_lifecycle_daily", "daily.activity_date")}
"""
_MOVES = Text("Users (above: entered, below: left)", "用户数（上：进入，下：离开）")

BOARD = Board(
    name="lifecycle",
    title=Text("Lifecycle", "生命周期"),
    question=Text("Where do users stand, and where do they move?", "用户处于哪个阶段，往哪里走？"),
    filters=(
        Period(180),
        Choice(
            "stage_id",
            STAGE,
            "select stage_id as value, label_en, label_zh from seeds.dim_lifecycle_stages"
            " order by stage_number",
            everything=Text("All stages", "所有阶段"),
        ),
    ),
    items=(
        Chart(
            "stages",
            Text("Users by stage", "各阶段用户数"),
            Text(
                "The whole height is everybody who was ever active: it only grows. A stage is the "
                "thickness of its band.",
                "总高度是所有曾经活跃的用户，只会增加；每条色带的厚度是一个阶段的人数。",
            ),
            ("marts.mart_lifecycle_daily",),
            f"""
            select daily.activity_date, {STAGE_COLUMNS}, daily.user_count, daily.is_mature
            {_DAILY} order by daily.activity_date, stages.stage_number
            """,
            areas(
                "activity_date",
                "user_count",
                USERS,
                [("activity_date", DAY, None), ("stage", STAGE, None),
                 ("user_count", USERS, ",d")],
                series=STAGES,
            ),
            STAGES,
            day="activity_date",
            is_wide=True,
            height=300,
        ),
        Chart(
            "moves",
            Text("Entered and left, by day", "每天进入与离开"),
            Text(
                "A user counts on the first day in a stage, and on the first day out of it. "
                "Choose a stage to see it alone.",
                "用户在进入阶段的第一天、离开阶段的第一天各计一次。可以只选一个阶段。",
            ),
            ("marts.mart_lifecycle_daily",),
            f"""
            select
                daily.activity_date, {STAGE_COLUMNS}, moves.move_en, moves.move_zh,
                case when moves.direction > 0 then daily.entered_count else daily.left_count end
                    as user_count,
                moves.direction * case
                    when moves.direction > 0 then daily.entered_count else daily.left_count
                end as signed_count,
                daily.is_mature
            from marts.mart_lifecycle_daily as daily
            inner join seeds.dim_lifecycle_stages as stages on daily.stage_id = stages.stage_id
            cross join (values (1, 'entered', '进入'), (-1, 'left', '离开'))
                as moves (direction, move_en, move_zh)
            where {newest("marts.mart_lifecycle_daily", "daily.activity_date")}
                -- Everybody enters on the first day of the data.
                and daily.activity_date > (
                    select min(activity_date) from marts.mart_lifecycle_daily
                )
            order by daily.activity_date, stages.stage_number
            """,
            columns(
                "activity_date",
                "signed_count",
                _MOVES,
                [("activity_date", DAY, None), ("stage", STAGE, None),
                 ("move", Text("Move", "方向"), None), ("user_count", USERS, ",d")],
                series=STAGES,
            ),
            STAGES,
            day="activity_date",
        ),
        Chart(
            "resurrected",
            Text("Brought back", "唤回的用户"),
            Text(
                "Users whom an active day brought back from dormancy or churn, by the stage that "
                "they came back to.",
                "因再次活跃而离开休眠期或流失期的用户，按回到的阶段。",
            ),
            ("marts.mart_lifecycle_daily",),
            f"""
            select daily.activity_date, {STAGE_COLUMNS}, daily.resurrected_count, daily.is_mature
            {_DAILY} and stages.stage_number <= 3
            order by daily.activity_date, stages.stage_number
            """,
            lines(
                "activity_date",
                "resurrected_count",
                USERS,
                [("activity_date", DAY, None), ("stage", Text("Back to", "回到"), None),
                 ("resurrected_count", USERS, ",d")],
                series=STAGES,
            ),
            STAGES,
            day="activity_date",
        ),
        Table(
            "today",
            Text("The last whole day", "最近一个完整的日期"),
            Text(
                "Users of a day = users of the day before + entered - left.",
                "当天人数 = 前一天人数 + 进入 - 离开。",
            ),
            ("marts.mart_lifecycle_daily",),
            f"""
            select
                daily.activity_date as as_of, {STAGE_COLUMNS}, daily.user_count,
                daily.user_count / nullif(sum(daily.user_count) over (), 0) as user_share,
                daily.entered_count, daily.left_count, daily.resurrected_count
            from marts.mart_lifecycle_daily as daily
            inner join seeds.dim_lifecycle_stages as stages on daily.stage_id = stages.stage_id
            where daily.activity_date = (
                select max(activity_date) from marts.mart_lifecycle_daily where is_mature
            )
            order by stages.stage_number
            """,
            columns=(
                Column("as_of", DAY),
                Column("stage", STAGE),
                Column("user_count", USERS, "count"),
                Column("user_share", SHARE, "rate"),
                Column("entered_count", Text("Entered", "进入"), "count"),
                Column("left_count", Text("Left", "离开"), "count"),
                Column("resurrected_count", Text("Brought back", "唤回"), "count"),
            ),
            is_wide=True,
        ),
    ),
)  # fmt: skip
