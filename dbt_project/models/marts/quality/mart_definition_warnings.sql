{# Doubts about a definition's text, those that only the events show, and those about campaigns and
   targets, audiences and models of value. #}
with

definition_warnings as (

    select * from {{ source('seeds', 'definition_warnings') }}

),

fct_definition_warnings as (

    select * from {{ ref('fct_definition_warnings') }}

),

campaign_warnings as (

    select * from {{ ref('fct_campaign_warnings') }}

),

kpi_warnings as (

    select * from {{ ref('fct_kpi_warnings') }}

),

audience_warnings as (

    select * from {{ ref('fct_audience_warnings') }}

),

value_warnings as (

    select * from {{ ref('fct_value_warnings') }}

),

warnings as (

    select
        file,
        problem,
        problem_zh,
        mend,
        mend_zh,
        row_number
    from definition_warnings

    union

    select
        file,
        problem,
        problem_zh,
        mend,
        mend_zh,
        row_number
    from fct_definition_warnings

    union

    select
        file,
        problem,
        problem_zh,
        mend,
        mend_zh,
        row_number
    from campaign_warnings

    union

    select
        file,
        problem,
        problem_zh,
        mend,
        mend_zh,
        row_number
    from kpi_warnings

    union

    select
        'audiences.csv' as file,
        problem,
        problem_zh,
        mend,
        mend_zh,
        row_number
    from audience_warnings

    union

    select
        file,
        problem,
        problem_zh,
        mend,
        mend_zh,
        row_number
    from value_warnings

)

select * from warnings
