with

source_categories as (

    select * from {{ source('seeds', 'source_categories') }}

),

ranked as (

    select
        lower(utm_source) as utm_source,
        source_category,
        row_number,
        row_number() over (partition by lower(utm_source) order by row_number) as spelling_number
    from source_categories

)

-- Of a source in two spellings, the first line counts.
select
    utm_source,
    source_category,
    row_number
from ranked
where spelling_number = 1
