with

audiences as (

    select * from {{ ref('dim_audiences') }}

),

last_exports as (

    select
        audience_id,
        max(export_at) as export_at
    from {{ ref('dim_audience_exports') }}
    group by audience_id

),

matched as (

    select
        audience_id,
        max_by(matched_count, export_at) as matched_count
    from {{ ref('mart_audience_exports') }}
    group by audience_id

),

people as (

    select
        last_exports.audience_id,
        count(*) as people_count
    from last_exports
    inner join {{ ref('dim_users') }} as users
        on users.created_at <= last_exports.export_at
        or users.first_event_at <= last_exports.export_at
        or (
            users.created_at is null
            and users.first_event_at is null
            and users.properties is not null
        )
    group by last_exports.audience_id

),

warnings as (

    select
        audiences.row_number,
        'audience ' || audiences.audience_id || ' matches nobody' as problem,
        '人群 ' || audiences.audience_id || ' 没有一个人符合' as problem_zh,
        'write property and value in filters.csv as the feed spells them, or wait until it comes' as mend,
        '在 filters.csv 里按数据里的写法填写属性和值，或等它出现' as mend_zh
    from matched
    inner join audiences on matched.audience_id = audiences.audience_id
    where matched.matched_count = 0

    union all

    select
        audiences.row_number,
        'audience ' || audiences.audience_id || ' matches everybody' as problem,
        '人群 ' || audiences.audience_id || ' 所有人都符合' as problem_zh,
        'give it conditions in filters.csv that some do not meet' as mend,
        '在 filters.csv 里给它有人不满足的条件' as mend_zh
    from matched
    inner join audiences on matched.audience_id = audiences.audience_id
    inner join people on matched.audience_id = people.audience_id
    where matched.matched_count >= people.people_count

    union all

    select
        audiences.row_number,
        'audience ' || audiences.audience_id || ' was never exported' as problem,
        '人群 ' || audiences.audience_id || ' 从未导出' as problem_zh,
        'give a schedule with an instant that the data reach, between starts_at and ends_at' as mend,
        '填数据已到达、且在 starts_at 与 ends_at 之间的 schedule' as mend_zh
    from audiences
    left join last_exports on audiences.audience_id = last_exports.audience_id
    where
        last_exports.audience_id is null
        and exists (select 1 from {{ ref('dim_horizon') }} where data_through_at is not null)

)

select
    'audiences.csv' as file,
    problem,
    problem_zh,
    mend,
    mend_zh,
    row_number
from warnings
