"""What are customers worth, how well is it foreseen, and who is about to be lost?"""

from __future__ import annotations

from dashboards.board import BLUE, GREEN, ORANGE, Board, Chart, Choice, Series, Text
from dashboards.boards.shared import FEW, STAGE_COLUMNS, STAGES, USERS, answer
from dashboards.rules import glossary_link
from dashboards.specs import columns, lines, rows

_VALUES = "marts.mart_user_values"
_MODELS = "marts.mart_value_models"
_PROFILES = "marts.mart_user_profiles"
_CUSTOMERS = Text("Customers", "客户数")
_VALUE = Text("Expected value ({currency})", "预计价值（{currency}）")
_NO_MODEL = Text(
    "No value model is defined (seeds/value_models.csv), or it has too few customers.",
    "没有定义价值模型（seeds/value_models.csv），或客户太少。",
)
_NO_USERS = Text("Nobody was active yet.", "还没有活跃用户。")
_FORESEEN = Series(
    "kind_id",
    "kind",
    labels={"expected": Text("Expected", "预计"), "bought": Text("Bought", "实际")},
    colours=(BLUE, ORANGE),
)

_WORTH = f"""
    with judged as (
        select model_id,
            max(value) filter (figure_id = 'holdout_purchases') as bought,
            max(value) filter (figure_id = 'holdout_expected') as expected
        from {_MODELS} group by model_id
    ),

    worth as (
        select model_id, count(*) as customer_count, sum(expected_purchase_count) as to_come,
            sum(expected_value_amount) as expected_value,
            sum(expected_value_amount) filter (tenth = 1) / sum(expected_value_amount)
                as top_share
        from (
            select *, ntile(10) over (
                partition by model_id order by expected_value_amount desc nulls last, user_id
            ) as tenth
            from {_VALUES}
        ) as tenths
        group by model_id
    )

    select model_id,
        case when to_come is null then 'Too few customers to tell.'
            else format('In {{:,}} days after the calibration, {{:,}} customers are expected to '
                || 'buy on {{:,}} days', horizon_days, customer_count, cast(to_come as bigint))
            || coalesce(format(', for {{:,}}; the best tenth of them brings {{:.0f}}%.',
                cast(expected_value as bigint), 100 * top_share), '.')
            || case when expected < {FEW} or expected is null
                then ' The hold-out is too short to judge that by.'
                else format(' In the hold-out they bought on {{:,}} days where {{:,}} were '
                    || 'expected, {{:.1f}}% {{}}.',
                    cast(bought as bigint), cast(expected as bigint),
                    100 * abs(bought / expected - 1),
                    case when bought < expected then 'fewer' else 'more' end) end
        end as answer_en,
        case when to_come is null then '客户太少，不能确定。'
            else format('建模截止后 {{:,}} 天内，预计 {{:,}} 位客户有 {{:,}} 天购买',
                horizon_days, customer_count, cast(to_come as bigint))
            || coalesce(format('，金额 {{:,}}；其中最高的十分之一占 {{:.0f}}%。',
                cast(expected_value as bigint), 100 * top_share), '。')
            || case when expected < {FEW} or expected is null then '检验期太短，无法评判。'
                else format('检验期内实际购买 {{:,}} 天，预计 {{:,}} 天，{{}} {{:.1f}}%。',
                    cast(bought as bigint), cast(expected as bigint),
                    case when bought < expected then '少' else '多' end,
                    100 * abs(bought / expected - 1)) end
        end as answer_zh
    from worth
    inner join judged using (model_id)
    inner join seeds.dim_value_models as models using (model_id)
"""
_LOST = f"""
    with judged as (
        select count(*) as user_count,
            sum(churn_risk_rate) as lost_count,
            count(*) filter (order_count > 0) as customer_count,
            sum(churn_risk_rate) filter (order_count > 0) as lost_customer_count
        from {_PROFILES}
        where churn_risk_rate is not null and stage_id <> 'churn'
    )

    select
        case when user_count < {FEW} then 'Too few users to tell.'
            else format('Of {{:,}} users not churned, {{:,}} are expected to go ({{:.1f}}%)',
                user_count, cast(lost_count as bigint), 100 * lost_count / user_count)
            || case when customer_count < {FEW} then '.' else format(
                '; of customers among them {{:.1f}}%.', 100 * lost_customer_count / customer_count)
            end end as answer_en,
        case when user_count < {FEW} then '人数太少，不能确定。'
            else format('{{:,}} 位尚未流失的用户中，预计流失 {{:,}} 位（{{:.1f}}%）',
                user_count, cast(lost_count as bigint), 100 * lost_count / user_count)
            || case when customer_count < {FEW} then '。' else format(
                '；其中下过单的为 {{:.1f}}%。', 100 * lost_customer_count / customer_count)
            end end as answer_zh
    from judged
    where user_count > 0
"""

