"""What is particular to a definition file: what no schema says. One function a kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import cache
from itertools import product

import duckdb

from orchestration.ingest.definitions import cells
from orchestration.ingest.definitions.checks import (
    ANY_ACTIVITY,
    Definitions,
    Row,
    Table,
    idle,
    problems_of_schemas,
    property_hint,
)
from orchestration.ingest.definitions.kpis import OF_EVENTS, kpi_problems
from orchestration.ingest.definitions.problems import HINT, WARNING, Problem, meant
from orchestration.ingest.definitions.schema import Words
from orchestration.store.sql import value

MOST_PERIODS = 1000
_GRANULARITIES = ("hour", "day", "week", "month")
_STAGES_WITHOUT_MODE = ("introduction", "growth", "maturity")
_LIFECYCLE_DEFAULTS = {"maturity": (3, 4), "dormancy": 7, "churn": 30}
_WITHOUT_ANCHOR = Words("without an anchor", "没有锚点时")
_GIVE_ANCHOR = Words("give an anchor_event or anchor_item", "填写 anchor_event 或 anchor_item")


def problems(definitions: Definitions) -> list[Problem]:
    """Everything that is wrong or doubtful, by file and line."""
    found = [*problems_of_schemas(definitions)]
    for rule in _RULES:
        found += rule(definitions)
    return sorted(
        dict.fromkeys(found), key=lambda each: (each.file, each.line or 0, each.problem.en)
    )


def _activities(definitions: Definitions) -> Iterator[Problem]:
    table = definitions["activities"]
    for row in table.rows:
        if row.values["activity_id"] == ANY_ACTIVITY and row.values["event_name"] not in (
            None,
            "*",
        ):
            yield table.problem(
                row,
                Words(
                    f"activity any is of {row.text('event_name')} alone",
                    f"活跃 any 只算了 {row.text('event_name')}",
                ),
                Words(
                    "leave its event_name empty: any stands for all activity",
                    "把 event_name 留空：any 代表任意活跃",
                ),
            )


def _steps(definitions: Definitions) -> dict[str, set[int]]:
    """The numbers of a funnel's steps."""
    found: dict[str, set[int]] = {}
    for row in definitions.rows("funnel_steps"):
        if row.values["step_number"] is not None:
            found.setdefault(row.values["funnel_id"], set()).add(row.values["step_number"])
    return found


def _funnels(definitions: Definitions) -> Iterator[Problem]:
    table, steps = definitions["funnels"], _steps(definitions)
    for row in table.rows:
        funnel = row.values["funnel_id"]
        if funnel is not None and funnel not in steps and definitions["funnel_steps"].is_readable:
            yield table.problem(
                row,
                Words(f"funnel {funnel} has no steps", f"漏斗 {funnel} 没有步骤"),
                Words("add its steps to funnel_steps.csv", "在 funnel_steps.csv 里加上它的步骤"),
            )
        whose = row.values["breakdown_attribution"] or ""
        if whose.startswith("step_") and whose[5:].isdigit():
            number = int(whose[5:])
            if number not in steps.get(funnel, ()):
                yield table.problem(
                    row,
                    Words(
                        f"breakdown_attribution {whose} is no step of funnel {funnel}",
                        f"breakdown_attribution {whose} 不是漏斗 {funnel} 的步骤",
                    ),
                    Words(
                        "give first, last, all, or step_ and the number of one of its steps",
                        "填 first、last、all，或 step_ 加它的一个步骤号",
                    ),
                )
        if not row.has("breakdown"):
            yield from idle(
                table,
                row,
                ["breakdown_attribution"],
                Words("without a breakdown", "没有 breakdown 时"),
                Words("give a breakdown", "填写 breakdown"),
            )


def _funnel_steps(definitions: Definitions) -> Iterator[Problem]:
    table, steps = definitions["funnel_steps"], _steps(definitions)
    funnels = definitions.column("funnels", "funnel_id")
    for row in table.rows:
        yield from _step(table, row, steps.get(row.values["funnel_id"], set()))
        funnel = funnels.get(row.values["funnel_id"] or "")
        if funnel is not None:
            yield from _step_of(definitions, table, row, funnel)


def _step(table: Table, row: Row, steps: set[int]) -> Iterator[Problem]:
    step, funnel = row.values["step_number"], row.text("funnel_id")
    is_step, is_exclusion = row.has("step_number"), row.has("exclusion_number")
    if not is_step and not is_exclusion:
        yield table.problem(
            row,
            Words(
                "neither step_number nor exclusion_number is given",
                "step_number 和 exclusion_number 都没填",
            ),
            Words(
                "give a step its number from 1, or an exclusion its own",
                "步骤从 1 编号，排除条件另编号",
            ),
        )
    if is_step and is_exclusion:
        yield table.problem(
            row,
            Words(
                f"step_number {row.text('step_number')} and exclusion_number "
                f"{row.text('exclusion_number')} stand together",
                f"step_number {row.text('step_number')} 与 exclusion_number "
                f"{row.text('exclusion_number')} 写在了一起",
            ),
            Words(
                "leave one of them empty: a step is no exclusion", "两者留空其一：步骤不是排除条件"
            ),
        )
    if is_exclusion:
        yield from _exclusion(table, row, steps)
        if not is_step:
            yield from idle(
                table,
                row,
                ["is_optional", "min_seconds", "max_seconds"],
                Words("on an exclusion", "排除条件"),
            )
        return
    if step is not None and step > 1 and step - 1 not in steps:
        yield table.problem(
            row,
            Words(
                f"step {step} of funnel {funnel} has no step right before it",
                f"漏斗 {funnel} 的第 {step} 步之前缺一步",
            ),
            Words(
                "number the steps of a funnel 1, 2, 3 … without a gap",
                "步骤按 1、2、3……编号，不留空缺",
            ),
        )
    if step == 1 and _has_choice(row):
        yield table.problem(
            row,
            Words(
                "step 1 opens the attempt: it is not optional and has no time before it",
                "第 1 步开启尝试：不能可选，之前也没有时间",
            ),
            Words(
                "leave is_optional, min_seconds and max_seconds of step 1 empty",
                "第 1 步的 is_optional、min_seconds 和 max_seconds 留空",
            ),
        )
    yield from idle(
        table,
        row,
        ["excluded_after_step", "excluded_before_step"],
        Words("on a step", "步骤"),
        Words(
            "give an exclusion_number instead of step_number",
            "改填 exclusion_number 而不是 step_number",
        ),
    )


