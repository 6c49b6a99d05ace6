"""What came of the suites: plain frozen results, without Great Expectations."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from textwrap import indent

from expectations.rules import Severity

# Columns whose values name a person. Published Data Docs leave them out.
PERSONAL_COLUMNS = frozenset({"user_id", "anonymous_id"})


class Status(StrEnum):
    """Of a suite: its blocking rules hold, one does not, or it could not be evaluated."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"


@dataclass(frozen=True)
class Failure:
    """One rule that does not hold: what is wrong, in how many rows, which, where to look.

    `failing_rows` are the first of them by key, at most `validate.SHOWN_ROWS`, each a tuple of
    (column, value as text; null is None); the first `key_count` columns are the key.
    """

    rule: str
    sentence: str
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
    not be. `page` is the suite's page, relative to the Data Docs' folder.
    """

    suite: str
    schema: str
    table: str
    status: Status
    row_count: int | None
    evaluated: tuple[str, ...]
    failures: tuple[Failure, ...]
    errors: tuple[str, ...]
    page: str
    seconds: float

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
        return "\n".join([*lines, *([self.note] if self.note else [])])
