{#- Twice, because what had been refunded by then is another thing at the end of each. -#}
with

spans as (

    select * from {{ ref('dim_value_spans') }}

),

order_states as (

    select * from {{ ref('fct_order_states') }}

)

-- An order of value 0 is a purchase.
{% for is_holdout, from_date, to_date in [
    ('false', "cast('1900-01-01' as date)", 'spans.calibration_to_date'),
    ('true', days_after('spans.calibration_to_date', '1'), 'spans.holdout_to_date'),
] -%}
select
    spans.model_id,
    order_states.user_id,
    {{ is_holdout }} as is_holdout,
    sum(order_states.gross_amount - order_states.refunded_amount) as net_amount,
    order_states.order_date as purchase_date
from spans
inner join order_states
    on order_states.order_date >= {{ from_date }}
    and order_states.order_date <= {{ to_date }}
    and order_states.valid_from_date <= {{ to_date }}
    and (order_states.valid_to_date is null or order_states.valid_to_date > {{ to_date }})
where
    order_states.refunded_amount = 0
    or order_states.refunded_amount < order_states.gross_amount
group by spans.model_id, order_states.user_id, order_states.order_date
{{ 'union all' if not loop.last }}
{% endfor %}
