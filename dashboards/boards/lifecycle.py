"""Where do users stand in their lifecycle, and where do they move?"""

from __future__ import annotations

from dashboards.board import Board, Chart, Choice, Column, Grid, Period, Table, Text
from dashboards.boards.shared import (
    DAY,
    SHARE,
    STAGE,
    STAGE_COLUMNS,
    STAGES,
    USERS,
    grain,
    newest,
)
from dashboards.rules import RULES, glossary_link
from dashboards.specs import areas, columns, lines

_DAILY = f"""
    from marts.mart_lifecycle_daily as daily
    inner join seeds.dim_lifecycle_stages as stages on daily.stage_id = stages.stage_id
    where {newest("marts.mart_lifecycle_daily", "daily.activity_date")}
"""
_PERIODS_SHOWN = 60
"""Periods of each grain whose moves can be chosen one by one; the mart holds all."""
_MIGRATIONS = f"""
    with moves as (
        select * from marts.mart_lifecycle_migrations
        qualify dense_rank() over (
            partition by grain order by period_start_date desc
        ) <= {_PERIODS_SHOWN}
    )
"""
# Every period, also one in which nobody moved.
_PERIODS = f"""
    select grain, period_start_date, is_mature
    from marts.mart_growth_accounting
    where activity_id = 'any'
        and {newest("marts.mart_growth_accounting", "period_start_date")}
"""
_PERIOD = Text("Period from", "起始日期")
_TIMES = Text("Times", "次数")

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
        grain("month", "week", "day"),
        Choice(
            "period_start",
            Text("Who moves in", "流动时期"),
            f"""
            {_MIGRATIONS}
            select
                cast(period_start_date as varchar) as value,
                case grain when 'month' then left(cast(period_start_date as varchar), 7)
                    when 'week' then 'from ' || period_start_date
                    else cast(period_start_date as varchar) end
                || case when is_mature then '' else ' (not closed)' end as label_en,
                case grain when 'month' then left(cast(period_start_date as varchar), 7)
                    when 'week' then period_start_date || ' 起'
                    else cast(period_start_date as varchar) end
                || case when is_mature then '' else '（未完结）' end as label_zh,
                grain
            from moves
            group by grain, period_start_date, is_mature
            order by grain, not is_mature, period_start_date desc
            """,
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
        Table(
            "today",
            Text("The last whole day", "最近一个完整的日期"),
            Text(
                "Every user is in one stage; who is silent for long is in dormancy or churn, "
                "whatever came before. Users of a day = users of the day before + entered - left.",
                "每个用户处于一个阶段；长时间没有活跃的人在休眠期或流失期，不论之前如何。"
                "当天人数 = 前一天人数 + 进入 - 离开。",
            ),
            ("marts.mart_lifecycle_daily",),
            f"""
            select
                daily.activity_date as as_of, {STAGE_COLUMNS}, daily.user_count,
                daily.user_count / nullif(sum(daily.user_count) over (), 0) as user_share,
                daily.entered_count, daily.left_count, daily.resurrected_count,
                rules.rule_en, rules.rule_zh,
                {glossary_link("seeds.dim_lifecycle_stages", "daily.stage_id")} as glossary
            from marts.mart_lifecycle_daily as daily
            inner join seeds.dim_lifecycle_stages as stages on daily.stage_id = stages.stage_id
            inner join ({RULES["seeds.dim_lifecycle_stages"]}) as rules
                on daily.stage_id = rules.stage_id
            where daily.activity_date = (
                select max(activity_date) from marts.mart_lifecycle_daily where is_mature
            )
            order by stages.stage_number
            """,
            columns=(
                Column("as_of", DAY),
                Column("stage", STAGE, link="glossary"),
                Column("user_count", USERS, "count"),
                Column("user_share", SHARE, "rate"),
                Column("entered_count", Text("Entered", "进入"), "count"),
                Column("left_count", Text("Left", "离开"), "count"),
                Column("resurrected_count", Text("Brought back", "唤回"), "count"),
                Column("rule", Text("Who is in it", "谁在其中")),
            ),
            is_wide=True,
        ),
        Grid(
            "migrations",
            Text("Who moves where", "谁往哪里走"),
            Text(
                "A line is the stage that users left in the period that is chosen above, a column "
                "the one that they entered. Dark: many users, each once.",
                "行是用户在上面所选的时期里离开的阶段，列是进入的阶段。颜色越深人越多，"
                "每人只算一次。",
            ),
            ("marts.mart_lifecycle_migrations",),
            f"""
            {_MIGRATIONS}
            select
                moves.grain, cast(moves.period_start_date as varchar) as period_start,
                coalesce(before.label_en, '(first active)') as from_en,
                coalesce(before.label_zh, '（首次活跃）') as from_zh,
                now.label_en as to_en, now.label_zh as to_zh,
                coalesce(before.stage_number, 0) as from_place, now.stage_number as to_place,
                moves.user_count, moves.move_count, moves.is_mature
            from moves
            left join seeds.dim_lifecycle_stages as before
                on moves.from_stage_id = before.stage_id
            inner join seeds.dim_lifecycle_stages as now on moves.to_stage_id = now.stage_id
            order by moves.grain, moves.period_start_date, from_place, to_place
            """,
            row=Column("from", Text("From ↓ to →", "从 ↓ 到 →")),
            column=Column("to", Text("To", "到")),
            value=Column("user_count", USERS, "count"),
            row_order="from_place",
            column_order="to_place",
            hint=(Column("move_count", Text("Moves", "次数"), "count"),),
            is_wide=True,
        ),
        Chart(
            "moves",
            Text("Entered and left", "进入与离开"),
            Text(
                "Above zero: how often a stage was entered in the period; below: how often it was "
                "left. Without first entries in the first period: they are everybody. Choose a "
                "stage to see it alone.",
                "零线以上：本期进入各阶段的次数；零线以下：离开的次数。第一期的首次进入是全部用户，"
                "不计入。可以只选一个阶段。",
            ),
            ("marts.mart_lifecycle_migrations", "marts.mart_growth_accounting"),
            f"""
            with moves as (
                select *
                from marts.mart_lifecycle_migrations
                qualify
                    from_stage_id is not null
                    or period_start_date > min(period_start_date) over (partition by grain)
            )

            select
                periods.grain, periods.period_start_date, {STAGE_COLUMNS},
                directions.move_en, directions.move_zh,
                coalesce(sum(moves.move_count), 0) as move_count,
                coalesce(sum(moves.move_count * directions.direction), 0) as signed_count,
                periods.is_mature
            from ({_PERIODS}) as periods
            cross join seeds.dim_lifecycle_stages as stages
            cross join (values (1, 'entered', '进入'), (-1, 'left', '离开'))
                as directions (direction, move_en, move_zh)
            left join moves
                on periods.grain = moves.grain
                and periods.period_start_date = moves.period_start_date
                and stages.stage_id = case directions.direction
                    when 1 then moves.to_stage_id else moves.from_stage_id end
            group by all
            order by
                periods.grain, periods.period_start_date, stages.stage_number,
                directions.move_en
            """,
            columns(
                "period_start_date",
                "signed_count",
                _TIMES,
                [("period_start_date", _PERIOD, None), ("stage", STAGE, None),
                 ("move", Text("Move", "方向"), None), ("move_count", _TIMES, ",d")],
                series=STAGES,
                detail="move",
            ),
            STAGES,
            day="period_start_date",
        ),
        Chart(
            "resurrected",
            Text("Brought back", "唤回的用户"),
            Text(
                "How often an active day brought a user back from dormancy or churn in the period, "
                "by the stage that they came back to.",
                "本期内用户因再次活跃而离开休眠期或流失期的次数，按回到的阶段。",
            ),
            ("marts.mart_lifecycle_migrations", "marts.mart_growth_accounting"),
            f"""
            select
                periods.grain, periods.period_start_date, {STAGE_COLUMNS},
                coalesce(sum(moves.move_count), 0) as move_count, periods.is_mature
            from ({_PERIODS}) as periods
            cross join seeds.dim_lifecycle_stages as stages
            left join marts.mart_lifecycle_migrations as moves
                on periods.grain = moves.grain
                and periods.period_start_date = moves.period_start_date
                and stages.stage_id = moves.to_stage_id
                and moves.is_resurrected
            where stages.stage_number <= 3
            group by all
            order by periods.grain, periods.period_start_date, stages.stage_number
            """,
            lines(
                "period_start_date",
                "move_count",
                _TIMES,
                [("period_start_date", _PERIOD, None), ("stage", Text("Back to", "回到"), None),
                 ("move_count", _TIMES, ",d")],
                series=STAGES,
            ),
            STAGES,
            day="period_start_date",
        ),
    ),
)  # fmt: skip
