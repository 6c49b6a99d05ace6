-- A wrong definition never builds a silent zero: it holds back publishing.
select * from {{ ref('definition_problems') }} where severity = 'error'
