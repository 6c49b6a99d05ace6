-- The week of the first day of the month: no period that began before it holds what is computed anew.
select
    definition_id as kpi_id,
    {{ week_start(month_start(local_date('min(from_at)'))) }} as recompute_from_date
from {{ ref('int_scope') }}
where definition = 'kpi'
group by definition_id
