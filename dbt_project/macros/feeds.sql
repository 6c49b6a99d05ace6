{# The feeds beside `events`, with the columns without which a row says nothing. A row that
   lacks one is quarantined as `missing_<column>`, one whose value cannot be read as
   `unparseable_<column>`. #}
{% macro feed_required_columns() -%}
    {{ return({
        'users': ['user_id'],
        'contents': ['content_id'],
        'campaigns': ['campaign_id'],
        'campaign_assignments': ['campaign_id', 'user_id'],
        'channel_costs': ['cost_date', 'cost_amount'],
        'merchants': ['merchant_id'],
        'rule_violations': ['merchant_id', 'occurred_at'],
        'feedback': ['submitted_at'],
        'kpi_targets': ['kpi_id', 'target_value'],
        'consents': ['purpose', 'recorded_at'],
        'erasure_requests': ['requested_at'],
    }) }}
{%- endmacro %}

{# Instants that a row may leave empty: one that is there and cannot be read is quarantined as
   `unparseable_<column>`, because empty says something else. #}
{% macro feed_optional_instants() -%}
    {{ return({
        'campaign_assignments': ['assigned_at'],
        'contents': ['planned_at', 'published_at', 'unpublished_at'],
    }) }}
{%- endmacro %}

{# Values that a row may leave empty, and that count as empty where they cannot be read: a warning
   says so. What campaigns say is told campaign by campaign. #}
{% macro feed_optional_values() -%}
    {{ return({
        'users': ['created_at', 'updated_at'],
        'contents': ['is_original', 'updated_at'],
        'channel_costs': ['impressions', 'clicks'],
        'merchants': ['opened_at', 'updated_at'],
        'rule_violations': ['resolved_at', 'updated_at'],
        'feedback': ['score', 'answered_at', 'closed_at', 'updated_at'],
        'consents': ['is_granted'],
    }) }}
{%- endmacro %}

{# How a column of a feed is read, which its name says; nothing where it is text. #}
{% macro read_value(column) -%}
    {%- set name = column.split('.')[-1] -%}
    {%- if name.endswith('_at') -%}
    {{ parse_instant(column) }}
    {%- elif name.endswith('_date') -%}
    {{ parse_date(column) }}
    {%- elif name.endswith(('_amount', '_value')) or name == 'score' -%}
    {{ parse_number(column, 'decimal(18, 4)') }}
    {%- elif name in ('impressions', 'clicks') -%}
    {{ bounded_number(column, 'bigint', 0) }}
    {%- elif name.startswith('is_') -%}
    {{ parse_boolean(column) }}
    {%- endif -%}
{%- endmacro %}

{# The feeds beside `events` that name people: the columns with a user and with a device. #}
{% macro feed_person_columns() -%}
    {{ return({
        'users': ['user_id'],
        'contents': ['author_id'],
        'campaign_assignments': ['user_id'],
        'rule_violations': ['user_id'],
        'feedback': ['user_id'],
        'consents': ['user_id', 'anonymous_id'],
        'erasure_requests': ['user_id', 'anonymous_id'],
    }) }}
{%- endmacro %}

{# The columns of ids of events, and of the feeds beside them, by which their rows are joined. #}
{% macro event_id_columns() -%}
    {{ return(
        ['user_id', 'anonymous_id', 'order_id', 'content_id', 'merchant_id', 'campaign_id', 'feature_id']
    ) }}
{%- endmacro %}

{% macro feed_id_columns() -%}
    {{ return({
        'users': ['user_id'],
        'contents': ['content_id', 'author_id'],
        'campaigns': ['campaign_id'],
        'campaign_assignments': ['campaign_id', 'user_id'],
        'channel_costs': ['campaign_id'],
        'merchants': ['merchant_id'],
        'rule_violations': ['merchant_id', 'user_id'],
        'feedback': ['user_id', 'content_id', 'merchant_id', 'feature_id'],
        'consents': ['user_id', 'anonymous_id'],
        'erasure_requests': ['user_id', 'anonymous_id'],
    }) }}
{%- endmacro %}

{# Rows of one feed that were staged: the raw table less duplicates and quarantine. Whom a row
   names stands in `known_user_id` and `known_anonymous_id`. #}
{% macro staged_feed_rows(feed) -%}
    select
        {{ feed }}.*,
        feed_rows.known_user_id,
        feed_rows.known_anonymous_id
    from {{ source('raw', feed) }} as {{ feed }}
    inner join {{ ref('stg_feed_rows') }} as feed_rows
        on {{ feed }}.load_id = feed_rows.load_id
        and {{ feed }}.row_number = feed_rows.row_number
    where feed_rows.outcome = 'staged'
{%- endmacro %}

{# An id or a name as a row gives it: blanks around it are none, and nothing else is nothing. #}
{% macro given_id(relation, column) -%}
    nullif({{ trimmed(relation ~ '.' ~ column) }}, '')
{%- endmacro %}

{# A cell of a column that the feed has had for a while only: rows of before have it in their
   properties. #}
{% macro given_cell(relation, column) -%}
    nullif({{ trimmed(
        'coalesce(' ~ relation ~ '.' ~ column ~ ', '
        ~ json_property(relation ~ '.properties', "'" ~ column ~ "'") ~ ')'
    ) }}, '')
{%- endmacro %}

{# The texts that are no ids of people, as one row with an array: a query, to be joined to every row
   as `placeholders`. Of a million events a join to each text took 2 processor seconds, this 0.1. #}
{% macro placeholder_list() -%}
    select array_agg(placeholder_id) as placeholder_ids from {{ ref('dim_placeholder_ids') }}
{%- endmacro %}

{% macro is_placeholder(given_id) -%}
    coalesce(array_contains(placeholders.placeholder_ids, lower({{ given_id }})), false)
{%- endmacro %}

{# The id of a user or a device; null where the text is none. #}
{% macro known_id(given_id) -%}
    case when not {{ is_placeholder(given_id) }} then {{ given_id }} end
{%- endmacro %}

{# The columns of a row that have a placeholder; null where none has. #}
{% macro placeholder_columns(relation, user_column) -%}
    case
        when not {{ is_placeholder(relation ~ '.given_anonymous_id') }}
            then case
                when {{ is_placeholder(relation ~ '.given_user_id') }} then {{ user_column }}
            end
        when not {{ is_placeholder(relation ~ '.given_user_id') }} then 'anonymous_id'
        else {{ user_column }} || ', anonymous_id'
    end
{%- endmacro %}
