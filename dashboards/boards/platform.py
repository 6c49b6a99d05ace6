"""Which merchants carry the rest, where are they lost, what is broken, where is too little?"""

from __future__ import annotations

from dashboards.board import (
    BLUE,
    GREEN,
    GREY,
    RED,
    SKY,
    Board,
    Chart,
    Column,
    Series,
    Table,
    Text,
)
from dashboards.boards.shared import (
    FEW,
    MONTH,
    answer,
    beside_others,
    by_span,
    in_words,
    rate_beside_others,
    rate_by_period,
    spans,
    sure,
)
from dashboards.specs import columns, lines, rows

MERCHANTS_SHOWN = 30
RULES_SHOWN = 12
_NAMED = 5
"""Merchants that a sentence names."""

_PERIODS = "marts.mart_merchant_periods"
_FUNNEL = "marts.mart_merchant_funnel"
_RULES = "marts.mart_rule_violations"
_SUPPLY = "marts.mart_supply_demand"
_CONCENTRATION = "marts.mart_concentration"

_MERCHANT = Text("Merchant", "商家")
_MERCHANTS = Text("Merchants", "商家数")
_CATEGORY = Text("Category", "类目")
_RULE = Text("Rule", "规则")
_ORDERS = Text("Orders", "订单数")
_GROSS = Text("Ordered ({currency})", "下单金额（{currency}）")
_BREACHES = Text("Breaches", "违规数")
_BROKE = Text("Merchants that broke it", "违规的商家")
_PER_DEMAND = Text("Orders a visit or search", "每次需求的订单")
_NO_MERCHANT = Text(
    "No event names a merchant (column merchant_id).", "没有事件写明商家（merchant_id 列）。"
)
_NO_SUPPLY = Text(
    "Nobody lists, sells or looks for anything (roles listing, order, demand).",
    "没有上架、成交或需求（角色 listing、order、demand）。",
)

# By what they sold, the largest first.
_RANKED = f"""
    ranked as (
        select *, coalesce(merchant_name, merchant_id) as merchant,
            row_number() over largest_first as place,
            count(*) over (partition by span) as merchant_count,
            sum(gross_amount) over largest_first as running_amount,
            sum(gross_amount) over (partition by span) as whole_amount
        from {by_span(_PERIODS)}
        where gross_amount > 0
        window largest_first as (
            partition by span order by gross_amount desc, merchant_id
            rows between unbounded preceding and current row
        )
    )
"""
_WHO_CARRIES = f"""
    with {_RANKED},

    halves as (
        select span, any_value(merchant_count) as merchant_count, count(*) as carrier_count,
            max(running_amount) / any_value(whole_amount) as carried_share,
            string_agg(merchant, ', ' order by place) filter (place <= {_NAMED}) as names_en,
            string_agg(merchant, '、' order by place) filter (place <= {_NAMED}) as names_zh,
            bool_and(is_mature) as is_mature
        from ranked
        where running_amount - gross_amount < whole_amount / 2
        group by span
    )

    select halves.span,
        case when halves.merchant_count < {FEW}
            then format('{{:,}} merchants sold something: too few to tell.', halves.merchant_count)
        else format(
            '{{:,}} of {{:,}} merchants bring {{:.1f}}% of what is sold, the largest tenth '
            || '{{:.1f}}%: as if {{:,.0f}} equal ones sold it all. The largest: {{}}.',
            carrier_count, halves.merchant_count, 100 * carried_share, 100 * top_decile_share,
            effective_count, names_en) end as answer_en,
        case when halves.merchant_count < {FEW}
            then format('有成交的商家只有 {{:,}} 家：太少，不能确定。', halves.merchant_count)
        else format(
            '{{1:,}} 家商家中的 {{0:,}} 家带来 {{2:.1f}}% 的成交，最大的十分之一带来 {{3:.1f}}%：'
            || '相当于 {{4:,.0f}} 家同样大的商家。最大的：{{5}}。',
            carrier_count, halves.merchant_count, 100 * carried_share, 100 * top_decile_share,
            effective_count, names_zh) end as answer_zh,
        halves.is_mature
    from halves
    inner join {by_span(_CONCENTRATION)} as concentration
        on halves.span = concentration.span
        and concentration.measure_id = 'merchant_gross_amount'
"""

