"""What goes on all the time: messages, tasks, posts, notes, claims, sick calls and returns.

Everything is drawn from the seed; only what the answers are, and so who is first, is up to the
machine. The load is moderate, and as moderate after a hundred cycles as after one: the faults are
the test. So what is no longer worked on is finished, and nobody falls ill while much is moving.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from shared.auth import Role
from tests.faults.client import Answer, Client, Unanswered
from tests.faults.ledger import Edit, Ledger, Outcome
from tests.support.waiting import eventually

__all__ = ["DISCIPLINES", "Load", "Team"]

DISCIPLINES = ("copywriting", "design", "content_planning", "research")
_AUTHORS = 60
_HOT = 12
"""So many tasks and posts are edited at a time: few enough that writers meet."""

_COLD = 40
"""So many other tasks stay open; before more are made, the oldest is finished."""

_OPEN_HANDOVERS = 4
"""With so many on their way, nobody else falls ill or returns."""

_LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Team:
    """Ids by name, and where messages come in. `sickly` may fall ill in the load."""

    client: str
    pages: Sequence[str]
    sources: Sequence[dict[str, str]]
    members: dict[str, str]
    sickly: tuple[str, ...] = ("Jana", "Tom")


@dataclass
class Load:
    """Runs while `running()` is entered, and goes on where it stopped when it is entered again."""

    url: str
    team: Team
    ledger: Ledger
    seed: int
    hot_tasks: deque[str] = field(default_factory=lambda: deque(maxlen=_HOT))
    cold_tasks: deque[str] = field(default_factory=deque)
    hot_content: deque[str] = field(default_factory=lambda: deque(maxlen=_HOT))
    absent: dict[str, str] = field(default_factory=dict)
    _numbers: count[int] = field(default_factory=lambda: count(1))
    _stretch: int = 0
    _stopping: bool = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Leaving it lets each client end the operation it is at."""
        self._stopping = False
        self._stretch += 1
        tasks = [
            asyncio.create_task(self._client(name, turn, pause), name=name)
            for name, turn, pause in self._clients()
        ]
        try:
            yield
            self._stopping = True
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def further(self, operations: int) -> None:
        """Wait until so many more operations have been accepted."""
        wanted = self.ledger.counted(Outcome.ACCEPTED) + operations

        def enough() -> bool:
            return self.ledger.counted(Outcome.ACCEPTED) >= wanted

        await eventually(enough, timeout=180, what=f"{operations} more operations are accepted")

    # The clients

    def _clients(self) -> list[tuple[str, _Turn, float]]:
        """Each with the mean pause between two of its operations, in seconds."""
        platforms = [
            (f"platform {number}", _Platform(self, number), 0.7)
            for number in range(len(self.team.sources))
        ]
        writers = [(f"writer {name}", _Writer(self), 0.6) for name in ("Jana", "Mira", "Lena")]
        return [
            *platforms,
            *writers,
            ("planner", _Planner(self), 1.2),
            ("desk Jana", _Desk(self), 1.0),
            ("desk Tom", _Desk(self), 1.0),
            ("team", _SickCalls(self), 3.0),
        ]

    async def _client(self, name: str, turn: _Turn, pause: float) -> None:
        rng = random.Random(f"{self.seed} {self._stretch} {name}")
        member = name.rpartition(" ")[2]
        known = self.team.members.get(member)
        client = Client(self.url, member_id=known, role=Role.MEMBER) if known else Client(self.url)
        async with client:
            while not self._stopping:
                try:
                    await turn(client, rng)
                except Unanswered:
                    self.ledger.count(Outcome.UNKNOWN)
                await asyncio.sleep(rng.expovariate(1 / pause))  # its rate, nothing is waited for

    def next_number(self) -> int:
        return next(self._numbers)


_Turn = Callable[[Client, random.Random], Awaitable[None]]


