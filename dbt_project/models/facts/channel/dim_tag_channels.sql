with

rules as (

    select * from {{ ref('dim_channel_rules') }}

),

categories as (

    select * from {{ ref('dim_source_categories') }}

),

tags as (

    select
        utm_source,
        utm_medium,
        utm_campaign,
        referrer_host
    from {{ ref('fct_landings') }}

    union

    select
        utm_source,
        utm_medium,
        utm_campaign,
        cast(null as {{ dbt.type_string() }}) as referrer_host
    from {{ ref('stg_feed__channel_costs') }}

),

resolved as (

    select
        tags.utm_source as given_source,
        tags.utm_medium as given_medium,
        tags.utm_campaign,
        tags.referrer_host,
        coalesce(tags.utm_source, tags.referrer_host) as utm_source,
        case
            when tags.referrer_host is null then tags.utm_medium
            when lower(categories.source_category) = 'search' then 'organic'
            else 'referral'
        end as utm_medium,
        categories.source_category
    from tags
    left join categories
        on lower(coalesce(tags.utm_source, tags.referrer_host)) = categories.utm_source

),

{# A loop, because each cell of a rule is asked in the same way. #}
{%- set cells = ['utm_source', 'utm_medium', 'utm_campaign', 'source_category'] %}
patterns as (

    {% for cell in cells -%}
    select
        '{{ cell }}' as cell,
        {{ cell }} as pattern
    from rules
    where {{ cell }} <> '(none)'
    {{ 'union' if not loop.last }}
    {% endfor %}

),

cell_values as (

    {% for cell in cells -%}
    select
        '{{ cell }}' as cell,
        {{ cell }} as cell_value
    from resolved
    where {{ cell }} is not null
    {{ 'union' if not loop.last }}
    {% endfor %}

),

-- Each value meets each pattern once: an expression is read anew for every pair.
matches as (

    select
        patterns.cell,
        patterns.pattern,
        cell_values.cell_value
    from patterns
    inner join cell_values on patterns.cell = cell_values.cell
    where {{ is_like_pattern('cell_values.cell_value', "'(?i:' || patterns.pattern || ')'") }}

),

ruled as (

    select
        resolved.given_source,
        resolved.given_medium,
        resolved.utm_campaign,
        resolved.referrer_host,
        resolved.utm_source,
        resolved.utm_medium,
        resolved.source_category,
        min(
            case
                when true
                    {%- for cell in cells %}
                    and (
                        rules.{{ cell }} is null
                        or {{ cell }}_matches.cell_value is not null
                        or (rules.{{ cell }} = '(none)' and resolved.{{ cell }} is null)
                    )
                    {%- endfor %}
                    then rules.rule_number
            end
        ) as rule_number
    from resolved
    left join rules on true
    {% for cell in cells -%}
    left join matches as {{ cell }}_matches
        on {{ cell }}_matches.cell = '{{ cell }}'
        and rules.{{ cell }} = {{ cell }}_matches.pattern
        and resolved.{{ cell }} = {{ cell }}_matches.cell_value
    {% endfor -%}
    group by
        resolved.given_source,
        resolved.given_medium,
        resolved.utm_campaign,
        resolved.referrer_host,
        resolved.utm_source,
        resolved.utm_medium,
        resolved.source_category

)

select
    md5(
        coalesce('s' || ruled.given_source, '') || chr(30)
        || coalesce('m' || ruled.given_medium, '') || chr(30)
        || coalesce('c' || ruled.utm_campaign, '') || chr(30)
        || coalesce('r' || ruled.referrer_host, '')
    ) as tags_key,
    ruled.given_source,
    ruled.given_medium,
    ruled.referrer_host,
    ruled.utm_source,
    ruled.utm_medium,
    ruled.utm_campaign,
    ruled.source_category,
    coalesce(rules.channel_id, 'unassigned') as channel_id,
    ruled.rule_number
from ruled
left join rules on ruled.rule_number = rules.rule_number
