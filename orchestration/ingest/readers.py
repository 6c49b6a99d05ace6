"""The SQL that turns files of each format into rows of a raw table. DuckDB runs all of it.

Files are read through links named `<load_id>.<format>`: a file's own name, whatever quotes,
glob characters or `key=value` folders it holds, never reaches a statement.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from orchestration.ingest.feeds import Feed
from orchestration.ingest.files import CsvShape, UnreadableFileError
from orchestration.store.sql import literal, literals, quote

MAX_LINE_BYTES = 16_000_000
"""A longer line of a jsonl or csv makes its file unreadable."""
MAX_VALUE_BYTES = 128 << 10
"""A row with a longer value, or a longer line of a jsonl, is malformed and its payload is cut.

DuckDB (1.5.5) reads a value of more than 4,096 bytes once again for every null that follows it
in its column: measured, one of 1 MB among 100,000 rows took 5.4 GB to scan, which no build would
survive. With this bound it is 256 MB a column and thread at the very worst.
"""
CUT_PAYLOAD_CHARACTERS = 16_384
"""What is kept of a payload that is too long; the file has the rest."""
MAX_COLUMNS = 2_000
"""Columns that a source's own log may have."""
_MAX_LINES_OF_A_ROW = 1_000
_BUFFER_BYTES = 2 * MAX_LINE_BYTES
_NO_DELIMITER = "\x1f\x1e\x1d\x1c"
_MAX_OPENINGS = 20_000
"""Brackets that JSON may open: DuckDB copies it recursively, and its stack ends near 500,000."""
BLANKS = (
    r"[\x00-\x20\x7f-\xa0\xad\x{034f}\x{061c}\x{115f}\x{1160}\x{1680}\x{17b4}\x{17b5}\x{180e}"
    r"\x{2000}-\x{200f}\x{2028}-\x{202f}\x{205f}-\x{206f}\x{2800}\x{3000}\x{3164}\x{feff}\x{ffa0}"
    r"\x{fff9}-\x{fffb}]"
)
"""What is nothing around an id or a name, as the macro `blank_characters` of the dbt project; a
test holds them together."""
_SYSTEM_COLUMNS = ("source_file", "row_number", "load_id", "content_hash", "malformed_payload")

# trimmed: without blanks at its margins, as staging reads ids and names.
# is_json: valid, and not nested so deeply that DuckDB would crash on it.
# own_properties: the text of a file's own properties as a JSON object, or null when it says
# nothing; what is no object is kept under the key "properties".
# fold_properties: that object with unknown columns added, given as the inside of an object;
# the file's own keys win.
MACROS = (
    f"""
    create or replace temp macro trimmed(t) as
    regexp_replace(t, '^{BLANKS}+|{BLANKS}+$', '', 'g')
    """,
    f"""
    create or replace temp macro is_json(t) as
    json_valid(t) and (
        length(t) <= {_MAX_OPENINGS}
        or length(t) - length(replace(replace(t, '[', ''), '{{', '')) <= {_MAX_OPENINGS}
    )
    """,
    """
    create or replace temp macro own_properties(t) as
    case
        when t is null then null
        when is_json(t) and ltrim(t) like '{%' then nullif(cast(json(t) as varchar), '{}')
        when trim(t) = '' then null
        when not is_json(t) then '{"properties":' || cast(to_json(t) as varchar) || '}'
        when json_type(t) = 'NULL' then null
        else '{"properties":' || cast(json(t) as varchar) || '}'
    end
    """,
    """
    create or replace temp macro without_keys_of(object, other) as
    cast(json_merge_patch(
        object,
        '{' || array_to_string(
            list_transform(json_keys(other), lambda k: cast(to_json(k) as varchar) || ':null'),
            ','
        ) || '}'
    ) as varchar)
    """,
    "create or replace temp macro inside(object) as substr(object, 2, length(object) - 2)",
    f"""
    create or replace temp macro cut(payload) as
    case
        when strlen(payload) > {MAX_VALUE_BYTES}
        then left(payload, {CUT_PAYLOAD_CHARACTERS})
            || ' … (cut: ' || strlen(payload) || ' bytes)'
        else payload
    end
    """,
    """
    create or replace temp macro fold_properties(own, unknown) as
    case
        when unknown is null or unknown = '' then own
        when own is null then '{' || unknown || '}'
        else '{' || concat_ws(
            ',',
            nullif(inside(without_keys_of('{' || unknown || '}', own)), ''),
            inside(own)
        ) || '}'
    end
    """,
)