def _has_choice(row: Row) -> bool:
    # Not before 0 seconds is whenever.
    return bool(row.values["is_optional"] or row.values["min_seconds"]) or row.has("max_seconds")


def _exclusion(table: Table, row: Row, steps: set[int]) -> Iterator[Problem]:
    after, before = row.values["excluded_after_step"], row.values["excluded_before_step"]
    for column, number in (("excluded_after_step", after), ("excluded_before_step", before)):
        if number is not None and number not in steps:
            yield table.problem(
                row,
                Words(
                    f"{column} {number} is no step of the funnel",
                    f"{column} {number} 不是该漏斗的步骤",
                ),
                Words("give the number of one of its steps", "填它的一个步骤号"),
            )
    if not steps:
        return
    after, before = after or min(steps), before or max(steps)
    if before <= after:
        yield table.problem(
            row,
            Words(
                f"the exclusion ends before step {before} and begins only after step {after}",
                f"排除在第 {before} 步之前结束，却在第 {after} 步之后才开始",
            ),
            Words(
                "give an excluded_before_step above excluded_after_step; empty, they are the last "
                "step and the first",
                "让 excluded_before_step 大于 excluded_after_step；留空分别是最后一步和第一步",
            ),
        )


def _step_of(definitions: Definitions, table: Table, row: Row, funnel: Row) -> Iterator[Problem]:
    column = definitions["funnels"].definition.field("window_seconds")
    window = funnel.values["window_seconds"] if funnel.has("window_seconds") else column.default
    name, least = funnel.values["funnel_id"], row.values["min_seconds"]
    if least is not None and window is not None and least > window:
        yield table.problem(
            row,
            Words(
                f"min_seconds {least} is longer than the window of funnel {name}, {window} seconds",
                f"min_seconds {least} 超过漏斗 {name} 的窗口 {window} 秒",
            ),
            Words(
                "give a smaller min_seconds, or a longer window_seconds in funnels.csv",
                "改小 min_seconds，或在 funnels.csv 里加长 window_seconds",
            ),
        )
    if funnel.values["order_mode"] != "any":
        return
    if row.has("exclusion_number"):
        yield from idle(
            table,
            row,
            ["excluded_after_step", "excluded_before_step"],
            Words(
                "in any order: what is excluded voids between the opening and the completion",
                "order_mode 为 any 时（在进入之后、完成之前出现就作废）",
            ),
        )
    elif _has_choice(row):
        yield table.problem(
            row,
            Words(
                "optional steps, min_seconds and max_seconds need an order; "
                f"funnel {name} takes its steps in any",
                f"可选步骤、min_seconds 和 max_seconds 需要顺序；漏斗 {name} 是任意顺序",
            ),
            Words(
                "leave them empty, or give the funnel order_mode ordered",
                "留空，或把漏斗的 order_mode 写成 ordered",
            ),
        )


def _retentions(definitions: Definitions) -> Iterator[Problem]:
    table = definitions["retentions"]
    for row in table.rows:
        yield from _brackets(table, row)
        if row.has("brackets"):
            yield from idle(
                table, row, ["periods"], Words("beside brackets", "有 brackets 时"),
                Words("leave brackets empty", "把 brackets 留空"),
            )  # fmt: skip
        if not row.has("breakdown"):
            yield from idle(
                table, row, ["breakdown_limit"],
                Words("without a breakdown", "没有 breakdown 时"),
                Words("give a breakdown", "填写 breakdown"),
            )  # fmt: skip
        is_rolling = row.values["window_mode"] == "rolling"
        if is_rolling and row.values["cohort_mode"] == "recurring":
            yield table.problem(
                row,
                Words(
                    "cohort_mode recurring gives one cohort a user where periods roll",
                    "window_mode 为 rolling 时，cohort_mode recurring 仍是每人一个同期群",
                ),
                Words(
                    "give window_mode calendar for a cohort in every period",
                    "要每期一个同期群，把 window_mode 写成 calendar",
                ),
                WARNING,
            )
        fine, coarse = row.values["cohort_granularity"], row.values["granularity"] or "day"
        if (
            not is_rolling
            and fine in _GRANULARITIES
            and coarse in _GRANULARITIES
            and _GRANULARITIES.index(fine) < _GRANULARITIES.index(coarse)
        ):
            yield table.problem(
                row,
                Words(
                    f"cohort_granularity {fine} is finer than granularity {coarse}",
                    f"cohort_granularity {fine} 比 granularity {coarse} 更细",
                ),
                Words(
                    f"leave it empty, or give a coarser one: users of a {fine} all have the "
                    f"{coarse} that it is in as period 0",
                    f"留空，或写更粗的粒度：同一个 {fine} 的用户，第 0 期都是它所在的 {coarse}",
                ),
                WARNING,
            )


