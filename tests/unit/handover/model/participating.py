"""A participant of the model: rows with slots, items, people at work, and the sweep.

Everything that takes more than one step is a generator that yields between its steps; dropping it
is a crash.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from shared.handover.rule import Holding, destination
from tests.unit.handover.model.faults import Fault
from tests.unit.handover.model.scheduling import Handover, Row, coverage, presence

__all__ = ["WRITER_SLOTS", "Item", "Move", "Participant", "Run", "Violation"]

WRITER_SLOTS = 8
MOVER_SLOT = WRITER_SLOTS
CHUNK = 2

Steps = Iterator[None]


class Violation(Exception):
    """Something that must never be the case, not for an instant."""


@dataclass(slots=True)
class Slot:
    """An unseen row is one of epoch 0."""

    epoch: int = 0
    value: str | bool | None = None
    version: int = 0


@dataclass(slots=True)
class Item:
    number: int
    responsibility: str
    holder: str | None
    # Whom it was given to when it was created and by commands, each after which move.
    given: list[tuple[int, str | None]]
    open: bool = True
    home: str | None = None
    touched: bool = False
    move_no: int = 0
    version: int = 0

    def __str__(self) -> str:
        away = f" away from {self.home}{', touched' * self.touched}" if self.home else ""
        return f"item {self.number} of {self.responsibility}, with {self.holder}{away}"

    @property
    def holding(self) -> Holding:
        return Holding(self.holder, self.home, self.touched)


@dataclass(frozen=True, slots=True)
class Move:
    item: int
    move_no: int
    from_holder: str | None
    to_holder: str | None


@dataclass(slots=True)
class Run:
    """A stored `handover.started` and, part by part, the answer."""

    handover: Handover
    parts: list[tuple[Move, ...]] = field(default_factory=list)
    total: int | None = None
    version: int = 0

    def __str__(self) -> str:
        return f"run {self.handover.epoch}"


class Transaction:
    """Commits only if nobody else wrote what it writes since it saw it."""

    def __init__(self) -> None:
        self._seen: list[tuple[Slot | Item | Run, int]] = []

    def writes(self, document: Slot | Item | Run) -> None:
        self._seen.append((document, document.version))

    def commits(self) -> bool:
        if any(document.version != version for document, version in self._seen):
            return False
        for document, _ in self._seen:
            document.version += 1
        return True


class Participant:
    """`story` is told what is assigned, moved and answered, for whoever has to find out why."""

    def __init__(self, name: str, story: list[str], fault: Fault | None = None) -> None:
        self._name = name
        self._story = story
        self._fault = fault
        self._rows: dict[str, list[Slot]] = defaultdict(_unseen)
        self.items: list[Item] = []
        self.runs: dict[int, Run] = {}
        self.untold_rows: dict[str, deque[Row]] = defaultdict(deque)
        self.untold_handovers: list[Handover] = []

    # Events in

    def takes_row(self, row: Row) -> Steps:
        """The next record of a compacted topic. Its position moves on only at the end."""
        yield from self.writes_row(row)
        untold = self.untold_rows[row.key]
        if untold and untold[0] is row:
            untold.popleft()

    def takes_handover(self, handover: Handover) -> None:
        self.untold_handovers.remove(handover)
        self.runs[handover.epoch] = Run(handover)

    def writes_row(self, row: Row) -> Steps:
        for slot in self._rows[row.key]:
            if slot.epoch < row.epoch or self._fault is Fault.NO_COMPARISON_OF_EPOCHS:
                slot.epoch, slot.value = row.epoch, row.value
                slot.version += 1
            yield
        self._tells(f"knows of epoch {row.epoch} that {row.key}: {row.value}")

    # People at work, through the writer slots

    def creates(self, responsibility: str, slot: int) -> Steps:
        while True:
            transaction = Transaction()
            acting = self._acting(transaction, responsibility, slot)
            yield
            if transaction.commits():
                break
        item = Item(len(self.items), responsibility, acting, given=[(0, acting)])
        self.items.append(item)
        self._tells(f"creates {item}")
        self._check_holder(item.holder)

    def reopens(self, item: Item, slot: int) -> Steps:
        while True:
            transaction = Transaction()
            transaction.writes(item)
            acting = self._acting(transaction, item.responsibility, slot)
            yield
            if transaction.commits():
                break
        item.open = True
        self._give(item, acting)

    def claims(self, item: Item, member: str, slot: int) -> Steps:
        """By name: refused unless that member is known to be present."""
        while True:
            transaction = Transaction()
            transaction.writes(item)
            present = self._present(transaction, member, slot)
            yield
            if present is not True or not item.open:
                return
            if transaction.commits():
                break
        self._give(item, member)

    def touches(self, item: Item) -> Steps:
        transaction = Transaction()
        transaction.writes(item)
        yield
        if item.open and item.home is not None and item.holder and transaction.commits():
            item.touched = True
            self._tells(f"touches {item}")

    def finishes(self, item: Item) -> Steps:
        transaction = Transaction()
        transaction.writes(item)
        yield
        if item.open and transaction.commits():
            item.open = False

    def _give(self, item: Item, holder: str | None) -> None:
        item.holder, item.home, item.touched = holder, None, False
        item.given.append((item.move_no, holder))
        self._tells(f"gives {item}")
        self._check_holder(holder)

    def _acting(self, transaction: Transaction, responsibility: str, slot: int) -> str | None:
        acting = self._read(transaction, coverage(responsibility), slot)
        assert not isinstance(acting, bool)
        if acting is None or self._fault is Fault.PRESENCE_OF_THE_ACTING_MEMBER_IGNORED:
            return acting
        return None if self._present(transaction, acting, slot) is False else acting

    def _present(self, transaction: Transaction, member: str, slot: int) -> bool | None:
        present = self._read(transaction, presence(member), slot)
        assert not isinstance(present, str)
        return present

    def _read(self, transaction: Transaction, key: str, slot: int) -> str | bool | None:
        read = self._rows[key][slot]
        unguarded = self._fault is Fault.NO_WRITER_SLOTS or (
            self._fault is Fault.NO_SLOT_IN_AN_UNSEEN_ROW and read.epoch == 0
        )
        if not unguarded:
            transaction.writes(read)
        return read.value

    # The worker

    def works(self, run: Run) -> Steps:
        """Resumable after each step: started again, it repeats the steps up to where it was."""
        late = self._fault is Fault.SWEEP_BEFORE_ALL_SLOTS_ARE_WRITTEN
        if not late:
            yield from self._takes_decisions(run)
        while due := self._due(run, self.items):
            yield
            yield from self._moves_a_chunk(run, [item for item, _ in due[:CHUNK]])
            if self._is_closed(run) or self._fault is Fault.ONE_PASS:
                break
        if late:
            yield from self._takes_decisions(run)
        yield
        yield from self._answers(run)

    def _takes_decisions(self, run: Run) -> Steps:
        for row in run.handover.rows:
            yield from self.writes_row(row)

    def _moves_a_chunk(self, run: Run, items: Sequence[Item]) -> Steps:
        """One transaction: what is still due among these items is moved, with its part."""
        transaction = Transaction()
        transaction.writes(run)
        closed = self._is_closed(run)
        due = self._due(run, items, transaction)
        yield
        if closed or not due or not transaction.commits():
            return
        moves = tuple(self._move(run, item, to) for item, to in due)
        if self._fault is Fault.PART_APART_FROM_ITS_MOVES:
            yield
        run.parts.append(moves)

    def _is_closed(self, run: Run) -> bool:
        """Another worker has answered it: this one was paused and overtaken."""
        return run.total is not None and self._fault is not Fault.NO_FENCE_AFTER_THE_ANSWER

    def _answers(self, run: Run) -> Steps:
        transaction = Transaction()
        transaction.writes(run)
        total = sum(map(len, run.parts))
        yield
        if run.total is None and transaction.commits():
            run.total = total
            self._tells(f"answers {run}")
            for item in self.items:
                if item.open:
                    self._check_holder(item.holder)

    def _due(
        self, run: Run, items: Sequence[Item], transaction: Transaction | None = None
    ) -> list[tuple[Item, Holding]]:
        """The items that move, and where to. With a transaction, its decisions hold until it is
        committed: it writes the slots of all rows that it read."""
        read: set[str] = set()

        def says(key: str) -> str | bool | None:
            read.add(key)
            return self._says_to_run(run, key)

        due = [
            (item, to)
            for item in items
            if self._is_swept(run, item) and (to := self._destination(run, item, says)) is not None
        ]
        if transaction is not None:
            for item, _ in due:
                transaction.writes(item)
            if self._fault is not Fault.NO_MOVER_SLOT:
                for key in read:
                    transaction.writes(self._rows[key][MOVER_SLOT])
        return due

    def _is_swept(self, run: Run, item: Item) -> bool:
        if self._fault is Fault.ONLY_THE_LEGS_ARE_SWEPT:
            legs = [row.key for row in run.handover.legs]
            return item.open and coverage(item.responsibility) in legs
        return item.open

    def _says_to_run(self, run: Run, key: str) -> str | bool | None:
        if self._fault is Fault.DESTINATION_FROM_THE_EVENT:
            for row in run.handover.rows:
                if row.key == key:
                    return row.value
        return self._says(key)

    def _destination(
        self, run: Run, item: Item, says: Callable[[str], str | bool | None]
    ) -> Holding | None:
        acting = says(coverage(item.responsibility))
        assert not isinstance(acting, bool)
        return destination(
            item.holding,
            present=lambda member: says(presence(member)) is not False,
            acting=acting,
            given_away=item.responsibility == run.handover.given,
        )

    def _says(self, key: str) -> str | bool | None:
        return self._rows[key][MOVER_SLOT].value

    def _move(self, run: Run, item: Item, to: Holding) -> Move:
        if self._destination(run, item, self._says) != to:
            raise Violation(f"{item}: moves by a decision that another has replaced")
        overwritten = self._fault is Fault.HOME_OVERWRITTEN_BY_LATER_MOVES and to.home is not None
        move = Move(item.number, item.move_no + 1, item.holder, to.holder)
        item.home = item.holder if overwritten else to.home
        item.holder, item.touched = to.holder, to.touched
        item.move_no += 1
        if item.responsibility == run.handover.given and to.home is None:
            item.given.append((item.move_no, to.holder))
        self._tells(f"moves {item}")
        self._check_holder(item.holder)
        return move

    # What must hold at every instant

    def _check_holder(self, holder: str | None) -> None:
        """Once the run that made somebody absent is answered, nothing is theirs."""
        if holder is None:
            return
        newest = max(self._rows[presence(holder)], key=lambda slot: slot.epoch)
        run = self.runs.get(newest.epoch)
        if newest.value is False and run is not None and run.total is not None:
            raise Violation(f"{holder}, absent since epoch {newest.epoch}, holds an item")

    def slots(self, key: str) -> Sequence[Slot]:
        return self._rows[key]

    def _tells(self, what: str) -> None:
        self._story.append(f"{self._name} {what}")


def _unseen() -> list[Slot]:
    return [Slot() for _ in range(WRITER_SLOTS + 1)]
