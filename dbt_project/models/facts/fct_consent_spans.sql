with

consents as (

    select * from {{ ref('int_consents_resolved') }}
    {% if horizon() -%}
    where recorded_at <= {{ horizon() }}
    {%- endif %}

),

compared as (

    select
        consents.*,
        lag(is_granted) over (
            partition by user_id, purpose
            order by recorded_at
        ) as previous_is_granted
    from consents

),

-- An answer that repeats the one before goes on with its span.
changes as (

    select *
    from compared
    where previous_is_granted is null or previous_is_granted <> is_granted

),

spans as (

    select
        user_id,
        purpose,
        is_granted,
        recorded_at as valid_from_at,
        lead(recorded_at) over (
            partition by user_id, purpose
            order by recorded_at
        ) as valid_to_at
    from changes

)

select
    user_id,
    purpose,
    is_granted,
    valid_to_at is null as is_current,
    valid_from_at,
    valid_to_at
from spans
