{# A loop, because the same question is asked of each feed: is the row whole, and is it the
   first of its content? #}
with

judged as (

    {% for feed, required_columns in feed_required_columns().items() -%}
    select
        '{{ feed }}' as feed,
        source_file,
        row_number,
        load_id,
        content_hash,
        case
            when malformed_payload is not null then 'malformed_row'
            {% for column, read in required_columns.items() -%}
            when {{ column }} is null then 'missing_{{ column }}'
            {% if read != column -%}
            when {{ read }} is null then 'unparseable_{{ column }}'
            {% endif -%}
            {% endfor -%}
        end as reason,
        coalesce(malformed_payload, {{ raw_row_as_json(feed) }}) as payload
    from {{ source('raw', feed) }} as {{ feed }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

ranked as (

    select
        judged.*,
        row_number() over (
            partition by feed, content_hash, reason
            order by source_file, row_number
        ) as copy_number
    from judged

),

decided as (

    select
        feed,
        source_file,
        row_number,
        load_id,
        reason,
        case when reason is not null then payload end as payload,
        case
            when reason is not null then 'quarantined'
            when copy_number > 1 then 'duplicate'
            else 'staged'
        end as outcome
    from ranked

)

select * from decided
