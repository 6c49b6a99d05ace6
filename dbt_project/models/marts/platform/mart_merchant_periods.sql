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

-- What is worked out of figures, in their types, is worked out here: most merchants have none in
-- most periods.
figures as (

    select
        counted.merchant_id,
        counted.grain,
        counted.period_start_date,
        {% for column in counts -%}
        cast(counted.{{ column }} as bigint) as {{ column }},
        {% endfor -%}
        {% for column in amounts -%}
        cast(counted.{{ column }} as decimal(38, 4)) as {{ column }},
        {% endfor -%}
        buyers.buyer_count,
        cast(counted.gross_amount - counted.refunded_amount as decimal(38, 4)) as net_amount,
        {{ rate('counted.complaint_count', 'counted.order_count') }} as complaint_rate,
        {{ rate('counted.rating_sum', 'counted.rating_count') }} as mean_rating
    from counted
    left join buyers
        on counted.merchant_id = buyers.merchant_id
        and counted.grain = buyers.grain
        and counted.period_start_date is not distinct from buyers.period_start_date

),

firsts as (

    select
        merchant_id,
        min(counted_date) as first_date,
        max(counted_date) as last_date
    from by_day
    group by merchant_id

),

all_periods as (

    {{ every_period('firsts') }}

),

periods as (

    select
        all_periods.*,
        {{ is_period_over('all_periods.grain', 'all_periods.period_start_date', '0') }} as is_mature
    from all_periods
    cross join horizon

),

final as (

    select
        firsts.merchant_id,
        periods.grain,
        merchants.merchant_name,
        merchants.category,
        merchants.level_id,
        {% for column in ['order_count', 'buyer_count'] -%}
        coalesce(figures.{{ column }}, cast(0 as bigint)) as {{ column }},
        {% endfor -%}
        {% for column in ['gross_amount', 'refunded_amount', 'net_amount'] -%}
        coalesce(figures.{{ column }}, cast(0 as decimal(38, 4))) as {{ column }},
        {% endfor -%}
        {% for column in ['fulfilled_count', 'cancelled_count', 'complaint_count'] -%}
        coalesce(figures.{{ column }}, cast(0 as bigint)) as {{ column }},
        {% endfor -%}
        figures.complaint_rate,
        coalesce(figures.rating_count, cast(0 as bigint)) as rating_count,
        coalesce(figures.rating_sum, cast(0 as decimal(38, 4))) as rating_sum,
        figures.mean_rating,
        coalesce(figures.violation_count, cast(0 as bigint)) as violation_count,
        coalesce(figures.open_violation_count, cast(0 as bigint)) as open_violation_count,
        periods.is_mature,
        periods.period_start_date
    from firsts
    inner join periods on firsts.first_date <= periods.last_date
    inner join merchants on firsts.merchant_id = merchants.merchant_id
    left join figures
        on firsts.merchant_id = figures.merchant_id
        and periods.grain = figures.grain
        and periods.period_start_date is not distinct from figures.period_start_date

)

select * from final
