"""Wrong rows of funnels, retention, conditions and the tracking plan are named with file, row and
mend and crash no build; what the data never meets is a warning."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from orchestration.ingest.definitions.problems import ERROR, HINT, Problem
from tests import support

EVENT_NAMES = """event_name,area,role,is_activity,is_key_action,owner
open,product,,true,,me
open,product,,true,,
,product,,,,
buy,shop,order,,,
refund,product,reimburse,,,
push,campaign,,perhaps,1.5,
ping,campaign,,false,,
"""
ACTIVITIES = """activity_id,event_name,new_by
any,open,
buying,buy,created_at
buying,buy,
,buy,
gap,buy||open,
both,buy|*,
birth,buy,birthday
"""
FUNNELS = """funnel_id,order_mode,window_seconds,count_by,ties,breakdown,breakdown_attribution,\
breakdown_limit,hold_constant,conversion_time,from_at,to_at,when_void,time_bins,trend_grain
good,,,,,event:plan|user:age,step_2,5,,,2024-01-01,2024-02-01T12:00:00Z,leave,7,Hour
good,,,,,,,,,,,,,,
,,60,,,,,,,,,,,,
stepless,,,,,,,,,,,,,,
modes,sorted,,visits,never,,,,,soon,,,,61,minute
later,strict,,attempts,,,,,,mean_of_furthest,,,maybe,,
window,,0,,,,,,,,,,,,
window_text,,two weeks,,,,,,,,,,,,
window_part,,7.5,,,,,,,,,,,,
window_age,,99999999999999999999,,,,,,,,,,,,
parts,,,,,person:plan,step_3,0,plan,,,,,,
idle,,,,,,last,,,,,,,,
dates,,,,,,,,,,2024-02-30,soon,,,
backwards,,,,,,,,,,2024-03-02,2024-03-01 23:00,,,
unordered,any,60,,,,,,,,,,,,
"""
STEPS = """funnel_id,step_number,exclusion_number,event_name,is_optional,first_time,min_seconds,\
max_seconds,excluded_after_step,excluded_before_step
good,1,,open,,matching,0,,,
good,2,,buy|open,false,,,,,
modes,1,,open,,ever,,,,
later,1,,open,true,,,,,
later,2,,open,,,9,5,,
later,,1,push,,,,,1,2
window,1,,open,perhaps,,-1,1.5,,
window,1,,buy,,,,,,
window_text,2,,open,,,,,,
window_part,1,,open,,,,,,
window_part,3,,open,,,,,,
window_age,one,,open,,,,,,
parts,1,,open,,,,,1,2
parts,2,1,open,,,,,,
parts,,,open,,,,,,
idle,1,,open,,,,,,
idle,,1,push,,,,,1,4
idle,,2,push,,,,,1,1
dates,1,,,,,,,,
backwards,1,,*,,,,,,
backwards,13,,*,,,,,,
nowhere,1,,open,,,,,,
unordered,1,,open,,,,,,
unordered,2,,open,true,,,61,,
unordered,,1,push,true,,,,1,2
unordered,3,,open,,,61,,,
,1,,open,,,,,,
unordered,,47,push,,,,,,
later,,2,push,,,,,2,
"""
RETENTIONS = """retention_id,cohort_event,cohort_mode,return_event,granularity,\
cohort_granularity,window_mode,kind,periods,brackets,min_occurrences,breakdown,breakdown_limit,\
from_at,to_at,value_property
good,open,,buy,,,,,,1-3;4; 6-8,,event:plan,,,,event:amount
good,open,,buy,,,,,,,,,,,,
,open,,buy,,,,,,,,,,,,
modes,open,once,buy,quarter,year,sliding,within,,,,,,,,
numbers,open,,buy,,,,,0,,none,,2.5,,,
long,open,,buy,,,,,1000000000,,,,,,,
overlap,open,,buy,,,,,,1-3;3-5,,,,,,
zero,open,,buy,,,,,7,0-1;4-2;x;1-2-3;,,,,,,
dates,open,,buy,,,,,,,,,,yesterday,2024-13-01,
backwards,open,,buy,,,,,,,,,,2024-03-02,2024-03-01,
parts,open,,buy||,,,,,,,,event:,,,,
rolls,open,recurring,buy,,,rolling,,,,,,,,,
wrong_order,open,,buy,,,,,,4-7;1-3,,,,,,
far,open,,buy,,,,,,1-2000000000,,,,,,
unscoped,open,,buy,,,,,,,,,,,,amount
of_a_user,open,,buy,,,,,,,,,,,,user:age
two_values,open,,buy,,,,,,,,,,,,event:amount|event:tax
fine_cohorts,open,,buy,week,day,,,,,,,,,,
coarse_cohorts,open,,buy,,month,,,,,,,,,,
"""
PATHS = """path_id,anchor_event,anchor_item,direction,steps,item_event,item_property,repeats,\
occurrences,scope,session_gap_seconds,window_seconds,item_limit,sequence_limit,from_at,to_at
good,buy,,both,3,open|buy,event:page|event:plan,last,first,,1800,,10,100,2024-01-01,2024-02-01
good,,,,,,,,,,,,,,,
,,,,3,,,,,,,,,,,
modes,buy,,onwards,,,,once,some,visit,,,,,,
numbers,buy,,,0,,page,,,,0,1.5,many,-1,,
aimless,,,both,,,,,every,,,,,,,
endless,,,before,,,,,,user,60,,,,,
unsure,buy,,,,,,last,,user,,,,,,
silent,ping,,,,buy|,,,,,,,,,,
late,ping,,,,buy,,,,user,,,,,2024-02-02,2024-02-01
soon,,x,,51,,,,,,,,,,soon,
"""
FILTERS = """definition,definition_id,side,any_of,scope,property,operator,value
funnel,good,,,,plan,is,pro|basic
funnel,good,1,,user,age,gt,30
retention,good,return,,,plan,IS_SET,
activity,buying,activity,,,amount,gte,1
Funel,good,,,,plan,is,pro
funnel,unheard,,,,plan,is,pro
retention,,,,,plan,is,pro
funnel,good,3,,,plan,is,pro
retention,good,1,,,plan,is,pro
funnel,good,,,person,plan,is,pro
funnel,good,,,,,is,pro
funnel,good,,,,plan,equals,pro
funnel,good,,,,plan,,pro
funnel,good,,,,plan,gt,
funnel,good,,,,plan,is_not_set,pro
funnel,good,,,,plan,matches,pro(
funnel,good,,,,plan,Matches,^pro|basic$
path,good,anchor,,,amount,gte,1
path,soon,anchor,,,plan,is,pro
path,nowhere,,,,plan,is,pro
activity,any,,,,plan,is,pro
funnel,good,,,,plan,contains,pro||basic
"""
RATES = """currency,rate,valid_from_date
EUR,1.1,2024-01-01
eur,1.2,2024-01-01
GBP,-1,
JPY,much,soon
,1,
"""
RETENTION_PERIODS = """feed,keep_months
events,3
users,0
contents,2.5
erasure_requests,12
,6
campaigns,
events,24
consents,twelve
"""
WRONG = {
    "event_names": EVENT_NAMES,
    "activities": ACTIVITIES,
    "funnels": FUNNELS,
    "funnel_steps": STEPS,
    "retentions": RETENTIONS,
    "paths": PATHS,
    "filters": FILTERS,
    "currency_rates": RATES,
    "data_retention": RETENTION_PERIODS,
    "stickiness": "<html>",
}

EXPECTED: dict[str, list[tuple[int | None, str, str]]] = {
    "event_names.csv": [
        (None, "warning", "column owner is not read"),
        (3, "error", "event open stands here again, as in line 2"),
        (4, "error", "event_name is empty"),
        (5, "error", "area shop is unknown"),
        (6, "error", "role reimburse is unknown"),
        (7, "error", "is_activity perhaps is neither true nor false"),
        (7, "error", "is_key_action 1.5 is neither true nor false"),
    ],
    "activities.csv": [
        (2, "error", "activity any is of open alone"),
        (4, "error", "activity buying stands here again, as in line 3"),
        (5, "error", "activity_id is empty"),
        (6, "error", "event_name buy||open has an empty alternative"),
        (7, "error", "event_name buy|* has * beside names"),
        (8, "error", "new_by birthday is unknown"),
    ],
    "funnels.csv": [
        (3, "error", "funnel good stands here again, as in line 2"),
        (4, "error", "funnel_id is empty"),
        (5, "error", "funnel stepless has no steps"),
        (6, "error", "conversion_time soon is unknown"),
        (6, "error", "count_by visits is unknown"),
        (6, "error", "order_mode sorted is unknown"),
        (6, "error", "ties never is unknown"),
        (6, "error", "time_bins 61 is too large: at most 60 bins are taken"),
        (6, "error", "trend_grain minute is unknown"),
        (7, "error", "when_void maybe is unknown"),
        (8, "error", "window_seconds 0 is too small: 1 is the least"),
        (9, "error", "window_seconds two weeks is no whole number"),
        (10, "error", "window_seconds 7.5 is no whole number"),
        (11, "error", "funnel window_age has no steps"),
        (
            11,
            "error",
            "window_seconds 99999999999999999999 is too large: at most 100,000,000,000 "
            "seconds are taken",
        ),
        (12, "error", "breakdown person:plan is no property"),
        (12, "error", "breakdown_attribution step_3 is no step of funnel parts"),
        (12, "error", "breakdown_limit 0 is too small: 1 is the least"),
        (12, "error", "hold_constant plan is no property"),
        (13, "warning", "breakdown_attribution says nothing without a breakdown"),
        (14, "error", "from_at 2024-02-30 cannot be read"),
        (14, "error", "to_at soon cannot be read"),
        (15, "error", "to_at 2024-03-01 23:00 is before from_at 2024-03-02"),
    ],
    "funnel_steps.csv": [
        (4, "error", "first_time ever is unknown"),
        (5, "error", "step 1 opens the attempt: it is not optional and has no time before it"),
        (6, "error", "max_seconds 5 is below min_seconds 9"),
        (8, "error", "is_optional perhaps is neither true nor false"),
        (8, "error", "max_seconds 1.5 is no whole number"),
        (8, "error", "min_seconds -1 is too small: 0 is the least"),
        (8, "error", "step 1 opens the attempt: it is not optional and has no time before it"),
        (9, "error", "funnel_id window, step_number 1 stand here again, as in line 8"),
        (10, "error", "step 2 of funnel window_text has no step right before it"),
        (12, "error", "step 3 of funnel window_part has no step right before it"),
        (13, "error", "step_number one is no whole number"),
        (14, "warning", "excluded_after_step and excluded_before_step say nothing on a step"),
        (15, "error", "step_number 2 and exclusion_number 1 stand together"),
        (16, "error", "neither step_number nor exclusion_number is given"),
        (18, "error", "excluded_before_step 4 is no step of the funnel"),
        (19, "error", "the exclusion ends before step 1 and begins only after step 1"),
        (22, "error", "step 13 of funnel backwards has no step right before it"),
        (22, "error", "step_number 13 is too large: at most 12 steps are taken"),
        (23, "error", "funnel nowhere is unknown"),
        (
            25,
            "error",
            "optional steps, min_seconds and max_seconds need an order; funnel unordered "
            "takes its steps in any",
        ),
        (
            26,
            "warning",
            "excluded_after_step and excluded_before_step say nothing in any order: what "
            "is excluded voids between the opening and the completion",
        ),
        (26, "warning", "is_optional, min_seconds and max_seconds say nothing on an exclusion"),
        (27, "error", "min_seconds 61 is longer than the window of funnel unordered, 60 seconds"),
        (
            27,
            "error",
            "optional steps, min_seconds and max_seconds need an order; funnel unordered "
            "takes its steps in any",
        ),
        (28, "error", "funnel_id is empty"),
        (29, "error", "exclusion_number 47 is too large: at most 46 are taken"),
        (30, "error", "the exclusion ends before step 2 and begins only after step 2"),
    ],
    "retentions.csv": [
        (3, "error", "retention good stands here again, as in line 2"),
        (4, "error", "retention_id is empty"),
        (5, "error", "cohort_granularity year is unknown"),
        (5, "error", "cohort_mode once is unknown"),
        (5, "error", "granularity quarter is unknown"),
        (5, "error", "kind within is unknown"),
        (5, "error", "window_mode sliding is unknown"),
        (6, "error", "breakdown_limit 2.5 is no whole number"),
        (6, "warning", "breakdown_limit says nothing without a breakdown"),
        (6, "error", "min_occurrences none is no whole number"),
        (6, "error", "periods 0 is too small: 1 is the least"),
        (7, "error", "periods 1000000000 is too large: at most 1,000 periods are taken"),
        (8, "error", "bracket 3-5 overlaps 1-3"),
        (9, "error", "bracket (empty) is none"),
        (9, "error", "bracket 0-1 is none"),
        (9, "error", "bracket 1-2-3 is none"),
        (9, "error", "bracket 4-2 is none"),
        (9, "error", "bracket x is none"),
        (9, "warning", "periods says nothing beside brackets"),
        (10, "error", "from_at yesterday cannot be read"),
        (10, "error", "to_at 2024-13-01 cannot be read"),
        (11, "error", "to_at 2024-03-01 is before from_at 2024-03-02"),
        (12, "error", "breakdown event: is no property"),
        (12, "error", "return_event buy|| has an empty alternative"),
        (13, "warning", "cohort_mode recurring gives one cohort a user where periods roll"),
        (14, "error", "bracket 1-3 overlaps 4-7"),
        (15, "error", "bracket 1-2000000000 is too large: at most 1,000 periods are taken"),
        (16, "error", "value_property amount is no property of an event"),
        (17, "error", "value_property user:age is no property of an event"),
        (18, "error", "value_property event:amount|event:tax is no property of an event"),
        (19, "warning", "cohort_granularity day is finer than granularity week"),
    ],
    "paths.csv": [
        (3, "error", "path good stands here again, as in line 2"),
        (4, "error", "path_id is empty"),
        (5, "error", "direction onwards is unknown"),
        (5, "error", "occurrences some is unknown"),
        (5, "error", "repeats once is unknown"),
        (5, "error", "scope visit is unknown"),
        (6, "error", "item_limit many is no whole number"),
        (6, "error", "item_property page is no property"),
        (6, "error", "sequence_limit -1 is too small: 1 is the least"),
        (6, "error", "session_gap_seconds 0 is too small: 1 is the least"),
        (6, "error", "steps 0 is too small: 1 is the least"),
        (6, "error", "window_seconds 1.5 is no whole number"),
        (7, "error", "direction both has nothing to stand around"),
        (7, "warning", "occurrences says nothing without an anchor"),
        (8, "error", "scope user has no end that a path could lead up to"),
        (8, "warning", "session_gap_seconds says nothing in scope user"),
        (9, "error", "the last of a run is never sure in scope user"),
        (10, "error", "event ping is no activity and stands in no session"),
        (10, "error", "item_event buy| has an empty alternative"),
        (11, "error", "to_at 2024-02-01 is before from_at 2024-02-02"),
        (12, "error", "from_at soon cannot be read"),
        (12, "error", "steps 51 is too large: at most 50 items are taken"),
    ],
    "filters.csv": [
        (6, "error", "definition Funel is unknown"),
        (7, "error", "funnel unheard is unknown"),
        (8, "error", "definition_id is empty"),
        (9, "error", "side 3 is none of funnel good"),
        (10, "error", "side 1 is none of retention good"),
        (11, "error", "scope person is unknown"),
        (12, "error", "property is empty"),
        (13, "error", "operator equals is unknown"),
        (14, "error", "operator is empty"),
        (15, "error", "operator gt has no value"),
        (16, "warning", "value says nothing on is_not_set"),
        (17, "error", "value pro( is no regular expression"),
        (20, "error", "side anchor is none of path soon"),
        (21, "error", "path nowhere is unknown"),
        (22, "error", "activity any has a condition"),
        (23, "error", "value pro||basic has an empty alternative"),
    ],
    "data_retention.csv": [
        (3, "error", "keep_months 0 is too small: 1 is the least"),
        (4, "error", "keep_months 2.5 is no whole number"),
        (5, "error", "feed erasure_requests is unknown"),
        (6, "error", "feed is empty"),
        (7, "error", "keep_months is empty"),
        (8, "error", "feed events stands here again, as in line 2"),
        (9, "error", "keep_months twelve is no whole number"),
    ],
    "currency_rates.csv": [
        (3, "error", "currency eur, valid_from_date 2024-01-01 stand here again, as in line 2"),
        (4, "error", "rate -1 is too small: 0.00000001 is the least"),
        (5, "error", "rate much is no number"),
        (5, "error", "valid_from_date soon cannot be read"),
        (6, "error", "currency is empty"),
    ],
}


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> tuple[Problem, ...]:
    return support.read_definitions(tmp_path_factory.mktemp("wrong"), WRONG).problems


@pytest.mark.parametrize("file", EXPECTED)
def test_every_wrong_row_is_named_and_no_good_one(wrong: tuple[Problem, ...], file: str) -> None:
    found = [
        (each.line, each.severity, each.problem.en)
        for each in wrong
        if each.file == file and each.severity != HINT
    ]
    assert sorted(found, key=str) == sorted(EXPECTED[file], key=str)


def test_every_problem_and_mend_is_said_in_both_languages(wrong: tuple[Problem, ...]) -> None:
    for each in wrong:
        for words in (each.problem, each.mend):
            assert words.en
            assert not re.search("[\u4e00-\u9fff]", words.en), words
            assert re.search("[\u4e00-\u9fff]", words.zh), words


def test_a_file_that_is_none_is_named(wrong: tuple[Problem, ...]) -> None:
    found = [(each.line, each.severity) for each in wrong if each.file == "stickiness.csv"]
    assert found == [(None, ERROR)]


def assert_said_in_chinese(warehouse: Path) -> None:
    """Each doubt has words in Chinese, with the values that the English ones name."""
    rows = support.query(warehouse, "select * from marts.mart_definition_warnings")
    assert rows
    for row in rows:
        assert re.search("[\u4e00-\u9fff]", row["problem_zh"]), row["problem"]
        assert re.search("[\u4e00-\u9fff]", row["mend_zh"]), row["problem"]
        values = re.findall(r"event:\w+|(?<=the event )\w+|(?<=segment )\w+", row["problem"])
        assert all(value in row["problem_zh"] for value in values), row["problem"]


def test_what_the_data_never_meets_is_a_warning(tmp_path: Path) -> None:
    events = [
        {
            "event_id": str(number),
            "event_name": name,
            "user_id": "a",
            "occurred_at": f"2024-01-0{number}",
            "properties": {"plan": "pro", "size": "large"},
        }
        for number, name in enumerate(("open", "buy"), start=1)
    ]
    seeds = {
        "activities": "activity_id,event_name\nidle,sleep|open\n",
        "funnels": "funnel_id,breakdown,hold_constant\nmet,event:plan,\nbare,event:colour,\n",
        "funnel_steps": "funnel_id,step_number,event_name\nmet,1,open\nmet,2,\nbare,1,byu\n"
        "bare,2,buy\n",
        "retentions": "retention_id,cohort_event,return_event,breakdown,value_property\n"
        "kept,open,open|buy,,\nwaking,wake,open|snooze,,\nbare,open,buy,event:colour,\n"
        "priceless,open,buy,,event:price\nwordy,open,buy,,event:size\n",
        "paths": "path_id,anchor_event,anchor_item,item_event,item_property\n"
        "trod,open,,,event:plan\nlost,,/nowhere,opne,event:colour\n",
        "kpis": "kpi_id,kind,event_name,segment_by\nparted,count,open,user:city\n",
        "filters": "definition,definition_id,side,property,operator,value\n"
        "funnel,met,1,plan,is,pro\nretention,kept,return,plna,is_set,\n",
    }
    warehouse = support.build_warehouse(
        tmp_path, events=events, seeds=seeds, select="+mart_definition_warnings"
    )
    assert_said_in_chinese(warehouse)
    rows = support.query(
        warehouse, "select * from facts.fct_definition_warnings order by file, row_number, problem"
    )
    assert all(row["mend"] for row in rows)
    assert [(row["file"], row["row_number"], row["problem"]) for row in rows] == [
        ("activities.csv", 2, "nobody sends the event sleep"),
        (
            "filters.csv",
            3,
            "no event of retention kept, side return, meets all its conditions; "
            "one asks event:plna",
        ),
        ("funnel_steps.csv", 4, "nobody sends the event byu"),
        (
            "funnels.csv",
            3,
            "breakdown event:colour of funnel bare occurs on none of its events",
        ),
        ("kpis.csv", 2, "segment user:city of kpi parted occurs on none of its events"),
        ("paths.csv", 3, "no item of path lost is /nowhere"),
        ("paths.csv", 3, "nobody sends the event opne"),
        ("retentions.csv", 3, "nobody sends the event snooze"),
        ("retentions.csv", 3, "nobody sends the event wake"),
        (
            "retentions.csv",
            4,
            "breakdown event:colour of retention bare occurs on none of its events",
        ),
        (
            "retentions.csv",
            5,
            "value_property event:price of retention priceless occurs on none of its events",
        ),
        (
            "retentions.csv",
            6,
            "value_property event:size of retention wordy is a number on none of its events",
        ),
    ]
