"""How is the product doing today, and is it growing?"""

from __future__ import annotations

from dashboards.board import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    RED,
    Board,
    Chart,
    Choice,
    Period,
    Series,
    Text,
    Tile,
    Tiles,
)
from dashboards.boards.kpis import answer, tree
from dashboards.boards.shared import (
    DAY,
    DAYS_SHOWN,
    SHARE,
    STAGE_COLUMNS,
    USERS,
    grain,
    last_ripe,
    newest,
)
from dashboards.specs import columns, lines, rows

_ACTIVE = Series(
    "measure",
    "measure_name",
    labels={
        "mau": Text("28 days (MAU)", "28 天（MAU）"),
        "wau": Text("7 days (WAU)", "7 天（WAU）"),
        "dau": Text("Day (DAU)", "当天（DAU）"),
    },
    colours=(GREY, ORANGE, BLUE),
)
_GROWTH = Series(
    "measure",
    "measure_name",
    labels={
        "retained_user_count": Text("Retained", "留存"),
        "resurrected_user_count": Text("Resurrected", "回流"),
        "new_user_count": Text("New", "新增"),
        "churned_user_count": Text("Churned", "流失"),
    },
    colours=(GREY, ORANGE, GREEN, RED),
)

BOARD = Board(
    name="overview",
    title=Text("Overview", "总览"),
    question=Text(
        "How many people use the product, and is it growing?", "有多少人在用，是在增长吗？"
    ),
    filters=(
        Period(180),
        grain("week", "day", "month"),
        Choice(
            "activity_id",
            Text("Activity", "活跃类型"),
            "select activity_id as value, label_en, label_zh from seeds.dim_activities"
            " order by activity_id <> 'any', row_number",
        ),
    ),
    items=(
        answer(),
        tree(),
        Tiles(
            "kpis",
            Text("The last whole day", "最近一个完整的日期"),
            Text("Of the last day that is over.", "最近一个已经结束的日期的数字。"),
            ("marts.mart_active_users_daily", "marts.mart_growth_accounting"),
            f"""
            select
                days.activity_date, days.dau, days.wau, days.mau, days.stickiness_rate,
                growth.new_user_count, growth.resurrected_user_count, growth.churned_user_count,
                days.is_mature
            from marts.mart_active_users_daily as days
            left join marts.mart_growth_accounting as growth
                on growth.grain = 'day' and growth.activity_id = 'any'
                and growth.period_start_date = days.activity_date
            where {newest("marts.mart_active_users_daily", "days.activity_date")}
            order by days.activity_date
            """,
            tiles=(
                Tile("dau", Text("Active on the day", "日活跃用户 DAU")),
                Tile("wau", Text("Active in 7 days", "7 日活跃用户 WAU")),
                Tile("mau", Text("Active in 28 days", "28 日活跃用户 MAU")),
                Tile("stickiness_rate", Text("Stickiness: day / 28 days", "粘性 DAU/MAU"), "rate"),
                Tile("new_user_count", Text("New users", "新增用户")),
                Tile("resurrected_user_count", Text("Resurrected users", "回流用户")),
                Tile(
                    "churned_user_count",
                    Text("Active the day before, not now", "前一天活跃、当天未来"),
                ),
            ),
            look=Text(
                "Below each figure: how far it is from the same day a week before.",
                "每个数字下面：与一周前同一天的差别。",
            ),
            day="activity_date",
            is_wide=True,
        ),
        Chart(
            "active_users",
            Text("Active users", "活跃用户"),
            Text(
                "Each line counts people once: active on the day, in the 7 and in the 28 days that "
                "end on it.",
                "每条线中一个人只算一次：当天、截至当天的 7 天和 28 天内活跃。",
            ),
            ("marts.mart_active_users_daily",),
            f"""
            select activity_date, measure, user_count, is_mature
            from (
                unpivot marts.mart_active_users_daily on mau, wau, dau
                into name measure value user_count
            )
            where {newest("marts.mart_active_users_daily", "activity_date")}
            order by activity_date
            """,
            lines(
                "activity_date",
                "user_count",
                USERS,
                [("activity_date", DAY, None), ("measure_name", Text("Active in", "范围"), None),
                 ("user_count", USERS, ",d")],
                series=_ACTIVE,
            ),
            _ACTIVE,
            day="activity_date",
        ),
        Chart(
            "growth",
            Text("Where active users come from", "活跃用户从哪里来"),
            Text(
                "Above zero: everybody who was active in the period. Below: who was in the period "
                "before, and is not now.",
                "零线以上：本期活跃的所有人；零线以下：上期活跃、本期不再活跃的人。",
            ),
            ("marts.mart_growth_accounting",),
            f"""
            select
                period_start_date, grain, activity_id, measure, user_count,
                case when measure = 'churned_user_count' then -user_count else user_count end
                    as signed_count,
                is_mature
            from (
                unpivot marts.mart_growth_accounting
                on retained_user_count, resurrected_user_count, new_user_count, churned_user_count
                into name measure value user_count
            )
            where {newest("marts.mart_growth_accounting", "period_start_date")}
            order by activity_id, grain, period_start_date, measure
            """,
            columns(
                "period_start_date",
                "signed_count",
                USERS,
                [("period_start_date", Text("Period from", "起始日期"), None),
                 ("measure_name", Text("Users who are", "用户"), None),
                 ("user_count", USERS, ",d")],
                series=_GROWTH,
            ),
            _GROWTH,
            day="period_start_date",
        ),
        Chart(
            "stages",
            Text("Lifecycle stages now", "当前生命周期阶段"),
            Text(
                "Every user so far is in exactly one stage on the last whole day.",
                "在最近一个完整的日期，每个用户恰好处于一个阶段。",
            ),
            ("marts.mart_lifecycle_daily",),
            f"""
            select
                daily.activity_date as as_of, {STAGE_COLUMNS}, daily.user_count,
                daily.user_count / nullif(sum(daily.user_count) over (), 0) as user_share,
                daily.is_mature
            from marts.mart_lifecycle_daily as daily
            inner join seeds.dim_lifecycle_stages as stages on daily.stage_id = stages.stage_id
            where {last_ripe("marts.mart_lifecycle_daily", "daily.activity_date")}
            order by stages.stage_number
            """,
            rows(
                "stage",
                "user_count",
                USERS,
                [("as_of", DAY, None), ("stage", Text("Stage", "阶段"), None),
                 ("user_count", USERS, ",d"), ("user_share", SHARE, ".1%")],
                order="stage_number",
                text="format(datum.user_count, ',d') + ' · ' + format(datum.user_share, '.1%')",
            ),
            height=190,
        ),
        Chart(
            "quick_ratio",
            Text("Quick ratio", "增长快比"),
            Text(
                "(New + resurrected) / churned. Above 1 more people come than go.",
                "（新增 + 回流）/ 流失。大于 1 表示来的人比走的人多。",
            ),
            ("marts.mart_growth_accounting",),
            f"""
            select
                period_start_date, grain, activity_id, new_user_count, resurrected_user_count,
                churned_user_count, quick_ratio, is_mature
            from marts.mart_growth_accounting
            where {newest("marts.mart_growth_accounting", "period_start_date", DAYS_SHOWN)}
            order by activity_id, grain, period_start_date
            """,
            lines(
                "period_start_date",
                "quick_ratio",
                Text("Quick ratio", "快比"),
                [("period_start_date", Text("Period from", "起始日期"), None),
                 ("quick_ratio", Text("Quick ratio", "快比"), ".2f"),
                 ("new_user_count", Text("New", "新增"), ",d"),
                 ("resurrected_user_count", Text("Resurrected", "回流"), ",d"),
                 ("churned_user_count", Text("Churned", "流失"), ",d")],
                number=".1f",
            ),
            day="period_start_date",
            height=190,
        ),
    ),
)  # fmt: skip
