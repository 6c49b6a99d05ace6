-- Good rows
insert into marts.mart_rfm_scores by name
select snapshot_date, 'c' || range as user_id, range % 365 as recency_days,
    1 + range % 4 as frequency, 10 + range as monetary_amount, 1 + range % 5 as r_score,
    1 + range % 5 as f_score, 1 + range % 5 as m_score, 'segment_' || range % 5 as segment_id,
    true as is_mature
from range(0, 300)
cross join (values (date '2024-01-31'), (date '2024-02-29')) as snapshots (snapshot_date);

-- Defect: bought_within_the_year
update marts.mart_rfm_scores set recency_days = 366 where user_id = 'c7';

-- Defect: customers_have_bought
update marts.mart_rfm_scores set frequency = 0 where user_id = 'c7';

-- Defect: no_segment_holds_nearly_all
update marts.mart_rfm_scores set segment_id = 'all';

-- Defect: customers_did_not_vanish
delete from marts.mart_rfm_scores
where snapshot_date = '2024-02-29' and user_id like 'c2%'
    or snapshot_date = '2024-02-29' and user_id like '%_'
    and hash(user_id) % 10 > 0;
