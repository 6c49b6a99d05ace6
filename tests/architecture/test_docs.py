"""README and docs/ say what is there, once, in both languages, and every link leads somewhere."""

from __future__ import annotations

import ast
import re
from collections import Counter
from urllib.parse import unquote

import pytest

from orchestration.ingest.definitions.schema import DEFINITIONS
from orchestration.ingest.feeds import FEEDS
from orchestration.project import DBT_PROJECT_DIR, ROOT, Settings
from orchestration.transform.dbt_runs import load_manifest
from reference import in_english, is_chinese, pages, stale
from tests.documents import code_blocks, commands, page, settings, tables

PAGES = [path.relative_to(ROOT).as_posix() for path in pages()]
ENGLISH = [name for name in PAGES if not is_chinese(ROOT / name)]
CHINESE = [name for name in PAGES if is_chinese(ROOT / name)]
READMES = ("README.md", "README.zh-CN.md")
LINES_OF_A_README = 130
MODELS = {
    f"{node['schema']}.{node['name']}"
    for node in load_manifest()["nodes"].values()
    if node["resource_type"] == "model"
}
# Views of facts, which people ask who is behind a mart.
OF_PEOPLE = {
    f"{node['schema']}.{node['name']}"
    for node in load_manifest()["nodes"].values()
    if node["resource_type"] == "model" and node["config"]["meta"].get("people_behind")
}
# Of the recipes: they are not there until somebody follows one.
EXAMPLES = ("shop_log", "mart_orders_daily", "<")


def without_blocks(text: str) -> str:
    """What people wrote: without the blocks that `make reference` writes, and without code."""
    text = re.sub(r"<!-- reference.*?<!-- /reference -->", "", text, flags=re.DOTALL)
    return re.sub(r"^ {4}.*$", "", text, flags=re.MULTILINE)


