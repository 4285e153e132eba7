"""The checks of a rehearsal can fail: each is shown books in which something is wrong."""

from __future__ import annotations

from collections.abc import Iterable

from tests.faults import checks
from tests.faults.checks import Finding, Wrong
from tests.faults.ledger import Edit, Ledger, Outcome
from tests.faults.mails import Mail
from tests.faults.topics import Told
from tests.support.books import Row

ACCEPTED, REFUSED, UNKNOWN = Outcome.ACCEPTED, Outcome.REFUSED, Outcome.UNKNOWN


def wrongs(findings: Iterable[Finding]) -> list[Wrong]:
    return [finding.wrong for finding in findings]


# What the clients asked for


def test_what_was_accepted_must_be_there_once() -> None:
    asked = {"m1": ACCEPTED, "m2": ACCEPTED}

    assert wrongs(checks.created("message", asked, ["m1", "m2"])) == []
    assert wrongs(checks.created("message", asked, ["m1"])) == [Wrong.LOST]
    assert wrongs(checks.created("message", asked, ["m1", "m2", "m2"])) == [Wrong.DOUBLED]


def test_what_is_unknown_may_be_there_once_or_not() -> None:
    asked = {"m1": UNKNOWN}

    assert wrongs(checks.created("message", asked, [])) == []
    assert wrongs(checks.created("message", asked, ["m1"])) == []
    assert wrongs(checks.created("message", asked, ["m1", "m1"])) == [Wrong.DOUBLED]


def test_what_was_refused_or_never_asked_for_must_not_be_there() -> None:
    found = ["m1", "m2"]

    assert wrongs(checks.created("message", {"m1": REFUSED}, found)) == [Wrong.DOUBLED] * 2


# Edits and versions


def tasks(version: int) -> dict[str, list[Row]]:
    return {"tasks": [{"_id": "t", "version": version}]}


def edit(version: int, outcome: Outcome = ACCEPTED, mark: str | None = None) -> Edit:
    return Edit("tasks", "t", version, outcome, mark)


def test_each_version_has_one_maker() -> None:
    assert wrongs(checks.versions([edit(1), edit(2)], tasks(3))) == []
    assert wrongs(checks.versions([edit(1), edit(2)], tasks(2))) == [Wrong.LOST]
    assert wrongs(checks.versions([edit(1), edit(1)], tasks(2))) == [Wrong.LOST]
    assert wrongs(checks.versions([edit(1)], tasks(3))) == [Wrong.DOUBLED]


def test_an_edit_of_what_is_gone_is_lost() -> None:
    assert wrongs(checks.versions([edit(1)], {"tasks": []})) == [Wrong.LOST]


def test_versions_tell_what_became_of_an_edit_whose_answer_was_lost() -> None:
    applied, overtaken, never = edit(1, UNKNOWN), edit(2, UNKNOWN), edit(3, UNKNOWN)
    ledger = Ledger(edits=[applied, edit(2), overtaken, never])

    checks.settle_edits(ledger, tasks(3))

    assert [one.outcome for one in ledger.edits] == [ACCEPTED, ACCEPTED, REFUSED, REFUSED]
    assert wrongs(checks.versions(ledger.edits, tasks(3))) == []


def test_who_was_refused_shows_that_another_was_accepted() -> None:
    ledger = Ledger(edits=[edit(1, UNKNOWN), edit(1, REFUSED)])

    checks.settle_edits(ledger, tasks(2))

    assert [one.outcome for one in ledger.edits] == [ACCEPTED, REFUSED]
    assert wrongs(checks.versions(ledger.edits, tasks(2))) == []


def test_a_conversation_may_have_changed_by_a_message() -> None:
    ledger = Ledger(edits=[Edit("conversations", "c", 1, UNKNOWN)])

    checks.settle_edits(ledger, {"conversations": [{"_id": "c", "version": 5}]})

    assert ledger.edits[0].outcome is UNKNOWN


def test_the_last_accepted_edit_is_what_stands_there() -> None:
    edits = [edit(1, mark="a"), edit(2, mark="b"), edit(3, REFUSED, mark="c")]

    assert wrongs(checks.stored(edits, "tasks", {"t": "b"})) == []
    assert wrongs(checks.stored(edits, "tasks", {"t": "a"})) == [Wrong.LOST]
    assert wrongs(checks.stored(edits, "tasks", {})) == [Wrong.LOST]


def test_an_accepted_sick_call_has_a_complete_handover() -> None:
    rows = [{"_id": "h1", "state": "completed"}, {"_id": "h2", "state": "open"}]

    assert wrongs(checks.handovers(["h1"], rows)) == []
    assert wrongs(checks.handovers(["h1", "h2", "h3"], rows)) == [Wrong.LOST] * 2


# Order


def message(arrival: int, sent_at: int, conversation: str = "c") -> Row:
    return {
        "_id": f"{conversation}{arrival}",
        "conversation_id": conversation,
        "arrival": arrival,
        "sent_at": sent_at,
    }


def test_messages_of_a_conversation_are_in_order() -> None:
    others = message(1, 0, "other")

    assert wrongs(checks.in_order([message(2, 9), others, message(1, 8)])) == []
    assert wrongs(checks.in_order([message(1, 9), others, message(2, 8)])) == [Wrong.REORDERED]


