"""For every rule of every suite, SQL that puts into the clean warehouse what it must catch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expectations.results import rule_of

if TYPE_CHECKING:
    import great_expectations as gx

_SPOILED_FEEDS = {
    "has_its_columns": "alter table raw.{feed} drop column properties",
    "mostly_readable": "update raw.{feed} set malformed_payload = 'x' where row_number % 3 > 0",
}

DEFECTS = {
    "raw.events": {
        "volume_did_not_collapse": """
            delete from raw.events where occurred_at like '2024-02-29%' and row_number > 5""",
        "newest_load_is_newer": """
            update raw.events set occurred_at = '2024-01-05 00:00:00' where load_id = 60""",
    },
    "raw.ingest_files": {
        "not_older_than_the_last_build": """
            insert into raw.build_watermarks values (61, 'c', '2024-03-01 08:00:00')""",
        "files_mostly_readable": """
            update raw.ingest_files set status = 'failed' where load_id % 3 > 0""",
        "rows_mostly_staged": """
            update staging.stg_ingest_ledger set rows_quarantined = 100, rows_staged = 20""",
        "every_file_readable": """
            update raw.ingest_files set status = 'failed', error = 'HTML' where load_id = 7""",
        "most_of_a_file_is_usable": """
            update staging.stg_ingest_ledger
            set rows_in = 3, rows_staged = 1, rows_quarantined = 2
            where source_file like '%-05%'""",
        "files_as_large_as_usual": """
            update raw.ingest_files set rows_in = 3 where load_id = 60""",
    },
    "facts.fct_events": {
        "not_before_the_web": """
            update facts.fct_events set occurred_at = '1970-01-01' where event_id = 'u000-0-0'""",
        "amount_of_this_world": """
            update facts.fct_events set amount = 2e12 where event_id = 'u000-0-0'""",
        "no_day_holds_most_events": """
            update facts.fct_events set event_date = '2024-01-01'
            where hash(event_id) % 10 < 7""",
        "few_event_names": "update facts.fct_events set event_name = event_id",
    },
    "facts.fct_sessions": {
        "not_empty": "delete from facts.fct_sessions",
        "shorter_than_a_month": """
            update facts.fct_sessions set ended_at = started_at + interval 31 day
            where session_id = 'u000-0'""",
        "events_of_a_person": """
            update facts.fct_sessions set event_count = 20001 where session_id = 'u000-0'""",
    },
    "facts.fct_orders": {
        "refund_within_order": """
            update facts.fct_orders set refunded_amount = gross_amount + 1
            where order_id = 'o1'""",
        "no_order_dwarfs_the_others": """
            update facts.fct_orders set gross_amount = 10000000 where order_id = 'o1'""",
        "orders_carry_amounts": """
            update facts.fct_orders set gross_amount = 0 where order_id <> 'o1'""",
    },
    "facts.fct_user_days": {
        "not_empty": "delete from facts.fct_user_days",
        "events_of_a_person": """
            update facts.fct_user_days set event_count = 20001 where user_id = 'u000'""",
        "orders_of_a_person": """
            update facts.fct_user_days set order_count = 501 where user_id = 'u000'""",
    },
    "facts.fct_user_lifecycle_spans": {
        "not_empty": "delete from facts.fct_user_lifecycle_spans",
        "lasts_a_day_or_more": """
            update facts.fct_user_lifecycle_spans set valid_to_date = valid_from_date
            where user_id = 'u000' and stage_id = 'introduction'""",
        "changes_stage": """
            update facts.fct_user_lifecycle_spans set previous_stage_id = 'maturity'
            where user_id = 'u000' and stage_id = 'maturity'""",
    },
    "facts.fct_funnel_attempts": {
        "attempts_of_a_person": """
            insert into facts.fct_funnel_attempts
            select 'checkout', 'robot', range, 1, false, true, '2024-01-01'
            from range(0, 20001)""",
        "exclusions_leave_attempts": """
            update facts.fct_funnel_attempts set is_void = attempt_number > 1""",
    },
    "marts.mart_quarantined_rows": {
        "as_many_as_the_ledger_says": """
            update marts.mart_quarantined_rows set row_count = 3""",
    },
    "marts.mart_ingest_files": {
        "every_file_of_the_ledger": """
            delete from marts.mart_ingest_files where source_file like '%2024-01-05%'""",
    },
    "marts.mart_definition_warnings": {
        "says_what_to_do": "update marts.mart_definition_warnings set mend = ' '",
    },
    "marts.mart_id_warnings": {
        "ids_tell_rows_apart": """
            insert into marts.mart_id_warnings by name
            select 'events' as feed, 'events/a.csv' as source_file, 'user_id' as column_name,
                'placeholder' as doubt,
                'user_id is a placeholder such as null: 8 rows of events/a.csv' as problem_en""",
    },
    "marts.mart_quarantined_samples": {
        "samples_name_nobody": """
            update marts.mart_quarantined_samples set sample = '31 May' where reason like 'un%'""",
        "every_reason_has_a_sample": """
            delete from marts.mart_quarantined_samples where reason like 'un%'""",
    },
    "marts.mart_event_volume_daily": {
        "not_empty": "delete from marts.mart_event_volume_daily",
        "names_sum_to_their_source": """
            update marts.mart_event_volume_daily set event_count = 119
            where event_date = '2024-01-05' and event_name is null""",
        "volume_is_usual": """
            update marts.mart_event_volume_daily
            set is_anomalous = true, explanation_en = 'page_viewed: 3, fewer than usual.'
            where event_date = '2024-02-28' and event_name is not null""",
    },
    "marts.mart_event_freshness": {
        "not_empty": "delete from marts.mart_event_freshness",
        "nothing_is_late": """
            update marts.mart_event_freshness
            set is_late = true, explanation_en = 'page_viewed: none since Monday.'
            where event_name is not null""",
    },
    "marts.mart_recomputations": {
        "definitions_are_named": "update marts.mart_recomputations set definition_id = null",
    },
    "marts.mart_restatements": {
        "values_differ": "update marts.mart_restatements set new_value = '60'",
        "no_flood": """
            insert into marts.mart_restatements by name
            select 'b' as build_id, 'marts.mart_x' as table_name, cast(range as text) as row_key,
                'dau' as column_name, '1' as new_value, false as is_gone
            from range(0, 100001)""",
    },
    "marts.mart_active_users_daily": {
        "not_empty": "delete from marts.mart_active_users_daily",
        "no_day_missing": """
            delete from marts.mart_active_users_daily where activity_date = '2024-01-05'""",
        "reaches_the_horizon": """
            delete from marts.mart_active_users_daily where activity_date > '2024-02-20'""",
        "users_did_not_vanish": """
            update marts.mart_active_users_daily set dau = 5
            where activity_date = '2024-02-29'""",
    },
    "marts.mart_growth_accounting": {
        "not_empty": "delete from marts.mart_growth_accounting",
        "active_is_the_sum_of_its_kinds": """
            update marts.mart_growth_accounting set active_user_count = 61
            where period_start_date = '2024-01-05'""",
        "not_everybody_left": """
            update marts.mart_growth_accounting
            set retained_user_count = 1, active_user_count = 21 where grain = 'month'""",
    },
    "marts.mart_sales_periods": {
        "not_empty": "delete from marts.mart_sales_periods",
        "net_is_gross_less_refunds": """
            update marts.mart_sales_periods set net_amount = 99
            where period_start_date = '2024-01-05'""",
        "refunds_did_not_eat_the_sales": """
            update marts.mart_sales_periods set refunded_amount = 10000, net_amount = -9880""",
    },
    "marts.mart_lifecycle_daily": {
        "not_empty": "delete from marts.mart_lifecycle_daily",
        "nobody_is_lost": """
            update marts.mart_lifecycle_daily set user_count = 199
            where activity_date = '2024-01-05' and stage_id = 'growth'""",
        "somebody_gets_past_introduction": """
            update marts.mart_lifecycle_daily set stage_id = 'dormancy'
            where stage_id = 'growth'""",
    },
    "marts.mart_lifecycle_migrations": {
        "not_empty": "delete from marts.mart_lifecycle_migrations",
        "silence_is_entered_in_order": """
            update marts.mart_lifecycle_migrations set from_stage_id = 'churn'
            where period_start_date = '2024-01-08' and to_stage_id = 'dormancy'""",
        "not_everybody_fell_silent": """
            update marts.mart_lifecycle_migrations set user_count = 1100
            where period_start_date = '2024-02-26' and to_stage_id = 'dormancy'""",
    },
    "marts.mart_stickiness": {
        "fits_into_its_period": """
            update marts.mart_stickiness set active_intervals = 8
            where period_start_date = '2024-01-08' and active_intervals = 7""",
    },
    "marts.mart_rfm_scores": {
        "not_empty": "delete from marts.mart_rfm_scores",
        "bought_within_the_year": """
            update marts.mart_rfm_scores set recency_days = 366 where user_id = 'c7'""",
        "customers_have_bought": """
            update marts.mart_rfm_scores set frequency = 0 where user_id = 'c7'""",
        "no_segment_holds_nearly_all": "update marts.mart_rfm_scores set segment_id = 'all'",
        "customers_did_not_vanish": """
            delete from marts.mart_rfm_scores
            where snapshot_date = '2024-02-29' and user_id like 'c2%'
                or snapshot_date = '2024-02-29' and user_id like '%_'
                and hash(user_id) % 10 > 0""",
    },
    "marts.mart_rfm_migrations": {
        "comes_or_goes_somewhere": """
            update marts.mart_rfm_migrations set to_segment_id = null
            where from_segment_id is null""",
        "not_everybody_lapsed": """
            update marts.mart_rfm_migrations set to_segment_id = null
            where from_segment_id is not null""",
    },
    "marts.mart_erasure_certificates": {
        "names_nobody": "update marts.mart_erasure_certificates set person_hash = 'u999'",
        "nothing_is_left": """
            update marts.mart_erasure_certificates set is_removed = false
            where object = 'raw.users'""",
    },
    "marts.mart_funnel_conversion": {
        "mature_within_all": """
            update marts.mart_funnel_conversion set mature_entrant_count = entrant_count + 1""",
        "never_widens": """
            update marts.mart_funnel_conversion set mature_previous_count = 99
            where step_number = 3""",
        "somebody_completes": """
            update marts.mart_funnel_conversion
            set reached_count = 0, mature_reached_count = 0 where step_number = 3""",
    },
    "marts.mart_path_edges": {
        "most_items_have_a_name": """
            update marts.mart_path_edges set source_item = 'Other', target_item = 'Other'""",
    },
    "marts.mart_path_sequences": {
        "sequences_sum_to_occurrences": """
            delete from marts.mart_path_sequences where item_sequence = 'cart'""",
    },
    "marts.mart_activity_heatmap": {
        "as_many_hours_as_there_are": """
            update marts.mart_activity_heatmap set hour_count = 7
            where weekday_number = 1 and hour_of_day = 3""",
        "nobody_in_an_hour_that_was_not": """
            update marts.mart_activity_heatmap set hour_count = 0
            where weekday_number = 1 and hour_of_day = 3""",
        "no_hour_holds_nearly_all": """
            update marts.mart_activity_heatmap set event_count = 1000000
            where hour_of_day = 0""",
    },
    "marts.mart_user_states_daily": {
        "not_empty": "delete from marts.mart_user_states_daily",
        "active_states_sum_to_dau": """
            update marts.mart_user_states_daily set user_count = 59
            where activity_date = '2024-01-05' and state_id = 'current'""",
    },
    "marts.mart_funnel_times": {
        "not_all_in_one_second": """
            update marts.mart_funnel_times set least_seconds = 0, median_seconds = 0""",
    },
    "marts.mart_funnel_time_to_convert": {
        "bins_have_a_width": """
            update marts.mart_funnel_time_to_convert set bin_to_seconds = bin_from_seconds
            where bin_number = 2""",
        "bins_hold_everybody": """
            delete from marts.mart_funnel_time_to_convert where bin_number = 2""",
    },
    "marts.mart_funnel_trends": {
        "mature_within_all": """
            update marts.mart_funnel_trends set mature_entrant_count = entrant_count + 1""",
        "no_day_missing": """
            delete from marts.mart_funnel_trends where period_start_date = '2024-01-05'""",
    },
    "marts.mart_retention_cohorts": {
        "period_0_is_whole": """
            update marts.mart_retention_cohorts set returned_count = 99
            where period_number = 0""",
    },
}


def rounds(suite: gx.ExpectationSuite) -> list[dict[str, str]]:
    """The defects of a suite by rule, those together that do not touch one another.

    Raises `LookupError` that names the rules without a defect.
    """
    configs = [expectation.configuration.to_json_dict() for expectation in suite.expectations]
    found = {rule_of(config): _defect(suite.name, config) for config in configs}
    missing = sorted(rule for rule, sql in found.items() if sql is None)
    if missing:
        raise LookupError(
            f"{suite.name}: no defect of {', '.join(missing)} in tests/expectations/defects.py"
        )
    assert len(found) == len(configs), "a name stands twice"
    # Each spoils a column of its own.
    together = {rule: sql for rule, sql in found.items() if rule.endswith(_ALIKE)}
    return [
        *([together] if together else []),
        *({rule: sql} for rule, sql in found.items() if rule not in together),
    ]


_ALIKE = ("_not_negative", "_between_0_and_1")


def _defect(suite_name: str, config: dict[str, Any]) -> str | None:
    """SQL for a rule: its own, else what every rule like it must catch."""
    rule, kwargs = rule_of(config), config["kwargs"]
    _, table = suite_name.split(".")
    if rule in DEFECTS.get(suite_name, {}):
        return DEFECTS[suite_name][rule]
    if rule in _SPOILED_FEEDS and suite_name.startswith("raw."):
        return _SPOILED_FEEDS[rule].format(feed=table)
    if rule.endswith("_mostly_filled"):
        column = rule.removesuffix("_mostly_filled")
        return f"update {suite_name} set {column} = null where row_number % 3 > 0"
    if rule.endswith("_not_negative"):
        return f"update {suite_name} set {kwargs['column']} = -1"
    if rule.endswith("_between_0_and_1"):
        return f"update {suite_name} set {kwargs['column']} = 1.5"
    if rule == "within_horizon":
        return f"update {suite_name} set {kwargs['column']} = '2999-01-01'"
    if ("_within_" in rule and "column_B" in kwargs) or "_up_to_" in rule:
        return f"update {suite_name} set {kwargs['column_B']} = {kwargs['column_A']} + 1"
    return None
