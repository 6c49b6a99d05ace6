with

event_names as (

    select
        event_name,
        label_en,
        label_zh,
        area,
        role,
        row_number,
        is_activity,
        is_key_action
    from {{ source('seeds', 'event_names') }}

),

listed as (

    select * from event_names
    {# A loop, because the logs of known tools have events that mean the same everywhere. -#}
    {% for name, known in exported_events().items() %}
    union all

    select
        '{{ name }}' as event_name,
        '{{ known[0] }}' as label_en,
        '{{ known[1] }}' as label_zh,
        '{{ known[2] }}' as area,
        {{ "'" ~ known[3] ~ "'" if known[3] else 'null' }} as role,
        null as row_number,
        {{ known[4] | lower }} as is_activity,
        {{ known[5] | lower }} as is_key_action
    where '{{ name }}' not in (select event_name from event_names)
    {% endfor %}

)

select * from listed