@dataclass(frozen=True)
class Target:
    """A raw table and the columns that a batch of files fills in it."""

    feed: str
    declared: Feed | None
    columns: tuple[str, ...]

    @property
    def table(self) -> str:
        return f"raw.{quote(self.feed)}"


@dataclass(frozen=True)
class FileColumn:
    """A column as a file has it."""

    name: str
    type: str


def target(feed: str, declared: Feed | None, names: Sequence[str]) -> Target:
    """The table and columns that a file with columns of these names fills."""
    if declared is not None:
        return Target(feed, declared, declared.column_names)
    columns = tuple(dict.fromkeys(own_column(name) for name in names))
    if len(columns) > MAX_COLUMNS:
        raise UnreadableFileError(
            f"The file has more than {MAX_COLUMNS:,} columns. Put values that vary into rows, or "
            "into one JSON column."
        )
    return Target(feed, None, columns)


def own_column(name: str) -> str:
    """Name of the raw column for a column of a source's own log."""
    lowered = name.lower()
    return f"{lowered}_" if lowered in _SYSTEM_COLUMNS else lowered


@dataclass(frozen=True)
class Rows:
    """A select of load_id, row_number, a target's columns, properties (of a declared feed),
    malformed_payload; and those of the columns that may hold long texts."""

    sql: str
    texts: frozenset[str]


def insert(target: Target, rows: Rows) -> str:
    """Insert rows; the table `ingest_batch` says which file a load is of."""
    columns = [*target.columns]
    if target.declared is not None:
        columns.append("properties")
    # A row that has an id of its own needs no hash: of the others it is missing, or blank.
    own = target.declared.own_id if target.declared is not None else None
    hashed = sorted(column for column in columns if column not in ("received_at", own))
    parts = ", ".join(
        f"chr(30) || {literal(column + '=')} || r.{quote(column)}" for column in hashed
    )
    content_hash = f"md5(concat({parts}))" if parts else "md5('')"
    is_hashed = "r.malformed_payload is null"
    if own is not None:
        is_hashed = f"(nullif(trimmed(r.{quote(own)}), '') is null and {is_hashed})"
    listed = ", ".join(quote(column) for column in columns)
    texts = [quote(column) for column in columns if column in rows.texts]
    chosen = ", ".join(
        f"case when r.malformed_payload is null then r.{quote(column)} end"
        if column in rows.texts
        else f"r.{quote(column)}"
        for column in columns
    )
    payload = "malformed_payload"
    if texts:
        longest = ", ".join(f"coalesce(strlen({text}), 0)" for text in texts)
        payload = (
            f"case when greatest({longest}) > {MAX_VALUE_BYTES} "
            f"then concat_ws(' ', {', '.join(texts)}) else malformed_payload end"
        )
    return f"""
        insert into {target.table}
            (source_file, row_number, load_id, content_hash, {listed}, malformed_payload)
        select
            b.source_file, r.row_number, r.load_id,
            case when {is_hashed} then {content_hash} end,
            {chosen}, cut(r.malformed_payload)
        from (select * replace ({payload} as malformed_payload) from ({rows.sql})) as r
        inner join ingest_batch as b on r.load_id = b.load_id
    """


# Parquet


def parquet_columns(connection: duckdb.DuckDBPyConnection, path: str) -> tuple[FileColumn, ...]:
    """Names and types of a parquet file's columns, from its footer."""
    rows = connection.execute(
        f"describe select * from read_parquet({literal(path)}, hive_partitioning = false)"
    ).fetchall()
    return tuple(FileColumn(str(row[0]), str(row[1])) for row in rows)


