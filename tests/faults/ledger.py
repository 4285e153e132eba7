"""What the clients did and how it ended: one side of the comparison, the books are the other.

An operation is *accepted* (answered with success), *refused* (answered with a reason) or *unknown*:
the connection broke, and no later answer told what had become of it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = ["Edit", "Ledger", "Outcome"]


class Outcome(StrEnum):
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(slots=True)
class Edit:
    """A command with `If-Match`: of `version`, at most one can make the next.

    Its route knows no `Idempotency-Key`, so a refusal after a broken try leaves it unknown until
    the versions are looked at. `mark` is the value it wrote, if it wrote one.
    """

    collection: str
    item: str
    version: int
    outcome: Outcome
    mark: str | None = None


@dataclass
class Ledger:
    """By what tells an operation from all others: a message's id on its platform, a title, a text,
    a note. `handovers` are those that accepted sick calls and returns began."""

    messages: dict[str, Outcome] = field(default_factory=dict)
    tasks: dict[str, Outcome] = field(default_factory=dict)
    content: dict[str, Outcome] = field(default_factory=dict)
    notes: dict[str, Outcome] = field(default_factory=dict)
    edits: list[Edit] = field(default_factory=list)
    absences: dict[str, Outcome] = field(default_factory=dict)
    handovers: list[str] = field(default_factory=list)
    _counted: Counter[Outcome] = field(default_factory=Counter)

    def count(self, outcome: Outcome) -> None:
        """One more operation has ended so."""
        self._counted[outcome] += 1

    def settle(self, edit: Edit, outcome: Outcome) -> None:
        """What became of an unknown edit has come out."""
        self._counted[edit.outcome] -= 1
        self._counted[outcome] += 1
        edit.outcome = outcome

    def counted(self, outcome: Outcome) -> int:
        return self._counted[outcome]

    @property
    def edited(self) -> frozenset[str]:
        """Items on which there were commands."""
        return frozenset(edit.item for edit in self.edits)

    @property
    def operations(self) -> int:
        return self._counted.total()
