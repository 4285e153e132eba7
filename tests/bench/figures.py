"""Figures: medians with their spread, printed as a table and kept as JSON."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Aim", "Figure", "at_least", "at_most", "keep", "percentile", "table"]


@dataclass(frozen=True, slots=True)
class Aim:
    """What we want to reach. `reached` tells whether a value does."""

    value: float
    sign: str
    reached: Callable[[float], bool]


def at_most(value: float) -> Aim:
    return Aim(value, "≤", lambda measured: measured <= value)


def at_least(value: float) -> Aim:
    return Aim(value, "≥", lambda measured: measured >= value)


@dataclass(frozen=True, slots=True)
class Figure:
    """One named quantity, from all its rounds. `baseline` are the rounds of what it is compared
    with, in `baseline_unit` if that differs; `about` says what was done."""

    name: str
    unit: str
    rounds: Sequence[float]
    aim: Aim | None = None
    baseline: Sequence[float] = ()
    about: str = ""
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def value(self) -> float:
        return statistics.median(self.rounds)

    @property
    def spread(self) -> tuple[float, float]:
        return min(self.rounds), max(self.rounds)

    @property
    def reached(self) -> bool | None:
        return None if self.aim is None else self.aim.reached(self.value)

    def row(self) -> dict[str, Any]:
        """For the JSON: medians, with the rounds they come from."""
        return {
            "name": self.name,
            "value": _rounded(self.value),
            "unit": self.unit,
            "aim": None if self.aim is None else self.aim.value,
            "baseline": _rounded(statistics.median(self.baseline)) if self.baseline else None,
            "rounds": [_rounded(one) for one in self.rounds],
            "about": self.about,
            **({"detail": self.detail} if self.detail else {}),
        }


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest value that at least `share` (0..1) of all are not above."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)]


def keep(figures: Sequence[Figure], path: Path) -> None:
    """Write them as a list of `{name, value, unit, aim, baseline, …}`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [figure.row() for figure in figures]
    path.write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n")


def table(figures: Sequence[Figure]) -> str:
    """A Markdown table, aligned for the terminal."""
    lines = [("figure", "median", "spread", "aim", "compared with"), *map(_cells, figures)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rule = tuple("-" * width for width in widths)
    return "\n".join(_line(cells, widths) for cells in (lines[0], rule, *lines[1:]))


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return f"| {' | '.join(padded)} |"


def _cells(figure: Figure) -> tuple[str, ...]:
    low, high = figure.spread
    mark = {None: "", True: " ✓", False: " ✗"}[figure.reached]
    aim = "" if figure.aim is None else f"{figure.aim.sign} {_shown(figure.aim.value)}{mark}"
    baseline = _shown(statistics.median(figure.baseline)) if figure.baseline else ""
    return (
        figure.name,
        f"{_shown(figure.value)} {figure.unit}".rstrip(),
        f"{_shown(low)} to {_shown(high)}" if len(figure.rounds) > 1 else "",
        aim,
        baseline,
    )


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")


def _shown(value: float) -> str:
    return f"{_rounded(value):,g}"
