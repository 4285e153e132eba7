"""The settings every service has. Environment names are the field names in capitals."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["ServiceSettings"]


class ServiceSettings(BaseSettings):
    """Read from the environment in a service's `main.py` and nowhere else. What is wrong with a
    value is said without the value: it may be a secret."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    kafka_bootstrap_servers: str = "127.0.0.1:9092"
    mongodb_uri: str = "mongodb://127.0.0.1:27017/?replicaSet=rs0"
    database_prefix: str = Field(default="understudy_", max_length=30)
    topic_prefix: str = ""
    topic_replication: int = Field(default=1, ge=1)
    topic_partitions_max: int | None = Field(default=None, ge=1)

    host: str = "127.0.0.1"
    port: int
    root_path: str
    public_url: str = "http://127.0.0.1:8080"
    auth_secret: SecretStr = Field(min_length=32)
    secure_cookies: bool = False
    log_level: str = "INFO"
    understudy_assets: Path = Path(".local/assets")  # its `vendor/` has the page libraries

    def database(self, service: str) -> str:
        """The name of the service's own MongoDB database."""
        return f"{self.database_prefix}{service}"
