"""The rows of `make bench`, small: what is compared there gives the same answers here."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import attribution, funnel, growth, peers, retention, rfm, sessions
from benchmarks.events import generate
from benchmarks.peers import Question, Warehouse
from orchestration.project import SHIPPED_SEEDS_DIR
from tests import support

EVENTS, DAYS = 10_000, 45
# One of a kind: the others differ in names alone, or ask for the same rows.
QUESTIONS = (
    funnel.QUESTIONS[0],
    *retention.QUESTIONS[1:3],
    *growth.QUESTIONS,
    sessions.QUESTIONS[0],
    *rfm.QUESTIONS,
)
# Its import takes seconds; `make bench` asks it.
LEFT_OUT = "retentioneering"

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not peers.are_there(), reason="`make test-long` makes their environment"),
]


def merged_seeds() -> dict[str, str]:
    """The definitions of all questions, and those that every question is given."""
    seeds = {
        name: (SHIPPED_SEEDS_DIR / f"{name}.csv").read_text(encoding="utf-8")
        for name in peers.SHIPPED_SEEDS
    }
    for question in QUESTIONS:
        for name, text in question.seeds.items():
            head, rows = text.split("\n", 1)
            seeds[name] = seeds.get(name, f"{head}\n") + rows
    return seeds


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], tuple]:
    """By question and peer, what a comparison needs: all peers are asked in one process."""
    folder = tmp_path_factory.mktemp("bench")
    generate(folder / "raw", EVENTS, DAYS)
    models = {model for question in QUESTIONS for model in question.models} | {"+fct_sessions"}
    support.build_warehouse(folder, seeds=merged_seeds(), select=" ".join(models))
    warehouse = Warehouse(support.settings_of(folder), folder / "events.parquet", EVENTS)
    warehouse.export()
    asked = [
        (question, peer)
        for question in QUESTIONS
        for peer in question.peers
        if peer.name != LEFT_OUT
    ]
    given = warehouse.given()
    found = peers.ask([peers.call(given, peer) for _, peer in asked], repeats=1)
    return {
        (question.name, peer.name): (warehouse, question, peer, rows)
        for (question, peer), (*_, rows) in zip(asked, found, strict=True)
    }


@pytest.mark.parametrize(
    ("question", "peer"),
    [(q, peer.name) for q in QUESTIONS for peer in q.peers if peer.name != LEFT_OUT],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_a_peer_gives_our_answer(
    answers: dict[tuple[str, str], tuple], question: Question, peer: str
) -> None:
    warehouse, asked, other, rows = answers[question.name, peer]
    assert peers.check(warehouse, asked, other, rows) > 1
    with pytest.raises(SystemExit, match="the answers differ"):
        peers.check(warehouse, asked, other, [*rows[:-1], [*rows[-1][:-1], "0"]])


def test_peers_credit_paths_as_we_do(tmp_path: Path) -> None:
    mta, other, shortest = attribution.duels(tmp_path, paths=2_000)
    assert mta.rows == 4 * attribution.CHANNELS
    assert other.rows == shortest.rows == 3 * attribution.CHANNELS