_STAGES = {
    "signed_up": Text("Signed up", "入驻"),
    "listed": Text("Listed", "上架"),
    "first_sale": Text("First sale", "首次成交"),
    "retained": Text("Sold again", "再次成交"),
}


_STEPS = f"""
    steps as (
        select *, {in_words("stage_id", _STAGES, "en")} as stage_en,
            {in_words("stage_id", _STAGES, "zh")} as stage_zh,
            lag({in_words("stage_id", _STAGES, "en")}) over in_order as from_en,
            lag({in_words("stage_id", _STAGES, "zh")}) over in_order as from_zh,
            mature_previous_count - mature_merchant_count as lost_count,
            {sure("rate_from_previous")} as said
        from {by_span(_FUNNEL)}
        window in_order as (partition by span order by stage_number)
    )
"""
# Of two steps, the one is worse whose rate is surely below the other's.
_WHERE_LOST = f"""
    with {_STEPS},

    judged as (
        select *, row_number() over worst_first as place,
            min(rate_from_previous_lower) over (
                partition by span order by rate_from_previous, stage_number
                rows between 1 following and unbounded following
            ) as next_lower
        from steps
        where stage_number > 1 and mature_previous_count >= {FEW}
        window worst_first as (
            partition by span order by rate_from_previous, stage_number
        )
    )

    select steps.span,
        coalesce(any_value(format('Between “{{}}” and “{{}}”: {{}} go on{{}}',
            judged.from_en, judged.stage_en, judged.said,
            case when judged.next_lower is null then '; of the other steps there are too few.'
                when judged.rate_from_previous_upper < judged.next_lower
                    then ', fewer than at any other step.'
                else '; another step may lose as many.' end)),
            'Too few merchants to tell.') as answer_en,
        coalesce(any_value(format('“{{}}”到“{{}}”之间：{{}} 继续{{}}',
            judged.from_zh, judged.stage_zh, judged.said,
            case when judged.next_lower is null then '；其他步骤的商家太少。'
                when judged.rate_from_previous_upper < judged.next_lower then '，低于其他任何一步。'
                else '；也可能有别的步骤流失一样多。' end)),
            '商家太少，不能确定。') as answer_zh,
        bool_and(steps.is_mature) as is_mature
    from steps
    left join judged on steps.span = judged.span and judged.place = 1
    group by steps.span
"""

_BROKEN = f"""
    broken as (
        select *, nullif(concat_ws(' · ', nullif(rule_id, ''), nullif(severity, '')), '') as rule,
            {sure("violation_rate")} as said, {sure("repeat_offender_rate")} as again_said,
            row_number() over worst_first as place,
            lead(violation_rate_lower) over worst_first as next_lower
        from {by_span(_RULES)}
        where rule_id is not null and violation_count > 0
        window worst_first as (
            partition by span order by violating_merchant_count desc, rule_id, severity
        )
    )
"""
_WHICH_RULE = f"""
    with {_BROKEN}

    select all_of_it.span,
        case when all_of_it.violation_count = 0 then 'No rule was broken.'
            when all_of_it.active_merchant_count < {FEW} then 'Too few merchants to tell.'
            else format('{{}}: {{}} of the merchants broke it{{}}',
                coalesce(broken.rule, '(not named)'), broken.said,
                case when broken.next_lower is not null and broken.violation_rate_lower
                    > (select max(other.violation_rate_upper) from broken as other
                        where other.span = broken.span and other.place > 1)
                    then ', more than any other.' when broken.next_lower is null then '.'
                    else '; others may be broken by as many.' end)
            || case when all_of_it.violating_merchant_count < {FEW} then ''
                else format(' {{}} of those who broke a rule did so again.', {
    sure("all_of_it.repeat_offender_rate")
}) end
            || format(' {{:,}} of {{:,}} breaches are open.',
                all_of_it.open_count, all_of_it.violation_count) end as answer_en,
        case when all_of_it.violation_count = 0 then '没有违规。'
            when all_of_it.active_merchant_count < {FEW} then '商家太少，不能确定。'
            else format('{{}}：{{}} 的商家违反{{}}',
                coalesce(broken.rule, '（未写明）'), broken.said,
                case when broken.next_lower is not null and broken.violation_rate_lower
                    > (select max(other.violation_rate_upper) from broken as other
                        where other.span = broken.span and other.place > 1)
                    then '，多于其他任何一条。' when broken.next_lower is null then '。'
                    else '；其他规则可能一样多。' end)
            || case when all_of_it.violating_merchant_count < {FEW} then ''
                else format('违规商家中 {{}} 屡次违规。', {
    sure("all_of_it.repeat_offender_rate")
}) end
            || format('{{1:,}} 次违规中 {{0:,}} 次未处理。',
                all_of_it.open_count, all_of_it.violation_count) end as answer_zh,
        all_of_it.is_mature
    from {by_span(_RULES)} as all_of_it
    left join broken on all_of_it.span = broken.span and broken.place = 1
    where all_of_it.rule_id is null
"""

