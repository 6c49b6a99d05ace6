"""Certificates of erasures: nothing that is still there, and no person by name."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import not_negative

SUITE = gx.ExpectationSuite(
    name="marts.mart_erasure_certificates",
    meta={"keys": ["person_hash", "object", "removed_at"]},
    expectations=[
        *not_negative("removed_count"),
        # SQL: Great Expectations matches patterns in databases that it knows, DuckDB is none.
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select person_hash, object, removed_at
from {batch}
where not regexp_full_match(person_hash, '[0-9a-f]{{64}}')""",
            severity="critical",
            notes="What stands for the person is no keyed hash",
            meta={"rule": "names_nobody", "zh": "代表个人的值不是带密钥的哈希"},
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="is_removed",
            value_set=[True],
            severity="warning",
            notes="Something of an erased person is left, and has to be removed by hand",
            meta={"rule": "nothing_is_left", "zh": "被删除的人还有数据留下，需要手工删除"},
        ),
    ],
)
