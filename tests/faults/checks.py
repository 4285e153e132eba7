"""Do the books hold what the clients were promised? Pure functions from rows to findings.

*Lost*: accepted, and not there. *Doubled*: there twice, or there though nobody asked for it.
*Reordered*: told out of order, or with a hole. *Unbalanced*: the books contradict each other.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from shared.events.topics import TOPICS
from tests.faults.ledger import Edit, Ledger, Outcome
from tests.faults.mails import Mail
from tests.faults.topics import Told
from tests.support.books import Row

__all__ = [
    "Finding",
    "Wrong",
    "behind",
    "copies",
    "created",
    "deliveries",
    "handovers",
    "in_order",
    "left_aside",
    "moves",
    "sequences",
    "settle_edits",
    "stored",
    "versions",
]

_COMPACTED = {topic.name for topic in TOPICS if topic.compacted}
_SEQUENCED = {topic.name for topic in TOPICS if topic.sequenced}
_CAUSES = ("handover_id", "expiry", "leave", "swap", "opening", "change")
_ALL_TOLD = frozenset({"tasks", "content"})
"""Collections whose versions are made by the clients' commands alone."""


class Wrong(StrEnum):
    LOST = "lost"
    DOUBLED = "doubled"
    REORDERED = "reordered"
    UNBALANCED = "unbalanced"


@dataclass(frozen=True, slots=True)
class Finding:
    wrong: Wrong
    what: str

    def __str__(self) -> str:
        return f"{self.wrong}: {self.what}"


# What the clients asked for


def created(what: str, asked: Mapping[str, Outcome], found: Iterable[str]) -> Iterator[Finding]:
    """What was accepted is there once, what was refused is not, the rest at most once."""
    times = Counter(found)
    for mark, outcome in asked.items():
        if outcome is Outcome.ACCEPTED and not times[mark]:
            yield Finding(Wrong.LOST, f"{what} {mark} was accepted and is not there")
    for mark, count in times.items():
        if asked.get(mark, Outcome.REFUSED) is Outcome.REFUSED:
            yield Finding(Wrong.DOUBLED, f"{what} {mark} is there, though nobody was promised it")
        elif count > 1:
            yield Finding(Wrong.DOUBLED, f"{what} {mark} is there {count} times")


def settle_edits(ledger: Ledger, rows: Mapping[str, Sequence[Row]]) -> None:
    """Find out from the versions what became of edits whose answer was lost."""
    present = _present_versions(rows)
    for (collection, item, version), edits in _by_version(ledger.edits).items():
        unknown = [edit for edit in edits if edit.outcome is Outcome.UNKNOWN]
        made = present.get((collection, item), 0) > version
        known = any(edit.outcome is Outcome.ACCEPTED for edit in edits)
        if unknown and made and not known:
            if collection not in _ALL_TOLD:
                continue  # or a message that came in meanwhile: nobody can tell
            ledger.settle(unknown.pop(), Outcome.ACCEPTED)
        for edit in unknown:
            ledger.settle(edit, Outcome.REFUSED)


def versions(edits: Iterable[Edit], rows: Mapping[str, Sequence[Row]]) -> Iterator[Finding]:
    """Each version was made by one accepted edit, and each accepted edit made one. `rows` by
    collection; edits whose answers were lost are settled."""
    makers: Counter[tuple[str, str, int]] = Counter()
    for edit in edits:
        if edit.outcome is Outcome.ACCEPTED:
            makers[edit.collection, edit.item, edit.version] += 1
    present = _present_versions(rows)
    for (collection, item, version), count in makers.items():
        if version >= present.get((collection, item), 0):
            yield Finding(Wrong.LOST, f"{collection}/{item}: the edit of version {version}")
        if count > 1:
            text = f"{collection}/{item}: {count} edits of version {version} were accepted"
            yield Finding(Wrong.LOST, text)
    for collection in _ALL_TOLD & rows.keys():
        for row in rows[collection]:
            for version in range(1, row["version"]):
                if not makers[collection, row["_id"], version]:
                    text = f"{collection}/{row['_id']}: nobody made version {version + 1}"
                    yield Finding(Wrong.DOUBLED, text)