def _brackets(table: Table, row: Row) -> Iterator[Problem]:
    if not row.has("brackets"):
        return
    before: tuple[str, int] | None = None
    for part, first, last in cells.ranges(row.text("brackets")):
        if first is None or last is None or not 1 <= first <= last <= MOST_PERIODS:
            large = first is not None and last is not None and max(first, last) > MOST_PERIODS
            yield table.problem(
                row,
                Words(
                    f"bracket {part} is too large: at most {MOST_PERIODS:,} periods are taken"
                    if large
                    else f"bracket {part or '(empty)'} is none",
                    f"区间 {part} 太大：最多 {MOST_PERIODS:,} 期"
                    if large
                    else f"{part or '（空）'} 不是区间",
                ),
                Words(
                    f"give the first and the last period, from 1 to {MOST_PERIODS:,}: 1-3;4-7;8 (a "
                    "spreadsheet may have made a date of it: format the cell as text)",
                    f"写首期和末期，从 1 到 {MOST_PERIODS:,}：1-3;4-7;8"
                    "（电子表格可能把它变成了日期：单元格设为文本）",
                ),
            )
            before = None
            continue
        if before is not None and first <= before[1]:
            yield table.problem(
                row,
                Words(f"bracket {part} overlaps {before[0]}", f"区间 {part} 与 {before[0]} 重叠"),
                Words(
                    "begin each bracket after the end of the one before",
                    "每个区间在前一个结束之后开始",
                ),
            )
        before = (part, last)


def _paths(definitions: Definitions) -> Iterator[Problem]:
    table = definitions["paths"]
    plan = definitions.column("event_names", "event_name")
    for row in table.rows:
        has_anchor = row.has("anchor_event", "anchor_item")
        direction, is_user = row.values["direction"], row.values["scope"] == "user"
        if direction == "both" and not has_anchor:
            yield table.problem(
                row,
                Words(
                    "direction both has nothing to stand around", "direction both 没有可围绕的锚点"
                ),
                Words(
                    f"{_GIVE_ANCHOR.en}, or direction after or before",
                    f"{_GIVE_ANCHOR.zh}，或把 direction 写成 after 或 before",
                ),
            )
        if direction == "before" and is_user and not has_anchor:
            yield table.problem(
                row,
                Words(
                    "scope user has no end that a path could lead up to",
                    "scope user 没有路径可通向的终点",
                ),
                Words(
                    f"{_GIVE_ANCHOR.en}, or scope session",
                    f"{_GIVE_ANCHOR.zh}，或把 scope 写成 session",
                ),
            )
        if row.values["repeats"] == "last" and is_user:
            yield table.problem(
                row,
                Words(
                    "the last of a run is never sure in scope user",
                    "scope user 时一串里的最后一个永远不确定",
                ),
                Words(
                    "give repeats first, or scope session",
                    "把 repeats 写成 first，或 scope 写成 session",
                ),
            )
        if is_user:
            yield from idle(
                table, row, ["session_gap_seconds"], Words("in scope user", "scope 为 user 时"),
                Words("give scope session", "把 scope 写成 session"),
            )  # fmt: skip
        elif not row.has("session_gap_seconds"):
            names = {
                name
                for column in ("item_event", "anchor_event")
                for name in cells.alternatives(row.values[column] or "")
            }
            for name in sorted(names & plan.keys()):
                if plan[name].values["is_activity"] is False:
                    yield table.problem(
                        row,
                        Words(
                            f"event {name} is no activity and stands in no session",
                            f"事件 {name} 不算活跃，不在任何会话里",
                        ),
                        Words(
                            "give scope user, or session_gap_seconds for sessions of these events",
                            "把 scope 写成 user，或填 session_gap_seconds 让这些事件自成会话",
                        ),
                    )
        if not has_anchor:
            yield from idle(table, row, ["occurrences"], _WITHOUT_ANCHOR, _GIVE_ANCHOR)


def _sides(definitions: Definitions) -> dict[tuple[str, str], set[str]]:
    """The sides of each definition, by its kind and id."""
    found: dict[tuple[str, str], set[str]] = {("activity", ANY_ACTIVITY): {"activity"}}
    for row in definitions.rows("activities"):
        found[("activity", row.values["activity_id"])] = {"activity"}
    for funnel in definitions.column("funnels", "funnel_id"):
        found[("funnel", funnel)] = set()
    for row in definitions.rows("funnel_steps"):
        sides = found.setdefault(("funnel", row.values["funnel_id"]), set())
        if row.values["exclusion_number"] is not None:
            sides.add(f"exclusion_{row.values['exclusion_number']}")
        elif row.values["step_number"] is not None:
            sides.add(str(row.values["step_number"]))
    for row in definitions.rows("retentions"):
        found[("retention", row.values["retention_id"])] = {"cohort", "return"}
    for path, row in definitions.column("paths", "path_id").items():
        found[("path", path)] = {"item", "anchor"} if row.has("anchor_event") else {"item"}
    for conversion in definitions.column("conversions", "conversion_id"):
        found[("conversion", conversion)] = {"conversion"}
    for measure, row in definitions.column("campaign_measures", "measure_id").items():
        is_ratio = row.values["kind"] == "ratio"
        found[("measure", measure)] = {"numerator", "denominator"} if is_ratio else {"numerator"}
    for survival, row in definitions.column("survivals", "survival_id").items():
        subject = row.values["subject"]
        is_started = row.has("start_event") or subject in ("user", "streak")
        found[("survival", survival)] = {
            *(["start"] if is_started else []), *(["end"] if subject != "streak" else [])
        }  # fmt: skip
    for feature in definitions.column("features", "feature_id"):
        found[("feature", feature)] = {"use", "eligible"}
    for tag in definitions.column("profile_tags", "tag_id"):
        found[("profile_tag", tag)] = {"tag"}
    for kpi, row in definitions.column("kpis", "kpi_id").items():
        if row.values["kind"] in OF_EVENTS:
            found[("kpi", kpi)] = {"event"}
    for audience in definitions.column("audiences", "audience_id"):
        found[("audience", audience)] = {"member"}
    return found


