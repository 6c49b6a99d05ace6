"""What users, devices and clocks send that no product means to send: each through a whole build,
with figures that are known before."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb

from benchmarks.processes import BUILD, Cost, environment, measure
from orchestration.project import ROOT

DAY = 86_400
ASKED_MB = 4096.0
FUNNELS = "funnel_id,order_mode,ties,window_seconds"
STEPS = "funnel_id,step_number,event_name,is_optional,min_seconds,max_seconds"
# At which step how many attempts at each funnel end.
ENDS = """
    select funnel_id, reached_step, count(*) from facts.fct_funnel_attempts
    group by funnel_id, reached_step
"""
SHOWN = """
    select step_number, reached_count from marts.mart_funnel_conversion
    where funnel_id = 'second' and grain = 'all'
"""
SESSIONS = "select event_count from facts.fct_sessions where user_id = 'second'"
SECOND_STEPS = "select count(step_2_at) from facts.fct_funnel_attempts where funnel_id = 'days'"
REFUSED = """
    select reason, cast(sum(row_count) as bigint) from marts.mart_quarantined_rows group by reason
"""
USERS = "select distinct user_id from facts.fct_funnel_attempts where funnel_id = 'devices'"
CREDITED = """
    select model_id, channel_id, round(credited_count, 6) from marts.mart_attribution
    where conversion_id = 'order' and grain = 'all' and credited_count > 0
        and model_id in ('first', 'linear', 'shapley')
"""
ARMS = """
    select count(*), max(p_value) from marts.mart_campaign_balance where campaign_id = 'arms'
"""
COMPARED = """
    select count(*), bool_and(is_small_sample) from marts.mart_campaign_lift
    where campaign_id = 'arms' and measure_id = 'orders' and method = 'unadjusted'
"""
PAGES = """
    select page = 'Other', count(*), cast(sum(session_count) as bigint)
    from marts.mart_page_exits where grain = 'all' group by page = 'Other'
"""
LIMITS = "select problem from marts.mart_definition_warnings where file = 'dbt_project.yml'"


@dataclass(frozen=True)
class Case:
    """Events of one kind, `count` of them in full; the funnels that are asked, and what is right.

    `events` is SQL of columns of the events feed, from `numbers` (`i` from 0), `feeds` that of
    others; `answers` are SQL with its rows, by how many events there are.
    """

    name: str
    count: int
    events: str
    funnels: Sequence[str] = ()
    steps: Sequence[str] = ()
    ends: Callable[[int], Mapping[tuple[str, int], int]] = lambda count: {}
    answers: Callable[[int], Mapping[str, set[tuple[object, ...]]]] = lambda count: {}
    environment: Mapping[str, str] = field(default_factory=dict)
    feeds: Mapping[str, str] = field(default_factory=dict)
    event_names: Sequence[str] = ()
    """Rows of `event_names.csv` behind the shipped ones."""


def _steps(funnel: str, *steps: str) -> list[str]:
    """Rows of a funnel's steps; a step is its event, with its further columns behind a comma."""
    return [f"{funnel},{number},{step}" for number, step in enumerate(steps, start=1)]


def _in_turn(prefix: str, names: str) -> str:
    return f"'{prefix}_' || substr('{names}', cast(i % {len(names)} as integer) + 1, 1)"


def _twelve(count: int) -> dict[tuple[str, int], int]:
    """Three at an instant: what is left of those to come, and of those of the same instant."""
    reached = [min(12, count - i + i % 3) for i in range(count)]
    return {("twelve", step): reached.count(step) for step in set(reached)}


def _credited(count: int) -> set[tuple[object, ...]]:
    """The last event is the order; of those before, every other one is of each channel."""
    paid = count // 2 / (count - 1)
    return {
        ("first", "paid_other", 1.0),
        ("linear", "paid_other", round(paid, 6)),
        ("linear", "email", round(1 - paid, 6)),
        ("shapley", "paid_other", 0.5),
        ("shapley", "email", 0.5),
    }