def told(*sequences: int, topic: str = "content.status", id: str = "") -> list[Told]:
    return [Told(topic, "k", one, f"{id}{one}") for one in sequences]


def test_a_sequence_has_no_hole_and_no_step_back() -> None:
    last = {"content.status/k": 3}

    assert wrongs(checks.sequences(told(1, 2, 3), last)) == []
    assert wrongs(checks.sequences(told(1, 3), last)) == [Wrong.REORDERED]
    assert wrongs(checks.sequences(told(2, 1, 3), last)) == [Wrong.REORDERED, Wrong.REORDERED]
    assert wrongs(checks.sequences(told(1, 2), last)) == [Wrong.LOST]
    assert wrongs(checks.sequences([], last)) == [Wrong.LOST]


def test_an_event_that_is_sent_again_is_known_by_its_id() -> None:
    last = {"content.status/k": 2}

    assert wrongs(checks.sequences(told(1, 2, 1, 2), last)) == []
    twice = [*told(1, 2), *told(2, id="another")]
    assert wrongs(checks.sequences(twice, last)) == [Wrong.DOUBLED]


def test_compaction_leaves_holes() -> None:
    last = {"team.coverage/k": 5}

    assert wrongs(checks.sequences(told(2, 5, topic="team.coverage"), last)) == []
    assert wrongs(checks.sequences(told(2, 4, topic="team.coverage"), last)) == [Wrong.LOST]


# What was learned from events


def test_a_service_has_read_everything_of_the_topics_it_follows() -> None:
    last = {"content.status/a": 2, "content.status/b": 1, "team.absences/x": 7}

    def positions(**read: int) -> list[Row]:
        return [
            {"_id": f"content.status|{key}", "last_sequence": at, "parked": None}
            for key, at in read.items()
        ]

    assert wrongs(checks.behind("scheduler", positions(a=2, b=1), last)) == []
    assert wrongs(checks.behind("scheduler", positions(a=1, b=1), last)) == [Wrong.LOST]
    assert wrongs(checks.behind("scheduler", positions(a=2), last)) == [Wrong.LOST]


def test_every_slot_says_what_the_scheduler_decided() -> None:
    slot = {"_id": "r|7", "responsibility_id": "r", "epoch": 3, "acting": "tom"}
    here = {"_id": "tom|7", "member_id": "tom", "epoch": 3, "present": True}

    assert wrongs(checks.copies("inbox", [slot], [here], {"r": "tom"}, {"tom": True})) == []
    stale = checks.copies("inbox", [slot], [here], {"r": "mira"}, {"tom": False})
    assert wrongs(stale) == [Wrong.LOST, Wrong.LOST]


def test_nothing_is_left_aside() -> None:
    assert wrongs(checks.left_aside("inbox", [], [])) == []
    aside = checks.left_aside("inbox", [{"_id": "d", "reason": "not_json"}], [{"_id": "p"}])
    assert wrongs(aside) == [Wrong.LOST, Wrong.LOST]


# Handovers and what is told of them


def test_a_move_is_told_once() -> None:
    def part(*numbers: int) -> Row:
        return {"moves": [{"item_id": "t", "move_no": number} for number in numbers]}

    assert wrongs(checks.moves([part(1), part(2)])) == []
    assert wrongs(checks.moves([part(1, 2), part(2)])) == [Wrong.DOUBLED]


def notification(state: str, id: str = "n", member: str = "tom") -> Row:
    return {"_id": id, "handover_id": "h", "member_id": member, "kind": "brief", "state": state}


ATTEMPTS = [
    {"message_id": "<1>", "notification_id": "n"},
    {"message_id": "<2>", "notification_id": "n"},
]


def test_a_mail_comes_once() -> None:
    def found(state: str, *mails: str) -> list[Wrong]:
        return wrongs(checks.deliveries([notification(state)], ATTEMPTS, [*map(Mail, mails)]))

    assert found("sent", "<1>") == []
    assert found("sent") == [Wrong.LOST]
    assert found("sent", "<1>", "<1>") == [Wrong.DOUBLED]
    assert found("sent", "<1>", "<2>") == [Wrong.DOUBLED]
    assert found("sent", "<1>", "<9>") == [Wrong.DOUBLED]
    assert found("planned") == [Wrong.LOST]


def test_an_unknown_delivery_may_have_arrived_or_not() -> None:
    for mails in ([], [Mail("<1>")]):
        assert wrongs(checks.deliveries([notification("unknown")], ATTEMPTS, mails)) == []


def test_a_person_is_told_of_a_cause_once() -> None:
    twice = [notification("superseded"), notification("superseded", "m")]

    assert wrongs(checks.deliveries(twice, [], [])) == [Wrong.DOUBLED]


def test_two_requests_for_leave_are_two_causes() -> None:
    def of(leave_id: str, version: int) -> Row:
        about = {"leave_id": leave_id, "version": version}
        state = {"member_id": "tom", "kind": "leave", "state": "superseded"}
        return {"_id": f"{leave_id}:{version}", "leave": about, **state}

    apart = [of("l1", 1), of("l1", 2), of("l2", 1)]
    assert wrongs(checks.deliveries(apart, [], [])) == []
    assert wrongs(checks.deliveries([*apart, of("l2", 1)], [], [])) == [Wrong.DOUBLED]
