with

fct_id_doubts as (

    select * from {{ ref('fct_id_doubts') }}

),

dim_id_doubts as (

    select * from {{ ref('dim_id_doubts') }}

)

select
    doubts.feed,
    doubts.source_file,
    doubts.column_name,
    doubts.doubt,
    doubts.column_name || ' ' || words.problem_en || ': '
    || cast(doubts.row_count as {{ dbt.type_string() }})
    || case when doubts.row_count = 1 then ' row' else ' rows' end || ' of '
    || doubts.source_file as problem_en,
    doubts.source_file || ' 有 ' || cast(doubts.row_count as {{ dbt.type_string() }})
    || ' 行的 ' || doubts.column_name || ' ' || words.problem_zh as problem_zh,
    words.mend_en,
    words.mend_zh,
    doubts.row_count
from fct_id_doubts as doubts
inner join dim_id_doubts as words on doubts.doubt = words.doubt
