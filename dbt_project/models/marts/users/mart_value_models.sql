with

fits as (

    select * from {{ ref('step_value_fits') }}

),

counts as (

    select
        model_id,
        count(*) as customer_count,
        count(case when frequency > 0 then 1 end) as repeat_customer_count,
        sum(holdout_purchase_count) as holdout_purchases,
        -- A sum of decimals is the same in whatever order.
        sum(cast(holdout_expected_count as decimal(28, 9))) as holdout_expected
    from {{ ref('mart_user_values') }}
    group by model_id

),

{# A loop, because each figure is a row. #}
final as (

    {% for figure in [
        'r', 'alpha', 'a', 'b', 'p', 'q', 'v', 'transaction_log_likelihood', 'spend_log_likelihood',
    ] -%}
    select
        model_id,
        '{{ figure }}' as figure_id,
        {{ figure }} as value
    from fits

    union all

    {% endfor -%}
    {% for figure in [
        'customer_count', 'repeat_customer_count', 'holdout_purchases', 'holdout_expected',
    ] -%}
    select
        fits.model_id,
        '{{ figure }}' as figure_id,
        cast({{ 'counts.' ~ figure if figure == 'holdout_expected' else 'coalesce(counts.' ~ figure ~ ', 0)' }} as double) as value
    from fits
    left join counts on fits.model_id = counts.model_id

    {{ 'union all' if not loop.last }}

    {% endfor %}
)

select * from final
