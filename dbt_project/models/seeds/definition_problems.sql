with

problems as (

    select * from {{ ref('definition_problems__files') }}
    union all
    select * from {{ ref('definition_problems__event_names') }}
    union all
    select * from {{ ref('definition_problems__activities') }}
    union all
    select * from {{ ref('definition_problems__selected_names') }}
    union all
    select * from {{ ref('definition_problems__funnels') }}
    union all
    select * from {{ ref('definition_problems__funnel_steps') }}
    union all
    select * from {{ ref('definition_problems__retentions') }}
    union all
    select * from {{ ref('definition_problems__paths') }}
    union all
    select * from {{ ref('definition_problems__filters') }}
    union all
    select * from {{ ref('definition_problems__lifecycle') }}
    union all
    select * from {{ ref('definition_problems__stickiness') }}
    union all
    select * from {{ ref('definition_problems__rfm') }}
    union all
    select * from {{ ref('definition_problems__rfm_cut_points') }}
    union all
    select * from {{ ref('definition_problems__currency_rates') }}
    union all
    select * from {{ ref('definition_problems__data_retention') }}

)

select * from problems
