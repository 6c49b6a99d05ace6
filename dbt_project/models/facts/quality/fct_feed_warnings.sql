with

feed_rows as (

    select
        source_file,
        row_number,
        unread_columns
    from {{ ref('stg_feed_rows') }}
    where outcome = 'staged' and unread_columns is not null

),

unread as (

    select
        feed_rows.source_file,
        parts.column_name,
        min(feed_rows.row_number) as row_number,
        cast(count(*) as {{ dbt.type_string() }}) || case when count(*) = 1 then ' row' else ' rows' end
            as named,
        cast(count(*) as {{ dbt.type_string() }}) as row_count
    from feed_rows
    {{ explode(split_text('feed_rows.unread_columns', ', '), 'parts', 'column_name') }}
    group by feed_rows.source_file, parts.column_name

),

-- The data end where the last event is, whatever a cost says.
far as (

    select
        costs.source_file,
        min(costs.row_number) as row_number,
        min_by(costs.cost_date, costs.row_number) as first_date,
        cast(count(*) as {{ dbt.type_string() }}) as row_count
    from {{ ref('stg_feed__channel_costs') }} as costs
    inner join {{ ref('dim_horizon') }} as horizon
        on costs.cost_date > {{ days_after('horizon.data_through_date', 366) }}
    {%- if horizon() %}
    where costs.cost_date <= {{ local_date(horizon()) }}
    {%- endif %}
    group by costs.source_file

)

select
    source_file as file,
    column_name || ' cannot be read in ' || named || ', of which this is the first: it counts as '
    || case when column_name = 'is_granted' then 'a no' else 'empty' end as problem,
    '有 ' || row_count || ' 行的 ' || column_name || ' 读不懂，这是第一行：按'
    || case when column_name = 'is_granted' then '不同意' else '空值' end || '处理' as problem_zh,
    'write a time as ISO 8601, a number plainly, a count not below 0, yes or no as true or false; or leave it empty'
        as mend,
    '时间按 ISO 8601 写，数字照普通写法，次数不小于 0，是否写 true 或 false；或留空' as mend_zh,
    row_number
from unread

union all

select
    source_file as file,
    'cost_date is over a year after the data in ' || row_count
    || case when row_count = '1' then ' row' else ' rows' end || ', of which this is the first: '
    || cast(first_date as {{ dbt.type_string() }}) as problem,
    '有 ' || row_count || ' 行的 cost_date 比数据结束晚一年以上，这是第一行：'
    || cast(first_date as {{ dbt.type_string() }}) as problem_zh,
    'correct the date; the cost counts on it as it stands' as mend,
    '改正日期；改正前花费按这个日期计' as mend_zh,
    row_number
from far
