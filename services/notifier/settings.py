"""The notifier's settings: where mail goes out."""

from __future__ import annotations

from pydantic import Field, SecretStr

from shared.settings import ServiceSettings

__all__ = ["NotifierSettings"]


class NotifierSettings(ServiceSettings):
    port: int = 8004
    root_path: str = "/notifier"

    smtp_host: str = "127.0.0.1"
    smtp_port: int = Field(default=25, ge=1, le=65535)
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    smtp_starttls: bool | None = None
    """True: only encrypted; False: never; None: if the server offers it."""
    smtp_timeout_seconds: float = Field(default=30, gt=0, le=600)
    mail_from: str = "Understudy <understudy@localhost>"
