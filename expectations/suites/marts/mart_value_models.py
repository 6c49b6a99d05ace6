"""Value models: parameters that can be, and a hold-out that is near what was expected of it."""

import great_expectations as gx
import great_expectations.expectations as gxe

SUITE = gx.ExpectationSuite(
    name="marts.mart_value_models",
    meta={"keys": ["model_id", "figure_id"]},
    expectations=[
        # The query of rows that GX gives for a rule of its own leaves a `row_condition` out.
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select model_id, figure_id, value
from {batch}
where figure_id in ('r', 'alpha', 'a', 'b', 'p', 'q', 'v') and value <= 0""",
            severity="critical",
            notes="A parameter is not above 0",
            meta={"rule": "parameters_are_above_0", "zh": "有参数不大于 0"},
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    model_id, 'holdout_purchases' as figure_id,
    max(case when figure_id = 'holdout_purchases' then value end) as holdout_purchases,
    max(case when figure_id = 'holdout_expected' then value end) as holdout_expected
from {batch}
group by model_id
having holdout_expected >= 100
    and holdout_purchases not between holdout_expected / 2 and holdout_expected * 2""",
            severity="warning",
            notes="In the hold-out was bought under half, or over double, of what was expected",
            meta={
                "rule": "holdout_is_near",
                "zh": "检验期内的购买不到预计的一半，或超过两倍",
            },
        ),
    ],
)
