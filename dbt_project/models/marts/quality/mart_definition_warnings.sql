{# Doubts about a definition's text, and those that only the events show. #}
with

definition_warnings as (

    select * from {{ source('seeds', 'definition_warnings') }}

),

fct_definition_warnings as (

    select * from {{ ref('fct_definition_warnings') }}

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

)

select * from warnings
