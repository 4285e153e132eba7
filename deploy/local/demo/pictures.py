"""`make screenshots`: the README's pictures, taken by Chromium of a demo with a state of its own.

Somebody falls ill before the board is taken, so that there is something to see. Nobody writes by
themselves meanwhile: two rounds differ in nothing but the day.
"""

from __future__ import annotations

import asyncio
import io
import shutil
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.async_api import Browser, Page, expect

from deploy.local import prerequisites, stack
from deploy.local.chromium import chromium
from deploy.local.demo.agency.people import FIRST, JANA
from deploy.local.demo.api import opened
from deploy.local.demo.filling import fill
from deploy.local.demo.once import settings_for_once
from deploy.local.demo.running import SERVICE_ENV
from deploy.local.demo.stage import Stage, calm
from deploy.local.processes import ProcessFailed
from deploy.local.programs import auth_secret
from deploy.local.settings import LocalSettings
from shared.auth import COOKIE, Identity, Role, Scope, Tokens

_PICTURES = Path("docs/pictures")
_MOST_BYTES = 250 * 1024
_DESK, _PHONE = (1440, 900), (360, 800)
_DEPUTY = "TB"
_LASTS = timedelta(hours=1)
_PATIENCE_MILLISECONDS = 30_000


async def main() -> None:
    """Raises `ProcessFailed` or `MissingPrerequisites`."""
    settings = _apart(LocalSettings().closed)
    stack.forget(settings)
    await stack.prepare(settings)
    async with stack.Stack(settings, service_env=SERVICE_ENV) as everything:
        await everything.start_engines()
        await everything.start_services(demo=True)
        async with (
            opened(settings.public_url, auth_secret(settings)) as api,
            chromium() as browser,
        ):
            stage = await fill(api, print)
            await calm(stage.as_(FIRST))
            await Camera(settings, stage, browser).take_all()
    shutil.rmtree(settings.state)


def _apart(settings: LocalSettings) -> LocalSettings:
    """Engines, ports and state of its own."""
    own = settings_for_once(settings)
    return own.model_copy(
        update={
            "state": settings.state / "pictures",
            "kafka_bootstrap_servers": None,
            "mongodb_uri": None,
        }
    )


@dataclass(frozen=True)
class Camera:
    settings: LocalSettings
    stage: Stage
    browser: Browser

    async def take_all(self) -> None:
        expect.set_options(timeout=_PATIENCE_MILLISECONDS)
        _PICTURES.mkdir(parents=True, exist_ok=True)
        page = await self._open(FIRST, "/planner/calendar")
        await _take(page, "plan-calendar")
        for name in ("responsibilities", "skills"):
            await _take(await self._open(FIRST, f"/scheduler/{name}", live=False), name)
        await self._sick_call()
        await self._inbox()

    async def _inbox(self) -> None:
        """The deputy's, with what is held for who is away: on a desk and on a phone."""
        page = await self._open(_DEPUTY, "/inbox/")
        await page.locator(".conversation").nth(1).click()
        await expect(page.locator("#thread-head")).to_be_visible()
        await _take(page, "inbox")
        await _take(await self._open(_DEPUTY, "/inbox/", _PHONE), "inbox-phone")

    async def _sick_call(self) -> None:
        """The board with the handover just done, in both themes, and the receipt."""
        page = await self._open(FIRST, "/scheduler/")
        await page.get_by_role("link", name="Report sick").click()
        dialog = page.locator("#absence-dialog")
        name = self.stage.members[JANA]["name"]
        await dialog.get_by_label("Who is away").select_option(label=name)
        await dialog.get_by_role("button", name="Report sick").click()
        panel = page.locator("#handover")
        await expect(panel.locator(".chip.status-complete")).to_be_visible()
        await self._confirm()
        await expect(panel.locator(".chip.status-acknowledged")).to_be_visible()
        await expect(page.locator(".toast")).to_have_count(0)
        await _take(page, "coverage-board")
        await page.emulate_media(color_scheme="dark")
        await _take(page, "coverage-board-dark")
        await page.emulate_media(color_scheme="light")
        await page.locator("#open-receipt").click()
        await expect(page.locator(".sheet")).to_be_visible()
        await _take(page, "receipt")

    async def _confirm(self) -> None:
        """The deputy says that they have it."""
        page = await self._open(_DEPUTY, "/notifier/")
        await page.get_by_role("button", name="I have it").first.click()
        await expect(page.locator(".chip.status-acknowledged").first).to_be_visible()
        await page.close()

    async def _open(
        self, who: str, path: str, size: tuple[int, int] = _DESK, *, live: bool = True
    ) -> Page:
        """As the member with the key. `live`: the page follows what happens."""
        width, height = size
        context = await self.browser.new_context(
            viewport={"width": width, "height": height},
            locale="en",
            timezone_id="Europe/Berlin",
            reduced_motion="reduce",
        )
        url = self.settings.public_url
        session = self._session(who)
        await context.add_cookies([{"name": COOKIE, "value": session, "url": url}])
        page = await context.new_page()
        await page.goto(f"{url}{path}")
        if live:
            await expect(page.locator("[data-live=on]")).to_be_attached()
        return page

    def _session(self, who: str) -> str:
        member = self.stage.members[who]
        clients = member["clients"]
        identity = Identity(
            member_id=member["id"],
            name=member["name"],
            role=Role(member["role"]),
            scope=Scope(None if clients is None else frozenset(clients)),
            tz=member["time_zone"],
        )
        return Tokens(auth_secret(self.settings)).issue(identity, _LASTS)


async def _take(page: Page, name: str) -> None:
    """Raises `ProcessFailed` if it is larger than a README should load."""
    await page.evaluate("document.fonts.ready")
    with Image.open(io.BytesIO(await page.screenshot())) as image:
        flat = _with_palette(image.convert("RGB"))
    path = _PICTURES / f"{name}.png"
    flat.save(path, optimize=True)
    size = path.stat().st_size
    if size > _MOST_BYTES:
        raise ProcessFailed(f"{path} has {size} bytes: too many.")
    print(f"  ✓ {path} {size // 1024} KiB")


def _with_palette(image: Image.Image) -> Image.Image:
    """The design's flat colours stay what they are; the edges of letters take the nearest ones."""
    counted: list[tuple[int, Any]] = image.getcolors(image.width * image.height) or []
    by_use = [colour for _, colour in sorted(counted, reverse=True)[:256]]
    palette = Image.new("P", (1, 1))
    palette.putpalette(bytes(channel for colour in by_use for channel in colour))
    return image.quantize(palette=palette, dither=Image.Dither.NONE)


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except (prerequisites.MissingPrerequisites, ProcessFailed) as failure:
        sys.exit(str(failure))
