"""The coverage board in a real Chromium: a sick call moves work, and the receipt fills live."""

from __future__ import annotations

import asyncio
import io
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect
from pymongo import MongoClient
from pypdf import PdfReader

from services.scheduler.absences.mailbox.replies import CONFIRM_PATH, LINK_LASTS, Asked
from shared.auth import Identity, Role, Scope, Tokens
from tests.browser.pages import pages
from tests.support.accessibility import serious_findings
from tests.support.agency import Agency
from tests.support.engines import AUTH_SECRET, Engines
from tests.support.processes import ServiceProcesses
from tests.support.waiting import eventually

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(600),
]

Open = Callable[..., Awaitable[Page]]


@dataclass
class World:
    url: str
    agency: Agency

    def who(self, name: str) -> Identity:
        role = Role.LEAD if name == "Lena" else Role.MEMBER
        return Identity(self.agency.members[name], f"{name} Muster", role, Scope(None))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(
    engines: Engines,
    mongodb_client: MongoClient[dict[str, Any]],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[World]:
    """Jana owns everything but research, for which Tom has no deputy; three tasks are open."""
    prefix = f"t{secrets.token_hex(4)}_"
    processes = ServiceProcesses(engines, prefix, tmp_path_factory.mktemp("scheduler"))
    async with processes, Agency(processes.url) as agency:
        await processes.start("planner", "scheduler", "inbox", "front-door")
        await agency.build()
        await _research_without_deputy(agency)
        for number in range(3):
            await agency.task(number)
        yield World(processes.url, agency)
    for name in mongodb_client.list_database_names():
        if name.startswith(prefix):
            mongodb_client.drop_database(name)


async def _research_without_deputy(agency: Agency) -> None:
    for name in ("Tom", "Mira"):
        path = f"/scheduler/api/v1/members/{agency.members[name]}/qualifications"
        await agency.post(path, {"discipline": "research", "level": 2})
    body = {
        "client_id": agency.client,
        "discipline": "research",
        "owner": agency.members["Tom"],
        "deputies": [],
    }
    await agency.post("/scheduler/api/v1/responsibilities", body)


@pytest_asyncio.fixture(loop_scope="module")
async def open_as(world: World, browser: Browser) -> AsyncIterator[Open]:
    """A page of the scheduler as a member sees it. A form that is refused answers 422, which
    browsers report as an error."""
    async with pages(browser, f"{world.url}/scheduler", expected=("status of 422",)) as open_page:

        async def open_as(name: str, path: str = "/?handover=none", **how: Any) -> Page:
            return await open_page(world.who(name), path, **how)

        yield open_as


def row(page: Page, discipline: str) -> Locator:
    return page.locator(".board-row").filter(
        has=page.get_by_role("link", name=discipline, exact=True)
    )


async def report_sick(page: Page, name: str) -> None:
    """By the dialog on top of the board."""
    await expect(page.locator("[data-live=on]")).to_be_visible()
    await page.keyboard.press("r")
    dialog = page.locator("#absence-dialog")
    await dialog.get_by_label("Who is away").select_option(label=f"{name} Muster")
    await dialog.get_by_role("button", name="Report sick").click()
    await expect(page.locator("#handover .handover-title")).to_have_text(f"{name} is away")


async def undo(page: Page, name: str) -> None:
    await page.locator("#undo").click()
    await expect(page.locator("#handover .handover-title")).to_have_text(f"{name} is back")
    await expect(page.locator("#handover .chip.status-complete")).to_be_visible()


async def test_a_sick_call_moves_items_live_and_is_undone(open_as: Open) -> None:
    lena, tom = await open_as("Lena"), await open_as("Tom")
    await expect(row(tom, "Copywriting").locator(".band-deputy")).to_have_count(0)
    await report_sick(lena, "Jana")
    panel = lena.locator("#handover")
    await expect(panel.locator(".chip.status-complete")).to_be_visible()
    await expect(panel.locator(".figure").first).to_contain_text("3")
    await expect(panel.locator(".service-bars")).to_contain_text("3 / 3")
    await expect(panel.get_by_text("Task 2")).to_be_visible()
    # Somebody else's board shows it without being loaded again.
    await expect(row(tom, "Copywriting").locator(".band-deputy")).to_be_visible()
    await expect(tom.locator("#row-away .band-away")).to_contain_text("Jana Muster")
    await undo(lena, "Jana")
    await expect(panel.locator(".figure").first).to_contain_text("3")
    await expect(row(tom, "Copywriting").locator(".band-deputy")).to_have_count(0)


async def test_twelve_weeks_say_in_words_what_is_too_small_to_read(open_as: Open) -> None:
    lena = await open_as("Lena", "/?show=12weeks&handover=none")
    await report_sick(lena, "Tom")
    assert await lena.evaluate("document.documentElement.scrollWidth") == 1440
    await expect(lena.locator(".board-week")).to_have_count(12)
    await expect(lena.locator("#handover .chip.status-complete")).to_be_visible()
    gap = row(lena, "Research").locator(".band-gap")

    async def says(words: str, point: Callable[[], Awaitable[None]]) -> None:
        """Pointed at anew for as long as the board is still being drawn."""

        async def said() -> bool:
            await point()
            content = await gap.evaluate("gap => getComputedStyle(gap, '::after').content")
            return str(content).startswith(words)

        await eventually(said)

    await says('"Gap: everybody is away, ', gap.hover)
    await says("none", lambda: lena.mouse.move(0, 0))
    await lena.keyboard.press("Tab")
    await says('"Gap: everybody is away, ', gap.focus)
    assert await serious_findings(lena) == []
    await undo(lena, "Tom")


async def test_clients_fold_up_and_stay_so(open_as: Open) -> None:
    lena = await open_as("Lena")
    fold = lena.locator(".board-fold").first
    head = lena.locator(".board-group-head").first
    await expect(head).to_contain_text("responsibilities, all covered")
    await fold.click()
    await expect(row(lena, "Copywriting")).to_be_hidden()
    await report_sick(lena, "Jana")
    await expect(row(lena, "Copywriting")).to_be_hidden()
    await expect(fold).to_have_attribute("aria-expanded", "false")
    await fold.click()
    await expect(row(lena, "Copywriting").locator(".band-deputy")).to_be_visible()
    await undo(lena, "Jana")


async def test_a_gap_is_closed_by_one_click(open_as: Open) -> None:
    lena = await open_as("Lena")
    await report_sick(lena, "Tom")
    await expect(row(lena, "Research").locator(".band-gap")).to_be_visible()
    panel = lena.locator("#handover")
    await expect(panel.locator(".notice-gap")).to_contain_text("Tom Muster is away.")
    await panel.get_by_role("button", name="Put Mira in").click()
    await expect(panel.get_by_text("Gap closed: Mira Muster acts for Research")).to_be_visible()
    await expect(row(lena, "Research").locator(".band-gap")).to_have_count(0)
    await lena.locator(".toast").get_by_role("button", name="Undo").click()
    await expect(row(lena, "Research").locator(".band-gap")).to_be_visible()
    await undo(lena, "Tom")


async def test_the_receipt_names_each_item(open_as: Open) -> None:
    lena = await open_as("Lena")
    await report_sick(lena, "Jana")
    await lena.locator("#open-receipt").click()
    sheet = lena.locator(".sheet")
    await expect(lena.get_by_text("Closed", exact=True)).to_be_visible()
    await expect(sheet.locator("#receipt-items tr:not(.group)")).to_have_count(3)
    await expect(sheet).to_contain_text("From Jana Muster to")
    await expect(sheet).to_contain_text("somebody was away, never why")
    await expect(sheet).to_contain_text("Europe/Berlin")
    for name in ("CSV", "JSON"):
        href = await lena.get_by_role("link", name=name).get_attribute("href")
        assert href is not None
        answer = await lena.request.get(f"{re.sub('/scheduler.*', '', lena.url)}{href}")
        assert "Task 1" in await answer.text()
    await lena.go_back()
    await undo(lena, "Jana")


async def test_a_long_receipt_reads_to_its_end_and_prints(world: World, open_as: Open) -> None:
    await _reporting_by_mira(world.agency, tasks=205)
    reported = await world.agency.report_sick("Mira")
    await world.agency.receipt_closed(reported["handover_id"])
    lena = await open_as("Lena", f"/handovers/{reported['handover_id']}", language="de")
    numbers = lena.locator("#receipt-items td.index")
    await expect(numbers).to_have_count(200)
    await expect(lena.locator(".sheet-foot")).to_contain_text("Blatt 1 von 2")
    printed = PdfReader(io.BytesIO(await lena.pdf(prefer_css_page_size=True)))
    await lena.get_by_role("link", name="Nächste Seite").click()
    await expect(numbers).to_have_text(["201", "202", "203", "204", "205"])
    await expect(lena.get_by_role("link", name="Nächste Seite")).to_have_count(0)
    assert 3 <= len(printed.pages) <= 8
    assert {
        (round(page.mediabox.width), round(page.mediabox.height)) for page in printed.pages
    } == {(595, 842)}
    text = "\n".join(page.extract_text() for page in printed.pages)
    assert "Von Mira Muster an Tom Muster" in text
    # Where columns stand close, the text that is read out of a PDF has no blank between them.
    assert re.findall(r"^(\d+) ?Task", text, re.MULTILINE) == [str(one) for one in range(1, 201)]
    for control in ("Drucken", "CSV", "Link kopieren", "Nächste Seite", "Zum Inhalt"):
        assert control not in text
    await world.agency.return_to_work(reported["absence"]["id"])
    await expect(lena.get_by_text("Geschlossen, zurückgegeben")).to_be_visible()


async def _reporting_by_mira(agency: Agency, tasks: int) -> None:
    for name in ("Mira", "Tom"):
        path = f"/scheduler/api/v1/members/{agency.members[name]}/qualifications"
        await agency.post(path, {"discipline": "reporting", "level": 2})
    body = {
        "client_id": agency.client,
        "discipline": "reporting",
        "owner": agency.members["Mira"],
        "deputies": [agency.members["Tom"]],
    }
    await agency.post("/scheduler/api/v1/responsibilities", body)
    turn = asyncio.Semaphore(8)

    async def add(number: int) -> None:
        async with turn:
            await agency.task(number, "reporting")

    await asyncio.gather(*(add(number) for number in range(tasks)))


async def test_what_is_wrong_is_said_in_the_dialog(open_as: Open) -> None:
    lena = await open_as("Lena")
    await lena.get_by_role("link", name="Report sick").click()
    dialog = lena.locator("#absence-dialog")
    await dialog.get_by_label("Who is away").select_option(label="Mira Muster")
    await dialog.get_by_label("From: day").fill("2031-05-05")
    await dialog.get_by_label("Until: day").fill("2031-05-01")
    await dialog.get_by_role("button", name="Report sick").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("ends before it starts")
    assert await serious_findings(lena) == []
    await expect(dialog.get_by_label("From: day")).to_have_value("2031-05-05")
    await dialog.get_by_label("Until: day").fill("2031-05-09")
    await dialog.get_by_role("button", name="Report sick").click()
    await expect(lena.locator("#row-away .band-away")).to_contain_text("Mira Muster")
    await lena.locator(".toast").get_by_role("button", name="Undo").click()
    await expect(lena.locator("#row-away .band-away")).to_have_count(0)


async def test_leave_is_asked_for_with_what_it_would_do_and_decided_on(open_as: Open) -> None:
    """Tom's research has no deputy: seen by him as he types, mended by the lead, by keyboard."""
    tom = await open_as("Tom", "/leave/new")
    await tom.get_by_label("First day: day").fill("2032-03-01")
    await expect(tom.get_by_text("1 responsibility would have nobody")).to_be_visible()
    await expect(tom.get_by_text("Mira Muster could be made deputy.")).to_be_visible()
    assert await serious_findings(tom) == []
    await tom.get_by_label("Last day: day").fill("2032-03-05")
    await tom.get_by_label("Private note").fill("canary-in-a-note")
    await tom.get_by_role("button", name="Ask for leave").press("Enter")
    await expect(tom.get_by_text("A lead decides on it.")).to_be_visible()

    lena = await open_as("Lena", "/leave")
    await lena.keyboard.press("j")
    await lena.keyboard.press("Enter")
    await expect(lena.get_by_role("heading", name="Leave of Tom Muster")).to_be_visible()
    await expect(lena.get_by_text("canary-in-a-note").first).to_be_visible()
    await expect(lena.locator(".board-row", has_text="Gap").first).to_be_visible()
    assert await serious_findings(lena) == []
    await lena.get_by_role("button", name="Make Mira deputy").press("Enter")
    await expect(lena.get_by_text("Everything is covered")).to_be_visible()
    await lena.get_by_role("button", name="Approve").press("Enter")
    await expect(lena.get_by_text("Lena Muster approved it")).to_be_visible()
    await expect(lena.get_by_role("link", name="To the absence")).to_be_visible()
    await lena.get_by_role("link", name="To the absence").click()
    await lena.get_by_role("button", name="Take it back").click()
    await expect(lena.get_by_role("heading", name="Coverage")).to_be_attached()


async def _mira_alone(agency: Agency, discipline: str) -> None:
    """Nobody stands in for her there, but Tom could."""
    for name in ("Mira", "Tom"):
        await agency.qualify(name, discipline)
    await agency.make_responsible(discipline, None, "Mira", ())


async def test_risk_is_seen_supposed_and_mended_by_keyboard(world: World, open_as: Open) -> None:
    await _mira_alone(world.agency, "content_planning")
    lena = await open_as("Lena", "/risk")
    alone = re.compile("Content planning, R.*: bus factor 1, only Mira Muster could act")
    cell = lena.locator("#heat").get_by_role("link", name=alone).first
    await cell.focus()
    await lena.keyboard.press("ArrowDown")
    await expect(cell).not_to_be_focused()
    assert await lena.evaluate("document.activeElement.closest('#heat td') !== null")
    assert await serious_findings(lena) == []

    await lena.get_by_role("link", name="Load").press("Enter")
    await lena.get_by_label("Mira Muster would be away").press("Space")
    await lena.get_by_role("button", name="Show").press("Enter")
    await expect(lena.get_by_role("heading", name="If Mira Muster was away")).to_be_visible()
    await expect(lena.locator(".risk-list", has_text="Content planning")).to_be_visible()
    assert "away=" in lena.url, "it can be looked at again, and shown to others"
    assert await serious_findings(lena) == []

    await lena.goto(re.sub("/risk.*", "/risk/people", lena.url))
    place = lena.locator(".risk-list li", has_text="Content planning")
    await expect(place.get_by_text("Nobody else could act.")).to_be_visible()
    await expect(lena.get_by_role("heading", name="If Mira Muster is away")).to_be_visible()
    assert await serious_findings(lena) == []
    await place.get_by_role("button", name="Make Tom Muster deputy: Content planning").press(
        "Enter"
    )
    await expect(lena.get_by_text("Tom Muster is deputy: Content planning")).to_be_visible()
    await expect(place).to_have_count(0)
    await lena.locator("[data-toast]").get_by_role("button", name="Undo").press("Enter")
    await expect(place).to_be_visible()

    german = await open_as("Lena", "/risk/people", language="de")
    await expect(german.get_by_role("heading", name="Fehlt Mira Muster")).to_be_visible()
    await expect(
        german.get_by_role("button", name="als Vertretung eintragen").first
    ).to_be_visible()
    assert await serious_findings(german) == []


async def test_risk_can_be_supposed_without_scripts(world: World, open_as: Open) -> None:
    await _mira_alone(world.agency, "editorial_plan")
    lena = await open_as("Lena", "/risk/load", scripts=False)
    await lena.get_by_label("Mira Muster would be away").check()
    await lena.get_by_role("button", name="Show").click()
    await expect(lena.get_by_role("heading", name="If Mira Muster was away")).to_be_visible()
    place = lena.locator(".risk-list li", has_text="Editorial plan")
    await place.get_by_role("button", name="Make Tom Muster deputy").click()
    await expect(lena.get_by_role("heading", name="If Mira Muster was away")).to_be_visible()
    await expect(place).to_have_count(0)


async def test_leave_repeats_or_comes_from_a_calendar_file_in_both_languages(
    open_as: Open,
) -> None:
    mira = await open_as("Mira", "/leave/new")
    await mira.get_by_label("First day: day").fill("2032-06-04")
    await mira.get_by_label("First day: time").fill("13:00")
    await mira.get_by_label("Last day: time").fill("17:00")
    await expect(mira.get_by_label("Until", exact=True)).to_be_hidden()
    await mira.get_by_label("Repeats").select_option(label="Every week")
    await mira.get_by_label("Until", exact=True).fill("2032-07-09")
    await expect(mira.get_by_role("heading", name="6 times")).to_be_visible()
    assert await serious_findings(mira) == []
    await mira.get_by_role("button", name="Ask for leave").click()
    await expect(mira.get_by_role("heading", name=re.compile("^6 times, "))).to_be_visible()
    assert await serious_findings(mira) == []

    ahead = datetime.now(UTC).date() + timedelta(days=60)
    mira = await open_as("Mira", "/leave/new", language="de")
    await mira.get_by_role("link", name="Aus einer Kalenderdatei").click()
    await expect(mira.get_by_label("Kalenderdatei (.ics)")).to_be_visible()
    assert await serious_findings(mira) == []
    sent = {"name": "mira.ics", "mimeType": "text/calendar", "buffer": _calendar(ahead)}
    await mira.get_by_label("Kalenderdatei (.ics)").set_input_files(sent)  # type: ignore[arg-type]  # a dict is one
    await mira.get_by_role("button", name="Zeiten wählen").click()
    first = mira.get_by_role("checkbox", name="canary-in-a-summary")
    await expect(first).to_have_count(3)
    await expect(mira.get_by_role("heading", name="3 Zeiten")).to_be_visible()
    assert await serious_findings(mira) == []
    await first.nth(1).press("Space")
    await expect(mira.get_by_role("heading", name="2 Zeiten")).to_be_visible()
    await mira.get_by_role("button", name="Antrag stellen").click()
    await expect(mira.get_by_role("heading", name=re.compile("^2 Zeiten, "))).to_be_visible()
    assert "canary" not in await mira.content() + mira.url
    await expect(mira.get_by_role("checkbox", checked=True)).to_have_count(2)
    await mira.get_by_role("button", name="Zurückziehen").click()
    await expect(mira.get_by_text("Zurückgezogen").first).to_be_visible()


def _calendar(first: date) -> bytes:
    """Three days in three weeks."""
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//test",
        "BEGIN:VEVENT",
        "UID:1",
        f"DTSTART;VALUE=DATE:{first:%Y%m%d}",
        "RRULE:FREQ=WEEKLY;COUNT=3",
        "SUMMARY:canary-in-a-summary",
        "END:VEVENT",
        "END:VCALENDAR",
    )
    return "\r\n".join(lines).encode()


