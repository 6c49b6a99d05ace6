{%- set counts = [
    'order_count', 'fulfilled_count', 'cancelled_count', 'complaint_count', 'rating_count',
    'violation_count', 'open_violation_count',
] %}
{%- set amounts = ['gross_amount', 'refunded_amount', 'rating_sum'] %}
with

horizon as (

    select
        data_through_date,
        data_through_at
    from {{ ref('dim_horizon') }}

),

merchants as (

    select * from {{ ref('dim_merchants') }}

),

by_day as (

    select
        counts.*,
        {{ grain_starts('counts.counted_date') }}
    from {{ ref('step_merchant_counts') }} as counts

),

counted as (

    select
        merchant_id,
        {{ grain_columns() }},
        {% for column in counts + amounts -%}
        sum(case when figure = '{{ column }}' then figure_value else 0 end) as {{ column }}
        {{- ',' if not loop.last }}
        {% endfor %}
    from by_day
    group by {{ grain_sets(['merchant_id']) }}

),

buying_by_day as (

    select
        merchant_id,
        user_id,
        {{ grain_starts('first_date') }}
    from {{ ref('step_merchant_orders') }}

),

buyers as (

    select
        merchant_id,
        {{ grain_columns() }},
        count(distinct user_id) as buyer_count
    from buying_by_day
    group by {{ grain_sets(['merchant_id']) }}

),

firsts as (

    select
        merchant_id,
        min(counted_date) as first_date,
        max(counted_date) as last_date
    from by_day
    group by merchant_id

),

periods as (

    {{ every_period('firsts') }}

),

filled as (

    select
        firsts.merchant_id,
        periods.grain,
        coalesce(buyers.buyer_count, 0) as buyer_count,
        {% for column in counts -%}
        cast(coalesce(counted.{{ column }}, 0) as bigint) as {{ column }},
        {% endfor -%}
        {% for column in amounts -%}
        cast(coalesce(counted.{{ column }}, 0) as decimal(38, 4)) as {{ column }},
        {% endfor -%}
        periods.period_start_date
    from firsts
    inner join periods on firsts.first_date <= periods.last_date
    left join counted
        on firsts.merchant_id = counted.merchant_id
        and periods.grain = counted.grain
        and periods.period_start_date is not distinct from counted.period_start_date
    left join buyers
        on firsts.merchant_id = buyers.merchant_id
        and periods.grain = buyers.grain
        and periods.period_start_date is not distinct from buyers.period_start_date

),

final as (

    select
        filled.merchant_id,
        filled.grain,
        merchants.merchant_name,
        merchants.category,
        merchants.level_id,
        filled.order_count,
        filled.buyer_count,
        filled.gross_amount,
        filled.refunded_amount,
        cast(filled.gross_amount - filled.refunded_amount as decimal(38, 4)) as net_amount,
        filled.fulfilled_count,
        filled.cancelled_count,
        filled.complaint_count,
        {{ rate('filled.complaint_count', 'filled.order_count') }} as complaint_rate,
        filled.rating_count,
        filled.rating_sum,
        {{ rate('filled.rating_sum', 'filled.rating_count') }} as mean_rating,
        filled.violation_count,
        filled.open_violation_count,
        {{ is_period_over('filled.grain', 'filled.period_start_date', '0') }} as is_mature,
        filled.period_start_date
    from filled
    inner join merchants on filled.merchant_id = merchants.merchant_id
    cross join horizon

)

select * from final
