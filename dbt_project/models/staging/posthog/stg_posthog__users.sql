{{ config(materialized='view') }}
{#- Every event repeats what is known of its person: each state is read as it came and as it was last.
    Older exports have the calls alone; what these set once stays as it was first. -#}
with

records as (

    {{ posthog_records({'told_set': '$set', 'told_set_once': '$set_once'}) | indent(4) }}

),

called as (

    select
        actor_user_id as user_id,
        person_properties,
        told_set,
        told_set_once,
        {{ parse_instant('records.timestamp') }} as called_at
    from records

),

states as (

    select
        user_id,
        {{ valid_json('person_properties') }} as properties,
        min(called_at) as first_at,
        max(called_at) as last_at
    from called
    where user_id is not null and person_properties <> '{}'
    group by user_id, person_properties

),

ends as (

    {{ ends_of_states('states', ['user_id', 'properties']) }}

),

told as (

    select
        user_id,
        properties,
        1 as precedence,
        told_at as called_at
    from ends

    union all

    select
        user_id,
        told_set as properties,
        1 as precedence,
        called_at
    from called
    where told_set is not null and person_properties is null

    union all

    select
        user_id,
        told_set_once as properties,
        -{{ microseconds_between("cast('1970-01-01' as timestamp)", 'called_at') }} as precedence,
        called_at
    from called
    where told_set_once is not null and person_properties is null

),

calls as (

    select
        user_id,
        properties,
        precedence,
        cast(null as {{ dbt.type_string() }}) as created_at,
        cast(called_at as {{ dbt.type_string() }}) as updated_at
    from told

),

users as (

    {{ users_of_calls('calls') | indent(4) }}

)

select * from users