async def test_why_is_for_the_member_and_the_leads(open_as: Open) -> None:
    mira = await open_as("Mira", "/absences/new")
    await mira.get_by_label("From: day").fill("2032-04-01")
    await mira.get_by_label("Private note").fill("canary-in-a-note")
    await mira.get_by_role("button", name="Report sick").click()
    await mira.locator("#row-away .band-away").click()
    await expect(mira.get_by_text("canary-in-a-note").first).to_be_visible()
    path = mira.url.split("/scheduler")[1]
    tom = await open_as("Tom", path)
    await expect(tom.get_by_role("heading", name="Absence of Mira Muster")).to_be_visible()
    assert "canary" not in await tom.content()
    await mira.get_by_role("button", name="Take it back").click()
    await expect(mira.get_by_role("heading", name="Coverage")).to_be_attached()


async def test_a_rota_is_planned_live_and_an_open_shift_taken(world: World, open_as: Open) -> None:
    """By the lead at a desk; an open shift by a member, on a phone in German."""
    agency, api = world.agency, "/scheduler/api/v1/rota"
    late = {"name": "Late", "weekdays": [0, 2, 4], "starts": "17:00", "ends": "22:00"}
    group = {
        "name": "Evenings",
        "pages": agency.pages,
        "time_zone": "Europe/Berlin",
        "kinds": [late],
        "members": [agency.members[name] for name in ("Jana", "Tom", "Mira")],
    }
    await agency.post(f"{api}/groups", group)
    lena = await open_as("Lena", "/rota?from=2032-05-03&weeks=1")
    await expect(lena.get_by_text("Nothing is planned for these weeks")).to_be_visible()
    await lena.keyboard.press("p")
    await lena.get_by_label("First day").fill("2032-05-03")
    await lena.get_by_label("Weeks").fill("1")
    await lena.get_by_role("button", name="Work out a rota").press("Enter")
    apply = lena.get_by_role("button", name="Apply")
    await expect(apply).to_be_visible(timeout=60_000)  # by the stream: nobody loads the page again
    await expect(lena.get_by_text("All 3 shifts are covered.")).to_be_visible()
    assert await serious_findings(lena) == []
    await apply.press("Enter")
    await lena.get_by_role("link", name="To these weeks").click()
    await expect(lena.locator(".rota-cell")).to_have_count(3)
    assert await serious_findings(lena) == []

    await lena.locator(".rota-cell").first.click()
    await lena.get_by_label("On duty").select_option(label="nobody")
    await lena.get_by_role("button", name="Save").press("Enter")
    await expect(lena.locator(".chip.status-gap")).to_have_text("open")
    tom = await open_as("Tom", "/rota?from=2032-05-03&weeks=1", width=360, language="de")
    assert await tom.evaluate("document.documentElement.scrollWidth") <= 360
    assert await serious_findings(tom) == []
    await tom.locator(".rota-open").click()
    assert await serious_findings(tom) == []
    await tom.get_by_role("button", name="Diesen Dienst jetzt übernehmen").click()
    await expect(tom.get_by_role("definition").first).to_contain_text("Tom Muster")
    await expect(tom.locator(".chip.status-gap")).to_have_count(0)


