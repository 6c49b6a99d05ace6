{# The columns of a user's profile, which conditions of tags and audiences may ask. #}
{% macro profile_columns() -%}
    {{ return([
        'user_id', 'stage_id', 'state_id', 'segment_id', 'first_channel_id', 'favourite_category',
        'favourite_hour', 'active_day_count', 'silent_days', 'order_count', 'feature_count',
        'invited_count', 'net_amount', 'p_alive', 'expected_value_amount', 'churn_risk_rate',
        'has_marketing_consent', 'first_active_date', 'last_active_date',
    ]) }}
{%- endmacro %}

{# Value of a column of the profile, or else of a property of the user, as text. #}
{% macro profile_property(relation, property) -%}
    case {{ property }}
        {%- for column in profile_columns() %}
        when '{{ column }}' then cast({{ relation }}.{{ column }} as {{ dbt.type_string() }})
        {%- endfor %}
        else {{ user_property(relation, property, relation ~ '.user_id') }}
    end
{%- endmacro %}
