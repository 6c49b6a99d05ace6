-- A table, because a model in Python reads it.
{{ config(materialized='table') }}
select
    recomputed.funnel_id,
    users.user_number,
    recomputed.from_at as from_date
from ({{ recomputed('funnel_period') }}) as recomputed
inner join {{ ref('dim_user_numbers') }} as users on recomputed.user_id = users.user_id
