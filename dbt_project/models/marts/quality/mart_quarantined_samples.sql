with

fct_quarantined_rows as (

    select * from {{ ref('fct_quarantined_rows') }}

),

-- The first row of each kind stands for it.
numbered as (

    select
        feed,
        reason,
        sample,
        source_file,
        row_number,
        count(*) over (partition by feed, reason, sample) as row_count,
        row_number() over (
            partition by feed, reason, sample order by source_file, row_number
        ) as copy_number
    from fct_quarantined_rows

),

ranked as (

    select
        feed,
        reason,
        sample,
        source_file,
        row_number,
        row_count,
        row_number() over (
            partition by feed, reason order by row_count desc, sample
        ) as sample_number
    from numbered
    where copy_number = 1

),

samples as (

    select
        feed,
        reason,
        sample,
        source_file,
        sample_number,
        row_count,
        row_number
    from ranked
    where sample_number <= 5

)

select * from samples