_DEFINED_IN = {
    "activity": ("activities",),
    "funnel": ("funnels", "funnel_steps"),
    "retention": ("retentions",),
    "path": ("paths",),
    "conversion": ("conversions",),
    "measure": ("campaign_measures",),
    "survival": ("survivals",),
    "feature": ("features",),
    "profile_tag": ("profile_tags",),
    "kpi": ("kpis",),
    "audience": ("audiences",),
}
_SIDES = {
    "funnel": Words(
        "give a step number, exclusion_<n>, or nothing for all",
        "填步骤号、exclusion_<n>，或留空表示全部",
    ),
    "retention": Words(
        "give cohort, return, or nothing for both", "填 cohort、return，或留空表示两侧"
    ),
    "path": Words(
        "give item, anchor (of an anchor_event), or nothing for both",
        "填 item、anchor（有 anchor_event 时），或留空表示两侧",
    ),
    "activity": Words("give activity, or nothing", "填 activity，或留空"),
    "conversion": Words("leave it empty", "留空"),
    "measure": Words(
        "give numerator, denominator (of a ratio), or nothing for both",
        "填 numerator、denominator（kind 为 ratio 时），或留空表示两侧",
    ),
    "survival": Words(
        "give start (where something starts it), end (but of a streak), or nothing for both",
        "填 start（有开始事件时）、end（连续没有），或留空表示两侧",
    ),
    "kpi": Words("leave it empty", "留空"),
    "feature": Words("give use, eligible, or nothing for both", "填 use、eligible，或留空表示两侧"),
    "profile_tag": Words("leave it empty", "留空"),
    "audience": Words("leave it empty", "留空"),
}

_OF_USERS = {
    "profile_tag": Words(
        "a tag is of users, and this asks events", "标签属于用户，这个条件问的却是事件"
    ),
    "audience": Words(
        "an audience is of users, and this asks events", "人群由用户组成，这个条件问的却是事件"
    ),
}


def _filters(definitions: Definitions) -> Iterator[Problem]:
    table, sides = definitions["filters"], _sides(definitions)
    for row in table.rows:
        yield from _operator(table, row)
        if row.values["property"] is not None:
            yield from property_hint(definitions, table, row, "property", row.values["property"])
        kind, name, side = (row.values[c] for c in ("definition", "definition_id", "side"))
        if kind in _OF_USERS and row.values["scope"] != "user":
            yield table.problem(
                row, _OF_USERS[kind], Words("give scope user", "把 scope 写成 user")
            )
        if not all(definitions[each].is_readable for each in _DEFINED_IN.get(kind, ())):
            continue
        if kind in _SIDES and name is not None and (kind, name) not in sides:
            ids = [each for of, each in sides if of == kind and each]
            yield table.problem(
                row,
                Words(f"{kind} {name} is unknown", f"没有 {kind} {name}"),
                meant(
                    name,
                    ids,
                    Words("give the id of one that its file defines", "填它的文件里定义过的编号"),
                ),
            )
        elif (kind, name) == ("activity", ANY_ACTIVITY):
            yield table.problem(
                row,
                Words("activity any has a condition", "活跃 any 有条件"),
                Words(
                    "any stands for all activity: give the condition to an activity of its own in "
                    "activities.csv, with an empty event_name",
                    "any 代表任意活跃：请在 activities.csv 里另加一行活跃（event_name 留空），"
                    "把条件写给它",
                ),
            )
        elif kind in _SIDES and side is not None and side not in sides.get((kind, name), {side}):
            yield table.problem(
                row,
                Words(
                    f"side {row.text('side')} is none of {kind} {name}",
                    f"{kind} {name} 没有 {row.text('side')} 这一侧",
                ),
                meant(side, sides[(kind, name)], _SIDES[kind]),
            )


def _operator(table: Table, row: Row) -> Iterator[Problem]:
    operator, value = row.values["operator"], row.values["value"]
    asks_presence = operator in ("is_set", "is_not_set")
    if asks_presence:
        yield from idle(table, row, ["value"], Words(f"on {operator}", f"条件 {operator} "))
        return
    if operator not in table.definition.field("operator").enum:
        return
    if value is None:
        yield table.problem(
            row,
            Words(f"operator {operator} has no value", f"条件 {operator} 没有值"),
            Words(
                "give a value; for a missing property, ask is_set or is_not_set",
                "填一个值；问有没有该属性用 is_set 或 is_not_set",
            ),
        )
    elif operator == "matches" and not _is_pattern(value):
        yield table.problem(
            row,
            Words(f"value {value} is no regular expression", f"value {value} 不是正则表达式"),
            Words("mend the pattern; contains takes plain text", "改正表达式；contains 用普通文字"),
        )
    elif operator != "matches" and "" in cells.alternatives(value):
        yield table.problem(
            row,
            Words(f"value {value} has an empty alternative", f"value {value} 有一个空的选项"),
            Words(
                r"give a value between the bars; a bar in a value is written \|, and for a missing "
                "property ask is_not_set",
                r"竖线之间写值；值里的竖线写作 \|；问属性缺失用 is_not_set",
            ),
        )
    elif operator != "matches" and "｜" in value:
        yield table.problem(
            row,
            Words(
                f"value {value} has a full-width bar, which is a part of it",
                f"value {value} 里有全角竖线，它算作值的一部分",
            ),
            Words("write | between alternatives", "多个值之间写半角 |"),
            HINT,
        )


def _is_pattern(text: str) -> bool:
    return _asked(f"regexp_matches('', {value(text)}, 'i')") is not None


def _matches(text: str, pattern: str) -> bool:
    """Does a pattern match the whole of a text, case aside?"""
    asked = f"regexp_full_match({value(text)}, '(?s)(?i:' || {value(pattern)} || ')')"
    return _asked(asked) is True


def _asked(expression: str) -> object:
    """The value of an expression of regular expressions; None where one is none."""
    try:
        found = _engine().execute(f"select {expression}").fetchone()
    except duckdb.Error:
        return None
    return found[0] if found else None


