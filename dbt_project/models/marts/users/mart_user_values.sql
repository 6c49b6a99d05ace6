with

customers as (

    select * from {{ ref('fct_value_customers') }}

),

spans as (

    select * from {{ ref('dim_value_spans') }}

),

fits as (

    select * from {{ ref('step_value_fits') }}

),

expectations as (

    select * from {{ ref('step_value_expectations') }}

),

holdouts as (

    select
        model_id,
        user_id,
        count(*) as purchase_count
    from {{ ref('step_value_purchases') }}
    where is_holdout
    group by model_id, user_id

),

-- A mean over all exists where q is above 1; with purchases of the customer's own, sooner.
valued as (

    select
        customers.*,
        spans.unit_days,
        expectations.p_alive,
        expectations.expected_purchase_count,
        case
            when fits.p * customers.frequency + fits.q > 1
                then fits.p * (
                    fits.v + customers.frequency * coalesce(customers.mean_repeat_amount, 0)
                ) / (fits.p * customers.frequency + fits.q - 1)
        end as expected_purchase_amount,
        coalesce(holdouts.purchase_count, 0) as holdout_purchase_count,
        expectations.holdout_expected_count
    from customers
    inner join spans on customers.model_id = spans.model_id
    left join fits on customers.model_id = fits.model_id
    left join expectations
        on customers.model_id = expectations.model_id
        and customers.frequency = expectations.frequency
        and customers.recency_days = expectations.recency_days
        and customers.age_days = expectations.age_days
    left join holdouts
        on customers.model_id = holdouts.model_id
        and customers.user_id = holdouts.user_id

),

final as (

    select
        model_id,
        user_id,
        frequency,
        cast(recency_days as double) / unit_days as recency_units,
        cast(age_days as double) / unit_days as age_units,
        mean_repeat_amount,
        p_alive,
        expected_purchase_count,
        expected_purchase_amount,
        expected_purchase_count * expected_purchase_amount as expected_value_amount,
        holdout_purchase_count,
        holdout_expected_count
    from valued

)

select * from final
