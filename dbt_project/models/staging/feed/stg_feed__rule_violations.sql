with

rule_violations as (

    {{ staged_feed_rows('rule_violations') }}

),

typed as (

    select
        violation_id,
        merchant_id,
        user_id,
        rule_id,
        severity,
        properties,
        content_hash,
        {{ parse_instant('occurred_at') }} as occurred_at,
        {{ parse_instant('resolved_at') }} as resolved_at
    from rule_violations

)

select * from typed
