"""Which channels are worth what they cost?"""

from __future__ import annotations

from dashboards.board import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    RED,
    SKY,
    Board,
    Chart,
    Choice,
    Column,
    Grid,
    Series,
    Table,
    Text,
    Tile,
    Tiles,
)
from dashboards.boards.channel_sums import (
    CHANNELS,
    CHANNELS_SHOWN,
    COLOURS,
    FLOW,
    ITEMS_SHOWN,
    KEPT,
    POOLS,
    SINGLE_MONTHS,
    SPANS,
    SUMS,
    VERDICTS,
    between,
)
from dashboards.flow import spec
from dashboards.specs import INK, dots, lines, rows

LINES_SHOWN = 6
MONTHS_SHOWN = 24

_CHANNEL = Text("Channel", "渠道")
_MONTH = Text("Month", "月份")
_SPENT = Text("Spent ({currency})", "花费（{currency}）")
_VALUE = Text("Credited value ({currency})", "归因价值（{currency}）")
_CONVERSIONS = Text("Credited conversions", "归因转化数")
_ROAS = Text("ROAS", "ROAS")
_CAC = Text("CAC ({currency})", "CAC 获客成本（{currency}）")
_NEW_USERS = Text("New users", "新用户")
_NEW_CUSTOMERS = Text("New customers", "新客户")
_MODEL = Text("Model", "归因模型")
_TIMES = Text("Times", "次数")
_MODELS = {
    "markov": Text("Markov chain", "马尔可夫链"),
    "shapley": Text("Shapley", "Shapley"),
    "linear": Text("Linear", "线性"),
    "position": Text("By position", "按位置"),
    "time_decay": Text("Time decay", "时间衰减"),
    "first": Text("First touch", "首次触点"),
    "last": Text("Last touch", "末次触点"),
    "last_non_direct": Text("Last that is not direct", "末次非直接触点"),
}
_BY_MODEL = Series(
    "by_model_id",
    "by_model",
    labels=_MODELS,
    colours=(INK, BLUE, SKY, GREEN, PURPLE, ORANGE, RED, GREY),
)
_BY_CHANNEL = Series("channel_id", "channel", order="place", colours=COLOURS)
_NOTHING = Text(
    "Nothing was spent here (feed channel_costs), or the conversion has no value.",
    "这里没有花费（channel_costs 数据），或者该转化没有价值。",
)
_NO_COST = Text(
    "Nothing was spent here (feed channel_costs).", "这里没有花费（channel_costs 数据）。"
)
_NO_TOUCH = Text("Nobody came by a channel yet.", "还没有人从任何渠道来。")

_ITEMS = Series("item_id", "item", order="place", colours=(GREEN, GREY, *COLOURS))

