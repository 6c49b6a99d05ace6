"""`make reference`: write the blocks of README and docs/ that state facts of the code anew."""

from __future__ import annotations

from orchestration.project import ROOT
from reference import stale, written


def main() -> None:
    """Write the pages that are not what the code says, and name them."""
    for page in list(stale()):
        page.write_text(written(page), encoding="utf-8")
        print(page.relative_to(ROOT))


if __name__ == "__main__":
    main()
