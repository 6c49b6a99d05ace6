with

currency_rates as (

    select * from {{ source('seeds', 'currency_rates') }}

),

typed as (

    select
        upper(currency) as currency,
        {{ try_cast('rate', 'decimal(18, 8)') }} as rate,
        coalesce(
            {{ bound_instant('valid_from_date', is_end=false) }},
            cast('0001-01-01' as timestamp)
        ) as valid_from_at
    from currency_rates
    where currency is not null

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
    where rate > 0

)

select * from dated
