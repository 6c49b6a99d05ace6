"""Ripe figures that moved: a list that can be read, of values that are others indeed."""

from expectations.rules import QueryRule, RowRule, Severity, Suite

SUITE = Suite(
    schema="marts",
    table="mart_restatements",
    keys=("build_id", "table_name", "row_key", "column_name"),
    rules=(
        RowRule(
            name="values_differ",
            sentence="A value that is listed as changed is the same as before",
            where="not is_gone and old_value is not distinct from new_value",
            show=("old_value", "new_value"),
        ),
        QueryRule(
            # A change of definitions restates what it is about; more is a defect, or a decision
            # that people should hear of.
            name="no_flood",
            sentence="One build changed over 100,000 values of ripe rows",
            query="""select build_id, count(*) as value_count, min(reason_en) as reason_en
from {table}
group by build_id
having count(*) > 100000""",
            keys=("build_id",),
            severity=Severity.WARNING,
        ),
    ),
)