async def test_the_keyboard_goes_through_the_board(open_as: Open) -> None:
    lena = await open_as("Lena")
    await expect(lena.locator("[data-live=on]")).to_be_visible()
    await lena.keyboard.press("j")
    await expect(lena.locator(".board-row:focus")).to_have_count(1)
    await lena.keyboard.press("Enter")
    await expect(lena.get_by_role("heading", name="Who acts now")).to_be_visible()
    await lena.go_back()
    await lena.keyboard.press("?")
    await expect(lena.locator("#shortcut-sheet")).to_contain_text("report sick")


async def test_it_works_without_scripts(open_as: Open) -> None:
    lena = await open_as("Lena", "/absences/new", scripts=False)
    await lena.get_by_label("Who is away").select_option(label="Jana Muster")
    await lena.get_by_role("button", name="Report sick").click()
    await expect(lena.locator("#handover")).to_contain_text("Jana is away")
    await lena.locator("#undo").click()
    await expect(lena.locator("#handover")).to_contain_text("Jana is back")


def cell(page: Page, words: str) -> Locator:
    return page.locator("#matrix").get_by_role("link", name=words)


async def test_the_matrix_is_edited_in_place_by_keyboard_and_undone(open_as: Open) -> None:
    lena = await open_as("Lena", "/responsibilities")
    assert await serious_findings(lena) == []
    design = cell(lena, "Design, Rösterei Morgenrot: Jana Muster (owner)")
    await cell(lena, "Copywriting, Rösterei Morgenrot").focus()
    await lena.keyboard.press("ArrowRight")
    await expect(design).to_be_focused()
    await lena.keyboard.press("Enter")
    dialog = lena.locator("#assign-dialog")
    await expect(dialog.get_by_role("heading")).to_have_text("Design, Rösterei Morgenrot")
    assert await serious_findings(lena) == []
    await dialog.get_by_label("Owner").select_option(label="Mira Muster (level 2)")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("Mira Muster can be owner or one of")
    await dialog.get_by_label("Deputy 2").select_option(label="Jana Muster (level 2)")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog).to_be_hidden()
    changed = cell(lena, "Design, Rösterei Morgenrot: Mira Muster (owner), Tom Muster (deputy)")
    await expect(changed).to_be_focused()
    await lena.locator(".toast").get_by_role("button", name="Undo").click()
    await expect(design).to_be_visible()


