with

placeholder_ids as (

    select * from {{ source('seeds', 'placeholder_ids') }}

)

select distinct lower(placeholder_id) as placeholder_id
from placeholder_ids
where placeholder_id is not null
