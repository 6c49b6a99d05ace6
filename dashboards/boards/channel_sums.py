"""What the board of channels asks, as parts of queries: months, channels, and sums by both."""

from __future__ import annotations

from dashboards.board import BLUE, ORANGE, PURPLE, RED, SKY
from dashboards.flow import layout
from dashboards.specs import INK

CHANNELS_SHOWN = 20
"""Channels by name, those that cost most first; the others are one."""
ITEMS_SHOWN = 8
"""Channels in the flow, the most frequent ones."""
SINGLE_MONTHS = 12
"""Months that can be chosen one by one."""
# Two of Paul Tol's beside those of Okabe and Ito; the last is of all together.
COLOURS = (BLUE, ORANGE, RED, SKY, PURPLE, "#999933", "#882255", INK)

# What the reader chooses is a span of months.
SPANS = f"""
    spans as (
        select distinct verdicts.conversion_id, verdicts.span as kind,
            case when verdicts.span = 'month' then cast(verdicts.period_start_date as varchar)
                else verdicts.span end as span,
            verdicts.period_start_date, verdicts.last_month_start_date, verdicts.month_count,
            verdicts.is_mature or verdicts.span like 'last%' as is_mature
        from marts.mart_channel_verdicts as verdicts
        where verdicts.span <> 'last_3' or verdicts.month_count = 3
        qualify dense_rank() over (
            partition by verdicts.conversion_id, verdicts.span
            order by verdicts.period_start_date desc
        ) <= {SINGLE_MONTHS}
    )
"""

# Those that cost most have a name of their own, by the id that they are kept as.
CHANNELS = f"""
    ranked as (
        select channel_id, row_number() over (
            order by sum(cost_amount) desc, sum(weight) desc, channel_id
        ) as place
        from (
            select channel_id, cost_amount, new_user_count as weight
            from marts.mart_channel_acquisition where grain = 'all'
            union all
            select channel_id, 0, credited_count from marts.mart_attribution where grain = 'all'
        )
        group by channel_id
    ),

    named as (
        select ranked.channel_id, ranked.place,
            coalesce(names.label_en, ranked.channel_id) as label_en,
            coalesce(names.label_zh, ranked.channel_id) as label_zh
        from ranked left join seeds.dim_channels as names using (channel_id)
    ),

    channels as (
        select channel_id, least(place, {CHANNELS_SHOWN}) as place,
            case when place < {CHANNELS_SHOWN} then channel_id else '(others)' end as kept_id,
            case when place < {CHANNELS_SHOWN} then label_en else 'Other channels' end
                as channel_en,
            case when place < {CHANNELS_SHOWN} then label_zh else '其他渠道' end as channel_zh
        from named
    )
"""
KEPT = "channels.kept_id as channel_id, channels.channel_en, channels.channel_zh, channels.place"

SUMS = f"""
    {SPANS},

    {CHANNELS},

    credited as (
        select spans.conversion_id, spans.span, attribution.model_id, {KEPT},
            sum(attribution.credited_count) as credited_count,
            sum(attribution.credited_amount) as credited_amount,
            sum(attribution.cost_amount) as cost_amount,
            case when any_value(conversions.value_kind) <> 'none'
                and sum(attribution.cost_amount) <> 0
                then sum(attribution.credited_amount) / sum(attribution.cost_amount)
            end as roas,
            bool_and(spans.is_mature) as is_mature
        from spans
        inner join marts.mart_attribution as attribution
            on spans.conversion_id = attribution.conversion_id
            and attribution.period_start_date
                between spans.period_start_date and spans.last_month_start_date
        inner join channels on attribution.channel_id = channels.channel_id
        inner join seeds.dim_conversions as conversions
            on spans.conversion_id = conversions.conversion_id
        where attribution.grain = 'month'
        group by all
    ),

    acquired as (
        select spans.conversion_id, spans.span, {KEPT},
            sum(acquisition.new_user_count) as new_user_count,
            sum(acquisition.new_customer_count) as new_customer_count,
            sum(acquisition.impression_count) as impression_count,
            sum(acquisition.click_count) as click_count,
            sum(acquisition.net_amount) as net_amount,
            sum(acquisition.cost_amount) as cost_amount,
            sum(acquisition.cost_amount) / nullif(sum(acquisition.new_user_count), 0)
                as cost_per_new_user,
            sum(acquisition.cost_amount) / nullif(sum(acquisition.new_customer_count), 0)
                as cac_amount,
            bool_and(spans.is_mature) as is_mature
        from spans
        inner join marts.mart_channel_acquisition as acquisition
            on acquisition.period_start_date
                between spans.period_start_date and spans.last_month_start_date
        inner join channels on acquisition.channel_id = channels.channel_id
        where acquisition.grain = 'month'
        group by all
    )
"""
# What the mart says of the channels of a span, in words.
VERDICTS = """
    judged as (
        select spans.conversion_id, spans.span, named.channel_id, named.label_en as channel_en,
            named.label_zh as channel_zh, named.place, verdicts.verdict_id,
            verdicts.credited_count_low as count_low, verdicts.credited_count_high as count_high,
            verdicts.credited_amount_low as value_low,
            verdicts.credited_amount_high as value_high,
            verdicts.cost_amount, verdicts.roas_low, verdicts.roas_high, spans.is_mature
        from marts.mart_channel_verdicts as verdicts
        inner join spans on verdicts.conversion_id = spans.conversion_id
            and verdicts.span = spans.kind
            and verdicts.period_start_date = spans.period_start_date
        inner join named on verdicts.channel_id = named.channel_id
    ),

    words (verdict_id, verdict_number, verdict_en, verdict_zh) as (
        values
        ('nobody', 1, 'Stop: no conversion came of it', '停投：没有带来任何转化'),
        ('loses', 2, 'Stop: costs more than it brings, by every model',
            '停投：按任何模型都入不敷出'),
        ('unknown', 3, 'No rule names its channel: cannot be judged', '没有规则能归类，无法判断'),
        ('no_conversions', 4, 'Nobody converted: cannot be judged', '没有人转化，无法判断'),
        ('depends', 5, 'Depends on the model', '取决于归因模型'),
        ('no_value', 6, 'The conversion has no value: see what one costs',
            '该转化没有价值，请看单次成本'),
        ('pays', 7, 'Keep: brings more than it costs, by every model',
            '保留：按任何模型都赚回花费'),
        ('free', 8, 'Not paid for', '不花钱')
    )
"""


