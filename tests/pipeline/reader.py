"""A reader of published tables in a process of its own: `python reader.py KIND FOLDER COUNTS`.

It imports nothing but DuckDB, as a BI tool's would. Until a file `stop` lies in FOLDER it
asks, without pause, for the content of two tables and for the build ids that they carry, and
appends `build ids, versions` of each answer to its list. An answer is written only after it came
from one build; anything else ends the process with an error. COUNTS is a file that grows by a
byte with each answer.

KIND: `open` connects anew for each query; `held` keeps its connection until another build is
current, and asks it once more then; `parquet` reads two Parquet files below `current`, resolved
once for each query.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb

CONTENT = """
    select
        (select list(distinct version) from marts.mart_days),
        (select list(distinct version) from marts.mart_users),
        (select count(*) from marts.mart_days) + (select count(*) from marts.mart_users),
        (select list(distinct regexp_extract(comment, 'build_id: (.*)$', 1))
            from duckdb_tables() where schema_name = 'marts'),
        (select list(build_id) from build)
"""


def whole(answer: tuple[list[int], list[int], int, list[str], list[str]]) -> tuple[str, int]:
    """The one build and the one version that an answer is from."""
    days, users, _, commented, build = answer
    assert days == users, answer
    assert len(days) == 1, answer
    assert commented == build, answer
    assert len(build) == 1, answer
    return build[0], days[0]


def opening(folder: Path) -> Iterator[tuple[str, int]]:
    with duckdb.connect(str(folder / "yunying.duckdb"), read_only=True) as connection:
        yield whole(connection.execute(CONTENT).fetchall()[0])


def holding(folder: Path) -> Iterator[tuple[str, int]]:
    with duckdb.connect(str(folder / "yunying.duckdb"), read_only=True) as connection:
        first = whole(connection.execute(CONTENT).fetchall()[0])
        yield first
        current = (folder / "current").readlink()
        is_last = False
        while not is_last:
            is_last = (folder / "current").readlink() != current or (folder / "stop").exists()
            again = whole(connection.execute(CONTENT).fetchall()[0])
            assert again == first, (again, first)
            yield again


def parquet(folder: Path) -> Iterator[tuple[str, int]]:
    build = (folder / "current").resolve()
    files = [f"{build}/parquet/marts/{table}.parquet" for table in ("mart_days", "mart_users")]
    [answer] = duckdb.execute(
        f"""
        select
            (select list(distinct version) from '{files[0]}'),
            (select list(distinct version) from '{files[1]}'),
            0,
            (select list(distinct decode(value)) from parquet_kv_metadata({files})
                where decode(key) = 'build_id'),
            ['{build.name}']
        """
    ).fetchall()
    yield whole(answer)


KINDS = {"open": opening, "held": holding, "parquet": parquet}


def main(kind: str, folder: Path, counts: Path) -> None:
    seen: dict[str, set[int]] = {}
    duckdb.execute("set threads = 1")
    with counts.open("ab", buffering=0) as file:
        while not (folder / "stop").exists():
            for build_id, version in KINDS[kind](folder):
                seen.setdefault(build_id, set()).add(version)
                file.write(b".")
    print(json.dumps({build_id: sorted(versions) for build_id, versions in seen.items()}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
