{# Loops over the columns of feeds, because each is a reason of the same kind. #}
{%- set required = feed_required_columns().values() | sum(start=[]) | unique | sort -%}
with

reasons as (

    select
        'malformed_row' as reason,
        'The line could not be parsed: a broken quote, too many or too few fields, or no JSON object. Mend the line, or the export that wrote it.' as mend_en,
        '这一行无法解析：引号不成对、字段过多或过少，或不是 JSON 对象。改好这一行，或改导出程序。' as mend_zh

    union all

    select
        'missing_event_name' as reason,
        'The row has no event_name. Is the column named otherwise? Name it event_name, in the export or in the staging model of the source.' as mend_en,
        '这一行没有 event_name。是不是列名不同？在导出程序或该来源的 staging 模型里改成 event_name。' as mend_zh

    union all

    select
        'missing_actor' as reason,
        'The row has neither user_id nor anonymous_id. Give one of them.' as mend_en,
        '这一行既没有 user_id 也没有 anonymous_id，至少要有一个。' as mend_zh

    union all

    select
        'unparseable_occurred_at' as reason,
        'occurred_at is empty, before 1970, or no instant for certain: 01/02/2024 is two days, CST two zones. Write ISO 8601, or an epoch in seconds, milliseconds or microseconds; what a zone name means, YUNYING_ZONE_NAMES says.' as mend_en,
        'occurred_at 为空、早于 1970 年，或不能确定是哪一刻：01/02/2024 可能是两天，CST 可能是两个时区。请写 ISO 8601，或以秒、毫秒、微秒计的时间戳；时区缩写的含义由 YUNYING_ZONE_NAMES 说明。' as mend_zh

    union all

    select
        'future_occurred_at' as reason,
        'occurred_at is over a day after received_at, or else after the first load of the file: a wrong clock, zone or unit.' as mend_en,
        'occurred_at 比 received_at（没有时比文件首次导入）晚一天以上：时钟、时区或单位有误。' as mend_zh

    union all

    select
        'future_received_at' as reason,
        'received_at is over a day after the first load of the file: a wrong clock, zone or unit at the collector.' as mend_en,
        'received_at 比文件首次导入晚一天以上：采集端的时钟、时区或单位有误。' as mend_zh

    union all

    select
        'invalid_amount' as reason,
        'amount is negative or no plain number. Write 1234.50, without a thousands separator or a currency sign; a refund is positive too.' as mend_en,
        'amount 为负，或不是普通数字。请写 1234.50，不带千分位和货币符号；退款也写正数。' as mend_zh

    union all

    select
        'foreign_currency' as reason,
        'The amount is in another currency than the reporting one. Add its rate to seeds/currency_rates.csv.' as mend_en,
        '金额不是报表币种。在 seeds/currency_rates.csv 里加上它的汇率。' as mend_zh

    {% for column in feed_optional_instants().values() | sum(start=[]) -%}
    union all

    select
        'unparseable_{{ column }}' as reason,
        'The {{ column }} of the row cannot be read for certain. Write a date or a time as ISO 8601, or leave it empty.' as mend_en,
        '这一行的 {{ column }} 无法确定地识别。请按 ISO 8601 写日期或时间，或留空。' as mend_zh

    {% endfor -%}
    {% for column in required -%}
    union all

    select
        'missing_{{ column }}' as reason,
        'The row has no {{ column }}, without which it says nothing. Is the column named otherwise?' as mend_en,
        '这一行没有 {{ column }}，缺了它就没有意义。是不是列名不同？' as mend_zh

    {% if read_value(column) and column != 'occurred_at' -%}
    union all

    select
        'unparseable_{{ column }}' as reason,
        'The {{ column }} of the row cannot be read for certain, or is a day before 1970. Write a date or a time as ISO 8601, a number plainly: 1234.50.' as mend_en,
        '这一行的 {{ column }} 无法确定地识别，或早于 1970 年。日期和时间请按 ISO 8601 写，数字请写成 1234.50 这样。' as mend_zh

    {% endif -%}
    {% endfor %}

)

select * from reasons
