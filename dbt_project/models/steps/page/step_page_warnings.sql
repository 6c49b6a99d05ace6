with

parts as (

    select
        page,
        element
    from {{ ref('fct_session_pages') }}
    group by page, element

),

counted as (

    select
        case when element is null then 'pages' else 'elements' end as kind,
        case when element is null then '页面' else '元素' end as kind_zh,
        count(*) as part_count,
        count(*) - {{ var('page_limit') }} as other_count
    from parts
    group by element is null
    having count(*) > {{ var('page_limit') }}

)

select
    'dbt_project.yml' as file,
    'page_limit is {{ var('page_limit') }}: of '
    || cast(part_count as {{ dbt.type_string() }}) || ' ' || kind || ', Other adds up '
    || cast(other_count as {{ dbt.type_string() }}) as problem,
    'page_limit 是 {{ var('page_limit') }}：' || cast(part_count as {{ dbt.type_string() }})
    || ' 个' || kind_zh || '里，有 ' || cast(other_count as {{ dbt.type_string() }})
    || ' 个合在 Other 里' as problem_zh,
    'send pages and elements without ids in their names, or raise page_limit' as mend,
    '发送不带编号的页面和元素名，或调大 page_limit' as mend_zh,
    cast(null as bigint) as row_number
from counted
