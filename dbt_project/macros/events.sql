{# The text columns of the events feed, in the order of every table that carries them.
   One list, because four staging tables and the fact repeat it. #}
{% macro event_text_columns() -%}
    {{ return([
        'platform', 'app_version', 'country', 'page', 'referrer',
        'utm_source', 'utm_medium', 'utm_campaign', 'utm_content', 'utm_term',
        'content_id', 'merchant_id', 'campaign_id', 'feature_id', 'order_id', 'currency',
    ]) }}
{%- endmacro %}

{# Value of a property of an event as text: a column of the feed where there is one of that name,
   else, or where that is empty, a key of `properties`; null where it is missing, or a text of length 0,
   as files have it that cannot leave a cell out. `property` is an expression. A user is the one whose
   event it is. #}
{% macro event_property(relation, property) -%}
    nullif(coalesce(
        nullif(case {{ property }}
            {%- for column in ['event_id', 'event_name', 'anonymous_id'] + event_text_columns() %}
            when '{{ column }}' then {{ relation }}.{{ column }}
            {%- endfor %}
            when 'session_id' then {{ relation }}.source_session_id
            when 'user_id'
                then case when {{ relation }}.user_id not like 'anon:%' then {{ relation }}.user_id end
            when 'amount' then {{ amount_text(relation ~ '.amount') }}
            {%- for column in ['occurred_at', 'received_at'] %}
            when '{{ column }}' then {{ local_text(relation ~ '.' ~ column) }}
            {%- endfor %}
        end, ''),
        {{ json_property(relation ~ '.properties', property) }}
    ), '')
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

{# Events in their one order, in which a fact and its archive look for the first or the last. #}
{% macro event_order(relation=none, last_first=false) -%}
    {%- for column in ['occurred_at', 'source_id', 'event_id'] -%}
    {{ relation ~ '.' if relation }}{{ column }}{{ ' desc' if last_first }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{# The id that an event of a source has: the one it came with, or the hash of what it says. #}
{% macro event_key(relation) -%}
    coalesce(
        nullif({{ trimmed(relation ~ '.event_id') }}, ''),
        {{ relation }}.content_hash,
        {{ relation }}.event_id
    )
{%- endmacro %}

{# The id that the row of a staged event came with, which other events may share. #}
{% macro given_event_id(relation) -%}
    coalesce({{ relation }}.shared_event_id, {{ relation }}.event_id)
{%- endmacro %}

{# The hash of what an event says, all but `received_at`, of its raw texts. Ingest writes the same
   into `raw.events` where the event has no id of its own; it is asked of few rows, and as an MD5
   of 32 letters a row was a third of the table. #}
{% macro event_content_hash(relation) -%}
    coalesce({{ relation }}.content_hash, md5(
        {%- for column in (event_feed_columns() | reject('equalto', 'received_at') | sort) %}
        coalesce(chr(30) || '{{ column }}=' || {{ relation }}.{{ column }}, '')
        {{- ' ||' if not loop.last }}
        {%- endfor %}
    ))
{%- endmacro %}

{# The raw rows of all sources that are enabled, in the columns of the feed: a query. A new one is a
   folder and a word. #}
{% macro united_events() -%}
    {% for source_name in event_sources() -%}
    select
        source_id,
        event_id,
        event_name,
        user_id,
        anonymous_id,
        session_id,
        {% for column in event_text_columns() -%}
        {{ column }},
        {% endfor -%}
        amount,
        properties,
        {{ raw_row_columns() }},
        occurred_at,
        received_at
    from {{ ref('stg_' ~ source_name ~ '__events') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
{%- endmacro %}

{# Raw rows of sources typed and judged: a query. What reads few rows of `stg_events__united` names
   these, so that the rest is not typed only to be left out. #}
{% macro typed_events(relation) -%}
with

united as (

    select * from {{ relation }}

),

files as (

    select
        load_id,
        first_loaded_at
    from {{ source('raw', 'ingest_files') }}

),

rates as (

    select * from {{ ref('dim_currency_rates') }}

),

placeholders as (

    {{ placeholder_list() }}

),

typed as (

    select
        united.source_id,
        {{ event_key('united') }} as event_id,
        {{ given_id('united', 'event_name') }} as event_name,
        {{ given_id('united', 'user_id') }} as given_user_id,
        {{ given_id('united', 'anonymous_id') }} as given_anonymous_id,
        {{ given_id('united', 'session_id') }} as session_id,
        {% for column in event_text_columns() if column != 'currency' -%}
        {{ given_id('united', column) if column.endswith('_id') else trimmed('united.' ~ column) }}
            as {{ 'given_order_id' if column == 'order_id' else column }},
        {% endfor -%}
        upper(nullif({{ trimmed('united.currency') }}, '')) as currency,
        nullif({{ trimmed('united.amount') }}, '') as amount_text,
        {{ parse_number('united.amount', 'decimal(18, 4)') }} as amount,
        united.properties,
        united.malformed_payload,
        {{ event_content_hash('united') }} as content_hash,
        united.source_file,
        united.row_number,
        united.load_id,
        {{ parse_instant('united.occurred_at') }} as occurred_at,
        {{ parse_instant('united.received_at') }} as received_at,
        files.first_loaded_at
    from united
    inner join files on united.load_id = files.load_id

),

converted as (

    select
        typed.*,
        {{ known_id('typed.given_user_id') }} as user_id,
        {{ known_id('typed.given_anonymous_id') }} as anonymous_id,
        {{ known_id('typed.given_order_id') }} as order_id,
        {{ placeholder_columns('typed', "'user_id'") }} as placeholder_columns,
        case
            when typed.amount is null or typed.currency is null
                or typed.currency = '{{ reporting_currency() }}' then typed.amount
            else {{ in_reporting_currency('typed.amount') }}
        end as reporting_amount
    from typed
    cross join placeholders
    left join rates
        on typed.currency = rates.currency
        and typed.occurred_at >= rates.valid_from_at
        and typed.occurred_at < rates.valid_to_at

)

select
    converted.*,
    -- The first reason that applies, in the order in which a person would mend them.
    case
        when malformed_payload is not null then 'malformed_row'
        when event_name is null then 'missing_event_name'
        when user_id is null and anonymous_id is null then 'missing_actor'
        when occurred_at is null
            or occurred_at < cast('{{ var("earliest_plausible_date") }}' as timestamp)
            then 'unparseable_occurred_at'
        when occurred_at > {{ dbt.dateadd(
            'day', var('future_tolerance_days'), 'coalesce(received_at, first_loaded_at)'
        ) }} then 'future_occurred_at'
        when received_at > {{ dbt.dateadd('day', var('future_tolerance_days'), 'first_loaded_at') }}
            then 'future_received_at'
        when amount_text is not null and (amount is null or amount < 0) then 'invalid_amount'
        when amount is not null and reporting_amount is null then 'foreign_currency'
    end as reason
from converted
{%- endmacro %}

{# The order of an event that names none: an order event is one of its own. #}
{% macro own_order_id(relation=none) -%}
    {%- set of = relation ~ '.' if relation else '' -%}
    'event:' || {{ of }}source_id || ':' || {{ of }}event_id
{%- endmacro %}