async def test_open_work_goes_along_with_an_edit_if_asked_for(open_as: Open) -> None:
    lena = await open_as("Lena", "/responsibilities")
    await cell(lena, "Copywriting, Rösterei Morgenrot").click()
    dialog = lena.locator("#assign-dialog")
    await dialog.get_by_label("Owner").select_option(label="Mira Muster (level 2)")
    await dialog.get_by_label("Deputy 1").select_option(label="Jana Muster (level 2)")
    await dialog.get_by_label("Deputy 2").select_option("")
    await dialog.get_by_label("Hand over open work too").check()
    await dialog.get_by_role("button", name="Save").click()
    await expect(lena.get_by_text("Mira Muster is responsible.")).to_be_visible()
    receipt = await open_as("Lena", "/handovers")
    await receipt.locator("[data-row] a").first.click()
    await expect(receipt.get_by_text("Closed", exact=True)).to_be_visible()
    await expect(receipt.locator("#receipt-items tr:not(.group)")).to_have_count(3)
    await lena.locator(".toast").get_by_role("button", name="Undo").click()
    await expect(cell(lena, "Copywriting, Rösterei Morgenrot: Jana Muster (owner)")).to_be_visible()


async def test_many_cells_are_changed_at_once(open_as: Open) -> None:
    lena = await open_as("Lena", "/responsibilities?discipline=community")
    await lena.get_by_role("link", name="Change many").click()
    bar = lena.locator(".matrix-bar")
    await bar.get_by_label("all shown").check()
    await expect(bar.locator("strong")).to_have_text("2 ticked")
    assert await serious_findings(lena) == []
    await bar.get_by_role("button", name="Change").click()
    await expect(lena.locator(".content").get_by_role("alert")).to_contain_text("Choose the person")
    await expect(lena.locator("#matrix")).to_have_count(1)
    await expect(bar.locator("strong")).to_have_text("2 ticked")
    await bar.get_by_label("What").select_option(label="take a person out")
    await expect(bar.get_by_label("by")).to_be_hidden()
    await bar.get_by_label("Who").select_option(label="Mira Muster")
    await bar.get_by_role("button", name="Change").click()
    await expect(lena.locator(".toast")).to_contain_text("Changed for 2 places.")
    await expect(lena.locator("#matrix").get_by_role("link", name="Mira")).to_have_count(0)
    await lena.locator(".toast").get_by_role("button", name="Undo").click()
    await expect(lena.locator("#matrix").get_by_role("link", name="Mira")).to_have_count(2)


