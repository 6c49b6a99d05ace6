"""Ids that tell rows apart badly: told with file, rows and mend, and built as they stand."""

from expectations.rules import QueryRule, Severity, Suite

SUITE = Suite(
    schema="marts",
    table="mart_id_warnings",
    keys=("feed", "source_file", "column_name", "doubt"),
    rules=(
        QueryRule(
            name="ids_tell_rows_apart",
            sentence="Ids repeat with other content, are placeholders, or are spelled in "
            "several ways",
            query="select problem_en, problem_zh, mend_en, mend_zh from {table}",
            # The sentence names file and rows, so that `make build` tells it in words.
            keys=("problem_en",),
            severity=Severity.WARNING,
        ),
    ),
)
