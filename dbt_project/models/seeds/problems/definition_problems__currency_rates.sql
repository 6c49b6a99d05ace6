with

currency_rates as (

    select
        currency_rates.*,
        row_number() over (
            partition by upper(currency), valid_from_date order by row_number
        ) as copy_number
    from {{ source('seeds', 'currency_rates') }} as currency_rates

),

problems as (

    select
        row_number,
        'error' as severity,
        'currency is empty' as problem,
        'give its three letters' as mend
    from currency_rates
    where currency is null
    union all
    select
        row_number,
        'error' as severity,
        'rate ' || coalesce(rate, '(empty)') || ' is no number above 0' as problem,
        'give what one unit is worth in the reporting currency' as mend
    from currency_rates
    where
        rate is null
        or coalesce({{ try_cast('rate', 'decimal(18, 8)') }}, 0) <= 0
    union all
    select
        row_number,
        'error' as severity,
        'valid_from_date ' || valid_from_date || ' cannot be read' as problem,
        'give a date (2024-05-31), or leave it empty for all time' as mend
    from currency_rates
    where
        valid_from_date is not null
        and {{ parse_date('valid_from_date') }} is null
    union all
    select
        row_number,
        'error' as severity,
        'currency ' || currency || ' stands here again with the same date' as problem,
        'keep one row of it' as mend
    from currency_rates
    where currency is not null and copy_number > 1

),

named as (

    select
        'currency_rates.csv' as file,
        row_number,
        severity,
        problem,
        mend
    from problems

)

select * from named
