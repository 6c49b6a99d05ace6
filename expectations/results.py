"""What came of the suites: plain frozen results, without Great Expectations.

Its own store of validation results holds them, a JSON file of each suite's last run. `failures`
reads what such a file says, and what Great Expectations answers, which has the same keys.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from textwrap import indent
from typing import Any

# Columns whose values name a person. Data Docs leave them out.
PERSONAL_COLUMNS = frozenset({"user_id", "anonymous_id"})

KEPT = "not again: nothing that it reads is new, and it had passed"
SHOWN_ROWS = 20
SHOWN_CHARACTERS = 200


class Severity(StrEnum):
    """What a broken rule does to the build: stop it, or be told."""

    BLOCKING = "blocking"
    WARNING = "warning"


class Status(StrEnum):
    """Of a suite: its blocking rules hold, one does not, or it could not be evaluated."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"


@dataclass(frozen=True)
class Failure:
    """One rule that does not hold: what is wrong, in how many rows, which, where to look.

    `failing_rows` are some of them, by key, at most `SHOWN_ROWS`, each a tuple of (column, value
    as text; null is None); the first `key_count` columns are the key. `sentence_zh` is None
    where nobody has written it.
    """

    rule: str
    sentence: str
    sentence_zh: str | None
    severity: Severity
    failing_row_count: int
    failing_rows: tuple[tuple[tuple[str, str | None], ...], ...]
    key_count: int
    sql: str

    @property
    def failing_keys(self) -> tuple[dict[str, str | None], ...]:
        """The keys of the failing rows that are shown."""
        return tuple(dict(row[: self.key_count]) for row in self.failing_rows)

    @property
    def text(self) -> str:
        """One line: the sentence, how many rows, the first keys."""
        first = "; ".join(
            ", ".join(f"{column}={value}" for column, value in key.items())
            for key in self.failing_keys[:3]
        )
        rows = "1 row" if self.failing_row_count == 1 else f"{self.failing_row_count:,} rows"
        more = ", …" if self.failing_row_count > 3 else ""
        return f"{self.sentence}: {rows} ({first}{more})"


@dataclass(frozen=True)
class SuiteResult:
    """Result of one suite.

    `row_count` is of the table, None when it could not be read. `evaluated` are the names of
    the rules that were evaluated. `errors` say in words why the suite, or a rule of it, could
    not be. `page` is the suite's page, relative to the Data Docs' folder. What is kept was not
    evaluated again: it had passed, and nothing that it hangs on is new.
    """

    suite: str
    status: Status
    row_count: int | None
    evaluated: tuple[str, ...]
    failures: tuple[Failure, ...]
    errors: tuple[str, ...]
    page: str
    seconds: float
    is_kept: bool = False

    @property
    def blocking_failures(self) -> tuple[Failure, ...]:
        """Failures that stop the build."""
        return tuple(f for f in self.failures if f.severity is Severity.BLOCKING)

    @property
    def warnings(self) -> tuple[Failure, ...]:
        """Failures that a person should know of."""
        return tuple(f for f in self.failures if f.severity is Severity.WARNING)

    @property
    def note(self) -> str | None:
        """What a reader of a green result should know beside it."""
        if self.status is not Status.ERROR and self.row_count == 0:
            return "The table is empty: there was nothing to judge."
        return None

    @property
    def text(self) -> str:
        """A few lines a person can read: what is wrong, how many rows, where to look."""
        lines = [f"error: {error}" for error in self.errors]
        # Indented: code, where it is read as Markdown.
        lines += [f"{f.severity}: {f.text}\n\n{indent(f.sql, '    ')}\n" for f in self.failures]
        if not lines:
            rows = "" if self.row_count is None else f" over {self.row_count:,} rows"
            lines = [f"{len(self.evaluated)} expectations hold{rows}."]
        if self.is_kept:
            lines.append(f"{KEPT[0].upper()}{KEPT[1:]}.")
        return "\n".join([*lines, *([self.note] if self.note else [])])


def page_of(suite_name: str) -> str:
    """The page of a suite's last result, whenever that was, relative to the Data Docs' folder."""
    return f"suites/{suite_name}.html"


