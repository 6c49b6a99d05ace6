with

doubts as (

    select
        'repeated_event_id' as doubt,
        'repeats with other content' as problem_en,
        '与别的内容重复' as problem_zh,
        'The rows are of another actor, event or instant, so they are kept apart, under ids of their own. Give every event an id of its own, or leave event_id out.' as mend_en,
        '这些行的用户、事件或时间不同，因此分开保留，各有自己的 id。请给每个事件不同的 event_id，或不填。' as mend_zh

    union all

    select
        'placeholder' as doubt,
        'is a placeholder such as null' as problem_en,
        '是 null 之类的占位符' as problem_zh,
        'It counts as empty. Leave the id out where there is none; what is a placeholder stands in seeds/placeholder_ids.csv.' as mend_en,
        '按空值处理。没有 id 时请不填；哪些算占位符见 seeds/placeholder_ids.csv。' as mend_zh

    union all

    select
        'double_in_text' as doubt,
        'is written with a point, as 12345.0' as problem_en,
        '写成了 12345.0 这样的小数' as problem_zh,
        'It is read as 12345, because every id of the column in this file is written so. Export ids as whole numbers or as text.' as mend_en,
        '因为该文件这一列全都如此，按 12345 读取。请把 id 导出为整数或文本。' as mend_zh

    union all

    select
        'lost_digits' as doubt,
        'may have lost its last digits' as problem_en,
        '可能丢了末尾几位' as problem_zh,
        'A column of floating-point numbers does not hold whole numbers this large exactly. Export the ids as whole numbers or as text.' as mend_en,
        '浮点数的列存不下这么大的整数。请把 id 导出为整数或文本。' as mend_zh

    union all

    select
        'other_spelling' as doubt,
        'is a number in another spelling, as 00123 beside 123' as problem_en,
        '是同一个数字的另一种写法，如 00123 与 123' as problem_zh,
        'They count as two ids, because leading zeros may mean something. Write ids alike in all files and feeds.' as mend_en,
        '按两个 id 计算，因为前面的零可能有意义。请在所有文件和数据种类里统一写法。' as mend_zh

)

select * from doubts
