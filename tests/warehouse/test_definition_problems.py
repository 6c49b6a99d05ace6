"""Definitions that nothing can be made of are named before anything is loaded, and what stands in
the warehouse stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.ingest.definitions.problems import DefinitionsError
from orchestration.ingest.definitions.schema import DEFINITIONS
from orchestration.project import SHIPPED_SEEDS_DIR
from tests import support


def found(folder: Path, seeds: dict[str, str]) -> list[tuple[str, str, str, str]]:
    problems = support.read_definitions(folder, seeds).problems
    return [(each.file, each.severity, each.problem.en, each.mend.en) for each in problems]


def test_what_nothing_reads_is_a_warning_and_an_error_where_it_is_plain_what_is_meant(
    tmp_path: Path,
) -> None:
    seeds = {
        "funnels": "funnel_id,label_en,label_zh\nsignup,Sign-up\n",
        "retentions": "retention_id,cohort_evnt,owner\ncurve,signed_up,me\n",
        "channels": "rule_number,channel_id,Channel_ID\n1,a,b\n",
        "funels": "funnel_id\nsignup\n",
        "filtres": "definition\n",
    }
    problems = {(file, said): (severity, mend) for file, severity, said, mend in
                found(tmp_path, seeds)}  # fmt: skip
    assert len(problems) == 6
    assert problems["channels.csv", "a second column Channel_ID is not read"][0] == "warning"
    line = "it has not the 3 fields of the header, or has a quote that is not closed"
    assert [file for file, said in problems if said.startswith(line)] == ["funnels.csv"]
    severity, mend = problems["retentions.csv", "column cohort_evnt is not read"]
    assert severity == "error"
    assert mend.startswith("did you mean cohort_event?")
    assert problems["retentions.csv", "column owner is not read"][0] == "warning"
    unread = "no definitions are read from a file of this name"
    # There is a funnels.csv already.
    assert problems["funels.csv", unread][0] == "warning"
    assert problems["filtres.csv", unread][0] == "error"
    assert problems["filtres.csv", unread][1].startswith("did you mean filters.csv?")


def test_a_wrong_definition_loads_nothing_and_the_last_right_ones_stay(tmp_path: Path) -> None:
    settings = support.settings_of(tmp_path)
    support.read_definitions(tmp_path, {"activities": "activity_id,event_name\nbuying,buy\n"})
    support.write_feeds(
        tmp_path, {"events": [{"event_name": "buy", "user_id": "a", "occurred_at": "2024-01-05"}]}
    )
    support.ingest_raw(settings)
    support.write_feeds(
        tmp_path, {"events": [{"event_name": "buy", "user_id": "b", "occurred_at": "2024-01-06"}]}
    )
    support.read_definitions(tmp_path, {"activities": "activity_id,new_by\nbuying,birth\n,\n"})
    with pytest.raises(DefinitionsError) as error:
        support.ingest_raw(settings)
    assert str(error.value).splitlines()[0] == (
        "activities.csv, line 2: new_by birth is unknown. Mend: give first_activity or "
        "created_at, or leave it empty for first_activity."
    )
    rows = support.query(settings.warehouse, "select user_id from raw.events")
    assert [row["user_id"] for row in rows] == ["a"]
    rows = support.query(settings.warehouse, "select activity_id, new_by from seeds.activities")
    assert rows == [{"activity_id": "buying", "new_by": "first_activity"}]


def test_names_close_to_known_ones_are_told(tmp_path: Path) -> None:
    seeds = {
        "event_names": "event_name\ncoupon_redeemed\norder_placed\n",
        "funnels": "funnel_id,order_mode,breakdown\ncoupon,orderd,platform\n",
        "funnel_steps": "funnel_id,step_number,event_name\ncupon,1,order_placed\n"
        "coupon,1,coupon_redeem\ncoupon,2,event_b\n",
        "filters": "definition,definition_id,side,property,operator,value\n"
        "funnel,copon,,amount,gt,1\nfunnel,coupon,1,platfrom,is_nt,1\n",
    }
    meant = {
        mend.split("?")[0].removeprefix("did you mean "): severity
        for _, severity, _, mend in found(tmp_path, seeds)
        if mend.startswith("did you mean")
    }
    assert meant == {
        "ordered": "error",
        "event:platform": "error",
        "coupon": "error",
        "is_not": "error",
        # Before the first build the plan alone is known, and a feed may send more.
        "coupon_redeemed": "hint",
        "platform": "hint",
    }


def test_an_event_that_is_misspelt_stops_a_build_once_it_is_known_what_comes(
    tmp_path: Path,
) -> None:
    plan = {"event_names": "event_name,is_activity\nunsent,false\n"}
    steps = "funnel_id,step_number,event_name\nf,1,order_placed\nf,2,{}\n"
    funnel = {"funnels": "funnel_id\nf\n"}
    warehouse = support.build_warehouse(
        tmp_path,
        events=[
            {"event_name": name, "user_id": "a", "occurred_at": f"2024-01-0{day}"}
            for day, name in enumerate(("order_placed", "coupon_redeemed", "step_1"), start=1)
        ],
        seeds={**plan, **funnel, "funnel_steps": steps.format("cuopon_used")},
        select="+fct_event_days",
    )
    settings = support.settings_of(tmp_path)
    for name in ("coupon_redeemed", "step_2", "wishlist_shared", "cuopon_used"):
        support.read_definitions(tmp_path, {"funnel_steps": steps.format(name)})
        support.ingest_raw(settings)
    support.read_definitions(tmp_path, {"funnel_steps": steps.format("coupon_redeem")})
    with pytest.raises(DefinitionsError, match=r"funnel_steps.csv, line 3: .*coupon_redeemed\?"):
        support.ingest_raw(settings)
    # One that is a name of its own is listed in the plan.
    support.read_definitions(tmp_path, {"event_names": "event_name\ncoupon_redeem\n"})
    support.ingest_raw(settings)
    assert support.query(warehouse, "select event_name from seeds.event_names") == [
        {"event_name": "coupon_redeem"}
    ]


def test_a_cell_of_a_page_is_told_by_its_start(tmp_path: Path) -> None:
    seeds = {"activities": f"activity_id,new_by\nbuying,{'很' * 10_000}\n"}
    [(_, _, said, mend)] = found(tmp_path, seeds)
    assert said == f"new_by {'很' * 200}… is unknown"
    assert mend.startswith("give first_activity")


def test_the_shipped_definitions_are_right(tmp_path: Path) -> None:
    shipped = {
        path.stem: path.read_text(encoding="utf-8") for path in SHIPPED_SEEDS_DIR.glob("*.csv")
    }
    assert len(shipped) == len(DEFINITIONS)
    assert found(tmp_path, shipped) == []