BOARD = Board(
    name="value",
    title=Text("Customer value", "客户价值预测"),
    question=Text(
        "What are customers worth, how well is it foreseen, and who is about to be lost?",
        "客户值多少，预测得准不准，谁快要流失？",
    ),
    filters=(
        Choice(
            "model_id",
            Text("Value model", "价值模型"),
            "select model_id as value, coalesce(label_en, model_id) as label_en, label_zh"
            " from seeds.dim_value_models order by row_number",
        ),
    ),
    items=(
        answer(
            "worth",
            Text("What are they worth?", "他们值多少？"),
            _WORTH,
            (_VALUES, _MODELS),
            _NO_MODEL,
            is_wide=True,
        ),
        answer(
            "lost",
            Text("Who is about to be lost?", "谁快要流失？"),
            _LOST,
            (_PROFILES,),
            _NO_USERS,
            is_wide=True,
        ),
        Chart(
            "segments",
            Text("Value by segment", "各客群的价值"),
            Text(
                "What customers of each RFM segment of the last snapshot are expected to spend in "
                "the days that the model foresees.",
                "最近一次快照的各 RFM 客群，在预测期内预计花费的金额。",
            ),
            (_VALUES, "marts.mart_rfm_scores"),
            f"""
            with segments as (
                select user_id, segment_id, segment_label_en, segment_label_zh
                from marts.mart_rfm_scores
                where snapshot_date = (select max(snapshot_date) from marts.mart_rfm_scores)
                    and user_id is not null
            ),

            worth as (
                select model_id, segment_id,
                    coalesce(max(segment_label_en), '(none)') as segment_en,
                    coalesce(max(segment_label_zh), '（无）') as segment_zh,
                    count(*) as customer_count, avg(p_alive) as p_alive,
                    sum(expected_value_amount) as expected_value,
                    avg(expected_value_amount) as value_each
                from {_VALUES} left join segments using (user_id)
                group by model_id, segment_id
            )

            select *,
                row_number() over (
                    partition by model_id order by expected_value desc, segment_id
                ) as place
            from worth
            where expected_value is not null
            order by model_id, place
            """,
            rows(
                "segment",
                "expected_value",
                _VALUE,
                [("segment", Text("Segment", "客群"), None), ("expected_value", _VALUE, ",.2f"),
                 ("value_each", Text("Per customer ({currency})", "客均（{currency}）"), ",.2f"),
                 ("p_alive", Text("Still there, on average", "平均仍在的概率"), ".1%"),
                 ("customer_count", _CUSTOMERS, ",d")],
                order="place",
                text="format(datum.expected_value, ',.0f')",
                beneath=Text("format(datum.value_each, ',.2f') + ' per customer'",
                             "'客均 ' + format(datum.value_each, ',.2f')"),
                colour=GREEN,
            ),
            empty=_NO_MODEL,
        ),
        Chart(
            "calibration",
            Text("Expected and bought, by tenths", "预计与实际，按十分位"),
            Text(
                "Customers by what was expected of them in the hold-out, ten equal parts; days "
                "with a purchase of each, on average. Where the lines lie together, the model "
                "is right.",
                "按检验期内预计的购买把客户分为十等份；每份人均有购买的天数。两条线重合，模型就准。",
            ),
            (_VALUES,),
            f"""
            with tenths as (
                select model_id, holdout_expected_count, holdout_purchase_count,
                    ntile(10) over (
                        partition by model_id
                        order by holdout_expected_count, age_units, user_id
                    ) as tenth
                from {_VALUES}
                where holdout_expected_count > 0
            ),

            means as (
                select model_id, tenth, count(*) as customer_count,
                    avg(holdout_expected_count) as expected,
                    avg(holdout_purchase_count) as bought
                from tenths group by model_id, tenth
            )

            select model_id, tenth, customer_count, kind_id, purchases
            from (
                unpivot means on expected, bought into name kind_id value purchases
            ) as foreseen
            order by model_id, kind_id desc, tenth
            """,
            lines(
                "tenth",
                "purchases",
                Text("Purchases a customer", "人均购买"),
                [("tenth", Text("Tenth", "十分位"), None),
                 ("kind", Text("It is", "口径"), None),
                 ("purchases", Text("Purchases a customer", "人均购买"), ",.3f"),
                 ("customer_count", _CUSTOMERS, ",d")],
                series=_FORESEEN,
                number=",.1f",
                is_date=False,
                x_label=Text("Tenth, fewest expected first", "十分位，预计最少的在前"),
            ),
            series=_FORESEEN,
            empty=Text(
                "There is no hold-out yet: the data end with the calibration.",
                "还没有检验期：数据到建模截止为止。",
            ),
        ),
        Chart(
            "risk",
            Text("Risk of churn", "流失风险"),
            Text(
                "Users who are not churned by how likely their silence outlasts the limit, in "
                "tenths, and by stage.",
                "尚未流失的用户，按这次沉默超过流失界限的可能性（每 10% 一档）和所处阶段。",
            ),
            (_PROFILES,),
            f"""
            select
                cast(10 * least(9, floor(10 * churn_risk_rate)) as integer) as risk_order,
                case when risk_order < 90 then risk_order || '–' || risk_order + 10 || '%'
                    else '90%+' end as risk,
                {STAGE_COLUMNS},
                {glossary_link("seeds.dim_lifecycle_stages", "stages.stage_id")} as glossary,
                count(*) as user_count,
                coalesce(sum(expected_value_amount), 0) as expected_value
            from {_PROFILES} as profiles
            inner join seeds.dim_lifecycle_stages as stages using (stage_id)
            where churn_risk_rate is not null and stage_id <> 'churn'
            group by all
            order by risk_order, stage_number
            """,
            columns(
                "risk",
                "user_count",
                USERS,
                [("risk", Text("Risk", "风险"), None), ("stage", Text("Stage", "阶段"), None),
                 ("user_count", USERS, ",d"), ("expected_value", _VALUE, ",.2f")],
                series=STAGES,
                x_label=Text("Risk of churn", "流失风险"),
                x_order="risk_order",
            ),
            series=STAGES,
            empty=_NO_USERS,
        ),
        Chart(
            "tags",
            Text("Users by tag", "各标签的用户"),
            Text(
                "Users who have each tag of seeds/profile_tags.csv; one may have several.",
                "带有 seeds/profile_tags.csv 各标签的用户；一人可有多个。",
            ),
            (_PROFILES,),
            f"""
            with tagged as (
                select unnest(string_split(tags, '|')) as tag_id, churn_risk_rate,
                    expected_value_amount
                from {_PROFILES}
            ),

            counted as (
                select tag_id, count(*) as user_count, avg(churn_risk_rate) as churn_risk_rate,
                    coalesce(sum(expected_value_amount), 0) as expected_value
                from tagged group by tag_id
            )

            select counted.*, coalesce(labels.label_en, tag_id) as tag_en,
                coalesce(labels.label_zh, labels.label_en, tag_id) as tag_zh,
                row_number() over (order by user_count desc, tag_id) as place
            from counted left join seeds.dim_profile_tags as labels using (tag_id)
            order by place
            """,
            rows(
                "tag",
                "user_count",
                USERS,
                [("tag", Text("Tag", "标签"), None), ("user_count", USERS, ",d"),
                 ("churn_risk_rate", Text("Risk of churn, on average", "平均流失风险"), ".1%"),
                 ("expected_value", _VALUE, ",.2f")],
                order="place",
                text="format(datum.user_count, ',d')",
                beneath=Text("'risk ' + format(datum.churn_risk_rate, '.1%')",
                             "'流失风险 ' + format(datum.churn_risk_rate, '.1%')"),
            ),
            empty=Text(
                "No tag is defined, or nobody has one (seeds/profile_tags.csv).",
                "没有定义标签，或没有人带有（seeds/profile_tags.csv）。",
            ),
        ),
    ),
)  # fmt: skip
