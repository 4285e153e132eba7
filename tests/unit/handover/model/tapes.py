"""Chance that can be replayed, and shortened to the least that still fails."""

from __future__ import annotations

import random
from array import array
from collections.abc import Callable, Sequence
from typing import TypeVar

__all__ = ["Tape", "record", "shortest"]

T = TypeVar("T")


class Tape:
    """Draws from a list of numbers. At its end it is blank, and every draw is the first choice."""

    def __init__(self, numbers: Sequence[int]) -> None:
        self._numbers = numbers
        self._at = 0

    @property
    def blank(self) -> bool:
        return self._at >= len(self._numbers)

    def below(self, limit: int) -> int:
        if self._at >= len(self._numbers):
            return 0
        number = self._numbers[self._at]
        self._at += 1
        return number % limit

    def one_of(self, choices: Sequence[T]) -> T:
        return choices[self.below(len(choices))]


def record(seed: int, length: int) -> list[int]:
    """The numbers of the history with this seed."""
    return array("H", random.Random(seed).randbytes(2 * length)).tolist()


def shortest(numbers: Sequence[int], fails: Callable[[Sequence[int]], bool]) -> list[int]:
    """The shortest failing tape found by leaving out parts of a failing one."""
    kept = list(numbers)
    size = len(kept) // 2
    while size:
        at = 0
        while at < len(kept):
            without = kept[:at] + kept[at + size :]
            if fails(without):
                kept = without
            else:
                at += size
        size //= 2
    return kept