def anchors(text: str) -> set[str]:
    """The anchors of its headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(text: str) -> list[str]:
    found = re.findall(r"\]\(([^)\s]+)\)|<img src=\"([^\"]+)\"", text)
    return [link or image for link, image in found]


def test_the_generated_blocks_are_what_the_code_says() -> None:
    assert list(stale()) == [], "run `make reference`, and commit what it wrote"


@pytest.mark.parametrize("name", READMES)
def test_a_readme_is_short(name: str) -> None:
    lines = without_blocks(page(name)).splitlines()
    assert len(lines) <= LINES_OF_A_README
    prose = [line for line in lines if not line.startswith(("|", " ")) and "](" not in line]
    assert max(len(line) for line in prose) <= 100


@pytest.mark.parametrize("name", PAGES)
def test_every_link_and_anchor_resolves(name: str) -> None:
    text = page(name)
    for link in links(text):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = (ROOT / name).parent / path if path else ROOT / name
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target.read_text(encoding="utf-8")), link


@pytest.mark.parametrize("readme", READMES)
def test_every_page_is_a_link_away_from_its_readme(readme: str) -> None:
    linked = {link.partition("#")[0] for link in links(page(readme))}
    own = ENGLISH if readme in ENGLISH else CHINESE
    assert set(own) - {readme} <= linked


@pytest.mark.parametrize("name", sorted(set(PAGES) - set(READMES)))
def test_a_page_starts_with_who_it_is_for_and_what_they_can_do_then(name: str) -> None:
    title, empty, first, *_ = page(name).splitlines()
    assert title.startswith("# ")
    assert empty == ""
    if name in CHINESE:
        assert re.fullmatch(r"写给.+：读完.+。", first)
    else:
        assert re.fullmatch(r"For .+: after this page you .+\.", first)


@pytest.mark.parametrize(("names", "length"), [(ENGLISH, 40), (CHINESE, 20)], ids=["en", "zh"])
def test_nothing_is_said_twice(names: list[str], length: int) -> None:
    sentences: Counter[str] = Counter()
    for name in names:
        words = " ".join(re.sub(r"`[^`]+`", "", without_blocks(page(name))).split())
        found = {sentence.strip(" |") for sentence in re.split(r"(?<=[.。；:：|])\s*", words)}
        sentences.update(sentence for sentence in found if len(sentence) > length)
    assert [sentence for sentence, count in sentences.items() if count > 1] == []


@pytest.mark.parametrize("name", CHINESE)
def test_both_languages_tell_of_the_same_things(name: str) -> None:
    chinese, english = page(name), in_english(ROOT / name).read_text(encoding="utf-8")

    def parts(text: str) -> list[str]:
        return re.split(r"^## ", text, flags=re.MULTILINE)

    assert len(parts(english)) == len(parts(chinese))
    for ours, theirs in zip(parts(english), parts(chinese), strict=True):
        # The diagram and the two commands carry words; every other block is code.
        if "──▶" not in ours and "make run      #" not in ours:
            assert code_blocks(ours) == code_blocks(theirs)
        assert commands(ours) == commands(theirs)
        assert tables(ours) == tables(theirs)
        assert settings(ours) == settings(theirs)
        assert ours.count("\n| ") == theirs.count("\n| ")


def test_both_languages_have_the_same_pages() -> None:
    assert {in_english(ROOT / name) for name in CHINESE} == {ROOT / name for name in ENGLISH}


@pytest.mark.parametrize("name", PAGES)
def test_commands_tables_settings_and_paths_exist(name: str) -> None:
    text = page(name)
    targets = re.findall(r"^([a-z-]+):", page("Makefile"), re.MULTILINE)
    assert commands(text) <= set(targets)
    assert {t for t in tables(text) if not any(e in t for e in EXAMPLES)} <= MODELS
    known = set(Settings.from_environment({}).environment()) | settings(page("docs/en/settings.md"))
    assert settings(text) <= known
    folders = "dbt_project|tests|expectations|orchestration|dashboards|benchmarks|bi|seeds|demo"
    paths = set(re.findall(rf"`((?:{folders})/[^`*]*)`", text))
    missing = [path for path in paths if not (ROOT / path).exists()]
    assert [path for path in missing if not any(e in path for e in EXAMPLES)] == []


@pytest.mark.parametrize("folder", ["en", "zh-CN"])
def test_views_that_say_who_is_behind_a_mart_are_told_of(folder: str) -> None:
    assert OF_PEOPLE
    assert tables(without_blocks(page(f"docs/{folder}/tables.md"))) >= OF_PEOPLE


@pytest.mark.parametrize("folder", ["en", "zh-CN"])
def test_reasons_of_quarantine_are_all_there(folder: str) -> None:
    macros = DBT_PROJECT_DIR / "macros" / "events.sql"
    reasons = set(re.findall(r"then '(\w+)'", macros.read_text(encoding="utf-8")))
    assert len(reasons) == 8
    text = page(f"docs/{folder}/sources.md")
    assert {reason for reason in reasons if f"`{reason}`" not in text} == set()


@pytest.mark.parametrize("name", ["seeds/README.md", "seeds/README.zh-CN.md"])
def test_every_column_of_every_definition_is_explained(name: str) -> None:
    for definition in DEFINITIONS:
        section = page(name).split(f"### `{definition.name}.csv`")[1].split("\n##")[0]
        assert [c for c in definition.columns if f"| `{c}` |" not in section] == []


def test_columns_that_feeds_call_required_are_those_that_staging_wants() -> None:
    macro = (DBT_PROJECT_DIR / "macros" / "feeds.sql").read_text(encoding="utf-8")
    wanted = ast.literal_eval(macro.split("return(")[1].split(") }}")[0].strip())
    called = {
        feed.name: [c.name for c in feed.columns if c.description.endswith("; required")]
        for feed in FEEDS
        if feed.name != "events"
    }
    assert called == wanted
