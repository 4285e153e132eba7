"""What a rehearsal found: a line for each cycle while it goes on, a table at the end, a file."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from tests.faults.checks import Finding, Wrong
from tests.faults.ledger import Ledger, Outcome

__all__ = ["Line", "Report"]

_SHOWN = 40
_HEADER = f"{'cycle':>5}  {'fault':<46} {'recovery':>9}  {'last':<10} {'operations':>10}"


@dataclass(frozen=True, slots=True)
class Line:
    """`operations` had ended when the cycle was over; `recovered` has the seconds by what was
    seen to work again, as in docs/faults.md."""

    number: int
    fault: str
    recovered: Mapping[str, float]
    operations: int

    @property
    def recovery_seconds(self) -> float:
        """Until everything worked."""
        return max(self.recovered.values())

    @property
    def last(self) -> str:
        """What worked last."""
        return max(self.recovered, key=self.recovered.__getitem__)

    def __str__(self) -> str:
        seconds = f"{self.recovery_seconds:.2f} s"
        numbers = f"{seconds:>9}  {self.last:<10} {self.operations:>10,}"
        return f"{self.number:>5}  {self.fault:<46} {numbers}"


@dataclass
class Report:
    """`say` is given each line as soon as it is known."""

    seed: int
    say: Callable[[str], None]
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    ledger: Ledger = field(default_factory=Ledger)
    lines: list[Line] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    unknown_deliveries: int = 0
    resent: int = 0
    ended_alone: list[str] = field(default_factory=list)

    def begin(self) -> None:
        self.say(_HEADER)

    def add(self, line: Line) -> None:
        self.lines.append(line)
        self.say(str(line))

    def found(self, findings: Iterable[Finding]) -> None:
        self.findings += findings

    @property
    def sound(self) -> bool:
        return not self.findings

    def end(self) -> None:
        """The table, and what is wrong, item by item."""
        for name, value in self._figures().items():
            self.say(f"  {name.replace('_', ' '):<26} {value}")
        for finding in self.findings[:_SHOWN]:
            self.say(f"  ✗ {finding}")
        if len(self.findings) > _SHOWN:
            self.say(f"  … and {len(self.findings) - _SHOWN} more, in the file")

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self.as_json(), indent=2, ensure_ascii=False) + "\n")

    def as_json(self) -> dict[str, Any]:
        return {
            "seed": self.seed,
            **self._figures(),
            "machine": _machine(),
            "started": self.started.isoformat(timespec="seconds"),
            "seconds": round((datetime.now(UTC) - self.started).total_seconds(), 1),
            "ended_alone": self.ended_alone,
            "findings": [{"wrong": one.wrong, "what": one.what} for one in self.findings],
            "lines": [
                {
                    "cycle": line.number,
                    "fault": line.fault,
                    "recovery_seconds": line.recovery_seconds,
                    "recovered": dict(line.recovered),
                    "operations": line.operations,
                }
                for line in self.lines
            ],
        }

    def _figures(self) -> dict[str, Any]:
        wrong = Counter(finding.wrong for finding in self.findings)
        seconds = [line.recovery_seconds for line in self.lines]
        unknown = self.ledger.counted(Outcome.UNKNOWN)
        return {
            "cycles": len(self.lines),
            "operations": self.ledger.operations,
            "accepted": self.ledger.counted(Outcome.ACCEPTED),
            "refused": self.ledger.counted(Outcome.REFUSED),
            **{kind.value: wrong[kind] for kind in Wrong},
            "unknown": unknown + self.unknown_deliveries,
            "unknown_operations": unknown,
            "unknown_deliveries": self.unknown_deliveries,
            "resent_events": self.resent,
            "recovery_seconds_max": round(max(seconds, default=0.0), 2),
            "recovery_seconds_median": round(statistics.median(seconds), 2) if seconds else 0.0,
        }


def _machine() -> str:
    memory = psutil.virtual_memory().total / 2**30
    return f"{os.cpu_count()} CPUs, {memory:.0f} GiB, {platform.system()} {platform.machine()}"
