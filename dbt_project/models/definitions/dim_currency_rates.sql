with

currency_rates as (

    select * from {{ source('seeds', 'currency_rates') }}

),

typed as (

    select
        currency,
        cast(rate as decimal(18, 8)) as rate,
        coalesce(
            {{ local_midnight('valid_from_date') }}, cast('0001-01-01' as timestamp)
        ) as valid_from_at
    from currency_rates

),

dated as (

    select
        currency,
        rate,
        valid_from_at,
        coalesce(
            lead(valid_from_at) over (partition by currency order by valid_from_at, rate),
            cast('9999-12-31' as timestamp)
        ) as valid_to_at
    from typed

)

select * from dated
