{# The columns of a user's profile, which conditions of tags and audiences may ask. #}
{% macro profile_columns() -%}
    {{ return([
        'user_id', 'stage_id', 'state_id', 'segment_id', 'first_channel_id', 'favourite_category',
        'favourite_hour', 'active_day_count', 'silent_days', 'order_count', 'feature_count',
        'invited_count', 'net_amount', 'p_alive', 'expected_value_amount', 'churn_risk_rate',
        'has_marketing_consent', 'first_active_date', 'last_active_date',
    ]) }}
{%- endmacro %}

{# Value of a column of a profile as text, or else of a property of the user, whom `users` tells of. #}
{% macro profile_property(profiles, property, users) -%}
    case {{ property }}
        {%- for column in profile_columns() | reject('equalto', 'user_id') %}
        when '{{ column }}' then cast({{ profiles }}.{{ column }} as {{ dbt.type_string() }})
        {%- endfor %}
        else {{ user_property(users, property, users ~ '.user_id') }}
    end
{%- endmacro %}