def between(low: str, high: str, number: str) -> str:
    """Two figures in words, one where they are the same."""
    lowest, highest = f"format('{number}', {low})", f"format('{number}', {high})"
    return f"case when {lowest} = {highest} then {lowest} else {lowest} || ' – ' || {highest} end"


FLOW = f"""
    with {SPANS},

    summed as (
        select spans.conversion_id, spans.span, moves.from_channel_id, moves.to_channel_id,
            sum(moves.transition_count) as transition_count
        from spans
        inner join marts.mart_attribution_transitions as moves
            on spans.conversion_id = moves.conversion_id
            and moves.period_start_date
                between spans.period_start_date and spans.last_month_start_date
        group by all
    ),

    touched as (
        select conversion_id, span, from_channel_id as channel_id,
            row_number() over (
                partition by conversion_id, span
                order by sum(transition_count) desc, from_channel_id
            ) as number
        from summed where from_channel_id <> '(start)'
        group by conversion_id, span, from_channel_id
    ),

    edges as (
        select summed.conversion_id, summed.span,
            case when from_channel_id = '(start)' then 0 else 1 end as source_position,
            case when from_channel_id = '(start)' then from_channel_id
                when sources.number <= {ITEMS_SHOWN} then from_channel_id else '(others)' end
                as source_item,
            case when to_channel_id in ('(conversion)', '(null)') then to_channel_id
                when targets.number <= {ITEMS_SHOWN} then to_channel_id else '(others)' end
                as target_item,
            sum(transition_count) as occurrence_count
        from summed
        left join touched as sources on summed.conversion_id = sources.conversion_id
            and summed.span = sources.span and summed.from_channel_id = sources.channel_id
        left join touched as targets on summed.conversion_id = targets.conversion_id
            and summed.span = targets.span and summed.to_channel_id = targets.channel_id
        group by all
    ),

    {
    layout(
        "conversion_id, span",
        "case item when '(conversion)' then 0 when '(others)' then 2 when '(null)' then 3 "
        "else 1 end",
    )
},

    {CHANNELS},

    words as (
        select channel_id as item_id, 3 + (place - 1) % {len(COLOURS)} as place,
            label_en, label_zh
        from named
        union all
        values ('(start)', 2, 'First touch', '首次触点'),
            ('(others)', 2, 'Other channels', '其他渠道'),
            ('(conversion)', 1, 'Converted', '转化'),
            ('(null)', 2, 'Nothing more', '没有下文')
    )

    select
        flow.*, items.place,
        items.label_en as item_en, items.label_zh as item_zh,
        nexts.label_en as next_en, nexts.label_zh as next_zh
    from flow
    inner join words as items on flow.item_id = items.item_id
    left join words as nexts on flow.next_id = nexts.item_id
    order by flow.conversion_id, flow.span, flow.kind, flow.position, flow.low
"""

# Months that are all as old as the days that are looked at, the newest 12 of them.
POOLS = """
    old as (
        select lengths.length, value.cohort_start_date,
            row_number() over (partition by lengths.length order by value.cohort_start_date desc)
                as number
        from marts.mart_channel_cohort_value as value
        inner join (values (30), (90), (180), (365)) as lengths (length)
            on value.day_number = lengths.length
        where value.channel_id is null and value.is_mature
    ),

    pools as (select length, cohort_start_date from old where number <= 12)
"""
