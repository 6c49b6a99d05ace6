"""Events as they arrived: as many as on the days before, and newer than what was there."""

import great_expectations.expectations as gxe

from expectations.suites.raw._feeds import BEFORE_NEWEST_LOAD, feed_suite

# The day of an event as its text says, without staging's care: enough to count by. The first ten
# characters of an ISO 8601 instant are its date, with separators or without; those of an epoch
# since 2001 are its seconds, be it in seconds, milliseconds or microseconds. Few texts stand for
# many rows: group, then parse. Braces of a pattern are doubled, since `{batch}` is filled in.
_DAY_TEXT = "substr(occurred_at, 1, 10)"
_DAY = """coalesce(
        try_cast(day_text as date),
        cast(try_strptime(regexp_extract(day_text, '^(19|20)\\d{{6}}'), '%Y%m%d') as date),
        date '1970-01-01'
        + cast(
            floor(try_cast(regexp_extract(day_text, '^\\d{{10}}$') as bigint) / 86400) as integer
        )
    )"""

# The newest day that is over, and each of the four weeks before it, days without events too.
_RECENT_DAYS = f"""with day_texts as (
    select {_DAY_TEXT} as day_text, count(*) as event_count
    from {{batch}}
    group by {_DAY_TEXT}
),

arrived as (
    select {_DAY} as day_date, sum(event_count) as event_count
    from day_texts
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
    expectations=(
        # Against the quietest of 28 days, whatever their weekday: a shop that is closed on
        # Sundays, one that is small, and one in its first month are never stopped. A day
        # on which a product truly fell silent stops one build; the next day's compares
        # with it.
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=f"""{_RECENT_DAYS}
select
    newest_date as day_date,
    max(event_count) filter (where day_date = newest_date) as event_count,
    min(event_count) filter (where day_date < newest_date) as quietest_event_count
from recent
group by newest_date
having min(event_count) filter (where day_date < newest_date) >= 50
    and max(event_count) filter (where day_date = newest_date)
    < 0.1 * min(event_count) filter (where day_date < newest_date)""",
            severity="critical",
            notes="The newest whole day has under a tenth of the events of the quietest of "
            "the 28 days before it",
            meta={
                "rule": "volume_did_not_collapse",
                "zh": "最近一个完整日的事件数不到此前 28 天里最少一天的十分之一",
                "keys": ["day_date"],
            },
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=f"""with day_texts as (
    select distinct
        {_DAY_TEXT} as day_text,
        load_id > {BEFORE_NEWEST_LOAD} as is_new
    from {{batch}}
),

days as (
    select is_new, {_DAY} as day_date
    from day_texts
)

select
    max(day_date) filter (where is_new) as newest_date,
    max(day_date) filter (where not is_new) as earlier_date
from days
where day_date <= (select data_through_date + 1 from facts.dim_horizon)
having max(day_date) filter (where is_new)
    < max(day_date) filter (where not is_new) - interval 7 day""",
            severity="warning",
            notes="The newest load brought only events over a week older than those before "
            "it: a backfill, or an export that repeats itself?",
            meta={
                "rule": "newest_load_is_newer",
                "zh": "最近一次导入的事件全都比之前的早一周以上：是补数据，还是重复导出？",
                "keys": ["newest_date"],
            },
        ),
    ),
)
