"""Features: who could use one, who adopts it and uses it again, what changed when it came."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from orchestration.ingest.definitions.problems import ERROR, WARNING
from tests.support import build_warehouse, query, read_definitions
from tests.warehouse import features_oracle as oracle
from tests.warehouse.draws import seed
from tests.warehouse.features_oracle import Event, Feature, Product, Rows

START = datetime(2024, 1, 20, tzinfo=UTC)
DAYS = 75
RELEASE = datetime(2024, 2, 14, 17, 30, tzinfo=UTC)
FEATURES = (
    Feature("map"),
    Feature("list", released_at=RELEASE, window_days=14),
    Feature("twice", ("tap", "swipe"), released_at=RELEASE, adopt_uses=2, window_days=9),
    Feature("gated", eligible=("gate", "door"), released_at=RELEASE - timedelta(days=3)),
    Feature("web", platform="web", window_days=1),
    Feature("later", released_at=START + timedelta(days=400)),
    Feature("unheard", ("hum",), window_days=7),
)
SEEDS = {
    "event_names": "event_name,role,is_activity\nopen,,\nuse,feature_use,\ntap,,\nswipe,,\n"
    "gate,,\ndoor,,\norder,order,\nrefund,refund,false\npush,,false\n",
    "features": "feature_id,event_name,eligible_event,released_at,adopt_uses,window_days,"
    "campaign_id\n"
    + "".join(
        f"{each.feature_id},{'|'.join(each.names)},{'|'.join(each.eligible)},"
        f"{each.released_at.isoformat() if each.released_at else ''},{each.adopt_uses},"
        f"{each.window_days},{'trial' if each.feature_id == 'list' else ''}\n"
        for each in FEATURES
    ),
    "filters": "definition,definition_id,side,property,operator,value\n"
    "feature,web,use,platform,is,web\n",
}
MARTS = ("mart_feature_adoption", "mart_feature_usage", "mart_feature_launches")
CLOCKS = {
    "all": ("UTC", "monday", None),
    "early": ("America/New_York", "sunday", datetime(2024, 3, 12, 3, 59, 59, tzinfo=UTC)),
}


def drawn() -> list[Event]:
    """Users who come often or once, and some of whom do nothing until it is late."""
    draw = random.Random(f"features {seed()}")
    events: list[Event] = []
    for number in range(60):
        at = START + timedelta(days=draw.choice([0, 0, 20, draw.randrange(DAYS)]))
        tools = draw.sample(["use", "tap", "swipe", "gate", "door", "order", "push", "open"], 5)
        while at < START + timedelta(days=DAYS):
            name = draw.choice([*tools, "open"])
            event = {
                "event_id": f"e{len(events):05d}", "event_name": name, "user": f"u{number}",
                "at": at, "platform": draw.choice(["web", "ios", None]),
            }  # fmt: skip
            if name == "use":
                event["feature_id"] = draw.choice(["map", "list", "gated", "web", "later", None])
            if name == "order":
                event |= {"order_id": f"o{number} {draw.randrange(9)}", "amount": "12.5"}
                if draw.random() < 0.5:
                    when = at + timedelta(days=draw.choice([-1, 0, 9]))
                    back = {"event_id": f"r{len(events)}", "event_name": "refund", "at": when}
                    events.append(event | back | {"amount": "2.25"})
            events.append(event)
            at += draw.choice(
                [timedelta(0), timedelta(hours=5), timedelta(days=1), timedelta(days=7, hours=1)]
            )
    # At the release itself, and where a window ends, and an instant past it.
    for user, seconds in {"edge": 0, "past": 1}.items():
        for event_number, moved in enumerate([0, 14 * 86400 + seconds]):
            events.append(
                {"event_id": f"{user} {event_number}", "event_name": ["open", "use"][event_number],
                 "user": user, "at": RELEASE + timedelta(seconds=moved), "feature_id": "list"}
            )  # fmt: skip
    end = max(event["at"] for event in events)
    events.append({"event_id": "end", "event_name": "push", "user": "end",
                   "at": end + timedelta(hours=1)})  # fmt: skip
    return events


EVENTS = drawn()
Built = Callable[[str], tuple[Path, Product]]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    made: dict[str, tuple[Path, Product]] = {}

    def build(name: str) -> tuple[Path, Product]:
        if name not in made:
            zone, week_start, horizon = CLOCKS[name]
            warehouse = build_warehouse(
                tmp_path_factory.mktemp(name),
                events=[
                    {**event, "user_id": event["user"], "occurred_at": event["at"].isoformat()}
                    for event in EVENTS
                ],
                feeds={
                    "campaign_assignments": [
                        {"campaign_id": "trial", "user_id": f"u{number}", "variant": variant}
                        for number, variant in enumerate(["control", "treatment"])
                    ]
                },
                seeds=SEEDS,
                environment={
                    "YUNYING_TIMEZONE": zone,
                    "YUNYING_WEEK_START": week_start,
                    "YUNYING_HORIZON": horizon.isoformat() if horizon else "",
                },
                select=" ".join(f"+{mart}" for mart in (*MARTS, "mart_definition_warnings")),
                run_tests=True,
            )
            end = horizon or max(event["at"] for event in EVENTS)
            made[name] = warehouse, Product(EVENTS, ZoneInfo(zone), week_start, end)
        return made[name]

    return build


ORACLES: Mapping[str, tuple[Callable[[Product, Feature], Rows], tuple[str, ...]]] = {
    "mart_feature_adoption": (oracle.adoption, ("feature_id", "grain", "period_start_date")),
    "mart_feature_usage": (oracle.usage, ("feature_id", "grain", "period_start_date")),
    "mart_feature_launches": (oracle.launch, ("feature_id", "measure_id")),
}


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize("mart", MARTS)
def test_marts_are_as_loops_over_events_say(built: Built, mart: str, clock: str) -> None:
    warehouse, product = built(clock)
    tell, keys = ORACLES[mart]
    expected = {key: row for each in FEATURES for key, row in tell(product, each).items()}
    rows = query(warehouse, f"select * from marts.{mart}")
    found = {tuple(row[key] for key in keys): row for row in rows}
    assert len(rows) == len(found)
    assert found.keys() == expected.keys()
    assert any(row["is_mature"] for row in rows)
    assert {key[0] for key in found} >= {"list", "twice", "gated"}
    for key, row in expected.items():
        for column, value in row.items():
            given = found[key][column]
            assert given == (
                pytest.approx(value, rel=1e-9, abs=1e-9) if isinstance(value, float) else value
            ), f"YUNYING_TEST_SEED={seed()}: {key} {column}"


def test_a_launch_is_no_experiment_but_by_lot(built: Built) -> None:
    rows = query(built("all")[0], "select * from marts.mart_feature_launches")
    told = {row["feature_id"]: (row["campaign_id"], row["is_randomized"]) for row in rows}
    assert told == {"list": ("trial", True), "twice": (None, False), "gated": (None, False)}


def test_a_feature_that_is_not_out_and_one_that_nobody_uses_are_told(built: Built) -> None:
    rows = query(
        built("all")[0],
        "select row_number, problem, mend from marts.mart_definition_warnings"
        " where file = 'features.csv' order by row_number",
    )
    assert [tuple(row.values()) for row in rows] == [
        (7, "feature later is released after the data end: nobody could use it yet",
         "correct released_at, or wait until then"),
        (8, "nobody sends the event hum",
         "write the name as the feed spells it, or wait until it comes"),
    ]  # fmt: skip


def test_an_id_that_no_event_carries_and_a_campaign_that_is_not_there_are_told(
    tmp_path: Path,
) -> None:
    warehouse = build_warehouse(
        tmp_path,
        events=[
            {
                "event_name": "use|tap",
                "user_id": "a",
                "occurred_at": "2024-01-01",
                "feature_id": feature,
            }
            for feature in ("Map", "list")
        ],
        seeds={
            "event_names": "event_name,role\nuse|tap,feature_use\nunsent,feature_use\n",
            "features": "feature_id,campaign_id\nmap,trial\nlist,\n",
        },
        select="+mart_definition_warnings +mart_feature_usage",
    )
    rows = query(warehouse, "select problem from marts.mart_definition_warnings order by 1")
    assert [row["problem"] for row in rows] == [
        "no event of role feature_use has feature_id map", "there is no campaign trial",
    ]  # fmt: skip
    used = query(warehouse, "select feature_id from marts.mart_feature_usage where grain = 'all'")
    assert used == [{"feature_id": "list"}]


HEADER = "feature_id,event_name,adopt_uses\n"
PLAN = "event_name,role,is_activity\nuse,feature_use,false\n"


@pytest.mark.parametrize(
    ("seeds", "severity", "problem", "mend"),
    [
        ({"features": HEADER + "map,*,\n"}, ERROR, "any activity would be a use", "name the"),
        ({"features": HEADER + "map,,0\n"}, ERROR, "adopt_uses 0 is too small", "from 1"),
        ({"features": HEADER + "map,,\n", "event_names": PLAN}, WARNING,
         "event use is no activity, and so no use of a feature", "give is_activity true"),
        ({"features": HEADER + "map,,\n", "filters":
          "definition,definition_id,side,property,operator,value\nfeature,map,uses,page,is,/\n"},
         ERROR, "side uses is none of feature map", "did you mean use?"),
        ({"filters": "definition,definition_id,property,operator,value\nfeature,map,page,is,/\n"},
         ERROR, "feature map is unknown", "give the id"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_mend(
    tmp_path: Path, seeds: Mapping[str, str], severity: str, problem: str, mend: str
) -> None:
    found = [
        each for each in read_definitions(tmp_path, seeds).problems if problem in each.problem.en
    ]
    assert [each.severity for each in found] == [severity]
    assert mend in found[0].mend.en
    assert found[0].problem.zh != found[0].problem.en