def parquet_rows(target: Target, columns: Sequence[FileColumn], paths: Sequence[str]) -> Rows:
    """Rows of parquet files that have the same columns."""
    by_name: dict[str, list[tuple[str, str]]] = {}
    for column in columns:
        by_name.setdefault(column.name.lower(), []).append((quote(column.name), column.type))
    if "file_row_number" in by_name:
        # The file's own column hides DuckDB's; this reads one file, in order.
        position, option = "row_number() over ()", ""
    else:
        position, option = "file_row_number + 1", ", file_row_number = true"
    # The path's column, under a name that none of the file's own has.
    file = "_file" + "_" * max(
        (len(name) for name in by_name if name.startswith("_file")), default=0
    )
    chosen = _chosen(
        target,
        {
            name: [
                id_text(sql, kind) if is_id(target, name) else as_text(sql, kind)
                for sql, kind in found
            ]
            for name, found in by_name.items()
        },
        [(column.name, _as_json(quote(column.name), column.type)) for column in columns],
    )
    sql = f"""
        select {_load_id(file)} as load_id, {position} as row_number,
            {chosen}, cast(null as varchar) as malformed_payload
        from read_parquet(
            {literals(paths)}, hive_partitioning = false, filename = '{file}'{option}
        )
    """
    texts = [column.name for column in columns if not _is_plain(column.type)]
    return Rows(sql, _filled(target, texts))


def as_text(sql: str, kind: str) -> str:
    """A parquet column as text: nested values as JSON, instants to the microsecond."""
    if _is_nested(kind):
        return f"case when {sql} is not null then cast(to_json({sql}) as varchar) end"
    if kind == "BLOB":
        return f"coalesce(try(decode({sql})), cast({sql} as varchar))"
    if kind.startswith("TIMESTAMP_"):
        return f"cast(cast({sql} as timestamp) as varchar)"
    return f"cast({sql} as varchar)"


def is_id(target: Target, name: str) -> bool:
    """Whether a file's column of this name holds ids."""
    lowered = name.lower()
    return lowered.endswith("id") and (target.declared is None or lowered in target.columns)


def id_text(sql: str, kind: str) -> str:
    """A parquet column of ids as text: a whole number is that number, whatever holds it."""
    if kind in ("FLOAT", "DOUBLE"):
        return _whole_number(sql, f"cast({sql} as varchar)")
    if kind.startswith("DECIMAL"):
        return (
            f"case when {sql} = trunc({sql}) then cast(cast({sql} as hugeint) as varchar) "
            f"else cast({sql} as varchar) end"
        )
    return as_text(sql, kind)


def _whole_number(double: str, otherwise: str) -> str:
    """SQL: a double's digits where it is whole; what is not a number at all is no id."""
    return (
        f"case when isnan({double}) then null "
        f"when abs({double}) < 1e38 and {double} = trunc({double}) "
        f"then cast(cast({double} as hugeint) as varchar) else {otherwise} end"
    )


def _as_json(sql: str, kind: str) -> str:
    if kind == "JSON":
        text = f"cast({sql} as varchar)"
        return f"case when is_json({text}) then {text} else {_text_as_json(text)} end"
    if kind in ("FLOAT", "DOUBLE"):
        number = f"cast({sql} as varchar)"
        return f"case when isfinite({sql}) then {number} else '\"' || {number} || '\"' end"
    if kind == "BOOLEAN" or kind.startswith("DECIMAL") or kind.endswith(("INT", "INTEGER")):
        return f"cast({sql} as varchar)"
    if _is_nested(kind):
        return f"case when {sql} is not null then cast(to_json({sql}) as varchar) end"
    return _text_as_json(as_text(sql, kind))


def _text_as_json(sql: str) -> str:
    return f"case when {sql} is not null then cast(to_json({sql}) as varchar) end"


def _is_plain(kind: str) -> bool:
    """Whether values of a type are short whatever they are."""
    return not _is_nested(kind) and kind.startswith(
        (
            "BOOL",
            "DEC",
            "TINY",
            "SMALL",
            "INT",
            "BIG",
            "HUGE",
            "U",
            "FLOAT",
            "DOUBLE",
            "DATE",
            "TIME",
        )
    )


