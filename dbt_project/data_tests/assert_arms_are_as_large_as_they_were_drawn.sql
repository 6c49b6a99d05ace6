-- Where they are not, something else than the lot chose who is in an arm: its lift means nothing.
{{ config(
    severity='warn',
    meta={'zh': '各组人数应符合分组比例；不符说明有别的原因在决定谁进哪一组，提升就不可信。'}
) }}
select * from {{ ref('mart_campaign_balance') }} where is_mismatch