@dataclass
class _Platform:
    """Delivers the messages of one page; those of an author in the order they were written."""

    load: Load
    source: int

    async def __call__(self, client: Client, rng: random.Random) -> None:
        messages = [self._message(rng) for _ in range(rng.randint(1, 4))]
        await deliver(client, self.load, self.source, messages)

    def _message(self, rng: random.Random) -> dict[str, Any]:
        number, author = self.load.next_number(), rng.randrange(_AUTHORS)
        return {
            "platform_message_id": f"m{number:07d}",
            "author_id": f"a{author}",
            "author_name": f"Author {author}",
            "kind": "direct",
            "text": f"message {number}",
            "sent_at": (_LONG_AGO + timedelta(milliseconds=number)).isoformat(),
        }


@dataclass
class _Planner:
    """Makes tasks, and now and then a post; finishes what has been left alone for long."""

    load: Load

    async def __call__(self, client: Client, rng: random.Random) -> None:
        if rng.random() < 0.3:
            await self._post(client)
        elif len(self.load.cold_tasks) > _COLD:
            await self._finish(client, self.load.cold_tasks.popleft())
        else:
            await self._task(client, rng.choice(DISCIPLINES))

    async def _task(self, client: Client, discipline: str) -> None:
        load, title = self.load, f"Task {self.load.next_number()}"
        body = {
            "client_id": load.team.client,
            "discipline": discipline,
            "title": title,
            "due_at": _LONG_AGO.isoformat(),
        }
        load.ledger.tasks[title] = Outcome.UNKNOWN
        answer = await client.post("/planner/api/v1/tasks", body)
        load.ledger.tasks[title] = answer.outcome
        if answer.outcome is Outcome.ACCEPTED and len(load.hot_tasks) == _HOT:
            load.cold_tasks.append(load.hot_tasks[0])
        _remember(load, load.hot_tasks, answer)

    async def _finish(self, client: Client, task_id: str) -> None:
        path = f"/planner/api/v1/tasks/{task_id}"
        task = (await client.get(path)).body
        if task["status"] != "done":
            answer = await client.change("POST", f"{path}/finish", task["version"])
            note_edit(self.load, "tasks", task, answer)

    async def _post(self, client: Client) -> None:
        load, title = self.load, f"Post {self.load.next_number()}"
        body = {"client_id": load.team.client, "title": title, "text": "first draft"}
        load.ledger.content[title] = Outcome.UNKNOWN
        answer = await client.post("/planner/api/v1/content", body)
        load.ledger.content[title] = answer.outcome
        _remember(load, load.hot_content, answer)


def _remember(load: Load, hot: deque[str], answer: Answer) -> None:
    load.ledger.count(answer.outcome)
    if answer.outcome is Outcome.ACCEPTED:
        hot.append(answer.body["id"])


@dataclass
class _Writer:
    """Edits what others edit, too: reads it, changes it, and is refused if somebody was quicker."""

    load: Load

    async def __call__(self, client: Client, rng: random.Random) -> None:
        tasks, content = self.load.hot_tasks, self.load.hot_content
        if content and rng.random() < 0.4:
            await self._edit_post(client, rng, rng.choice(content))
        elif tasks:
            await self._edit_task(client, rng, rng.choice(tasks))

    async def _edit_task(self, client: Client, rng: random.Random, task_id: str) -> None:
        path = f"/planner/api/v1/tasks/{task_id}"
        task = (await client.get(path)).body
        step = rng.choices(("due", "start", "finish", "reopen"), (80, 8, 8, 4))[0]
        if step == "due":
            due = (_LONG_AGO + timedelta(seconds=self.load.next_number())).isoformat()
            answer = await client.change("PATCH", path, task["version"], {"due_at": due})
        else:
            due = None
            answer = await client.change("POST", f"{path}/{step}", task["version"])
        note_edit(self.load, "tasks", task, answer, due)

    async def _edit_post(self, client: Client, rng: random.Random, content_id: str) -> None:
        path = f"/planner/api/v1/content/{content_id}"
        post = (await client.get(path)).body
        if post["status"] in {"draft", "changes_requested"} and rng.random() < 0.5:
            answer = await client.change("POST", f"{path}/submit", post["version"])
        elif post["status"] == "in_review" and rng.random() < 0.5:
            body = {"revision": post["revision"]["number"], "remark": "shorter"}
            answer = await client.change("POST", f"{path}/request-changes", post["version"], body)
        else:
            text = {"text": f"draft {self.load.next_number()}"}
            answer = await client.change("PATCH", path, post["version"], text)
        note_edit(self.load, "content", post, answer)


