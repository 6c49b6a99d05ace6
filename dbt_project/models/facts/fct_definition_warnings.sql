with

event_counts as (

    select
        event_name,
        count(*) as event_count
    from (
        select event_name from {{ ref('fct_events') }}
        union all
        select event_name from {{ archived('arc_event_days') }} as archived
    ) as sent
    group by event_name

),

definition_events as (

    select * from {{ ref('fct_definition_chosen_events') }}

),

names as (

    select * from {{ ref('dim_selector_names') }}

),

conditions as (

    select * from {{ ref('dim_selector_conditions') }}

),

properties as (

    select * from {{ ref('dim_definition_properties') }}

),

sides as (

    {# A loop, because each kind of definition keeps its event names elsewhere. #}
    {% for definition, model, definition_id, side in [
        ('activity', 'dim_activities', 'activity_id', "'activity'"),
        ('funnel', 'dim_funnel_steps', 'funnel_id', 'side'),
        ('retention', 'dim_retentions', 'retention_id', "'cohort'"),
        ('retention', 'dim_retentions', 'retention_id', "'return'"),
        ('path', 'dim_paths', 'path_id', "'item'"),
        ('path', 'dim_paths', 'path_id', "'anchor'"),
        ('conversion', 'dim_conversions', 'conversion_id', "'conversion'"),
        ('measure', 'dim_campaign_measures', 'measure_id', "'numerator'"),
        ('measure', 'dim_campaign_measures', 'measure_id', "'denominator'"),
        ('survival', 'dim_survivals', 'survival_id', "'start'"),
        ('survival', 'dim_survivals', 'survival_id', "'end'"),
        ('feature', 'dim_features', 'feature_id', "case when not is_told_by_id then 'use' end"),
        ('feature', 'dim_features', 'feature_id', "'eligible'"),
        ('kpi', 'dim_kpis', 'kpi_id', "'event'"),
    ] %}
    select
        '{{ definition }}' as definition,
        {{ definition_id }} as definition_id,
        {{ side }} as side,
        row_number
    from {{ ref(model) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

files as (

    select
        'activity' as definition,
        'activities.csv' as file,
        'activities.csv' as side_file
    union all
    select
        'funnel' as definition,
        'funnels.csv' as file,
        'funnel_steps.csv' as side_file
    union all
    select
        'retention' as definition,
        'retentions.csv' as file,
        'retentions.csv' as side_file
    union all
    select
        'path' as definition,
        'paths.csv' as file,
        'paths.csv' as side_file
    union all
    select
        'conversion' as definition,
        'conversions.csv' as file,
        'conversions.csv' as side_file
    union all
    select
        'measure' as definition,
        'campaign_measures.csv' as file,
        'campaign_measures.csv' as side_file
    union all
    select
        'survival' as definition,
        'survivals.csv' as file,
        'survivals.csv' as side_file
    union all
    select
        'feature' as definition,
        'features.csv' as file,
        'features.csv' as side_file
    union all
    select
        'kpi' as definition,
        'kpis.csv' as file,
        'kpis.csv' as side_file

),

unsent as (

    select
        files.side_file as file,
        sides.row_number,
        'nobody sends the event ' || names.event_name as problem,
        '没有人发送事件 ' || names.event_name as problem_zh,
        'write the name as the feed spells it, or wait until it comes' as mend,
        '按数据里的写法填写事件名，或等它出现' as mend_zh
    from names
    inner join sides
        on names.definition = sides.definition
        and names.definition_id = sides.definition_id
        and names.side = sides.side
    inner join files
        on names.definition = files.definition
    left join event_counts on names.event_name = event_counts.event_name
    where event_counts.event_name is null

),

sent_sides as (

    select distinct
        names.definition,
        names.definition_id,
        names.side
    from names
    inner join event_counts on names.event_name = event_counts.event_name

),

met_sides as (

    select distinct
        definition,
        definition_id,
        side
    from definition_events

),

-- A property that never occurs, and a value that none has, show as a side without events.
unmet as (

    select
        'filters.csv' as file,
        conditions.condition_number as row_number,
        'no event of ' || conditions.definition || ' ' || conditions.definition_id
        || ', side ' || conditions.side || ', meets all its conditions; one asks '
        || conditions.scope || ':' || conditions.property as problem,
        conditions.definition || ' ' || conditions.definition_id || ' 的 '
        || conditions.side || ' 一侧，没有事件满足全部条件；其中一个条件看的是 '
        || conditions.scope || ':' || conditions.property as problem_zh,
        'write property and value as the feed spells them, or wait until it comes' as mend,
        '按数据里的写法填写属性和值，或等它出现' as mend_zh
    from conditions
    inner join sent_sides
        on conditions.definition = sent_sides.definition
        and conditions.definition_id = sent_sides.definition_id
        and conditions.side = sent_sides.side
    left join met_sides
        on conditions.definition = met_sides.definition
        and conditions.definition_id = met_sides.definition_id
        and conditions.side = met_sides.side
    where met_sides.side is null

),

definition_rows as (

    select
        'funnel' as definition,
        funnel_id as definition_id,
        row_number
    from {{ ref('dim_funnels') }}
    union all
    select
        'retention' as definition,
        retention_id as definition_id,
        row_number
    from {{ ref('dim_retentions') }}
    union all
    select
        'path' as definition,
        path_id as definition_id,
        row_number
    from {{ ref('dim_paths') }}
    union all
    select
        'conversion' as definition,
        conversion_id as definition_id,
        row_number
    from {{ ref('dim_conversions') }}
    union all
    select
        'measure' as definition,
        measure_id as definition_id,
        row_number
    from {{ ref('dim_campaign_measures') }}
    union all
    select
        'survival' as definition,
        survival_id as definition_id,
        row_number
    from {{ ref('dim_survivals') }}
    union all
    select
        'kpi' as definition,
        kpi_id as definition_id,
        row_number
    from {{ ref('dim_kpis') }}

),

-- The values are named where they are read, because a CTE that is read twice is kept as a whole.
bare_values as (

    select
        definition,
        definition_id,
        purpose
    from {{ ref('fct_definition_values') }}
    group by definition, definition_id, purpose
    having bool_and({{ is_missing_value('property_value') }})

    union all

    select
        properties.definition,
        properties.definition_id,
        properties.purpose
    from {{ ref('fct_kpi_user_days') }} as days
    inner join properties
        on days.kpi_id = properties.definition_id
        and days.segment_by = properties.purpose
        and {{ is_segment_of_users('properties') }}
    group by properties.definition, properties.definition_id, properties.purpose
    having bool_and(days.segment_value = '')

),

bare as (

    select
        files.file,
        definition_rows.row_number,
        case when properties.purpose like '%:%' then 'segment' else properties.purpose end
        || ' ' || properties.scope || ':' || properties.property
        || ' of ' || properties.definition || ' ' || properties.definition_id
        || ' occurs on none of its events' as problem,
        properties.definition || ' ' || properties.definition_id || ' 的 '
        || case when properties.purpose like '%:%' then 'segment' else properties.purpose end
        || ' ' || properties.scope || ':' || properties.property
        || ' 在它的事件里从未出现' as problem_zh,
        'write the property as the feed spells it, or wait until it comes' as mend,
        '按数据里的写法填写属性，或等它出现' as mend_zh
    from bare_values
    inner join properties
        on bare_values.definition = properties.definition
        and bare_values.definition_id = properties.definition_id
        and bare_values.purpose = properties.purpose
    inner join files on bare_values.definition = files.definition
    inner join definition_rows
        on properties.definition = definition_rows.definition
        and properties.definition_id = definition_rows.definition_id

),

unanchored as (

    select
        'paths.csv' as file,
        paths.row_number,
        'no item of path ' || paths.path_id || ' is ' || paths.anchor_item as problem,
        '路径 ' || paths.path_id || ' 里没有项目 ' || paths.anchor_item as problem_zh,
        'write the item as the feed spells it, or wait until it comes' as mend,
        '按数据里的写法填写项目，或等它出现' as mend_zh
    from {{ ref('dim_paths') }} as paths
    where
        paths.anchor_item is not null
        and not exists (
            select 1
            from {{ ref('fct_path_events') }} as path_events
            where
                path_events.path_id = paths.path_id
                and path_events.item = paths.anchor_item
        )

),

worthless_values as (

    select
        definition,
        definition_id,
        purpose
    from {{ ref('fct_definition_values') }}
    where purpose in ('value_property', 'value', 'numerator', 'denominator') and property_value <> ''
    group by definition, definition_id, purpose
    having count({{ parse_number('property_value', 'decimal(28, 6)') }}) = 0

),

worthless as (

    select
        files.file,
        definition_rows.row_number,
        properties.purpose || ' ' || properties.scope || ':' || properties.property
        || ' of ' || properties.definition || ' ' || properties.definition_id
        || ' is a number on none of its events' as problem,
        properties.definition || ' ' || properties.definition_id || ' 的 '
        || properties.purpose || ' ' || properties.scope || ':' || properties.property
        || ' 在它的事件里都不是数字' as problem_zh,
        'give a property whose values are plain numbers' as mend,
        '换一个取值是纯数字的属性' as mend_zh
    from worthless_values
    inner join properties
        on worthless_values.definition = properties.definition
        and worthless_values.definition_id = properties.definition_id
        and worthless_values.purpose = properties.purpose
    inner join files on worthless_values.definition = files.definition
    inner join definition_rows
        on properties.definition = definition_rows.definition
        and properties.definition_id = definition_rows.definition_id

),

-- Of events that its row names, `unsent` tells.
unused as (

    select
        'features.csv' as file,
        features.row_number,
        'no event of role feature_use has feature_id ' || features.feature_id as problem,
        '角色为 feature_use 的事件里没有 feature_id ' || features.feature_id as problem_zh,
        'write the id as the feed spells it, give its event in event_names.csv that role, or wait until it comes'
            as mend,
        '按数据里的写法填写编号，在 event_names.csv 里给它的事件这个角色，或等它出现' as mend_zh
    from {{ ref('dim_features') }} as features
    cross join {{ ref('dim_horizon') }} as horizon
    where
        features.is_told_by_id
        and (features.released_at is null or features.released_at <= horizon.data_through_at)
        and not exists (
            select 1
            from {{ ref('fct_feature_uses') }} as uses
            where uses.feature_id = features.feature_id
        )

),

unreleased as (

    select
        'features.csv' as file,
        features.row_number,
        'feature ' || features.feature_id || ' is released after the data end: nobody could use it yet'
            as problem,
        '功能 ' || features.feature_id || ' 的上线时间晚于数据结束：还没有人可以使用' as problem_zh,
        'correct released_at, or wait until then' as mend,
        '改正 released_at，或等到那时' as mend_zh
    from {{ ref('dim_features') }} as features
    inner join {{ ref('dim_horizon') }} as horizon
        on features.released_at > horizon.data_through_at

),

ungiven as (

    select
        'features.csv' as file,
        features.row_number,
        'there is no campaign ' || features.campaign_id as problem,
        '没有活动 ' || features.campaign_id as problem_zh,
        'write the id as the feed of campaigns spells it, or wait until it comes' as mend,
        '按 campaigns 数据里的写法填写编号，或等它出现' as mend_zh
    from {{ ref('dim_features') }} as features
    where
        features.campaign_id is not null
        and not exists (
            select 1
            from {{ ref('dim_campaigns') }} as campaigns
            where campaigns.campaign_id = features.campaign_id
        )

),

-- Of rules that name a source or a campaign: media and categories are words of the trade, of which
-- nobody has all. What earlier rules take is told alike.
unheld as (

    select
        'channels.csv' as file,
        rules.row_number,
        'rule ' || cast(rules.rule_number as {{ dbt.type_string() }}) || ' of channel '
        || rules.channel_id || ' holds for no visit and for no cost' as problem,
        '渠道 ' || rules.channel_id || ' 的规则 ' || cast(rules.rule_number as {{ dbt.type_string() }})
        || ' 对任何访问和花费都不成立' as problem_zh,
        'write its patterns as tags spell them, see that no smaller rule_number holds before it, or wait until they come'
            as mend,
        '按标签里的写法填写表达式，确认没有编号更小的规则先成立，或等它们出现' as mend_zh
    from {{ ref('dim_channel_rules') }} as rules
    where
        (rules.utm_source <> '(none)' or rules.utm_campaign <> '(none)')
        and not exists (
            select 1
            from {{ ref('dim_tag_channels') }} as tag_channels
            where tag_channels.rule_number = rules.rule_number
        )

),

warnings as (

    select distinct * from unsent
    union all
    select distinct * from unmet
    union all
    select * from bare
    union all
    select * from unanchored
    union all
    select * from worthless
    union all
    select * from unused
    union all
    select * from unreleased
    union all
    select * from ungiven
    union all
    select * from unheld

)

-- Before the first event, every name is one that nobody sends.
select
    warnings.file,
    cast(warnings.row_number as bigint) as row_number,
    warnings.problem,
    warnings.problem_zh,
    warnings.mend,
    warnings.mend_zh
from warnings
where exists (select 1 from event_counts)
