"""The inbox's settings."""

from __future__ import annotations

from shared.settings import ServiceSettings

__all__ = ["InboxSettings"]


class InboxSettings(ServiceSettings):
    port: int = 8003
    root_path: str = "/inbox"
