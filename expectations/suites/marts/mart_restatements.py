"""Ripe figures that moved: a list that can be read, of values that are others indeed."""

import great_expectations as gx
import great_expectations.expectations as gxe

SUITE = gx.ExpectationSuite(
    name="marts.mart_restatements",
    meta={"keys": ["build_id", "table_name", "row_key", "column_name"]},
    expectations=[
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    build_id, table_name, row_key, column_name, old_value, new_value
from {batch}
where not is_gone and old_value is not distinct from new_value""",
            severity="critical",
            notes="A value that is listed as changed is the same as before",
            meta={"rule": "values_differ", "zh": "列为有变化的值与之前相同"},
        ),
        # A change of definitions restates what it is about; more is a defect, or a decision
        # that people should hear of.
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    build_id, count(*) as value_count, min(reason_en) as reason_en
from {batch}
group by build_id
having count(*) > 100000""",
            severity="warning",
            notes="One build changed over 100,000 values of ripe rows",
            meta={
                "rule": "no_flood",
                "zh": "一次构建改变了 100,000 个以上的成熟数字",
                "keys": ["build_id"],
            },
        ),
    ],
)
