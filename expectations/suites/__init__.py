"""Suites of Great Expectations, one of each table: `suites/<schema>/<table>.py` or `.json`.

They are found by folder: a new file is a new suite, and a new asset check with it. A module
holds its `SUITE`, a `gx.ExpectationSuite`; a JSON file is one as the store of Great Expectations
writes it. Where a table has both, it has the expectations of both.

What they are about is known without Great Expectations, whose import takes seconds; `load`
imports it.
"""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import great_expectations as gx

FOLDER = Path(__file__).parent
SCHEMAS = ("raw", "facts", "marts")


class SuiteError(ValueError):
    """A file of a suite cannot be used; the message names the file and the mend."""


@dataclass(frozen=True)
class SuiteFile:
    """Where the suite of a table is written: in a module, in JSON, or in both."""

    schema: str
    table: str
    paths: tuple[Path, ...]

    @property
    def name(self) -> str:
        """The suite's name is its table's, with the schema."""
        return f"{self.schema}.{self.table}"

    @property
    def about(self) -> str:
        """What a module says of itself in its first line."""
        module = self.paths[0]
        if module.suffix != ".py":
            return ""
        said = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""
        return said.partition("\n")[0]

    def load(self) -> gx.ExpectationSuite:
        """The suite, made anew. Raises `SuiteError` when a file holds none of this table."""
        suite, *others = (_read(path, self.name) for path in self.paths)
        for other in others:
            suite.expectations += other.expectations
        return suite


@cache
def suite_files(folder: Path = FOLDER) -> tuple[SuiteFile, ...]:
    """Where every suite is, raw first, then facts, then marts; by table within a schema."""
    return tuple(
        SuiteFile(schema, table, tuple(sorted(paths, key=lambda path: path.suffix != ".py")))
        for schema in SCHEMAS
        for table, paths in sorted(_by_table(folder / schema).items())
    )


def _by_table(folder: Path) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    for path in (*folder.glob("[a-z]*.py"), *folder.glob("[a-z]*.json")):
        found.setdefault(path.stem, []).append(path)
    return found


def _read(path: Path, name: str) -> gx.ExpectationSuite:
    import great_expectations as gx
    from great_expectations.exceptions import GreatExpectationsError

    shown = "/".join(path.parts[-4:])
    try:
        suite = _in_module(path, name) if path.suffix == ".py" else _in_json(path)
    except (TypeError, ValueError, KeyError, GreatExpectationsError) as error:
        raise SuiteError(f"{shown}: it cannot be read as a suite: {error}") from error
    if not isinstance(suite, gx.ExpectationSuite) or suite.name != name:
        raise SuiteError(
            f"{shown}: it must hold "
            + (f'SUITE = gx.ExpectationSuite(name="{name}", ...)' if path.suffix == ".py" else "")
            + (f'{{"name": "{name}", "expectations": [...]}}' if path.suffix == ".json" else "")
        )
    return suite


def _in_module(path: Path, name: str) -> object:
    spec = spec_from_file_location(f"expectations.suites.{name}", path)
    if spec is None or spec.loader is None:
        return None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, "SUITE", None)


def _in_json(path: Path) -> gx.ExpectationSuite:
    import great_expectations as gx

    return gx.ExpectationSuite(**json.loads(path.read_text(encoding="utf-8")))
