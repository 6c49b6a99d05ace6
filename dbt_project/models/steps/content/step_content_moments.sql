with

pieces as (

    select
        content_id,
        started_at
    from {{ ref('dim_content_pieces') }}

),

moments as (

    select
        content_id,
        user_id,
        'exposure' as role,
        is_clicked as has_led_on,
        cast(null as decimal(18, 6)) as dwell_seconds,
        exposed_at as occurred_at
    from {{ ref('fct_content_exposures') }}

    union all

    select
        content_id,
        user_id,
        'read_start' as role,
        is_finished as has_led_on,
        dwell_seconds,
        started_at as occurred_at
    from {{ ref('fct_content_reads') }}

    union all

    select
        content_id,
        user_id,
        role,
        cast(null as boolean) as has_led_on,
        cast(null as decimal(18, 6)) as dwell_seconds,
        occurred_at
    from {{ ref('fct_content_events') }}
    where role in ('click', 'like', 'comment', 'favourite', 'follow', 'share', 'share_open')

),

aged as (

    select
        moments.*,
        {{ microseconds_between('pieces.started_at', 'moments.occurred_at') }} / 1000000.0e0
            as age_seconds
    from moments
    inner join pieces on moments.content_id = pieces.content_id

)

select
    aged.*,
    case
        when age_seconds < 0 then null
        {%- for days in content_windows() %}
        when age_seconds <= {{ days * 86400 }} then {{ days }}
        {%- endfor %}
    end as window_days
from aged
