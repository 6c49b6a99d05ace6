with

spans as (

    select
        model_id,
        calibration_to_date
    from {{ ref('dim_value_spans') }}

),

purchases as (

    select
        model_id,
        user_id,
        net_amount,
        purchase_date,
        min(purchase_date) over (partition by model_id, user_id) as first_date
    from {{ ref('step_value_purchases') }}
    where not is_holdout

),

customers as (

    select
        purchases.model_id,
        purchases.user_id,
        count(*) - 1 as frequency,
        {{ days_between('min(purchases.purchase_date)', 'max(purchases.purchase_date)') }}
            as recency_days,
        {{ days_between('min(purchases.purchase_date)', 'max(spans.calibration_to_date)') }}
            as age_days,
        -- A sum of decimals is the same in whatever order.
        cast(sum(
            case when purchases.purchase_date > purchases.first_date then purchases.net_amount end
        ) as double) / nullif(count(*) - 1, 0) as mean_repeat_amount
    from purchases
    inner join spans on purchases.model_id = spans.model_id
    group by purchases.model_id, purchases.user_id

)

select
    model_id,
    user_id,
    cast(frequency as integer) as frequency,
    cast(recency_days as integer) as recency_days,
    cast(age_days as integer) as age_days,
    mean_repeat_amount
from customers
