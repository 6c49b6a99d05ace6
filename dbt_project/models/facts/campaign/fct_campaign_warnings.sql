with

campaigns as (

    select
        campaigns.*,
        'campaign ' || campaigns.campaign_id as named,
        '活动 ' || campaigns.campaign_id as named_zh
    from {{ ref('step_campaigns') }} as campaigns

),

audiences as (

    select * from {{ ref('dim_audiences') }}

),

goals as (

    select * from {{ ref('step_campaign_measures') }} where is_goal

),

assignments as (

    select * from {{ ref('fct_campaign_assignments') }}

),

shares as (

    select * from {{ ref('dim_campaign_shares') }} where share is not null

),

-- What a coupon took off counts as nothing where it is not known: so does a cost look small.
unread_discounts as (

    select
        campaign_id,
        cast(count(*) as {{ dbt.type_string() }}) as redeemed_count,
        cast(count(case when discount_amount is null then 1 end) as {{ dbt.type_string() }})
            as unread_count,
        cast(min(case when discount_amount is null then event_date end) as {{ dbt.type_string() }})
            as first_date
    from {{ ref('fct_campaign_events') }}
    where role = 'coupon_redeemed'
    group by campaign_id
    having count(*) > count(discount_amount)

),

arms as (

    select
        variants.campaign_id,
        count(*) as arm_count,
        count(case when variants.is_control then 1 end) as control_count,
        bool_or(lower(variants.variant) = lower(campaigns.control_variant)) as is_nearly_control
    from {{ ref('fct_campaign_variants') }} as variants
    inner join campaigns on variants.campaign_id = campaigns.campaign_id
    where variants.assigned_count > 0
    group by variants.campaign_id

),

