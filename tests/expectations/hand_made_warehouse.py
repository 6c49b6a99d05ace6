"""A small warehouse as a build leaves it, made by hand: 60 days of 2024 and a little of a 61st.

Large enough that every rule has something to judge, whatever number of rows it asks for. The
columns are the documented ones; the figures agree with one another.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from expectations.suites import suite_files

FEED_ROWS = 1200

_TABLES = """
create schema raw; create schema seeds; create schema staging;
create schema facts; create schema marts;

create table raw.ingest_files (
    feed text, source_file text, size_bytes bigint, content_hash text, stat_signature text,
    load_id bigint, status text, rows_in bigint, error text, first_loaded_at timestamp,
    loaded_at timestamp, notes text
);
create table raw.restated_days (load_id bigint, restated_date date);
create table raw.build_watermarks (
    load_id bigint, configuration_hash text, completed_at timestamp
);
create table seeds.activities (
    activity_id text, label_en text, label_zh text, event_name text, row_number bigint
);
create table seeds.dim_funnel_steps (
    funnel_id text, is_optional boolean, exclusion_number bigint
);
create table seeds.stickiness (
    stickiness_id text, label_en text, label_zh text, activity_id text, "interval" text,
    period text, from_at text, to_at text, min_occurrences text, is_cumulative text,
    row_number bigint
);
create table staging.stg_ingest_ledger (
    feed text, source_file text, error text, notes text, rows_in bigint, rows_staged bigint,
    rows_duplicate bigint, rows_quarantined bigint
);
create table facts.dim_horizon (
    data_through_date date, first_activity_date date, data_through_at timestamp
);
create table facts.fct_events (
    event_id text, source_id text, user_id text, event_name text, amount decimal(18, 4),
    is_activity boolean, event_date date, occurred_at timestamp
);
create table facts.fct_sessions (
    session_id text, user_id text, event_count bigint, session_date date,
    started_at timestamp, ended_at timestamp
);
create table facts.fct_orders (
    order_id text, user_id text, gross_amount decimal(38, 4), refunded_amount decimal(38, 4),
    net_amount decimal(38, 4), order_date date, ordered_at timestamp
);
create table facts.fct_user_days (
    user_id text, event_count bigint, session_count bigint, order_count bigint,
    key_action_count bigint, net_amount decimal(38, 4), activity_date date
);
create table facts.fct_user_lifecycle_spans (
    user_id text, stage_id text, previous_stage_id text, is_resurrected boolean,
    valid_from_date date, valid_to_date date
);
create table facts.fct_funnel_attempts (
    funnel_id text, user_id text, attempt_number bigint, reached_step bigint, is_void boolean,
    is_mature boolean, entered_at timestamp
);
create table facts.fct_retention_returns (
    retention_id text, user_id text, period_number bigint, cohort_start_at timestamp
);
create table marts.mart_active_users_daily (
    dau bigint, wau bigint, mau bigint, stickiness_rate double, is_mature boolean,
    activity_date date
);
create table marts.mart_growth_accounting (
    activity_id text, grain text, new_user_count bigint, retained_user_count bigint,
    resurrected_user_count bigint, churned_user_count bigint, active_user_count bigint,
    quick_ratio double, is_mature boolean, period_start_date date
);
create table marts.mart_sales_periods (
    grain text, order_count bigint, customer_count bigint, new_customer_count bigint,
    repeat_customer_count bigint, active_user_count bigint, gross_amount decimal(38, 4),
    refunded_amount decimal(38, 4), net_amount decimal(38, 4), arpu double, repeat_rate double,
    is_mature boolean, period_start_date date
);
create table marts.mart_lifecycle_daily (
    stage_id text, user_count bigint, entered_count bigint, left_count bigint,
    is_mature boolean, activity_date date
);
create table marts.mart_lifecycle_migrations (
    grain text, from_stage_id text, to_stage_id text, user_count bigint, move_count bigint,
    is_resurrected boolean, is_mature boolean, period_start_date date
);
create table marts.mart_stickiness (
    stickiness_id text, active_intervals bigint, user_count bigint, is_mature boolean,
    period_start_date date
);
create table marts.mart_rfm_scores (
    user_id text, segment_id text, class_8_id text, recency_days bigint, frequency bigint,
    monetary_amount decimal(38, 4), r_score bigint, f_score bigint, m_score bigint,
    is_mature boolean, snapshot_date date
);
create table marts.mart_rfm_migrations (
    from_segment_id text, to_segment_id text, user_count bigint, snapshot_date date
);
create table marts.mart_erasure_certificates (
    person_hash text, layer text, object text, removed_count bigint, is_removed boolean,
    requested_at timestamp, removed_at timestamp
);
create table marts.mart_funnel_conversion (
    funnel_id text, grain text, breakdown_value text, step_number bigint, entrant_count bigint,
    reached_count bigint, mature_entrant_count bigint, mature_reached_count bigint,
    mature_previous_count bigint, rate_from_start double, rate_from_previous double,
    mean_seconds_from_previous double, median_seconds_from_previous double,
    p90_seconds_from_previous double, is_mature boolean, period_start_date date
);
create table marts.mart_path_edges (
    path_id text, source_item text, target_item text, source_position bigint,
    target_position bigint, occurrence_count bigint, user_count bigint,
    mature_occurrence_count bigint, mature_source_count bigint, rate_from_source double,
    mean_seconds double, is_mature boolean
);
create table marts.mart_path_sequences (
    sequence_key text, path_id text, item_sequence text, item_count bigint,
    occurrence_count bigint, user_count bigint, mature_occurrence_count bigint,
    mature_path_occurrence_count bigint, occurrence_rate double, is_mature boolean
);
create table marts.mart_activity_heatmap (
    activity_id text, grain text, weekday_number bigint, weekday_position bigint,
    hour_of_day bigint, event_count bigint, user_count bigint, user_hour_count bigint,
    hour_count double, is_mature boolean, period_start_date date
);
create table marts.mart_user_states_daily (
    state_id text, user_count bigint, is_active boolean, is_mature boolean, activity_date date
);
create table marts.mart_funnel_times (
    funnel_id text, breakdown_value text, from_step bigint, to_step bigint,
    mature_reached_count bigint, least_seconds double, mean_seconds double,
    median_seconds double, p90_seconds double, most_seconds double, is_mature boolean
);
create table marts.mart_funnel_time_to_convert (
    funnel_id text, breakdown_value text, from_step bigint, to_step bigint, bin_number bigint,
    bin_from_seconds bigint, bin_to_seconds bigint, mature_reached_count bigint,
    is_mature boolean
);
create table marts.mart_funnel_trends (
    funnel_id text, grain text, breakdown_value text, entrant_count bigint,
    converted_count bigint, mature_entrant_count bigint, mature_converted_count bigint,
    conversion_rate double, is_mature boolean, period_start_date date,
    period_start_at timestamp
);
create table marts.mart_quarantined_rows (
    feed text, source_file text, reason text, mend_en text, mend_zh text, row_count bigint,
    file_row_count bigint, quarantined_rate double, first_row_number bigint,
    last_row_number bigint, first_loaded_at timestamp
);
create table marts.mart_ingest_files (
    feed text, source_file text, status text, error text, notes text, row_count bigint,
    staged_row_count bigint, duplicate_row_count bigint, quarantined_row_count bigint,
    quarantined_rate double, first_loaded_at timestamp
);
create table marts.mart_definition_warnings (
    file text, problem text, problem_zh text, mend text, mend_zh text, row_number bigint
);
create table marts.mart_id_warnings (
    feed text, source_file text, column_name text, doubt text, problem_en text, problem_zh text,
    mend_en text, mend_zh text, row_count bigint
);
create table marts.mart_quarantined_samples (
    feed text, reason text, sample text, source_file text, sample_number bigint,
    row_count bigint, row_number bigint
);
create table marts.mart_event_volume_daily (
    source_id text, event_name text, explanation_en text, explanation_zh text,
    event_count bigint, expected_count double, lower_count bigint, upper_count bigint,
    history_day_count bigint, is_anomalous boolean, is_mature boolean, event_date date
);
create table marts.mart_event_freshness (
    source_id text, event_name text, explanation_en text, explanation_zh text,
    silent_day_count bigint, usual_gap_days double, missed_event_count double,
    is_late boolean, last_event_date date, last_event_at timestamp, data_through_at timestamp
);
create table marts.mart_recomputations (
    definition text, definition_id text, reason text, reason_en text, reason_zh text,
    user_count bigint, from_at timestamp
);
create table marts.mart_restatements (
    build_id text, previous_build_id text, table_name text, row_key text, column_name text,
    reasons text, reason_en text, reason_zh text, old_value text, new_value text,
    is_gone boolean, restated_at timestamp
);
create table marts.mart_retention_cohorts (
    retention_id text, breakdown_value text, period_number bigint, cohort_size bigint,
    returned_count bigint, eligible_count bigint, mature_returned_count bigint,
    retention_rate double, same_period_returned_count bigint, is_mature boolean,
    cohort_start_date date, cohort_start_at timestamp
);
"""

# 120 users, of whom each day 60 are active with two events each; each is new on day 1 or 2.
_ROWS = """
create temp table days as
select cast(range as bigint) as day, date '2024-01-01' + cast(range as integer) as day_date
from range(0, 60);
create temp table active as
select day, day_date, 'u' || lpad(cast((day * 60 + range) % 120 as text), 3, '0') as user_id
from days cross join range(0, 60);

