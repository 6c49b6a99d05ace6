"""Doubts about definitions: told with the build, so that a funnel without anybody explains itself.

They are the definitions' own warnings, which stop nothing.
"""

import great_expectations as gx
import great_expectations.expectations as gxe

SUITE = gx.ExpectationSuite(
    name="marts.mart_definition_warnings",
    meta={"keys": ["file", "row_number", "problem"]},
    expectations=[
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select file, row_number, problem, mend
from {batch}
where trim(problem) = '' or trim(mend) = '' or trim(problem_zh) = '' or trim(mend_zh) = ''""",
            severity="critical",
            notes="A doubt has no words for what is doubtful, or for the mend",
            meta={"rule": "says_what_to_do", "zh": "有存疑的定义没有说明疑点，或没有修复办法"},
        ),
    ],
)
