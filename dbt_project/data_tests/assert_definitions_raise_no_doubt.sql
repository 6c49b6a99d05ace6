-- A doubtful definition is built as it stands, and shown with its line and mend.
{{ config(severity='warn', meta={'zh': '存疑的定义按原样计算，并列出文件行号和修复办法。'}) }}
select * from {{ ref('mart_definition_warnings') }}
