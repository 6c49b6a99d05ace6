with

definition_files as (

    select * from {{ source('seeds', 'definition_files') }}

),

problems as (

    select
        file,
        'error' as severity,
        error as problem,
        'do as it says there; seeds/README.md lists the columns of each file' as mend
    from definition_files
    where error is not null
    union all
    select
        file,
        'warning' as severity,
        'columns are not read: ' || unknown_columns as problem,
        'use the names that seeds/README.md lists, or take them out' as mend
    from definition_files
    where unknown_columns is not null
    union all
    select
        file,
        'warning' as severity,
        'no definitions are read from a file of this name' as problem,
        'use a name that seeds/README.md lists' as mend
    from definition_files
    where not is_known

)

select
    file,
    cast(null as bigint) as row_number,
    severity,
    problem,
    mend
from problems
