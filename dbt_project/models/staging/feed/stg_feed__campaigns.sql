with

campaigns as (

    {{ staged_feed_rows('campaigns') }}

),

rates as (

    select * from {{ ref('dim_currency_rates') }}

),

typed as (

    select
        {{ given_id('campaigns', 'campaign_id') }} as campaign_id,
        {{ given_id('campaigns', 'campaign_name') }} as campaign_name,
        {{ given_id('campaigns', 'campaign_type') }} as campaign_type,
        {{ given_id('campaigns', 'channel') }} as channel,
        {{ given_id('campaigns', 'goal_measure_id') }} as goal_measure_id,
        {{ given_id('campaigns', 'partner') }} as partner,
        coalesce({{ given_id('campaigns', 'control_variant') }}, 'control') as control_variant,
        {{ given_id('campaigns', 'variant_shares') }} as variant_shares,
        {{ given_currency('campaigns') }} as currency,
        campaigns.properties,
        campaigns.content_hash,
        campaigns.source_file,
        campaigns.row_number,
        {{ bounded_number('campaigns.budget_amount', 'decimal(18, 4)', 0) }} as given_amount,
        {{ bounded_number('campaigns.target_value', 'decimal(28, 6)', 0) }} as target_value,
        {{ bounded_number('campaigns.margin_rate', 'double', 0, 1) }} as margin_rate,
        {{ parse_boolean('campaigns.is_randomized') }} as is_randomized,
        {{ parse_instant('campaigns.starts_at') }} as starts_at,
        {{ parse_instant('campaigns.ends_at') }} as ends_at,
        {{ parse_instant('campaigns.updated_at') }} as updated_at,
        {{ budget_instant('campaigns') }} as budgeted_at,
        {%- for column in campaign_columns_that_may_be_unread() %}
        {{ given_id('campaigns', column) }} as {{ column }}_text{{ ',' if not loop.last }}
        {%- endfor %}
    from campaigns

),

converted as (

    select
        typed.*,
        case
            when typed.currency = '{{ reporting_currency() }}' then typed.given_amount
            else {{ in_reporting_currency('typed.given_amount') }}
        end as budget_amount
    from typed
    left join rates
        on typed.currency = rates.currency
        and typed.budgeted_at >= rates.valid_from_at
        and typed.budgeted_at < rates.valid_to_at

)

select
    campaign_id,
    campaign_name,
    campaign_type,
    channel,
    goal_measure_id,
    partner,
    control_variant,
    variant_shares,
    currency,
    -- What was given and cannot be: the reader takes it as empty, and is told.
    nullif(concat_ws(
        ', '
        {%- for column in campaign_columns_that_may_be_unread() %},
        case when {{ column }} is null and {{ column }}_text is not null then '{{ column }}' end
        {%- endfor %}
    ), '') as unread_columns,
    properties,
    content_hash,
    source_file,
    row_number,
    budget_amount,
    target_value,
    margin_rate,
    is_randomized,
    starts_at,
    ends_at,
    updated_at
from converted
