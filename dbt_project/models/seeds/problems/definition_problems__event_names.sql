with

event_names as (

    select
        event_names.*,
        row_number() over (partition by event_name order by row_number) as copy_number
    from {{ source('seeds', 'event_names') }} as event_names

),

problems as (

    select
        row_number,
        'error' as severity,
        'event_name is empty' as problem,
        'give the name that the product sends' as mend
    from event_names
    where event_name is null
    union all
    select
        row_number,
        'error' as severity,
        'event ' || event_name || ' stands here again' as problem,
        'keep one row of it' as mend
    from event_names
    where event_name is not null and copy_number > 1
    union all
    select
        row_number,
        'error' as severity,
        'area ' || area || ' is unknown' as problem,
        'give user, content, campaign, product, channel or platform' as mend
    from event_names
    where area not in ('user', 'content', 'campaign', 'product', 'channel', 'platform')
    union all
    select
        row_number,
        'error' as severity,
        'role ' || role || ' is unknown' as problem,
        'give order or refund, or leave it empty' as mend
    from event_names
    where role not in ('order', 'refund')
    {% for column in ['is_activity', 'is_key_action'] %}
    union all
    select
        row_number,
        'error' as severity,
        '{{ column }} ' || {{ column }} || ' is neither true nor false' as problem,
        'give true or false' as mend
    from event_names
    where {{ column }} is not null and {{ try_cast(column, 'boolean') }} is null
    {% endfor %}

),

named as (

    select
        'event_names.csv' as file,
        row_number,
        severity,
        problem,
        mend
    from problems

)

select * from named