@cache
def _engine() -> duckdb.DuckDBPyConnection:
    """Whose regular expressions these are."""
    return duckdb.connect(config={"threads": 1})


def _lifecycle(definitions: Definitions) -> Iterator[Problem]:
    table = definitions["lifecycle_stages"]
    rows = definitions.column("lifecycle_stages", "stage_id")
    for stage in table.definition.field("stage_id").enum:
        if stage not in rows:
            yield table.problem(
                None,
                Words(f"stage {stage} is missing", f"缺少阶段 {stage}"),
                Words("add its row; other cells may stay empty", "加上这一行；其他格可以留空"),
            )
    for stage in _STAGES_WITHOUT_MODE:
        row = rows.get(stage)
        if row is not None and row.values["mode"] == "calibrated":
            yield table.problem(
                row,
                Words(
                    f"mode calibrated says nothing on stage {stage}",
                    f"阶段 {stage} 用不到 mode calibrated",
                ),
                Words(
                    "leave mode empty; only dormancy and churn have calibrated limits",
                    "把 mode 留空；只有休眠期和流失期有校准的界限",
                ),
                WARNING,
            )
    if "maturity" in rows:
        row = rows["maturity"]
        least, of = (
            row.values[column] if row.has(column) else default
            for column, default in zip(
                ("min_active_weeks", "of_weeks"), _LIFECYCLE_DEFAULTS["maturity"], strict=True
            )
        )
        if least is not None and of is not None and least > of:
            yield table.problem(
                row,
                Words(
                    f"maturity asks for {least} of {of} weeks",
                    f"成熟期要求 {of} 周里活跃 {least} 周",
                ),
                Words(
                    "give a min_active_weeks that is not above of_weeks",
                    "让 min_active_weeks 不大于 of_weeks",
                ),
            )
    if "churn" in rows and "dormancy" in rows:
        yield from _silences(table, rows["dormancy"], rows["churn"])


def _silences(table: Table, dormancy: Row, churn: Row) -> Iterator[Problem]:
    days = [
        row.values["silent_over_days"]
        if row.has("silent_over_days")
        else _LIFECYCLE_DEFAULTS[row.values["stage_id"]]
        for row in (dormancy, churn)
    ]
    is_fixed = all((row.values["mode"] or "fixed") != "calibrated" for row in (dormancy, churn))
    if is_fixed and None not in days and days[1] <= days[0]:
        yield table.problem(
            churn,
            Words(
                f"churn after {days[1]} silent days leaves no dormancy after {days[0]}",
                f"沉默 {days[1]} 天即流失，{days[0]} 天之后的休眠期就没有了",
            ),
            Words(
                "give churn a silent_over_days above that of dormancy",
                "让流失期的 silent_over_days 大于休眠期的",
            ),
        )


def _rfm(definitions: Definitions) -> Iterator[Problem]:
    table, scores = definitions["rfm_segments"], range(1, 6)
    cells_there = {
        tuple(row.values[column] for column in table.definition.key)
        for row in table.rows
        if row.values["segment_id"] is not None
    }
    for cell in product(scores, repeat=3):
        if cell not in cells_there:
            named = ", ".join(map(str, cell))
            yield table.problem(
                None,
                Words(f"cell {named} is missing", f"缺少格子 {named}"),
                Words(
                    "add its row: each of the 125 cells belongs to a segment",
                    "加上这一行：125 个格子各属一个客群",
                ),
            )
    if not definitions["rfm_segment_labels"].is_readable:
        return
    labels = definitions.column("rfm_segment_labels", "segment_id")
    for segment, row in definitions.column("rfm_segments", "segment_id").items():
        if segment not in labels:
            yield table.problem(
                row,
                Words(f"segment {segment} has no label", f"客群 {segment} 没有名称"),
                meant(
                    segment,
                    labels.keys(),
                    Words(
                        "add a row with its label_en and label_zh to rfm_segment_labels.csv",
                        "在 rfm_segment_labels.csv 加一行，写上 label_en 和 label_zh",
                    ),
                ),
                WARNING,
            )


# Recency at which nobody is worse, and the values of the others below which nobody is.
_WORST = {"recency": Decimal(364), "frequency": Decimal(1), "monetary": Decimal(0)}


def _cut_points(definitions: Definitions) -> Iterator[Problem]:
    table = definitions["rfm_cut_points"]
    for measure, worst in _WORST.items():
        rows: dict[int, Row] = {}
        for row in table.rows:
            score = row.values["score"]
            if row.values["measure"] == measure and score is not None and 1 <= score <= 5:
                rows.setdefault(score, row)
        yield from _cuts(table, measure, worst, [rows[score] for score in sorted(rows)])


def _cuts(table: Table, measure: str, worst: Decimal, rows: list[Row]) -> Iterator[Problem]:
    """The bound on the worse side decides: days not above, of recency; else not below."""
    sign = -1 if measure == "recency" else 1
    worse_side, better_side = ("at_most", "at_least")[::-sign]

    def bound(row: Row, side: str) -> Decimal | None:
        value = row.values[side]
        return None if value is None else sign * value

    for number, row in enumerate(rows):
        worse = bound(row, worse_side)
        if number == 0 and worse is not None and worse > sign * worst:
            yield table.problem(
                row,
                Words(
                    f"some values of {measure} are worse than the lowest score allows",
                    f"{measure} 有些值比最低分允许的还差",
                ),
                Words("leave that bound of the lowest score empty", "最低分的这个界限留空"),
            )
        if number and worse is None and not row.has(worse_side):
            yield table.problem(
                row,
                Words(
                    f"score {row.text('score')} of {measure} has no bound on its worse side",
                    f"{measure} 的 {row.text('score')} 分在较差一侧没有界限",
                ),
                Words(
                    "give at_most for recency, at_least for frequency and monetary; only the "
                    "lowest score may leave it empty",
                    "recency 填 at_most，frequency 和 monetary 填 at_least；只有最低分可以留空",
                ),
            )
    following = [bound(row, worse_side) for row in rows[1:]]
    for row, next_worse in zip(rows, [*following, None], strict=False):
        worse, better = bound(row, worse_side), bound(row, better_side)
        is_inverted = worse is not None and better is not None and better < worse
        limits = [limit for limit in (worse, better) if limit is not None]
        is_overlapping = next_worse is not None and any(
            next_worse < limit or (next_worse == limit and (limit == worse or measure == "recency"))
            for limit in limits
        )
        if is_inverted or is_overlapping:
            yield table.problem(
                row,
                Words(
                    f"score {row.text('score')} of {measure} overlaps the next one, or stands on "
                    "its wrong side",
                    f"{measure} 的 {row.text('score')} 分与下一档重叠，或写反了",
                ),
                Words("give bounds that get better from score to score", "让界限随分数逐档变好"),
            )


