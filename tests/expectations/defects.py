"""For every rule of every suite, SQL that puts into the clean warehouse what it must catch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expectations.results import rule_of
from tests.expectations import tables

if TYPE_CHECKING:
    import great_expectations as gx

_SPOILED_FEEDS = {
    "has_its_columns": "alter table raw.{feed} drop column properties",
    "mostly_readable": "update raw.{feed} set malformed_payload = 'x' where row_number % 3 > 0",
}


def rounds(suite: gx.ExpectationSuite) -> list[dict[str, str]]:
    """The defects of a suite by rule, those together that do not touch one another.

    Raises `LookupError` that names the rules without a defect.
    """
    configs = [expectation.configuration.to_json_dict() for expectation in suite.expectations]
    found = {rule_of(config): _defect(suite.name, config) for config in configs}
    missing = sorted(rule for rule, sql in found.items() if sql is None)
    if missing:
        raise LookupError(
            f"{suite.name}: no defect of {', '.join(missing)} in tests/expectations/"
            f"{suite.name.replace('.', '/')}.sql"
        )
    assert len(found) == len(configs), "a name stands twice"
    # Each spoils a column of its own.
    together = {rule: sql for rule, sql in found.items() if rule.endswith(_ALIKE)}
    return [
        *([together] if together else []),
        *({rule: sql} for rule, sql in found.items() if rule not in together),
    ]


_ALIKE = ("_not_negative", "_between_0_and_1")


def _defect(suite_name: str, config: dict[str, Any]) -> str | None:
    """SQL for a rule: its own, else what every rule like it must catch."""
    rule, kwargs = rule_of(config), config["kwargs"]
    _, table = suite_name.split(".")
    own = tables.defects(suite_name)
    if rule in own:
        return own[rule]
    if rule == "not_empty":
        return f"delete from {suite_name}"
    if rule in _SPOILED_FEEDS and suite_name.startswith("raw."):
        return _SPOILED_FEEDS[rule].format(feed=table)
    if rule.endswith("_mostly_filled"):
        column = rule.removesuffix("_mostly_filled")
        return f"update {suite_name} set {column} = null where row_number % 3 > 0"
    if rule.endswith("_not_negative"):
        return f"update {suite_name} set {kwargs['column']} = -1"
    if rule.endswith("_between_0_and_1"):
        return f"update {suite_name} set {kwargs['column']} = 1.5"
    if rule.endswith("_of_recent_builds"):
        column = kwargs.get("column")
        return (
            f"update {suite_name} set {column} = 3 * {column}"
            if column
            else f"delete from {suite_name} where rowid % 3 > 0"
        )
    if rule == "within_horizon":
        return f"update {suite_name} set {kwargs['column']} = '2999-01-01'"
    if ("_within_" in rule and "column_B" in kwargs) or "_up_to_" in rule:
        return f"update {suite_name} set {kwargs['column_B']} = {kwargs['column_A']} + 1"
    return None