def _is_nested(kind: str) -> bool:
    return kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION"))


# Text, line by line


def stage_lines(paths: Sequence[str], crlf: bool) -> str:
    """Make `ingest_rows`: every line of the files, in order, blank ones too."""
    line_break = ", new_line = '\\r\\n'" if crlf else ""
    return f"""
        create or replace temp table ingest_rows as
        select {_load_id("_file")} as load_id, coalesce(line, '') as line
        from read_csv(
            {literals(paths)}, columns = {{'line': 'VARCHAR'}}, auto_detect = false,
            header = false, delim = '{_NO_DELIMITER}', quote = '', escape = '', comment = '',
            strict_mode = false, hive_partitioning = false, filename = '_file',
            max_line_size = {MAX_LINE_BYTES}, buffer_size = {_BUFFER_BYTES}{line_break}
        )
    """


STAGE_STARTS = """
    create or replace temp table ingest_starts as
    select load_id, min(rowid) as first_rowid from ingest_rows group by load_id
"""
"""Where each file's rows begin in `ingest_rows`, which keeps files and rows in order."""

NUMBERED_ROWS = """
    (
        select i.*, i.rowid - s.first_rowid + 1 as row_number
        from ingest_rows as i
        inner join ingest_starts as s on i.load_id = s.load_id
    )
"""

_IS_OBJECT = (
    f"(strlen(line) <= {MAX_VALUE_BYTES} and is_json(line) and ltrim(line, ' \t\r') like '{{%')"
)


# JSON lines

_IS_ARRAY = "line like '[%' and is_json(line) and json_type(line, '$[0]') = 'OBJECT'"

HAS_ARRAYS = f"select 1 from ingest_rows where {_IS_ARRAY} limit 1"

OPEN_ARRAYS = f"""
    create or replace temp table ingest_rows as
    select
        load_id,
        unnest(
            case
                when {_IS_ARRAY} then cast(json_extract(line, '$[*]') as varchar[])
                else [line]
            end
        ) as line
    from ingest_rows
    order by rowid
"""
"""A line that is an array of objects stands for them. What rewrites files counts them so too."""

FILES_WITHOUT_OBJECTS = f"""
    select load_id
    from ingest_rows
    where trim(line, ' \t\r') <> ''
    group by load_id
    having count(*) filter (where {_IS_OBJECT}) = 0
"""

STAGE_JSON_KEYS = f"""
    create or replace temp table ingest_keys as
    select load_id, key, min(position) as position
    from (
        select load_id, unnest(json_keys(line)) as key,
            generate_subscripts(json_keys(line), 1) as position
        from ingest_rows
        where {_IS_OBJECT}
    )
    group by load_id, key
"""


def json_keys(declared: Feed | None) -> str:
    """Keys of each file's objects, in the order of their first places: `load_id`, `key`.

    Of a file whose keys are ids, so that there is no end to them, the first ones and those
    that the feed declares: the rest is read all the same, and not recorded.
    """
    names = () if declared is None else (*declared.column_names, "properties")
    return f"""
        select load_id, key
        from ingest_keys
        qualify row_number() over (partition by load_id order by position, key) <= {MAX_COLUMNS + 1}
            or lower(key) in (select unnest({literals(names)}))
        order by load_id, position, key
    """


def json_column_types(keys: Sequence[str]) -> str:
    """Types that each of these keys has in each file: `load_id`, `key`, `type`."""
    pointers = literals(_pointer(key) for key in keys)
    return f"""
        select load_id, key, string_agg(distinct type, ' or ' order by type) as type
        from (
            select load_id, unnest({literals(keys)}) as key, unnest(types) as type
            from (
                select distinct load_id, json_type(line, {pointers}) as types
                from ingest_rows
                where {_IS_OBJECT}
            )
        )
        where type is not null and type <> 'NULL'
        group by load_id, key
    """


