"""Audiences that nothing can be made of are named with line and mend before anything is built."""

from __future__ import annotations

from pathlib import Path

from orchestration.ingest.definitions.problems import ERROR, WARNING
from tests import support

AUDIENCES = """audience_id,schedule,starts_at,ends_at,campaign_id,holdout_rate,holdout_salt,\
cap_messages
good.one::a,Day,2024-01-01,2024-01-01,,,,
../up,day,,,,,,
a/b,day,,,,,,
.,day,,,,,,
Good.One::A,day,,,,,,
unread,2024-01-05|soon,,,,,,
empty,,,,,,,
both,day|2024-01-05,,,,,,
backwards,week,2024-03-02,2024-03-01,,,,
rate,month,,,,1.5,,
all_held,month,,,,1,,
none_held,month,,,c1,0,,
other_salt,month,,,c1,0.1,,
cap,day,,,,,,0
人群,day,,,,,,
past,0204-01-05|2024-01-05,,,,,,
"""
FILTERS = """definition,definition_id,side,scope,property,operator,value
audience,good.one::a,,user,plan,is,pro
audience,good.one::a,,event,amount,gt,1
audience,good.two,,user,plan,is,pro
"""


def test_audiences_that_cannot_be_meant(tmp_path: Path) -> None:
    seeds = support.read_definitions(tmp_path, {"audiences": AUDIENCES, "filters": FILTERS})
    found = {
        (each.file, each.line, each.severity, each.problem.en): (each.mend.en, each.problem.zh)
        for each in seeds.problems
    }
    bare = {key for key in found if key[3].endswith("has no conditions: everybody is on it")}
    assert {line for _, line, *_ in bare} == set(range(3, 18))
    assert found.keys() - bare == {
        ("audiences.csv", 3, ERROR, "audience_id ../up is no name of a folder"),
        ("audiences.csv", 4, ERROR, "audience_id a/b is no name of a folder"),
        ("audiences.csv", 5, ERROR, "audience_id . is no name of a folder"),
        ("audiences.csv", 6, ERROR,
         "audience_id Good.One::A differs from that of line 2 in case alone"),
        ("audiences.csv", 7, ERROR, "schedule soon cannot be read"),
        ("audiences.csv", 8, ERROR, "schedule is empty"),
        ("audiences.csv", 9, ERROR, "schedule day cannot be read"),
        ("audiences.csv", 10, ERROR, "ends_at 2024-03-01 is before starts_at 2024-03-02"),
        ("audiences.csv", 11, ERROR, "holdout_rate 1.5 is too large: at most 1 are taken"),
        ("audiences.csv", 12, WARNING, "holdout_rate 1 holds everybody out: nobody is exported"),
        ("audiences.csv", 13, WARNING,
         "holdout_rate 0 leaves nobody to compare with: what the list did stays unknown"),
        ("audiences.csv", 14, WARNING,
         "campaign c1 holds out others in line 13: who is in both groups counts in neither"),
        ("audiences.csv", 15, ERROR, "cap_messages 0 is too small: 1 is the least"),
        ("audiences.csv", 17, ERROR, "schedule 0204-01-05 cannot be read"),
        ("filters.csv", 3, ERROR, "an audience is of users, and this asks events"),
        ("filters.csv", 4, ERROR, "audience good.two is unknown"),
    }  # fmt: skip
    assert all(mend and zh for mend, zh in found.values())
