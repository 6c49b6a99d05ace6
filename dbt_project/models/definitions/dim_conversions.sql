with

conversions as (

    select * from {{ source('seeds', 'conversions') }}

),

typed as (

    select
        conversion_id,
        label_en,
        label_zh,
        event_name,
        conversions.value as value_kind,
        counting,
        coalesce(
            lower(models),
            'first|last|last_non_direct|linear|position|time_decay|shapley|markov'
        ) as models,
        path_since,
        repeats,
        direct,
        row_number,
        lookback_days,
        refund_days,
        cast(half_life_days as double) as half_life_days,
        cast(first_weight as double) as first_weight,
        cast(last_weight as double) as last_weight
    from conversions

)

select * from typed
