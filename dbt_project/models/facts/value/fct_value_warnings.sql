with

models as (

    select
        models.*,
        spans.holdout_days,
        spans.calibration_to_date as calibrated_to_date,
        'value model ' || models.model_id as named,
        '价值模型 ' || models.model_id as named_zh
    from {{ ref('dim_value_models') }} as models
    inner join {{ ref('dim_value_spans') }} as spans on models.model_id = spans.model_id

),

counts as (

    select
        model_id,
        count(*) as customer_count,
        count(case when frequency > 0 then 1 end) as repeat_customer_count,
        count(case when frequency > 0 and mean_repeat_amount > 0 then 1 end) as spender_count
    from {{ ref('fct_value_customers') }}
    group by model_id

),

told as (

    select
        models.*,
        coalesce(counts.customer_count, 0) as customer_count,
        coalesce(counts.repeat_customer_count, 0) as repeat_customer_count,
        coalesce(counts.spender_count, 0) as spender_count,
        fits.r,
        fits.p,
        fits.q
    from models
    inner join {{ ref('step_value_fits') }} as fits on models.model_id = fits.model_id
    left join counts on models.model_id = counts.model_id

),

{# A loop, because each doubt is told in the same way: what, what to do, of which models. #}
{%- set text = dbt.type_string() %}
{%- set doubts = [
    (
        "named || ' has ' || cast(customer_count as " ~ text ~ ") || ' customers, '"
        ~ " || cast(repeat_customer_count as " ~ text ~ ")"
        ~ " || ' of them with a repeat: too few to fit, its figures are empty'",
        "named_zh || ' 只有 ' || cast(customer_count as " ~ text ~ ") || ' 个客户，其中 '"
        ~ " || cast(repeat_customer_count as " ~ text ~ ")"
        ~ " || ' 个有复购：太少，无法拟合，数字为空'",
        'wait for 100 customers and 30 repeats, or give transaction_parameters',
        '等到有 100 个客户和 30 个复购客户，或填写 transaction_parameters',
        'r is null',
    ),
    (
        "named || ' has no Gamma-Gamma: of repeat customers who spend, there are fewer than 30"
        ~ " or all spend alike; amounts are empty'",
        "named_zh || ' 没有 Gamma-Gamma：有花费的复购客户不足 30 个，或花费都一样；金额为空'",
        'wait for more customers, or give spend_parameters',
        '等客户更多，或填写 spend_parameters',
        'p is null and r is not null',
    ),
    (
        "named || ' has q at most 1: spending has no mean, and the value of customers without"
        ~ " a repeat is empty'",
        "named_zh || ' 的 q 不超过 1：花费没有均值，没有复购的客户价值为空'",
        'give spend_parameters with q above 1',
        '填写 q 大于 1 的 spend_parameters',
        'q <= 1',
    ),
    (
        "named || ' is to be calibrated to ' || cast(calibration_to_date as " ~ text ~ ")"
        ~ " || ', after the data; it is to ' || cast(calibrated_to_date as " ~ text ~ ")",
        "named_zh || ' 要用到 ' || cast(calibration_to_date as " ~ text ~ ")"
        ~ " || ' 为止的购买，但数据没到那天；用到了 ' || cast(calibrated_to_date as " ~ text ~ ")",
        'give an earlier calibration_to_date, or wait for the data',
        '填更早的 calibration_to_date，或等数据到来',
        'calibration_to_date > calibrated_to_date',
    ),
    (
        "named || ' has no hold-out: it ends with the calibration, on '"
        ~ " || cast(calibrated_to_date as " ~ text ~ ")",
        "named_zh || ' 没有检验期：检验和建模都到 ' || cast(calibrated_to_date as " ~ text ~ ") || ' 为止'",
        'give a calibration_to_date before the last whole day of the data, and a later holdout_to_date',
        '让 calibration_to_date 早于数据的最后一个整天，holdout_to_date 更晚',
        'holdout_days = 0 and (calibration_to_date is not null or holdout_to_date is not null)',
    ),
] %}
warnings as (

    {% for problem, problem_zh, mend, mend_zh, condition in doubts -%}
    select
        {{ problem }} as problem,
        {{ problem_zh }} as problem_zh,
        '{{ mend }}' as mend,
        '{{ mend_zh }}' as mend_zh,
        row_number
    from told
    where {{ condition }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    'value_models.csv' as file,
    problem,
    problem_zh,
    mend,
    mend_zh,
    row_number
from warnings
