with

events_touched as (

    select {{ local_date('occurred_at') }} as event_date
    from {{ ref('stg_events__touched') }}
    where occurred_at is not null

),

links_touched as (

    select distinct anonymous_id from {{ ref('int_identity_links__touched') }}

),

-- An anonymous id that belongs to another now takes its events with it.
moved as (

    select {{ local_date('staged.occurred_at') }} as event_date
    from {{ ref('stg_events') }} as staged
    inner join links_touched
        on case when staged.user_id is null then staged.anonymous_id end
        = links_touched.anonymous_id

),

dates as (

    select event_date from events_touched
    union
    select event_date from moved

)

select
    'week' as grain,
    {{ iso_weekday('event_date') }} as weekday_number,
    {{ week_start('event_date') }} as period_start_date
from dates

union

select
    'month' as grain,
    {{ iso_weekday('event_date') }} as weekday_number,
    {{ month_start('event_date') }} as period_start_date
from dates
