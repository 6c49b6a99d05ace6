"""Attribution: every model gives away the same conversions, beside the same costs."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import not_negative

SUITE = gx.ExpectationSuite(
    name="marts.mart_attribution",
    meta={"keys": ["conversion_id", "model_id", "grain", "period_start_date", "channel_id"]},
    expectations=[
        *not_negative("credited_count"),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    conversion_id, grain, period_start_date,
    min(credited_count) as credited_count, max(credited_count) as credited_count_of_others
from (
    select
        conversion_id, model_id, grain, period_start_date,
        sum(credited_count) as credited_count, sum(credited_amount) as credited_amount
    from {batch}
    where grain in ('all', 'month')
    group by conversion_id, model_id, grain, period_start_date
) as models
group by conversion_id, grain, period_start_date
having max(credited_count) - min(credited_count) > 0.000001 * (1 + max(abs(credited_count)))
    or max(credited_amount) - min(credited_amount) > 0.000001 * (1 + max(abs(credited_amount)))""",
            severity="critical",
            notes="Models of one period do not credit the same conversions and value",
            meta={
                "rule": "models_give_away_the_same",
                "zh": "同一时期各模型归出的转化数或价值不一致",
                "keys": ["conversion_id", "grain", "period_start_date"],
            },
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    conversion_id, grain, period_start_date,
    min(cost_amount) as cost_amount, max(cost_amount) as cost_amount_of_others
from (
    select
        conversion_id, model_id, grain, period_start_date, sum(cost_amount) as cost_amount
    from {batch}
    group by conversion_id, model_id, grain, period_start_date
) as models
group by conversion_id, grain, period_start_date
having max(cost_amount) <> min(cost_amount)""",
            severity="critical",
            notes="Models of one period do not stand beside the same costs",
            meta={
                "rule": "models_cost_the_same",
                "zh": "同一时期各模型旁边的花费不一致",
                "keys": ["conversion_id", "grain", "period_start_date"],
            },
        ),
    ],
)
