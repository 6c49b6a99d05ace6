"""Great Expectations' own Data Docs, so that they open offline and name nobody.

Its pages fetch styles, scripts and fonts from eight hosts, and put values into tables as they
are. `Page` finds the templates of this folder before its own: plain HTML and one style sheet.
`ResultPage` gives of a row its key, without the ids of people, and of a rule both languages.
"""

from __future__ import annotations

from html import escape
from numbers import Number
from pathlib import Path
from typing import Any, ClassVar

from great_expectations.core import ExpectationSuite, ExpectationSuiteValidationResult
from great_expectations.render import RenderedDocumentContent
from great_expectations.render.renderer import (
    ExpectationSuitePageRenderer,
    ValidationResultsPageRenderer,
)
from great_expectations.render.view import DefaultJinjaPageView
from jinja2 import ChoiceLoader, Environment, FileSystemLoader

from expectations.results import PERSONAL_COLUMNS, rows_of, sentence_of, text_of

_TEMPLATES = Path(__file__).parent / "templates"
_SHOWN = ("element_count", "unexpected_count", "unexpected_percent")


class Page(DefaultJinjaPageView):
    """A page by our templates where there is one, else by those of Great Expectations.

    All pages have one environment, so that each template is compiled once.
    """

    _env: ClassVar[Environment | None] = None

    def __init__(self, **wanted: Any) -> None:
        super().__init__(**wanted)
        if Page._env is None:
            own = [self.env.loader] if self.env.loader else []
            self.env.loader = ChoiceLoader([FileSystemLoader(_TEMPLATES), *own])
            Page._env = self.env
        self.env = Page._env


class SuitePage(ExpectationSuitePageRenderer):
    """What a suite expects, in both languages."""

    def render(self, expectations: ExpectationSuite) -> RenderedDocumentContent:
        for expectation in expectations.expectations:
            expectation.notes = _notes(expectation.configuration.to_json_dict())
        return super().render(expectations)


class ResultPage(ValidationResultsPageRenderer):
    """What came of a suite: of each row that is wrong its key, or that it is a person's."""

    def render(
        self,
        validation_results: ExpectationSuiteValidationResult,
        suite_parameters: dict[str, Any] | None = None,
    ) -> RenderedDocumentContent:
        for result in validation_results.results:
            config = result.expectation_config
            config.notes = _notes(config.to_json_dict())
            if "unexpected_rows_query" in config.kwargs:
                # In place of the query, which the page of the suite has. Notes say what is wrong.
                none = ("None found: ", "没有发现：") if result.success else ("", "")
                said = zip(none, config.notes, strict=False)
                config.description = "\n".join(prefix + note for prefix, note in said)
            result.result = _without_values(result.to_json_dict())
        return super().render(validation_results, suite_parameters)


def _notes(config: dict[str, Any]) -> list[str]:
    zh = (config.get("meta") or {}).get("zh")
    return [escape(said, quote=False) for said in (sentence_of(config), zh) if said]


def _without_values(result: dict[str, Any]) -> dict[str, Any]:
    """What a page may show of a result: numbers, and rows by what is no person's."""
    found = result["result"]
    shown = {name: found[name] for name in _SHOWN if found.get(name) is not None}
    if result["success"]:
        return shown
    if isinstance(found.get("observed_value"), Number):
        shown["observed_value"] = found["observed_value"]
    rows = [
        escape(", ".join(f"{k} = {_shown(k, v)}" for k, v in row.items()), quote=False)
        for row in rows_of(result)
    ]
    if rows:
        shown = {"unexpected_count": 0, **shown, "partial_unexpected_list": rows}
    if found.get("unexpected_index_query"):
        shown["unexpected_index_query"] = escape(found["unexpected_index_query"], quote=False)
    return shown


def _shown(column: str, value: object) -> str:
    return "(an id of a person)" if column in PERSONAL_COLUMNS else text_of(value) or "null"
