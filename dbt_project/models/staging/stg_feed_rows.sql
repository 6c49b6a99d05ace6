{# A loop, because the same question is asked of each feed: is the row whole, and is it the
   first of its content? #}
with

placeholders as (

    {{ placeholder_list() }}

),

given as (

    {% for feed, required_columns in feed_required_columns().items() -%}
    {%- set people = feed_person_columns().get(feed, []) -%}
    select
        '{{ feed }}' as feed,
        source_file,
        row_number,
        load_id,
        content_hash,
        {{ given_id(feed, people[0]) if people else 'cast(null as ' ~ dbt.type_string() ~ ')' }}
            as given_user_id,
        {{ given_id(feed, people[1]) if people[1:] else 'cast(null as ' ~ dbt.type_string() ~ ')' }}
            as given_anonymous_id,
        '{{ people[0] }}' as user_column,
        case
            when malformed_payload is not null then 'malformed_row'
            {% for column in required_columns -%}
            when {{ given_id(feed, column) }} is null then 'missing_{{ column }}'
            {% if read_value(column) -%}
            when {{ read_value(column) }} is null
                {%- if column.endswith(('_at', '_date')) %}
                or {{ read_value(column) }} < cast('{{ var("earliest_plausible_date") }}' as date)
                {%- endif %}
                then 'unparseable_{{ column }}'
            {% endif -%}
            {% endfor -%}
            {% if feed == 'channel_costs' -%}
            when {{ lacks_rate(
                feed,
                read_value(feed ~ '.cost_amount'),
                local_midnight(parse_date(feed ~ '.cost_date'))
            ) }} then 'foreign_currency'
            {% elif feed == 'campaigns' -%}
            when {{ read_value(feed ~ '.budget_amount') }} is not null and {{ lacks_rate(
                feed, read_value(feed ~ '.budget_amount'), budget_instant(feed)
            ) }} then 'foreign_currency'
            {% endif -%}
            {% for column in feed_optional_instants().get(feed, []) -%}
            when {{ given_id(feed, column) }} is not null
                and {{ parse_instant(feed ~ '.' ~ column) }} is null then 'unparseable_{{ column }}'
            {% endfor -%}
        end as reason,
        {{ "'missing_" ~ people[0] ~ "'" if people[0] in required_columns else 'null' }}
            as reason_without_user,
        {% set optional = feed_optional_values().get(feed, []) -%}
        {% if optional -%}
        nullif(concat_ws(
            ', '
            {%- for column in optional %},
            case
                when {{ given_id(feed, column) }} is not null
                    and {{ read_value(feed ~ '.' ~ column) }} is null then '{{ column }}'
            end
            {%- endfor %}
        ), '')
        {%- else -%}
        cast(null as {{ dbt.type_string() }})
        {%- endif %} as unread_columns,
        coalesce(malformed_payload, {{ raw_row_as_json(feed) }}) as payload
    from {{ source('raw', feed) }} as {{ feed }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

judged as (

    select
        given.feed,
        given.source_file,
        given.row_number,
        given.load_id,
        given.content_hash,
        {{ known_id('given.given_user_id') }} as known_user_id,
        {{ known_id('given.given_anonymous_id') }} as known_anonymous_id,
        {{ placeholder_columns('given', 'given.user_column') }} as placeholder_columns,
        given.unread_columns,
        coalesce(
            given.reason,
            case when {{ is_placeholder('given.given_user_id') }} then given.reason_without_user end
        ) as reason,
        given.payload
    from given
    cross join placeholders

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
        known_user_id,
        known_anonymous_id,
        placeholder_columns,
        unread_columns,
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
