-- A doubtful definition is built as it stands, and shown with its line and mend.
{{ config(severity='warn') }}
select * from {{ ref('definition_problems') }} where severity = 'warning'