insert into facts.dim_horizon values ('2024-03-01', '2024-01-01', '2024-03-01 06:00:00');
insert into raw.events by name
select
    'events/' || day_date || '.jsonl' as source_file,
    row_number() over (partition by day) as row_number,
    day + 1 as load_id,
    user_id || '-' || day || '-' || range as event_id,
    'page_viewed' as event_name,
    strftime(day_date + interval 10 hour, '%Y-%m-%dT%H:%M:%SZ') as occurred_at,
    user_id
from active cross join range(0, 2);
insert into raw.ingest_files by name
select
    'events' as feed, source_file, load_id, 'loaded' as status, count(*) as rows_in
from raw.events group by source_file, load_id;
insert into raw.build_watermarks values
    (59, 'c', '2024-02-29 03:00:00'), (60, 'c', '2024-03-01 07:00:00');
insert into staging.stg_ingest_ledger by name
select feed, source_file, rows_in, rows_in - (load_id = 7)::int * 2 as rows_staged,
    0 as rows_duplicate, (load_id = 7)::int * 2 as rows_quarantined
from raw.ingest_files;
insert into marts.mart_quarantined_rows by name
select feed, source_file, 'unparseable_occurred_at' as reason, 'Mend it.' as mend_en,
    rows_quarantined as row_count, rows_in as file_row_count,
    rows_quarantined / rows_in as quarantined_rate, 3 as first_row_number, 4 as last_row_number
