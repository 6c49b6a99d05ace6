-- Numbers stand for people where machines join: a sort or a join by a number takes a third of the
-- time that one by text takes. A number is kept for as long as the user has events.
{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched',
    unique_key=['user_id'],
    meta={'touched': 'int_users_touched'},
    on_schema_change='fail',
) }}
with

touched_users as (

    select * from {{ ref('int_users_touched') }}

),

users as (

    select users.user_id
    from {{ ref('dim_users') }} as users
    {% if is_incremental() -%}
    inner join touched_users
        on users.user_id = touched_users.user_id
    {% endif -%}
    where users.event_count > 0

),

kept as (

    {% if is_incremental() -%}
    select
        user_id,
        user_number
    from {{ this }}
    {%- else -%}
    select
        user_id,
        cast(null as integer) as user_number
    from users
    {%- endif %}

),

last_numbers as (

    select coalesce(max(user_number), 0) as user_number from kept

),

numbered as (

    select
        users.user_id,
        kept.user_number as kept_number,
        row_number() over (
            partition by kept.user_number is null
            order by users.user_id
        ) as place
    from users
    left join kept on users.user_id = kept.user_id

)

select
    numbered.user_id,
    cast(
        coalesce(numbered.kept_number, last_numbers.user_number + numbered.place) as integer
    ) as user_number
from numbered
cross join last_numbers
