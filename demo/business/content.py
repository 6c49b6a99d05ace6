"""Pieces: who writes them, when they come out, who reads, and how they spread.

Reads are drawn from the pieces: a piece, then an age with the density ln2 / h × 2^(-age / h), and
then a reader among those who have the app open on that day. What was shown is drawn likewise, and
clicked by its position. Shares are opened, opened pieces are read and shared again: a
Galton-Watson process.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demo.business import clock, plan
from demo.business.activity import Days
from demo.business.events import CODE, Actor, events
from demo.business.merchants import zipf
from demo.business.people import People
from demo.business.streams import Ints, Process, choice, spread


@dataclass(frozen=True)
class Pieces:
    """One per piece of a block."""

    author: Ints
    kind: Ints
    origin: Ints
    category: Ints
    is_original: np.ndarray
    planned_at: Ints
    submitted_at: Ints
    published_at: Ints
    unpublished_at: Ints
    """-1: still there."""
    passed_first: np.ndarray
    author_count: int

    def __len__(self) -> int:
        return len(self.author)


@dataclass(frozen=True)
class Audience:
    """Who has the app open on each day, for readers to be drawn from."""

    person: Ints
    first: Ints
    count: Ints

    @classmethod
    def of(cls, people: People, app: Days) -> Audience:
        """Those who came before that day: nobody reads before the first visit."""
        later = app.where(app.day > people.day[app.person])
        by_day = np.argsort(later.day, kind="stable")
        count = np.bincount(later.day, minlength=plan.DAYS)
        return cls(later.person[by_day], np.cumsum(count) - count, count)

    def draw(self, at: Ints, draws: np.ndarray, but: Ints | None = None) -> tuple[Ints, np.ndarray]:
        """Somebody for each instant, other than `but`; and where there is somebody at all."""
        inside = (at >= plan.START_MS) & (at < plan.END_MS)
        day = np.where(inside, clock.day_of(at), 0)
        count = self.count[day]
        there = inside & (count > 0)
        count = np.maximum(count, 1)
        place = np.minimum((draws * count).astype(np.int64), count - 1)
        person = self._at(day, place)
        if but is not None:
            same = person == but
            person = np.where(same, self._at(day, (place + 1) % count), person)
            there &= person != but
        return person, there

    def _at(self, day: Ints, place: Ints) -> Ints:
        if not len(self.person):
            return np.zeros(len(day), dtype=np.int64)
        return self.person[np.minimum(self.first[day] + place, len(self.person) - 1)]


@dataclass(frozen=True)
class Reads:
    """One per read: who, what, when."""

    person: Ints
    piece: Ints
    at: Ints


def pieces(people: People, visitors: int) -> Pieces:
    """The pieces of a block, as planned and as they came out."""
    count = max(20, visitors // plan.VISITORS_PER_PIECE)
    author_count = max(5, visitors // plan.VISITORS_PER_AUTHOR)
    draws = people.stream(Process.PIECES).random((count, 10))
    day = 10 + (draws[:, 0] * (plan.DAYS - 10)).astype(np.int64)
    planned_at = clock.start_of(day) + ((8 + 8 * draws[:, 1]) * plan.HOUR).astype(np.int64)
    on_time = draws[:, 2] < plan.ON_TIME_RATE
    wait = np.where(on_time, draws[:, 3] * 6 * plan.HOUR, (1 + 4 * draws[:, 3]) * plan.DAY)
    published_at = planned_at + wait.astype(np.int64)
    ahead = people.stream(Process.PIECES, 1).lognormal(np.log(2.0), 0.5, count) * plan.DAY
    gone_at = published_at + ((95 + 200 * draws[:, 9]) * plan.DAY).astype(np.int64)
    is_gone = (draws[:, 9] < 0.1) & (gone_at < plan.END_MS)
    return Pieces(
        author=choice(draws[:, 4], zipf(author_count, plan.AUTHOR_ZIPF)),
        kind=choice(draws[:, 5], np.array([share for _, share, _ in plan.KINDS])),
        origin=choice(draws[:, 6], np.array([share for _, share, _ in plan.ORIGINS])),
        category=(draws[:, 7] * len(plan.CATEGORIES)).astype(np.int64),
        is_original=people.stream(Process.PIECES, 2).random(count) < plan.ORIGINAL_RATE,
        planned_at=planned_at,
        submitted_at=published_at - ahead.astype(np.int64),
        published_at=np.where(published_at < plan.END_MS, published_at, -1),
        unpublished_at=np.where(is_gone, gone_at, -1),
        passed_first=draws[:, 8] < plan.FIRST_PASS_RATE,
        author_count=author_count,
    )


def supply_events(pieces: Pieces, reads: np.ndarray) -> list[np.ndarray]:
    """Submitted, reviewed, published, taken down; and what authors get for finished reads."""
    everything = np.arange(len(pieces))

    def by_author(name: str, at: Ints, which: np.ndarray) -> np.ndarray:
        which = which & (at >= 0) & (at < plan.END_MS)
        return events(name, at[which], pieces.author[which], kind=Actor.AUTHOR,
                      content=everything[which])  # fmt: skip

    span = pieces.published_at - pieces.submitted_at
    first, second = (pieces.submitted_at + (span * part).astype(np.int64) for part in (0.3, 0.8))
    out = pieces.published_at >= 0
    again = out & ~pieces.passed_first
    made = [
        by_author("content_submitted", pieces.submitted_at, out),
        by_author("content_approved", first, out & pieces.passed_first),
        by_author("content_rejected", first, again),
        by_author("content_submitted", (first + second) // 2, again),
        by_author("content_approved", second, again),
        by_author("content_published", pieces.published_at, out),
        by_author("content_unpublished", pieces.unpublished_at, out),
    ]
    finished = reads[reads["name"] == CODE["read_finished"]]
    week = (finished["at"] - plan.START_MS) // (7 * plan.DAY) + 1
    earned, counts = np.unique(pieces.author[finished["content"]] * 128 + week, return_counts=True)
    paid_at = plan.START_MS + earned % 128 * 7 * plan.DAY
    here = paid_at < plan.END_MS
    author, cents = (earned // 128)[here], counts[here] * 50
    made.append(events("creator_rewarded", paid_at[here], author, kind=Actor.AUTHOR, cents=cents))
    return made


def reading(people: People, pieces: Pieces, app: Days) -> list[np.ndarray]:
    """What was shown, clicked, read, liked, shared and opened."""
    audience = Audience.of(people, app)
    out = np.flatnonzero(pieces.published_at >= 0)
    total = len(audience.person)
    if not len(out) or not total:
        return []
    made: list[np.ndarray] = []
    draw = _Drawer(people, pieces, audience, out)
    who, piece, at, chance = draw.at_ages(Process.SHOWN, plan.SHOWN_PER_APP_DAY * total)
    position = (chance[:, 0] * len(plan.CLICK_RATES)).astype(np.int64)
    clicked = chance[:, 1] < np.array(plan.CLICK_RATES)[position]
    made.append(events("content_shown", at, who, content=piece, position=position + 1))
    who, piece, at = who[clicked], piece[clicked], at[clicked] + 20 * plan.SECOND
    made.append(events("content_clicked", at, who, content=piece))
    reads = [Reads(who, piece, at + 2_000)]
    who, piece, at, _ = draw.at_ages(Process.READS, plan.READS_PER_APP_DAY * total)
    reads.append(Reads(who, piece, at))
    part = 0
    share_rate, number = plan.SHARE_RATE, 0
    while len(reads[-1].at) or part < 2:
        # The first round shares what was read by itself, the others what was opened.
        latest = _joined(reads) if part == 0 else reads[-1]
        shared, opened, number = draw.shares(latest, share_rate, number, part)
        made += [shared, opened]
        chance = people.stream(Process.SHARES, 100 + part).random(len(opened))
        read = opened[chance < plan.OPEN_READ_RATE]
        reads.append(
            Reads(read["actor"].astype(np.int64), read["content"], read["at"] + 5 * plan.SECOND)
        )
        share_rate = plan.RESHARE_RATE
        part += 1
    made += _read_events(people, pieces, _joined(reads))
    return made


def _joined(reads: list[Reads]) -> Reads:
    return Reads(
        *(np.concatenate([getattr(each, name) for each in reads])
          for name in ("person", "piece", "at"))
    )  # fmt: skip


@dataclass(frozen=True)
class _Drawer:
    people: People
    pieces: Pieces
    audience: Audience
    out: Ints

    def at_ages(self, process: Process, expected: float) -> tuple[Ints, Ints, Ints, np.ndarray]:
        """About so many readers, pieces and instants, by popularity and age; and more draws."""
        count = round(expected)
        draws = self.people.stream(process).random((count, 3))
        published = self.pieces.published_at[self.out]
        day = np.minimum(clock.day_of(published), plan.DAYS - 1)
        popular = zipf(len(self.out), plan.PIECE_ZIPF)
        order = self.people.stream(Process.PIECES, 3).permutation(len(self.out))
        piece = self.out[choice(draws[:, 0], popular[order] * (1 + self.audience.count[day]))]
        hours = np.array([half_life for _, _, half_life in plan.KINDS])[self.pieces.kind[piece]]
        age = -np.log2(1 - draws[:, 1]) * hours * plan.HOUR
        at = self.pieces.published_at[piece] + np.minimum(age, plan.DAYS * plan.DAY).astype(int)
        who, there = self.audience.draw(at, draws[:, 2])
        more = self.people.stream(process, 1).random((count, 2))
        return who[there], piece[there], at[there], more[there]

    def shares(
        self, reads: Reads, rate: float, number: int, part: int
    ) -> tuple[np.ndarray, np.ndarray, int]:
        """Shares of some readers, and who opened them minutes later; the next share's number."""
        draw = self.people.stream(Process.SHARES, part)
        shared = draw.random(len(reads.at)) < rate
        who, piece, at = reads.person[shared], reads.piece[shared], reads.at[shared] + 30_000
        share = number + np.arange(len(who))
        sent = events("content_shared", at, who, content=piece, share=share)
        counts = self.people.stream(Process.SHARES, 200 + part).poisson(
            plan.OPENS_PER_SHARE, len(who)
        )
        of, _ = spread(counts)
        chance = self.people.stream(Process.SHARES, 300 + part).random((len(of), 2))
        wait = -np.log1p(-chance[:, 0]) * plan.OPEN_MEAN_MINUTES * plan.MINUTE
        opened_at = at[of] + plan.SECOND + wait.astype(np.int64)
        opener, there = self.audience.draw(opened_at, chance[:, 1], but=who[of])
        opened = events("share_opened", opened_at[there], opener[there], content=piece[of[there]],
                        share=share[of[there]])  # fmt: skip
        return sent, opened, number + len(who)


