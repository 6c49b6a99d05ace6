{# The logs of known tools, with those of their events that mean the same wherever the tool is used:
   labels in English and Chinese, area, role, whether it is activity, and a key action. What the
   tracking plan says of one goes before it. #}
{% macro events_of_exports() -%}
    {%- set segment = {
            'identify': ['Identified', '识别用户', 'user', none, false, false],
            'alias': ['Ids joined', '合并身份', 'user', none, false, false],
            'group': ['Joined a group', '加入群组', 'user', none, false, false],
            'page': ['Page viewed', '浏览页面', 'product', 'page_view', true, false],
            'screen': ['Screen viewed', '浏览屏幕', 'product', 'page_view', true, false],
            'Order Completed': ['Order completed', '完成订单', 'product', 'order', true, true],
            'Order Refunded': ['Order refunded', '订单退款', 'product', 'refund', false, false],
            'Experiment Viewed': ['Experiment viewed', '进入实验', 'campaign', 'exposure', false, false],
    } -%}
    {{ return({
        'segment': segment,
        'segment_tables': segment,
        'ga4': {
            'page_view': ['Page viewed', '浏览页面', 'product', 'page_view', true, false],
            'screen_view': ['Screen viewed', '浏览屏幕', 'product', 'page_view', true, false],
            'purchase': ['Purchase', '购买', 'product', 'order', true, true],
            'ecommerce_purchase': ['Purchase', '购买', 'product', 'order', true, true],
            'in_app_purchase': ['Purchase in the app', '应用内购买', 'product', 'order', true, true],
            'refund': ['Refund', '退款', 'product', 'refund', false, false],
            'share': ['Shared', '分享', 'content', 'share', true, false],
            'app_remove': ['App removed', '卸载应用', 'product', none, false, false],
            'app_update': ['App updated', '更新应用', 'product', none, false, false],
            'os_update': ['System updated', '更新系统', 'product', none, false, false],
            'notification_receive': ['Push received', '收到推送', 'campaign', none, false, false],
            'notification_dismiss': ['Push dismissed', '划掉推送', 'campaign', none, false, false],
        },
        'sensorsdata': {
            '$pageview': ['Page viewed', '浏览页面', 'product', 'page_view', true, false],
            '$AppViewScreen': ['Screen viewed', '浏览屏幕', 'product', 'page_view', true, false],
            '$MPViewScreen': ['Page viewed', '浏览小程序页面', 'product', 'page_view', true, false],
            '$WebClick': ['Element clicked', '点击元素', 'product', 'element_click', true, false],
            '$AppClick': ['Element clicked', '点击元素', 'product', 'element_click', true, false],
            '$MPClick': ['Element clicked', '点击元素', 'product', 'element_click', true, false],
            '$ABTestTrigger': ['Experiment viewed', '进入实验', 'campaign', 'exposure', false, false],
            '$SignUp': ['Identified', '关联用户', 'user', none, false, false],
            'profile_set': ['Profile set', '设置用户属性', 'user', none, false, false],
            'profile_set_once': ['Profile set', '设置用户属性', 'user', none, false, false],
            'profile_increment': ['Profile counted', '累加用户属性', 'user', none, false, false],
            'profile_append': ['Profile added to', '追加用户属性', 'user', none, false, false],
            'profile_unset': ['Profile unset', '取消用户属性', 'user', none, false, false],
            'profile_delete': ['Profile deleted', '删除用户属性', 'user', none, false, false],
        },
        'matomo': {
            'action': ['Page viewed', '浏览页面', 'product', 'page_view', true, false],
            'order': ['Order', '订单', 'product', 'order', true, true],
            'cart': ['Cart left', '放弃购物车', 'product', none, false, false],
            'goal': ['Goal reached', '达成目标', 'product', none, false, false],
            'content': ['Content block shown', '展示内容块', 'product', none, false, false],
        },
        'umami': {
            'pageview': ['Page viewed', '浏览页面', 'product', 'page_view', true, false],
            'pixel': ['Pixel loaded', '加载像素', 'campaign', none, false, false],
            'performance': ['Performance measured', '测量性能', 'product', none, false, false],
            'heatmap_click': ['Click on the heat map', '热图点击', 'product', none, false, false],
            'heatmap_scroll': ['Scroll on the heat map', '热图滚动', 'product', none, false, false],
            'error': ['Error', '出错', 'product', none, false, false],
            'log': ['Log entry', '日志', 'product', none, false, false],
        },
        'plausible': {
            'pageview': ['Page viewed', '浏览页面', 'product', 'page_view', true, false],
            'engagement': ['Page left', '离开页面', 'product', none, false, false],
        },
        'umeng': {},
        'growingio': {
            'visit': ['Visit began', '开始访问', 'product', none, true, false],
            'page': ['Page viewed', '浏览页面', 'product', 'page_view', true, false],
            'clck': ['Element clicked', '点击元素', 'product', 'element_click', true, false],
            'chng': ['Field changed', '修改输入', 'product', none, true, false],
            'sbmt': ['Form submitted', '提交表单', 'product', none, true, false],
            'imp': ['Element shown', '元素曝光', 'product', none, false, false],
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

{# Those of them that are logs of known tools. #}
{% macro exported_sources() -%}
    {{ return(event_sources() | select('in', events_of_exports() | list) | list) }}
{%- endmacro %}

{# Those of them that tell of users too: what their events say of a user, or calls of their own. #}
{% macro exported_users() -%}
    {%- set silent = ['growingio', 'matomo', 'plausible', 'umami', 'umeng'] -%}
    {{ return(exported_sources() | reject('in', silent) | list) }}
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

{# A value within nested objects as text: `json_path('properties', 'page', 'path')`; null where one of
   them is none. #}
{% macro json_path(json) -%}
    {{ adapter.dispatch('json_path')(json, varargs) }}
{%- endmacro %}

{# A text that is JSON, else null: a log has whatever somebody sent, and who reads into it would fail. #}
{% macro valid_json(text) -%}
    {{ adapter.dispatch('valid_json')(text) }}
{%- endmacro %}

{# Whether a text is a JSON object. #}
{% macro is_object(text) -%}
    {{ adapter.dispatch('is_object')(text) }}
{%- endmacro %}

{# A value, unless it is what a tool writes where it does not know one: (not set), (direct), 取值异常. #}
{% macro said(value) -%}
    case when {{ value }} not like '(%)' and {{ value }} not in ('', '取值异常') then {{ value }} end
{%- endmacro %}

{# The array of keys with typed values that Google Analytics exports -> an object of them, as text. #}
{% macro keyed_values(json) -%}
    {{ adapter.dispatch('keyed_values')(json) }}
{%- endmacro %}

{# Arrays of names and of their values -> an object, as text. #}
{% macro paired_values(names, values) -%}
    {{ adapter.dispatch('paired_values')(names, values) }}
{%- endmacro %}

{# A parameter of what is asked of a page, as it stands there. #}
{% macro query_parameter(query, name) -%}
    case when {{ query }} like '%{{ name }}=%' then nullif({{ dbt.split_part(
        dbt.split_part("'&' || " ~ query, "'&" ~ name ~ "='", 2), "'&'", 1
    ) }}, '') end
{%- endmacro %}

{# Objects that say one after the other what holds of one thing -> the object of all that holds. What
   is null there is known no more. An aggregate; `order` are columns without null. #}
{% macro merged_objects(json, order) -%}
    {{ adapter.dispatch('merged_objects')(json, order) }}
{%- endmacro %}

{# What calls of a source tell of users: a query, of the columns of `stg_<source>__users`. `calls` have
   the columns user_id, properties, created_at and updated_at as text, and `precedence`: what a call
   with a higher one tells goes before what others do, whenever they were made. #}
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
    where {{ is_object('calls.properties') }}

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

)

-- A call that is sent again is one.
select distinct
    user_id,
    properties,
    precedence,
    created_at,
    updated_at
from told
where user_id is not null
{%- endmacro %}

{# What holds of users at one instant: of each the latest row of the users feed, and what calls told,
   the later before the earlier -> one row per user and `by`. Without logs there are no calls. #}
{% macro known_of_users(rows, by=[]) -%}
{%- set keys = (by + ['user_id']) | join(', ') -%}
{%- if exported_users() -%}
select
    {{ keys }},
    nullif(
        {{ merged_objects('told', ['precedence', 'told_at', 'content_hash']) }}, '{}'
    ) as properties,
    min(created_at) as created_at,
    max(updated_at) as updated_at
from (
    select
        {{ rows }}.*,
        coalesce(properties, '{}') as told,
        coalesce(updated_at, {{ beginning() }}) as told_at
    from {{ rows }}
) as told_rows
group by {{ keys }}
{%- else -%}
select
    {{ keys }},
    properties,
    created_at,
    updated_at
from {{ rows }}
{%- endif -%}
{%- endmacro %}

{# The records of SensorsData with who they are of: a query. `distinct_id` is the user once somebody
   has signed in, before it is the device: which, the record says by its other ids. #}
{% macro sensorsdata_records() -%}
with

sensorsdata as (

    select
        *,
        {{ valid_json('identities') }} as identities_object,
        {{ valid_json('lib') }} as lib_object
    from {{ source('raw', 'sensorsdata') }}

),

known as (

    select
        sensorsdata.*,
        case when type like 'track%' then event else type end as event_name,
        lower(coalesce({{ json_path('properties', '$lib') }}, {{ json_path('lib_object', '$lib') }}))
            as library_name,
        coalesce(
            login_id,
            {{ json_path('identities_object', '$identity_login_id') }},
            case
                when type = 'track_signup' or distinct_id <> anonymous_id
                    or {{ json_path('properties', '$is_login_id') }} = 'true'
                    then distinct_id
            end
        ) as actor_user_id
    from sensorsdata

)

select
    known.*,
    coalesce(
        anonymous_id,
        original_id,
        case when actor_user_id is null then distinct_id end
    ) as actor_anonymous_id
from known
{%- endmacro %}
