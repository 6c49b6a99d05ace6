with

events as (

    select
        load_id,
        row_number,
        reason,
        payload
    from {{ ref('stg_events__quarantined') }}

),

feed_rows as (

    select
        load_id,
        row_number,
        reason,
        payload
    from {{ ref('stg_feed_rows') }}
    where outcome = 'quarantined'

),

ledger as (

    select * from {{ ref('stg_ingest_ledger') }}

),

-- The column that the reason is about, and a payload that is JSON for certain.
refused as (

    select
        quarantined.*,
        case
            when reason like 'unparseable_%' then substr(reason, 13)
            when reason = 'future_occurred_at' then 'occurred_at'
            when reason = 'future_received_at' then 'received_at'
            when reason = 'invalid_amount' then 'amount'
            when reason = 'foreign_currency' then 'currency'
        end as column_name,
        case when reason = 'malformed_row' then '{}' else payload end as json_payload
    from (
        select * from events
        union all
        select * from feed_rows
    ) as quarantined

),

valued as (

    select
        refused.*,
        {{ json_property('json_payload', 'column_name') }} as column_value,
        {{ json_property_names('json_payload') }} as column_names
    from refused

),

rows_of_files as (

    select
        ledger.feed,
        ledger.source_file,
        valued.reason,
        case
            when valued.reason = 'malformed_row' then {{ value_shape('valued.payload') }}
            when valued.reason like 'missing_%' then valued.column_names
            -- Which currency it is has to be seen, and names nobody.
            when valued.reason = 'foreign_currency' and length(trim(valued.column_value)) = 3
                then upper(trim(valued.column_value))
            else {{ value_shape('valued.column_value') }}
        end as sample,
        valued.row_number,
        ledger.rows_in as file_row_count,
        ledger.first_loaded_at
    from valued
    inner join ledger on valued.load_id = ledger.load_id

)

select
    feed,
    source_file,
    reason,
    coalesce(sample, '') as sample,
    row_number,
    file_row_count,
    first_loaded_at
from rows_of_files