def _read_events(people: People, pieces: Pieces, reads: Reads) -> list[np.ndarray]:
    draws = people.stream(Process.READS, 2).random((len(reads.at), 4))
    rates = np.array([rate for _, _, rate in plan.ORIGINS])[pieces.origin[reads.piece]]
    finished = draws[:, 0] < rates
    dwell = np.where(finished, 60 + 540 * draws[:, 1], 5 + 115 * draws[:, 1]).astype(np.int64)
    went_on = finished | (draws[:, 2] < plan.PROGRESS_RATE)
    progress = np.where(finished, 50, 10 + 70 * draws[:, 3]).astype(np.int64)

    def after(name: str, which: np.ndarray, share: float, **columns: np.ndarray) -> np.ndarray:
        at = reads.at + (dwell * share * plan.SECOND).astype(np.int64)
        given = {key: column[which] for key, column in columns.items()}
        return events(name, at[which], reads.person[which], content=reads.piece[which], **given)

    made = [
        after("read_started", np.full(len(dwell), True), 0.0),
        after("read_progressed", went_on, 0.5, progress=progress, dwell=dwell // 2),
        after("read_finished", finished, 1.0, progress=np.full(len(dwell), 100), dwell=dwell),
    ]
    chances = people.stream(Process.READS, 3).random((len(dwell), len(plan.INTERACTIONS)))
    for column, (name, rate) in enumerate(plan.INTERACTIONS):
        made.append(after(name, chances[:, column] < rate, 0.9))
    return made
