{# The same rules stand in ingest, which removes nothing while a row is wrong. #}
with

data_retention as (

    select
        data_retention.*,
        row_number() over (partition by feed order by row_number) as copy_number
    from {{ source('seeds', 'data_retention') }} as data_retention

),

problems as (

    select
        row_number,
        'error' as severity,
        'feed ' || coalesce(feed, '(empty)') || ' is none whose rows expire' as problem,
        'give one of {{ expiring_feeds() | join(", ") }}' as mend
    from data_retention
    where
        feed is null
        or feed not in ('{{ expiring_feeds() | join("', '") }}')
    union all
    select
        row_number,
        'error' as severity,
        'keep_months ' || coalesce(keep_months, '(empty)') || ' is no whole number from 1'
            as problem,
        'give for how many months raw rows are kept, or take the row out' as mend
    from data_retention
    where {{ whole_number('keep_months', most=12000) }} is null
    union all
    select
        row_number,
        'error' as severity,
        'feed ' || feed || ' stands here again' as problem,
        'keep one row of it' as mend
    from data_retention
    where feed is not null and copy_number > 1

),

named as (

    select
        'data_retention.csv' as file,
        row_number,
        severity,
        problem,
        mend
    from problems

)

select * from named
