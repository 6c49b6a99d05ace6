{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ delete_pending_loads() }}",
) }}
{#- Each row is in one place: what is neither staged nor a duplicate was refused, and is judged
    again to say why. Which rows these are is asked of their numbers alone, and only where some
    are missing: of 5 million events the rows themselves were 1.3 GB to write and read again. -#}
{%- set pending = 'load_id > ' ~ completed_load_id() if is_incremental() else '1 = 1' -%}
{%- set block = 'row_number - mod(row_number, 4096)' -%}
{%- set taken -%}
select load_id, row_number from {{ ref('stg_events') }} where {{ pending }}
union all
select load_id, row_number from {{ ref('stg_events__duplicates') }} where {{ pending }}
{%- endset -%}
with

arrived_counts as (

    select
        load_id,
        {{ block }} as block_start,
        count(*) as row_count,
        sum(row_number) as row_numbers
    from {{ ref('stg_events__united') }}
    where {{ pending }}
    group by load_id, {{ block }}

),

taken_counts as (

    select
        load_id,
        {{ block }} as block_start,
        count(*) as row_count,
        sum(row_number) as row_numbers
    from (
        {{ taken | indent(8) }}
    ) as taken
    group by load_id, {{ block }}

),

short_blocks as (

    select
        arrived_counts.load_id,
        arrived_counts.block_start
    from arrived_counts
    left join taken_counts
        on arrived_counts.load_id = taken_counts.load_id
        and arrived_counts.block_start = taken_counts.block_start
    where
        taken_counts.load_id is null
        or arrived_counts.row_count <> taken_counts.row_count
        or arrived_counts.row_numbers <> taken_counts.row_numbers

),

arrived_rows as (

    select
        united.load_id,
        united.row_number
    from {{ ref('stg_events__united') }} as united
    inner join short_blocks
        on united.load_id = short_blocks.load_id
        and {{ block | replace('row_number', 'united.row_number') }} = short_blocks.block_start

),

taken_rows as (

    select
        taken.load_id,
        taken.row_number
    from (
        {{ taken | indent(8) }}
    ) as taken
    inner join short_blocks
        on taken.load_id = short_blocks.load_id
        and {{ block | replace('row_number', 'taken.row_number') }} = short_blocks.block_start

),

refused_rows as (

    select
        arrived_rows.load_id,
        arrived_rows.row_number
    from arrived_rows
    left join taken_rows
        on arrived_rows.load_id = taken_rows.load_id
        and arrived_rows.row_number = taken_rows.row_number
    where taken_rows.load_id is null

),

candidates as (

    select united.*
    from {{ ref('stg_events__united') }} as united
    inner join refused_rows
        on united.load_id = refused_rows.load_id
        and united.row_number = refused_rows.row_number

),

refused as (

    select
        load_id,
        row_number,
        placeholder_columns,
        reason
    from (
        {{ typed_events('candidates') | indent(8) }}
    ) as judged

),

quarantined as (

    select
        united.source_id,
        refused.reason,
        coalesce(united.malformed_payload, {{ row_as_json('united', event_feed_columns()) }})
            as payload,
        refused.placeholder_columns,
        united.source_file,
        united.row_number,
        united.load_id
    from refused
    inner join candidates as united
        on refused.load_id = united.load_id
        and refused.row_number = united.row_number

)

select * from quarantined
