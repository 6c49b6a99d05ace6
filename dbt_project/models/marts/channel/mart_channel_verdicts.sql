with

attribution as (

    select * from {{ ref('mart_attribution') }} where grain = 'month'

),

acquisition as (

    select * from {{ ref('mart_channel_acquisition') }} where grain = 'month'

),

conversions as (

    select * from {{ ref('dim_conversions') }}

),

conversion_models as (

    select * from {{ ref('dim_conversion_models') }}

),

-- Whoever brought users alone is there too, with nothing.
figures as (

    select
        conversion_id,
        model_id,
        channel_id,
        credited_count,
        credited_amount,
        cost_amount,
        is_mature,
        period_start_date
    from attribution

    union all

    select
        conversion_models.conversion_id,
        conversion_models.model_id,
        acquisition.channel_id,
        0 as credited_count,
        0 as credited_amount,
        0 as cost_amount,
        acquisition.is_mature,
        acquisition.period_start_date
    from acquisition
    cross join conversion_models

),

-- A month is ripe when every figure of it is.
months as (

    select
        conversion_id,
        bool_and(is_mature) as is_mature,
        period_start_date
    from figures
    group by conversion_id, period_start_date

),

ripe_months as (

    select
        months.*,
        row_number() over (
            partition by conversion_id order by period_start_date desc
        ) as number_from_end
    from months
    where is_mature

),

-- What the newest month ends is another span the month after: a month alone is ever ripe.
spans as (

    select
        conversion_id,
        'month' as span,
        1 as month_count,
        is_mature,
        period_start_date,
        period_start_date as last_month_start_date
    from months

    {# A loop, because each of them is so many months that are ripe, or all. #}
    {%- for span, length in [('all', none), ('last_3', 3), ('last_12', 12)] %}

    union all

    select
        conversion_id,
        '{{ span }}' as span,
        count(*) as month_count,
        false as is_mature,
        min(period_start_date) as period_start_date,
        max(period_start_date) as last_month_start_date
    {%- if length %}
    from ripe_months
    where number_from_end <= {{ length }}
    {%- else %}
    from months
    {%- endif %}
    group by conversion_id
    {%- endfor %}

),

-- Decimals, because a sum of doubles depends on its order.
credited as (

    select
        spans.conversion_id,
        spans.span,
        figures.model_id,
        figures.channel_id,
        spans.month_count,
        cast(sum(cast(figures.credited_count as decimal(38, 12))) as double) as credited_count,
        cast(sum(cast(figures.credited_amount as decimal(38, 12))) as double) as credited_amount,
        cast(sum(figures.cost_amount) as decimal(38, 4)) as cost_amount,
        spans.is_mature,
        spans.period_start_date,
        spans.last_month_start_date
    from spans
    inner join figures
        on spans.conversion_id = figures.conversion_id
        and spans.period_start_date <= figures.period_start_date
        and spans.last_month_start_date >= figures.period_start_date
    group by
        spans.conversion_id,
        spans.span,
        figures.model_id,
        figures.channel_id,
        spans.month_count,
        spans.is_mature,
        spans.period_start_date,
        spans.last_month_start_date

),

bounded as (

    select
        credited.conversion_id,
        credited.span,
        credited.channel_id,
        credited.month_count,
        min(credited.credited_count) as credited_count_low,
        max(credited.credited_count) as credited_count_high,
        min(credited.credited_amount) as credited_amount_low,
        max(credited.credited_amount) as credited_amount_high,
        max(credited.cost_amount) as cost_amount,
        min(
            case
                when conversions.value_kind <> 'none'
                    then {{ rate('credited.credited_amount', 'credited.cost_amount') }}
            end
        ) as roas_low,
        max(
            case
                when conversions.value_kind <> 'none'
                    then {{ rate('credited.credited_amount', 'credited.cost_amount') }}
            end
        ) as roas_high,
        credited.is_mature,
        credited.period_start_date,
        credited.last_month_start_date
    from credited
    inner join conversions on credited.conversion_id = conversions.conversion_id
    group by
        credited.conversion_id,
        credited.span,
        credited.channel_id,
        credited.month_count,
        credited.is_mature,
        credited.period_start_date,
        credited.last_month_start_date

),

final as (

    select
        conversion_id,
        span,
        channel_id,
        case
            when cost_amount <= 0 then 'free'
            when channel_id = 'unassigned' then 'unknown'
            -- Where nobody converted at all, no channel is to blame.
            when
                max(credited_count_high) over (
                    partition by conversion_id, span, period_start_date
                ) = 0
                then 'no_conversions'
            when credited_count_high = 0 then 'nobody'
            when roas_high is null then 'no_value'
            when roas_high < 1 then 'loses'
            when roas_low >= 1 then 'pays'
            else 'depends'
        end as verdict_id,
        cast(month_count as integer) as month_count,
        credited_count_low,
        credited_count_high,
        credited_amount_low,
        credited_amount_high,
        cost_amount,
        roas_low,
        roas_high,
        is_mature,
        period_start_date,
        last_month_start_date
    from bounded

)

select * from final
