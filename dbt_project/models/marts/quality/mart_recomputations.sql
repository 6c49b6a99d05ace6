with

fct_recomputations as (

    select * from {{ ref('fct_recomputations') }}

),

recomputations as (

    select
        definition,
        definition_id,
        reason,
        case reason
            when 'events' then 'events of theirs came or went'
            when 'identity' then 'an anonymous id of theirs is somebody else' || chr(39) || 's now'
            when 'person' then 'the users feed says something else of them'
            when 'new_definition' then 'the definition is new'
            when 'changed_definition' then 'the definition says something else'
            when 'removed_definition' then 'the definition is gone'
            else 'everything was built from the raw files'
        end as reason_en,
        case reason
            when 'events' then '这些用户的事件有新到或撤下'
            when 'identity' then '这些用户的匿名身份换了归属'
            when 'person' then '这些用户的资料变了'
            when 'new_definition' then '定义是新的'
            when 'changed_definition' then '定义改了'
            when 'removed_definition' then '定义删除了'
            else '全部从原始文件重建'
        end as reason_zh,
        user_count,
        from_at
    from fct_recomputations

)

select * from recomputations
