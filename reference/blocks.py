"""What each block says: tables in Markdown, made of the code that the facts are in.

Both languages are the code's own: the Chinese of a thing stands beside its English, a setting's in
`project.py`, a column's in the YAML of its model, a command's in the Makefile.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from dashboards.board import Text
from dashboards.boards import BOARDS
from expectations.suites import suite_files
from orchestration.ingest.definitions.schema import DEFINITIONS
from orchestration.ingest.exports import EXPORTS
from orchestration.ingest.feeds import FEEDS
from orchestration.project import DBT_PROJECT_DIR, MEANINGS, ROOT, UNSET, Settings
from orchestration.transform.dbt_runs import exposed_nodes, in_chinese, load_manifest

Node = Mapping[str, Any]
_ALL_STEPS = ", ".join(f"`step_{number}_at`" for number in range(1, 13))
_STEPS = "`step_1_at` … `step_12_at`"
Write = Callable[[str], str]

_BOARD, _COLUMN = Text("board", "看板"), Text("column", "列")
_COMMAND, _DEFAULT = Text("command", "命令"), Text("default", "默认值")
_GRAIN, _MEANING = Text("one row per", "粒度"), Text("meaning", "含义")
_METRIC, _NAME = Text("metric", "指标"), Text("name", "名称")
_TABLE, _TYPE = Text("table", "表"), Text("type", "类型")


def _said(words: Text, language: str) -> str:
    return str(getattr(words, language))


def _table(language: str, header: Sequence[Text], rows: Iterable[Sequence[str]]) -> str:
    lines = [
        f"| {' | '.join(_said(name, language) for name in header)} |",
        "|---" * len(header) + "|",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]
    return "\n".join(lines)


def settings(language: str) -> str:
    """Every environment variable, its default, and what it means."""
    defaults = Settings.from_environment({})
    rows = []
    for one in dataclasses.fields(Settings):
        value = getattr(defaults, one.name)
        if isinstance(value, Path):
            value = value.relative_to(ROOT).as_posix()
        default = f"`{value}`" if value else _said(Text("none", "无"), language)
        if one.name in UNSET:
            default = _said(Text(*UNSET[one.name]), language)
        meaning = _said(Text(*MEANINGS[one.name]), language)
        if not one.repr:
            meaning += _said(Text(" (a secret)", "（机密）"), language)
        rows.append((f"`YUNYING_{one.name.upper()}`", default, meaning))
    return _table(language, (_NAME, _DEFAULT, _MEANING), rows)


def variables(language: str) -> str:
    """dbt's vars, with the comments that stand above each, in English and Chinese."""
    text = (DBT_PROJECT_DIR / "dbt_project.yml").read_text(encoding="utf-8")
    block = re.split(r"^vars:\n", text, flags=re.MULTILINE)[1].split("\n\n")[0]
    rows = [
        (f"`{name}`", f"`{value}`", _said(Text(en, zh), language))
        for en, zh, name, value in re.findall(r"  # (.+)\n  # (.+)\n  (\w+): (.+)", block)
    ]
    return _table(language, (_NAME, _DEFAULT, _MEANING), rows)