def json_rows(target: Target, keys: Sequence[str], doubles: Collection[str] = ()) -> Rows:
    """Rows of the JSON lines in `ingest_rows`, whose objects have these keys between them.

    `doubles` are keys whose values may be numbers with a point or an exponent.
    """
    known: dict[str, list[str]] = {}
    for key in sorted(keys, key=lambda key: (key != key.lower(), key)):
        name = key.lower() if target.declared is not None else own_column(key)
        known.setdefault(name, []).append(key)
    fields = [
        (column, key)
        for column in target.columns
        for key in known.get(column, [])
        if "\0" not in key
    ]
    texts: dict[str, list[str]] = {}
    for position, (column, key) in enumerate(fields, start=1):
        text = f"v[{position}]"
        if key in doubles and is_id(target, column):
            # A number of many digits is none of a double's: it comes as it is. A line that is
            # broken has no type, and asking for one would be an error.
            text = (
                "case when v is null then null "
                f"when json_type(line, {literal(_pointer(key))}) = 'DOUBLE' "
                f"and not regexp_full_match({text}, '-?[0-9]+') "
                f"then {_whole_number(f'try_cast({text} as double)', text)} else {text} end"
            )
        texts.setdefault(column, []).append(text)
    chosen = [f"{_first(texts.get(column, []))} as {quote(column)}" for column in target.columns]
    own = known.get("properties", []) if target.declared is not None else []
    unknown = "null"
    if target.declared is not None:
        taken = {key for _, key in fields} | set(own)
        if set(keys) - taken:
            nulls = literal(json.dumps(dict.fromkeys(sorted(taken)), ensure_ascii=False))
            unknown = f"inside(cast(json_merge_patch(line, {nulls}) as varchar))"
        chosen.append("fold_properties(own, unknown) as properties")
    owned = [f"own_properties(v[{len(fields) + place}])" for place, _ in enumerate(own, start=1)]
    pointers = literals([_pointer(key) for key in (*(key for _, key in fields), *own)] or ["/"])
    # A step of its own for what macros are given, as they repeat it: each look into a JSON has
    # memory of its own for a vector of rows, and hundreds of them took gigabytes.
    sql = f"""
        select load_id, row_number, {", ".join(chosen)},
            case when v is null then line end as malformed_payload
        from (
            select *, {_first(owned)} as own,
                cast(case when v is not null then {unknown} end as varchar) as unknown
            from (
                select *,
                    case when {_IS_OBJECT} then json_extract_string(line, {pointers}) end as v
                from {NUMBERED_ROWS}
                where trim(line, ' \t\r') <> ''
            )
        )
    """
    return Rows(sql, _filled(target, keys))


def _pointer(key: str) -> str:
    return "/" + key.replace("~", "~0").replace("/", "~1")


# CSV


def stage_csv(paths: Sequence[str], shape: CsvShape) -> str:
    """Make `ingest_rows` from well-formed csv files of one shape; fails on a row that is not."""
    numbers = range(len(shape.names))
    columns = ", ".join(f"'c{number}': 'VARCHAR'" for number in numbers)
    # No nulls here: see MAX_VALUE_BYTES.
    fields = ", ".join(f"coalesce(c{number}, '') as c{number}" for number in numbers)
    # DuckDB passes over a blank line, but where a row has one column it could be a row.
    rows = "where c0 is not null" if len(shape.names) == 1 else ""
    return f"""
        create or replace temp table ingest_rows as
        select {_load_id("_file")} as load_id, {fields}, cast(null as varchar) as payload
        from read_csv(
            {literals(paths)}, columns = {{{columns}}}, auto_detect = false, header = false,
            skip = {shape.header_rows}, delim = {literal(shape.delimiter)}, quote = '"',
            escape = '"', comment = '', nullstr = [''], strict_mode = true,
            null_padding = false, hive_partitioning = false, filename = '_file',
            max_line_size = {MAX_LINE_BYTES}, buffer_size = {_BUFFER_BYTES}
        )
        {rows}
    """


