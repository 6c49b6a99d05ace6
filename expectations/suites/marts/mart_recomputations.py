"""What the last build computed anew: whole causes, of people that there are."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import not_negative

SUITE = gx.ExpectationSuite(
    name="marts.mart_recomputations",
    meta={"keys": ["reason", "definition", "definition_id"]},
    expectations=[
        *not_negative("user_count"),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select reason, definition, definition_id, reason_en
from {batch}
where (reason like '%_definition') <> (definition is not null)
    or (definition is null) <> (definition_id is null)""",
            severity="critical",
            notes="A reason is one of definitions and names none, or the other way round",
            meta={
                "rule": "definitions_are_named",
                "zh": "原因说的是定义，却没有写明是哪个定义，或者相反",
            },
        ),
    ],
)
