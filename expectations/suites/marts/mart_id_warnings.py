"""Ids that tell rows apart badly: told with file, rows and mend, and built as they stand."""

import great_expectations as gx
import great_expectations.expectations as gxe

SUITE = gx.ExpectationSuite(
    name="marts.mart_id_warnings",
    meta={"keys": ["feed", "source_file", "column_name", "doubt"]},
    expectations=[
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="select problem_en, problem_zh, mend_en, mend_zh from {batch}",
            severity="warning",
            notes="Ids repeat with other content, are placeholders, or are spelled in several ways",
            meta={
                "rule": "ids_tell_rows_apart",
                "zh": "有 id 与别的内容重复、是占位符，或有多种写法",
                "keys": ["problem_en"],
            },
        ),
    ],
)
