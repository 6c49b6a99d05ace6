{# A loop over the positions that items have: each is a column, because to collect them in order
   sorts each occurrence by itself, and took 8 times as long. #}
{%- set positions = path_positions() -%}
with

path_items as (

    select * from {{ ref('fct_path_items') }}

),

item_ranks as (

    select * from {{ ref('fct_path_item_ranks') }}

),

paths as (

    select * from {{ ref('dim_paths') }}

),

horizon as (

    select data_through_at from {{ ref('dim_horizon') }}

),

items as (

    select
        path_items.path_id,
        path_items.user_id,
        path_items.occurrence_number,
        {% for position in positions -%}
        max(case when path_items.position = {{ position }} then item_ranks.kept_item end)
            as item_{{ loop.index }},
        {% endfor -%}
        count(*) as item_count,
        bool_and(path_items.is_mature) as is_mature
    from path_items
    inner join item_ranks
        on path_items.path_id = item_ranks.path_id
        and path_items.item = item_ranks.item
    group by path_items.path_id, path_items.user_id, path_items.occurrence_number

),

-- Each item is written with its length, so that the key is another where the items are.
occurrences as (

    select
        path_id,
        user_id,
        occurrence_number,
        concat_ws(
            ' > '
            {%- for _ in positions %}, item_{{ loop.index }}{% endfor %}
        ) as item_sequence,
        concat_ws(
            ','
            {%- for _ in positions %},
            cast(length(item_{{ loop.index }}) as {{ dbt.type_string() }})
            || ':' || item_{{ loop.index }}
            {%- endfor %}
        ) as written_items,
        item_count,
        is_mature
    from items

),

sequences as (

    select
        path_id,
        written_items,
        item_sequence,
        item_count,
        row_number() over (
            partition by path_id order by count(*) desc, written_items
        ) as sequence_rank
    from occurrences
    group by path_id, written_items, item_sequence, item_count

),

kept as (

    select
        occurrences.path_id,
        occurrences.user_id,
        occurrences.is_mature,
        case
            when sequences.sequence_rank <= paths.sequence_limit
                then {{ dbt.hash('occurrences.written_items') }}
            else 'other'
        end as sequence_key,
        case
            when sequences.sequence_rank <= paths.sequence_limit
                then occurrences.item_sequence
            else 'Other'
        end as item_sequence,
        case
            when sequences.sequence_rank <= paths.sequence_limit then occurrences.item_count
        end as item_count
    from occurrences
    inner join sequences
        on occurrences.path_id = sequences.path_id
        and occurrences.written_items = sequences.written_items
    inner join paths on occurrences.path_id = paths.path_id

),

counted as (

    select
        path_id,
        sequence_key,
        item_sequence,
        item_count,
        count(*) as occurrence_count,
        count(distinct user_id) as user_count,
        count(case when is_mature then 1 end) as mature_occurrence_count
    from kept
    group by path_id, sequence_key, item_sequence, item_count

),

totals as (

    select
        kept.path_id,
        count(case when kept.is_mature then 1 end) as mature_path_occurrence_count,
        bool_and(kept.is_mature)
        and coalesce(max(paths.to_at) <= max(horizon.data_through_at), false) as is_mature
    from kept
    inner join paths on kept.path_id = paths.path_id
    cross join horizon
    group by kept.path_id

)

select
    counted.sequence_key,
    counted.path_id,
    counted.item_sequence,
    counted.item_count,
    counted.occurrence_count,
    counted.user_count,
    counted.mature_occurrence_count,
    totals.mature_path_occurrence_count,
    {{ rate('counted.mature_occurrence_count', 'totals.mature_path_occurrence_count') }}
        as occurrence_rate,
    totals.is_mature
from counted
inner join totals on counted.path_id = totals.path_id
