with

problems as (

    select * from {{ ref('definition_problems__lifecycle') }}
    union all
    select * from {{ ref('definition_problems__stickiness') }}
    union all
    select * from {{ ref('definition_problems__rfm') }}
    union all
    select * from {{ ref('definition_problems__rfm_cut_points') }}

)

select * from problems