def split_lines(shape: CsvShape) -> str:
    """Make `ingest_rows` of the lines there, each a row whose fields have no quotes."""
    fields = ", ".join(
        f"coalesce(fields[{number}], '') as c{number - 1}"
        for number in range(1, len(shape.names) + 1)
    )
    return f"""
        create or replace temp table ingest_rows as
        select load_id, {fields},
            case when len(fields) <> {len(shape.names)} then line end as payload
        from (
            select rowid as place, *, string_split(line, {literal(shape.delimiter)}) as fields
            from ingest_rows
            where trim(line, ' \t\r') <> ''
        )
        order by place
    """


def mend_csv(shape: CsvShape) -> tuple[str, ...]:
    """Make `ingest_rows` of a csv from its lines there; what is no row becomes a payload.

    A line that parses by itself is a row. Of the rest, lines with an odd number of quotes
    open or close a quoted field that spans lines: two that follow each other and parse
    together are one row. What then is left is malformed, line by line, so that one broken
    quote does not swallow the rest of the file.
    """
    d = rf"\x{{{ord(shape.delimiter):x}}}"
    quoted = ' *"(?:[^"]|"")*" *'
    strict = f'(?:{quoted}|[^"{d}]*)'
    lenient = f'(?:{quoted}|[^"{d}][^{d}]*|)'
    fields = (
        f"regexp_extract_all(%s || {literal(shape.delimiter)}, {literal(f'({lenient}){d}')}, 1)"
    )

    def parses(text: str, field: str) -> str:
        count, found = len(shape.names), fields % text
        return (
            f"(regexp_full_match({text}, {literal(f'{field}(?:{d}{field})*')}) and "
            f"(len({found}) = {count} or (len({found}) = {count + 1} and {found}[-1] = '')))"
        )

    value = """
        list_transform(found, lambda f:
            case
                when ltrim(f, ' ') like '"%' then replace(inside(trim(f, ' ')), '""', '"')
                else f
            end
        )
    """
    columns = ", ".join(
        f"coalesce(values[{number + 1}], '') as c{number}" for number in range(len(shape.names))
    )
    return (
        f"""
        create or replace temp table ingest_lines as
        select *, sum(cast(is_open as integer)) over (
            order by line_number rows unbounded preceding
        ) as segment
        from (
            select load_id, line_number, line, is_row,
                not is_row and (length(line) - length(replace(line, '"', ''))) % 2 = 1 as is_open
            from (
                select load_id, rowid + 1 as line_number, line,
                    {parses("line", strict)} as is_row
                from ingest_rows
                where rowid >= {shape.header_lines}
            )
        )
        """,
        f"""
        create or replace temp table ingest_spans as
        with opens as (
            select segment, line_number, line,
                lead(line) over (order by line_number) as last_line,
                lead(line_number) over (order by line_number) as last_number
            from ingest_lines
            where is_open
        ),
        texts as (
            select o.segment, string_agg(l.line, chr(10) order by l.line_number)
                || chr(10) || any_value(o.last_line) as text
            from opens as o
            inner join ingest_lines as l on o.segment = l.segment
            where o.last_number - o.line_number <= {_MAX_LINES_OF_A_ROW}
            group by o.segment
        ),
        parsed as (
            select *, segment - row_number() over (order by segment) as run
            from texts
            where {parses("text", strict)}
        )
        select segment, text
        from (
            select *, row_number() over (partition by run order by segment) as place
            from parsed
        )
        where place % 2 = 1
        """,
        f"""
        create or replace temp table ingest_rows as
        with records as (
            select l.load_id, l.line_number, s.text,
                true as is_row
            from ingest_lines as l
            inner join ingest_spans as s on l.segment = s.segment
            where l.is_open
            union all
            select load_id, line_number, line, is_row or {parses("line", lenient)}
            from ingest_lines
            where trim(line, ' \t\r') <> ''
                and segment not in (select segment from ingest_spans)
                and not (is_open and segment - 1 in (select segment from ingest_spans))
        )
        select load_id, line_number, {columns}, case when not is_row then text end as payload
        from (
            select *, case when is_row then {value} end as values
            from (select *, {fields % "text"} as found from records)
        )
        order by line_number
        """,
    )


DOUBLE_IN_TEXT = "DOUBLE in text"
"""Type of a csv's column of ids that were written as numbers with a point."""


