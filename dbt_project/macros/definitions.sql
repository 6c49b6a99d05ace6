{# What the definitions ask of a build (`BUILD_ASKED`, from orchestration/transform/transforming.py),
   so that SQL has no column for what none of them has. It is told while dbt runs: were it told while
   dbt parses, every model would be parsed anew for other definitions. #}
{% macro asked(name, default) -%}
    {%- set told = env_var('BUILD_ASKED', '') if execute else '' -%}
    {{ return(fromjson(told)[name] if told else default) }}
{%- endmacro %}

{# Value of a property of a user as text: from the latest row of the users feed, which not every
   user has; null as that of an event. #}
{% macro user_property(relation, property, user_id) -%}
    nullif(case {{ property }}
        when 'user_id' then {{ user_id }}
        when 'created_at' then {{ local_text(relation ~ '.created_at') }}
        else {{ json_property(relation ~ '.properties', property) }}
    end, '')
{%- endmacro %}

{# Whether a property of users by itself parts a KPI: no event is asked for it. #}
{% macro is_segment_of_users(properties) -%}
    ({{ properties }}.definition = 'kpi' and {{ properties }}.purpose = 'user:' || {{ properties }}.property)
{%- endmacro %}

{# Whether a value that several properties may have been joined to says nothing: each of
   its parts is missing. #}
{% macro is_missing_value(joined_value) -%}
    (replace({{ joined_value }}, '::', '') = '')
{%- endmacro %}

{# Whether a property's value meets one operand of a condition. `is_not` and `not_contains`
   are asked as `is` and `contains` here, and denied for all operands together. Text
   ignores case; sizes compare as numbers where both sides are numbers, else as text. #}
{% macro condition_holds() -%}
    case operator
        when 'is' then lower(property_value) = lower(operand)
        when 'is_not' then lower(property_value) = lower(operand)
        when 'contains' then {{ dbt.position('lower(operand)', 'lower(property_value)') }} > 0
        when 'not_contains' then {{ dbt.position('lower(operand)', 'lower(property_value)') }} > 0
        when 'matches' then {{ matches_pattern('property_value', 'operand') }}
        when 'is_set' then property_value is not null
        when 'is_not_set' then property_value is null
        {%- for name, sign in {'gt': '>', 'gte': '>=', 'lt': '<', 'lte': '<='}.items() %}
        when '{{ name }}' then coalesce(
            {{ parse_number('property_value', 'double') }} {{ sign }} operand_number,
            lower(property_value) {{ sign }} lower(operand)
        )
        {%- endfor %}
    end
{%- endmacro %}

{# The keys of a relation for which all conditions of their side hold, as a query: a row per key,
   condition and operand, with `property_value`. Of a condition one operand is enough, of a group
   one condition; every group must hold. #}
{% macro meeting_conditions(relation, keys) -%}
    select {{ keys | join(', ') }}
    from (
        select
            {{ keys | join(', ') }},
            condition_group,
            group_count
        from (
            select
                asked.*,
                coalesce({{ condition_holds() }}, false) as meets_operand
            from {{ relation }} as asked
        ) as compared
        group by
            {{ keys | join(', ') }}, condition_group, condition_number, group_count, operator
        having bool_or(meets_operand) <> (operator in ('is_not', 'not_contains'))
    ) as held
    group by {{ keys | join(', ') }}, group_count
    having count(distinct condition_group) = group_count
{%- endmacro %}

{# Whether a regular expression finds itself in a text, case aside; null where the pattern
   is not one. #}
{% macro matches_pattern(value, pattern) -%}
    {{ adapter.dispatch('matches_pattern')(value, pattern) }}
{%- endmacro %}

{# The first event of each user and side among those of a relation that look for it in one way
   (`event`, `matching`). The first instant by a sum, and what shares it by a sort: to sort all
   events for the first of each user took three times as long. #}
{% macro first_events(relation, first_time) -%}
    select shared.*
    from (
        select
            events.*,
            row_number() over (
                partition by
                    events.definition, events.definition_id, events.side, events.user_id
                order by events.source_id, events.event_id
            ) as number_in_instant
        from {{ relation }} as events
        inner join (
            select
                definition,
                definition_id,
                side,
                user_id,
                min(occurred_at) as occurred_at
            from {{ relation }}
            where first_time = '{{ first_time }}'
            group by definition, definition_id, side, user_id
        ) as firsts
            on events.definition = firsts.definition
            and events.definition_id = firsts.definition_id
            and events.side = firsts.side
            and events.user_id = firsts.user_id
            and events.occurred_at = firsts.occurred_at
        where events.first_time = '{{ first_time }}'
    ) as shared
    where shared.number_in_instant = 1
{%- endmacro %}