def _stickiness(definitions: Definitions) -> Iterator[Problem]:
    table = definitions["stickiness"]
    for row in table.rows:
        if row.values["period"] in ("week", "28_days", "month"):
            yield from idle(
                table,
                row,
                ["from_at", "to_at"],
                Words(f"on period {row.values['period']}", f"period 为 {row.values['period']} 时"),
                Words("give period range", "把 period 写成 range"),
            )


_TAGS = ("utm_source", "utm_medium", "utm_campaign", "source_category")
_MISSING = "(none)"


def _wider(pattern: str | None) -> set[str | None]:
    """Cells that surely hold wherever this one does."""
    return {pattern, None} if pattern in (None, _MISSING) else {pattern, None, ".*"}


def _channels(definitions: Definitions) -> Iterator[Problem]:
    table = definitions["channels"]
    categories = {
        row.values["source_category"].lower()
        for row in definitions.rows("source_categories")
        if row.values["source_category"] is not None
    }
    numbered = [row for row in table.rows if row.values["rule_number"] is not None]
    before: dict[tuple[str | None, ...], Row] = {}
    first_of: dict[str, Row] = {}
    for row in sorted(numbered, key=lambda row: row.values["rule_number"]):
        asked = tuple(row.values[column] for column in _TAGS)
        for column, pattern in zip(_TAGS, asked, strict=True):
            if pattern is not None and pattern != _MISSING and not _is_pattern(pattern):
                yield table.problem(
                    row,
                    Words(
                        f"{column} {pattern} is no regular expression",
                        f"{column} {pattern} 不是正则表达式",
                    ),
                    Words(
                        "mend the pattern: any text is .*, and a sign that is meant as it stands "
                        "has a backslash before it",
                        "改正表达式：任意文字写 .*，照字面的符号前加反斜杠",
                    ),
                )
        category = row.values["source_category"]
        if (
            category is not None
            and category != _MISSING
            and definitions["source_categories"].is_readable
            and _is_pattern(category)
            and not any(_matches(each, category) for each in categories)
        ):
            yield table.problem(
                row,
                Words(
                    f"no source has the category {category}: the rule never holds",
                    f"没有来源属于类别 {category}：这条规则永远不成立",
                ),
                Words(
                    "add sources of it to source_categories.csv",
                    "在 source_categories.csv 里加上这一类的来源",
                ),
                WARNING,
            )
        earlier = [before[wider] for wider in product(*map(_wider, asked)) if wider in before]
        if earlier:
            covering = min(earlier, key=lambda row: row.values["rule_number"])
            yield table.problem(
                row,
                Words(
                    f"rule {row.text('rule_number')} never holds: rule "
                    f"{covering.text('rule_number')} in line {covering.line} comes before it",
                    f"规则 {row.text('rule_number')} 永远轮不到：第 {covering.line} 行的规则 "
                    f"{covering.text('rule_number')} 在它之前",
                ),
                Words(
                    "give it a smaller rule_number, or take it out",
                    "给它更小的 rule_number，或删掉它",
                ),
                WARNING,
            )
        before.setdefault(asked, row)
        channel = row.values["channel_id"]
        if channel is None:
            continue
        first = first_of.setdefault(channel, row)
        for column in ("is_direct", "is_paid"):
            if bool(row.values[column]) is not bool(first.values[column]):
                yield table.problem(
                    row,
                    Words(
                        f"channel {channel} has another {column} in line {first.line}",
                        f"渠道 {channel} 在第 {first.line} 行的 {column} 不同",
                    ),
                    Words(
                        f"give all rules of {channel} the same {column}",
                        f"让 {channel} 的所有规则 {column} 一致",
                    ),
                )


MODELS = (
    "first", "last", "last_non_direct", "linear", "position", "time_decay", "shapley", "markov",
)  # fmt: skip