async def test_a_table_goes_out_and_comes_in(open_as: Open) -> None:
    lena = await open_as("Lena", "/responsibilities?discipline=design")
    async with lena.expect_download() as downloading:
        await lena.get_by_role("link", name="Export").click()
    table = (await (await downloading.value).path()).read_text("utf-8-sig")
    await lena.get_by_role("link", name="Import").click()
    assert await serious_findings(lena) == []

    async def look_at(text: str) -> None:
        sent = {"name": "t.csv", "mimeType": "text/csv", "buffer": text.encode()}
        await lena.get_by_label("Table (CSV)").set_input_files(sent)  # type: ignore[arg-type]  # playwright's own dict
        await lena.get_by_role("button", name="Look at it").click()

    await look_at(table.replace("jana@", "nobody@"))
    await expect(lena.get_by_role("alert")).to_contain_text("Nobody in the team is called nobody@")
    await lena.get_by_role("link", name="Choose the table again").click()
    await look_at(table.replace("jana@", "mira@", 1).replace(", mira@", ", jana@", 1))
    await expect(lena.get_by_text("0 new, 1 changed")).to_be_visible()
    assert await serious_findings(lena) == []
    await lena.get_by_role("button", name="Import").click()
    await expect(cell(lena, "Design, Rösterei Morgenrot: Mira Muster (owner)")).to_be_visible()
    await lena.locator(".toast").get_by_role("button", name="Undo").click()
    await expect(cell(lena, "Design, Rösterei Morgenrot: Jana Muster (owner)")).to_be_visible()


