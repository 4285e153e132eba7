"""When a handover's answers add up, and what is told of it then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.scheduler.handovers.domain import (
    PARTICIPANTS,
    Handover,
    HandoverLeg,
    Numbered,
    Part,
    complete,
    fault,
    moves_told_elsewhere,
    part_of,
)
from shared.events.disciplines import Discipline
from shared.events.handover import ItemKind, Move, Participant, WorkHandedOver
from shared.events.scheduler import ActsAs, HandoverCause, Recipient

NOW = datetime(2026, 11, 24, 9, 42, tzinfo=UTC)
COPY = HandoverLeg("roast:copywriting", "roast", None, Discipline.COPYWRITING, "tom", ActsAs.DEPUTY)
GAP = HandoverLeg("insta:community", "roast", "insta", Discipline.COMMUNITY, None, ActsAs.GAP)


def handover(
    *legs: HandoverLeg,
    cause: HandoverCause = HandoverCause.ABSENCE_STARTED,
    totals: dict[Participant, int] | None = None,
) -> Handover:
    return Handover(
        id="h",
        number="H-2026-0001",
        epoch=7,
        cause=cause,
        absent_member="jana",
        absence_id="a",
        started_by="lena",
        started_at=NOW,
        participants=PARTICIPANTS,
        presence=(),
        legs=legs,
        clients=("roast",),
        totals=dict.fromkeys(PARTICIPANTS, 0) if totals is None else totals,
    )


def move(item_id: str, move_no: int = 1, to: str | None = "tom", *, due: int | None = None) -> Move:
    return Move(
        item_id=item_id,
        kind=ItemKind.TASK,
        label=item_id,
        responsibility_id="roast:copywriting",
        client_id="roast",
        move_no=move_no,
        from_holder="jana",
        to_holder=to,
        home="jana",
        due_at=None if due is None else NOW + timedelta(hours=due),
    )


def answer(
    participant: Participant, *chunks: Sequence[Move], total: int | None = None
) -> list[Part]:
    """Parts with the moves, and the last one with their total or the one given."""
    told = [*chunks, ()]
    moved = sum(len(chunk) for chunk in chunks)
    return [
        part_of(
            WorkHandedOver(
                handover_id="h",
                epoch=7,
                participant=participant,
                part=number,
                moves=tuple(chunk),
                moved_at=NOW,
                total=(moved if total is None else total) if number == len(told) else None,
            )
        )
        for number, chunk in enumerate(told, start=1)
    ]


NOTHING = [*answer(Participant.SCHEDULER), *answer(Participant.INBOX)]


def test_it_is_answered_when_all_frozen_participants_have_sent_their_totals() -> None:
    assert handover().answered
    assert not handover(totals={Participant.PLANNER: 0, Participant.INBOX: 3}).answered


def test_nothing_to_hand_over_adds_up_too() -> None:
    assert fault(handover(), [*answer(Participant.PLANNER), *NOTHING]) is None


def test_parts_that_are_missing_are_noticed() -> None:
    parts = [*answer(Participant.PLANNER, [move("a")], [move("b")]), *NOTHING]
    totals = dict.fromkeys(PARTICIPANTS, 0) | {Participant.PLANNER: 2}
    assert fault(handover(totals=totals), parts) is None
    assert fault(handover(totals=totals), parts[1:]) == "planner: parts are missing"


def test_a_total_that_is_not_what_was_told_is_noticed() -> None:
    totals = dict.fromkeys(PARTICIPANTS, 0) | {Participant.PLANNER: 2}
    parts = [*answer(Participant.PLANNER, [move("a")], total=2), *NOTHING]
    assert fault(handover(totals=totals), parts) == "planner: 1 moves told, 2 counted"


def test_a_move_told_twice_is_noticed() -> None:
    totals = dict.fromkeys(PARTICIPANTS, 0) | {Participant.PLANNER: 2}
    parts = [*answer(Participant.PLANNER, [move("a")], [move("a")]), *NOTHING]
    assert "told twice" in (fault(handover(totals=totals), parts) or "")


def test_a_hole_must_be_filled_by_another_handover() -> None:
    parts = answer(Participant.PLANNER, [move("a", 3), move("b", 1)], [move("a", 4)])
    assert moves_told_elsewhere(parts) == {Numbered("a", 2)}
    assert (
        moves_told_elsewhere(answer(Participant.PLANNER, [move("a", 1)], [move("a", 2)])) == set()
    )


def test_what_is_told_counts_each_item_where_it_came_to_rest() -> None:
    """A deputy fell ill between two chunks: `a` went on, and is counted once."""
    totals = dict.fromkeys(PARTICIPANTS, 0) | {Participant.PLANNER: 4}
    parts = [
        *answer(
            Participant.PLANNER,
            [move("a", 1, "tom", due=2), move("b", 1, "tom", due=5)],
            [move("a", 2, "mira", due=2), move("c", 1, None)],
        ),
        *NOTHING,
    ]
    told = complete(handover(COPY, GAP, totals=totals), parts, ["lena"], NOW)
    assert told.totals[Participant.PLANNER] == 4
    assert told.uncovered == 1
    assert told.gaps == ("insta:community", "roast:copywriting")
    assert told.leads == ("lena",)
    assert told.recipients == (
        Recipient(
            member_id="mira",
            items={ItemKind.TASK: 1},
            first_due_at=NOW + timedelta(hours=2),
            responsibilities=("roast:copywriting",),
        ),
        Recipient(
            member_id="tom",
            items={ItemKind.TASK: 1},
            first_due_at=NOW + timedelta(hours=5),
            responsibilities=("roast:copywriting",),
        ),
    )


def test_a_deputy_without_items_is_told_what_they_stand_in_for() -> None:
    told = complete(handover(COPY), [*answer(Participant.PLANNER), *NOTHING], [], NOW)
    assert [(one.member_id, one.items) for one in told.recipients] == [("tom", {})]


def test_an_owner_put_in_charge_by_an_edit_is_told_only_of_items() -> None:
    owned = HandoverLeg(
        "roast:copywriting", "roast", None, Discipline.COPYWRITING, "tom", ActsAs.OWNER
    )
    edited = handover(owned, cause=HandoverCause.COVERAGE_CHANGED)
    parts = [*answer(Participant.PLANNER), *NOTHING]
    assert complete(edited, parts, [], NOW).recipients == ()
    parts = [*answer(Participant.PLANNER, [move("a")]), *NOTHING]
    assert [one.member_id for one in complete(edited, parts, [], NOW).recipients] == ["tom"]


# Whatever the answers are: told in full they add up, and no mutilated one does.

items = st.lists(st.integers(1, 4), max_size=8)  # how often each item is moved


@given(items, st.integers(1, 3), st.data())
def test_whole_answers_add_up_and_mutilated_ones_never(
    times: list[int], chunk: int, data: st.DataObject
) -> None:
    moves = [move(f"i{item}", no) for item, n in enumerate(times) for no in range(1, n + 1)]
    chunks = [moves[start : start + chunk] for start in range(0, len(moves), chunk)]
    totals = dict.fromkeys(PARTICIPANTS, 0) | {Participant.PLANNER: len(moves)}
    parts = [*answer(Participant.PLANNER, *chunks), *NOTHING]
    assert fault(handover(totals=totals), parts) is None
    assert moves_told_elsewhere(parts) == set()

    lost = data.draw(st.integers(0, len(chunks)))
    assert fault(handover(totals=totals), parts[:lost] + parts[lost + 1 :]) is not None
    assert fault(handover(totals=totals), [*parts, parts[lost]]) is not None