from staging.stg_ingest_ledger where rows_quarantined > 0;
insert into marts.mart_ingest_files by name
select feed, source_file, 'loaded' as status, rows_in as row_count,
    rows_staged as staged_row_count, rows_duplicate as duplicate_row_count,
    rows_quarantined as quarantined_row_count, rows_quarantined / rows_in as quarantined_rate
from staging.stg_ingest_ledger;
insert into marts.mart_definition_warnings by name
select 'funnels.csv' as file, 'nobody sends the event pay' as problem,
    '没有人发送事件 pay' as problem_zh, 'write the name as the feed spells it' as mend,
    '按数据里的写法填写事件名' as mend_zh, 2 as row_number;
insert into marts.mart_quarantined_samples by name
select feed, reason, '99 x' as sample, source_file, 1 as sample_number, row_count,
    3 as row_number
from marts.mart_quarantined_rows;
insert into seeds.activities by name select 'any' as activity_id;
insert into seeds.stickiness by name
select 'days_of_week' as stickiness_id, 'any' as activity_id, 'week' as period;

insert into facts.fct_events by name
select event_id, 'events' as source_id, user_id, event_name, null as amount,
    true as is_activity, cast(left(occurred_at, 10) as date) as event_date,
    cast(left(occurred_at, 10) as timestamp) + interval 10 hour as occurred_at
from raw.events;
insert into facts.fct_sessions by name
select user_id || '-' || day as session_id, user_id, 2 as event_count,
    day_date as session_date, day_date + interval 10 hour as started_at,
    day_date + interval 11 hour as ended_at
