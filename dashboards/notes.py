"""What explains a change, by day: marked on every chart over days.

Days of a source without data, days on which there was too much or too little of an event, and
the first and last days of campaigns. A note with an event is of charts that are made of it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import duckdb

NOTES = """
    with days as (
        select * from marts.mart_event_volume_daily
        where is_mature and event_date > (select max(event_date) - {days} from
            marts.mart_event_volume_daily)
    ),

    silent as (
        select source_id, event_date from days where event_name is null and event_count = 0
    ),

    campaigns as (
        select coalesce(campaign_name, campaign_id) as campaign, start_date, end_date
        from facts.dim_campaigns
    )

    select
        cast(event_date as varchar) as day, 'no_data' as kind, cast(null as varchar) as event_name,
        'No data' as label_en, '无数据' as label_zh,
        'No events of ' || source_id || '.' as text_en, source_id || ' 没有事件。' as text_zh
    from silent
    union all
    select
        cast(event_date as varchar), case when event_count > expected_count then 'more' else 'fewer'
        end, event_name,
        case when event_count > expected_count then 'More events' else 'Fewer events' end,
        case when event_count > expected_count then '事件偏多' else '事件偏少' end,
        explanation_en, explanation_zh
    from days anti join silent using (source_id, event_date)
    where is_anomalous
    union all
    select
        cast(start_date as varchar), 'starts', null, campaign, campaign, campaign || ' starts.',
        campaign || ' 开始。'
    from campaigns where start_date is not null
    union all
    select
        cast(end_date as varchar), 'ends', null, campaign, campaign, campaign || ' ends.',
        campaign || ' 结束。'
    from campaigns where end_date is not null
    order by day, kind, event_name nulls first, label_en
"""


def notes(
    connection: duckdb.DuckDBPyConnection, days: int, events: Collection[str]
) -> list[dict[str, Any]]:
    """What explains changes in the last so many days of the data; of single events: of these."""
    cursor = connection.execute(NOTES.format(days=days))
    names = [column[0] for column in cursor.description or []]
    found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return [note for note in found if note["event_name"] in (None, *events)]
