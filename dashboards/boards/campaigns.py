"""Did the last campaign work, and how sure is that?"""

from __future__ import annotations

from typing import Any

from dashboards.board import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    RED,
    SKY,
    Board,
    Chart,
    Choice,
    Column,
    Series,
    Table,
    Text,
    Tile,
    Tiles,
)
from dashboards.boards.shared import DAY, USERS, in_words
from dashboards.specs import INK, dots, lines

CAMPAIGNS_SHOWN = 40
"""Campaigns, the newest first."""
POINTS_SHOWN = 100
"""Days of a campaign that its curves show; of a longer one every second or third."""

_CAMPAIGN = Text("Campaign", "活动")
_ARM = Text("Arm", "分组")
_MEASURE = Text("Measure", "指标")
_ASSIGNED = Text("Assigned", "分配人数")
_EXPOSED = Text("Reached", "触达人数")
_SPENT = Text("Spent ({currency})", "花费（{currency}）")
_VERDICT = Text("Did it work?", "有效果吗？")
_DIFFERENCE = Text("Difference (95% interval)", "差异（95% 区间）")
_P = Text("p", "p 值")
_MORE = Text("More because of it", "因活动多出")
_NO_CAMPAIGN = Text(
    "Nothing here: no campaign came (feed campaigns).", "没有数据：没有收到活动（campaigns 数据）。"
)
_NO_COMPARISON = Text(
    "Nothing to compare: it has no control, or no window of its users has closed.",
    "无从比较：没有对照组，或者还没有用户的窗口结束。",
)
_VERDICTS = {
    "worked": Text("Better than the control", "优于对照组"),
    "hurt": Text("Worse than the control", "差于对照组"),
    "unclear": Text("Cannot be told: it may be nothing", "不能确定：可能没有差别"),
    "small": Text("Too few people to tell", "人数太少，不能确定"),
    "mismatch": Text("Not to be trusted: arms not as planned", "不可信：分组人数与计划不符"),
    "nothing": Text("No variance to compare", "没有可比较的变化"),
    "control": Text("No control: cannot be told", "没有对照组，不能确定"),
}
_BY_VERDICT = Series(
    "verdict_id",
    "verdict",
    labels={
        "worked": Text("Better", "更好"),
        "hurt": Text("Worse", "更差"),
        "unclear": Text("May be nothing", "可能没有差别"),
        "small": Text("Too few people", "人数太少"),
        "mismatch": Text("Arms off plan", "分组不符"),
    },
    colours=(GREEN, RED, GREY, SKY, ORANGE),
)
_RISKS = {
    "on_track": Text("On track", "按计划"),
    "behind": Text("Behind plan", "落后于计划"),
    "over_budget": Text("Over budget", "超预算"),
    "none": Text("No plan", "没有计划"),
}
_BY_RISK = Series("risk_id", "risk", labels=_RISKS, colours=(GREEN, ORANGE, RED, GREY))
_PLANNED = Series(
    "measure",
    "measure_name",
    labels={"actual": Text("So far", "至今"), "planned": Text("Planned", "计划")},
    colours=(BLUE, GREY),
)


_NEWEST = f"""
    newest as (
        select *, coalesce(campaign_name, campaign_id) as campaign,
            row_number() over (order by start_date desc nulls last, campaign_id) as campaign_number
        from facts.dim_campaigns
        qualify campaign_number <= {CAMPAIGNS_SHOWN}
    )
"""


def _signed(column: str) -> str:
    """A difference as text: of shares in points."""
    return (
        f"case when kind = 'proportion' then format('{{:+.1f}}', 100 * {column})"
        f" else case when {column} >= 0 then '+' else '' end || format('{{:,.2f}}', {column}) end"
    )


def _interval(unit: str, to: str) -> str:
    """A difference in words, with the unit of points, and between which it lies."""
    low, high = _signed("difference_low"), _signed("difference_high")
    return (
        f"{_signed('difference')} || case when kind = 'proportion' then '{unit}' else '' end"
        f" || coalesce(' (' || {low} || '{to}' || {high} || ')', '')"
    )


