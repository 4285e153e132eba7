"""The audit of `make demo ONCE=1` on real databases: silent when they add up, and only then."""

from __future__ import annotations

import mailbox
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Self

import pytest
from pymongo import AsyncMongoClient, MongoClient

from deploy.local import stack
from deploy.local.demo import once
from deploy.local.demo.api import Impatient
from deploy.local.demo.audit import AFTER_RETURN, WHILE_AWAY, Story, audit
from deploy.local.demo.books import Books, Key, read_books
from deploy.local.settings import LocalSettings
from tests.support.fixtures import fresh_prefix

Database = Any
Tamper = Callable[["Agency"], object]

TASK, GAP, POST, TALK, OTHER = (
    Key("planner", "text"),
    Key("planner", "uncovered"),
    Key("scheduler", "post"),
    Key("inbox", "talk"),
    Key("inbox", "of-somebody-else"),
)
COLLECTIONS = {"planner": "tasks", "scheduler": "publications", "inbox": "conversations"}
ABSENT, DEPUTY, LEAD = "jana", "tom", "lena"
SICK, BACK = "h1", "h2"


class Agency:
    """Four databases and a Maildir, in which Jana is ill, and comes back with `come_back`."""

    def __init__(self, client: MongoClient[dict[str, Any]], prefix: str, mail: Path) -> None:
        self.planner = client[f"{prefix}planner"]
        self.scheduler = client[f"{prefix}scheduler"]
        self.inbox = client[f"{prefix}inbox"]
        self.notifier = client[f"{prefix}notifier"]
        self.mail = mailbox.Maildir(mail)
        self.scheduler.members.insert_many(
            [{"_id": ABSENT, "present": False}, {"_id": DEPUTY, "present": True}]
        )
        self.scheduler.coverage.insert_many(
            [{"_id": "covered", "acting": DEPUTY}, {"_id": "gap", "acting": None}]
        )
        for key in (TASK, POST, TALK):
            self.item(key, DEPUTY)
        self.item(GAP, None, responsibility="gap")
        self.item(OTHER, DEPUTY, home=None, move_no=0)
        self.handover(SICK, {TASK: DEPUTY, GAP: None, POST: DEPUTY, TALK: DEPUTY}, ABSENT, 1)
        self.told(SICK, {DEPUTY: "brief", LEAD: "summary"})

    def items(self, key: Key) -> Any:
        return getattr(self, key.service)[COLLECTIONS[key.service]]

    def item(
        self,
        key: Key,
        holder: str | None,
        *,
        home: str | None = ABSENT,
        move_no: int = 1,
        responsibility: str = "covered",
    ) -> None:
        row = {"open": True, "holder": holder, "home": home, "touched": False, "move_no": move_no}
        self.items(key).insert_one({"_id": key.item_id, **row, "responsibility_id": responsibility})

    def handover(
        self, id: str, moves: dict[Key, str | None], left: str | None, move_no: int
    ) -> None:
        totals = {}
        for service in COLLECTIONS:
            own = {key: to for key, to in moves.items() if key.service == service}
            totals[service] = len(own)
            told = [
                {
                    "item_id": key.item_id,
                    "label": key.item_id,
                    "move_no": move_no,
                    "from_holder": left if key != GAP or id == SICK else None,
                    "to_holder": to,
                }
                for key, to in own.items()
            ]
            part = {"handover_id": id, "participant": service}
            self.scheduler.receipt_parts.insert_many(
                [
                    {"_id": f"{id}/{service}/1", **part, "part": 1, "moves": told, "total": None},
                    {"_id": f"{id}/{service}/2", **part, "part": 2, "moves": [], "total": len(own)},
                ]
            )
            getattr(self, service).handover_runs.insert_one({"_id": id, "moved": len(own)})
        recipients = [{"member_id": DEPUTY if id == SICK else ABSENT}]
        row = {"number": id, "state": "completed", "totals": totals}
        self.scheduler.handovers.insert_one(
            {"_id": id, **row, "recipients": recipients, "leads": [LEAD]}
        )

    def told(self, handover: str, people: dict[str, str]) -> None:
        for member, kind in people.items():
            id = f"{handover}:{member}:{kind}"
            self.notifier.notifications.insert_one({"_id": id, "state": "sent"})
            message_id = f"<{handover}.{member}@agency.example>"
            attempt = {"_id": f"{id}#1", "notification_id": id, "message_id": message_id}
            self.notifier.attempts.insert_one(attempt)
            self.deliver(message_id)

    def deliver(self, message_id: str) -> None:
        mail = EmailMessage()
        mail["Message-ID"] = message_id
        self.mail.add(mail)

    def come_back(self) -> None:
        """Everything goes home but the task, which Tom has begun."""
        self.scheduler.members.update_one({"_id": ABSENT}, {"$set": {"present": True}})
        self.items(TASK).update_one({"_id": TASK.item_id}, {"$set": {"touched": True}})
        for key in (GAP, POST, TALK):
            home = {"holder": ABSENT, "home": None, "move_no": 2}
            self.items(key).update_one({"_id": key.item_id}, {"$set": home})
        self.handover(BACK, dict.fromkeys((GAP, POST, TALK), ABSENT), DEPUTY, 2)
        self.told(BACK, {ABSENT: "brief", LEAD: "summary"})


