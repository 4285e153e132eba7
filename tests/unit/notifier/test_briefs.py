"""Who is told what about a handover."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.notifier.briefs.domain import (
    Brief,
    Coverage,
    Kind,
    Notification,
    Story,
    Summary,
    for_eyes,
    in_force,
    notifications,
)
from shared.events.handover import ItemKind, Participant
from shared.events.scheduler import HandoverCause, HandoverCompleted, Recipient

START = datetime(2026, 11, 24, 9, 42, 7, tzinfo=UTC)


def recipient(member_id: str, *responsibilities: str, tasks: int = 3) -> Recipient:
    return Recipient(
        member_id=member_id,
        items={ItemKind.TASK: tasks, ItemKind.CONVERSATION: 0},
        first_due_at=START + timedelta(hours=2) if tasks else None,
        responsibilities=responsibilities,
    )


def completed(
    *recipients: Recipient,
    cause: HandoverCause = HandoverCause.ABSENCE_STARTED,
    absent: str | None = "jana",
    leads: tuple[str, ...] = ("lena",),
    gaps: tuple[str, ...] = (),
    uncovered: int = 0,
) -> HandoverCompleted:
    return HandoverCompleted(
        handover_id="h1",
        number="H-2026-0147",
        epoch=7,
        cause=cause,
        absent_member=absent,
        started_at=START,
        completed_at=START + timedelta(milliseconds=400),
        totals={Participant.PLANNER: sum(sum(r.items.values()) for r in recipients) + uncovered},
        uncovered=uncovered,
        gaps=gaps,
        recipients=recipients,
        leads=leads,
    )


def only(event: HandoverCompleted, kind: Kind) -> Notification:
    [one] = [each for each in notifications(event) if each.kind is kind]
    return one


def brief(*responsibilities: str, member: str = "tom") -> Notification:
    return only(completed(recipient(member, *responsibilities)), Kind.BRIEF)


def acting(responsibility: str, member: str | None, epoch: int) -> Coverage:
    return Coverage(responsibility, "c1", None, "copywriting", member, epoch)


def test_each_recipient_gets_a_brief_and_each_lead_a_summary() -> None:
    event = completed(recipient("tom", "c1:design"), recipient("mira", "c2:design"))
    assert [each.id for each in notifications(event)] == [
        "h1:tom:brief",
        "h1:mira:brief",
        "h1:lena:summary",
    ]


def test_a_lead_who_stands_in_gets_both() -> None:
    event = completed(recipient("lena", "c1:design"))
    assert {each.id for each in notifications(event)} == {"h1:lena:brief", "h1:lena:summary"}


def test_a_lead_is_not_told_about_their_own_absence() -> None:
    event = completed(recipient("tom", "c1:design"), absent="lena", leads=("lena", "otto"))
    assert [each.member_id for each in notifications(event)] == ["tom", "otto"]


def test_nothing_moved_is_nothing_to_tell() -> None:
    assert list(notifications(completed())) == []


def test_a_gap_is_told_even_if_nothing_moved() -> None:
    summary = only(completed(gaps=("c1:design",)), Kind.SUMMARY)
    assert isinstance(summary.content, Summary)
    assert summary.content.gaps == ("c1:design",)


def test_a_responsibility_without_open_items_is_told_too() -> None:
    told = only(completed(recipient("tom", "c1:design", tasks=0)), Kind.BRIEF)
    assert isinstance(told.content, Brief)
    assert told.content.share.items == {}


def test_whoever_comes_back_reads_that_their_work_is_back() -> None:
    event = completed(
        recipient("jana", "c1:design"),
        recipient("tom", "c2:design"),
        cause=HandoverCause.ABSENCE_ENDED,
    )
    stories = {
        each.member_id: each.content.story
        for each in notifications(event)
        if isinstance(each.content, Brief)
    }
    assert stories == {"jana": Story.BACK, "tom": Story.REASSIGNED}


def test_what_a_newer_epoch_gave_to_somebody_else_is_left_out() -> None:
    told = in_force(brief("a", "b"), {"a": acting("a", "mira", 8), "b": acting("b", "tom", 8)})
    assert told is not None
    assert isinstance(told.content, Brief)
    assert told.content.share.responsibilities == ("b",)
    assert not told.content.share.complete


def test_nothing_left_is_nothing_to_send() -> None:
    assert in_force(brief("a"), {"a": acting("a", None, 8)}) is None


def test_coverage_not_heard_of_yet_or_older_takes_nothing_away() -> None:
    told = brief("a", "b")
    assert in_force(told, {"a": acting("a", "jana", 6)}) == told


def test_a_summary_tells_what_happened_whatever_came_later() -> None:
    summary = only(completed(recipient("tom", "a")), Kind.SUMMARY)
    assert in_force(summary, {"a": acting("a", "mira", 9)}) == summary


def test_a_reader_of_some_clients_sees_no_share_and_no_count_of_others() -> None:
    event = completed(
        recipient("tom", "c1:design"),
        recipient("mira", "c2:design"),
        recipient("otto", "c1:copywriting", "c2:copywriting"),
        gaps=("c1:community", "c2:community"),
        uncovered=5,
    )
    told = only(event, Kind.SUMMARY)

    seen = for_eyes(
        told, lambda responsibility: responsibility.startswith("c1:"), lambda _: False
    ).content

    assert isinstance(seen, Summary)
    assert [(share.member_id, share.count) for share in seen.shares] == [("tom", 3), ("otto", 0)]
    assert (seen.shares[1].items, seen.shares[1].first_due_at) == (None, None)
    assert (seen.moved, seen.uncovered, seen.gaps) == (None, None, ("c1:community",))
    assert for_eyes(told, lambda _: True, lambda _: False) == told


RESPONSIBILITIES = st.lists(st.sampled_from("abcdef"), unique=True, min_size=1)
ROWS = st.dictionaries(
    st.sampled_from("abcdef"),
    st.tuples(st.sampled_from(["tom", "mira", None]), st.integers(5, 9)),
)


@given(RESPONSIBILITIES, ROWS)
def test_in_force_keeps_exactly_what_is_not_known_to_be_somebody_elses(
    responsibilities: list[str], rows: dict[str, tuple[str | None, int]]
) -> None:
    coverage = {name: acting(name, member, epoch) for name, (member, epoch) in rows.items()}
    gone = {name for name, (member, epoch) in rows.items() if epoch > 7 and member != "tom"}
    told = in_force(brief(*responsibilities), coverage)
    expected = [name for name in responsibilities if name not in gone]
    if told is None:
        assert not expected
    else:
        assert isinstance(told.content, Brief)
        assert list(told.content.share.responsibilities) == expected
        assert told.content.share.complete == (expected == responsibilities)
        assert in_force(told, coverage) == replace(told)
