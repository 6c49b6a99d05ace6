{# The text columns of the events feed, in the order of every table that carries them.
   One list, because four staging tables and the fact repeat it. #}
{% macro event_text_columns() -%}
    {{ return([
        'platform', 'app_version', 'country', 'page', 'referrer',
        'utm_source', 'utm_medium', 'utm_campaign', 'utm_content', 'utm_term',
        'content_id', 'merchant_id', 'campaign_id', 'feature_id', 'order_id', 'currency',
    ]) }}
{%- endmacro %}

{# Value of a property of an event as text: a column of the feed where there is one of that
   name, else a key of `properties`. `property` is an expression. #}
{% macro event_property(relation, property) -%}
    case {{ property }}
        when 'event_name' then {{ relation }}.event_name
        {%- for column in event_text_columns() %}
        when '{{ column }}' then {{ relation }}.{{ column }}
        {%- endfor %}
        when 'session_id' then {{ relation }}.source_session_id
        when 'anonymous_id' then {{ relation }}.anonymous_id
        when 'amount' then {{ amount_text(relation ~ '.amount') }}
        else {{ json_property(relation ~ '.properties', property) }}
    end
{%- endmacro %}

{# A decimal with four places as the text that a person would write: 12.5, not 12.5000. #}
{% macro amount_text(amount) -%}
    trim(trailing '.' from trim(trailing '0' from cast({{ amount }} as {{ dbt.type_string() }})))
{%- endmacro %}

{# Every column of the events feed, as the file gives it. #}
{% macro event_feed_columns() -%}
    {{ return(
        ['event_id', 'event_name', 'occurred_at', 'received_at', 'user_id', 'anonymous_id', 'session_id']
        + event_text_columns() + ['amount', 'properties']
    ) }}
{%- endmacro %}

{# The id of an actor who joins no user. #}
{% macro anonymous_user_id(anonymous_id) -%}
    'anon:' || {{ anonymous_id }}
{%- endmacro %}