AWAY = Story(
    absent=ABSENT,
    known=frozenset({TASK, GAP, POST, TALK, OTHER}),
    held=frozenset({TASK, GAP, POST, TALK}),
    sick=SICK,
    receipts={SICK: (TASK, GAP, POST, TALK)},
)
RETURNED = replace(
    AWAY,
    back=BACK,
    touched={TASK: DEPUTY},
    receipts={**AWAY.receipts, BACK: (GAP, POST, TALK)},
)


@pytest.fixture(scope="module")
def prefix(mongodb_client: MongoClient[dict[str, Any]]) -> Iterator[str]:
    """For all tests here: making and dropping databases takes longer than the tests."""
    with fresh_prefix(mongodb_client) as prefix:
        yield prefix


@pytest.fixture
def mail(tmp_path: Path) -> Path:
    return tmp_path / "mail"


@pytest.fixture
def agency(mongodb_client: MongoClient[dict[str, Any]], prefix: str, mail: Path) -> Agency:
    for service in ("planner", "scheduler", "inbox", "notifier"):
        database = mongodb_client[f"{prefix}{service}"]
        for name in database.list_collection_names():
            database[name].delete_many({})
    return Agency(mongodb_client, prefix, mail)


@pytest.fixture
def read(mongodb_uri: str, prefix: str, mail: Path) -> Callable[[], Any]:
    async def read() -> Books:
        client: AsyncMongoClient[dict[str, Any]]
        async with AsyncMongoClient(mongodb_uri, tz_aware=True) as client:
            return await read_books(client, prefix, mail)

    return read


async def test_books_that_balance_say_nothing(agency: Agency, read: Callable[[], Any]) -> None:
    away = audit(WHILE_AWAY, await read(), AWAY)
    agency.come_back()
    returned = audit(AFTER_RETURN, await read(), RETURNED)

    assert not any(away.values()), away
    assert not any(returned.values()), returned


def said(found: Mapping[str, list[str]]) -> str:
    return "\n".join(line for lines in found.values() for line in lines)


def change(key: Key, **fields: object) -> Tamper:
    return lambda agency: agency.items(key).update_one({"_id": key.item_id}, {"$set": fields})


def change_in(database: str, collection: str, id: str, **fields: object) -> Tamper:
    return lambda agency: getattr(agency, database)[collection].update_one(
        {"_id": id}, {"$set": fields}
    )


