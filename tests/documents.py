"""The pages for people, as tests read them: their code blocks, and what they name."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

from orchestration.project import ROOT


def page(path: str) -> str:
    """The text of a page, by its path in the repository."""
    return (ROOT / path).read_text(encoding="utf-8")


def code_blocks(text: str) -> list[str]:
    """Indented blocks, their own indentation kept."""
    blocks = re.findall(r"(?:^(?: {4}.*)?\n)*^ {4}.*$", text, re.MULTILINE)
    return [textwrap.dedent(block).strip("\n") for block in blocks if block.strip()]


def block_with(text: str, first: str) -> str:
    """The code block that starts so."""
    return next(block for block in code_blocks(text) if block.startswith(first))


def put_in_the_query(project: Path) -> None:
    """Follow docs/en/marts.md in a dbt project in which its mart was begun: query and column."""
    recipe = page("docs/en/marts.md")
    folder = project / "models" / "marts" / "product"
    query = block_with(recipe, "with\n\norders as")
    (folder / "mart_orders_daily.sql").write_text(f"{query}\n", encoding="utf-8")
    words = folder / "_orders_daily__models.yml"
    begun, below = words.read_text(encoding="utf-8"), "    columns:\n"
    column = textwrap.indent(block_with(recipe, "- name: net_amount"), " " * 6)
    words.write_text(begun.replace(below, f"{below}{column}\n"), encoding="utf-8")


def commands(text: str) -> set[str]:
    """The targets of the Makefile that it names."""
    return set(re.findall(r"(?:`|^ {4,})make ([a-z-]+)", text, re.MULTILINE))


def tables(text: str) -> set[str]:
    """The tables that it names, with their schema."""
    return set(re.findall(r"`((?:seeds|staging|facts|marts)\.\w+)`", text))


def settings(text: str) -> set[str]:
    """The settings that it names."""
    return set(re.findall(r"YUNYING_[A-Z_]*[A-Z]", text))