# What a comparison says: an interval that holds 0 says nothing, nor do arms that are too small or
# not as planned.
_COMPARED = f"""
    {_NEWEST},

    compared as (
        select lift.*, newest.campaign, newest.campaign_number, newest.end_date,
            coalesce(lift.measure_id = newest.goal_measure_id, false) as is_goal,
            measures.kind, measures.row_number as measure_number,
            coalesce(measures.label_en, lift.measure_id) as measure_en,
            coalesce(measures.label_zh, measures.label_en, lift.measure_id) as measure_zh,
            count(distinct lift.variant) over (partition by lift.campaign_id) as arm_count,
            case
                when lift.is_mismatch then 'mismatch'
                when lift.difference_low is null then 'nothing'
                when lift.is_small_sample then 'small'
                when lift.difference_low > 0
                    then case when measures.is_goal_up then 'worked' else 'hurt' end
                when lift.difference_high < 0
                    then case when measures.is_goal_up then 'hurt' else 'worked' end
                else 'unclear'
            end as verdict_id
        from marts.mart_campaign_lift as lift
        inner join newest on lift.campaign_id = newest.campaign_id
        inner join seeds.dim_campaign_measures as measures
            on lift.measure_id = measures.measure_id
            and coalesce(measures.campaign_id, lift.campaign_id) = lift.campaign_id
    )
"""
TOLD = f"""
    {_COMPARED},

    told as (
        select *,
            {in_words("verdict_id", _VERDICTS, "en")}
                || case when is_mature then '' else ' (not ripe yet)' end as said_en,
            {in_words("verdict_id", _VERDICTS, "zh")}
                || case when is_mature then '' else '（未成熟）' end as said_zh,
            {_interval(" points", " to ")} as interval_en,
            {_interval(" 个百分点", " 至 ")} as interval_zh,
            case when p_value < 0.001 then '< 0.001' else format('{{:.3f}}', p_value) end as p
        from compared
    )
"""
_RISK_NOW = """
    risk_now as (
        select campaign_id, target_pace_rate, budget_pace_rate, risk_level as risk_id
        from (
            select *, row_number() over (
                partition by campaign_id order by is_mature desc, activity_date desc
            ) as number
            from marts.mart_campaign_daily
        )
        where number = 1
    )
"""


def _differences(kinds: str) -> str:
    """Differences of the chosen campaign with their intervals, the goal first."""
    return f"""
        with {TOLD}

        select
            campaign_id, measure_id, variant, method, difference, difference_low,
            difference_high, user_count, control_user_count, p, verdict_id,
            measure_en || case when is_goal then ' ★' else '' end
                || case when arm_count > 1 then ' · ' || variant else '' end
                || case when method = 'cuped' then ' · CUPED' else '' end as line_en,
            measure_zh || case when is_goal then ' ★' else '' end
                || case when arm_count > 1 then ' · ' || variant else '' end
                || case when method = 'cuped' then ' · CUPED' else '' end as line_zh,
            interval_en, interval_zh,
            row_number() over (
                partition by campaign_id
                order by is_goal desc, measure_number, variant, method desc
            ) as line_number,
            is_mature
        from told
        where kind {kinds} and difference_low is not null
            and (is_goal or value_sum <> 0 or control_value_sum <> 0)
        order by campaign_id, line_number
    """


def _lift(label: Text, number: str) -> dict[str, Any]:
    return dots(
        "line",
        "difference",
        label,
        [("line", _MEASURE, None), ("verdict", _VERDICT, None), ("interval", _DIFFERENCE, None),
         ("p", _P, None), ("user_count", USERS, ",d"),
         ("control_user_count", Text("Users of the control", "对照组用户数"), ",d")],
        order="line_number",
        low="difference_low",
        high="difference_high",
        series=_BY_VERDICT,
        number=number,
        mark_at=0,
        scale={"zero": True},
    )  # fmt: skip


