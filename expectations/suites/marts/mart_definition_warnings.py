"""Doubts about definitions: told with the build, so that a funnel without anybody explains itself.

They are the definitions' own warnings, which stop nothing.
"""

from expectations.rules import RowRule, Suite

SUITE = Suite(
    schema="marts",
    table="mart_definition_warnings",
    keys=("file", "row_number", "problem"),
    rules=(
        RowRule(
            name="says_what_to_do",
            sentence="A doubt has no words for what is doubtful, or for the mend",
            where="trim(problem) = '' or trim(mend) = ''"
            " or trim(problem_zh) = '' or trim(mend_zh) = ''",
            show=("problem", "mend"),
        ),
    ),
)
