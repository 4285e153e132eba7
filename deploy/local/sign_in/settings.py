"""The sign-in page's settings."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["SignInSettings"]


class SignInSettings(BaseSettings):
    """Read from the environment: `port` is `SIGN_IN_PORT`."""

    model_config = SettingsConfigDict(env_prefix="SIGN_IN_", frozen=True, populate_by_name=True)

    host: str = "127.0.0.1"
    port: int = 8006
    front_door: str = "http://127.0.0.1:8080"
    """Where the services answer, and where people come from."""
    auth_secret: SecretStr = Field(min_length=32, validation_alias="AUTH_SECRET")
    assets: Path = Field(default=Path(".local/assets"), validation_alias="UNDERSTUDY_ASSETS")
