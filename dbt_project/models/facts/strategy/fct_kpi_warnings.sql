with

targets as (

    select
        step_kpi_targets.*,
        'target of ' || kpi_id as named,
        kpi_id || ' 的目标' as named_zh
    from {{ ref('step_kpi_targets') }} as step_kpi_targets

),

kpis as (

    select * from {{ ref('dim_kpis') }}

),

{# A loop, because each doubt is told in the same way. Where no KPI is defined, targets wait. #}
{%- set doubts = [
    (
        "named || ': there is no KPI of this id'",
        "named_zh || '：没有这个编号的 KPI'",
        'write the id as kpis.csv has it, or add its row there',
        '按 kpis.csv 里的写法填写编号，或在那里加上它的一行',
        'kpi_id not in (select kpis.kpi_id from kpis)',
    ),
    (
        "named || ' is of no calendar day, week or month: nothing is compared with it'",
        "named_zh || '不是一个自然日、周或月的：没有与它比较的'",
        'give the first and the last day of one, weeks as they start in the settings',
        '填写一个时期的第一天和最后一天，周从设置的那天开始',
        'grain is null',
    ),
    (
        "named || ' is not above 0: how much of it is reached says nothing, whether it is met does'",
        "named_zh || '不大于 0：达成率没有意义，是否达标仍然有效'",
        'set the target of a KPI that is above 0, or read is_on_target alone',
        '给大于 0 的 KPI 定目标，或只看 is_on_target',
        'target_value <= 0',
    ),
] %}
told as (

    {% for problem, problem_zh, mend, mend_zh, condition in doubts -%}
    select
        source_file as file,
        row_number,
        {{ problem }} as problem,
        {{ problem_zh }} as problem_zh,
        '{{ mend }}' as mend,
        '{{ mend_zh }}' as mend_zh
    from targets
    where exists (select 1 from kpis) and {{ condition }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    file,
    cast(row_number as bigint) as row_number,
    problem,
    problem_zh,
    mend,
    mend_zh
from told