def _conversions(definitions: Definitions) -> Iterator[Problem]:
    table = definitions["conversions"]
    for row in table.rows:
        value = row.values["value"]
        if value is not None and value not in ("net_amount", "none"):
            scope, _, name = value.partition(":")
            if scope == "event" and name:
                yield from property_hint(definitions, table, row, "value", name)
            else:
                yield table.problem(
                    row,
                    Words(f"value {value} is unknown", f"没有 value {value}"),
                    meant(
                        value,
                        ("net_amount", "none"),
                        Words(
                            "give net_amount, event:<property> or none",
                            "填 net_amount、event:<属性> 或 none",
                        ),
                    ),
                )
        for model in cells.alternatives(row.values["models"] or ""):
            if row.has("models") and model.lower() not in MODELS:
                yield table.problem(
                    row,
                    Words(f"model {model or '(empty)'} is unknown", f"没有模型 {model or '(空)'}"),
                    meant(
                        model,
                        MODELS,
                        Words(
                            f"give some of {', '.join(MODELS)} with a bar between, or nothing for "
                            "all",
                            f"填 {'、'.join(MODELS)} 中的几个，用竖线分隔，或留空表示全部",
                        ),
                    ),
                )
        if "*" in cells.alternatives(row.values["event_name"] or ""):
            yield table.problem(
                row,
                Words("any activity would be a conversion", "任意活跃都会算作转化"),
                Words("name the events that are", "写明哪些事件算转化"),
            )
        weights = [
            row.values[column] if row.has(column) else table.definition.field(column).default
            for column in ("first_weight", "last_weight")
        ]
        if None in weights:
            continue
        total = sum(Decimal(str(weight)) for weight in weights)
        if total > 1 or total == 0:
            yield table.problem(
                row,
                Words(
                    f"first_weight and last_weight are {total} together",
                    f"first_weight 与 last_weight 合计 {total}",
                ),
                Words(
                    "give shares that are above 0 and at most 1 together",
                    "让两者合计大于 0 且不超过 1",
                ),
            )


def _measures(definitions: Definitions) -> Iterator[Problem]:
    table = definitions["campaign_measures"]
    for row in table.rows:
        for column in ("value", "denominator_value"):
            scope, _, name = (row.values[column] or "").partition(":")
            if scope == "event" and name:
                yield from property_hint(definitions, table, row, column, name)
            elif row.has(column):
                yield table.problem(
                    row,
                    Words(
                        f"{column} {row.text(column)} is unknown",
                        f"没有 {column} {row.text(column)}",
                    ),
                    Words(
                        "give event:<property>, or nothing for the number of events",
                        "填 event:<属性>，或留空表示事件数",
                    ),
                )
        if row.values["kind"] == "proportion":
            yield from idle(
                table, row, ["value"], Words("of a proportion", "kind 为 proportion 时"),
                Words("give kind mean", "把 kind 写成 mean"),
            )  # fmt: skip
        if row.values["kind"] == "ratio":
            yield from idle(
                table, row, ["pre_days"], Words("of a ratio", "kind 为 ratio 时"),
                Words("give kind mean or proportion", "把 kind 写成 mean 或 proportion"),
            )  # fmt: skip
        else:
            yield from idle(
                table, row, ["denominator_event_name", "denominator_value"],
                Words("of no ratio", "kind 不是 ratio 时"),
                Words("give kind ratio", "把 kind 写成 ratio"),
            )  # fmt: skip


def _survivals(definitions: Definitions) -> Iterator[Problem]:
    table = definitions["survivals"]
    for row in table.rows:
        if row.values["subject"] == "streak":
            yield from idle(
                table, row, ["end_event"], Words("of a streak", "subject 为 streak 时"),
                Words("give another subject", "换一个 subject"),
            )  # fmt: skip
        elif not row.has("end_event"):
            yield table.problem(
                row,
                Words("it ends with nothing: end_event is empty", "没有结束：end_event 为空"),
                Words("name the events that end it", "写明以什么事件结束"),
            )
        if not row.has("breakdown"):
            yield from idle(
                table, row, ["breakdown_limit"],
                Words("without a breakdown", "没有 breakdown 时"),
                Words("give a breakdown", "填写 breakdown"),
            )  # fmt: skip


def _features(definitions: Definitions) -> Iterator[Problem]:
    table = definitions["features"]
    plan = definitions.column("event_names", "event_name")
    for row in table.rows:
        names = cells.alternatives(row.values["event_name"] or "")
        if "*" in names:
            yield table.problem(
                row,
                Words("any activity would be a use", "任意活跃都会算作使用"),
                Words("name the events that are", "写明哪些事件算使用"),
            )
        if not row.has("event_name"):
            names = [name for name, of in plan.items() if of.values["role"] == "feature_use"]
        for name in names:
            if name in plan and plan[name].values["is_activity"] is False:
                yield table.problem(
                    row,
                    Words(
                        f"event {name} is no activity, and so no use of a feature",
                        f"事件 {name} 不算活跃，也就不算使用功能",
                    ),
                    Words(
                        "give is_activity true in event_names.csv, or name another event",
                        "在 event_names.csv 里把 is_activity 写成 true，或填别的事件",
                    ),
                    WARNING,
                )


def _profile_tags(definitions: Definitions) -> Iterator[Problem]:
    table = definitions["profile_tags"]
    if not definitions["filters"].is_readable:
        return
    asked = {
        row.values["definition_id"]
        for row in definitions.rows("filters")
        if row.values["definition"] == "profile_tag"
    }
    for row in table.rows:
        if row.has("tag_id") and row.values["tag_id"] not in asked:
            yield table.problem(
                row,
                Words(
                    f"nobody has tag {row.text('tag_id')}: it has no conditions",
                    f"没有人带标签 {row.text('tag_id')}：它没有条件",
                ),
                Words(
                    "add its conditions to filters.csv, with definition profile_tag",
                    "在 filters.csv 里加上它的条件，definition 写 profile_tag",
                ),
            )
        if "|" in (row.values["tag_id"] or ""):
            yield table.problem(
                row,
                Words(
                    f"tag_id {row.text('tag_id')} has a bar, which stands between tags",
                    f"tag_id {row.text('tag_id')} 里有竖线，竖线用来分隔标签",
                ),
                Words("take the bar out", "去掉竖线"),
            )


SCHEDULES = ("day", "week", "month")
_FOLDER_NAME = re.compile(r"(?![. ])[^/\\\x00-\x1f\x7f]{1,80}(?<![. ])")


