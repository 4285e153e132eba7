"""What all browser tests share."""

from __future__ import annotations

from playwright.async_api import expect

# Each waits for a condition; a machine under load is no failure.
expect.set_options(timeout=30_000)
