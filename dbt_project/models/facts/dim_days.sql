with

horizon as (

    select
        first_activity_date,
        data_through_date
    from {{ ref('dim_horizon') }}
    where data_through_date is not null

),

first_events as (

    select min(first_date) as first_date
    from (
        select first_activity_date as first_date from horizon
        union all
        select min(event_date) as first_date from {{ ref('fct_events') }}
    ) as dates

),

others as (

    select min({{ local_date('least(planned_at, shown_at)') }}) as first_date
    from {{ ref('dim_content_pieces') }}

    union all

    select min(submitted_date) as first_date from {{ ref('fct_feedback') }}

),

-- A date that is absurdly early fills no table.
bounds as (

    select
        least(
            min(first_events.first_date),
            greatest(
                coalesce(min(others.first_date), min(first_events.first_date)),
                cast(
                    {{ dbt.dateadd(
                        'year', -var('calendar_lead_years'), 'min(first_events.first_date)'
                    ) }} as date
                )
            )
        ) as first_date,
        min(horizon.data_through_date) as last_date
    from horizon
    cross join first_events
    cross join others

),

days as (

    {{ date_series('first_date', 'last_date', 'bounds', 'date_day') }}

)

select date_day from days
