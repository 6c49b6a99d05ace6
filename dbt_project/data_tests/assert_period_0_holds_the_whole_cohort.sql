-- And who came back is never more than the cohort.
select *
from {{ ref('mart_retention_cohorts') }}
where
    (period_number = 0 and returned_count <> cohort_size)
    or (period_number = 0 and mature_returned_count <> eligible_count)
    or returned_count > cohort_size
    or mature_returned_count > eligible_count
    or mature_returned_count > returned_count
    or eligible_count > cohort_size
    or same_period_returned_count > cohort_size