INSTANT = Case(
    "99,999 events at one instant",
    99_999,
    f"""
    select
        'instant' as user_id,
        {_in_turn("instant", "abc")} as event_name,
        timestamp '2024-03-02 10:00:00' as occurred_at
    """,
    (
        f"together,ordered,together,{DAY}",
        f"later,ordered,later,{DAY}",
        f"strict,strict,together,{DAY}",
        f"any,any,together,{DAY}",
    ),
    [
        row
        for funnel in ("together", "later", "strict", "any")
        for row in _steps(funnel, "instant_a", "instant_b", "instant_c")
    ],
    lambda count: {
        ("together", 3): count // 3,
        ("later", 1): count // 3,
        # In the order of the steps: the last A comes before a B, which comes before a B.
        ("strict", 1): count // 3 - 1,
        ("strict", 2): 1,
        # Each of them opens.
        ("any", 3): count,
    },
)
CASES = (
    Case(
        "5 million events of a user in a second",
        5_000_000,
        f"""
        select
            'second' as user_id,
            {_in_turn("second", "ab")} as event_name,
            timestamp '2024-03-01 10:00:00' + to_microseconds(i // 5) as occurred_at
        """,
        (f"second,,,{DAY}",),
        _steps("second", "second_a", "second_b", "second_c"),
        lambda count: {("second", 2): count // 2},
        lambda count: {SHOWN: {(1, 1), (2, 1), (3, 0)}, SESSIONS: {(count,)}},
    ),
    INSTANT,
    replace(
        INSTANT,
        name="the same, and nowhere to keep what is compiled",
        environment={
            "NUMBA_CACHE_LOCATOR_CLASSES": "UserProvidedCacheLocator",
            "NUMBA_CACHE_DIR": str(ROOT / "pyproject.toml" / "no folder"),
        },
    ),
    Case(
        "12,000 days at midnight, an optional step, limits",
        36_000,
        f"""
        select
            'days' as user_id,
            {_in_turn("days", "abc")} as event_name,
            timestamp '1991-01-01' + to_days(cast(i // 3 as integer)) as occurred_at
        from numbers
        where i % 3 <> 1 or i // 3 % 3 = 0
        """,
        (f"days,ordered,together,{400 * DAY}",),
        _steps("days", "days_a", f"days_b,true,0,{DAY}", f"days_c,false,{DAY},{2 * DAY}"),
        # C on the next day, which the last day has not.
        lambda count: {("days", 3): count // 3 - 1, ("days", 1): 1},
        # B is on the same day, or on the next: of two days in three, but for the last such pair.
        lambda count: {SECOND_STEPS: {(2 * (count // 9) - 1,)}},
    ),
    Case(
        "60,000 events, 12 equal steps",
        60_000,
        """
        select
            'twelve' as user_id,
            'twelve' as event_name,
            timestamp '2020-01-01' + to_minutes(i // 3) as occurred_at
        """,
        (f"twelve,ordered,together,{10_000 * DAY}",),
        _steps("twelve", *["twelve"] * 12),
        _twelve,
    ),
    Case(
        "events of the years 1, 1970 and 2999",
        600,  # of 1,000 rows of which so many are refused a build is stopped
        f"""
        select
            'year ' || i // 2 as user_id,
            {_in_turn("year", "ab")} as event_name,
            [timestamp '0001-02-01', timestamp '1970-01-01', timestamp '2999-02-01']
                [cast(i // 2 % 3 as integer) + 1] + to_days(cast(i % 2 as integer)) as occurred_at
        """,
        (f"years,ordered,together,{DAY}",),
        _steps("years", "year_a", "year_b"),
        # The others are refused.
        lambda count: {("years", 2): count // 6},
        lambda count: {
            REFUSED: {
                ("future_occurred_at", count // 3),
                ("unparseable_occurred_at", count // 3),
            }
        },
    ),
    Case(
        "10,000 devices of one user",
        20_000,
        f"""
        select
            case when i % 2 = 1 then 'devices' end as user_id,
            'device ' || i // 2 as anonymous_id,
            {_in_turn("device", "ab")} as event_name,
            timestamp '2024-03-03' + to_minutes(i // 2) + to_seconds(i % 2) as occurred_at
        """,
        (f"devices,ordered,together,{DAY}",),
        _steps("devices", "device_a", "device_b"),
        lambda count: {("devices", 2): count // 2},
        lambda count: {USERS: {("devices",)}},
    ),
    Case(
        "a million touches of one user before one order",
        1_000_001,
        """
        select
            'storm' as user_id,
            if(i = max(i) over (), 'order_placed', 'storm') as event_name,
            if(i = max(i) over (), null, if(i % 2 = 0, 'cpc', 'email')) as utm_medium,
            if(i = max(i) over (), 100, null) as amount,
            timestamp '2024-03-04 10:00:00' + to_milliseconds(i) as occurred_at
        """,
        answers=lambda count: {CREDITED: _credited(count)},
    ),
    Case(
        "a campaign of 10,000 variants",
        10_000,
        """
        select
            'arm ' || i as user_id,
            'arm' as event_name,
            timestamp '2024-03-01' + to_days(cast(i % 40 as integer)) as occurred_at
        """,
        answers=lambda count: {ARMS: {(count, 1.0)}, COMPARED: {(count - 1, True)}},
        feeds={
            "campaigns": """
                select
                    'arms' as campaign_id,
                    timestamp '2024-03-01' as starts_at,
                    timestamp '2024-03-05' as ends_at
                from numbers
                where i = 0
            """,
            "campaign_assignments": """
                select
                    'arms' as campaign_id,
                    'arm ' || i as user_id,
                    if(i = 0, 'control', 'variant ' || i) as variant,
                    timestamp '2024-03-01' as assigned_at
            """,
        },
    ),
    Case(
        "1 million pages, each with an id in its path",
        1_000_000,
        """
        select
            'reader ' || i // 1000 as user_id,
            'path_viewed' as event_name,
            '/orders/' || i as page,
            timestamp '2024-03-04' + to_seconds(i % 1000) as occurred_at
        """,
        answers=lambda count: {
            PAGES: {(False, 500, 500), (True, 1, count - 500)},
            LIMITS: {(f"page_limit is 500: of {count} pages, Other adds up {count - 500}",)},
        },
        event_names=("path_viewed,,,product,page_view,true,false,",),
    ),
)


def write(folder: Path, cases: Sequence[Case], share: int = 1) -> None:
    """The cases' feeds, one row in so many, and their definitions beside the shipped ones."""
    shutil.copytree(ROOT / "seeds", folder / "seeds", dirs_exist_ok=True)
    for name, rows in {
        "funnels": [FUNNELS, *(row for case in cases for row in case.funnels)],
        "funnel_steps": [STEPS, *(row for case in cases for row in case.steps)],
    }.items():
        width = rows[0].count(",")
        padded = (row + "," * (width - row.count(",")) + "\n" for row in rows)
        (folder / "seeds" / f"{name}.csv").write_text("".join(padded), encoding="utf-8")
    with (folder / "seeds" / "event_names.csv").open("a", encoding="utf-8") as plan:
        plan.writelines(f"{row}\n" for case in cases for row in case.event_names)
    filters = folder / "seeds" / "filters.csv"
    lines = filters.read_text(encoding="utf-8").splitlines(keepends=True)
    # Those of funnels are of funnels that are not there.
    kept = (line for line in lines if not line.startswith("funnel,"))
    filters.write_text("".join(kept), encoding="utf-8")
    with duckdb.connect() as connection:
        for number, case in enumerate(cases):
            for feed, sql in {"events": case.events, **case.feeds}.items():
                (folder / "raw" / feed).mkdir(parents=True, exist_ok=True)
                from_numbers = "" if "from numbers" in sql else "from numbers"
                event_id = f"'{number} ' || row_number() over () as event_id," * (feed == "events")
                connection.execute(
                    f"""
                    copy (
                        with numbers as (select range as i from range({case.count // share})),
                        given as ({sql} {from_numbers})
                        select {event_id} * from given
                    ) to '{folder}/raw/{feed}/{number}.parquet' (format parquet)
                    """
                )


def wrong(warehouse: Path, cases: Sequence[Case], share: int = 1) -> list[str]:
    """Answers that a warehouse gives otherwise than they are right, each with both."""
    ends: set[tuple[object, ...]] = set()
    others: dict[str, set[tuple[object, ...]]] = {}
    for case in cases:
        count = case.count // share
        ends |= {(*key, number) for key, number in case.ends(count).items() if number}
        others |= case.answers(count)
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return [
            f"{' '.join(sql.split())}: {sorted(found)}, not {sorted(right)}"
            for sql, right in {ENDS: ends, **others}.items()
            if (found := set(connection.execute(sql).fetchall())) != right
        ]


def run(folder: Path) -> list[Cost]:
    """A whole build of each."""
    costs = []
    for number, case in enumerate(CASES):
        own = folder / str(number)
        wanted = {**environment(own), "YUNYING_SEEDS_DIR": str(own / "seeds"), **case.environment}
        write(own, [case])
        costs.append(measure(f"bad input: {case.name}", BUILD, wanted, asked_mb=ASKED_MB))
        if found := wrong(own / "warehouse.duckdb", [case]):
            raise SystemExit(f"{case.name}: {found}")
        shutil.rmtree(own)
    return costs
