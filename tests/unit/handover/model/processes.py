"""The processes of a participant, which are stopped, paused and started again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.unit.handover.model.participating import Participant
from tests.unit.handover.model.scheduling import Row
from tests.unit.handover.model.tapes import Tape

__all__ = ["Processes"]

MOST_PEOPLE = 4
BURSTS = (1, 1, 1, 2, 3, 9, 18, 27)


@dataclass(slots=True)
class _Thread:
    """Something under way in a process. `role` is what only one of them does at a time."""

    steps: Iterator[None]
    role: str | None = None


class Processes:
    """One participant's processes: what is under way in them, what waits for them."""

    def __init__(self, participant: Participant) -> None:
        self.participant = participant
        self.up = True
        self._people: list[_Thread] = []
        self._roles: list[_Thread] = []
        self._paused: list[_Thread] = []

    def start(self, steps: Iterator[None]) -> None:
        """A person gives a command. The database takes its snapshot at once."""
        if self.up and len(self._people) < MOST_PEOPLE:
            next(steps)
            self._people.append(_Thread(steps))

    def crash(self) -> None:
        """Whatever is under way stops where it is; positions and leases are not lost by that."""
        self._people.clear()
        self._roles.clear()

    def advance(self, tape: Tape) -> None:
        """People take their time, so that much happens between two steps of theirs."""
        preferred, other = self._roles, self._people
        if tape.below(5) == 1:
            preferred, other = other, preferred
        threads = preferred or other
        if threads:
            thread = tape.one_of(threads)
            for _ in range(tape.one_of(BURSTS)):
                if next(thread.steps, self) is self:
                    threads.remove(thread)
                    return

    def pause(self, tape: Tape) -> None:
        """A replica stops where it is; another takes over its role, and it does not know."""
        if self._roles:
            thread = tape.one_of(self._roles)
            self._roles.remove(thread)
            self._paused.append(thread)

    def resume(self, tape: Tape) -> None:
        if self._paused:
            thread = tape.one_of(self._paused)
            self._paused.remove(thread)
            self._roles.append(thread)

    def consume(self, tape: Tape) -> None:
        """A consumer takes the next record of a key: of one key in order, of several at once."""
        taken = {thread.role for thread in self._roles}
        untold = self.participant.untold_rows
        keys = [key for key, rows in untold.items() if rows and key not in taken]
        if keys and self.up:
            key = tape.one_of(keys)
            self._roles.append(_Thread(self.participant.takes_row(untold[key][0]), role=key))

    def consume_again(self, row: Row) -> None:
        """A record that was taken before, maybe long ago."""
        if self.up:
            self._roles.append(_Thread(self.participant.writes_row(row)))

    def work(self, tape: Tape) -> None:
        """A worker takes a run: any one, though the program takes the oldest."""
        runs = [run for run in self.participant.runs.values() if run.total is None]
        if runs and self.up and all(thread.role != "worker" for thread in self._roles):
            run = tape.one_of(runs)
            self._roles.append(_Thread(self.participant.works(run), role="worker"))

    def take_handover(self, tape: Tape) -> None:
        """In any order: handovers are keyed by their ids."""
        if self.up and self.participant.untold_handovers:
            self.participant.takes_handover(tape.one_of(self.participant.untold_handovers))

    def settle(self, tape: Tape) -> None:
        """One step nearer to rest, whichever the tape says and, at its end, one that there is."""
        steps = [self.advance] * (2 * len(self._roles) + len(self._people))
        if self.participant.untold_handovers:
            steps.append(self.take_handover)
        if any(self.participant.untold_rows.values()):
            steps.append(self.consume)
        if self._paused:
            steps.append(self.resume)
        steps.append(self.work)
        tape.one_of(steps)(tape)

    @property
    def busy(self) -> bool:
        return bool(
            self._people
            or self._roles
            or self._paused
            or self.participant.untold_handovers
            or any(self.participant.untold_rows.values())
            or any(run.total is None for run in self.participant.runs.values())
        )
