"""Debian's Chromium without a window, for the README's pictures and for the tests."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright

from deploy.local.prerequisites import MissingPrerequisites

__all__ = ["chromium"]

# The same engine in both; a window that nobody sees costs more than the pages in it.
_PROGRAMS = ("chromium-headless-shell", "chromium")
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    # It asks nobody but the pages it is told to open.
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Raises `MissingPrerequisites`."""
    program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if program is None:
        raise MissingPrerequisites(["Chromium. apt-get install chromium-headless-shell"])
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=program, args=_ARGUMENTS)
        async with launched as browser:
            yield browser
