"""What is measured is kept, compared with the last time, and plotted."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks import report
from benchmarks.peers import Duel
from benchmarks.processes import Cost


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(report, "ARCHIVE", tmp_path / "bench")
    return tmp_path / "bench"


def test_a_row_is_met_up_to_the_ratio_that_is_asked() -> None:
    assert Duel("row", "peer", 2.0, 4.0, asked=0.5).is_met
    assert not Duel("row", "peer", 2.1, 4.0, asked=0.5).is_met
    assert Duel("row", "peer", 2.1, 4.0).is_met is None
    assert not Cost("step", 31.0, asked=30.0).is_met
    assert Cost("step", 31.0, peak_mb=9.0, asked_mb=10.0).is_met
    assert not Cost("step", 29.0, peak_mb=11.0, asked=30.0, asked_mb=10.0).is_met


def test_results_are_kept_and_told_beside_the_next(
    archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, _ = report.keep(1000, [Duel("row", "peer", 2.0, 8.0, 0.5)], [Cost("step", 7.5)])
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert kept["duels"][0]["ratio"] == 0.25
    assert kept["duels"][0]["is_met"]
    report.show(1000, [Duel("row", "peer", 6.0, 8.0, 0.5)], [Cost("step", 9.0)])
    _, row, _, step = filter(None, capsys.readouterr().out.splitlines())
    assert row.split()[-3:] == ["NOT", "MET", "0.25"]
    assert step.split() == ["step", "9.00", "7.5"]
    report.show(2000, [Duel("row", "peer", 6.0, 8.0)], [])
    assert "0.25" not in capsys.readouterr().out


def test_the_plot_has_a_line_for_each_row_over_all_scales(archive: Path) -> None:
    for events, seconds in ((1_000_000, 2.0), (20_000_000, 30.0)):
        duels = [
            Duel("funnel & more", "chdb", seconds, 1.0, models={"mart": seconds}),
            Duel("RFM", "pandas", 0.5, 1.0, models={"mart": 0.5}),
            Duel("whole line, rebuild", "one sorted write", 9 * seconds, 1.0),
        ]
        _, plot = report.keep(events, duels, [Cost("whole line: rebuild", 9 * seconds)])
    drawn = ElementTree.fromstring(plot.read_text(encoding="utf-8"))
    lines = drawn.findall("{http://www.w3.org/2000/svg}polyline")
    assert len(lines) == 3
    assert all(len(line.attrib["points"].split()) == 2 for line in lines)
    texts = {text.text for text in drawn.iter("{http://www.w3.org/2000/svg}text")}
    assert {"funnel & more", "RFM", "whole line: rebuild", "1,000,000"} <= texts
