"""What all browser tests share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, expect

from deploy.local.chromium import chromium

# Each waits for a condition; a machine under load is no failure.
expect.set_options(timeout=30_000)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for the tests of a module, which run on the module's loop."""
    async with chromium() as browser:
        yield browser
