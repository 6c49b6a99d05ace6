with

retentions as (

    select * from {{ ref('dim_retentions') }}

),

single_periods as (

    select
        retentions.retention_id,
        retentions.kind,
        cast(numbers.period as integer) as period_number,
        cast(numbers.period as integer) as first_period,
        cast(numbers.period as integer) as last_period
    from retentions
    {{ explode(integer_array(1, 'retentions.periods'), 'numbers', 'period') }}
    where retentions.brackets is null

),

bracket_texts as (

    select
        retentions.retention_id,
        retentions.kind,
        parts.position as period_number,
        {{ dbt.split_part('parts.part', "'-'", 1) }} as first_text,
        {{ dbt.split_part('parts.part', "'-'", 2) }} as last_text
    from retentions
    {{ explode_with_position(split_text('retentions.brackets', ';'), 'parts', 'position', 'part') }}
    where retentions.brackets is not null

),

brackets as (

    select
        retention_id,
        kind,
        cast(period_number as integer) as period_number,
        cast(first_text as integer) as first_period,
        cast(coalesce(nullif(last_text, ''), first_text) as integer) as last_period
    from bracket_texts

),

-- Period 0 holds the whole cohort.
cells as (

    select
        retention_id,
        kind,
        0 as period_number,
        0 as first_period,
        0 as last_period
    from retentions

    union all

    select * from single_periods

    union all

    select * from brackets

),

-- `on_or_after` covers everything up to the last period.
covered as (

    select
        retention_id,
        period_number,
        first_period,
        case
            when kind = 'on_or_after' then max(last_period) over (partition by retention_id)
            else last_period
        end as last_period
    from cells

)

select * from covered
