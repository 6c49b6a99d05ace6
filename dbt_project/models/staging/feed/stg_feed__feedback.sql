with

feedback as (

    {{ staged_feed_rows('feedback') }}

),

given as (

    select
        feedback.*,
        {% for column in ['kind', 'feature_id', 'tags', 'release_id', 'answered_at', 'closed_at', 'updated_at'] -%}
        {{ given_cell('feedback', column) }} as given_{{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from feedback

),

typed as (

    select
        {{ given_id('given', 'feedback_id') }} as feedback_id,
        known_user_id as user_id,
        {{ given_id('given', 'content_id') }} as content_id,
        {{ given_id('given', 'merchant_id') }} as merchant_id,
        given_feature_id as feature_id,
        given_release_id as release_id,
        lower(given_kind) as kind,
        given_tags as tags,
        comment,
        properties,
        content_hash,
        {{ parse_number('score', 'decimal(18, 4)') }} as score,
        {{ parse_instant('submitted_at') }} as submitted_at,
        {{ parse_instant('given_answered_at') }} as answered_at,
        {{ parse_instant('given_closed_at') }} as closed_at,
        {{ parse_instant('given_updated_at') }} as updated_at
    from given

)

select * from typed