def stored(edits: Iterable[Edit], collection: str, marks: Mapping[str, str]) -> Iterator[Finding]:
    """`marks` are the values that stand there, by item: the last accepted mark of each."""
    last: dict[str, Edit] = {}
    for edit in edits:
        if edit.collection != collection or edit.outcome is not Outcome.ACCEPTED or not edit.mark:
            continue
        if edit.item not in last or edit.version > last[edit.item].version:
            last[edit.item] = edit
    for item, edit in last.items():
        if marks.get(item) != edit.mark:
            text = f"{collection}/{item} says {marks.get(item)}, last accepted was {edit.mark}"
            yield Finding(Wrong.LOST, text)


def _by_version(edits: Iterable[Edit]) -> dict[tuple[str, str, int], list[Edit]]:
    found: dict[tuple[str, str, int], list[Edit]] = defaultdict(list)
    for edit in edits:
        found[edit.collection, edit.item, edit.version].append(edit)
    return found


def _present_versions(rows: Mapping[str, Sequence[Row]]) -> dict[tuple[str, str], int]:
    return {(name, row["_id"]): row["version"] for name, found in rows.items() for row in found}


def handovers(accepted: Iterable[str], rows: Iterable[Row]) -> Iterator[Finding]:
    """Each sick call and each return has its handover, and it is complete."""
    states = {row["_id"]: row["state"] for row in rows}
    for handover in accepted:
        if handover not in states:
            yield Finding(Wrong.LOST, f"handover {handover} was accepted and is not there")
        elif states[handover] != "completed":
            yield Finding(Wrong.LOST, f"handover {handover} is {states[handover]}")


# Order


def in_order(messages: Iterable[Row]) -> Iterator[Finding]:
    """Each author's messages were delivered in the order of the platform's time."""
    by_conversation: dict[str, list[Row]] = defaultdict(list)
    for row in messages:
        by_conversation[row["conversation_id"]].append(row)
    for conversation, rows in by_conversation.items():
        latest = None
        for row in sorted(rows, key=lambda row: int(row["arrival"])):
            if latest is not None and row["sent_at"] < latest["sent_at"]:
                text = f"{row['_id']} came after {latest['_id']} in conversation {conversation}"
                yield Finding(Wrong.REORDERED, text)
            else:
                latest = row


def sequences(told: Iterable[Told], aggregates: Mapping[str, int]) -> Iterator[Finding]:
    """`aggregates` are the last sequences that were given, by "<topic>/<key>".

    A record that comes once more is known by its id: relays that are killed between sending and
    marking cause it. What is new must be the next; on compacted topics any later one.
    """
    last: Counter[str] = Counter()
    ids: dict[tuple[str, int], str] = {}
    seen: set[str] = set()
    for one in told:
        name = f"{one.topic}/{one.key}"
        if (known := ids.setdefault((name, one.sequence), one.id)) != one.id:
            yield Finding(Wrong.DOUBLED, f"{name}: two events have number {one.sequence}")
        elif known in seen:
            continue
        elif not last[name] < one.sequence <= (last[name] + 1 if _gapless(one) else one.sequence):
            yield Finding(Wrong.REORDERED, f"{name}: {one.sequence} comes after {last[name]}")
        seen.add(one.id)
        last[name] = max(last[name], one.sequence)
    for name, sequence in aggregates.items():
        if last[name] < sequence:
            yield Finding(Wrong.LOST, f"{name} was told to {last[name]} of {sequence}")


def _gapless(one: Told) -> bool:
    return one.topic not in _COMPACTED


# What was learned from events


