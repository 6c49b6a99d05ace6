with

rules as (

    select * from {{ ref('dim_channel_rules') }}

),

-- Rules of one channel say the same of it; its name may stand on any.
named as (

    select
        channel_id,
        min(rule_number) as rule_number,
        min(case when label_en is not null then rule_number end) as named_en_rule_number,
        min(case when label_zh is not null then rule_number end) as named_zh_rule_number,
        bool_or(is_direct) as is_direct,
        bool_or(is_paid) as is_paid
    from rules
    group by channel_id

),

labelled as (

    select
        named.channel_id,
        coalesce(in_english.label_en, in_chinese.label_zh, named.channel_id) as label_en,
        coalesce(in_chinese.label_zh, in_english.label_en, named.channel_id) as label_zh,
        named.rule_number,
        named.is_direct,
        named.is_paid
    from named
    left join rules as in_english on named.named_en_rule_number = in_english.rule_number
    left join rules as in_chinese on named.named_zh_rule_number = in_chinese.rule_number

),

-- What no rule gives: no rule held; nobody was there.
listed as (

    select
        channel_id,
        label_en,
        label_zh,
        rule_number,
        is_direct,
        is_paid
    from labelled

    union all

    select
        'unassigned' as channel_id,
        'Unassigned' as label_en,
        '未归类' as label_zh,
        null as rule_number,
        false as is_direct,
        false as is_paid
    where not exists (select 1 from labelled where channel_id = 'unassigned')

    union all

    select
        '(none)' as channel_id,
        'No touch' as label_en,
        '没有触点' as label_zh,
        null as rule_number,
        false as is_direct,
        false as is_paid
    where not exists (select 1 from labelled where channel_id = '(none)')

)

select * from listed
