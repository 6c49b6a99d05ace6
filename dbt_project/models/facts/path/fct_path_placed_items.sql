{{ config(
    materialized='incremental',
    incremental_strategy='replace_recomputed',
    unique_key=['path_id', 'user_id'],
    on_schema_change='fail',
    meta={'recomputed': {'by': 'path', 'from': 'anchor_at'}},
) }}
with

occurrences as (

    select * from {{ ref('step_path_occurrences') }}

),

runs as (

    select of_all.*
    from {{ ref('fct_path_runs') }} as of_all
    {{ join_recomputed('path', 'of_all', 'occurred_at') }}

),

positions as (

    select
        occurrences.*,
        positions.position,
        occurrences.anchor_run_number + positions.position as run_number
    from occurrences
    {{ explode(
        integer_array('occurrences.first_position', 'occurrences.last_position'),
        'positions', 'position'
    ) }}

),

placed as (

    select
        positions.path_id,
        positions.user_id,
        runs.source_id,
        runs.event_id,
        runs.item,
        runs.previous_item,
        positions.occurrence_number,
        positions.position,
        positions.first_position,
        positions.window_seconds * 1000000 as window_microseconds,
        {{ microseconds_between('runs.previous_at', 'runs.occurred_at') }}
            as microseconds_from_previous,
        {{ microseconds_between('positions.anchor_at', 'runs.occurred_at') }}
            as microseconds_from_anchor,
        {{ microseconds_between('runs.previous_at', 'positions.anchor_at') }}
            as microseconds_from_previous_to_anchor,
        positions.closed_at,
        positions.anchor_at,
        runs.occurred_at
    from positions
    inner join runs
        on positions.path_id = runs.path_id
        and positions.user_id = runs.user_id
        and positions.thread_id = runs.thread_id
        and positions.run_number = runs.run_number

),

-- The item before belongs to the path where its own position and time do.
reached as (

    select
        placed.*,
        position > first_position
        and previous_item is not null
        and coalesce(microseconds_from_previous_to_anchor <= window_microseconds, true)
            as has_previous
    from placed
    where coalesce(abs(microseconds_from_anchor) <= window_microseconds, true)

),

archived_ids as (

    {{ archived_rows('arc_path_items', [
        'path_id', 'item', 'previous_item', 'occurrence_number', 'position',
        'seconds_from_previous', 'is_mature', 'anchor_at',
    ]) }}

),

-- Occurrences that have expired keep their order, and stand before all others.
archived as (

    select
        archived_ids.*,
        dense_rank() over (
            partition by path_id, user_id order by anchor_at, occurrence_number
        ) as archived_number
    from archived_ids

),

-- Before those that are computed anew.
earlier_numbers as (

    select
        path_id,
        user_id,
        archived_number as occurrence_number
    from archived
    {%- if is_incremental() %}

    union all

    select
        kept.path_id,
        kept.user_id,
        kept.occurrence_number
    from {{ this }} as kept
    {{ join_kept('path', 'kept', 'anchor_at') }}
    {%- endif %}

),

earlier_counts as (

    select
        path_id,
        user_id,
        max(occurrence_number) as occurrence_count
    from earlier_numbers
    group by path_id, user_id

),

kept as (

    select
        reached.*,
        reached.occurrence_number + coalesce(earlier_counts.occurrence_count, 0)
            as number_in_all
    from reached
    left join earlier_counts
        on reached.path_id = earlier_counts.path_id
        and reached.user_id = earlier_counts.user_id

)

select
    archived.path_id,
    archived.user_id,
    cast(null as {{ dbt.type_string() }}) as source_id,
    cast(null as {{ dbt.type_string() }}) as event_id,
    archived.item,
    archived.previous_item,
    archived.archived_number as occurrence_number,
    archived.position,
    archived.seconds_from_previous,
    archived.is_mature as was_mature,
    archived.anchor_at,
    cast(null as timestamp) as closed_at,
    cast(null as timestamp) as occurred_at
from archived
{{ join_recomputed('path', 'archived', 'anchor_at') }}

union all

select
    path_id,
    user_id,
    source_id,
    event_id,
    item,
    case when has_previous then previous_item end as previous_item,
    number_in_all as occurrence_number,
    cast(position as integer) as position,
    cast(case when has_previous then microseconds_from_previous / 1000000.0 end as double)
        as seconds_from_previous,
    cast(null as boolean) as was_mature,
    anchor_at,
    closed_at,
    occurred_at
from kept
