"""What a rehearsal says, and what it writes."""

from __future__ import annotations

import json
from pathlib import Path

from tests.faults.checks import Finding, Wrong
from tests.faults.ledger import Outcome
from tests.faults.report import Line, Report


def report(said: list[str]) -> Report:
    made = Report(seed=7, say=said.append)
    for outcome in (Outcome.ACCEPTED, Outcome.ACCEPTED, Outcome.REFUSED, Outcome.UNKNOWN):
        made.ledger.count(outcome)
    made.unknown_deliveries = 2
    for number, seconds in enumerate((1.0, 3.0, 8.0), start=1):
        recovered = {"task": 0.5, "message": seconds}
        made.add(Line(number, "kill kafka", recovered, 10 * number))
    return made


def test_a_sound_report_counts_everything(tmp_path: Path) -> None:
    said: list[str] = []
    report(said).write(tmp_path / "state" / "faults.json")

    written = json.loads((tmp_path / "state" / "faults.json").read_text())
    assert {"seed", "machine", "started", "seconds"} <= set(written)
    assert (written["cycles"], written["operations"]) == (3, 4)
    assert (written["lost"], written["doubled"], written["reordered"]) == (0, 0, 0)
    assert written["unknown"] == 3
    assert written["recovery_seconds_max"] == 8.0
    assert written["recovery_seconds_median"] == 3.0
    assert "kill kafka" in said[0]
    assert "message" in said[0]


def test_what_is_wrong_is_counted_and_listed() -> None:
    said: list[str] = []
    made = report(said)
    made.found([Finding(Wrong.LOST, "message m1"), Finding(Wrong.REORDERED, "topic/k")])

    made.end()

    assert not made.sound
    assert (made.as_json()["lost"], made.as_json()["reordered"]) == (1, 1)
    assert any("message m1" in line for line in said)