def _pace(item: str, title: Text, reading: Text, columns: tuple[str, str], label: Text) -> Chart:
    actual, planned = columns
    return Chart(
        item,
        title,
        reading,
        ("marts.mart_campaign_daily",),
        f"""
        with {_NEWEST},

        days as (
            select campaign_id, activity_date, {actual} as actual, {planned} as planned,
                risk_level as risk_id, is_mature,
                row_number() over (partition by campaign_id order by activity_date desc)
                    as days_left,
                count(*) over (partition by campaign_id) as day_count
            from marts.mart_campaign_daily
            where campaign_id in (select newest.campaign_id from newest) and {planned} is not null
        )

        select
            campaign_id, activity_date, measure, cast(amount as double) as amount, risk_id,
            {in_words("risk_id", _RISKS, "en")} as risk_en,
            {in_words("risk_id", _RISKS, "zh")} as risk_zh, is_mature
        from (
            unpivot (select * replace (cast(actual as double) as actual,
                cast(planned as double) as planned) from days)
            on actual, planned into name measure value amount
        )
        where (days_left - 1) % cast(ceil(day_count / {POINTS_SHOWN}) as integer) = 0
        order by campaign_id, activity_date
        """,
        lines(
            "activity_date",
            "amount",
            label,
            [("activity_date", DAY, None), ("measure_name", Text("What", "项目"), None),
             ("amount", label, ",.2f"), ("risk", Text("That day", "当天状态"), None)],
            series=_PLANNED,
            number=",.0f",
        ),
        _PLANNED,
        empty=Text("No plan here: neither a target nor a budget came with it.",
                   "没有计划：活动没有给出目标或预算。"),
    )  # fmt: skip


_CALENDAR = {
    "encoding": {
        "y": {"field": "campaign", "type": "nominal",
              "sort": {"field": "campaign_number", "op": "min"},
              "axis": {"title": None, "ticks": False, "domain": False}},
        "tooltip": [
            {"field": name, "title": title, **({"format": number} if number else {})}
            for name, title, number in (
                ("campaign", _CAMPAIGN, None),
                ("start_date", Text("From", "开始"), None),
                ("end_date", Text("To", "结束"), None),
                ("risk", Text("Now", "现状"), None),
                ("target_pace_rate", Text("Goal, of the plan to date", "目标进度 / 计划"), "rate"),
                ("budget_pace_rate", Text("Spend, of the plan to date", "花费 / 计划"), "rate"),
            )
        ],
    },
    "layer": [
        {
            "mark": {"type": "bar", "height": {"band": 0.6}},
            "encoding": {
                "x": {"field": "start_date", "type": "temporal", "scale": {"type": "utc"},
                      "axis": {"title": None, "labelOverlap": "greedy"}},
                "x2": {"field": "until_date"},
                "color": {"field": "risk", "type": "nominal", "scale": {"series": True},
                          "legend": {"title": None, "symbolType": "square",
                                     "symbolStrokeWidth": 0}},
            },
        },
        {
            "mark": {"type": "rule", "color": INK, "strokeDash": [6, 3], "tooltip": None},
            "encoding": {
                "x": {"aggregate": "max", "field": "as_of_date", "type": "temporal"},
                "y": None, "tooltip": None,
            },
        },
    ],
    "line": 26,
}  # fmt: skip


def _of_type(name: str, title: Text, note: Text, where: str, tiles: tuple[Tile, ...]) -> Tiles:
    """What campaigns of a type came to; of other types nothing is shown."""
    mart = f"marts.mart_campaign_{name}"
    columns = ", ".join(f"of_type.{tile.column}" for tile in tiles)
    return Tiles(
        name,
        title,
        note,
        (mart,),
        f"""
        with {_NEWEST}

        select of_type.campaign_id, {columns}
        from {mart} as of_type
        inner join newest on of_type.campaign_id = newest.campaign_id
        where {where}
        order by newest.campaign_number
        """,
        tiles=tiles,
        hides_when_empty=True,
        is_wide=True,
    )


