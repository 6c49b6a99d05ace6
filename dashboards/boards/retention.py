"""Who comes back?"""

from __future__ import annotations

from dashboards.board import (
    Board,
    Chart,
    Choice,
    Column,
    Grid,
    Period,
    Series,
    Text,
    Tile,
    Tiles,
)
from dashboards.boards.shared import PART_EN, PART_ZH, breakdown
from dashboards.specs import lines

COHORTS_SHOWN = 60
COHORTS_OF_PARTS_SHOWN = 15
_CURVES_SHOWN = 6
_RATE = Text("Came back", "留存率")
_PERIODS = Text("Periods after the start", "之后的期数")
_COHORT = Text("Cohort", "同期群")
_SIZE = Text("Users", "人数")
_TOOLTIP = [
    ("period", Text("Period", "期"), None),
    ("retention_rate", _RATE, ".1%"),
    ("mature_returned_count", Text("Users who did", "回来的人数"), ",d"),
    ("eligible_count", Text("Users whose period is over", "该期已结束的人数"), ",d"),
]
# Week 3 is W3 in English and 第3周 in Chinese; brackets have numbers alone.
_PERIOD = """
    case when definitions.brackets is null
        then upper(left(definitions.granularity, 1)) || cohorts.period_number
        else cast(cohorts.period_number as varchar) end as period_en,
    case when definitions.brackets is null
        then '第' || cohorts.period_number || case definitions.granularity
            when 'hour' then '时' when 'day' then '日' when 'week' then '周' else '月' end
        else cast(cohorts.period_number as varchar) end as period_zh
"""
_COUNTS = """
    cohorts.period_number, cohorts.cohort_size, cohorts.returned_count, cohorts.eligible_count,
    cohorts.mature_returned_count, cohorts.retention_rate
"""
_FROM = """
    from marts.mart_retention_cohorts as cohorts
    inner join seeds.dim_retentions as definitions
        on cohorts.retention_id = definitions.retention_id
"""
_NAME = """
    case when definitions.cohort_granularity = 'hour'
        then strftime(cohorts.cohort_start_at, '%Y-%m-%d %H:%M')
        else cast(cohorts.cohort_start_date as varchar) end
"""
_PARTS = Series("part_value", "part", order="part_place")
_NEWEST = Series("cohort_name", "cohort_name", order="cohort_place")

