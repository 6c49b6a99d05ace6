with

files as (

    select * from {{ source('raw', 'ingest_files') }}

),

outcomes as (

    select
        load_id,
        'staged' as outcome
    from {{ ref('stg_events') }}

    union all

    select
        load_id,
        'duplicate' as outcome
    from {{ ref('stg_events__duplicates') }}

    union all

    select
        load_id,
        'quarantined' as outcome
    from {{ ref('stg_events__quarantined') }}

    union all

    select
        load_id,
        outcome
    from {{ ref('stg_feed_rows') }}

),

counted as (

    select
        load_id,
        count(case when outcome = 'staged' then 1 end) as rows_staged,
        count(case when outcome = 'duplicate' then 1 end) as rows_duplicate,
        count(case when outcome = 'quarantined' then 1 end) as rows_quarantined
    from outcomes
    group by load_id

),

ledger as (

    select
        files.feed,
        files.source_file,
        files.status,
        -- A folder that no staging model reads is said to be so, and holds nothing back.
        case
            when files.rows_in > 0 and counted.load_id is null
                and files.feed not in (
                    {%- for feed in feed_required_columns() %}'{{ feed }}', {% endfor -%}
                    '{{ 'events' if 'feed' in event_sources() }}'
                )
                then 'no staging model reads this feed'
            else files.error
        end as error,
        files.notes,
        files.rows_in as rows_in_file,
        coalesce(counted.rows_staged, 0) as rows_staged,
        coalesce(counted.rows_duplicate, 0) as rows_duplicate,
        coalesce(counted.rows_quarantined, 0) as rows_quarantined,
        files.load_id,
        files.first_loaded_at,
        files.loaded_at
    from files
    left join counted on files.load_id = counted.load_id

)

select
    feed,
    source_file,
    status,
    error,
    notes,
    case
        when error = 'no staging model reads this feed' then 0
        else rows_in_file
    end as rows_in,
    rows_staged,
    rows_duplicate,
    rows_quarantined,
    load_id,
    first_loaded_at,
    loaded_at
from ledger
