{#- A double holds every whole number up to 2^53, one of 32 bits up to 2^24. -#}
{%- set digits = try_cast('ids.given_id', 'decimal(38, 0)') -%}
{#- Named by its text, because a CTE of all ids that is read twice is kept as a whole. -#}
{%- set ids -%}
select
    feed,
    case when column_name = 'author_id' then 'user_id' else column_name end as id_kind,
    column_name,
    given_id,
    load_id
from {{ ref('stg_given_ids') }}
{%- endset -%}
with

ledger as (

    select
        load_id,
        feed,
        source_file
    from {{ ref('stg_ingest_ledger') }}

),

ids_as_doubles as (

    select * from {{ ref('stg_ids_as_doubles') }}

),

repeated_event_ids as (

    select
        load_id,
        'event_id' as column_name,
        'repeated_event_id' as doubt
    from {{ ref('stg_events') }}
    where event_id <> shared_event_id

),

rows_with_placeholders as (

    select
        load_id,
        placeholder_columns
    from {{ ref('stg_events') }}
    where placeholder_columns is not null

    union all

    select
        load_id,
        placeholder_columns
    from {{ ref('stg_events__quarantined') }}
    where placeholder_columns is not null

    union all

    select
        load_id,
        placeholder_columns
    from {{ ref('stg_feed_rows') }}
    where placeholder_columns is not null

),

placeholders as (

    select
        load_id,
        {{ dbt.split_part('placeholder_columns', "', '", 1) }} as column_name,
        'placeholder' as doubt
    from rows_with_placeholders

    union all

    select
        load_id,
        {{ dbt.split_part('placeholder_columns', "', '", 2) }} as column_name,
        'placeholder' as doubt
    from rows_with_placeholders
    where placeholder_columns like '%, %'

),

doubles as (

    select
        ids.load_id,
        ids.column_name,
        'double_in_text' as doubt
    from (
        {{ ids | indent(8) }}
    ) as ids
    inner join ids_as_doubles
        on ids.load_id = ids_as_doubles.load_id
        and ids.column_name = ids_as_doubles.column_name
    where ids_as_doubles.column_type = 'DOUBLE in text'

    union all

    select
        ids.load_id,
        ids.column_name,
        'lost_digits' as doubt
    from (
        {{ ids | indent(8) }}
    ) as ids
    inner join ids_as_doubles
        on ids.load_id = ids_as_doubles.load_id
        and ids.column_name = ids_as_doubles.column_name
    where
        abs({{ digits }})
        > case when ids_as_doubles.column_type = 'FLOAT' then 16777216 else 9007199254740992 end

),

-- Texts that may be a number in another writing, with that number.
spelled as (

    select
        load_id,
        id_kind,
        column_name,
        case
            when given_id like '0%' then trim(leading '0' from given_id)
            when given_id like '%.0' then {{ dbt.split_part('given_id', "'.'", 1) }}
            else cast({{ try_cast('given_id', 'decimal(38, 0)') }} as {{ dbt.type_string() }})
        end as number_text
    from (
        {{ ids | indent(8) }}
    ) as ids
    where given_id like '0_%' or given_id like '%.0' or lower(given_id) like '%e+%'

),

numbers as (

    select distinct
        id_kind,
        number_text
    from spelled
    where {{ try_cast('number_text', 'decimal(38, 0)') }} is not null

),

-- Without such a number, as in most warehouses, no id has to be looked for.
plain_numbers as (

    select distinct
        numbers.id_kind,
        numbers.number_text
    from (
        {{ ids | indent(8) }}
        where exists (select 1 from numbers)
    ) as ids
    inner join numbers
        on ids.id_kind = numbers.id_kind
        and ids.given_id = numbers.number_text

),

spellings as (

    select
        spelled.load_id,
        spelled.column_name,
        'other_spelling' as doubt
    from spelled
    inner join plain_numbers
        on spelled.id_kind = plain_numbers.id_kind
        and spelled.number_text = plain_numbers.number_text

),

doubts as (

    select * from repeated_event_ids
    union all
    select * from placeholders
    union all
    select * from doubles
    union all
    select * from spellings

)

select
    ledger.feed,
    ledger.source_file,
    doubts.column_name,
    doubts.doubt,
    count(*) as row_count
from doubts
inner join ledger on doubts.load_id = ledger.load_id
group by ledger.feed, ledger.source_file, doubts.column_name, doubts.doubt