@dataclass
class _Desk:
    """One community manager: notes, claims, and things done, on the conversations that wait."""

    load: Load

    async def __call__(self, client: Client, rng: random.Random) -> None:
        waiting = (await client.get("/inbox/api/v1/conversations?limit=50")).body["items"]
        if not waiting:
            return
        conversation = rng.choice(waiting)
        path = f"/inbox/api/v1/conversations/{conversation['id']}"
        if rng.random() < 0.4:
            await self._write_note(client, path)
            return
        step = rng.choices(("claim", "release", "done"), (50, 25, 25))[0]
        answer = await client.change("POST", f"{path}/{step}", conversation["version"])
        note_edit(self.load, "conversations", conversation, answer)

    async def _write_note(self, client: Client, path: str) -> None:
        text = f"note {self.load.next_number()}"
        self.load.ledger.notes[text] = Outcome.UNKNOWN
        answer = await client.post(f"{path}/notes", {"text": text})
        self.load.ledger.notes[text] = answer.outcome
        self.load.ledger.count(answer.outcome)


@dataclass
class _SickCalls:
    """Members call in sick and return, now one, now two at once."""

    load: Load

    async def __call__(self, client: Client, rng: random.Random) -> None:
        on_their_way = await client.get("/scheduler/api/v1/handovers?state=open")
        if len(on_their_way.body["items"]) >= _OPEN_HANDOVERS:
            return
        absent, sickly = self.load.absent, self.load.team.sickly
        if absent and rng.random() < 0.6:
            back = rng.sample(sorted(absent), rng.randint(1, len(absent)))
            await asyncio.gather(*(self._back(client, name) for name in back))
        elif here := [name for name in sickly if name not in absent]:
            ill = rng.sample(here, rng.randint(1, len(here)))
            await asyncio.gather(*(self._ill(client, name) for name in ill))

    async def _ill(self, client: Client, name: str) -> None:
        absence = await report_sick(client, self.load, name)
        if absence is not None:
            self.load.absent[name] = absence["absence"]["id"]

    async def _back(self, client: Client, name: str) -> None:
        await return_to_work(client, self.load.ledger, self.load.absent.pop(name))


def note_edit(
    load: Load, collection: str, item: Any, answer: Answer, mark: str | None = None
) -> None:
    """Enter what a command with `If-Match` led to. `item` is as its writer had read it."""
    made_none = answer.outcome is Outcome.ACCEPTED and answer.body["version"] == item["version"]
    if not made_none:  # as when somebody claims what is theirs
        edit = Edit(collection, item["id"], item["version"], answer.outcome, mark)
        load.ledger.edits.append(edit)
    load.ledger.count(answer.outcome)


async def deliver(
    client: Client, load: Load, source: int, messages: list[dict[str, Any]]
) -> Answer:
    ids = [message["platform_message_id"] for message in messages]
    load.ledger.messages |= dict.fromkeys(ids, Outcome.UNKNOWN)
    answer = await client.deliver(load.team.sources[source], messages)
    load.ledger.messages |= dict.fromkeys(ids, answer.outcome)
    load.ledger.count(answer.outcome)
    return answer


async def report_sick(client: Client, load: Load, name: str) -> Any:
    """What the scheduler answered; None if it refused."""
    ledger, note = load.ledger, f"call {load.next_number()}"
    body = {"member_id": load.team.members[name], "kind": "sick", "note": note}
    ledger.absences[note] = Outcome.UNKNOWN
    answer = await client.post("/scheduler/api/v1/absences", body)
    ledger.absences[note] = answer.outcome
    ledger.count(answer.outcome)
    if answer.outcome is not Outcome.ACCEPTED:
        return None
    ledger.handovers.append(answer.body["handover_id"])
    return answer.body


async def return_to_work(client: Client, ledger: Ledger, absence_id: str) -> Any:
    """What the scheduler answered; None if it refused."""
    answer = await client.post(f"/scheduler/api/v1/absences/{absence_id}/end", {})
    ledger.count(answer.outcome)
    if answer.outcome is not Outcome.ACCEPTED:
        return None
    ledger.handovers.append(answer.body["handover_id"])
    return answer.body
