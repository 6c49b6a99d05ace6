-- Cohorts that are read from days are archived with these.
{{ rows_before_the_cut('fct_retention_members', 'cohort_event_at', 'cutoff_at') }}
    and fact.retention_id not in (
        select definition_id
        from {{ ref('dim_selectors') }}
        where definition = 'retention' and side = 'cohort' and is_read_by_day
    )
