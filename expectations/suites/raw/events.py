"""Events as they arrived: as many as on the days before, and newer than what was there."""

from expectations.rules import QueryRule
from expectations.suites.raw._feeds import BEFORE_NEWEST_LOAD, WARNING, feed_suite

# The day of an event as its text says, without staging's care: enough to count by. Epochs in
# seconds, milliseconds or microseconds are told apart by size, up to the year 2100.
_DAY = """coalesce(
            try_cast(substr(occurred_at, 1, 10) as date),
            date '1970-01-01' + cast(floor(case
                when try_cast(occurred_at as double) between 0 and 4102444800
                    then try_cast(occurred_at as double)
                when try_cast(occurred_at as double) between 0 and 4102444800000
                    then try_cast(occurred_at as double) / 1000
                when try_cast(occurred_at as double) between 0 and 4102444800000000
                    then try_cast(occurred_at as double) / 1000000
            end / 86400) as integer)
        )"""

# The newest day that is over, and each of the four weeks before it, days without events too.
_RECENT_DAYS = f"""with arrived as (
    select day_date, count(*) as event_count
    from (
        select {_DAY} as day_date
        from {{table}}
    ) as days
    group by day_date
),

newest as (
    select cast(data_through_at as date) - 1 as newest_date from facts.dim_horizon
),

recent as (
    select
        newest.newest_date,
        newest.newest_date - cast(back.days as integer) as day_date,
        coalesce(arrived.event_count, 0) as event_count
    from newest
    cross join generate_series(0, 28) as back (days)
    left join arrived on newest.newest_date - cast(back.days as integer) = arrived.day_date
)
"""

SUITE = feed_suite(
    feed="events",
    columns=(
        "event_id",
        "event_name",
        "occurred_at",
        "received_at",
        "user_id",
        "anonymous_id",
        "session_id",
        "platform",
        "app_version",
        "country",
        "page",
        "referrer",
        "utm_source",
        "utm_medium",
        "utm_campaign",
        "utm_content",
        "utm_term",
        "content_id",
        "merchant_id",
        "campaign_id",
        "feature_id",
        "order_id",
        "amount",
        "currency",
    ),
    required=("event_name", "occurred_at"),
    rules=(
        QueryRule(
            # Against the quietest of 28 days, whatever their weekday: a shop that is closed on
            # Sundays, one that is small, and one in its first month are never stopped. A day
            # on which a product truly fell silent stops one build; the next day's compares
            # with it.
            name="volume_did_not_collapse",
            sentence="The newest whole day has under a tenth of the events of the quietest of "
            "the 28 days before it",
            query=f"""{_RECENT_DAYS}
select
    newest_date as day_date,
    max(event_count) filter (where day_date = newest_date) as event_count,
    min(event_count) filter (where day_date < newest_date) as quietest_event_count
from recent
group by newest_date
having min(event_count) filter (where day_date < newest_date) >= 50
    and max(event_count) filter (where day_date = newest_date)
    < 0.1 * min(event_count) filter (where day_date < newest_date)""",
            keys=("day_date",),
        ),
        QueryRule(
            name="volume_like_this_weekday",
            sentence="The newest whole day has under a third, or over five times, the events "
            "that this weekday had in each of the four weeks before it",
            query=f"""{_RECENT_DAYS}
select
    newest_date as day_date,
    max(event_count) filter (where day_date = newest_date) as event_count,
    min(event_count) filter (where day_date < newest_date) as least_event_count,
    max(event_count) filter (where day_date < newest_date) as most_event_count
from recent
where isodow(day_date) = isodow(newest_date)
group by newest_date
having min(event_count) filter (where day_date < newest_date) >= 100
    and (
        3 * max(event_count) filter (where day_date = newest_date)
        < min(event_count) filter (where day_date < newest_date)
        or max(event_count) filter (where day_date = newest_date)
        > 5 * max(event_count) filter (where day_date < newest_date)
    )""",
            keys=("day_date",),
            severity=WARNING,
        ),
        QueryRule(
            name="newest_load_is_newer",
            sentence="The newest load brought only events over a week older than those before "
            "it: a backfill, or an export that repeats itself?",
            query=f"""with newest_load as (select {BEFORE_NEWEST_LOAD} as load_id),

loads as (
    select
        max({_DAY}) filter (where events.load_id > newest_load.load_id) as newest_date,
        max({_DAY}) filter (where events.load_id <= newest_load.load_id) as earlier_date
    from {{table}} as events
    cross join newest_load
    cross join facts.dim_horizon
    where {_DAY} <= dim_horizon.data_through_date + 1
)

select newest_date, earlier_date
from loads
where newest_date < earlier_date - interval 7 day""",
            keys=("newest_date",),
            severity=WARNING,
        ),
    ),
)