BOARD = Board(
    name="retention",
    title=Text("Retention", "留存"),
    question=Text("Who comes back, and are newer users better than older ones?",
                  "谁会回来？新一批用户比以前更好吗？"),
    filters=(
        Choice(
            "retention_id",
            Text("Retention curve", "留存曲线"),
            "select retention_id as value, label_en, label_zh from seeds.dim_retentions"
            " order by row_number",
        ),
        breakdown("marts.mart_retention_cohorts", "retention_id", "cohort_size"),
        Period(None, Text("Cohorts", "同期群")),
    ),
    items=(
        Tiles(
            "headline",
            Text("How many come back", "有多少人回来"),
            Text(
                "All cohorts together, of the users whose period is over. The newest cohort is "
                "the last one whose period 1 is over.",
                "所有同期群合计，只看该期已结束的用户。最新的同期群是第 1 期已结束的最后一个。",
            ),
            ("marts.mart_retention_cohorts",),
            f"""
            with cohorts as (
                select
                    cohorts.retention_id, cohorts.breakdown_value, cohorts.cohort_start_at,
                    {_NAME} as cohort_name, {_PERIOD}, {_COUNTS},
                    format('{{:,}} / {{:,}}', cohorts.mature_returned_count, cohorts.eligible_count)
                        as of_users
                {_FROM}
            ),

            together as (
                select
                    retention_id, breakdown_value,
                    max(cohort_size) filter (where period_number = 0) as cohort_size,
                    max(retention_rate) filter (where period_number = 1) as first_rate,
                    max(of_users) filter (where period_number = 1) as first_of,
                    max_by(retention_rate, period_number) as last_rate,
                    max_by(period_en || ': ' || of_users, period_number) as last_of_en,
                    max_by(period_zh || '：' || of_users, period_number) as last_of_zh
                from cohorts
                where cohort_start_at is null and retention_rate is not null
                group by retention_id, breakdown_value
            ),

            newest as (
                select
                    retention_id, breakdown_value, retention_rate as newest_rate,
                    cohort_name || ': ' || of_users as newest_of
                from cohorts
                where cohort_start_at is not null and period_number = 1
                    and retention_rate is not null
                qualify row_number() over (
                    partition by retention_id, breakdown_value order by cohort_start_at desc
                ) = 1
            )

            select
                together.*, newest.newest_rate, newest.newest_of
            from together
            left join newest
                on together.retention_id = newest.retention_id
                and together.breakdown_value is not distinct from newest.breakdown_value
            """,
            tiles=(
                Tile("first_rate", Text("Came back in period 1", "第 1 期回来"), "rate",
                     note="first_of"),
                Tile("newest_rate", Text("The newest cohort, in period 1", "最新的同期群，第 1 期"),
                     "rate", note="newest_of"),
                Tile("last_rate", Text("In the last period", "最后一期"), "rate",
                     note="last_of"),
                Tile("cohort_size", Text("Users of all cohorts", "所有同期群的人数")),
            ),
            look=Text("Below each rate: of how many.", "比例下面是人数。"),
            is_wide=True,
            empty=Text("Nothing is ripe yet.", "还没有成熟的数字。"),
        ),
        Chart(
            "curve",
            Text("All cohorts together", "所有同期群合计"),
            Text(
                "Of the users whose period is over, the share that came back in it. Everybody "
                "is there in period 0.",
                "该期已结束的用户中，在该期回来的比例。第 0 期是全部用户。",
            ),
            ("marts.mart_retention_cohorts",),
            f"""
            select cohorts.retention_id, cohorts.breakdown_value, {_PERIOD}, {_COUNTS}
            {_FROM}
            where cohorts.cohort_start_at is null
            order by cohorts.retention_id, cohorts.breakdown_value, cohorts.period_number
            """,
            lines("period_number", "retention_rate", _RATE, _TOOLTIP, number=".0%",
                  is_date=False, x_label=_PERIODS),
        ),
        Chart(
            "newest_cohorts",
            Text("The newest cohorts", "最近的同期群"),
            Text(
                f"The last {_CURVES_SHOWN} cohorts, each a line: one above the others is a better "
                "one.",
                f"最近 {_CURVES_SHOWN} 个同期群各一条线，越高越好。",
            ),
            ("marts.mart_retention_cohorts",),
            f"""
            select
                cohorts.retention_id, cohorts.breakdown_value, {_NAME} as cohort_name,
                {_PERIOD}, {_COUNTS}, cohorts.is_mature,
                dense_rank() over (
                    partition by cohorts.retention_id, cohorts.breakdown_value
                    order by cohorts.cohort_start_at desc
                ) as cohort_place
            {_FROM}
            where cohorts.cohort_start_at is not null and cohorts.retention_rate is not null
            qualify cohort_place <= {_CURVES_SHOWN}
            order by
                cohorts.retention_id, cohorts.breakdown_value, cohort_place desc,
                cohorts.period_number
            """,
            lines("period_number", "retention_rate", _RATE,
                  [("cohort_name", _COHORT, None), *_TOOLTIP], series=_NEWEST, number=".0%",
                  is_date=False, x_label=_PERIODS),
            _NEWEST,
            look=Text("Dashed: some users still have time.", "虚线：有些用户该期还没有结束。"),
        ),
        Chart(
            "parts",
            Text("By breakdown", "按细分比较"),
            Text(
                "All cohorts together, a line for each of the largest parts.",
                "所有同期群合计，最大的几个部分各一条线。",
            ),
            ("marts.mart_retention_cohorts",),
            f"""
            select
                cohorts.retention_id, breakdown_value as part_value, {PART_EN} as part_en,
                {PART_ZH} as part_zh, {_PERIOD}, {_COUNTS},
                dense_rank() over (
                    partition by cohorts.retention_id
                    order by cohorts.cohort_size desc, breakdown_value
                ) as part_place
            {_FROM}
            where cohorts.cohort_start_at is null and breakdown_value is not null
            qualify part_place <= {_CURVES_SHOWN}
            order by cohorts.retention_id, part_place, cohorts.period_number
            """,
            lines("period_number", "retention_rate", _RATE,
                  [("part", Text("Part", "部分"), None), *_TOOLTIP], series=_PARTS,
                  number=".0%", is_date=False, x_label=_PERIODS),
            _PARTS,
            empty=Text("This curve has no breakdown: seeds/retentions.csv can give it one.",
                       "这条曲线没有细分：可以在 seeds/retentions.csv 里加上。"),
            is_wide=True,
            hides_when_empty=True,
        ),
        Grid(
            "cohorts",
            Text("Cohorts: % who came back", "同期群热力图（留存率 %）"),
            Text(
                f"A line is a cohort, a column a period after its start; darker: more came back. "
                f"The newest {COHORTS_SHOWN} cohorts, {COHORTS_OF_PARTS_SHOWN} of a part; all "
                f"cohorts: every one that is ripe for the period.",
                f"一行是一个同期群，一列是之后的一期；颜色越深，回来的比例越高。"
                f"最近 {COHORTS_SHOWN} 个同期群，细分的最近 {COHORTS_OF_PARTS_SHOWN} 个；"
                f"所有同期群：该期已成熟的全部同期群合计。",
            ),
            ("marts.mart_retention_cohorts",),
            f"""
            select
                cohorts.retention_id, cohorts.breakdown_value,
                cohorts.cohort_start_date as cohort_date,
                coalesce({_NAME}, 'All cohorts') as cohort_en,
                coalesce({_NAME}, '所有同期群') as cohort_zh,
                {_PERIOD}, {_COUNTS},
                -- All cohorts are summed up of those that are ripe.
                case when cohorts.cohort_start_at is null
                    then cohorts.retention_rate is not null else cohorts.is_mature end as is_mature,
                nullif(max(cohorts.cohort_size) over (
                    partition by cohorts.retention_id, cohorts.breakdown_value,
                        cohorts.cohort_start_at
                ), 0) as user_count,
                dense_rank() over (
                    partition by cohorts.retention_id, cohorts.breakdown_value
                    order by cohorts.cohort_start_at desc nulls first
                ) - 1 as cohort_place
            {_FROM}
            qualify cohort_place <= case when cohorts.breakdown_value is null
                then {COHORTS_SHOWN} else {COHORTS_OF_PARTS_SHOWN} end
            order by cohorts.retention_id, cohorts.breakdown_value, cohort_place,
                cohorts.period_number
            """,
            row=Column("cohort", _COHORT),
            column=Column("period", Text("Period", "期")),
            value=Column("retention_rate", _RATE, "rate"),
            row_order="cohort_place",
            column_order="period_number",
            heads=(Column("user_count", _SIZE, "count"),),
            hint=(Column("mature_returned_count", Text("Came back", "回来的人数"), "count"),
                  Column("eligible_count", Text("Period over for", "该期已结束的人数"), "count"),
                  Column("returned_count", Text("So far", "目前回来"), "count")),
            is_first_apart=True,
            look=Text(
                "The newest first. Hatched: not everybody has had the time.",
                "最新的在前。斜纹：还不是所有人都到了时间。",
            ),
            day="cohort_date",
            is_wide=True,
        ),
    ),
)  # fmt: skip
