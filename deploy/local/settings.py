"""Where the one-machine stack keeps its things and which ports it takes."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["HOST", "SERVICES", "LocalSettings"]

HOST = "127.0.0.1"
SERVICES = ("planner", "scheduler", "inbox", "notifier")
_ENV_PREFIX = "UNDERSTUDY_"
_DOWNLOADED = {"kafka", "assets"}


class LocalSettings(BaseSettings):
    """Read from the environment: `port` is `UNDERSTUDY_PORT`, and so on.

    Relative paths start at the repository's root, where the stack is run.
    """

    model_config = SettingsConfigDict(
        env_prefix=_ENV_PREFIX, env_ignore_empty=True, populate_by_name=True, frozen=True
    )

    state: Path = Path(".local")
    downloads: Path = Path(".local")
    replicas: int = Field(default=1, ge=1, le=7)
    """Processes per service."""

    port: int = 8080
    """The front door, the only one that people use."""
    planner_port: int = 8001
    scheduler_port: int = 8002
    inbox_port: int = 8003
    notifier_port: int = 8004
    platform_port: int = 8005
    sign_in_port: int = 8006
    kafka_port: int = 29192
    kafka_controller_port: int = 29193
    mongodb_port: int = 29117
    smtp_port: int = 29125

    kafka_bootstrap_servers: str | None = Field(
        default=None, validation_alias="KAFKA_BOOTSTRAP_SERVERS"
    )
    """An existing cluster to use instead of a broker of our own."""
    mongodb_uri: str | None = Field(default=None, validation_alias="MONGODB_URI")
    """An existing replica set to use instead of one of our own."""
    topic_prefix: str = Field(default="", validation_alias="TOPIC_PREFIX")
    database_prefix: str = Field(default="understudy_", validation_alias="DATABASE_PREFIX")
    """Before the names of topics and databases, where several installations share a cluster."""

    smtp_host: str | None = Field(default=None, validation_alias="SMTP_HOST")
    """A mail server to use instead of one of our own. Its companions the notifier reads itself."""
    outside_url: str | None = Field(default=None, validation_alias="PUBLIC_URL")
    """The front door as others reach it, where it is not by this machine's loopback."""

    @property
    def front_door_url(self) -> str:
        """For this machine."""
        return f"http://{HOST}:{self.port}"

    @property
    def public_url(self) -> str:
        """For links."""
        return self.outside_url or self.front_door_url

    @property
    def closed(self) -> Self:
        """The same settings, but nothing leaves this machine: invented people have no mail."""
        return self.model_copy(update={"smtp_host": None, "outside_url": None})

    @property
    def kafka_servers(self) -> str:
        return self.kafka_bootstrap_servers or f"{HOST}:{self.kafka_port}"

    @property
    def mongodb(self) -> str:
        return self.mongodb_uri or f"mongodb://{HOST}:{self.mongodb_port}/?replicaSet=rs0"

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @property
    def once(self) -> Self:
        """The same settings for the state of `make demo ONCE=1`, which is apart."""
        return self.model_copy(update={"state": self.state / "once"})

    @property
    def mail(self) -> Path:
        """The Maildir in which the local SMTP server keeps what it is given."""
        return self.state / "mail"

    @property
    def kafka_jars(self) -> Path:
        return self.downloads / "kafka" / "lib"

    @property
    def assets(self) -> Path:
        """Files of other makers that the services serve themselves."""
        return self.downloads / "assets"

    def service_port(self, service: str, replica: int = 0) -> int:
        port: int = getattr(self, f"{service}_port")
        return port + 10 * replica

    def forgettable(self) -> list[Path]:
        """What a reset removes: all state, but nothing that would be downloaded again."""
        if not self.state.is_dir():
            return []
        return [path for path in self.state.iterdir() if path.name not in _DOWNLOADED]


def setting_name(field: str) -> str:
    """What the setting is called in the environment."""
    return f"{_ENV_PREFIX}{field.upper()}"
