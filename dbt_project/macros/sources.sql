{# The logs of known tools, with those of their events that mean the same wherever the tool is used:
   labels in English and Chinese, area, role, whether it is activity, and a key action. What the
   tracking plan says of one goes before it. #}
{% macro events_of_exports() -%}
    {{ return({
        'segment': {
            'identify': ['Identified', '识别用户', 'user', none, false, false],
            'alias': ['Ids joined', '合并身份', 'user', none, false, false],
            'group': ['Joined a group', '加入群组', 'user', none, false, false],
            'page': ['Page viewed', '浏览页面', 'product', 'page_view', true, false],
            'screen': ['Screen viewed', '浏览屏幕', 'product', 'page_view', true, false],
            'Order Completed': ['Order completed', '完成订单', 'product', 'order', true, true],
            'Order Refunded': ['Order refunded', '订单退款', 'product', 'refund', false, false],
            'Experiment Viewed': ['Experiment viewed', '进入实验', 'campaign', 'exposure', false, false],
        },
    }) }}
{%- endmacro %}

{# The sources that are enabled: by the setting, else by the var. While dbt parses, all that there are:
   so a model waits for each, whatever the setting is. #}
{% macro event_sources() -%}
    {%- if not execute -%}
    {{ return(var('event_sources') + events_of_exports() | list) }}
    {%- endif -%}
    {{ return(setting('EVENT_SOURCES').split(',') | select | list or var('event_sources')) }}
{%- endmacro %}

{# Those of them that are logs of known tools, which tell of users too. #}
{% macro exported_sources() -%}
    {{ return(event_sources() | select('in', events_of_exports() | list) | list) }}
{%- endmacro %}

{# Their events. Where two logs have one of the same name, that of the first. #}
{% macro exported_events() -%}
    {%- set found = {} -%}
    {%- for source_name in exported_sources() -%}
    {%- for name, known in events_of_exports()[source_name].items() -%}
    {%- do found.setdefault(name, known) -%}
    {%- endfor -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{# A value within nested objects as text: `json_path('segment.context', 'page', 'path')`. #}
{% macro json_path(json) -%}
    {%- set nested = namespace(value=json) -%}
    {%- for name in varargs -%}
    {%- set nested.value = json_property(nested.value, "'" ~ name ~ "'") -%}
    {%- endfor -%}
    {{ nested.value }}
{%- endmacro %}

{# Objects that say one after the other what holds of one thing -> the object of all that holds. What
   is null there is known no more. An aggregate; `order` are columns. #}
{% macro merged_objects(json, order) -%}
    {{ adapter.dispatch('merged_objects')(json, order) }}
{%- endmacro %}

{# The latest of each property that calls of a source tell of a user: a query, of the columns of
   `stg_<source>__users`. `calls` have the columns user_id, properties, created_at and updated_at as text,
   and `precedence`: a call with a higher one goes before the others. #}
{% macro users_of_calls(calls) -%}
with

placeholders as (

    {{ placeholder_list() }}

),

given as (

    select
        {{ given_id('calls', 'user_id') }} as given_user_id,
        calls.properties,
        calls.precedence,
        {{ parse_instant('calls.created_at') }} as created_at,
        {{ parse_instant('calls.updated_at') }} as updated_at
    from {{ calls }} as calls

),

told as (

    select
        {{ known_id('given.given_user_id') }} as user_id,
        given.properties,
        given.precedence,
        given.created_at,
        given.updated_at
    from given
    cross join placeholders
    where given.updated_at is not null

),

merged as (

    select
        user_id,
        {{ merged_objects('properties', ['precedence', 'updated_at', 'properties']) }} as properties,
        min(created_at) as created_at,
        max(updated_at) as updated_at
    from told
    where user_id is not null
    group by user_id

)

select
    user_id,
    properties,
    created_at,
    updated_at
from merged
{%- endmacro %}