def _audiences(definitions: Definitions) -> Iterator[Problem]:
    table = definitions["audiences"]
    salts: dict[str, tuple[str, Row]] = {}
    folders: dict[str, Row] = {}
    asked = {
        row.values["definition_id"]
        for row in definitions.rows("filters")
        if row.values["definition"] == "audience"
    }
    for row in table.rows:
        name = row.values["audience_id"]
        if definitions["filters"].is_readable and row.has("audience_id") and name not in asked:
            yield table.problem(
                row,
                Words(
                    f"audience {name} has no conditions: everybody is on it",
                    f"人群 {name} 没有条件：所有人都在名单上",
                ),
                Words(
                    "add its conditions to filters.csv, with definition audience",
                    "在 filters.csv 里加上它的条件，definition 写 audience",
                ),
                WARNING,
            )
        if name is not None and not _FOLDER_NAME.fullmatch(name):
            yield table.problem(
                row,
                Words(
                    f"audience_id {name} is no name of a folder",
                    f"audience_id {name} 不能作文件夹名",
                ),
                Words(
                    "give at most 80 characters without / and \\, and no point or blank at either "
                    "end",
                    "不超过 80 个字符，不含 / 和 \\，首尾没有点或空格",
                ),
            )
        elif name is not None:
            first = folders.setdefault(name.casefold(), row)
            if first.values["audience_id"] != name:
                yield table.problem(
                    row,
                    Words(
                        f"audience_id {name} differs from that of line {first.line} in case alone",
                        f"audience_id {name} 与第 {first.line} 行的只有大小写不同",
                    ),
                    Words(
                        "give another one: some systems take both for one folder",
                        "换一个：有的系统会把两者当作同一个文件夹",
                    ),
                )
        yield from _schedule(table, row)
        yield from _holdout(table, row)
        campaign, salt = row.values["campaign_id"], row.values["holdout_salt"] or name
        if campaign is not None and salt is not None:
            other, first = salts.setdefault(campaign, (salt, row))
            if other != salt:
                yield table.problem(
                    row,
                    Words(
                        f"campaign {campaign} holds out others in line {first.line}: who is in "
                        "both groups counts in neither",
                        f"活动 {campaign} 在第 {first.line} 行对照的是另一批人：两组都在的人"
                        "两边都不计",
                    ),
                    Words(
                        f"give both the same holdout_salt, {other}",
                        f"让两者的 holdout_salt 相同，写 {other}",
                    ),
                    WARNING,
                )


def _schedule(table: Table, row: Row) -> Iterator[Problem]:
    if row.values["schedule"] is None:
        return
    parts = cells.alternatives(row.values["schedule"])
    if len(parts) == 1 and parts[0] in SCHEDULES:
        return
    for part in parts:
        if cells.instant(part) is None:
            yield table.problem(
                row,
                Words(
                    f"schedule {part or '(empty)'} cannot be read",
                    f"schedule {part or '（空）'} 读不懂",
                ),
                meant(
                    part,
                    SCHEDULES,
                    Words(
                        "give day, week or month, or instants like 2024-05-31T18:00:00Z with a "
                        "bar between",
                        "填 day、week 或 month，或用竖线分隔的时刻，如 2024-05-31T18:00:00Z",
                    ),
                ),
            )


def _holdout(table: Table, row: Row) -> Iterator[Problem]:
    rate = row.values["holdout_rate"]
    if rate == 1:
        yield table.problem(
            row,
            Words(
                "holdout_rate 1 holds everybody out: nobody is exported",
                "holdout_rate 为 1 会留下所有人：谁也不导出",
            ),
            Words("give a share below 1", "填小于 1 的比例"),
            WARNING,
        )
    elif rate == 0 and row.has("campaign_id"):
        yield table.problem(
            row,
            Words(
                "holdout_rate 0 leaves nobody to compare with: what the list did stays unknown",
                "holdout_rate 为 0 没有可比的人：名单的效果无从知道",
            ),
            Words("give a share above 0, such as 0.1", "填大于 0 的比例，例如 0.1"),
            WARNING,
        )


_PARAMETERS = {
    "transaction_parameters": ("r", "alpha", "a", "b"),
    "spend_parameters": ("p", "q", "v"),
}

# Beyond these no customers are, and what is worked out of them is no number any more.
_LEAST_PARAMETER, _MOST_PARAMETER = 1e-9, 1e9


def _value_models(definitions: Definitions) -> Iterator[Problem]:
    table = definitions["value_models"]
    for row in table.rows:
        for column, names in _PARAMETERS.items():
            if row.has(column) and not _gives(row.values[column], names):
                said = "|".join(f"{name}=…" for name in names)
                yield table.problem(
                    row,
                    Words(
                        f"{column} {row.text(column)} does not give {', '.join(names)} once each, "
                        f"as numbers from {_LEAST_PARAMETER:g} to {_MOST_PARAMETER:g}",
                        f"{column} {row.text(column)} 没有给 {'、'.join(names)} 各一个 "
                        f"{_LEAST_PARAMETER:g} 到 {_MOST_PARAMETER:g} 之间的数",
                    ),
                    Words(
                        f"write {said}, or leave it empty to fit them",
                        f"写成 {said}，或留空由数据拟合",
                    ),
                )


def _gives(text: str, names: tuple[str, ...]) -> bool:
    """Does a text give each of these numbers once?"""
    parts = [part.partition("=") for part in text.replace(" ", "").lower().split("|")]
    try:
        numbers = [float(number) for _, _, number in parts]
    except ValueError:
        return False
    is_each_once = sorted(name for name, _, _ in parts) == sorted(names)
    return is_each_once and all(_LEAST_PARAMETER <= number <= _MOST_PARAMETER for number in numbers)


_RULES: tuple[Callable[[Definitions], Iterator[Problem]], ...] = (
    _activities, _funnels, _funnel_steps, _retentions, _paths, _filters, _lifecycle, _rfm,
    _cut_points, _stickiness, _channels, _conversions, _measures,
    _survivals,
    _features,
    _profile_tags,
    kpi_problems,
    _audiences,
    _value_models,
)  # fmt: skip