from active;
insert into facts.fct_orders by name
select 'o' || range as order_id, 'u' || lpad(cast(range % 120 as text), 3, '0') as user_id,
    10 + range % 90 as gross_amount, 0 as refunded_amount, 10 + range % 90 as net_amount,
    date '2024-01-01' + cast(range % 60 as integer) as order_date,
    date '2024-01-01' + cast(range % 60 as integer) + interval 10 hour as ordered_at
from range(0, 1200);
insert into facts.fct_user_days by name
select user_id, 2 as event_count, 1 as session_count, 0 as order_count,
    1 as key_action_count, 0 as net_amount, day_date as activity_date
from active;
insert into facts.fct_user_lifecycle_spans by name
select user_id, 'introduction' as stage_id, null as previous_stage_id,
    false as is_resurrected, min(day_date) as valid_from_date, date '2024-01-15' as valid_to_date
from active group by user_id;
insert into facts.fct_user_lifecycle_spans
select user_id, 'maturity', 'introduction', false, date '2024-01-15', null
from facts.fct_user_lifecycle_spans;
insert into facts.fct_funnel_attempts by name
select 'checkout' as funnel_id, user_id, row_number() over (partition by user_id order by day)
    as attempt_number, 1 + day % 3 as reached_step, false as is_void, true as is_mature,
    day_date + interval 10 hour as entered_at
from active;
insert into facts.fct_retention_returns by name
select 'weekly' as retention_id, user_id, range as period_number,
    timestamp '2024-01-01 00:00:00' as cohort_start_at
from (select distinct user_id from active) as users cross join range(0, 8);

insert into marts.mart_recomputations by name
select null as definition, null as definition_id, 'events' as reason,
    'events of theirs came or went' as reason_en, '这些用户的事件有新到或撤下' as reason_zh,
    60 as user_count, timestamp '2024-02-01 03:00:00' as from_at
union all by name
select 'funnel' as definition, 'to_buy' as definition_id, 'changed_definition' as reason,
    'the definition says something else' as reason_en, '定义改了' as reason_zh,
    120 as user_count;
insert into marts.mart_restatements by name
select 'b2' as build_id, 'b1' as previous_build_id,
    'marts.mart_active_users_daily' as table_name, '{"activity_date":"2024-01-05"}' as row_key,
    'dau' as column_name, 'late_rows' as reasons, 'rows arrived late' as reason_en,
    '迟到的数据' as reason_zh, '60' as old_value, '61' as new_value, false as is_gone,
    timestamp '2024-02-01 03:00:00' as restated_at;