@pytest.mark.parametrize(
    ("tamper", "complaint"),
    [
        (change(TALK, holder=ABSENT), "inbox/talk is held by jana, who is absent"),
        (change(OTHER, holder=None), "inbox/of-somebody-else has no holder, but tom acts"),
        (change(POST, move_no=2), "scheduler/post has moved 2 times, and these are told: [1]"),
        (
            lambda agency: agency.items(TASK).delete_one({"_id": TASK.item_id}),
            "planner/text is on a receipt, but there is no such item",
        ),
        (
            change_in("scheduler", "receipt_parts", "h1/inbox/1", moves=[]),
            "inbox/talk was held before and is on the receipt 0 times",
        ),
        (
            change_in("scheduler", "receipt_parts", "h1/inbox/1", part=7),
            "a part of inbox is missing or double",
        ),
        (
            change_in("planner", "handover_runs", SICK, moved=3),
            "planner does not add up: {'its parts': 2, 'its total': 2, 'its own run': 3",
        ),
        (
            change_in("scheduler", "handovers", SICK, totals={"planner": 2, "inbox": 1}),
            "scheduler does not add up",
        ),
        (change_in("scheduler", "handovers", SICK, state="open"), "h1 is still open"),
        (
            change_in("scheduler", "handovers", SICK, recipients=[]),
            "h1:tom:brief was written, but not called for",
        ),
        (
            change_in("scheduler", "handovers", SICK, leads=[LEAD, "katja"]),
            "nobody wrote h1:katja:summary",
        ),
        (
            change_in("notifier", "notifications", "h1:tom:brief", state="unknown"),
            "h1:tom:brief is unknown and came as 1 mails",
        ),
        (
            lambda agency: agency.deliver("<h1.tom@agency.example>"),
            "h1:tom:brief is sent and came as 2 mails",
        ),
        (
            lambda agency: agency.mail.clear(),
            "h1:lena:summary is sent and came as 0 mails",
        ),
        (
            lambda agency: agency.deliver("<nobody@agency.example>"),
            "a mail came that nobody sent: <nobody@agency.example>",
        ),
        (change_in("scheduler", "members", ABSENT, present=True), "the member is not absent"),
    ],
)
async def test_what_does_not_add_up_while_away_is_named(
    agency: Agency, read: Callable[[], Any], tamper: Tamper, complaint: str
) -> None:
    tamper(agency)

    found = audit(WHILE_AWAY, await read(), AWAY)

    assert complaint in said(found)


@pytest.mark.parametrize(
    ("tamper", "complaint"),
    [
        (change(TASK, holder=ABSENT), "planner/text was begun by tom, but is with jana"),
        (change(TALK, holder=DEPUTY), "inbox/talk was not touched, but is with tom"),
        (change(POST, home=DEPUTY), "scheduler/post was not touched, but is with jana"),
        (
            lambda agency: agency.scheduler.receipt_parts.update_one(
                {"_id": "h2/inbox/1"}, {"$set": {"moves.0.from_holder": "somebody"}}
            ),
            "inbox/talk went to tom, but left somebody",
        ),
        (change_in("scheduler", "members", ABSENT, present=False), "the member is still absent"),
    ],
)
async def test_what_does_not_add_up_after_the_return_is_named(
    agency: Agency, read: Callable[[], Any], tamper: Tamper, complaint: str
) -> None:
    agency.come_back()
    tamper(agency)

    found = audit(AFTER_RETURN, await read(), RETURNED)

    assert complaint in said(found)


async def test_a_shown_receipt_that_differs_is_named(
    agency: Agency, read: Callable[[], Any]
) -> None:
    story = replace(AWAY, receipts={SICK: (TASK, GAP, POST)})

    found = audit(WHILE_AWAY, await read(), story)

    assert "inbox/talk is shown 0 times, but moved 1" in said(found)


async def test_what_came_in_meanwhile_may_be_on_the_receipt(
    agency: Agency, read: Callable[[], Any]
) -> None:
    story = replace(AWAY, known=AWAY.known - {TALK}, held=AWAY.held - {TALK})

    found = audit(WHILE_AWAY, await read(), story)

    assert not any(found.values())


# The exit code


class NoStack:
    """Stands in for the stack: nothing is started."""

    def __init__(self, *_: object, **__: object) -> None: ...

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None: ...

    async def start_engines(self) -> None: ...

    async def start_services(self, *, demo: bool) -> None: ...


@pytest.mark.parametrize(
    ("discrepancies", "code", "last"),
    [(0, 0, "Everything adds up"), (2, 1, "2 things do not add up")],
)
async def test_the_exit_code_says_whether_it_adds_up(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    discrepancies: int,
    code: int,
    last: str,
) -> None:
    async def play(*_: object) -> int:
        return discrepancies

    async def nothing(*_: object, **__: object) -> None: ...

    monkeypatch.setattr(once, "_play", play)
    monkeypatch.setattr(stack, "Stack", NoStack)
    monkeypatch.setattr(stack, "prepare", nothing)
    lines: list[str] = []
    settings = LocalSettings(state=tmp_path, kafka_bootstrap_servers=None, mongodb_uri=None)

    assert await once.play_once(settings, lines.append) == code
    assert last in lines[-1]
    assert settings.once.state.exists() == bool(code)


async def test_a_story_that_cannot_go_on_is_no_success(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise Impatient("nobody answers")

    monkeypatch.setattr(once, "fill_completely", fail)
    settings = LocalSettings(state=tmp_path, kafka_bootstrap_servers=None, mongodb_uri=None)
    lines: list[str] = []

    assert await once._play(settings, lines.append) == 1
    assert "nobody answers" in lines[-1]
