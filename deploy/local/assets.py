"""What Maven fetches once: Kafka's jars, and the page libraries that the services serve."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import subprocess
from pathlib import Path

from deploy.local.processes import ProcessFailed
from deploy.local.settings import LocalSettings

__all__ = ["are_present", "fetch"]

_BROKER = Path(__file__).with_name("pom.xml")
_PAGE_LIBRARIES = Path(__file__).parents[1] / "assets" / "pom.xml"


def are_present(settings: LocalSettings) -> bool:
    """Everything of the present poms was fetched before."""
    stamp = _stamp(settings)
    return stamp.exists() and stamp.read_text() == _version()


async def fetch(settings: LocalSettings) -> None:
    """Run Maven unless everything is there. An interrupted run leaves the old state or none."""
    if are_present(settings):
        return
    jars, libraries = _fresh(settings.kafka_jars), _fresh(settings.assets)
    await _maven(_BROKER, "copy-dependencies", f"-DoutputDirectory={jars}")
    await _maven(_PAGE_LIBRARIES, "unpack-dependencies", f"-Dassets={libraries}")
    for fresh, place in ((jars, settings.kafka_jars), (libraries, settings.assets)):
        shutil.rmtree(place, ignore_errors=True)
        fresh.rename(place)
    _stamp(settings).write_text(_version())


def _fresh(place: Path) -> Path:
    """An empty folder beside `place`, to be put in its place when it is full."""
    fresh = place.with_name(f"{place.name}.part").resolve()
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    return fresh


async def _maven(pom: Path, goal: str, where: str) -> None:
    maven = await asyncio.create_subprocess_exec(
        *("mvn", "--batch-mode", "--quiet", "--strict-checksums", "--file", str(pom)),
        *(f"dependency:{goal}", where),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    output, _ = await maven.communicate()
    if maven.returncode:
        raise ProcessFailed(f"Maven could not fetch what {pom} names:\n{output.decode()}")


def _stamp(settings: LocalSettings) -> Path:
    return settings.downloads / "kafka" / "pom.sha256"


def _version() -> str:
    return hashlib.sha256(_BROKER.read_bytes() + _PAGE_LIBRARIES.read_bytes()).hexdigest()