def commands(language: str) -> str:
    """The targets of the Makefile that say what they do."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    rows = [
        (f"`make {name}`", _said(Text(en, zh), language))
        for name, en, zh in re.findall(r"^([a-z-]+):.*? ## (.+) ## (.+)$", text, re.MULTILINE)
    ]
    return _table(language, (_COMMAND, Text("what it does", "作用")), rows)


def feeds(language: str) -> str:
    """Every feed with its columns."""
    sections = []
    for feed in FEEDS:
        rows = [
            (f"`{column.name}`", column.type, _said(Text(column.description, column.zh), language))
            for column in feed.columns
        ]
        rest = Text("everything else", "其余的一切")
        rows.append(("`properties`", "JSON object", _said(rest, language)))
        table = _table(language, (_COLUMN, _TYPE, Text("note", "说明")), rows)
        said = _said(Text(feed.description, feed.zh), language)
        sections.append(f"### `{feed.name}`\n{said}\n\n{table}")
    return "\n\n".join(sections)


def exports(language: str) -> str:
    """The logs of known tools, and what each carries."""
    header = (
        Text("log", "日志"),
        Text("folder", "文件夹"),
        Text("identity", "身份"),
        Text("sessions", "会话"),
        Text("money", "金额"),
        Text("campaigns", "活动与来源"),
        Text("content", "内容"),
    )
    rows = [
        [_said(Text(*words), language) for words in (export.tool, (f"`{export.feed.name}`",) * 2)]
        + [_said(Text(*words), language) for words in export.carries]
        for export in EXPORTS
    ]
    return _table(language, header, rows)


def definitions(language: str) -> str:
    """Every definition file with its columns, as its schema says."""
    sections = []
    for definition in DEFINITIONS:
        rows = []
        for column in definition.fields:
            meaning = getattr(column.description, language)
            if column.minimum is not None and column.maximum is not None:
                least, most = f"{column.minimum:,f}", f"{column.maximum:,f}"
                meaning += f"; {least} to {most}" if language == "en" else f"；{least} 到 {most}"
            default = getattr(column.otherwise, language) if column.otherwise else ""
            if column.is_required:
                default = _said(Text("required", "必填"), language)
            rows.append((f"`{column.name}`", meaning, default))
        table = _table(language, (_COLUMN, _MEANING, _DEFAULT), rows)
        said = getattr(definition.description, language)
        sections.append(f"### `{definition.file}`\n{said}\n\n{table}")
    return "\n\n".join(sections)


def boards(language: str) -> str:
    """The boards with the question that each one answers."""
    rows = [(getattr(board.title, language), getattr(board.question, language)) for board in BOARDS]
    return _table(language, (_BOARD, Text("its question", "回答的问题")), rows)


def areas(language: str) -> str:
    """The boards with the marts that answer their questions."""
    rows = [
        (
            getattr(board.title, language),
            getattr(board.question, language),
            ", ".join(
                f"`{table.removeprefix('marts.')}`"
                for table in board.marts
                if table.startswith("marts.")
            ),
        )
        for board in BOARDS
    ]
    header = (_BOARD, Text("its question", "回答的问题"), Text("marts", "报表"))
    return _table(language, header, rows)


def metrics(language: str) -> str:
    """What MetricFlow can be asked, with the periods that it can be asked by."""
    rows = []
    any_period = _said(Text("any period", "任何周期"), language)
    metrics = load_manifest()["metrics"].values()
    for metric in sorted(metrics, key=lambda one: (one["original_file_path"], one["name"])):
        label = metric["label"] if language == "en" else metric["config"]["meta"]["label_zh"]
        period = metric["time_granularity"]
        asked_by = f"`metric_time__{period}`" if period else any_period
        rows.append((f"`{metric['name']}`", label, asked_by))
    return _table(language, (_METRIC, Text("what it is", "含义"), Text("ask by", "按什么问")), rows)


def checks(language: str) -> str:
    """How many checks there are, of both kinds."""
    tests = [n for n in load_manifest()["nodes"].values() if n["resource_type"] == "test"]
    single = [test for test in tests if not test.get("test_metadata")]
    rules = sum(len(file.load().expectations) for file in suite_files())
    sentence = Text(
        "{tests} dbt tests ({single} of them queries over several tables), and {rules} rules in "
        "{suites} suites.",
        "{tests} 项 dbt 测试（其中 {single} 项是跨表的查询），{suites} 套检查共 {rules} 条规则。",
    )
    return _said(sentence, language).format(
        tests=len(tests), single=len(single), rules=rules, suites=len(suite_files())
    )


def _full_name(node: Node) -> str:
    return f"{node['schema']}.{node['alias']}"


def _published() -> list[Node]:
    """Marts first, as the pages of a build list them."""
    nodes = exposed_nodes(load_manifest())
    return sorted(
        nodes, key=lambda node: (node["schema"] != "marts", node["schema"], node["alias"])
    )


def _facts() -> list[Node]:
    """Tables and views of facts; what is only a part of a query is none."""
    nodes = load_manifest()["nodes"].values()
    found = [
        node
        for node in nodes
        if node["resource_type"] == "model"
        and node["schema"] == "facts"
        and node["config"]["materialized"] != "ephemeral"
    ]
    return sorted(found, key=lambda node: node["alias"])


def _words(described: Node, language: str) -> str:
    """What a table or a column means."""
    if language == "zh":
        return in_chinese(described)
    return " ".join(described["description"].split())


def _grain(node: Node, language: str) -> tuple[str, str]:
    """The first sentence of a table's description, without its `One row per`; and the others."""
    words = _words(node, language)
    end = r"。" if language == "zh" else r"\.(?:\s+(?=[A-Z])|$)"
    first, *rest = re.split(end, words, maxsplit=1)
    return _cell(first.removeprefix("One row per ")), "".join(rest).strip()


