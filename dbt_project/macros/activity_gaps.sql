{# How many users went from one active day to the next, of a relation of days with the activity and
   the day before: a query. Where new is by the day of creation, that day too, if the active day's
   week or month may be its own: further off it makes nobody new. #}
{% macro activity_gaps(days) -%}
select
    activity_id,
    count(*) as user_count,
    created_date,
    previous_activity_date,
    activity_date
from (
    select
        {{ days }}.activity_id,
        {{ days }}.previous_activity_date,
        {{ days }}.activity_date,
        case
            when
                {{ week_start('created.created_date') }}
                = {{ week_start(days ~ '.activity_date') }}
                or {{ month_start('created.created_date') }}
                = {{ month_start(days ~ '.activity_date') }}
                then created.created_date
        end as created_date
    from {{ days }}
    left join (
        select
            activities.activity_id,
            users.user_id,
            {{ local_date('users.created_at') }} as created_date
        from {{ ref('dim_users') }} as users
        cross join {{ ref('dim_activities') }} as activities
        where users.created_at is not null and activities.new_by = 'created_at'
    ) as created
        on
            {{ days }}.activity_id = created.activity_id
            and {{ days }}.user_id = created.user_id
) as dated
group by activity_id, created_date, previous_activity_date, activity_date
{%- endmacro %}
