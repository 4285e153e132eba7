"""Each service's image, built without Docker, and its service, confined as Compose confines it.

Docker itself is not needed, and not proven: base images, users and mounts are the machine's.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local.probes import answers_http
from deploy.local.processes import Process
from deploy.local.settings import HOST, SERVICES
from tests.integration.deploy.compose import ROOT, Compose
from tests.integration.deploy.dockerfile import Builder, Image
from tests.support.engines import Engines
from tests.support.ports import free_port

_USER = 65532
# Of all that root may, reading alone is left: this machine's Python may lie where only root looks.
_NOBODY = (
    *("setpriv", f"--reuid={_USER}", f"--regid={_USER}", "--clear-groups", "--no-new-privs"),
    *("--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search"),
    *("--bounding-set=-all,+dac_read_search", "--pdeathsig=TERM", "--"),
)


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_the_image_of_a_service_is_all_that_the_service_needs(
    service: str,
    builder: Builder,
    compose: Compose,
    engines: Engines,
    topics: str,
    tmp_path: Path,
) -> None:
    image = builder.build({"SERVICE": service})

    assert _code(image) == {"services/__init__.py", f"services/{service}"}
    assert _installed(image) == _pinned(service)
    assert _compiled(image) == _templates(image) != set()

    before = _files(image)
    port = free_port()
    environment = {
        **image.environment_here(),
        **compose.environment(service),
        **engines.environment(topics),
        "HOST": HOST,
        "PORT": str(port),
        "HOME": "/nonexistent",
    }
    with _unwritable(image.root):
        process = _process(image, environment, tmp_path, compose.services[service])
        await process.start()
        try:
            assert _asked(image, environment, _command(image, "HEALTHCHECK")[1:]) == 0
            await _look_at(f"http://{HOST}:{port}/{service}")
        finally:
            await process.stop()

    assert process.exit_code == 0
    assert _files(image) == before


def test_nobody_may_not_write(builder: Builder, tmp_path: Path) -> None:
    """What the test above confines with does confine."""
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    folder = tmp_path / "folder"
    folder.mkdir()
    written = subprocess.run(
        [*_NOBODY, "sh", "-c", f"id -u && ls {folder} && touch {folder}/file"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert written.returncode != 0
    assert written.stdout == f"{_USER}\n"
    assert "Permission denied" in written.stderr


def _process(
    image: Image, environment: Mapping[str, str], folder: Path, composed: Mapping[str, Any]
) -> Process:
    """The entry point in its working directory and with this environment alone; ready when the
    health check of Compose says so, which is a process: asked in vain, it is in the way."""
    [_, *check] = composed["healthcheck"]["test"]
    answers = answers_http(f"http://{HOST}:{environment['PORT']}/readyz")

    async def ready() -> bool:
        return await answers() and _asked(image, environment, check) == 0

    argv = _confined(image, environment, _command(image, "ENTRYPOINT"))
    return Process("service", argv, ready, folder)


def _asked(image: Image, environment: Mapping[str, str], command: tuple[str, ...]) -> int:
    argv = _confined(image, environment, command)
    return subprocess.run(argv, capture_output=True, check=False).returncode


def _confined(
    image: Image, environment: Mapping[str, str], command: tuple[str, ...]
) -> tuple[str, ...]:
    assignments = (f"{name}={value}" for name, value in environment.items())
    nobody = _NOBODY if os.geteuid() == 0 else ()
    inside = (image.found(part) for part in command)
    cleanly = ("env", "--ignore-environment", f"--chdir={image.directory}")
    return (*cleanly, *assignments, *nobody, *inside)


def _command(image: Image, instruction: str) -> tuple[str, ...]:
    command = image.properties[instruction]
    assert command.json, "the shell's form would not pass signals on"
    return tuple(command.value)


async def _look_at(url: str) -> None:
    """A translated page and a page library: what is read from files besides code."""
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        page = await client.get(
            "/nowhere", headers={"Accept": "text/html", "Accept-Language": "de"}
        )
        library = await client.get("/static/vendor/htmx.min.js")

    assert 'lang="de"' in page.text
    assert "gibt es" in page.text
    assert library.status_code == 200
    assert "htmx" in library.text


def _code(image: Image) -> set[str]:
    services = image.directory / "services"
    names = {path.name for path in image.directory.iterdir()} - {"services"}
    assert names == {"__main__.py", "__pycache__", "assets", "healthcheck.py", "shared", "venv"}
    return {f"services/{path.name}" for path in services.iterdir()} - {"services/__pycache__"}


def _templates(image: Image) -> set[str]:
    folders = image.directory.glob("s*/**/templates")  # of shared and services
    return {path.name for folder in folders for path in folder.iterdir()}


def _compiled(image: Image) -> set[str]:
    """Templates that a container need not compile whenever it starts."""
    ending = f".{sys.implementation.cache_tag}.jinja"
    found = image.directory.glob(f"s*/**/__pycache__/*{ending}")
    return {path.name.removesuffix(ending) for path in found}


_LIST = """
from importlib.metadata import distributions
for one in distributions():
    print(f"{one.name}=={one.version}".lower().replace("_", "-").replace(".", "-"))
"""


def _installed(image: Image) -> set[str]:
    python = image.directory / "venv" / "bin" / "python"
    told = subprocess.run(
        [python, "-I", "-c", _LIST], capture_output=True, text=True, check=True
    ).stdout
    return set(told.split())


def _pinned(service: str) -> set[str]:
    pins = (ROOT / "requirements" / f"{service}.txt").read_text()
    found = re.findall(r"^([\w.\-\[\]]+==[^ \\]+)", pins, flags=re.MULTILINE)
    return {re.sub(r"\[.*\]", "", pin).lower().replace("_", "-").replace(".", "-") for pin in found}


def _files(image: Image) -> dict[Path, tuple[int, int]]:
    return {
        path: (path.lstat().st_mtime_ns, path.lstat().st_size) for path in image.root.rglob("*")
    }


@contextmanager
def _unwritable(root: Path) -> Iterator[None]:
    """No folder below takes a new file, nor changes one, unless by root."""
    folders = [root, *(path for path in root.rglob("*") if path.is_dir() and not path.is_symlink())]
    for folder in folders:
        folder.chmod(0o555)
    try:
        yield
    finally:
        for folder in folders:
            folder.chmod(0o755)
