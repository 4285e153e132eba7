"""A random history of absences, edits, work, delivery and crashes, as a tape tells it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from tests.unit.handover.model.checks import check
from tests.unit.handover.model.faults import Fault
from tests.unit.handover.model.participating import WRITER_SLOTS, Item, Participant, Violation
from tests.unit.handover.model.processes import Processes
from tests.unit.handover.model.scheduling import MEMBERS, Handover, Row, Scheduler
from tests.unit.handover.model.tapes import Tape

__all__ = ["story", "violation"]

RESPONSIBILITIES = ("texts", "community", "pictures", "publishing", "answers")
KNOWN_FROM_THE_FIRST = 2
DEPUTIES: tuple[tuple[str, ...], ...] = (
    (),
    ("ben",),
    ("ben", "cem"),
    ("cem", "ben"),
    ("anna", "dora"),
    ("dora", "anna", "ben"),
)
MOST_ACTIONS = 600
MOST_STEPS = 20_000
MOST_ITEMS = 12


def violation(numbers: Sequence[int], fault: Fault | None = None) -> str | None:
    """What goes wrong in the history that this tape tells, or None if nothing does."""
    return _play(numbers, fault)[0]


def story(numbers: Sequence[int], fault: Fault | None = None) -> str:
    """The history in words, a line for whatever came of it, and what goes wrong in the end."""
    wrong, lines = _play(numbers, fault)
    return "\n".join([*lines, wrong or "and all is well"])


def _play(numbers: Sequence[int], fault: Fault | None) -> tuple[str | None, list[str]]:
    tape = Tape(numbers)
    history = _History(tape, fault)
    try:
        for _ in range(tape.below(MOST_ACTIONS)):
            history.act()
        history.settle()
        history.check()
    except Violation as wrong:
        return str(wrong), history.story
    return None, history.story


class _History:
    def __init__(self, tape: Tape, fault: Fault | None) -> None:
        self._tape = tape
        self.story: list[str] = []
        self._participants = [
            Processes(Participant(name, self.story, fault))
            for name in ("planner", "inbox")[: 1 + tape.below(2)]
        ]
        self._rows: dict[str, list[Row]] = {}
        self._scheduler = Scheduler(self._tell_row, self._tell_handover, fault)
        for name, owner in zip(RESPONSIBILITIES[:KNOWN_FROM_THE_FIRST], MEMBERS, strict=False):
            self._scheduler.creates(name, owner, tape.one_of(DEPUTIES))
        if tape.below(4):
            self._catch_up()

    def _catch_up(self) -> None:
        """The participants know all that was said before the history begins."""
        for processes in self._participants:
            while processes.busy:
                processes.settle(Tape(()))

    def _tell_row(self, row: Row) -> None:
        self.story.append(f"scheduler says of epoch {row.epoch} that {row.key}: {row.value}")
        self._rows.setdefault(row.key, []).append(row)
        for processes in self._participants:
            processes.participant.untold_rows[row.key].append(row)

    def _tell_handover(self, handover: Handover) -> None:
        for processes in self._participants:
            processes.participant.untold_handovers.append(handover)

    def act(self) -> None:
        self._tape.one_of(_ACTIONS)(self)

    def settle(self) -> None:
        """Everything is delivered and swept, still in any order; people work no more."""
        for processes in self._participants:
            processes.up = True
        for _ in range(MOST_STEPS):
            busy = [processes for processes in self._participants if processes.busy]
            if not busy:
                return
            self._tape.one_of(busy).settle(self._tape)
        raise Violation("it never comes to rest")

    def check(self) -> None:
        for processes in self._participants:
            check(processes.participant, self._scheduler, self._rows)

    def advance(self) -> None:
        self._one().advance(self._tape)

    def consume(self) -> None:
        self._one().consume(self._tape)

    def work(self) -> None:
        self._one().work(self._tape)

    def take_handover(self) -> None:
        self._one().take_handover(self._tape)

    def pause(self) -> None:
        self._one().pause(self._tape)

    def resume(self) -> None:
        self._one().resume(self._tape)

    def go_down(self) -> None:
        processes = self._one()
        processes.crash()
        processes.up = False

    def restart(self) -> None:
        processes = self._one()
        processes.crash()
        processes.up = True

    def deliver_again(self) -> None:
        processes = self._one()
        key = self._tape.one_of(list(self._rows))
        told = len(self._rows[key]) - len(processes.participant.untold_rows[key])
        if told:
            row = self._rows[key][self._tape.below(told)]
            processes.consume_again(row)

    def fall_ill(self) -> None:
        self._scheduler.falls_ill(self._tape.one_of(MEMBERS))

    def come_back(self) -> None:
        if self._scheduler.absent:
            self._scheduler.returns(self._tape.one_of(sorted(self._scheduler.absent)))

    def edit(self) -> None:
        name = self._tape.one_of(RESPONSIBILITIES)
        owner, deputies = self._tape.one_of(MEMBERS), self._tape.one_of(DEPUTIES)
        if name in self._scheduler.responsibilities:
            open_work = self._tape.below(3) == 1
            self._scheduler.edits(name, owner, deputies, open_work=open_work)
        else:
            self._scheduler.creates(name, owner, deputies)

    def turn_qualification(self) -> None:
        self._scheduler.turns_qualification(
            self._tape.one_of(MEMBERS), self._tape.one_of(RESPONSIBILITIES)
        )

    def pass_over(self) -> None:
        self._scheduler.passes_over(self._tape.one_of(list(self._scheduler.responsibilities)))

    def create(self) -> None:
        processes = self._one()
        responsibility = self._tape.one_of(RESPONSIBILITIES)
        slot = self._tape.below(WRITER_SLOTS)
        if len(processes.participant.items) < MOST_ITEMS:
            processes.start(processes.participant.creates(responsibility, slot))

    def touch(self) -> None:
        """Of work at home it makes no difference, so this looks for work away from home."""
        processes = self._one()
        away = [item for item in processes.participant.items if item.home is not None]
        if away:
            processes.start(processes.participant.touches(self._tape.one_of(away)))

    def finish(self) -> None:
        self._on_item(lambda participant, item: participant.finishes(item))

    def reopen(self) -> None:
        slot = self._tape.below(WRITER_SLOTS)
        self._on_item(lambda participant, item: participant.reopens(item, slot))

    def claim(self) -> None:
        member, slot = self._tape.one_of(MEMBERS), self._tape.below(WRITER_SLOTS)
        self._on_item(lambda participant, item: participant.claims(item, member, slot))

    def _on_item(self, command: Callable[[Participant, Item], Iterator[None]]) -> None:
        processes = self._one()
        if processes.participant.items:
            item = self._tape.one_of(processes.participant.items)
            processes.start(command(processes.participant, item))

    def _one(self) -> Processes:
        return self._tape.one_of(self._participants)


_WEIGHTS = Counter[Callable[[_History], None]](
    {
        _History.advance: 70,
        _History.consume: 8,
        _History.take_handover: 6,
        _History.work: 8,
        _History.fall_ill: 3,
        _History.come_back: 3,
        _History.create: 5,
        _History.touch: 6,
        _History.claim: 3,
        _History.finish: 1,
        _History.reopen: 1,
        _History.edit: 2,
        _History.turn_qualification: 1,
        _History.pass_over: 1,
        _History.deliver_again: 2,
        _History.pause: 2,
        _History.resume: 2,
        _History.go_down: 1,
        _History.restart: 3,
    }
)
_ACTIONS = tuple(_WEIGHTS.elements())
