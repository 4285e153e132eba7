"""Whether it all adds up: the receipts against the databases and the mailbox. Pure.

Each check names what does not; a check that names nothing has passed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from deploy.local.demo.books import Books, Key, Move

__all__ = [
    "AFTER_RETURN",
    "WHILE_AWAY",
    "Check",
    "Story",
    "audit",
    "covered_work_has_a_holder",
    "everything_is_home",
    "held_by_absent",
]

_PARTICIPANTS = ("planner", "scheduler", "inbox")


@dataclass(frozen=True)
class Story:
    """What was done, for comparison with what is found.

    `known` are all items there were before the sick call and `held` those the absent member had.
    `sick` and `back` are the two handovers, `receipts` the items that the scheduler shows on their
    receipts. `touched`: items that a deputy has worked on, and who.
    """

    absent: str
    known: frozenset[Key]
    held: frozenset[Key]
    sick: str
    back: str | None = None
    receipts: Mapping[str, Sequence[Key]] = field(default_factory=dict)
    touched: Mapping[Key, str] = field(default_factory=dict)

    @property
    def handovers(self) -> Sequence[str]:
        return [self.sick] if self.back is None else [self.sick, self.back]


Check = Callable[[Books, Story], Iterator[str]]


def audit(checks: Mapping[str, Check], books: Books, story: Story) -> dict[str, list[str]]:
    """By the checks' titles: what does not add up."""
    return {title: list(check(books, story)) for title, check in checks.items()}


# While the member is away


def everything_moved_once(books: Books, story: Story) -> Iterator[str]:
    """What comes in between the look and the call is on the receipt too, and may be."""
    moved = books.moves_of(story.sick)
    for key in sorted(story.held):
        times = sum(move.from_holder == story.absent for move in moved.get(key, ()))
        if times != 1:
            yield f"{_named(key, moved)} was held before and is on the receipt {times} times"
    for key, moves in sorted(moved.items()):
        if key in story.known - story.held and moves[0].from_holder == story.absent:
            yield f"{_named(key, moved)} is on the receipt, but the member did not hold it"


def nobody_absent_holds_work(books: Books, story: Story) -> Iterator[str]:
    if (story.absent in books.absent) == (story.back is not None):
        yield f"the member is {'still' if story.back else 'not'} absent"
    yield from held_by_absent(books)


def held_by_absent(books: Books) -> Iterator[str]:
    for key, item in sorted(books.items.items()):
        if item.open and item.holder in books.absent:
            yield f"{_place(key)} is held by {item.holder}, who is absent"


def covered_work_has_a_holder(books: Books, _: Story | None = None) -> Iterator[str]:
    for key, item in sorted(books.items.items()):
        acting = books.acting.get(item.responsibility_id)
        if item.open and item.holder is None and acting is not None:
            yield f"{_place(key)} has no holder, but {acting} acts for {item.responsibility_id}"


def totals_are_parts_are_receipt(books: Books, story: Story) -> Iterator[str]:
    """For every handover: what the participant counted, what it told, and what the receipt says."""
    for handover_id, shown in story.receipts.items():
        moved = Counter(move.key for move in books.moves if move.handover_id == handover_id)
        for key in sorted((Counter(shown) - moved) | (moved - Counter(shown))):
            yield f"{_place(key)} is shown {Counter(shown)[key]} times, but moved {moved[key]}"
    for handover_id, handover in books.handovers.items():
        number = handover["number"]
        if handover["state"] != "completed":
            yield f"{number} is still open"
            continue
        for service in _PARTICIPANTS:
            parts = books.parts.get((handover_id, service), ())
            if [part["part"] for part in parts] != list(range(1, len(parts) + 1)):
                yield f"{number}: a part of {service} is missing or double"
            told = sum(len(part["moves"]) for part in parts)
            run = books.runs.get((handover_id, service))
            counts = {
                "its parts": told,
                "its total": sum(part["total"] or 0 for part in parts),
                "its own run": None if run is None else run["moved"],
                "the receipt": handover["totals"].get(service),
            }
            if set(counts.values()) != {told}:
                yield f"{number}: {service} does not add up: {counts}"


