"""Ordered funnels of 4 steps within 7 days, against ClickHouse's windowFunnel; and what a
definition more costs."""

from __future__ import annotations

import time
from itertools import permutations

import numpy as np

from benchmarks import peers
from benchmarks.peers import Duel, Peer, Question, Warehouse
from timelines import funnels
from timelines.definitions import Funnel, Step, step_bit

WINDOW_SECONDS = 7 * 86400
FUNNELS = {
    "shop": ("app_opened", "product_viewed", "cart_added", "order_placed"),
    "search": ("app_opened", "searched", "product_viewed", "cart_added"),
    "checkout": ("product_viewed", "cart_added", "checkout_started", "order_placed"),
}
MODELS = ("+mart_funnel_conversion",)
MANY = 50
ASKED_SEARCH = 0.8
AFTER_OPENING = ("product_viewed", "searched", "cart_added", "checkout_started", "order_placed")


def seeds(funnels: dict[str, tuple[str, ...]]) -> dict[str, str]:
    """The rows that define these funnels, by seed."""
    heads = [f"{name},{WINDOW_SECONDS}" for name in funnels]
    steps = [
        f"{name},{number},{event}"
        for name, events in funnels.items()
        for number, event in enumerate(events, start=1)
    ]
    return {
        "funnels": "\n".join(["funnel_id,window_seconds", *heads, ""]),
        "funnel_steps": "\n".join(["funnel_id,step_number,event_name", *steps, ""]),
    }


def answer(name: str) -> str:
    """Users by the least number of steps that they reach."""
    return f"""
        select step_number, reached_count from marts.mart_funnel_conversion
        where funnel_id = '{name}' and grain = 'all' and breakdown_value is null
            and reached_count > 0
    """


def window_funnel(steps: tuple[str, ...]) -> str:
    """The same of ClickHouse; times in microseconds, as ours."""
    conditions = ", ".join(f"event_name = '{step}'" for step in steps)
    named = ", ".join(f"'{step}'" for step in steps)
    return f"""
        with levels as (
            select
                user_id,
                windowFunnel({WINDOW_SECONDS * 1_000_000})(
                    toUInt64(toUnixTimestamp64Micro(occurred_at)), {conditions}
                ) as level
            from {{events}}
            where event_name in ({named})
            group by user_id
        )
        select number + 1 as step, countIf(level > number) as reached
        from levels cross join numbers({len(steps)}) as numbers
        group by number
        having reached > 0
    """


def chdb(steps: tuple[str, ...]) -> Peer:
    return Peer("chdb", "chdb", 1.5, {"sql": window_funnel(steps)})


QUESTIONS = tuple(
    Question(
        name=f"funnel: {name}",
        models=MODELS,
        answer=answer(name),
        seeds=seeds({name: steps}),
        peers=(chdb(steps),),
    )
    for name, steps in FUNNELS.items()
)


def search_alone(warehouse: Warehouse, repeats: int = 3) -> Duel:
    """The shop funnel's attempts from the timelines as they lie, as the kernel gives them, with
    nothing written: against ClickHouse's count of them."""
    steps = FUNNELS["shop"]
    asked = Funnel(tuple(Step() for _ in steps), WINDOW_SECONDS * 1_000_000)
    best, found = (float("inf"), float("inf")), {}
    with warehouse.open() as connection:
        codes = dict(
            connection.execute(
                "select event_name, event_code from facts.dim_event_codes"
            ).fetchall()
        )
        bits = np.zeros(max(codes.values()) + 1, np.int64)
        for number, step in enumerate(steps, start=1):
            bits[codes[step]] = step_bit(number)
        wanted = tuple(codes[step] for step in steps)
        for _ in range(repeats):
            started, cpu_started = time.monotonic(), time.process_time()
            lines = connection.execute(
                "select user_number, event_code, occurred_at from facts.fct_user_timelines"
                f" where event_code in {wanted} order by user_number, occurred_at, instant_place"
            ).to_arrow_table()
            users, code, at = (column.to_numpy() for column in lines.columns)
            offsets = np.append(np.flatnonzero(np.diff(users, prepend=-1)), len(users))
            attempts = funnels.attempts(offsets, at.astype(np.int64), bits[code], asked, threads=2)
            took = time.monotonic() - started, time.process_time() - cpu_started
            best = min(best, took, key=lambda both: both[1])
            reached = np.zeros(len(offsets) - 1, np.int8)
            np.maximum.at(reached, attempts.user, attempts.reached)
            found = {
                (str(step), str(np.count_nonzero(reached >= step)))
                for step in range(1, len(steps) + 1)
                if (reached >= step).any()
            }
    peer = chdb(steps)
    [(seconds, cpu, theirs)] = peers.ask([peers.call(warehouse.given(), peer)], repeats)
    if found != {tuple(row) for row in theirs}:
        raise SystemExit(f"the search alone: the answers differ: {found}, {theirs}")
    return Duel(
        "funnel: shop, the search alone", peer.name, best[0], seconds, ASKED_SEARCH, len(found),
        our_cpu=best[1], their_cpu=cpu,
    )  # fmt: skip


def many_funnels() -> dict[str, tuple[str, ...]]:
    """The shop funnel first, and others that start as it does and go on differently."""
    one = {"shop": FUNNELS["shop"]}
    ways = ((FUNNELS["shop"][0], *steps) for steps in permutations(AFTER_OPENING, 3))
    others = [steps for steps in ways if steps != FUNNELS["shop"]][: MANY - 1]
    return one | {f"funnel_{number}": steps for number, steps in enumerate(others)}


def many(warehouse: Warehouse) -> list[Duel]:
    """50 funnels: against ClickHouse's, asked one after the other, and against one of them alone.

    Each must have the answer that ClickHouse gives, and the one what it gives alone. It is asked
    alone before and after, of which the better counts.
    """
    every = many_funnels()
    runs, answers, theirs = [], [], []
    for asked in ({"shop": every["shop"]}, every, {"shop": every["shop"]}):
        warehouse.take_in(seeds(asked))
        runs.append(warehouse.run(MODELS, QUESTIONS[0].given))
        answers.append(sorted(warehouse.rows(answer("shop"))))
        if asked is every:
            theirs = peers.ask([peers.call(warehouse.given(), chdb(s)) for s in every.values()], 1)
            for name, (*_, rows) in zip(every, theirs, strict=True):
                question = Question(name, MODELS, answer(name), ())
                peers.check(warehouse, question, chdb(every[name]), rows)
    if answers[0] != answers[1]:
        raise SystemExit(f"a funnel among {MANY} gives other numbers than alone: {answers}")
    alone = min(runs[0].seconds, runs[2].seconds)
    name, ours, models = f"{MANY} funnels", runs[1].seconds, runs[1].models
    return [
        Duel(
            name,
            "chdb",
            ours,
            sum(seconds for seconds, *_ in theirs),
            1.0,
            MANY,
            models,
            runs[1].cpu,
            sum(cpu for _, cpu, _ in theirs),
        ),
        Duel(
            name,
            "one funnel",
            ours,
            alone,
            5.0,
            len(answers[0]),
            models,
            runs[1].cpu,
            min(runs[0].cpu, runs[2].cpu),
        ),
    ]