# Orders are counted, not drawn of visits: the interval is that of a count (Anscombe 1948).
_COUNTED = f"""(
        select *, greatest(0, pow(sqrt(order_count + 0.375) - 0.98, 2) - 0.375) / demand_count
                as orders_per_demand_lower,
            (pow(sqrt(order_count + 0.375) + 0.98, 2) - 0.375) / demand_count
                as orders_per_demand_upper
        from {by_span(_SUPPLY)}
        where demand_count > 0
    )"""
_JUDGED = f"""
    judged as (
        select *,
            case when category = '' then '(not said)' else category end as category_en,
            case when category = '' then '（未写明）' else category end as category_zh,
            {sure("orders_per_demand")} as said,
            demand_count / nullif(selling_merchant_count, 0) as demand_per_merchant,
            row_number() over (
                partition by span order by verdict_id = 'few', orders_per_demand, category
            ) as place
        from {beside_others(_COUNTED, "order_count", "demand_count", "orders_per_demand", "span")}
    )
"""
_WHERE_LACKING = f"""
    with {_JUDGED}

    select span,
        case when bool_and(verdict_id = 'few') then 'Too few visits and searches to tell.'
            when count(*) = 1 then 'There is one category alone.'
            else coalesce(string_agg(format('{{}}: {{}} orders a visit or search',
                category_en, said), '; ' order by place) filter (verdict_id = 'less')
                || ', fewer than in the others together.',
                'No category gets fewer orders of its demand than the others.') end as answer_en,
        case when bool_and(verdict_id = 'few') then '需求太少，不能确定。'
            when count(*) = 1 then '只有一个类目。'
            else coalesce(string_agg(format('{{}}：每次需求 {{}} 单', category_zh, said), '；'
                order by place) filter (verdict_id = 'less') || '，低于其他类目合计。',
                '没有哪个类目的需求换来的订单少于其他类目。') end as answer_zh,
        bool_and(is_mature) as is_mature
    from judged
    group by span
"""

_VERDICTS = {
    "less": Text("Demand lacks supply", "供不应求"),
    "unclear": Text("May be as the others", "可能与其他一样"),
    "more": Text("Served better than the others", "好于其他"),
    "few": Text("Too little demand", "需求太少"),
}
_BY_VERDICT = Series("verdict_id", "verdict", labels=_VERDICTS, colours=(RED, GREY, GREEN, SKY))
_CURVES = Series(
    "curve_id",
    "curve",
    labels={
        "sold": Text("What is sold", "成交额"),
        "ordered": Text("Orders", "订单数"),
        "equal": Text("If all were equal", "若大家一样"),
    },
    colours=(BLUE, SKY, GREY),
)
_MEASURES = {
    "merchant_gross_amount": Text("Merchants by what is sold", "商家，按成交额"),
    "merchant_orders": Text("Merchants by orders", "商家，按订单数"),
    "customer_net_amount": Text("Customers by net amount", "客户，按净额"),
    "creator_reads": Text("Authors by reads", "作者，按阅读数"),
    "content_reads": Text("Content by reads", "内容，按阅读数"),
}


