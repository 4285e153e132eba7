"""What Maven fetches once: Kafka's jars, and the page library that the services serve."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import subprocess
import zipfile
from pathlib import Path

from deploy.local.processes import ProcessFailed
from deploy.local.settings import LocalSettings

__all__ = ["are_present", "fetch"]

_POM = Path(__file__).with_name("pom.xml")
# The file that browsers get: the webjar that holds it, and how its name in there ends.
_PAGE_LIBRARY = {
    "htmx.min.js": ("htmx.org-*.jar", "/dist/htmx.min.js"),
    "sse.js": ("htmx-ext-sse-*.jar", "/sse.js"),
}


def are_present(settings: LocalSettings) -> bool:
    """Everything of the present `pom.xml` was fetched before."""
    stamp = _stamp(settings)
    return stamp.exists() and stamp.read_text() == _version()


async def fetch(settings: LocalSettings) -> None:
    """Run Maven unless everything is there. An interrupted run leaves the old state or none."""
    if are_present(settings):
        return
    fresh = settings.kafka_jars.with_name("lib.part")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    await _copy_dependencies(fresh)
    _unpack_page_library(fresh, settings.assets / "vendor")
    shutil.rmtree(settings.kafka_jars, ignore_errors=True)
    fresh.rename(settings.kafka_jars)
    _stamp(settings).write_text(_version())


async def _copy_dependencies(target: Path) -> None:
    maven = await asyncio.create_subprocess_exec(
        *("mvn", "--batch-mode", "--quiet", "--strict-checksums", "--file", str(_POM)),
        *("dependency:copy-dependencies", f"-DoutputDirectory={target.resolve()}"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    output, _ = await maven.communicate()
    if maven.returncode:
        raise ProcessFailed(f"Maven could not fetch what {_POM.name} names:\n{output.decode()}")


def _unpack_page_library(jars: Path, vendor: Path) -> None:
    """The webjars are taken out of `jars`: they are none of the broker's business."""
    vendor.mkdir(parents=True, exist_ok=True)
    for name, (pattern, ending) in _PAGE_LIBRARY.items():
        [jar] = jars.glob(pattern)
        with zipfile.ZipFile(jar) as archive:
            [member] = (entry for entry in archive.namelist() if entry.endswith(ending))
            (vendor / name).write_bytes(archive.read(member))
    for pattern, _ in _PAGE_LIBRARY.values():
        for jar in jars.glob(pattern):
            jar.unlink()


def _stamp(settings: LocalSettings) -> Path:
    return settings.downloads / "kafka" / "pom.sha256"


def _version() -> str:
    return hashlib.sha256(_POM.read_bytes()).hexdigest()
