"""The scheduler's settings: the agency."""

from __future__ import annotations

from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, SecretStr, field_validator

from services.scheduler.absences.keyring import KeyRing
from shared.settings import ServiceSettings

__all__ = ["SchedulerSettings"]


class SchedulerSettings(ServiceSettings):
    port: int = 8002
    root_path: str = "/scheduler"

    agency_name: str = "Understudy"
    """On receipts."""
    agency_time_zone: str = "Europe/Berlin"
    """Handovers are numbered by its year."""
    most_at_once: int = Field(12, ge=1)
    """Responsibilities that one person should act for at the same time; when leave is decided, more
    than that is shown."""
    rota_seconds: float = Field(12.0, ge=1, le=600)
    """For so long a rota is searched for, with two threads of a process of its own."""
    absence_keys: SecretStr
    """Encrypt why somebody is away: Fernet keys with commas in between, the newest first."""

    @field_validator("agency_time_zone")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError("not an IANA time zone")
        return name

    @field_validator("absence_keys")
    @classmethod
    def _usable(cls, keys: SecretStr) -> SecretStr:
        _key_ring(keys)
        return keys

    @property
    def key_ring(self) -> KeyRing:
        return _key_ring(self.absence_keys)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.agency_time_zone)


def _key_ring(keys: SecretStr) -> KeyRing:
    try:
        return KeyRing([one.strip() for one in keys.get_secret_value().split(",")])
    except ValueError:
        raise ValueError("each must be 32 bytes in URL-safe base64") from None
