{# Models that find a doubt say it in English, with the values as they stand; here it is said in
   Chinese. A pattern's brackets are those values, and `{1}` is where the first goes. #}
with

words as (

    select
        1 as word_number,
        'columns are not read: (.*)' as problem_pattern,
        '这些列不会被读取：{1}' as problem_zh,
        '用 seeds/README.md 列出的列名，或删掉这些列' as mend_zh
    union all
    select
        2,
        'no definitions are read from a file of this name',
        '没有定义是从这个名字的文件读取的',
        '用 seeds/README.md 列出的文件名'
    union all
    select
        3,
        'value (.*) says nothing on (.*)',
        '条件 {2} 用不到值 {1}',
        '把值留空'
    union all
    select
        4,
        'excluded_after_step and excluded_before_step say nothing on a step',
        '步骤用不到 excluded_after_step 和 excluded_before_step',
        '改填 exclusion_number 而不是 step_number，或把这两列留空'
    union all
    select
        5,
        'is_optional, min_seconds and max_seconds say nothing on an exclusion',
        '排除条件用不到 is_optional、min_seconds 和 max_seconds',
        '把它们留空'
    union all
    select
        6,
        'excluded_after_step and excluded_before_step say nothing in any order: .*',
        'order_mode 为 any 时用不到 excluded_after_step 和 excluded_before_step：在进入之后、完成之前出现就作废',
        '把它们留空'
    union all
    select
        7,
        'breakdown_attribution says nothing without a breakdown',
        '没有 breakdown 时用不到 breakdown_attribution',
        '填写 breakdown，或把它留空'
    union all
    select
        8,
        'breakdown_limit says nothing without a breakdown',
        '没有 breakdown 时用不到 breakdown_limit',
        '填写 breakdown，或把它留空'
    union all
    select
        9,
        'mode calibrated says nothing on stage (.*)',
        '阶段 {1} 用不到 mode calibrated',
        '把 mode 留空；只有休眠期和流失期有校准的界限'
    union all
    select
        10,
        'session_gap_seconds says nothing in scope user',
        'scope 为 user 时用不到 session_gap_seconds',
        '把它留空，或把 scope 写成 session'
    union all
    select
        11,
        'occurrences says nothing without an anchor',
        '没有锚点时用不到 occurrences',
        '填写 anchor_event 或 anchor_item，或把它留空'
    union all
    select
        12,
        'periods (.*) says nothing beside brackets',
        '有 brackets 时用不到 periods {1}',
        '两者留空其一'
    union all
    select
        13,
        'cohort_mode recurring gives one cohort a user where periods roll',
        'window_mode 为 rolling 时，cohort_mode recurring 仍是每人一个同期群',
        '要每期一个同期群，把 window_mode 写成 calendar'
    union all
    select
        14,
        'cohort_granularity (.*) is finer than granularity (.*)',
        'cohort_granularity {1} 比 granularity {2} 更细',
        '留空，或写更粗的粒度：同一个 {1} 的用户，第 0 期都是它所在的 {2}'
    union all
    select
        15,
        'segment (.*) has no label',
        '客群 {1} 没有名称',
        '加一行，写上 label_en 和 label_zh'
    union all
    select
        16,
        'from_at and to_at say nothing on period (.*)',
        'period 为 {1} 时用不到 from_at 和 to_at',
        '把 period 写成 range，或把它们留空'
    union all
    select
        17,
        'nobody sends the event (.*)',
        '没有人发送事件 {1}',
        '按数据里的写法填写事件名，或等它出现'
    union all
    select
        18,
        'no event of ([^ ]+) (.*), side (.*), meets all its conditions; one asks (.*)',
        '{1} {2} 的 {3} 一侧，没有事件满足全部条件；其中一个条件看的是 {4}',
        '按数据里的写法填写属性和值，或等它出现'
    union all
    select
        19,
        'no item of path (.*) is (.*)',
        '路径 {1} 里没有项目 {2}',
        '按数据里的写法填写项目，或等它出现'
    union all
    select
        20,
        '([^ ]+) (.*) of ([^ ]+) (.*) occurs on none of its events',
        '{3} {4} 的 {1} {2} 在它的事件里从未出现',
        '按数据里的写法填写属性，或等它出现'
    union all
    select
        21,
        '([^ ]+) (.*) of ([^ ]+) (.*) is a number on none of its events',
        '{3} {4} 的 {1} {2} 在它的事件里都不是数字',
        '换一个取值是纯数字的属性'

)

select * from words
