"""The blocks of README and docs/ that state facts of the code, written from the code.

A block stands between `<!-- reference: settings -->` and `<!-- /reference -->`; `blocks.py` has
what each one says, in English and Chinese. `make reference` writes them all anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from orchestration.project import ROOT
from reference.blocks import BLOCKS

_BLOCK = re.compile(r"(<!-- reference: ([a-z-]+) -->\n).*?(<!-- /reference -->)", re.DOTALL)


def pages() -> list[Path]:
    """Every page for people: both READMEs, those of seeds/, and docs/."""
    found = [*ROOT.glob("README*.md"), *ROOT.glob("seeds/README*.md"), *ROOT.glob("docs/*/*.md")]
    return sorted(found)


def is_chinese(page: Path) -> bool:
    """Whether the page is a Chinese one: by its own name, or its folder's."""
    return "zh-CN" in page.relative_to(ROOT).as_posix()


def in_english(page: Path) -> Path:
    """The English page that a Chinese one is the twin of."""
    path = page.relative_to(ROOT).as_posix()
    return ROOT / path.replace("docs/zh-CN/", "docs/en/").replace(".zh-CN.md", ".md")


def written(page: Path) -> str:
    """The page's text with each block as the code has it now.

    Raises `KeyError` for a block that nothing writes.
    """
    language = "zh" if is_chinese(page) else "en"
    text = page.read_text(encoding="utf-8")
    return _BLOCK.sub(lambda found: f"{found[1]}\n{BLOCKS[found[2]](language)}\n\n{found[3]}", text)


def stale() -> Iterator[Path]:
    """The pages whose blocks say something else than the code."""
    return (page for page in pages() if written(page) != page.read_text(encoding="utf-8"))
