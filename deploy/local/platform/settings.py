"""The platform's settings."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["PlatformSettings"]


class PlatformSettings(BaseSettings):
    """Read from the environment: `messages_per_minute` is `PLATFORM_MESSAGES_PER_MINUTE`."""

    model_config = SettingsConfigDict(env_prefix="PLATFORM_", env_ignore_empty=True, frozen=True)

    host: str = "127.0.0.1"
    port: int = 8005
    database: Path = Path(".local/platform.db")
    messages_per_minute: float = Field(default=12.0, ge=0, le=6_000)
    """How much its people write by themselves, once they are let; 0 is nothing."""
    seed: int = 2026
    """Which words they find. The same seed makes the same people say the same things."""
    delivered_twice: float = Field(default=0.1, ge=0, le=1)
    """The share of messages that are delivered twice on purpose."""
