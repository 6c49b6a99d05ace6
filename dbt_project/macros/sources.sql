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
        'mixpanel': {
            '$mp_web_page_view': ['Page viewed', '浏览页面', 'product', 'page_view', true, false],
            '$mp_click': ['Element clicked', '点击元素', 'product', 'element_click', true, false],
            '$mp_page_leave': ['Page left', '离开页面', 'product', none, false, false],
            '$experiment_started': ['Experiment viewed', '进入实验', 'campaign', 'exposure', false, false],
            '$identify': ['Identified', '识别用户', 'user', none, false, false],
            '$create_alias': ['Ids joined', '合并身份', 'user', none, false, false],
            '$merge': ['Ids joined', '合并身份', 'user', none, false, false],
            '$profile': ['Profile', '用户资料', 'user', none, false, false],
            '$session_start': ['Session started', '会话开始', 'product', none, false, false],
            '$session_end': ['Session ended', '会话结束', 'product', none, false, false],
            '$ae_session': ['Session ended', '会话结束', 'product', none, false, false],
        },
        'amplitude': {
            '[Amplitude] Page Viewed': ['Page viewed', '浏览页面', 'product', 'page_view', true, false],
            '[Amplitude] Screen Viewed': ['Screen viewed', '浏览屏幕', 'product', 'page_view', true, false],
            '[Amplitude] Element Clicked': ['Element clicked', '点击元素', 'product', 'element_click', true, false],
            '[Amplitude] Element Tapped': ['Element clicked', '点击元素', 'product', 'element_click', true, false],
            'revenue_amount': ['Revenue', '收入', 'product', 'order', true, true],
            'revenue_refunded': ['Revenue given back', '收入退回', 'product', 'refund', false, false],
            '$exposure': ['Experiment viewed', '进入实验', 'campaign', 'exposure', false, false],
            '[Experiment] Exposure': ['Experiment viewed', '进入实验', 'campaign', 'exposure', false, false],
            '[Experiment] Assignment': ['Experiment assigned', '实验分组', 'campaign', none, false, false],
            '$identify': ['Identified', '识别用户', 'user', none, false, false],
            '$groupidentify': ['Group described', '设置群组属性', 'user', none, false, false],
            'session_start': ['Session started', '会话开始', 'product', none, false, false],
            'session_end': ['Session ended', '会话结束', 'product', none, false, false],
            '[Amplitude] Application Backgrounded': ['App left', '离开应用', 'product', none, false, false],
        },
        'posthog': {
            '$pageview': ['Page viewed', '浏览页面', 'product', 'page_view', true, false],
            '$screen': ['Screen viewed', '浏览屏幕', 'product', 'page_view', true, false],
            '$pageleave': ['Page left', '离开页面', 'product', none, false, false],
            '$autocapture': ['Element clicked', '点击元素', 'product', 'element_click', true, false],
            '$feature_flag_called': ['Experiment viewed', '进入实验', 'campaign', 'exposure', false, false],
            '$identify': ['Identified', '识别用户', 'user', none, false, false],
            '$create_alias': ['Ids joined', '合并身份', 'user', none, false, false],
            '$merge_dangerously': ['Ids joined', '合并身份', 'user', none, false, false],
            '$set': ['Profile set', '设置用户属性', 'user', none, false, false],
            '$groupidentify': ['Group described', '设置群组属性', 'user', none, false, false],
            '$web_vitals': ['Page measured', '页面性能', 'product', none, false, false],
            '$exception': ['Error', '异常', 'product', none, false, false],
            'Application Backgrounded': ['App left', '离开应用', 'product', none, false, false],
        },
        'snowplow': {
            'page_view': ['Page viewed', '浏览页面', 'product', 'page_view', true, false],
            'screen_view': ['Screen viewed', '浏览屏幕', 'product', 'page_view', true, false],
            'link_click': ['Element clicked', '点击元素', 'product', 'element_click', true, false],
            'button_click': ['Element clicked', '点击元素', 'product', 'element_click', true, false],
            'transaction': ['Order', '下单', 'product', 'order', true, true],
            'transaction_item': ['Item of an order', '订单商品', 'product', none, false, false],
            'application_background': ['App left', '离开应用', 'product', none, false, false],
            'application_error': ['Error', '异常', 'product', none, false, false],
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
    {%- set silent = ['growingio', 'matomo', 'plausible', 'snowplow', 'umami', 'umeng'] -%}
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

{# What each raw row has, whichever its log: why it cannot be read, and where it came from. #}
{% macro raw_row_columns() -%}
    malformed_payload,
    content_hash,
    source_file,
    row_number,
    load_id
{%- endmacro %}

{# Whether the id of an event is made of what it says: a row that has it is the same event, whenever it
   came. What Snowplow's trackers send again has another time, which is told from that of its arrival. #}
{% macro id_says_all(relation) -%}
    ({{ relation }}.source_id = 'snowplow' and {{ relation }}.event_id like '%:%')
{%- endmacro %}

{# A value within nested objects as text: `json_path('properties', 'page', 'path')`; null where one of
   them is none. #}
{% macro json_path(json) -%}
    {{ adapter.dispatch('json_path')(json, varargs) }}
{%- endmacro %}

{# Several values within an object as text: an array in the order of their names, of which one may be a
   list, where it is nested. The object is read once, where `json_path` reads it for each: of 30
   values a tenth of the time. #}
{% macro json_texts(json, names) -%}
    {{ adapter.dispatch('json_texts')(json, names) }}
{%- endmacro %}

{# One of them, by its place from 1. #}
{% macro text_at(texts, place) -%}
    {{ adapter.dispatch('text_at')(texts, place) }}
{%- endmacro %}

{# All of them as columns, which `keys` names. #}
{% macro text_columns(texts, keys) -%}
    {%- for column in keys -%}
    {{ text_at(texts, loop.index) }} as {{ column }}{{ ',\n' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{# A text that is JSON, else null: a log has whatever somebody sent, and who reads into it would fail. #}
{% macro valid_json(text) -%}
    {{ adapter.dispatch('valid_json')(text) }}
{%- endmacro %}

{# Whether a text is a JSON object. #}
{% macro is_object(text) -%}
    {{ adapter.dispatch('is_object')(text) }}
{%- endmacro %}

{# A value, unless it is what a tool writes where it does not know one: (not set), $direct, 取值异常. #}
{% macro said(value) -%}
    case
        when {{ value }} not like '(%)' and {{ value }} not in ('', '$direct', '取值异常')
            then {{ value }}
    end
{%- endmacro %}

{# What stands behind the host of an address, without what is asked of it; null of what is none. #}
{% macro url_path(url) -%}
    {%- set asked = dbt.split_part(dbt.split_part(url, "'?'", 1), "'#'", 1) -%}
    {%- set behind = dbt.split_part(asked, "'://'", 2) -%}
    case
        when {{ behind }} like '%/%'
            then substring({{ behind }}, {{ dbt.position("'/'", behind) }})
        when {{ asked }} like '%://%' then '/'
    end
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

{# States of users, with the first and the last instant at which each was told -> one row at each of the
   two, `told_at`: between them another may lie. A query. #}
{% macro ends_of_states(states, columns) -%}
    {%- for instant in ['first_at', 'last_at'] -%}
    select
        {{ columns | join(', ') }},
        {{ instant }} as told_at
    from {{ states }}
    {{ 'union all\n' if not loop.last }}
    {%- endfor -%}
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

{# The properties of Segment's calls that are columns of events, or stand for one. #}
{% macro segment_keys() -%}
    {{ return({
        'property_session_id': 'session_id',
        'property_name': 'name',
        'property_path': 'path',
        'property_referrer': 'referrer',
        'content_id': 'content_id',
        'merchant_id': 'merchant_id',
        'property_campaign_id': 'campaign_id',
        'experiment_id': 'experiment_id',
        'feature_id': 'feature_id',
        'order_id': 'order_id',
        'currency': 'currency',
        'total': 'total',
        'revenue': 'revenue',
        'property_value': 'value',
    }) }}
{%- endmacro %}

{# Which kind of call a table of Segment's warehouse has, by the name of a file of it: null of a table
   of one event. #}
{% macro segment_call(file) -%}
    case
        {%- for table, call in {
            'tracks': 'track', 'identifies': 'identify', 'aliases': 'alias', 'groups': 'group',
            'screens': 'screen', 'pages': 'page',
        }.items() %}
        when {{ matches_pattern(
            file, "'(^|[^a-z_])" ~ table ~ "(_?[0-9]|[^a-z_0-9]|$)'"
        ) }} then '{{ call }}'
        {%- endfor %}
    end
{%- endmacro %}

{# The records of SensorsData with who they are of, and what `keys` names of their properties: a
   query. `distinct_id` is the user once somebody has signed in, before it is the device: which, the
   record says by its other ids. #}
{% macro sensorsdata_records(keys) -%}
{%- set keys = dict(keys, said_library='$lib', is_login_id='$is_login_id') -%}
with

sensorsdata as (

    select
        *,
        {{ json_texts('properties', keys.values()) }} as texts,
        {{ json_path(valid_json('identities'), '$identity_login_id') }} as identity_login_id,
        {{ json_path(valid_json('lib'), '$lib') }} as given_library
    from {{ source('raw', 'sensorsdata') }}

),

unfolded as (

    select
        sensorsdata.*,
        {{ text_columns('texts', keys) | indent(8) }}
    from sensorsdata

),

known as (

    select
        unfolded.*,
        case when type like 'track%' then event else type end as event_name,
        lower(coalesce(said_library, given_library)) as library_name,
        coalesce(
            login_id,
            identity_login_id,
            case
                when type = 'track_signup' or distinct_id <> anonymous_id or is_login_id = 'true'
                    then distinct_id
            end
        ) as actor_user_id
    from unfolded

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

{# The events of PostHog with who they are of, and what `keys` names of their properties: a query.
   `distinct_id` is the user, unless the event says that nobody is known yet, or it is the id of its
   device. #}
{% macro posthog_records(keys) -%}
{%- set keys = dict(
    keys, device_id='$device_id', visitor_id='$anon_distinct_id', alias_id='alias',
    is_identified='$is_identified'
) -%}
with

posthog as (

    select
        *,
        {{ json_texts('properties', keys.values()) }} as texts
    from {{ source('raw', 'posthog') }}

),

unfolded as (

    select
        posthog.*,
        {{ text_columns('texts', keys) | indent(8) }}
    from posthog

),

judged as (

    select
        unfolded.*,
        case
            when event = '$identify' then false
            else coalesce(distinct_id = device_id or is_identified = 'false', false)
        end as is_nobody
    from unfolded

)

select
    judged.*,
    case
        when event = '$create_alias' then alias_id
        when not is_nobody then distinct_id
    end as actor_user_id,
    case
        when event = '$identify' then coalesce(visitor_id, device_id)
        when event = '$merge_dangerously' then alias_id
        when event = '$create_alias' or is_nobody then distinct_id
        else device_id
    end as actor_anonymous_id
from judged
{%- endmacro %}
