"""Attribution of paths to channels, against mta and ChannelAttribution on the same paths.

Both start from paths whose touches are in order: theirs are texts, ours the rows of
`fct_path_touches`, which say where each stands in its path, as a place in a text does. One person
is one path, without two touches of one channel in a row, which mta takes out and ChannelAttribution
does not.
Their Markov chains are no peers of the exact one: mta sums the paths that it has seen,
ChannelAttribution draws some at random, which its seconds hold.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from benchmarks import floor
from benchmarks.peers import EVENTS, Duel, Peer, Question, Warehouse, compare
from orchestration.project import Settings

CHANNELS = 12
MOST_TOUCHES = 6
ANSWER = """
    select model_id, channel_id, cast(round(credited_count * 1000) as bigint)
    from marts.mart_attribution
    where grain = 'all' and credited_count > 0 and model_id in ({models})
"""
SEEDS = {
    "event_names": "event_name,role,is_activity\npaid,,false\n",
    "channels": "rule_number,channel_id,utm_source\n"
    + "".join(f"{number},channel {number},c{number}\n" for number in range(1, CHANNELS + 1)),
    "conversions": "conversion_id,event_name,value,models\n"
    "paid,paid,none,first|last|linear|position|markov\n",
}
# What ChannelAttribution gives, and the steps of a Markov chain, which it counts.
SHORTEST = """
    with
    places as materialized (
        select channel_id, touch_number, touch_count, count(*) as path_count
        from facts.fct_path_touches where is_converted group by all
    ),
    steps as materialized (
        select
            channel_id, next_channel_id, touch_number = 1 as is_first, is_converted,
            count(*) as step_count
        from facts.fct_path_touches group by all
    ),
    credits as (
        select 'first' as model_id, channel_id, sum(path_count) as credit
        from places where touch_number = 1 group by channel_id
        union all
        select 'last', channel_id, sum(path_count)
        from places where touch_number = touch_count group by channel_id
        union all
        select 'linear', channel_id, sum(path_count / touch_count) from places group by channel_id
    )
    select model_id, channel_id, cast(round(credit * 1000) as bigint) from credits
    where (select sum(step_count) from steps) > 0
"""
PATHS = {"parquet": "{parquet}"}
PATHS_OF_OURS = ("+fct_path_touches", "+dim_dates")
QUESTION = Question(
    name="attribution",
    models=("+mart_attribution", "+mart_attribution_transitions", "+mart_attribution_removals"),
    answer=ANSWER.format(models="'first', 'last', 'linear', 'position'"),
    peers=(
        Peer("mta", "mta", 1 / 10, PATHS),
        Peer(
            "ChannelAttribution",
            "channel_attribution",
            1 / 10,
            PATHS,
            answer=ANSWER.format(models="'first', 'last', 'linear'"),
        ),
    ),
    seeds=SEEDS,
    given=(*EVENTS, *PATHS_OF_OURS),
)


def duels(folder: Path, paths: int) -> list[Duel]:
    """Ours against both, over so many paths, and DuckDB's shortest query against the quicker."""
    warehouse = make(folder, paths)
    shortest = floor.duel(warehouse, QUESTION.name, QUESTION.peers[1], SHORTEST)
    return [*compare(warehouse, QUESTION), shortest]


def make(folder: Path, paths: int) -> Warehouse:
    """Touches and conversions of so many people, and their paths as the peers read them."""
    warehouse = Warehouse(
        Settings.from_environment(
            {
                "YUNYING_RAW_DIR": str(folder / "raw"),
                "YUNYING_SEEDS_DIR": str(folder / "seeds"),
                "YUNYING_WAREHOUSE": str(folder / "warehouse.duckdb"),
                "YUNYING_PUBLISH_DIR": str(folder / "published"),
            }
        ),
        folder / "paths.parquet",
        paths,
    )
    events = folder / "raw" / "events"
    events.mkdir(parents=True)
    with duckdb.connect() as connection:
        connection.execute(_TOUCHES.format(paths=paths, most=MOST_TOUCHES, channels=CHANNELS))
        connection.execute(f"copy ({_EVENTS}) to '{events / 'all.parquet'}' (format parquet)")
        connection.execute(f"copy ({_PATHS}) to '{warehouse.parquet}' (format parquet)")
    warehouse.take_in(SEEDS)
    warehouse.run(PATHS_OF_OURS, ())
    return warehouse


# A touch an hour, all in one month; every fifth person pays a minute after the last. By hashes, so
# that the same scale is the same paths; no step leads from a channel to itself.
_TOUCHES = """
    create table touches as
    with people as (
        select
            range as person, cast(1 + hash(range) % {most} as bigint) as touch_count,
            hash(range, 'p') % 5 = 0 as pays
        from range({paths})
    ),
    steps as (
        select
            *, case
                when number = 0 then hash(person, number) % {channels}
                else 1 + hash(person, number) % ({channels} - 1)
            end as step
        from people cross join lateral unnest(range(touch_count)) as touches (number)
    )
    select
        person, number, pays, number + 1 = touch_count as is_last,
        1 + sum(step) over (partition by person order by number) % {channels} as channel,
        timestamp '2024-03-01 08:00:00' + to_days(cast(person % 20 as integer))
            + to_hours(cast(number as integer)) as touched_at
    from steps
"""
_EVENTS = """
    select
        't' || person || '-' || number as event_id, 'visit' as event_name, 'p' || person as user_id,
        'c' || channel as utm_source, touched_at as occurred_at
    from touches
    union all
    select 'paid' || person, 'paid', 'p' || person, null, touched_at + interval 1 minute
    from touches where is_last and pays
    union all
    select 'end', 'end', 'end', null, timestamp '2024-06-01 00:00:00'
"""
_PATHS = """
    select
        string_agg('channel ' || channel, '>' order by number) as path,
        cast(bool_or(pays) as integer) as total_conversions,
        cast(not bool_or(pays) as integer) as total_null
    from touches group by person
"""