async def test_the_matrix_works_without_scripts(open_as: Open) -> None:
    lena = await open_as("Lena", "/responsibilities", scripts=False)
    await cell(lena, "Client contact, Rösterei Morgenrot: nobody responsible").click()
    await expect(lena.get_by_text("Nobody is qualified for this yet.")).to_be_visible()


async def test_a_skill_is_entered_in_the_matrix_by_keyboard(open_as: Open) -> None:
    lena = await open_as("Lena", "/skills")
    assert await serious_findings(lena) == []
    skills = lena.locator("#matrix")
    missing = skills.get_by_role("link", name="Mira Muster, Client contact: not qualified")
    await skills.get_by_role("link", name="Mira Muster, Publishing").focus()
    await lena.keyboard.press("ArrowRight")
    await expect(missing).to_be_focused()
    await lena.keyboard.press("Enter")
    dialog = lena.locator("#skill-dialog")
    await expect(dialog.get_by_role("heading")).to_have_text("Mira Muster, Client contact")
    await dialog.get_by_label("Evidence").fill("Course of 12 Nov")
    assert await serious_findings(lena) == []
    await dialog.get_by_role("button", name="Save").click()
    entered = skills.get_by_role("link", name="Mira Muster, Client contact: Level 2, works alone")
    await expect(entered).to_be_focused()
    await entered.click()
    await dialog.get_by_label("Level").select_option(label="not qualified any more")
    await dialog.get_by_role("button", name="Save").click()
    await expect(missing).to_be_visible()
    await lena.get_by_role("link", name="What training would help").click()
    await expect(lena.get_by_role("heading", name="What training would help")).to_be_visible()
    assert await serious_findings(lena) == []