def tables(language: str) -> str:
    """The grain of every published table; each links to its columns below."""
    rows = [
        (
            f"[`{_full_name(node)}`](#{_full_name(node).replace('.', '')})",
            _grain(node, language)[0],
        )
        for node in _published()
    ]
    return _table(language, (_TABLE, _GRAIN), rows)


def facts(language: str) -> str:
    """The grain of every table of facts, and the names of its columns."""
    rows = [
        (
            f"`{_full_name(node)}`",
            _grain(node, language)[0],
            ", ".join(f"`{name}`" for name in node["columns"]).replace(_ALL_STEPS, _STEPS),
        )
        for node in _facts()
    ]
    return _table(language, (_TABLE, _GRAIN, Text("columns", "列")), rows)


def columns(language: str) -> str:
    """Every column of every published table, with what else its description says."""
    sections = []
    for node in _published():
        rest = _grain(node, language)[1]
        rows = [
            (f"`{name}`", column["data_type"] or "", _cell(_words(column, language)))
            for name, column in node["columns"].items()
        ]
        table = _table(language, (_COLUMN, _TYPE, _MEANING), rows)
        heading = f"### `{_full_name(node)}`"
        sections.append("\n\n".join(part for part in (heading, rest, table) if part))
    return "\n\n".join(sections)


# What `make bench` calls its rows, in Chinese.
_ROWS = {
    "all others": "其余全部",
    "a value model of 1,000,000 customers": "一百万客户的价值模型",
    "attribution": "归因",
    "business: feeds": "虚构的公司：生成数据",
    "business: rebuild": "虚构的公司：重建",
    "channels and campaigns, business: one new day": "渠道与活动：新的一天",
    "channels and campaigns, business: rebuild": "渠道与活动：重建",
    "content, product and users, business: one new day": "内容、产品与用户：新的一天",
    "content, product and users, business: rebuild": "内容、产品与用户：重建",
    "content, product and users, of events without roles": "内容、产品与用户：没有角色的事件",
    "platform, strategy, value and audiences, business: one new day": (
        "平台、战略、价值与人群：新的一天"
    ),
    "platform, strategy, value and audiences, business: rebuild": "平台、战略、价值与人群：重建",
    "value": "价值模型",
    "50 funnels": "50 个漏斗",
    "RFM": "RFM",
    "funnel: checkout": "漏斗：结账",
    "funnel: search": "漏斗：搜索",
    "funnel: shop": "漏斗：购物",
    "funnel: shop, the search alone": "漏斗：购物，只算搜索",
    "a changed definition": "改一个定义",
    "a day of 19 rows": "只有 19 行的一天",
    "definitions, import": "Dagster 定义的导入",
    "growth accounting": "增长核算",
    "ingest and staging": "导入与 staging",
    "lifecycle": "生命周期",
    "one funnel": "一个漏斗",
    "one new day, less start-up": "新的一天，扣除启动开销",
    "one sorted write": "一次排序写入",
    "retention: any activity, every day": "留存：任意活跃，每天",
    "retention: any activity, first day": "留存：任意活跃，首日",
    "retention: first day, user-days made too": "留存：首日，含生成活跃日",
    "retention: viewed, then ordered": "留存：先浏览，后下单",
    "sessions": "会话",
    "sessions, all events written with theirs": "会话，全部事件连同会话写出",
    "the rebuild": "重建",
    "whole line, rebuild": "整条线，重建",
    "whole line: one new day": "整条线：新的一天",
    "whole line: one sorted write": "整条线：一次排序写入",
    "whole line: rebuild": "整条线：重建",
}