BOARD = Board(
    name="channels",
    title=Text("Channels", "渠道"),
    question=Text("Which channels are worth what they cost?", "哪些渠道值得继续花钱？"),
    filters=(
        Choice(
            "conversion_id",
            Text("Conversion", "转化"),
            "select conversion_id as value, label_en, label_zh from seeds.dim_conversions"
            " order by value_kind = 'none', row_number",
        ),
        Choice(
            "span",
            Text("Months", "月份"),
            f"""
            with {SPANS}

            select
                span as value,
                case when span = 'all' then 'All months so far'
                    when span like 'last%' then 'The last ' || month_count || ' ripe months'
                    else span[:7] || case when is_mature then '' else ' (not ripe)' end
                end as label_en,
                case when span = 'all' then '至今所有月份'
                    when span like 'last%' then '最近 ' || month_count || ' 个成熟的月份'
                    else span[:7] || case when is_mature then '' else '（未成熟）' end
                end as label_zh,
                conversion_id
            from spans
            order by conversion_id,
                array_position(['last_12', 'last_3', 'all'], span) nulls last, span desc
            """,
        ),
        Choice(
            "model_id",
            _MODEL,
            f"""
            select
                names.value, names.label_en, names.label_zh, conversions.conversion_id
            from seeds.dim_conversions as conversions
            inner join (
                values {", ".join(
                    f"({place}, '{name}', '{label.en}', '{label.zh}')"
                    for place, (name, label) in enumerate(_MODELS.items())
                )}
            ) as names (place, value, label_en, label_zh)
                on list_contains(string_split(conversions.models, '|'), names.value)
            order by conversions.conversion_id, names.place
            """,
        ),
        Choice(
            "length",
            Text("Payback within", "回本期限"),
            f"""
            with {POOLS}

            select distinct length as value, length || ' days' as label_en,
                length || ' 天' as label_zh
            from pools order by array_position([180, 90, 30, 365], length)
            """,
        ),
    ),
    items=(
        Tiles(
            "kpis",
            Text("What was spent, and what came of it", "花了多少，换来什么"),
            Text(
                "ROAS = credited value / spend, of the channels that were paid for. CAC = spend / "
                "new customers, those of free channels too.",
                "ROAS = 归因价值 / 花费，只算花了钱的渠道。"
                "CAC = 花费 / 新客户，含免费渠道的新客户。",
            ),
            ("marts.mart_attribution", "marts.mart_channel_acquisition",
             "marts.mart_channel_verdicts"),
            f"""
            with {SUMS},

            {VERDICTS},

            lost as (
                select conversion_id, span, sum(cost_amount) as lost_amount,
                    string_agg(channel_en, ', ' order by cost_amount desc) as lost_en,
                    string_agg(channel_zh, '、' order by cost_amount desc) as lost_zh
                from judged where verdict_id in ('nobody', 'loses') group by all
            ),

            spenders as (
                select conversion_id, span, model_id, sum(cost_amount) as cost_amount,
                    sum(credited_amount) filter (where roas is not null)
                        / sum(cost_amount) filter (where roas is not null) as roas,
                    bool_and(is_mature) as is_mature
                from credited group by all
            ),

            people as (
                select conversion_id, span, sum(new_user_count) as new_user_count,
                    sum(new_customer_count) as new_customer_count
                from acquired group by all
            )

            select
                spenders.conversion_id, spenders.span, spenders.model_id, spenders.cost_amount,
                coalesce(lost.lost_amount, 0) as lost_amount, lost.lost_en,
                lost.lost_zh, spenders.roas, people.new_user_count,
                people.new_customer_count,
                spenders.cost_amount / nullif(people.new_customer_count, 0) as cac_amount,
                spenders.is_mature
            from spenders
            left join lost using (conversion_id, span)
            left join people using (conversion_id, span)
            order by spenders.conversion_id, spenders.span, spenders.model_id
            """,
            tiles=(
                Tile("cost_amount", _SPENT, "amount"),
                Tile(
                    "lost_amount",
                    Text("of it, on channels to stop ({currency})",
                         "其中，花在应停投的渠道（{currency}）"),
                    "amount",
                    note="lost",
                ),
                Tile("roas", Text("ROAS of paid channels", "付费渠道的 ROAS"), "amount"),
                Tile("new_user_count", _NEW_USERS),
                Tile("new_customer_count", _NEW_CUSTOMERS),
                Tile("cac_amount", _CAC, "amount"),
            ),
            is_wide=True,
        ),
        Table(
            "verdicts",
            Text("Which channel to stop paying", "该停投哪个渠道"),
            Text(
                "The worst first. From – to: what the models that share out the same conversions "
                "differently give it, at least and at most. ROAS below 1 in all of them: it costs "
                "more than it brings, however it is counted.",
                "最差的在前。“最少 – 最多”：各归因模型以不同方式分配同一批转化，"
                "分给它的最少和最多。"
                "所有模型的 ROAS 都低于 1：无论怎么算都入不敷出。",
            ),
            ("marts.mart_channel_verdicts", "marts.mart_channel_acquisition"),
            f"""
            with {SUMS},

            {VERDICTS}

            select
                judged.conversion_id, judged.span, judged.channel_id, judged.channel_en,
                judged.channel_zh,
                words.verdict_en || case when judged.is_mature then '' else ' (not ripe yet)'
                end as verdict_en,
                words.verdict_zh || case when judged.is_mature then '' else '（未成熟）' end
                as verdict_zh,
                judged.cost_amount,
                {between("judged.value_low", "judged.value_high", "{:,.0f}")} as value_between,
                {between("judged.roas_low", "judged.roas_high", "{:.2f}")} as roas_between,
                {between("judged.count_low", "judged.count_high", "{:,.1f}")} as count_between,
                {between(
                    "judged.cost_amount / nullif(judged.count_high, 0)",
                    "judged.cost_amount / nullif(judged.count_low, 0)", "{:,.2f}",
                )} as cost_per_conversion_between,
                acquired.new_customer_count, acquired.cac_amount, judged.is_mature
            from judged
            inner join words on judged.verdict_id = words.verdict_id
            left join acquired using (conversion_id, span, channel_id)
            where judged.place < {CHANNELS_SHOWN}
                and (judged.cost_amount <> 0 or judged.count_high > 0)
            order by judged.conversion_id, judged.span, words.verdict_number,
                judged.value_high - judged.cost_amount, judged.channel_id
            """,
            columns=(
                Column("channel", _CHANNEL),
                Column("verdict", Text("What to do", "建议")),
                Column("cost_amount", _SPENT, "amount"),
                Column("value_between", _VALUE),
                Column("roas_between", _ROAS),
                Column("count_between", _CONVERSIONS),
                Column(
                    "cost_per_conversion_between",
                    Text("Cost of a conversion ({currency})", "单次转化成本（{currency}）"),
                ),
                Column("new_customer_count", _NEW_CUSTOMERS, "count"),
                Column("cac_amount", _CAC, "amount"),
            ),
            empty=Text("Nobody converted, and nothing was spent yet.", "还没有转化，也没有花费。"),
            is_wide=True,
        ),
        Chart(
            "worth",
            Text("Spent, and what came of it", "花费与归因价值"),
            Text(
                "Bar: value that the model credits the channel with. Stroke: what was spent on it, "
                "where ROAS is 1. A red bar ends before it. The largest loss first.",
                "横条：模型归给该渠道的价值。竖线：花费，即 ROAS = 1 的位置。红条没有达到竖线。"
                "亏得最多的在前。",
            ),
            ("marts.mart_attribution",),
            f"""
            with {SUMS}

            select
                conversion_id, span, model_id, channel_id, channel_en, channel_zh,
                credited_amount, cost_amount, roas, credited_count,
                row_number() over (
                    partition by conversion_id, span, model_id
                    order by credited_amount - cost_amount, channel_id
                ) as row_number,
                is_mature
            from credited where cost_amount <> 0 and roas is not null
            order by conversion_id, span, model_id, row_number
            """,
            rows(
                "channel",
                "credited_amount",
                _VALUE,
                [("channel", _CHANNEL, None), ("credited_amount", _VALUE, "amount"),
                 ("cost_amount", _SPENT, "amount"), ("roas", _ROAS, ".2f"),
                 ("credited_count", _CONVERSIONS, ",.1f")],
                order="row_number",
                text="format(datum.credited_amount, ',.0f') + ' · ROAS '"
                " + format(datum.roas, '.2f')",
                number=",.0f",
                beneath=Text(
                    "'spent ' + format(datum.cost_amount, ',.0f')",
                    "'花费 ' + format(datum.cost_amount, ',.0f')",
                ),
                target="cost_amount",
                alarm="datum.roas < 1",
            ),
            empty=_NOTHING,
        ),
        Chart(
            "roas",
            Text("ROAS by every model", "各模型的 ROAS"),
            Text(
                "A point a model; the dashed line is ROAS 1. All points left of it: stop. On both "
                "sides: the model decides. The axis is drawn together towards the right.",
                "每个点是一个模型，虚线是 ROAS = 1。所有点都在左边：停投；两边都有：取决于模型。"
                "横轴越往右越密。",
            ),
            ("marts.mart_attribution",),
            f"""
            with {SUMS},

            ranged as (
                select *, min(roas) over of_all as roas_low, max(roas) over of_all as roas_high
                from credited
                window of_all as (partition by conversion_id, span, channel_id)
            )

            select
                conversion_id, span, model_id as by_model_id, channel_id, channel_en, channel_zh,
                roas, credited_amount, cost_amount, roas_low, roas_high,
                dense_rank() over (
                    partition by conversion_id, span order by roas_high, channel_id
                ) as row_number,
                is_mature
            from ranged where roas is not null
            order by conversion_id, span, row_number, by_model_id
            """,
            dots(
                "channel",
                "roas",
                _ROAS,
                [("channel", _CHANNEL, None), ("by_model", _MODEL, None), ("roas", _ROAS, ".2f"),
                 ("credited_amount", _VALUE, "amount"), ("cost_amount", _SPENT, "amount")],
                order="row_number",
                low="roas_low",
                high="roas_high",
                series=_BY_MODEL,
                number="~g",
                mark_at=1,
                scale={"type": "symlog", "constant": 0.5},
                values=(-1, 0, 0.5, 1, 2, 5, 10, 20, 50, 100, 1000),
            ),
            _BY_MODEL,
            empty=_NOTHING,
        ),
        Chart(
            "trend",
            Text("ROAS, month by month", "逐月 ROAS"),
            Text(
                f"Credited value / spend of the month, of the {LINES_SHOWN} channels that cost "
                f"most. Below the dashed line a channel costs more than it brings.",
                f"当月归因价值 / 花费，花费最多的 {LINES_SHOWN} 个渠道。虚线以下入不敷出。",
            ),
            ("marts.mart_attribution",),
            f"""
            with {CHANNELS}

            select
                attribution.conversion_id, attribution.model_id, {KEPT},
                attribution.period_start_date, attribution.roas, attribution.credited_amount,
                attribution.cost_amount, attribution.is_mature
            from marts.mart_attribution as attribution
            inner join channels on attribution.channel_id = channels.channel_id
            inner join seeds.dim_conversions as conversions
                on attribution.conversion_id = conversions.conversion_id
            where attribution.grain = 'month' and attribution.roas is not null
                and conversions.value_kind <> 'none' and channels.place <= {LINES_SHOWN}
                and attribution.period_start_date > (
                    select max(newest.period_start_date) - interval '{MONTHS_SHOWN} months'
                    from marts.mart_attribution as newest where newest.grain = 'month'
                )
            order by 1, 2, channels.place, attribution.period_start_date
            """,
            lines(
                "period_start_date",
                "roas",
                _ROAS,
                [("period_start_date", _MONTH, None), ("channel", _CHANNEL, None),
                 ("roas", _ROAS, ".2f"), ("credited_amount", _VALUE, "amount"),
                 ("cost_amount", _SPENT, "amount")],
                series=_BY_CHANNEL,
                number=",.1f",
                mark_at=1,
            ),
            _BY_CHANNEL,
            empty=_NOTHING,
        ),
        Chart(
            "cac",
            Text("What a new customer costs", "获得一个新客户的花费"),
            Text(
                "CAC = spend / users with their first order then, under the channel that first "
                "brought them. The dearest first; above them those that brought no customer.",
                "CAC = 花费 / 当期首单的用户，算在最初带来他们的渠道。最贵的在前；"
                "没有带来客户的排在最前。",
            ),
            ("marts.mart_channel_acquisition", "marts.mart_attribution"),
            f"""
            with {SUMS}

            select
                conversion_id, span, channel_id, channel_en, channel_zh, cac_amount,
                coalesce(cac_amount, 0) as shown_amount, cost_amount, new_customer_count,
                new_user_count, cost_per_new_user,
                row_number() over (
                    partition by conversion_id, span
                    order by cac_amount desc nulls first, cost_amount desc, channel_id
                ) as row_number,
                is_mature
            from acquired where cost_amount > 0
            order by conversion_id, span, row_number
            """,
            rows(
                "channel",
                "shown_amount",
                _CAC,
                [("channel", _CHANNEL, None), ("cac_amount", _CAC, "amount"),
                 ("new_customer_count", _NEW_CUSTOMERS, ",d"), ("cost_amount", _SPENT, "amount"),
                 ("new_user_count", _NEW_USERS, ",d"),
                 ("cost_per_new_user", Text("A new user ({currency})", "每个新用户（{currency}）"),
                  "amount")],
                order="row_number",
                text=Text(
                    "datum.new_customer_count"
                    " ? format(datum.shown_amount, ',.2f') + ' · ' + format("
                    "datum.new_customer_count, ',d') + ' customers'"
                    " : '0 customers for ' + format(datum.cost_amount, ',.0f')",
                    "datum.new_customer_count"
                    " ? format(datum.shown_amount, ',.2f') + ' · ' + format("
                    "datum.new_customer_count, ',d') + ' 个客户'"
                    " : '0 个客户，花费 ' + format(datum.cost_amount, ',.0f')",
                ),
                number=",.0f",
                colour=ORANGE,
            ),
            empty=_NO_COST,
        ),
        Chart(
            "payback",
            Text("Payback", "回本曲线"),
            Text(
                f"Orders less refunds of the users whom a channel brought, up to each day after it "
                f"did, as a share of what they cost. At 100% they have paid it back. Months whose "
                f"users are all that old, at most 12; the {LINES_SHOWN} channels that cost most.",
                f"渠道带来的用户在此后每一天为止的订单减退款，占其花费的比例；到 100% 即回本。"
                f"取所有用户都满这些天的月份，最多 12 个；花费最多的 {LINES_SHOWN} 个渠道。",
            ),
            ("marts.mart_channel_cohort_value",),
            f"""
            with {CHANNELS},

            {POOLS}

            select
                pools.length, coalesce(channels.kept_id, '') as channel_id,
                coalesce(channels.channel_en, 'All, free ones too') as channel_en,
                coalesce(channels.channel_zh, '所有渠道，含免费') as channel_zh,
                coalesce(channels.place, {len(COLOURS)}) as place, value.day_number,
                sum(value.mature_net_amount) / sum(value.cost_amount) as paid_back_rate,
                sum(value.mature_net_amount) / sum(value.cohort_size) as net_amount_per_user,
                sum(value.cost_amount) / sum(value.cohort_size) as cost_per_new_user,
                sum(value.cohort_size) as user_count, bool_and(value.is_mature) as is_mature
            from pools
            inner join marts.mart_channel_cohort_value as value
                on pools.cohort_start_date = value.cohort_start_date
                and value.day_number <= pools.length
                and (value.day_number <= 30 or value.day_number % 5 = 0)
            left join channels on value.channel_id = channels.channel_id
            where value.channel_id is null or channels.place <= {LINES_SHOWN}
            group by all
            having sum(value.cost_amount) > 0
            order by pools.length, place, value.day_number
            """,
            lines(
                "day_number",
                "paid_back_rate",
                Text("Of the cost, paid back", "花费已收回的比例"),
                [("day_number", Text("Days since acquired", "获客后天数"), None),
                 ("channel", _CHANNEL, None),
                 ("paid_back_rate", Text("Paid back", "已收回"), ".1%"),
                 ("net_amount_per_user", Text("Net amount a user ({currency})",
                                              "每用户净额（{currency}）"), "amount"),
                 ("cost_per_new_user", Text("Cost a user ({currency})",
                                            "每用户花费（{currency}）"), "amount"),
                 ("user_count", Text("Users", "用户数"), ",d")],
                series=_BY_CHANNEL,
                number=".0%",
                is_date=False,
                x_label=Text("Days since acquired", "获客后天数"),
                mark_at=1,
            ),
            _BY_CHANNEL,
            empty=Text(
                "No month of users who cost something is 30 days old yet.",
                "还没有花过钱获取的用户满 30 天的月份。",
            ),
        ),
        Grid(
            "payback_days",
            Text("Days until paid back", "回本天数"),
            Text(
                "By month of acquisition and channel: the day on which the users of the month had "
                "paid back what they cost. · not yet, or never. Channels that cost something.",
                "按获客月份和渠道：当月获取的用户收回其花费用了多少天。· 尚未或从未回本。"
                "只列花过钱的渠道。",
            ),
            ("marts.mart_channel_cohort_value",),
            f"""
            with {CHANNELS}

            select
                strftime(value.cohort_start_date, '%Y-%m') as cohort, value.cohort_start_date,
                channels.channel_id, channels.label_en as channel_en,
                channels.label_zh as channel_zh, channels.place, value.payback_days,
                value.cohort_size, value.cost_per_new_user, value.net_amount_per_user,
                value.payback_days is not null or value.is_mature as is_mature
            from (
                select *, row_number() over (
                    partition by cohort_start_date, channel_id
                    order by eligible_count > 0 desc, day_number desc
                ) as number
                from marts.mart_channel_cohort_value
                where eligible_count > 0 or day_number = 0
            ) as value
            inner join named as channels on value.channel_id = channels.channel_id
            where value.number = 1 and value.cost_amount > 0 and channels.place <= 12
                and value.cohort_start_date > (
                    select max(newest.cohort_start_date) - interval '{SINGLE_MONTHS} months'
                    from marts.mart_channel_cohort_value as newest
                )
            order by value.cohort_start_date desc, channels.place
            """,
            row=Column("cohort", Text("Acquired in", "获客月份")),
            column=Column("channel", _CHANNEL),
            value=Column("payback_days", Text("Days until paid back", "回本天数"), "count"),
            row_order="cohort_start_date",
            column_order="place",
            hint=(
                Column("cohort_size", Text("Users", "用户数"), "count"),
                Column("cost_per_new_user",
                       Text("Cost a user ({currency})", "每用户花费（{currency}）"), "amount"),
                Column("net_amount_per_user",
                       Text("Net amount a user so far ({currency})",
                            "至今每用户净额（{currency}）"),
                       "amount"),
            ),
            empty=_NO_COST,
        ),
        Chart(
            "flow",
            Text("Paths of channels", "渠道路径"),
            Text(
                f"From left to right: the first touch; a channel that was touched; what came next: "
                f"the conversion, another channel, or nothing more. A band is as thick as often as "
                f"it was taken; what has none on its left came from another channel. The "
                f"{ITEMS_SHOWN} most frequent channels.",
                f"从左到右：首次触点；触达的渠道；接下来是什么：转化、另一个渠道，或没有下文。"
                f"色带越粗次数越多；左侧没有色带的部分来自另一个渠道。"
                f"取最常见的 {ITEMS_SHOWN} 个渠道。",
            ),
            ("marts.mart_attribution_transitions",),
            FLOW,
            spec(
                [("item", _CHANNEL, None), ("next", Text("Then", "之后"), None),
                 ("occurrence_count", _TIMES, "count"),
                 ("item_count", Text("Of", "总数"), "count"),
                 ("item_share", Text("Share", "占比"), "rate")],
                Text("['paths', 'touched', 'then'][datum.value]",
                     "['路径', '触点', '之后'][datum.value]"),
            ),
            _ITEMS,
            440,
            empty=_NO_TOUCH,
            is_wide=True,
        ),
        Grid(
            "removals",
            Text("What is lost without a channel", "去掉一个渠道会失去多少"),
            Text(
                "Share of the month's conversions that would not have been, if nobody had come by "
                "the channel: its removal effect in the chain of all paths.",
                "假如没有人从该渠道来，当月会少掉的转化占比：它在所有路径组成的马尔可夫链中的移除效应。",
            ),
            ("marts.mart_attribution_removals",),
            f"""
            with {CHANNELS}

            select
                removals.conversion_id, channels.channel_id, channels.label_en as channel_en,
                channels.label_zh as channel_zh, channels.place, removals.period_start_date,
                strftime(removals.period_start_date, '%Y-%m') as month, removals.removal_effect,
                removals.credit_share, removals.is_mature
            from marts.mart_attribution_removals as removals
            inner join named as channels on removals.channel_id = channels.channel_id
            where channels.place <= {CHANNELS_SHOWN}
                and removals.period_start_date > (
                    select max(newest.period_start_date) - interval '{SINGLE_MONTHS} months'
                    from marts.mart_attribution_removals as newest
                )
            order by removals.conversion_id, channels.place, removals.period_start_date
            """,
            row=Column("channel", _CHANNEL),
            column=Column("month", _MONTH),
            value=Column("removal_effect", Text("Lost without it", "去掉后失去"), "rate"),
            row_order="place",
            column_order="period_start_date",
            hint=(Column("credit_share", Text("Its share of the credit", "分得的功劳"), "rate"),),
            empty=_NO_TOUCH,
            is_wide=True,
        ),
        Table(
            "acquisition",
            Text("Whom each channel brings", "各渠道带来的人"),
            Text(
                "A user counts for the channel of their first touch, a customer in the month of "
                "their first order. Net amount: all orders so far of the users who were acquired "
                "then.",
                "用户算在首次触点的渠道，客户算在首单的月份。净额：当期获取的用户至今的所有订单。",
            ),
            ("marts.mart_channel_acquisition", "marts.mart_attribution"),
            f"""
            with {SUMS}

            select
                conversion_id, span, channel_id, channel_en, channel_zh, new_user_count,
                new_customer_count, cost_amount, cost_per_new_user, cac_amount,
                impression_count, click_count, net_amount, is_mature
            from acquired
            order by conversion_id, span, cost_amount desc, new_user_count desc, channel_id
            """,
            columns=(
                Column("channel", _CHANNEL),
                Column("new_user_count", _NEW_USERS, "count"),
                Column("new_customer_count", _NEW_CUSTOMERS, "count"),
                Column("cost_amount", _SPENT, "amount"),
                Column("cost_per_new_user",
                       Text("Cost a new user ({currency})", "每个新用户的花费（{currency}）"),
                       "amount"),
                Column("cac_amount", _CAC, "amount"),
                Column("impression_count", Text("Shown", "曝光"), "count"),
                Column("click_count", Text("Clicked", "点击"), "count"),
                Column("net_amount",
                       Text("Net amount so far ({currency})", "至今净额（{currency}）"), "amount"),
            ),
            empty=_NO_TOUCH,
            is_wide=True,
        ),
    ),
)  # fmt: skip
