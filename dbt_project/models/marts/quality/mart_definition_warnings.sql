{# Warnings of a definition's text, and those that only the events show. Errors publish nothing. #}
with

definition_problems as (

    select * from {{ ref('definition_problems') }}

),

fct_definition_warnings as (

    select * from {{ ref('fct_definition_warnings') }}

),

warnings as (

    select
        file,
        problem,
        mend,
        cast(row_number as bigint) as row_number
    from definition_problems
    where severity = 'warning'

    union

    select
        file,
        problem,
        mend,
        row_number
    from fct_definition_warnings

)

select * from warnings