insert into marts.mart_event_volume_daily by name
select 'events' as source_id, event_name, 120 as event_count, 120.0 as expected_count,
    85 as lower_count, 162 as upper_count, least(8, day // 7) as history_day_count,
    false as is_anomalous, true as is_mature, day_date as event_date
from days cross join (values ('page_viewed'), (null)) as names (event_name);
insert into marts.mart_event_freshness by name
select 'events' as source_id, event_name, 0 as silent_day_count, 1.0 as usual_gap_days,
    0.0 as missed_event_count, false as is_late, date '2024-02-29' as last_event_date,
    timestamp '2024-02-29 10:00:00' as last_event_at,
    timestamp '2024-03-01 06:00:00' as data_through_at
from (values ('page_viewed'), (null)) as names (event_name);
insert into marts.mart_active_users_daily by name
select day_date as activity_date, 60 as dau, 120 as wau, 120 as mau, 0.5 as stickiness_rate,
    true as is_mature
from days;
insert into marts.mart_active_users_daily by name
select date '2024-03-01' as activity_date, 5 as dau, 120 as wau, 120 as mau,
    5 / 120 as stickiness_rate, false as is_mature;
insert into marts.mart_growth_accounting by name
select 'any' as activity_id, 'day' as grain, 0 as new_user_count, 10 as retained_user_count,
    50 as resurrected_user_count, 50 as churned_user_count, 60 as active_user_count,
    1.0 as quick_ratio, true as is_mature, day_date as period_start_date
from days;
insert into marts.mart_growth_accounting by name
select 'any' as activity_id, 'month' as grain, 0 as new_user_count,
    1000 as retained_user_count, 20 as resurrected_user_count, 300 as churned_user_count,
    1020 as active_user_count, 20 / 300 as quick_ratio, true as is_mature,
    date '2024-02-01' as period_start_date;
insert into marts.mart_sales_periods by name
select 'day' as grain, 12 as order_count, 10 as customer_count, 1 as new_customer_count,
    9 as repeat_customer_count, 60 as active_user_count, 120 as gross_amount,
    20 as refunded_amount, 100 as net_amount, 100 / 60 as arpu, 0.9 as repeat_rate,
    true as is_mature, day_date as period_start_date
from days;
insert into marts.mart_lifecycle_daily by name
select day_date as activity_date, stage_id, user_count, 0 as entered_count, 0 as left_count,
    true as is_mature
from days cross join (values ('introduction', 1000), ('growth', 200), ('churn', 0))
    as stages (stage_id, user_count);
insert into marts.mart_lifecycle_migrations by name
select 'week' as grain, from_stage_id, to_stage_id, user_count, user_count as move_count,
    false as is_resurrected, true as is_mature, day_date as period_start_date
from days
cross join (values (null, 'introduction', 20), ('introduction', 'growth', 5),
    ('growth', 'dormancy', 60)) as moves (from_stage_id, to_stage_id, user_count)
where dayofweek(day_date) = 1;
insert into marts.mart_stickiness by name
select 'days_of_week' as stickiness_id, day_date as period_start_date,
    range as active_intervals, 10 as user_count, true as is_mature
from days cross join range(1, 8) where dayofweek(day_date) = 1;
insert into marts.mart_rfm_scores by name
select snapshot_date, 'c' || range as user_id, range % 365 as recency_days,
    1 + range % 4 as frequency, 10 + range as monetary_amount, 1 + range % 5 as r_score,
    1 + range % 5 as f_score, 1 + range % 5 as m_score, 'segment_' || range % 5 as segment_id,
    true as is_mature
from range(0, 300)
cross join (values (date '2024-01-31'), (date '2024-02-29')) as snapshots (snapshot_date);
insert into marts.mart_rfm_migrations by name
select date '2024-02-29' as snapshot_date, from_segment_id, to_segment_id, user_count
from (values (null, 'segment_1', 20), ('segment_1', 'segment_2', 260), ('segment_2', null, 20))
    as moves (from_segment_id, to_segment_id, user_count);
insert into marts.mart_erasure_certificates by name
select sha256('u999') as person_hash, 'raw' as layer, object, 7 as removed_count,
    true as is_removed, timestamp '2024-02-20 08:00:00' as requested_at,
    timestamp '2024-02-21 03:00:00' as removed_at
from (values ('raw.events'), ('raw.users')) as objects (object);
insert into seeds.dim_funnel_steps values ('checkout', false, null);
insert into marts.mart_funnel_conversion by name
select 'checkout' as funnel_id, 'all' as grain, null as period_start_date,
    null as breakdown_value, step_number, 2000 as entrant_count, reached_count,
    1500 as mature_entrant_count, least(reached_count, 1500) as mature_reached_count,
    mature_previous_count, least(reached_count, 1500) / 1500 as rate_from_start,
    least(reached_count, 1500) / mature_previous_count as rate_from_previous,
    60.0 as mean_seconds_from_previous, 50.0 as median_seconds_from_previous,
    90.0 as p90_seconds_from_previous, true as is_mature
from (values (1, 2000, null), (2, 900, 1500), (3, 100, 900))
    as steps (step_number, reached_count, mature_previous_count);
insert into marts.mart_path_edges by name
select 'checkout' as path_id, 'cart' as source_item, target_item, 0 as source_position,
    1 as target_position, occurrence_count, 100 as user_count,
    occurrence_count as mature_occurrence_count, 2000 as mature_source_count,
    occurrence_count / 2000 as rate_from_source, 60.0 as mean_seconds, true as is_mature
from (values ('pay', 1200), ('leave', 500)) as edges (target_item, occurrence_count);
insert into marts.mart_path_sequences by name
select item_sequence as sequence_key, 'checkout' as path_id, item_sequence, 2 as item_count,
    occurrence_count, 100 as user_count, occurrence_count as mature_occurrence_count,
    2000 as mature_path_occurrence_count, occurrence_count / 2000 as occurrence_rate,
    true as is_mature
from (values ('cart > pay', 1200), ('cart > leave', 500), ('cart', 300))
    as sequences (item_sequence, occurrence_count);
insert into marts.mart_activity_heatmap by name
select 'any' as activity_id, 'month' as grain, weekdays.range as weekday_number,
    weekdays.range as weekday_position, hours.range as hour_of_day, 200 as event_count,
    60 as user_count, 120 as user_hour_count, 4 as hour_count, true as is_mature,
    date '2024-02-01' as period_start_date
from range(1, 8) as weekdays cross join range(0, 24) as hours;
insert into marts.mart_user_states_daily by name
select state_id, user_count, is_active, true as is_mature, day_date as activity_date
from days cross join (values ('current', 60, true), ('at_risk_wau', 60, false))
    as states (state_id, user_count, is_active);
insert into marts.mart_funnel_times by name
select 'checkout' as funnel_id, null as breakdown_value, 1 as from_step, 2 as to_step,
    1500 as mature_reached_count, 10.0 as least_seconds, 60.0 as mean_seconds,
    50.0 as median_seconds, 90.0 as p90_seconds, 100.0 as most_seconds, true as is_mature;
insert into marts.mart_funnel_time_to_convert by name
select 'checkout' as funnel_id, null as breakdown_value, 1 as from_step, 2 as to_step,
    range as bin_number, 10 + 30 * (range - 1) as bin_from_seconds,
    10 + 30 * range as bin_to_seconds, 500 * (range < 4)::int as mature_reached_count,
    true as is_mature
from range(1, 5);
insert into marts.mart_funnel_trends by name
select 'checkout' as funnel_id, 'day' as grain, null as breakdown_value, 100 as entrant_count,
    50 as converted_count, 90 as mature_entrant_count, 45 as mature_converted_count,
    0.5 as conversion_rate, false as is_mature, day_date as period_start_date,
    day_date::timestamp as period_start_at
from days;
insert into marts.mart_retention_cohorts by name
select 'weekly' as retention_id, timestamp '2024-01-01' as cohort_start_at,
    date '2024-01-01' as cohort_start_date, null as breakdown_value, range as period_number,
    100 as cohort_size, 100 - 10 * range as returned_count, 90 as eligible_count,
    least(90, 100 - 10 * range) as mature_returned_count,
    least(90, 100 - 10 * range) / 90 as retention_rate, 5 as same_period_returned_count,
    false as is_mature
from range(0, 8);
"""


def make_empty_warehouse(path: Path) -> Path:
    """Every table, no rows, save the horizon's one, which holds nothing: a build of no files."""
    with duckdb.connect(str(path)) as connection:
        _create(connection)
        connection.execute("insert into facts.dim_horizon values (null, null, null)")
    return path


def make_clean_warehouse(path: Path) -> Path:
    """Every table, with rows that every suite accepts."""
    with duckdb.connect(str(path)) as connection:
        _create(connection)
        connection.execute(_ROWS)
        for feed, columns in _feeds():
            if feed != "events":
                names = [*columns, "source_file"]
                connection.execute(
                    f"insert into raw.{feed} (row_number, load_id, {', '.join(names)}) "
                    f"select range + 1, 1, {', '.join(_text_of(name) for name in names)} "
                    f"from range(0, {FEED_ROWS})"
                )
    return path


def _create(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(_TABLES)
    for feed, columns in _feeds():
        provenance = "source_file text, row_number bigint, load_id bigint, content_hash text"
        declared = ", ".join(f'"{column}" text' for column in columns)
        connection.execute(
            f"create table raw.{feed} ({provenance}, {declared}, properties text, "
            "malformed_payload text)"
        )


def _feeds() -> list[tuple[str, list[str]]]:
    added = {"source_file", "row_number", "load_id", "content_hash", "properties"}
    added.add("malformed_payload")
    return [
        (file.table, [column for column in expectation.column_set if column not in added])
        for file in suite_files()
        if file.schema == "raw"
        for expectation in file.load().expectations
        if expectation.expectation_type == "expect_table_columns_to_match_set"
    ]


def _text_of(column: str) -> str:
    return f"'{column}-' || range" if column != "source_file" else "'feed/all.csv'"
