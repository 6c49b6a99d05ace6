-- What is yet to be made: once it is whole, the archive has it.
select
    exports.audience_id,
    exports.export_at,
    exports.previous_export_at,
    exports.purpose,
    audiences.holdout_salt,
    audiences.cap_messages,
    cast(audiences.holdout_rate as double) as holdout_rate,
    audiences.consent_default,
    exports.is_by_profile,
    {{ add_seconds('exports.export_at', '-86400 * audiences.cap_days') }} as capped_from_at
from {{ ref('dim_audience_exports') }} as exports
inner join {{ ref('dim_audiences') }} as audiences on exports.audience_id = audiences.audience_id
left join {{ source('archive', 'arc_audience_exports') }} as archived
    on exports.audience_id = archived.audience_id
    and exports.export_at = archived.export_at
where archived.audience_id is null
