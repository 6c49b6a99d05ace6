"""Begin a mart: `make mart NAME=mart_orders_daily AREA=product` writes all of it but the query.

Its SQL; its words in both languages, with the exposure that publishes it; its suite; and the rows
that the suite must accept and catch. It builds and passes as it is written, one row per day. What
is left is to say what is counted.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from string import Template

import yaml

from orchestration.project import DBT_PROJECT_DIR, ROOT

SQL = """\
with

events as (

    select * from {{ ref('fct_events') }}

),

dates as (

    select * from {{ ref('dim_dates') }}

),

-- The query: what is counted by day.
counted as (

    select
        event_date as activity_date,
        count(*) as ${one}_count
    from events
    group by event_date

),

final as (

    select
        cast(coalesce(counted.${one}_count, 0) as bigint) as ${one}_count,
        dates.is_day_closed as is_mature,
        dates.date_day as activity_date
    from dates
    left join counted on dates.date_day = counted.activity_date

)

select * from final
"""
WORDS = """\
models:
  - name: $name
    description: One row per day, with the number of $many on it.
    config: {meta: {zh: 每天一行：当天的 $many 数量。}}
    data_tests:
      - one_row_per:
          arguments:
            columns: [activity_date]
            never_null: [${one}_count, is_mature, activity_date]
    columns:
      - name: ${one}_count
        data_type: bigint
        description: Number of $many on the day.
        config: {meta: {zh: 当天的 $many 数量。}}
      - name: is_mature
        data_type: boolean
        description: "{{ doc('is_mature') }}"
      - name: activity_date
        data_type: date
        description: "{{ doc('activity_date') }}"

exposures:
  - name: ${question}_readers
    label: $label
    type: dashboard
    maturity: low
    description: How many $many are there a day?
    owner: {name: $owner, email: $email}
    depends_on:
      - ref('$name')
"""
SUITE = '''\
"""$label: every day is there, and no figure is below 0."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import day_within_horizon, not_empty_while, not_negative

SUITE = gx.ExpectationSuite(
    name="marts.$name",
    meta={"keys": ["activity_date"]},
    expectations=[
        not_empty_while("facts.fct_user_days"),
        *not_negative("${one}_count"),
        day_within_horizon("activity_date"),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select activity_date, previous_date
from (
    select activity_date, lag(activity_date) over (order by activity_date) as previous_date
    from {batch}
) as days
where activity_date > previous_date + interval 1 day""",
            severity="critical",
            notes="Days are missing just before this one",
            meta={"rule": "no_day_missing", "zh": "这一天之前缺了日期", "keys": ["activity_date"]},
        ),
    ],
)
'''
ROWS = """\
-- Good rows
insert into marts.$name by name
select 60 as ${one}_count, true as is_mature, day_date as activity_date from days;

-- Defect: no_day_missing
delete from marts.$name where activity_date = '2024-01-05';
"""


class MartError(ValueError):
    """Such a mart cannot be begun; the message says why."""


def files(name: str, area: str) -> dict[Path, str]:
    """What is written for a mart, by the path in the repository.

    Raises `MartError` for a name or an area that no mart may have.
    """
    if not re.fullmatch(r"mart(_[a-z][a-z0-9]*){2,}", name):
        raise MartError(
            f"NAME={name!r}: call it mart_<question>_<shape>, like mart_orders_daily, "
            "in small letters"
        )
    if not re.fullmatch(r"[a-z]+", area):
        raise MartError(
            f"AREA={area!r}: give a folder of marts, {', '.join(_areas())}, or a new one, "
            "in small letters"
        )
    question = name.removeprefix("mart_")
    many = question.rpartition("_")[0].replace("_", " ")
    owner = _owner(area)
    words = {
        "name": name,
        "question": question,
        "label": question.replace("_", " ").capitalize(),
        "many": many,
        "one": _one(many.replace(" ", "_")),
        "owner": owner.replace("-", " ").capitalize(),
        "email": f"{owner}@example.com",
    }
    folder = DBT_PROJECT_DIR.relative_to(ROOT) / "models" / "marts" / area
    templates = {
        folder / f"{name}.sql": SQL,
        folder / f"_{question}__models.yml": WORDS,
        Path("expectations", "suites", "marts", f"{name}.py"): SUITE,
        Path("tests", "expectations", "marts", f"{name}.sql"): ROWS,
    }
    return {path: Template(text).substitute(words) for path, text in templates.items()}


def begin(name: str, area: str, root: Path = ROOT) -> list[Path]:
    """Write the files of a mart; nothing where one of them, or the mart, is there already.

    Raises `MartError`.
    """
    written = files(name, area)
    there = [path for path in (*written, *_sql_of(name, root)) if (root / path).exists()]
    if there:
        raise MartError(f"{there[0]} is there already: take another NAME, or edit it")
    for path, text in written.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return list(written)


def _sql_of(name: str, root: Path) -> list[Path]:
    """A mart of the name, whatever its area."""
    models = root / DBT_PROJECT_DIR.relative_to(ROOT) / "models"
    return [path.relative_to(root) for path in models.rglob(f"{name}.sql")]


def _areas() -> list[str]:
    folder = DBT_PROJECT_DIR / "models" / "marts"
    return sorted(path.name for path in folder.iterdir() if path.is_dir())


def _owner(area: str) -> str:
    """The team that the area is of, as `dbt_project.yml` says."""
    text = (DBT_PROJECT_DIR / "dbt_project.yml").read_text(encoding="utf-8")
    models = yaml.safe_load(text)["models"]["yunying"]
    return str((models["marts"].get(area) or models)["+meta"]["owner"])


def _one(many: str) -> str:
    """The singular, as far as the end of a word tells it."""
    return re.sub(r"s$", "", re.sub(r"ies$", "y", many))


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files and name them; 2 when there is nothing to write."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    if len(given) != 2 or not all(given):
        print(
            "Say what it is called and where it belongs: "
            "make mart NAME=mart_orders_daily AREA=product",
            file=sys.stderr,
        )
        return 2
    try:
        for path in begin(*given):
            print(path)
    except MartError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