def ids_as_doubles(target: Target, shape: CsvShape) -> str | None:
    """Columns of ids in `ingest_rows` that somebody wrote as doubles, by load: `load_id`, `names`.

    Spreadsheets and data frames do so where ids are whole numbers and some are missing. It is
    certain where every id that a file has in a column is such a one: `12345.0`, or from 1e16 on
    `1.2345e+16`.
    """
    names = [name for name in shape.names if is_id(target, name)]
    if not names:
        return None
    found = []
    for number, name in enumerate(shape.names):
        if name in names:
            field = f"c{number}"
            # The pattern is asked of few columns: others have an id that ends otherwise.
            found.append(
                f"case when bool_and({field} = '' or suffix({field}, '.0') "
                f"or contains({field}, 'e+')) and max({field}) <> '' "
                f"and bool_and({field} = '' or regexp_full_match({field}, "
                rf"'-?[0-9]+\.0|-?[0-9](\.[0-9]+)?e\+(1[6-9]|2[0-9]|3[0-7])')) "
                f"then {literal(name)} end"
            )
    return f"""
        select load_id, names
        from (
            select load_id, list_filter([{", ".join(found)}], name -> name is not null) as names
            from ingest_rows
            group by load_id
        )
        where len(names) > 0
    """


def csv_rows(
    target: Target, shape: CsvShape, doubles: Mapping[str, Collection[int]] | None = None
) -> Rows:
    """Rows of the csv fields in `ingest_rows`.

    `doubles` are the loads, by column, whose ids were written as doubles.
    """
    fields = []
    for number, name in enumerate(shape.names):
        sql = f"nullif(c{number}, '')"
        if doubles and name in doubles:
            loads = ", ".join(map(str, doubles[name]))
            whole = _whole_number(f"try_cast({sql} as double)", sql)
            sql = f"case when load_id in ({loads}) then {whole} else {sql} end"
        fields.append((name, sql))
    chosen = _chosen(
        target,
        {name.lower(): [sql] for name, sql in fields},
        [(name, _text_as_json(sql)) for name, sql in fields],
    )
    sql = f"""
        select load_id, row_number, {chosen}, payload as malformed_payload
        from {NUMBERED_ROWS}
    """
    return Rows(sql, _filled(target, shape.names))


# What the formats share


def _chosen(target: Target, texts: dict[str, list[str]], jsons: Sequence[tuple[str, str]]) -> str:
    """Select list of the target's columns and properties.

    `texts` has the expressions that give a column (by its name in lower case) as text, `jsons`
    each column of the file with the expression that gives it as JSON.
    """
    if target.declared is None:
        owned: dict[str, list[str]] = {}
        for name, found in texts.items():
            owned.setdefault(own_column(name), []).extend(found)
        return ", ".join(
            f"{_first(owned.get(column, []))} as {quote(column)}" for column in target.columns
        )
    listed = [f"{_first(texts.get(column, []))} as {quote(column)}" for column in target.columns]
    unknown = [
        f"{literal(json.dumps(name, ensure_ascii=False) + ':')} || {sql}"
        for name, sql in sorted(jsons)
        if name.lower() not in target.columns and name.lower() != "properties"
    ]
    own = f"own_properties({_first(texts.get('properties', []))})"
    folded = f"concat_ws(',', {', '.join(unknown)})" if unknown else "null"
    return ", ".join([*listed, f"fold_properties({own}, {folded}) as properties"])


def _filled(target: Target, names: Iterable[str]) -> frozenset[str]:
    """Columns of the target, properties among them, that columns of these names fill."""
    if target.declared is None:
        return frozenset(own_column(name) for name in names)
    lowered = {name.lower() for name in names}
    return frozenset(name if name in target.columns else "properties" for name in lowered)


def _first(expressions: Sequence[str]) -> str:
    if len(expressions) < 2:
        return expressions[0] if expressions else "cast(null as varchar)"
    return f"coalesce({', '.join(expressions)})"


def _load_id(column: str) -> str:
    return rf"cast(regexp_extract({column}, '(\d+)\.[a-z.]+$', 1) as bigint)"
