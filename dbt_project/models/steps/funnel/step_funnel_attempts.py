"""Attempts at funnels, as the kernel finds them in the timelines of users.

SQL has said which events meet conditions and what they carry; what a side asks by name alone is
looked up by the code of the event. Attempts of these users that stand already come before those
that are found, and with them it is said which count, and how long. Users come in ranges, so that
memory is bounded however many there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from timelines import definitions, funnels, periods

EVENTS_AT_ONCE = 4_000_000
EPOCH = datetime(1970, 1, 1)
INSTANT = pa.timestamp("us")
GRAINS = ("day", "week", "month", "all")
OUTDONE = ("", "value_")


def model(dbt: Any, session: Any) -> Any:
    dbt.config(materialized="table")
    # A connection of its own, because what it reads is asked for while the table is written.
    reader = session.cursor()

    def read(relation: Any) -> Any:
        return reader.sql(relation.sql_query())

    asked = read_definitions(
        read(dbt.ref("dim_funnels")).order("row_number"),
        read(dbt.ref("dim_funnel_steps")).order("step_number, exclusion_number"),
        read(dbt.ref("dim_selectors")).filter("definition = 'funnel'"),
        read(dbt.ref("dim_selector_names")).filter("definition = 'funnel'"),
        read(dbt.ref("dim_event_codes")),
    )
    lines = read(dbt.ref("fct_user_timelines"))
    scope = read(dbt.ref("int_scope")).filter("definition = 'funnel'")
    numbers = read(dbt.ref("dim_user_numbers"))
    openings = read(dbt.ref("int_funnel_openings"))
    values = read(dbt.ref("step_funnel_values"))
    standing = read(dbt.ref("step_funnel_standing_attempts"))
    causes = read(dbt.ref("int_scope__causes"))
    recomputed = None
    if not causes.filter("reason = 'rebuild'").limit(1).fetchall():
        recomputed = reader.sql(
            "select definition_id as funnel_id, user_number, reached_from_at as from_at"
            " from scope inner join numbers using (user_id)"
        )
        firsts = recomputed.aggregate("user_number, min(from_at) as from_at")
        lines = reader.sql(
            "select lines.* from lines inner join firsts"
            " on lines.user_number = firsts.user_number and lines.occurred_at >= firsts.from_at"
        )
    texts = sorted(
        text
        for (text,) in reader.sql(
            "select property_value from values union"
            " select breakdown_value from standing where breakdown_value is not null"
        ).fetchall()
    )
    # By itself, because dbt reads what is asked of its config without running it.
    week_start = 6 if dbt.config.meta_get("week_start") == "sunday" else 0
    world = World(
        lines,
        standing,
        recomputed,
        read(dbt.ref("step_funnel_chosen_events")),
        values,
        reader.sql("select * from openings inner join numbers using (user_id)"),
        texts,
        {text: code for code, text in enumerate(texts)},
        int(reader.sql("select current_setting('threads')").fetchone()[0]),
        week_start,
        schema_of(int(dbt.config.meta_get("most_steps"))),
    )

    def batches() -> Iterator[pa.RecordBatch]:
        for part in world.parts():
            for funnel in asked:
                yield from part.attempts(funnel).to_batches()

    # A relation, because dbt writes anything else outside of its own transaction.
    return session.from_arrow(pa.RecordBatchReader.from_batches(world.schema, batches()))


def schema_of(most_steps: int) -> pa.Schema:
    text = pa.dictionary(pa.int32(), pa.string())
    return pa.schema(
        {
            "funnel_id": text,
            "user_number": pa.int32(),
            "thread_id": text,
            "attempt_number": pa.int32(),
            "breakdown_value": text,
            "reached_step": pa.int32(),
            "required_step_count": pa.int32(),
            "step_count": pa.int32(),
            "is_breakdown_thread": pa.bool_(),
            "entry_date": pa.date32(),
            "furthest_at": INSTANT,
            "closes_at": INSTANT,
            "void_at": INSTANT,
            **{f"{prefix}{grain}_outdone_at": INSTANT for prefix in OUTDONE for grain in GRAINS},
            **{f"step_{step}_at": INSTANT for step in range(1, most_steps + 1)},
        }
    )


Rows = dict[str, np.ndarray]
"""Attempts at a funnel, by user, part and number: a column each; of texts their codes."""


class Asked(NamedTuple):
    """A funnel, and what its sides ask of events."""

    name: str
    funnel: definitions.Funnel
    bits: Mapping[str, int]
    """What an event of a side serves."""
    of_codes: np.ndarray
    """The same by the code of the event, of sides that ask for names alone."""
    value_step: int
    """The step whose event has the value that counts; 0: none."""
    is_by_value: bool
    """Whether attempts are looked for among the events of each value as well."""
    is_held: bool
    is_parted: bool
    """Whether attempts count by value, too."""
    is_void_ignored: bool


def rows(relation: Any) -> list[dict[str, Any]]:
    return [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]


def read_definitions(
    funnel_rows: Any, step_rows: Any, selector_rows: Any, name_rows: Any, code_rows: Any
) -> list[Asked]:
    code_of = {row["event_name"]: row["event_code"] for row in rows(code_rows)}
    activity = [row["event_code"] for row in rows(code_rows) if row["is_activity"]]
    code_count = max(code_of.values(), default=-1) + 1
    sides: dict[str, list[dict[str, Any]]] = {}
    for row in rows(step_rows):
        sides.setdefault(row["funnel_id"], []).append(row)
    selectors = {(row["definition_id"], row["side"]): row for row in rows(selector_rows)}
    codes: dict[tuple[str, str], list[int]] = {}
    for row in rows(name_rows):
        if row["event_name"] in code_of:
            key = row["definition_id"], row["side"]
            codes.setdefault(key, []).append(code_of[row["event_name"]])
    asked = []
    for row in rows(funnel_rows):
        name = row["funnel_id"]
        steps = [side for side in sides.get(name, []) if side["step_number"] is not None]
        exclusions = [side for side in sides.get(name, []) if side["step_number"] is None]
        bits = {step["side"]: definitions.step_bit(step["step_number"]) for step in steps}
        for number, exclusion in enumerate(exclusions, start=1):
            bits[exclusion["side"]] = definitions.exclusion_bit(number)
        if row["order_mode"] == "strict":
            bits["stream"] = int(definitions.SEEN)
        of_codes = np.zeros(code_count, np.int64)
        for side, bit in bits.items():
            selector = selectors.get((name, side))
            if selector is None or (selector["is_any_event"] and not selector["has_conditions"]):
                of_codes |= bit
            elif not selector["has_conditions"] and selector["first_time"] is None:
                of_codes[
                    activity if selector["is_any_activity"] else codes.get((name, side), [])
                ] |= bit
        attribution = row["breakdown_attribution"] if row["breakdown"] is not None else ""
        asked.append(
            Asked(
                name,
                definitions.Funnel(
                    tuple(
                        definitions.Step(
                            step["is_optional"],
                            microseconds(step["min_seconds"]),
                            microseconds(step["max_seconds"]),
                        )
                        for step in steps
                    ),
                    row["window_seconds"] * 1_000_000,
                    row["order_mode"],
                    row["ties"],
                    row["count_by"],
                    tuple(
                        definitions.Exclusion(
                            one["excluded_after_step"], one["excluded_before_step"]
                        )
                        for one in exclusions
                    ),
                    instant(row["from_at"]),
                    instant(row["to_at"]),
                ),
                bits,
                of_codes,
                int(attribution[5:]) if attribution.startswith("step_") else 0,
                attribution == "all",
                row["hold_constant"] is not None,
                row["breakdown"] is not None,
                row["when_void"] == "ignore",
            )
        )
    return [funnel for funnel in asked if funnel.funnel.steps]


def microseconds(seconds: int | None) -> int | None:
    return None if seconds is None else seconds * 1_000_000


def instant(at: datetime | None) -> int | None:
    return None if at is None else (at - EPOCH) // timedelta(microseconds=1)


class World(NamedTuple):
    """What is read of the warehouse."""

    timelines: Any
    standing: Any
    """Attempts of those that are looked at, from before."""
    recomputed: Any
    """From when on which users are looked at for which funnel; none: all of all."""
    chosen: Any
    values: Any
    openings: Any
    texts: Sequence[str]
    """All values, in order."""
    code_of: Mapping[str, int]
    """Their places there."""
    threads: int
    week_start: int
    schema: pa.Schema

    def parts(self) -> Iterator[Part]:
        who = self.timelines.project("user_number, 1 as events")
        users = (
            who.union(self.standing.project("user_number, 0 as events"))
            .aggregate("user_number, cast(sum(events) as bigint) as events")
            .order("user_number")
            .to_arrow_table()
        )
        numbers = integers(users["user_number"])
        offsets = np.concatenate(([0], np.cumsum(integers(users["events"]))))
        for first, end in funnels.ranges(offsets, EVENTS_AT_ONCE):
            yield Part(self, numbers[first:end], offsets[first : end + 1] - offsets[first])


def integers(column: pa.ChunkedArray) -> np.ndarray:
    """Numbers; of instants, microseconds."""
    return (column.cast(pa.int64()) if column.type == INSTANT else column).to_numpy()


def instants(column: pa.ChunkedArray) -> np.ndarray:
    return integers(pc.fill_null(column, pa.scalar(definitions.NEVER, INSTANT)))


def days(column: pa.ChunkedArray) -> np.ndarray:
    return column.cast(pa.int32()).to_numpy()


def coded(column: pa.ChunkedArray, code_of: Mapping[str, int]) -> np.ndarray:
    """Texts as their codes; -1: none."""
    texts = column.combine_chunks().dictionary_encode()
    codes = np.array([*(code_of[text] for text in texts.dictionary.to_pylist()), -1], np.int64)
    return codes[texts.indices.fill_null(-1).to_numpy()]


class Part:
    """The timelines of a range of users."""

    def __init__(self, world: World, users: np.ndarray, offsets: np.ndarray) -> None:
        self.world = world
        self.thread_codes: dict[str, int] = {}
        self.users = users
        self.offsets = offsets
        lines = (
            self.of_users(world.timelines)
            .project("user_number, event_code, instant_place, event_date, occurred_at")
            .order("user_number, occurred_at, instant_place")
            .to_arrow_table()
        )
        self.code = integers(lines["event_code"])
        self.place = integers(lines["instant_place"])
        self.day = days(lines["event_date"])
        self.at = integers(lines["occurred_at"])
        self.recomputed = self.by_funnel(world.recomputed)
        self.chosen = self.by_funnel(world.chosen)
        self.values = self.by_funnel(world.values)
        self.openings = self.by_funnel(world.openings)
        self.standing = self.by_funnel(world.standing, "funnel_id, step_1_at, attempt_number")

    def of_users(self, relation: Any) -> Any:
        return relation.filter(f"user_number between {self.users[0]} and {self.users[-1]}")

    def by_funnel(self, relation: Any, order: str = "funnel_id") -> dict[str, pa.Table]:
        if relation is None:
            return {}
        found = self.of_users(relation).order(order).to_arrow_table()
        found = found.filter(np.isin(integers(found["user_number"]), self.users))
        names = found["funnel_id"].combine_chunks().dictionary_encode()
        # In order, so each begins where the count of those before it ends.
        counts = np.bincount(names.indices.to_numpy(), minlength=len(names.dictionary))
        starts = np.cumsum(counts) - counts
        return {
            name: found.slice(start, count)
            for name, start, count in zip(names.dictionary.to_pylist(), starts, counts, strict=True)
        }

    def user(self, table: pa.Table) -> np.ndarray:
        return np.searchsorted(self.users, integers(table["user_number"]))

    def position(self, table: pa.Table) -> np.ndarray:
        """Where events stand: a search by halves, of all at once."""
        at, place = integers(table["occurred_at"]), integers(table["instant_place"])
        user = self.user(table)
        low, high = self.offsets[user], self.offsets[user + 1]
        while (is_open := low < high).any():
            middle = np.where(is_open, (low + high) // 2, 0)
            is_before = (self.at[middle] < at) | (
                (self.at[middle] == at) & (self.place[middle] < place)
            )
            low = np.where(is_open & is_before, middle + 1, low)
            high = np.where(is_open & ~is_before, middle, high)
        return low

    @cached_property
    def by_id(self) -> np.ndarray:
        """Positions in the order of a strict funnel: within an instant by event id."""
        shared = np.flatnonzero(self.place)
        place_by_id = integers(
            self.of_users(self.world.timelines)
            .filter("instant_place > 0")
            .project(
                "user_number, occurred_at, instant_place, row_number() over ("
                "partition by user_number, occurred_at order by event_id, source_id) as place_by_id"
            )
            .order("user_number, occurred_at, instant_place")
            .to_arrow_table()["place_by_id"]
        )
        order = np.arange(len(self.at))
        order[shared - self.place[shared] + place_by_id] = shared
        return order

    def attempts(self, asked: Asked) -> pa.Table:
        if self.world.recomputed is not None and asked.name not in self.recomputed:
            return self.world.schema.empty_table()
        position, bits = np.empty(0, np.int64), np.empty(0, np.int64)
        if asked.name in self.chosen:
            position = self.position(self.chosen[asked.name])
            bits = coded(self.chosen[asked.name]["side"], asked.bits)
        mask = funnels.masks(self.code, asked.of_codes, position, bits)
        if asked.name in self.recomputed:
            recomputed = self.recomputed[asked.name]
            from_at = np.full(len(self.users), definitions.FOREVER)
            from_at[self.user(recomputed)] = integers(recomputed["from_at"])
            mask[self.at < np.repeat(from_at, np.diff(self.offsets))] = 0
        held = self.value(asked, "hold_constant") if asked.is_held else None
        value = self.value(asked, "breakdown") if asked.is_by_value or asked.value_step else None
        if asked.funnel.order_mode == "strict" and self.place.any():
            mask = mask[self.by_id]
            held = None if held is None else held[self.by_id]
            value = None if value is None else value[self.by_id]
        found = funnels.attempts(
            self.offsets,
            self.at,
            mask,
            asked.funnel,
            held,
            value if asked.is_by_value else None,
            self.closed(asked),
            self.world.threads,
        )
        rows = self.with_standing(asked, self.rows(asked, found, held, value))
        return self.table(asked, rows)

    def value(self, asked: Asked, purpose: str) -> np.ndarray:
        """The code of the value that each event carries; -1: none."""
        codes = np.full(len(self.at), -1, np.int32)
        if asked.name in self.values:
            carried = self.values[asked.name].filter(pc.field("purpose") == purpose)
            if purpose == "hold_constant":
                carried = carried.filter(~pc.field("is_missing"))
            codes[self.position(carried)] = coded(carried["property_value"], self.world.code_of)
        return codes

    def closed(self, asked: Asked) -> funnels.Closed | None:
        """What was open when raw rows expired."""
        if asked.funnel.count_by != "attempts" or asked.name not in self.openings:
            return None
        openings = self.openings[asked.name]
        threads = [self.thread(asked, text) for text in openings["thread_id"].to_pylist()]
        is_known = np.array([thread is not None for thread in threads])
        part, held = np.array([thread for thread in threads if thread], np.int32).reshape(-1, 2).T
        return funnels.Closed(
            self.user(openings)[is_known].astype(np.int32),
            part.copy(),
            held.copy(),
            integers(openings["closed_at"])[is_known],
        )

    def thread(self, asked: Asked, text: str) -> tuple[int, int] | None:
        """The codes of the value of a thread and of what it holds; none where neither is there."""
        code_of = self.world.code_of
        part_of = {**(code_of if asked.is_by_value else {}), None: -1}
        held_of = code_of if asked.is_held else {None: 0}
        held_text, separator, part_text = text.rpartition(" breakdown ")
        ways = [(held_text, part_text)] if separator else []
        for held_text, part_text in [*ways, (text, None)]:
            held = held_text.removeprefix("constant ") if asked.is_held else None
            if part_text in part_of and held in held_of:
                return part_of[part_text], held_of[held]
        return None

    def rows(
        self, asked: Asked, found: Any, held: np.ndarray | None, value: np.ndarray | None
    ) -> Rows:
        """What was found, a column each; of texts their codes."""
        opening = found.served[0]
        breakdown = found.part
        if value is not None and asked.value_step:
            served = found.served[asked.value_step - 1]
            breakdown = np.where(served < 0, -1, value[served])
        return {
            "user": found.user,
            "part": found.part,
            "number": found.number,
            "value": breakdown,
            "thread": self.threads(asked, found.part, None if held is None else held[opening]),
            "reached": found.reached,
            "required": found.required,
            "count": found.count,
            "day": self.day[opening],
            "furthest_at": found.step_at[found.reached - 1, np.arange(len(opening))],
            "closes_at": self.at[opening] + asked.funnel.window,
            "void_at": found.void_at,
            **{f"step_{step}_at": at for step, at in enumerate(found.step_at, start=1)},
        }

    def with_standing(self, asked: Asked, found: Rows) -> Rows:
        """With the attempts from before, which come first; all are numbered."""
        if asked.name not in self.standing:
            return found
        standing = self.standing[asked.name]
        value = coded(standing["breakdown_value"], self.world.code_of)
        before = {
            "user": self.user(standing),
            "part": np.where(standing["is_breakdown_thread"].to_numpy(), value, -1),
            "value": value,
            "thread": np.array(
                [self.thread_code(one) for one in standing["thread_id"].to_pylist()]
            ),
            "day": days(standing["entry_date"]),
            **{
                name: integers(standing[column])
                for name, column in {
                    "number": "attempt_number",
                    "reached": "reached_step",
                    "required": "required_step_count",
                    "count": "step_count",
                }.items()
            },
            **{name: instants(standing[name]) for name in found if name.endswith("_at")},
        }
        rows = {name: np.concatenate((before[name], found[name])) for name in found}
        order = np.lexsort((rows["part"], rows["user"]))
        rows = {name: column[order] for name, column in rows.items()}
        place = np.arange(len(order))
        is_first = (np.diff(rows["user"], prepend=-1) != 0) | (
            np.diff(rows["part"], prepend=-2) != 0
        )
        rows["number"] = place - np.maximum.accumulate(np.where(is_first, place, 0)) + 1
        return rows

    def threads(self, asked: Asked, part: np.ndarray, held: np.ndarray | None) -> np.ndarray:
        """What tells the stream of events apart in which an attempt was found."""
        if held is None and not asked.is_by_value:
            return np.full(len(part), self.thread_code(""))
        texts = [None, *self.world.texts]
        keys, codes = np.unique(
            part + 1 + (0 if held is None else (held.astype(int) + 1) * len(texts)),
            return_inverse=True,
        )
        found = []
        for key in keys:
            constant, breakdown = (texts[code] for code in divmod(int(key), len(texts)))
            found.append(
                ("" if constant is None else f"constant {constant}")
                + ("" if breakdown is None else f" breakdown {breakdown}")
            )
        return np.array([self.thread_code(text) for text in found], int)[codes]

    def thread_code(self, text: str | None) -> int:
        return -1 if text is None else self.thread_codes.setdefault(text, len(self.thread_codes))

    def outdone_at(self, asked: Asked, rows: Rows) -> dict[str, np.ndarray]:
        """When attempts stop to count, by grain: among all, and among those of their value."""
        if asked.funnel.count_by == "attempts":
            return {}
        is_void = rows["void_at"] != definitions.NEVER
        order = periods.counting_order(
            rows["required"], rows["count"], is_void, is_void & asked.is_void_ignored
        )
        days, closes_at = rows["day"], rows["closes_at"]

        def among(part: np.ndarray | None) -> np.ndarray:
            week_start, threads = self.world.week_start, self.world.threads
            return periods.outdone_at(
                rows["user"], part, order, days, closes_at, week_start, threads
            )

        by_grain = {"": among(rows["part"] if asked.is_by_value else None)}
        if asked.is_parted:
            by_grain["value_"] = among(rows["value"]) if asked.value_step else by_grain[""]
        return {
            f"{prefix}{grain}_outdone_at": found
            for prefix, grains in by_grain.items()
            for grain, found in zip(GRAINS, grains, strict=True)
        }

    def table(self, asked: Asked, rows: Rows) -> pa.Table:
        size = len(rows["user"])
        given = {
            "funnel_id": texts(np.zeros(size, int), [asked.name]),
            "user_number": self.users[rows["user"]],
            "thread_id": texts(rows["thread"], list(self.thread_codes)),
            "attempt_number": rows["number"],
            "breakdown_value": texts(rows["value"], self.world.texts),
            "reached_step": rows["reached"],
            "required_step_count": rows["required"],
            "step_count": rows["count"],
            "is_breakdown_thread": rows["part"] >= 0,
            "entry_date": rows["day"].astype("M8[D]"),
            **{name: at.view("M8[us]") for name, at in rows.items() if name.endswith("_at")},
            **{name: at.view("M8[us]") for name, at in self.outdone_at(asked, rows).items()},
        }
        never = pa.nulls(size, INSTANT)
        schema = self.world.schema
        return pa.table(
            [
                column
                if isinstance(column, pa.Array)
                else pa.array(column, schema.field(name).type)
                for name, column in ((name, given.get(name, never)) for name in schema.names)
            ],
            schema=schema,
        )


def texts(codes: np.ndarray, values: Sequence[str]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(
        pa.array(codes, pa.int32(), mask=codes < 0), pa.array(values, pa.string())
    )
