"""The scheduler's settings: the agency, its keys, and the mailbox for sick calls."""

from __future__ import annotations

from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from services.scheduler.absences.keyring import KeyRing
from services.scheduler.absences.mailbox.imap import Security
from services.scheduler.workingtime.domain import Region
from services.scheduler.workingtime.public_holidays import is_known
from shared.settings import ServiceSettings

__all__ = ["MailboxSettings", "SchedulerSettings"]


class MailboxSettings(BaseModel):
    """The mailbox in which members report sick, and the server by which replies go out."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    host: str
    port: int
    security: Security
    username: str
    password: SecretStr
    folder: str
    done_folder: str
    address: str
    trusted_authserv: str | None
    poll_seconds: float
    smtp_host: str
    smtp_port: int
    smtp_username: str | None
    smtp_password: SecretStr | None
    smtp_starttls: bool | None


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
    agency_country: str = ""
    """Whose public holidays nobody works on: ISO 3166-1 alpha-2, such as `DE`; empty: none."""
    agency_region: str = ""
    """The region within it, as ISO 3166-2 calls it without the country, such as `BY`."""
    rota_seconds: float = Field(12.0, ge=1, le=600)
    """For so long a rota is searched for, with two threads of a process of its own."""
    absence_keys: SecretStr
    """Encrypt why somebody is away: Fernet keys with commas in between, the newest first."""

    imap_host: str | None = None
    """Of the mailbox in which members report sick; without it nobody can by mail."""
    imap_port: int = Field(default=993, ge=1, le=65535)
    imap_security: Security = Security.TLS
    imap_username: str = ""
    imap_password: SecretStr | None = None
    imap_password_file: Path | None = None
    """Read once, at the start; what `imap_password` says counts more."""
    imap_folder: str = "INBOX"
    imap_done_folder: str = "Done"
    imap_address: str = ""
    """The mailbox's own address: replies come from it."""
    imap_trusted_authserv: str | None = None
    """Whose `Authentication-Results` prove a sender; without it, each has to confirm."""
    imap_poll_seconds: float = Field(default=5, ge=0.05, le=600)
    smtp_host: str = "127.0.0.1"
    smtp_port: int = Field(default=25, ge=1, le=65535)
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    smtp_starttls: bool | None = None
    """True: only encrypted; False: never; None: if the server offers it."""

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

    @model_validator(mode="after")
    def _known_region(self) -> Self:
        if self.agency_region and not self.agency_country:
            raise ValueError("a region needs its country")
        if self.home is not None and not is_known(self.home):
            raise ValueError("no public holidays are known of this country or region")
        return self

    @model_validator(mode="after")
    def _whole_mailbox(self) -> Self:
        if self.imap_host and not (
            self.imap_username
            and self.imap_address
            and (self.imap_password or self.imap_password_file)
        ):
            raise ValueError("IMAP_HOST needs IMAP_USERNAME, IMAP_PASSWORD(_FILE), IMAP_ADDRESS")
        return self

    @property
    def home(self) -> Region | None:
        if not self.agency_country:
            return None
        return Region(self.agency_country, self.agency_region or None)

    @property
    def mailbox(self) -> MailboxSettings | None:
        """None: nobody reports sick by mail."""
        if not self.imap_host:
            return None
        return MailboxSettings(
            host=self.imap_host,
            port=self.imap_port,
            security=self.imap_security,
            username=self.imap_username,
            password=self._imap_password(),
            folder=self.imap_folder,
            done_folder=self.imap_done_folder,
            address=self.imap_address,
            trusted_authserv=self.imap_trusted_authserv or None,
            poll_seconds=self.imap_poll_seconds,
            smtp_host=self.smtp_host,
            smtp_port=self.smtp_port,
            smtp_username=self.smtp_username,
            smtp_password=self.smtp_password,
            smtp_starttls=self.smtp_starttls,
        )

    def _imap_password(self) -> SecretStr:
        if self.imap_password is None and self.imap_password_file is not None:
            return SecretStr(self.imap_password_file.read_text().strip())
        return self.imap_password or SecretStr("")

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
