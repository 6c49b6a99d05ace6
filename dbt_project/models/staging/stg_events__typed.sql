{{ config(materialized='view') }}
with

united as (

    select * from {{ ref('stg_events__united') }}

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

typed as (

    select
        united.source_id,
        coalesce(nullif(trim(united.event_id), ''), united.content_hash) as event_id,
        nullif(trim(united.event_name), '') as event_name,
        nullif(trim(united.user_id), '') as user_id,
        nullif(trim(united.anonymous_id), '') as anonymous_id,
        united.session_id,
        {% for column in event_text_columns() if column != 'currency' -%}
        united.{{ column }},
        {% endfor -%}
        upper(nullif(trim(united.currency), '')) as currency,
        united.amount as amount_text,
        {{ try_cast('united.amount', 'decimal(18, 4)') }} as amount,
        united.properties,
        united.malformed_payload,
        united.content_hash,
        united.source_file,
        united.row_number,
        united.load_id,
        {{ parse_instant('trim(united.occurred_at)') }} as occurred_at,
        {{ parse_instant('trim(united.received_at)') }} as received_at,
        files.first_loaded_at
    from united
    inner join files on united.load_id = files.load_id

),

converted as (

    select
        typed.*,
        case
            when typed.amount is null or typed.currency is null
                or typed.currency = '{{ reporting_currency() }}' then typed.amount
            else cast(typed.amount * rates.rate as decimal(18, 4))
        end as reporting_amount
    from typed
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
        when received_at > {{ dbt.dateadd('day', var('future_tolerance_days'), 'first_loaded_at') }}
            then 'future_received_at'
        when occurred_at > {{ dbt.dateadd(
            'day', var('future_tolerance_days'), 'coalesce(received_at, first_loaded_at)'
        ) }} then 'future_occurred_at'
        when amount_text is not null and (amount is null or amount < 0) then 'invalid_amount'
        when amount is not null and reporting_amount is null then 'foreign_currency'
    end as reason
from converted
