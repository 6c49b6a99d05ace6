{# Warnings of a definition's text, and those that only the events show. Errors publish nothing. #}
with

definition_problems as (

    select * from {{ ref('definition_problems') }}

),

fct_definition_warnings as (

    select * from {{ ref('fct_definition_warnings') }}

),

dim_definition_words as (

    select * from {{ ref('dim_definition_words') }}

),

doubts as (

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

),

spoken as (

    select
        doubts.file,
        doubts.problem,
        {{ in_other_words(
            'doubts.problem', 'words.problem_pattern', 'words.problem_zh'
        ) }} as problem_zh,
        doubts.mend,
        {{ in_other_words(
            'doubts.problem', 'words.problem_pattern', 'words.mend_zh'
        ) }} as mend_zh,
        doubts.row_number,
        row_number() over (
            partition by doubts.file, doubts.row_number, doubts.problem, doubts.mend
            order by words.word_number
        ) as choice_number
    from doubts
    left join dim_definition_words as words
        on {{ is_like_pattern('doubts.problem', 'words.problem_pattern') }}

),

-- A doubt that nobody has said in Chinese yet is better in English than not at all.
warnings as (

    select
        file,
        problem,
        coalesce(problem_zh, problem) as problem_zh,
        mend,
        coalesce(mend_zh, mend) as mend_zh,
        row_number
    from spoken
    where choice_number = 1

)

select * from warnings
