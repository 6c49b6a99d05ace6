with

event_lists as (

    {# A loop over the cells in which people write event names. #}
    {% for file, column in [
        ('activities', 'event_name'),
        ('funnel_steps', 'event_name'),
        ('retentions', 'cohort_event'),
        ('retentions', 'return_event'),
        ('paths', 'item_event'),
        ('paths', 'anchor_event'),
    ] %}
    select
        '{{ file }}.csv' as file,
        row_number,
        '{{ column }}' as column_name,
        {{ column }} as event_names
    from {{ source('seeds', file) }}
    where {{ column }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

names as (

    select
        event_lists.*,
        {{ alternative('parts.part') }} as event_name
    from event_lists
    {{ explode(alternatives('event_lists.event_names'), 'parts', 'part') }}

),

problems as (

    select
        file,
        row_number,
        'error' as severity,
        column_name || ' ' || event_names || ' has an empty alternative' as problem,
        'give a name between the bars; a bar in a name is written \|' as mend
    from names
    where event_name = ''
    union all
    select
        file,
        row_number,
        'error' as severity,
        column_name || ' ' || event_names || ' has * beside names' as problem,
        'give * alone for any activity, or names alone' as mend
    from names
    where event_name = '*' and event_names <> '*'

)

select distinct * from problems