def performance(language: str) -> str:
    """What `make bench` measured last, and of what misses its target, where its time goes."""
    results = json.loads((ROOT / "benchmarks" / "results.json").read_text(encoding="utf-8"))
    duels, costs = results["duels"], results["costs"]

    def row(name: str) -> str:
        return _ROWS.get(name, name) if language == "zh" else name

    def count(events: int) -> str:
        said = Text("{0:g} million", "{1:g} 万")
        return _said(said, language).format(events / 1e6, events / 1e4)

    def of_run(result: Mapping[str, Any]) -> tuple[str, str]:
        return count(result["events"]), f"{result['commit']}, {result['machine']}"

    def of_fewer(duel: Mapping[str, Any]) -> str:
        fewer = duel["fewer"]
        return "" if fewer is None else f"{_digits(fewer['ratio'])} ({count(fewer['events'])})"

    against = [
        (
            row(duel["name"]),
            row(duel["peer"]),
            _digits(duel["our_cpu"]),
            _digits(duel["their_cpu"]),
            _missed(_digits(duel["ratio"]), duel["is_met"]),
            _digits(duel["asked"]),
            of_fewer(duel),
            *of_run(duel),
        )
        for duel in duels
    ]
    missed = [
        (
            row(duel["name"]),
            row(duel["peer"]),
            _digits(duel["floor"]),
            _digits(duel["fixed_cpu"]),
            ", ".join(f"`{name}` {share:.0%}" for name, share in duel["models"].items()),
        )
        for duel in duels
        if duel["is_met"] is False
    ]
    steps = [
        (
            "<br>".join(
                [
                    row(cost["name"]),
                    *(f"`{table}` {count:,}" for table, count in cost.get("rows", {}).items()),
                ]
            ),
            f"**{_digits(cost['seconds'])}**"
            if cost["is_met"] is False
            else _digits(cost["seconds"]),
            _digits(cost["asked"]),
            _missed(
                _digits(cost["cpu_seconds"]),
                None
                if cost["asked_cpu"] is None
                else (cost["cpu_seconds"] or 0) <= cost["asked_cpu"],
            ),
            _digits(cost["asked_cpu"]),
            "" if cost["peak_mb"] is None else f"{cost['peak_mb']:.0f}",
            *of_run(cost),
        )
        for cost in costs
    ]
    run = (Text("events", "事件"), Text("commit and machine", "提交与机器"))
    ours, theirs = Text("ours, CPU s", "本项目，CPU 秒"), Text("theirs", "对方")
    rows, peer = Text("row", "项目"), Text("against", "对比")
    tables = (
        (
            (
                rows,
                peer,
                ours,
                theirs,
                Text("ratio", "比值"),
                Text("asked", "目标"),
                Text("ratio of fewer", "事件较少时"),
                *run,
            ),
            against,
        ),
        (
            (
                Text("missed", "未达标"),
                peer,
                Text("ratio of its floor", "下限的比值"),
                Text("CPU s over 1,000 events", "一千事件的 CPU 秒"),
                Text("where its time goes", "时间花在哪里"),
            ),
            missed,
        ),
        (
            (
                Text("step", "步骤"),
                Text("seconds", "秒"),
                Text("asked", "目标"),
                Text("CPU s", "CPU 秒"),
                Text("asked", "目标"),
                Text("peak MB", "内存峰值 MB"),
                *run,
            ),
            steps,
        ),
    )
    return "\n\n".join(_table(language, header, found) for header, found in tables if found)


def _missed(text: str, is_met: bool | None) -> str:
    return f"**{text}**" if is_met is False else text


def _digits(number: float | None) -> str:
    if number is None:
        return ""
    return f"{number:,.0f}" if number >= 1000 else f"{number:.3g}"


def _cell(text: str) -> str:
    """A bar would end the cell."""
    return text.replace("|", r"\|")


BLOCKS: Mapping[str, Write] = {
    "areas": areas,
    "boards": boards,
    "checks": checks,
    "columns": columns,
    "commands": commands,
    "definitions": definitions,
    "exports": exports,
    "facts": facts,
    "feeds": feeds,
    "metrics": metrics,
    "performance": performance,
    "settings": settings,
    "tables": tables,
    "vars": variables,
}
