"""Members of lists: nobody is sent to who is held out, and who changed is told."""

import great_expectations as gx
import great_expectations.expectations as gxe

SUITE = gx.ExpectationSuite(
    name="marts.mart_audience_members",
    meta={"keys": ["audience_id", "export_at", "user_id"]},
    expectations=[
        gxe.ExpectColumnValuesToBeBetween(
            column="bucket",
            min_value=0,
            max_value=1,
            strict_max=True,
            severity="critical",
            notes="A bucket is no share",
            meta={"rule": "bucket_is_a_share", "zh": "分桶值不在 0 到 1 之间"},
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select audience_id, export_at, user_id, status, change
from {batch}
where
    (status = 'exported') <> coalesce(change in ('added', 'kept'), false)
    or (status = 'removed' and change is distinct from 'removed')""",
            severity="critical",
            notes="Who is on a list was neither added nor kept, or the other way round",
            meta={
                "rule": "who_is_on_a_list_was_added_or_kept",
                "zh": "名单上的人既非新增也非保留，或反之",
            },
        ),
    ],
)
