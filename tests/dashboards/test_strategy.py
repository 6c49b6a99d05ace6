"""The tree of KPIs and what moved one: on their board, above the overview, on the index."""

from __future__ import annotations

import pytest

from tests.browser import Chromium
from tests.dashboards.conftest import Published
from tests.dashboards.test_boards_in_a_browser import choose, figures, is_quiet, opened

MARCH = "grain = 'month' and period_start_date = '2024-03-01'"


@pytest.mark.parametrize("name", ["index.html", "boards/overview.html", "boards/strategy.html"])
def test_the_tree_has_a_node_for_each_kpi(
    name: str, published: Published, chromium: Chromium
) -> None:
    page = opened(chromium, published.folder / name)
    if "overview" in name:
        choose(page, "grain", "month")
    values = dict(published.query(f"select kpi_id, value from marts.mart_kpi_values where {MARCH}"))
    nodes = {row["node_id"]: row for row in figures(page, "tree") if row["kind"] == "node"}
    assert nodes.keys() == values.keys()
    assert all(row["period"] == "2024-03" for row in nodes.values())
    assert nodes["households"]["figure"] == f"{values['households']:.0f}"
    # Each hangs below its parent, and deeper.
    of = dict(published.query("select kpi_id, parent_kpi_id from seeds.dim_kpis"))
    for kpi, row in nodes.items():
        if of[kpi]:
            parent = nodes[of[kpi]]
            assert row["parent_place"] == parent["place"]
            assert int(row["place"]) > int(parent["place"])
            assert int(row["depth"]) == int(parent["depth"]) + 1
    assert page.evaluate("document.querySelectorAll('#tree svg .mark-symbol path').length") == len(
        nodes
    )
    said = page.evaluate("document.querySelector('#answer td').textContent")
    assert said.startswith("2024-03: Sales ")
    is_quiet(page)


def test_bars_add_up_to_the_change(published: Published, chromium: Chromium) -> None:
    page = opened(chromium, published.board("strategy"))
    [(change,)] = published.query(
        f"select change from marts.mart_kpi_values where kpi_id = 'sales' and {MARCH}"
    )
    for item in ("moved_by_driver", "moved_by_segment"):
        *bars, together = figures(page, item)
        assert float(together["contribution"]) == pytest.approx(change)
        reached = 0.0
        for bar in bars:
            assert float(bar["start_at"]) == pytest.approx(reached, abs=1e-6)
            reached = float(bar["end_at"])
        assert reached == pytest.approx(change)
    choose(page, "kpi_id", "basket_value")
    drivers = {row["part_en"] for row in figures(page, "moved_by_driver")}
    assert drivers == {"Sum of baskets", "Baskets", "Together"}
    assert page.evaluate("document.querySelector('#moved_by_segment').hidden")
