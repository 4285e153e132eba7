"""The story of `make demo ONCE=1`, told through the APIs as the people in it would do it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from deploy.local.demo.acts import deputy_falls_ill_too, leave_is_decided
from deploy.local.demo.agency.people import FIRST, JANA
from deploy.local.demo.api import until
from deploy.local.demo.audit import AFTER_RETURN, WHILE_AWAY, Story, audit
from deploy.local.demo.books import Books, Key
from deploy.local.demo.sheet import receipt_lines
from deploy.local.demo.stage import Stage, calm
from deploy.local.supervisor import Report

__all__ = ["Telling"]

Json = Any
_ABSENCES = "/scheduler/api/v1/absences"
_HANDOVERS = "/scheduler/api/v1/handovers"
_DELIVERED_SECONDS = 60


@dataclass
class Telling:
    """`read` reads the books. `discrepancies` are all that were found so far."""

    stage: Stage
    read: Callable[[], Awaitable[Books]]
    report: Report
    discrepancies: int = 0

    async def tell(self) -> int:
        """Returns the number of discrepancies."""
        await calm(self.stage.as_(FIRST))
        story, absence = await self._calls_in_sick()
        story = await self._work_goes_on(story)
        await self._comes_back(story, absence)
        await leave_is_decided(self)
        await deputy_falls_ill_too(self)
        return self.discrepancies

    async def _calls_in_sick(self) -> tuple[Story, Json]:
        member = self.stage.members[JANA]
        before = await self.read()
        held = before.held_by(member["id"])
        self.report(f"\n{member['name']} has {len(held)} open items, and calls in sick.")
        body = {"member_id": member["id"], "kind": "sick"}
        called = await self.stage.as_(JANA).create(_ABSENCES, body, "sick")
        story = Story(
            absent=member["id"],
            known=frozenset(before.items),
            held=held,
            sick=called["handover_id"],
        )
        receipt = await self.closed(story.sick)
        story = replace(story, receipts={story.sick: _keys(receipt)})
        self.show(receipt)
        self._show_gaps(receipt)
        await self._delivered(story.sick)
        self.check(WHILE_AWAY, await self.read(), story)
        return story, called["absence"]

    async def _work_goes_on(self, story: Story) -> Story:
        """Deputies begin a task and a conversation, each with one of what they were given."""
        receipt = await self._receipt(story.sick)
        touched: dict[Key, str] = {}
        for service, begin in (("planner", self._start_task), ("inbox", self._write_note)):
            item = next(one for one in receipt["items"] if one["service"] == service and one["to"])
            done = await begin(item)
            self.report(f"{item['to']['name']} {done} “{item['label']}”.")
            touched[Key(service, item["item_id"])] = item["to"]["member_id"]
        return replace(story, touched=touched)

    async def _start_task(self, item: Json) -> str:
        deputy = self._deputy(item)
        path = f"/planner/api/v1/tasks/{item['item_id']}"
        task = await deputy.get(path)
        if task["status"] == "todo":
            await deputy.command(f"{path}/start", task["version"])
            return "starts"
        await deputy.command(path, task["version"], {"due_at": task["due_at"]}, by="PATCH")
        return "goes on with"

    async def _write_note(self, item: Json) -> str:
        path = f"/inbox/api/v1/conversations/{item['item_id']}/notes"
        body = {"text": "Ich kümmere mich darum und melde mich heute noch."}
        await self._deputy(item).create(path, body, f"note:{item['item_id']}")
        return "writes an internal note about"

    def _deputy(self, item: Json) -> Any:
        members = {one["id"]: one for one in self.stage.members.values()}
        return self.stage.api.as_member(members[item["to"]["member_id"]])

    async def _comes_back(self, story: Story, absence: Json) -> None:
        name = self.stage.members[JANA]["name"]
        self.report(f"\n{name} is back.")
        path = f"{_ABSENCES}/{absence['id']}/end"
        ended = await self.stage.as_(JANA).create(path, {}, "back")
        back = ended["handover_id"]
        receipt = await self.closed(back)
        self.show(receipt)
        await self._show_fates(story.sick)
        await self._delivered(back)
        receipts = {**story.receipts, back: _keys(receipt)}
        self.check(AFTER_RETURN, await self.read(), replace(story, back=back, receipts=receipts))

    # Waiting

    async def closed(self, handover_id: str) -> Json:
        """The receipt, as soon as it is complete."""
        lead = self.stage.as_(FIRST)

        async def completed() -> bool:
            handover = await lead.get(f"{_HANDOVERS}/{handover_id}")
            return bool(handover["state"] == "completed")

        await until(completed, "the receipt is complete")
        return await self._receipt(handover_id)

    async def _receipt(self, handover_id: str) -> Json:
        return await self.stage.as_(FIRST).get(f"{_HANDOVERS}/{handover_id}/receipt.json")

    async def _delivered(self, handover_id: str) -> None:
        """As many mails as people to tell are sent; whether the right ones, the audit says."""

        async def sent() -> bool:
            books = await self.read()
            handover = books.handovers[handover_id]
            states = [
                row["state"]
                for id, row in books.notifications.items()
                if id.startswith(f"{handover_id}:")
            ]
            told = len(handover["recipients"]) + len(handover["leads"])
            return len(states) >= told and not {"planned", "sending"} & set(states)

        await until(sent, "the mails are delivered", _DELIVERED_SECONDS)

    # Telling

    def show(self, receipt: Json) -> None:
        """As a table."""
        handover = receipt["handover"]
        span = handover["span"] or 0
        self.report(f"\nReceipt {handover['number']}: {handover['moved']} items in {span} ms")
        for line in receipt_lines(receipt):
            self.report(line)

    def _show_gaps(self, receipt: Json) -> None:
        items = receipt["items"]
        gaps = receipt["handover"]["gaps"]
        for gap in gaps:
            count = sum(
                item["to"] is None
                and item["place"]["responsibility_id"] == gap["responsibility_id"]
                for item in items
            )
            where = ", ".join(filter(None, (gap["discipline"], gap["client"], gap["page"])))
            self.report(f"  Gap: {where}: nobody qualified is there, {count} items have no holder")
        own = {leg["place"]["responsibility_id"] for leg in receipt["handover"]["legs"]}
        outside = [one for one in items if one["place"]["responsibility_id"] not in own]
        for item in outside:
            self.report(
                f"  * {item['label']}: claimed by her on {item['place']['page']}, for which she "
                "does not answer"
            )
        lacks = {"item": items, "gap": gaps, "claim outside": outside}
        self.found(
            "the story has everything in it",
            [f"there is no {name}" for name, found in lacks.items() if not found],
        )

    async def _show_fates(self, handover_id: str) -> None:
        receipt = await self._receipt(handover_id)
        stays = [one for one in receipt["items"] if (one["fate"] or {}).get("status") == "stays"]
        for item in stays:
            self.report(f"  {item['label']} stays with {item['fate']['holder']['name']}")

    def check(self, checks: Any, books: Books, story: Story) -> None:
        self.report("")
        for title, found in audit(checks, books, story).items():
            self.found(title, found)

    def found(self, title: str, discrepancies: list[str]) -> None:
        """What does not add up, if anything."""
        self.discrepancies += len(discrepancies)
        self.report(f"  {'✗' if discrepancies else '✓'} {title}")
        for one in discrepancies:
            self.report(f"      {one}")


def _keys(receipt: Json) -> tuple[Key, ...]:
    return tuple(Key(item["service"], item["item_id"]) for item in receipt["items"])
