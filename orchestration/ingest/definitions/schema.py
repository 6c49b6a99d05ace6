"""One schema per definition file: `seeds/schemas/<file>.yml`, a Frictionless Table Schema.

To add a definition file is to add its schema. Words of our own stand under `yunying`.

- Of a file: `zh`, its description in Chinese; `one`, what a row is called; `order`, pairs of
  columns of which the first is not above the second; `falls_back`: the shipped file steps in for a
  missing one; `place`, where it stands among the others.
- Of a column: `zh`; `default`, what an empty cell is; `otherwise`, the same in words; `of`, words
  beside the default; `unit`; `list`, what is parted by bars in it (`events`, `properties`, or one
  `event property`); `form` of a text (`word`: one of ours, `ranges`, `code`, `operand`,
  `schedule`);
  `bound: end`, a date means the end of its day; `maximum_var`, the var of the dbt project that is
  the limit.
- Words for people have a twin in Chinese: `one_zh`, `otherwise_zh`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from orchestration.project import DBT_PROJECT_DIR, SHIPPED_SEEDS_DIR

SCHEMAS_DIR = SHIPPED_SEEDS_DIR / "schemas"
TYPES = {
    "string": "varchar",
    "integer": "bigint",
    "number": "decimal(38, 8)",
    "boolean": "boolean",
    "date": "date",
    "datetime": "varchar",  # in one spelling; the models know the reporting zone
}


@dataclass(frozen=True)
class Words:
    """The same in English and Chinese."""

    en: str
    zh: str


@dataclass(frozen=True)
class Field:
    """A column of a definition file."""

    name: str
    type: str
    description: Words
    is_required: bool
    enum: tuple[str, ...]
    pattern: str | None
    minimum: Decimal | None
    maximum: Decimal | None
    maximum_var: str | None
    default: Any
    otherwise: Words | None
    unit: Words | None
    list: str | None
    form: str | None
    is_end: bool

    @property
    def sql_type(self) -> str:
        """Its type in the schema `seeds`."""
        is_small = self.maximum is not None and self.maximum < 2**31
        return "integer" if self.type == "integer" and is_small else TYPES[self.type]


@dataclass(frozen=True)
class Reference:
    """Columns whose values stand in a column of another file."""

    column: str
    definition: str
    referred: str


@dataclass(frozen=True)
class Definition:
    """A kind of definition file."""

    name: str
    description: Words
    one: Words
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    references: tuple[Reference, ...]
    order: tuple[tuple[str, str], ...]
    falls_back: bool
    place: int
    source: str = field(repr=False)
    """The text of its schema."""

    @property
    def file(self) -> str:
        """The file's name."""
        return f"{self.name}.csv"

    @property
    def columns(self) -> tuple[str, ...]:
        """Its columns' names."""
        return tuple(each.name for each in self.fields)

    @property
    def ids(self) -> tuple[str, ...]:
        """The columns that say which definition a row is a part of; none of a table of numbers."""
        if self.name == "filters":
            return ("definition", "definition_id")
        return tuple(column for column in self.key[:1] if column.endswith(("_id", "_name")))

    def field(self, name: str) -> Field:
        """The column of that name."""
        return next(each for each in self.fields if each.name == name)


def _words(given: Mapping[str, Any], ours: Mapping[str, Any], name: str) -> Words | None:
    text = given.get(name, ours.get(name))
    zh = ours.get("zh" if name == "description" else f"{name}_zh")
    return None if text is None else Words(str(text), str(zh or text))


def _field(given: Mapping[str, Any]) -> Field:
    ours = given.get("yunying", {})
    constraints = given.get("constraints", {})
    limits = dict(constraints)
    if "maximum_var" in ours:
        limits["maximum"] = _vars()[ours["maximum_var"]]
    default = ours.get("default")
    otherwise = _words({}, ours, "otherwise")
    if otherwise is None and default is not None:
        text = str(default).lower() if isinstance(default, bool) else str(default)
        beside = _words({}, ours, "of")
        otherwise = (
            Words(f"`{text}`: {beside.en}", f"`{text}`：{beside.zh}")
            if beside
            else Words(f"`{text}`", f"`{text}`")
        )
    return Field(
        name=given["name"],
        type=given["type"],
        description=_words(given, ours, "description") or Words("", ""),
        is_required=constraints.get("required", False),
        enum=tuple(constraints.get("enum", ())),
        pattern=constraints.get("pattern"),
        minimum=_decimal(limits.get("minimum")),
        maximum=_decimal(limits.get("maximum")),
        maximum_var=ours.get("maximum_var"),
        default=default,
        otherwise=otherwise,
        unit=_words({}, ours, "unit"),
        list=ours.get("list"),
        form=ours.get("form"),
        is_end=ours.get("bound") == "end",
    )


def _decimal(limit: float | None) -> Decimal | None:
    return None if limit is None else Decimal(str(limit))


@cache
def _vars() -> Mapping[str, Any]:
    text = (DBT_PROJECT_DIR / "dbt_project.yml").read_text(encoding="utf-8")
    return yaml.safe_load(text)["vars"]


def read_schema(path: Path) -> Definition:
    """A kind of definition file, as its schema says."""
    text = path.read_text(encoding="utf-8")
    given = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    ours = given["yunying"]
    return Definition(
        name=path.stem,
        description=_words(given, ours, "description") or Words("", ""),
        one=_words({}, ours, "one") or Words("row", "行"),
        fields=tuple(_field(each) for each in given["fields"]),
        key=tuple(given.get("primaryKey", ())),
        references=tuple(
            Reference(*each["fields"], each["reference"]["resource"], *each["reference"]["fields"])
            for each in given.get("foreignKeys", ())
        ),
        order=tuple((low, high) for low, high in ours.get("order", ())),
        falls_back=ours.get("falls_back", False),
        place=ours.get("place", 99),
        source=text,
    )


DEFINITIONS = tuple(
    sorted(map(read_schema, SCHEMAS_DIR.glob("*.yml")), key=lambda each: (each.place, each.name))
)
"""Every kind of definition file."""
BY_NAME = {definition.name: definition for definition in DEFINITIONS}
