with

horizon as (

    select
        first_activity_date,
        data_through_date
    from {{ ref('dim_horizon') }}
    where data_through_date is not null

),

-- Whatever may come before anybody is active.
begun as (

    select first_activity_date as first_date from horizon

    union all

    select min(event_date) as first_date from {{ ref('fct_events') }}

    union all

    select min({{ local_date('least(planned_at, shown_at)') }}) as first_date
    from {{ ref('dim_content_pieces') }}

    union all

    select min(submitted_date) as first_date from {{ ref('fct_feedback') }}

),

-- A date that is absurdly early fills no table.
bounds as (

    select
        greatest(
            min(begun.first_date),
            cast(
                {{ dbt.dateadd('year', -var('calendar_years'), 'min(horizon.data_through_date)') }}
                as date
            )
        ) as first_date,
        min(horizon.data_through_date) as last_date
    from begun
    cross join horizon

),

days as (

    {{ date_series('first_date', 'last_date', 'bounds', 'date_day') }}

)

select date_day from days