def moves_chain(books: Books, story: Story) -> Iterator[str]:
    """Numbered from 1 without a hole up to the item's own count; and in the story, which has no
    command that gives an item to somebody, each move begins where the one before it ended."""
    told: dict[Key, list[Move]] = defaultdict(list)
    for move in books.moves:
        told[move.key].append(move)
    for key, item in sorted(books.items.items()):
        moves = sorted(told.pop(key, []), key=lambda move: move.move_no)
        numbers = [move.move_no for move in moves]
        if numbers != list(range(1, item.move_no + 1)):
            yield f"{_place(key)} has moved {item.move_no} times, and these are told: {numbers}"
        ours = [move for move in moves if move.handover_id in story.handovers]
        for before, after in pairwise(ours):
            if before.to_holder != after.from_holder:
                yield f"{_place(key)} went to {before.to_holder}, but left {after.from_holder}"
    for key in sorted(told):
        yield f"{_place(key)} is on a receipt, but there is no such item"


def everybody_was_told_once(books: Books, story: Story) -> Iterator[str]:
    """One brief for each who received something, one summary for each lead; each is one mail."""
    received = Counter(books.mails)
    for handover_id in story.handovers:
        handover = books.handovers[handover_id]
        wanted = {
            *(f"{handover_id}:{one['member_id']}:brief" for one in handover["recipients"]),
            *(f"{handover_id}:{lead}:summary" for lead in handover["leads"]),
        }
        planned = {id for id in books.notifications if id.startswith(f"{handover_id}:")}
        yield from (f"nobody wrote {id}" for id in sorted(wanted - planned))
        yield from (f"{id} was written, but not called for" for id in sorted(planned - wanted))
        for id in sorted(wanted & planned):
            ids = [
                message_id
                for message_id, attempt in books.attempts.items()
                if attempt["notification_id"] == id
            ]
            mails = sum(received[message_id] for message_id in ids)
            state = books.notifications[id]["state"]
            if (mails, state) != (1, "sent"):
                yield f"{id} is {state} and came as {mails} mails"
    yield from (
        f"a mail came that nobody sent: {message_id}"
        for message_id in sorted(received.keys() - books.attempts.keys())
    )


# After the return


def touched_stayed_untouched_came_home(books: Books, story: Story) -> Iterator[str]:
    for key in sorted(story.held):
        item = books.items[key]
        deputy = story.touched.get(key)
        if deputy is None and (item.holder, item.home) != (story.absent, None):
            yield f"{_place(key)} was not touched, but is with {item.holder}"
        if deputy is not None and (item.holder, item.touched) != (deputy, True):
            yield f"{_place(key)} was begun by {deputy}, but is with {item.holder}"


# Whenever nobody is away any more


def everything_is_home(books: Books, before: Books, members: Iterable[str]) -> Iterator[str]:
    """What the members had before, of which nobody has begun anything meanwhile, is with them, or
    with whom they had it from."""
    for member in members:
        for key in sorted(before.held_by(member)):
            item, home = books.items[key], before.items[key].home or member
            if item.open and (item.holder, item.home) != (home, None):
                yield f"{_place(key)} is at home with {home}, but is with {item.holder}"


WHILE_AWAY: Mapping[str, Check] = {
    "all she held is on the receipt, each item once": everything_moved_once,
    "nobody absent holds open work": nobody_absent_holds_work,
    "open work of a covered responsibility has a holder": covered_work_has_a_holder,
    "totals, parts and receipts are the same": totals_are_parts_are_receipt,
    "the moves of every item chain without a hole": moves_chain,
    "one brief for each deputy, one summary for each lead": everybody_was_told_once,
}
AFTER_RETURN: Mapping[str, Check] = {
    "what was begun stayed, everything else came home": touched_stayed_untouched_came_home,
    **{title: check for title, check in WHILE_AWAY.items() if check is not everybody_was_told_once},
    "one brief and one summary for everybody, again": everybody_was_told_once,
}


def _named(key: Key, moves: Mapping[Key, Sequence[Move]]) -> str:
    told = moves.get(key)
    return f"“{told[0].label}” ({_place(key)})" if told else _place(key)


def _place(key: Key) -> str:
    return f"{key.service}/{key.item_id}"
