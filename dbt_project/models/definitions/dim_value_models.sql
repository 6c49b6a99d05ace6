with

value_models as (

    select * from {{ source('seeds', 'value_models') }}

),

typed as (

    select
        model_id,
        label_en,
        label_zh,
        transaction_parameters,
        spend_parameters,
        row_number,
        unit_days,
        horizon_days,
        calibration_to_date,
        holdout_to_date
    from value_models

)

select * from typed
