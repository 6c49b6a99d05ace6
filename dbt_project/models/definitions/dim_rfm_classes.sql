-- Not a file of definitions: the eight classes are fixed by what high and low mean.
with

classes as (

    select
        'important_value' as class_8_id,
        'Important: value' as label_en,
        '重要价值' as label_zh,
        true as is_r_high,
        true as is_f_high,
        true as is_m_high
    union all
    select 'important_development', 'Important: develop', '重要发展', true, false, true
    union all
    select 'important_keeping', 'Important: keep', '重要保持', false, true, true
    union all
    select 'important_retention', 'Important: win back', '重要挽留', false, false, true
    union all
    select 'general_value', 'General: value', '一般价值', true, true, false
    union all
    select 'general_development', 'General: develop', '一般发展', true, false, false
    union all
    select 'general_keeping', 'General: keep', '一般保持', false, true, false
    union all
    select 'general_retention', 'General: win back', '一般挽留', false, false, false

)

select * from classes