BOARD = Board(
    name="campaigns",
    title=Text("Campaigns", "活动"),
    question=Text(
        "Did the last campaign work, and how sure is that?", "上一次活动有没有效果，有多大把握？"
    ),
    filters=(
        Choice(
            "campaign_id",
            _CAMPAIGN,
            f"""
            with {_COMPARED}

            select
                newest.campaign_id as value,
                newest.campaign || coalesce(' · ' || newest.start_date, '') as label_en,
                newest.campaign || coalesce(' · ' || newest.start_date, '') as label_zh
            from newest
            left join (
                select campaign_id, bool_or(is_goal and is_mature) as is_told
                from compared group by campaign_id
            ) as judged on newest.campaign_id = judged.campaign_id
            order by coalesce(judged.is_told, false) desc, newest.end_date desc nulls last,
                newest.campaign_number
            """,
        ),
    ),
    items=(
        Tiles(
            "headline",
            Text("What it was to do, and did", "目标与结果"),
            Text(
                "More because of it: how far the arms are from the control, times their users. "
                "Of arms that are split at random; how sure it is, stands below it.",
                "因活动多出：各组与对照组之差乘以人数，只在随机分组时成立；下面写明有多大把握。",
            ),
            ("marts.mart_campaign_review", "marts.mart_campaign_lift",
             "marts.mart_campaign_daily"),
            f"""
            with {TOLD},

            {_RISK_NOW},

            goal as (
                select campaign_id, bool_and(verdict_id = 'worked') as is_sure,
                    string_agg(
                        case when arm_count > 1 then variant || ': ' else '' end || said_en || ', '
                        || interval_en || coalesce(', p ' || p, ''), '; ' order by variant
                    ) as said_en,
                    string_agg(
                        case when arm_count > 1 then variant || '：' else '' end || said_zh || '，'
                        || interval_zh || coalesce('，p ' || p, ''), '；' order by variant
                    ) as said_zh
                from told where is_goal and method = 'unadjusted' group by campaign_id
            )

            select
                review.campaign_id, review.incremental_value,
                coalesce(goal.said_en, {in_words("'control'", _VERDICTS, "en")}) as told_en,
                coalesce(goal.said_zh, {in_words("'control'", _VERDICTS, "zh")}) as told_zh,
                review.goal_value,
                format('planned: {{:,.0f}}', cast(review.target_value as double)) as planned_en,
                format('计划：{{:,.0f}}', cast(review.target_value as double)) as planned_zh,
                review.cost_amount,
                format('budget: {{:,.2f}}', cast(review.budget_amount as double)) as budget_en,
                format('预算：{{:,.2f}}', cast(review.budget_amount as double)) as budget_zh,
                case when goal.is_sure then review.cost_per_incremental end
                    as cost_per_incremental,
                risk_now.target_pace_rate,
                {in_words("risk_now.risk_id", _RISKS, "en")} as risk_en,
                {in_words("risk_now.risk_id", _RISKS, "zh")} as risk_zh,
                review.assigned_count, review.exposed_count,
                case when review.unassigned_exposed_count + review.exposed_before_assigned_count
                    + review.multiple_variant_user_count > 0 then
                    format('{{:,}} reached unassigned, {{:,}} before they were; {{:,}} in two arms',
                        review.unassigned_exposed_count, review.exposed_before_assigned_count,
                        review.multiple_variant_user_count) end as faults_en,
                case when review.unassigned_exposed_count + review.exposed_before_assigned_count
                    + review.multiple_variant_user_count > 0 then
                    format('未分配即触达 {{:,}}，分配前触达 {{:,}}，同时在两组 {{:,}}',
                        review.unassigned_exposed_count, review.exposed_before_assigned_count,
                        review.multiple_variant_user_count) end as faults_zh,
                review.is_mature
            from marts.mart_campaign_review as review
            inner join newest on review.campaign_id = newest.campaign_id
            left join goal on review.campaign_id = goal.campaign_id
            left join risk_now on review.campaign_id = risk_now.campaign_id
            order by newest.campaign_number
            """,
            tiles=(
                Tile("incremental_value", _MORE, "decimal", note="told"),
                Tile("goal_value", Text("Goal so far", "目标完成"), "decimal", note="planned"),
                Tile("cost_amount", _SPENT, "amount", note="budget"),
                Tile("cost_per_incremental",
                     Text("Cost of one more ({currency})", "每多一个的成本（{currency}）"),
                     "amount"),
                Tile("target_pace_rate",
                     Text("Goal, of the plan to date", "目标进度 / 计划"), "rate", note="risk"),
                Tile("assigned_count", _ASSIGNED),
                Tile("exposed_count", _EXPOSED, note="faults"),
            ),
            empty=_NO_CAMPAIGN,
            is_wide=True,
        ),
        Table(
            "answers",
            Text("Did it work, and how sure is that", "有没有效果，有多大把握"),
            Text(
                "Against the control, by the arm that a user was assigned to, whatever happened "
                "then. The goal (★) first. An interval that holds 0 tells nothing. CUPED: the "
                "same, adjusted for what users did before.",
                "与对照组相比，按分配算，不论之后发生什么。目标（★）在前。区间含 0 则不能确定。"
                "CUPED：按用户此前的行为调整后的同一比较。",
            ),
            ("marts.mart_campaign_lift",),
            f"""
            with {TOLD}

            select
                campaign_id, measure_id, variant, method, verdict_id,
                measure_en || case when is_goal then ' ★' else '' end as measure_en,
                measure_zh || case when is_goal then ' ★' else '' end as measure_zh,
                case when method = 'cuped' then 'CUPED' else 'Unadjusted' end as by_method_en,
                case when method = 'cuped' then 'CUPED' else '未调整' end as by_method_zh,
                said_en, said_zh, interval_en, interval_zh, p, relative_lift,
                case when kind = 'proportion' then format('{{:.1f}}%', 100 * mean_value)
                    else format('{{:,.2f}}', mean_value) end as arm_mean,
                case when kind = 'proportion' then format('{{:.1f}}%', 100 * control_mean_value)
                    else format('{{:,.2f}}', control_mean_value) end as control_mean,
                incremental_value, user_count, control_user_count, is_mature
            from told
            order by campaign_id, is_goal desc, measure_number, variant, method desc
            """,
            columns=(
                Column("measure", _MEASURE),
                Column("variant", _ARM),
                Column("by_method", Text("Method", "方法")),
                Column("said", _VERDICT),
                Column("interval", _DIFFERENCE),
                Column("p", _P),
                Column("arm_mean", Text("With", "有活动")),
                Column("control_mean", Text("Without", "无活动")),
                Column("relative_lift", Text("Relative lift", "相对提升"), "rate"),
                Column("incremental_value", _MORE, "decimal"),
                Column("user_count", USERS, "count"),
                Column("control_user_count", Text("Control", "对照组"), "count"),
            ),
            empty=_NO_COMPARISON,
            is_wide=True,
        ),
        Chart(
            "lift",
            Text("Lift of shares", "比例的提升"),
            Text(
                "Point: share of users who did it, less that of the control. Line: where it lies "
                "with 95% certainty. Across the dashed line: it may be nothing.",
                "点：做了该行为的用户占比减去对照组的占比。线：95% 置信区间。"
                "跨过虚线：可能没有差别。",
            ),
            ("marts.mart_campaign_lift",),
            _differences("= 'proportion'"),
            _lift(Text("Difference of shares", "占比之差"), "+.1%"),
            _BY_VERDICT,
            hides_when_empty=True,
        ),
        Chart(
            "lift_means",
            Text("Lift of means and ratios", "均值与比率的提升"),
            Text(
                "The same of what is measured for each user, in units of the measure.",
                "同上，但为每个用户的数值，单位同指标。",
            ),
            ("marts.mart_campaign_lift",),
            _differences("<> 'proportion'"),
            _lift(Text("Difference a user", "每用户之差"), "+,.2~f"),
            _BY_VERDICT,
            hides_when_empty=True,
        ),
        Table(
            "arms",
            Text("Arms, as they were planned?", "分组人数与计划相符吗"),
            Text(
                "Sample ratio: users who were assigned against the shares that were planned. ▲: by "
                "chance alone it is so in fewer than one of a thousand; then no comparison holds.",
                "样本比例：实际分配人数与计划份额。▲：仅凭偶然不到千分之一，这时任何比较都不可信。",
            ),
            ("marts.mart_campaign_balance",),
            f"""
            with {_NEWEST}

            select
                balance.campaign_id, balance.variant, balance.assigned_count,
                balance.expected_count, balance.expected_share, balance.exposed_count,
                case when balance.p_value < 0.001 then '< 0.001'
                    else format('{{:.3f}}', balance.p_value) end as p,
                case when balance.is_mismatch then '▲ not as planned'
                    when balance.is_mismatch is null then '–' else '✓' end as alarm_en,
                case when balance.is_mismatch then '▲ 与计划不符'
                    when balance.is_mismatch is null then '–' else '✓' end as alarm_zh
            from marts.mart_campaign_balance as balance
            inner join newest on balance.campaign_id = newest.campaign_id
            order by newest.campaign_number, balance.variant
            """,
            columns=(
                Column("variant", _ARM),
                Column("assigned_count", _ASSIGNED, "count"),
                Column("expected_count", Text("Planned", "计划人数"), "decimal"),
                Column("expected_share", Text("Share", "份额"), "rate"),
                Column("exposed_count", _EXPOSED, "count"),
                Column("p", _P),
                Column("alarm", Text("Sample ratio", "样本比例")),
            ),
            empty=Text("Nobody was assigned (feed campaign_assignments).",
                       "没有人被分配（campaign_assignments 数据）。"),
            is_wide=True,
        ),
        _pace(
            "goal",
            Text("Goal against plan", "目标进度"),
            Text(
                "What the goal has come to over all arms but the control, and where it was to be.",
                "对照组以外各组的目标累计值，以及按计划应到的位置。",
            ),
            ("goal_value_to_date", "target_value_to_date"),
            Text("Goal", "目标"),
        ),
        _pace(
            "budget",
            Text("Spend against budget", "花费与预算"),
            Text(
                "What was spent so far, and what was to be. Over 110% of it: over budget.",
                "至今的花费，以及按预算应花的。超过 110%：超预算。",
            ),
            ("cost_amount_to_date", "budget_amount_to_date"),
            _SPENT,
        ),
        Chart(
            "streaks",
            Text("How long check-ins last", "签到能坚持多久"),
            Text(
                "Share of streaks of check-ins that are at least so many days long; streaks that "
                "go on count as long as they have (Kaplan–Meier).",
                "连续签到至少这么多天的比例；仍在继续的按已有天数计（Kaplan–Meier）。",
            ),
            ("marts.mart_campaign_check_ins",),
            f"""
            with {_NEWEST}

            select
                streaks.campaign_id, streaks.day_number, streaks.survival_rate,
                streaks.streak_count, streaks.at_risk_count, streaks.continuation_rate
            from marts.mart_campaign_check_ins as streaks
            inner join newest on streaks.campaign_id = newest.campaign_id
            where streaks.survival_rate is not null
            order by newest.campaign_number, streaks.day_number
            """,
            lines(
                "day_number",
                "survival_rate",
                Text("Streaks that last", "仍在坚持"),
                [("day_number", Text("Days in a row", "连续天数"), None),
                 ("survival_rate", Text("Last so long", "坚持到此"), ".1%"),
                 ("streak_count", Text("Streaks", "连续签到数"), ",d"),
                 ("at_risk_count", Text("Could go on", "可继续的"), ",d"),
                 ("continuation_rate", Text("Went on", "继续的比例"), ".1%")],
                number=".0%",
                is_date=False,
                x_label=Text("Days in a row", "连续天数"),
            ),
            hides_when_empty=True,
        ),
        _of_type(
            "invites",
            Text("Invites", "邀请"),
            Text(
                "K: new users whom a participant brings. Below 1 it does not go on by itself.",
                "K：每个参与者带来的新用户。低于 1 就不能自行增长。",
            ),
            "participant_count > 0 or invite_count > 0",
            (
                Tile("k_factor", Text("K", "K 因子"), "amount"),
                Tile("participant_count", Text("Participants", "参与者")),
                Tile("invite_count", Text("Invites", "邀请数")),
                Tile("accepted_new_count", Text("New users by invite", "受邀新用户")),
                Tile("acceptance_rate", Text("Accepted by new users", "新用户接受率"), "rate"),
                Tile("median_cycle_seconds", Text("From one to the next, median", "裂变周期中位数"),
                     "duration"),
            ),
        ),
        _of_type(
            "discounts",
            Text("Discounts", "优惠"),
            Text(
                "Break-even: by how much more has to be sold, so that the discount costs nothing. "
                "Would have bought: buyers of the control, of those of the arm.",
                "盈亏平衡：要多卖多少，优惠才不亏。本来就会买：对照组的购买者占活动组的比例。",
            ),
            "issued_user_count > 0 or redeemed_count > 0",
            (
                Tile("issued_user_count", Text("Got one", "领券用户")),
                Tile("redeemed_user_count", Text("Redeemed it", "核销用户")),
                Tile("redemption_rate", Text("Redeemed", "核销率"), "rate"),
                Tile("discount_rate", Text("Discount, of gross", "让利率"), "rate"),
                Tile("break_even_uplift_rate", Text("Break-even uplift", "盈亏平衡提升"), "rate"),
                Tile("would_have_bought_rate", Text("Would have bought", "本来就会买"), "rate"),
                Tile("incremental_buyer_count", Text("More buyers", "多出的购买者"), "decimal"),
                Tile("pulled_forward_order_count", Text("Orders pulled forward", "提前的订单"),
                     "decimal"),
            ),
        ),
        _of_type(
            "cobrands",
            Text("Co-brand", "联名"),
            Text(
                "New to the brand: no order in the 365 days before the first of the campaign.",
                "品牌新客：在活动首单之前 365 天没有下过单。",
            ),
            "buyer_count > 0 or audience_count > 0",
            (
                Tile("buyer_count", Text("Buyers", "购买者")),
                Tile("new_to_brand_count", Text("of them, new to the brand", "其中品牌新客")),
                Tile("new_to_brand_rate", Text("New to the brand", "品牌新客率"), "rate"),
                Tile("net_amount", Text("Net amount ({currency})", "净额（{currency}）"), "amount"),
                Tile("audience_count", Text("Partner's audience", "合作方受众")),
                Tile("overlap_rate", Text("of it, customers before", "其中原有客户"), "rate"),
            ),
        ),
        Chart(
            "calendar",
            Text("Calendar of campaigns", "活动日历"),
            Text(
                f"The {CAMPAIGNS_SHOWN} newest, from the first to the last day, coloured by where "
                f"they stand now. The dashed line: data through.",
                f"最近的 {CAMPAIGNS_SHOWN} 个活动，从第一天到最后一天，颜色为现状。"
                f"虚线：数据截止。",
            ),
            ("facts.dim_campaigns", "marts.mart_campaign_daily"),
            f"""
            with {_NEWEST},

            {_RISK_NOW}

            select
                newest.campaign_id as of_campaign_id, newest.campaign, newest.campaign_number,
                newest.start_date, newest.end_date,
                coalesce(newest.end_date, cast(build.data_through_at as date),
                    newest.start_date) + 1 as until_date,
                coalesce(risk_now.risk_id, 'none') as risk_id, risk_now.target_pace_rate,
                risk_now.budget_pace_rate, cast(build.data_through_at as date) as as_of_date
            from newest
            cross join build
            left join risk_now on newest.campaign_id = risk_now.campaign_id
            where newest.start_date is not null
            order by newest.campaign_number
            """,
            _CALENDAR,
            _BY_RISK,
            empty=_NO_CAMPAIGN,
            is_wide=True,
        ),
        Table(
            "review",
            Text("All campaigns", "全部活动"),
            Text(
                "The newest first, by their goal, each arm against the control. Goal and spend "
                "beside what was planned.",
                "最近的在前，按各自的目标，每组与对照组相比。目标和花费旁边是计划。",
            ),
            ("marts.mart_campaign_review", "marts.mart_campaign_lift"),
            f"""
            with {TOLD}

            select
                newest.campaign_id as of_campaign_id, newest.campaign, newest.campaign_type,
                newest.start_date || coalesce(' – ' || newest.end_date, ' –') as days,
                told.variant,
                coalesce(told.said_en, {in_words("'control'", _VERDICTS, "en")}) as said_en,
                coalesce(told.said_zh, {in_words("'control'", _VERDICTS, "zh")}) as said_zh,
                told.interval_en, told.interval_zh, told.p,
                format('{{:,.0f}}', review.goal_value)
                    || coalesce(format(' / {{:,.0f}}', cast(review.target_value as double)), '')
                    as goal,
                format('{{:,.0f}}', cast(review.cost_amount as double))
                    || coalesce(format(' / {{:,.0f}}', cast(review.budget_amount as double)), '')
                    as spent,
                told.incremental_value
            from newest
            left join marts.mart_campaign_review as review
                on newest.campaign_id = review.campaign_id
            left join told on newest.campaign_id = told.campaign_id
                and told.is_goal and told.method = 'unadjusted'
            order by newest.campaign_number, told.variant
            """,
            columns=(
                Column("campaign", _CAMPAIGN),
                Column("campaign_type", Text("Type", "类型")),
                Column("days", Text("When", "时间")),
                Column("variant", _ARM),
                Column("said", _VERDICT),
                Column("interval", _DIFFERENCE),
                Column("p", _P),
                Column("incremental_value", _MORE, "decimal"),
                Column("goal", Text("Goal / planned", "目标 / 计划")),
                Column("spent", Text("Spent / budget ({currency})", "花费 / 预算（{currency}）")),
            ),
            empty=_NO_CAMPAIGN,
            is_wide=True,
        ),
    ),
)  # fmt: skip