def behind(
    service: str, positions: Iterable[Row], aggregates: Mapping[str, int]
) -> Iterator[Finding]:
    """The service has applied all there is of each topic that it follows."""
    read = {row["_id"]: row["last_sequence"] for row in positions if row["last_sequence"]}
    followed = {name.split("|")[0] for name in read} & _SEQUENCED
    for aggregate, sequence in aggregates.items():
        topic, key = aggregate.split("/", 1)
        if topic in followed and (at := read.get(f"{topic}|{key}", 0)) != sequence:
            yield Finding(Wrong.LOST, f"{service} has read {aggregate} to {at} of {sequence}")


def copies(
    service: str,
    coverage_rows: Iterable[Row],
    presence_rows: Iterable[Row],
    acting: Mapping[str, str | None],
    present: Mapping[str, bool],
) -> Iterator[Finding]:
    """The participant's rows say what the scheduler decided last, in every slot."""
    for row in coverage_rows:
        name = row["responsibility_id"]
        if name in acting and row["epoch"] and row["acting"] != acting[name]:
            text = f"{service}: in {row['_id']} {row['acting']} acts, not {acting[name]}"
            yield Finding(Wrong.LOST, text)
    for row in presence_rows:
        name = row["member_id"]
        if name in present and row["epoch"] and row["present"] != present[name]:
            yield Finding(Wrong.LOST, f"{service}: {row['_id']} is present: {row['present']}")


def left_aside(service: str, dead: Iterable[Row], parked: Iterable[Row]) -> Iterator[Finding]:
    """Nothing that we sent ourselves can be a dead letter or make a handler raise."""
    for row in dead:
        yield Finding(Wrong.LOST, f"{service} buried {row['_id']}: {row.get('reason')}")
    for row in parked:
        yield Finding(Wrong.LOST, f"{service} parked {row['_id']}")


# Handovers and what is told of them


def moves(parts: Iterable[Row]) -> Iterator[Finding]:
    """No move of an item is told twice."""
    told = Counter((move["item_id"], move["move_no"]) for part in parts for move in part["moves"])
    for (item, number), count in told.items():
        if count > 1:
            yield Finding(Wrong.DOUBLED, f"move {number} of {item} is told {count} times")


def deliveries(
    notifications: Iterable[Row], attempts: Iterable[Row], mails: Sequence[Mail]
) -> Iterator[Finding]:
    """Each mail was written down first and came once; what is sent has arrived, once a person and
    cause. A delivery whose outcome is unknown may have arrived or not."""
    of_mail = {row["message_id"]: row["notification_id"] for row in attempts}
    for mail, count in Counter(mail.message_id for mail in mails).items():
        if count > 1:
            yield Finding(Wrong.DOUBLED, f"mail {mail} came {count} times")
        if mail not in of_mail:
            yield Finding(Wrong.DOUBLED, f"mail {mail} came, though nobody wrote it down")
    arrived = Counter(of_mail.get(mail) for mail in {mail.message_id for mail in mails})
    causes: Counter[tuple[str, str, str]] = Counter()
    for row in notifications:
        causes[_about(row), row["member_id"], row["kind"]] += 1
        if row["state"] == "sent" and not arrived[row["_id"]]:
            yield Finding(Wrong.LOST, f"notification {row['_id']} is sent and has not arrived")
        if arrived[row["_id"]] > 1:
            text = f"notification {row['_id']} came in {arrived[row['_id']]} mails"
            yield Finding(Wrong.DOUBLED, text)
        if row["state"] in {"planned", "sending", "failed"}:
            yield Finding(Wrong.LOST, f"notification {row['_id']} is {row['state']}")
    for cause, count in causes.items():
        if count > 1:
            yield Finding(Wrong.DOUBLED, f"{cause} is told {count} times")


def _about(notification: Row) -> str:
    """The field is called otherwise for each kind."""
    return str(next(notification[name] for name in _CAUSES if name in notification))