BOARD = Board(
    name="platform",
    title=Text("Platform", "平台"),
    question=Text(
        "Which merchants carry the rest, where are merchants lost, which rule is broken, and "
        "where does demand lack supply?",
        "哪些商家撑起全局，商家在哪里流失，哪条规则被违反，哪里供不应求？",
    ),
    filters=(spans(_CONCENTRATION),),
    items=(
        answer(
            "carrying",
            Text("Which merchants carry the rest?", "哪些商家撑起全局？"),
            _WHO_CARRIES,
            (_PERIODS, _CONCENTRATION),
            _NO_MERCHANT,
            is_wide=True,
        ),
        answer(
            "lost",
            Text("Where do we lose merchants?", "商家在哪里流失？"),
            _WHERE_LOST,
            (_FUNNEL,),
            _NO_MERCHANT,
            is_wide=False,
        ),
        answer(
            "broken",
            Text("Which rule is broken?", "哪条规则被违反？"),
            _WHICH_RULE,
            (_RULES,),
            _NO_MERCHANT,
            is_wide=False,
        ),
        answer(
            "lacking",
            Text("Where does demand lack supply?", "哪里供不应求？"),
            _WHERE_LACKING,
            (_SUPPLY,),
            _NO_SUPPLY,
            is_wide=True,
        ),
        Chart(
            "lorenz",
            Text("How much the largest merchants have", "最大的商家占多少"),
            Text(
                "Of the merchants that sold something, the largest first: what share of all is "
                "theirs. The further above the grey line, the fewer carry the rest.",
                "有成交的商家从大到小，累计占全部的比例。离灰线越远，越靠少数商家支撑。",
            ),
            (_PERIODS,),
            f"""
            with {_RANKED},

            by_orders as (
                select span, is_mature, row_number() over most_first as place,
                    count(*) over (partition by span) as merchant_count,
                    sum(order_count) over most_first
                        / sum(order_count) over (partition by span) as share
                from {by_span(_PERIODS)}
                where order_count > 0
                window most_first as (
                    partition by span order by order_count desc, merchant_id
                    rows between unbounded preceding and current row
                )
            ),

            points as (
                select span, 'sold' as curve_id, place, merchant_count,
                    running_amount / whole_amount as share, is_mature from ranked
                union all
                select span, 'ordered', place, merchant_count, share, is_mature from by_orders
                union all
                select span, 'equal', place, merchant_count, place / merchant_count, is_mature
                from ranked
                union all
                select distinct span, curve_id, 0, 1, 0, true from ranked
                cross join (values ('sold'), ('ordered'), ('equal')) as curves (curve_id)
            )

            select span, curve_id, ceil(100 * place / merchant_count) as percent,
                max(place) as merchant_count, max(share) as share
            from points
            group by span, curve_id, percent
            order by span, curve_id, percent
            """,
            lines(
                "percent",
                "share",
                Text("Share of all", "占全部"),
                [("percent", Text("% of the merchants", "商家的百分之"), None),
                 ("merchant_count", _MERCHANTS, ",d"),
                 ("share", Text("Share of all", "占全部"), ".1%")],
                series=_CURVES,
                number=".0%",
                is_date=False,
                x_label=Text("% of the merchants, the largest first", "商家百分比，从大到小"),
            ),
            _CURVES,
            empty=_NO_MERCHANT,
        ),
        Chart(
            "stages",
            Text("How far merchants get", "商家走到哪一步"),
            Text(
                "Of the merchants that signed up in the month and have had their time for the "
                "stage: who reached it.",
                "当月入驻、且该阶段已到期的商家中到达的数量。",
            ),
            (_FUNNEL,),
            f"""
            with {_STEPS}

            select span, stage_number, stage_en, stage_zh, mature_merchant_count,
                mature_previous_count, lost_count, rate_from_start, rate_from_previous,
                case when stage_number > 1 then said end as said, is_mature
            from steps
            order by span, stage_number
            """,
            rows(
                "stage",
                "mature_merchant_count",
                _MERCHANTS,
                [("stage", Text("Stage", "阶段"), None),
                 ("mature_merchant_count", _MERCHANTS, ",d"),
                 ("rate_from_start", Text("Of those who signed up", "占入驻"), ".1%"),
                 ("said", Text("Of the stage before", "占上一阶段"), None),
                 ("lost_count", Text("Lost since", "流失"), ",d")],
                order="stage_number",
                shadow="mature_previous_count",
                text="format(datum.mature_merchant_count, ',d')"
                     " + (isValid(datum.rate_from_start)"
                     " ? ' · ' + format(datum.rate_from_start, '.1%') : '')",
            ),
            look=Text(
                "Dark: who reached it. Pale: who was lost since the stage before.",
                "深色：到达的商家；浅色：上一阶段之后流失的。",
            ),
            empty=_NO_MERCHANT,
        ),
        Chart(
            "breaches",
            Text("Which rules are broken", "违反了哪些规则"),
            Text(
                "Breaches of each rule; the one that most merchants broke first. Beside them: of "
                "the active merchants, those who did.",
                "各规则的违规次数，违反的商家最多的在前。旁边是活跃商家中违反它的比例。",
            ),
            (_RULES,),
            f"""
            with {_BROKEN}

            select span, {", ".join(
                f"coalesce(rule, '{none}') as rule_{language}"
                for language, none in (("en", "(not named)"), ("zh", "（未写明）"))
            )}, violation_count, violating_merchant_count, active_merchant_count, said,
                violation_rate, again_said, open_count, median_seconds_to_resolution / 86400.0
                    as median_days, place, is_mature
            from broken
            where place <= {RULES_SHOWN}
            order by span, place
            """,
            rows(
                "rule",
                "violation_count",
                _BREACHES,
                [("rule", _RULE, None), ("violation_count", _BREACHES, ",d"),
                 ("said", _BROKE, None),
                 ("violating_merchant_count", _MERCHANTS, ",d"),
                 ("again_said", Text("Of them, repeat offenders", "其中屡次违规"), None),
                 ("open_count", Text("Open", "未处理"), ",d"),
                 ("median_days", Text("Days until settled, median", "处理天数中位数"), ",.1f")],
                order="place",
                text="format(datum.violation_count, ',') + "
                     "(isValid(datum.violation_rate)"
                     " ? ' · ' + format(datum.violation_rate, '.1%') : '')",
            ),
            empty=Text("No rule was broken.", "没有违规。"),
        ),
        Chart(
            "discipline",
            Text("How many merchants break rules", "多少商家违规"),
            Text(
                "Of the merchants active in the month, those with a breach of any rule. Shaded: "
                "where it lies with 95% certainty; n: of how many.",
                "当月活跃商家中有违规的比例。阴影是 95% 置信区间，n 是商家数。",
            ),
            (_RULES,),
            f"""
            select period_start_date, violation_rate, violation_rate_lower, violation_rate_upper,
                violating_merchant_count, active_merchant_count, is_mature
            from {by_span(_RULES)}
            where rule_id is null and grain = 'month'
            order by period_start_date
            """,
            rate_by_period(
                "violation_rate",
                Text("Break a rule", "违规率"),
                [("violating_merchant_count", _BROKE, ",d"),
                 ("active_merchant_count", Text("of active ones", "活跃商家"), ",d")],
                of="active_merchant_count",
            ),
            empty=_NO_MERCHANT,
        ),
        Chart(
            "lacks",
            Text("What becomes of demand", "需求换来多少订单"),
            Text(
                "Point: orders for each visit or search in the category. Line: where it lies "
                f"with 95% certainty. The fewest first; under {FEW} of these last.",
                "点：类目内每次逛店或搜索换来的订单。线：95% 置信区间。"
                f"最少的在前；需求少于 {FEW} 次的在最后。",
            ),
            (_SUPPLY,),
            f"""
            with {_JUDGED}

            select span, category_en, category_zh, orders_per_demand, orders_per_demand_lower,
                orders_per_demand_upper, others_rate, verdict_id, demand_count,
                demand_user_count, order_count, selling_merchant_count, listing_merchant_count,
                place, is_mature
            from judged
            order by span, place
            """,
            rate_beside_others(
                ("category", _CATEGORY),
                "orders_per_demand",
                _PER_DEMAND,
                [("demand_count", Text("Visits and searches", "需求次数"), ",d"),
                 ("demand_user_count", Text("by users", "用户数"), ",d"),
                 ("order_count", _ORDERS, ",d"),
                 ("selling_merchant_count", Text("Merchants that sell", "成交商家"), ",d"),
                 ("listing_merchant_count", Text("that list", "上架商家"), ",d")],
                _BY_VERDICT,
            ),
            _BY_VERDICT,
            empty=_NO_SUPPLY,
        ),
        Chart(
            "supply",
            Text("Who supplies each category", "各类目谁在供给"),
            Text(
                "Merchants from whom something was ordered in the month, by category.",
                "当月有成交的商家，按类目。",
            ),
            (_SUPPLY,),
            f"""
            select period_start_date, {", ".join(
                f"case when category = '' then '{none}' else category end as category_{language}"
                for language, none in (("en", "(not said)"), ("zh", "（未写明）"))
            )}, selling_merchant_count, listing_merchant_count, demand_count, order_count,
                dense_rank() over (order by category) as category_number,
                is_mature
            from {by_span(_SUPPLY)}
            where grain = 'month' and category in (
                select category from {_SUPPLY} where grain = 'all'
                order by order_count desc, category limit 6
            )
            order by period_start_date, category_number
            """,
            columns(
                "period_start_date",
                "selling_merchant_count",
                _MERCHANTS,
                [("period_start_date", MONTH, None), ("category", _CATEGORY, None),
                 ("selling_merchant_count", Text("Sold", "成交"), ",d"),
                 ("listing_merchant_count", Text("Listed", "上架"), ",d"),
                 ("demand_count", Text("Visits and searches", "需求次数"), ",d"),
                 ("order_count", _ORDERS, ",d")],
                series=Series("category_en", "category", order="category_number"),
            ),
            Series("category_en", "category", order="category_number"),
            empty=_NO_SUPPLY,
        ),
        Table(
            "concentrated",
            Text("How concentrated it all is", "集中程度"),
            Text(
                "As if so many equal ones had it all; Gini: 0 all alike, near 1 one has all.",
                "相当于多少个同样大小的个体；基尼系数：0 为大家一样，接近 1 为一家独大。",
            ),
            (_CONCENTRATION,),
            f"""
            select span, {in_words("measure_id", _MEASURES, "en")} as measure_en,
                {in_words("measure_id", _MEASURES, "zh")} as measure_zh,
                unit_count, effective_count, gini, top_1_share, top_10_share, top_decile_share,
                is_mature
            from {by_span(_CONCENTRATION)}
            where unit_count > 0
            order by span, measure_id
            """,
            columns=(
                Column("measure", Text("Of what", "指标")),
                Column("unit_count", Text("Units", "个体数"), "count"),
                Column("effective_count", Text("As so many equal ones", "相当于"), "decimal"),
                Column("gini", Text("Gini", "基尼系数"), "decimal"),
                Column("top_1_share", Text("The largest has", "最大一个占"), "rate"),
                Column("top_10_share", Text("Ten largest", "最大十个占"), "rate"),
                Column("top_decile_share", Text("Largest tenth", "最大十分之一占"), "rate"),
            ),
            empty=Text("Nothing is sold or read yet.", "还没有成交或阅读。"),
            is_wide=True,
        ),
        Table(
            "merchants",
            Text("The largest merchants", "最大的商家"),
            Text(
                f"The {MERCHANTS_SHOWN} merchants from whom most was ordered.",
                f"下单金额最高的 {MERCHANTS_SHOWN} 家商家。",
            ),
            (_PERIODS,),
            f"""
            with {_RANKED}

            select span, merchant, category, level_id, order_count, buyer_count, gross_amount,
                gross_amount / whole_amount as sold_share,
                refunded_amount / gross_amount as refunded_share, complaint_count, mean_rating,
                violation_count, open_violation_count, is_mature
            from ranked
            where place <= {MERCHANTS_SHOWN}
            order by span, place
            """,
            columns=(
                Column("merchant", _MERCHANT),
                Column("category", _CATEGORY),
                Column("level_id", Text("Level", "等级")),
                Column("gross_amount", _GROSS, "amount"),
                Column("sold_share", Text("Of all", "占全部"), "rate"),
                Column("order_count", _ORDERS, "count"),
                Column("buyer_count", Text("Buyers", "买家数"), "count"),
                Column("refunded_share", Text("Refunded", "退款占比"), "rate"),
                Column("complaint_count", Text("Complaints", "投诉数"), "count"),
                Column("mean_rating", Text("Rating", "评分"), "decimal"),
                Column("violation_count", _BREACHES, "count"),
                Column("open_violation_count", Text("Open", "未处理"), "count"),
            ),
            empty=_NO_MERCHANT,
            is_wide=True,
        ),
    ),
)  # fmt: skip