async def test_a_member_and_a_qualification_are_entered(open_as: Open) -> None:
    lena = await open_as("Lena", "/members/new")
    await lena.get_by_label("Name").fill("Nora Sander")
    await lena.get_by_label("E-mail address").fill("nora@example.org")
    await lena.get_by_role("button", name="Add the member").click()
    await lena.get_by_label("Discipline").select_option("reporting")
    await lena.get_by_label("Valid to").fill("2031-12-31")
    await lena.get_by_role("button", name="Add qualification").click()
    await expect(lena.get_by_text("valid to 31 Dec 2031")).to_be_visible()


@pytest.mark.parametrize(("language", "width"), [("en", 1440), ("de", 360)])
async def test_whoever_wrote_a_mail_confirms_it_without_signing_in(
    world: World, browser: Browser, language: str, width: int
) -> None:
    starts = datetime.now(UTC) - timedelta(minutes=20)
    asked = Asked(f"mail-{language}", starts, starts + timedelta(hours=4))
    mira = Identity(
        world.agency.members["Mira"], "Mira Muster", Role.MEMBER, Scope(frozenset()), lang=language
    )
    token = Tokens(AUTH_SECRET).issue(mira, LINK_LASTS, purpose=asked.purpose)
    query = urlencode({**asked.query(), "token": token})
    context = await browser.new_context(viewport={"width": width, "height": 800})
    page = await context.new_page()
    await page.goto(f"{world.url}/scheduler{CONFIRM_PATH}?{query}")
    assert await serious_findings(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    assert await page.locator("html").get_attribute("lang") == language
    await page.locator("main form button").click()
    await expect(page.locator("main [role=status]")).to_be_visible()
    assert await serious_findings(page) == []
    await context.close()
    absences = await world.agency.get(f"/scheduler/api/v1/absences?member={mira.member_id}")
    [begun] = [one for one in absences["items"] if one["state"] == "active"]
    await world.agency.post(f"/scheduler/api/v1/absences/{begun['id']}/cancel", {})


async def test_all_pages_fit_a_phone_in_german(world: World, open_as: Open) -> None:
    member = world.agency.members["Jana"]
    responsibility = f"{world.agency.client}:copywriting"
    for path in (
        "/",
        "/absences",
        "/absences/new",
        "/handovers",
        "/members",
        f"/members/{member}",
        "/responsibilities",
        "/responsibilities?select=true",
        "/skills",
        "/skills/proposals",
        "/risk",
        "/risk/people",
        "/risk/gaps",
        f"/risk/load?away={member}",
        "/leave/new",
        "/leave/import",
        "/responsibilities/import",
        f"/responsibilities/place?client={world.agency.client}&discipline=design",
        f"/responsibilities/clients/{world.agency.client}",
        f"/responsibilities/{responsibility}",
    ):
        page = await open_as("Lena", path, width=360, language="de")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360, path
        assert await page.locator("html").get_attribute("lang") == "de"
        await page.context.close()


async def test_a_region_is_offered_once_its_country_is_chosen(open_as: Open) -> None:
    lena = await open_as("Lena", "/members")
    await lena.get_by_role("link", name="Tom").first.click()
    await lena.get_by_role("link", name="Working time, public holidays and leave").press("Enter")
    await lena.get_by_label("Public holidays of").select_option("AT")
    await lena.get_by_label("Region").select_option("Tirol")
    await lena.get_by_label("Days of leave a year").fill("25")
    await lena.get_by_label("Friday, to").fill("12:00")
    await lena.get_by_role("button", name="Save").press("Enter")
    await expect(lena.get_by_text("Epiphany")).to_be_visible()
    await expect(lena.get_by_label("Friday, to")).to_have_value("12:00")
    await expect(lena.get_by_label("Region")).to_have_value("7")
