with

rule_violations as (

    {{ staged_feed_rows('rule_violations') }}

),

typed as (

    select
        {{ given_id('rule_violations', 'violation_id') }} as violation_id,
        {{ given_id('rule_violations', 'merchant_id') }} as merchant_id,
        known_user_id as user_id,
        {{ given_id('rule_violations', 'rule_id') }} as rule_id,
        {{ given_id('rule_violations', 'severity') }} as severity,
        properties,
        content_hash,
        {{ parse_instant('occurred_at') }} as occurred_at,
        {{ parse_instant('resolved_at') }} as resolved_at,
        {{ parse_instant(given_cell('rule_violations', 'updated_at')) }} as updated_at
    from rule_violations

)

select * from typed