{# A loop, because each doubt is told in the same way: what, what to do, of which campaigns. #}
{%- set doubts = [
    (
        "named || ' says in ' || unread_columns || ' what cannot be'",
        "named_zh || ' 的 ' || unread_columns || ' 填的不是可用的值'",
        'write a date or a time as ISO 8601, a number plainly and not below 0, margin_rate from 0 to 1',
        '日期和时间按 ISO 8601 写；数字照普通写法，不小于 0；margin_rate 在 0 到 1 之间',
        'unread_columns is not null',
    ),
    (
        "named || ' ends before it starts: it has no plan'",
        "named_zh || ' 在开始之前就结束了：没有计划'",
        'give an ends_at after its starts_at',
        '让 ends_at 晚于 starts_at',
        'ends_at <= starts_at',
    ),
    (
        "named || ' has variant_shares ' || variant_shares || ', which are none'",
        "named_zh || ' 的 variant_shares ' || variant_shares || ' 不是分组比例'",
        'name each arm once, with a share that is not below 0: control:0.1|mail:0.9',
        '每个分组写一次，比例不小于 0：control:0.1|mail:0.9',
        'variant_shares is not null and not exists (select 1 from shares where'
        ~ ' shares.campaign_id = campaigns.campaign_id)',
    ),
    (
        "named || ' has the goal ' || goal_measure_id || ', which is none of its measures'",
        "named_zh || ' 的目标 ' || goal_measure_id || ' 不是它的指标'",
        'add the measure to campaign_measures.csv, or name one that is there',
        '在 campaign_measures.csv 里加上这个指标，或填已有的',
        'goal_measure_id is not null and not exists (select 1 from goals where'
        ~ ' goals.campaign_id = campaigns.campaign_id)',
    ),
    (
        "named || ' has one arm alone: there is nothing to compare it with'",
        "named_zh || ' 只有一个分组：没有可比较的'",
        'assign a control and an arm that is aimed at',
        '既要有对照组，也要有实验组',
        'exists (select 1 from arms where arms.campaign_id = campaigns.campaign_id'
        ~ ' and arms.arm_count = 1 and (arms.control_count = 1 or campaigns.is_randomized'
        ~ ' or campaigns.variant_shares is not null))',
    ),
    (
        "named || ' has nobody in its control ' || control_variant || ': there is no lift'",
        "named_zh || ' 的对照组 ' || control_variant || ' 里没有人：没有提升可言'",
        'give control_variant as the assignments spell it, capitals too',
        '按圈选数据里的写法填写 control_variant，区分大小写',
        'coalesce(is_randomized, true) and exists (select 1 from arms where'
        ~ ' arms.campaign_id = campaigns.campaign_id and arms.arm_count > 1'
        ~ ' and arms.control_count = 0 and (campaigns.is_randomized'
        ~ " or campaigns.variant_shares is not null or campaigns.control_variant <> 'control'"
        ~ ' or arms.is_nearly_control))',
    ),
    (
        "named || ' has variant_shares ' || variant_shares"
        ~ " || ', which give users to no two arms: their sizes are not judged'",
        "named_zh || ' 的 variant_shares ' || variant_shares || ' 没有分给两个以上的组：不检查各组人数'",
        'name each arm once, with a share that is not below 0: control:0.1|mail:0.9',
        '每个分组写一次，比例不小于 0：control:0.1|mail:0.9',
        'exists (select 1 from arms where arms.campaign_id = campaigns.campaign_id'
        ~ ' and arms.arm_count > 1) and (select count(case when shares.share > 0 then 1 end)'
        ~ ' from shares where shares.campaign_id = campaigns.campaign_id) = 1',
    ),
    (
        "named || ' does not start, and has users without a time: they are in no comparison'",
        "named_zh || ' 没有开始时间，又有没有时间的圈选：这些用户不参与比较'",
        'give the campaign a starts_at, or its users an assigned_at',
        '给活动填 starts_at，或给用户填 assigned_at',
        'exists (select 1 from assignments where'
        ~ ' assignments.campaign_id = campaigns.campaign_id and assignments.assigned_at is null)',
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
    from campaigns
    where {{ condition }}
    union all
    {% endfor %}

    select distinct
        'campaign_assignments' as file,
        cast(null as bigint) as row_number,
        'campaign ' || assignments.campaign_id || ' is assigned, and no row of campaigns says what it is'
            as problem,
        '活动 ' || assignments.campaign_id || ' 有圈选，却没有活动数据说明它是什么' as problem_zh,
        'send its row in campaigns, or write the id as that has it' as mend,
        '在 campaigns 里给出它的一行，或按那里的写法填写编号' as mend_zh
    from assignments
    where assignments.campaign_id not in (select campaigns.campaign_id from campaigns)

    union all

    select
        'events' as file,
        cast(null as bigint) as row_number,
        'of the ' || redeemed_count || ' redeemed coupons of campaign ' || campaign_id || ', '
        || unread_count || ' have no discount_amount that can be read, the first on ' || first_date
        || ': they count as nothing taken off' as problem,
        '活动 ' || campaign_id || ' 的 ' || redeemed_count || ' 次核销中，有 ' || unread_count
        || ' 次没有可读的 discount_amount，最早在 ' || first_date || '：按减免 0 计' as problem_zh,
        'send with it the money that was taken off, as a plain number not below 0: 10, not 10%' as mend,
        '随事件发送减免的金额，按普通写法，不小于 0：写 10，不写 10%' as mend_zh
    from unread_discounts

    union all

    select
        'audiences.csv' as file,
        audiences.row_number,
        'there is no campaign ' || audiences.campaign_id as problem,
        '没有活动 ' || audiences.campaign_id as problem_zh,
        'write the id as the feed of campaigns spells it, or wait until it comes' as mend,
        '按 campaigns 数据里的写法填写编号，或等它出现' as mend_zh
    from audiences
    where
        audiences.campaign_id is not null
        and audiences.campaign_id not in (select campaigns.campaign_id from campaigns)

)

select
    file,
    cast(row_number as bigint) as row_number,
    problem,
    problem_zh,
    mend,
    mend_zh
from told
