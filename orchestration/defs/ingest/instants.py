"""Instants of raw rows, read as staging does by the macro `parse_instant` of the dbt project."""

from __future__ import annotations

import duckdb

# A test holds them together with the macro.
_MACROS = (
    """
    create or replace temp macro epoch_digits(t) as
    length(split_part(ltrim(t, '+-0'), '.', 1))
    """,
    """
    create or replace temp macro trimmed_instant(t) as
    case
        when strpos(substr(t, 2), '-') > 0 or strpos(t, '/') > 0
            then cast(timezone('UTC', try_cast(t as timestamptz)) as timestamp)
        when strpos(t, 'T') > 0
            then try_strptime(t, ['%Y%m%dT%H%M%SZ', '%Y%m%dT%H%M%S'])
        else make_timestamp(cast(try_cast(t as decimal(38, 6)) * case
            when epoch_digits(t) <= 11 then 1000000
            when epoch_digits(t) <= 14 then 1000
            when epoch_digits(t) <= 17 then 1
        end as bigint))
    end
    """,
    "create or replace temp macro raw_instant(t) as trimmed_instant(trim(t))",
)


def define_raw_instant(connection: duckdb.DuckDBPyConnection) -> None:
    """Make `raw_instant(text)`: a UTC timestamp, null where the text is none."""
    for macro in _MACROS:
        connection.execute(macro)