def read_failures(store: Path) -> dict[str, tuple[Failure, ...]]:
    """By suite, what does not hold as of its last run; empty where there is no store."""
    documents = [json.loads(path.read_bytes()) for path in sorted(store.rglob("*.json"))]
    return {document["suite_name"]: failures(document, ()) for document in documents}


def failures(document: Mapping[str, Any], keys: tuple[str, ...]) -> tuple[Failure, ...]:
    """The rules of a validation result that were evaluated, and do not hold."""
    return tuple(
        _failure(result, keys, document["suite_name"])
        for result in document["results"]
        if not result["success"] and raised(result) is None
    )


def rule_of(config: Mapping[str, Any]) -> str:
    """A rule's name: its own, else what it expects of which columns."""
    named = (config.get("meta") or {}).get("rule")
    return str(named) if named else " ".join((config["type"], *_columns(config)))


def sentence_of(config: Mapping[str, Any]) -> str:
    """What is wrong when a rule does not hold, in its own notes, else in its name."""
    notes = config.get("notes") or config.get("description")
    if not notes:
        return rule_of(config).replace("_", " ").removesuffix(" ") + " does not hold"
    return notes if isinstance(notes, str) else " ".join(notes)


def severity_of(config: Mapping[str, Any]) -> Severity:
    """What is critical stops the build, as it is where nothing is said."""
    is_critical = (config.get("severity") or "critical") == "critical"
    return Severity.BLOCKING if is_critical else Severity.WARNING


def raised(result: Mapping[str, Any]) -> str | None:
    """What was raised: flat when an expectation raised, else by the metric that did."""
    info = result.get("exception_info") or {}
    for each in (info, *(value for value in info.values() if isinstance(value, Mapping))):
        if each.get("raised_exception"):
            return str(each.get("exception_message"))
    return None


def rows_of(result: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The failing rows that a result knows, keys first: of a column, of a query, of a table."""
    found = result["result"]
    details = found.get("details") or {}
    listed = found.get("partial_unexpected_index_list") or details.get("unexpected_rows")
    if listed:
        yield from listed
        return
    missing = (details.get("mismatched") or {}).get("missing")
    if missing:
        yield from ({"column_name": column} for column in missing)
    elif found.get("observed_value") is not None:
        yield {"observed_value": found["observed_value"]}


def text_of(value: object) -> str | None:
    """The value as results show it: text, cut where nobody reads on. The SQL gives it whole."""
    if value is None:
        return None
    text = str(value)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[: SHOWN_CHARACTERS - 1]}…"


def _failure(result: Mapping[str, Any], keys: tuple[str, ...], table: str) -> Failure:
    config = result["expectation_config"]
    meta = config.get("meta") or {}
    rows = list(rows_of(result))
    columns = list(rows[0]) if rows else []
    own = [key for key in meta.get("keys") or keys if key in columns] or columns
    ordered = dict.fromkeys((*own, *columns))
    shown = sorted(
        (tuple((name, text_of(row[name])) for name in ordered) for row in rows),
        key=lambda row: [(value is not None, value or "") for _, value in row],
    )
    found = result["result"]
    is_counted = "unexpected_rows" in (found.get("details") or {})
    count = found["observed_value"] if is_counted else found.get("unexpected_count")
    query = config["kwargs"].get("unexpected_rows_query")
    return Failure(
        rule=rule_of(config),
        sentence=sentence_of(config),
        sentence_zh=meta.get("zh"),
        severity=severity_of(config),
        failing_row_count=len(rows) if count is None else count,
        failing_rows=tuple(shown[:SHOWN_ROWS]),
        key_count=len(own),
        sql=query.format(batch=table)
        if query
        else (found.get("unexpected_index_query") or f"select * from {table}").strip("; \n"),
    )


def _columns(config: Mapping[str, Any]) -> Iterator[str]:
    for name in ("column", "column_A", "column_B", "column_list"):
        value = config["kwargs"].get(name)
        if value:
            yield value if isinstance(value, str) else " ".join(value)
