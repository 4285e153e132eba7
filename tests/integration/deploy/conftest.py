"""What the files of the deployment say, and images built from the Dockerfile."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.deploy.compose import ROOT, SECRETS, Compose
from tests.integration.deploy.dockerfile import Builder


@pytest.fixture(scope="session")
def compose() -> Compose:
    """`docker-compose.yml` with the secrets and without any other variable."""
    return Compose(SECRETS)


@pytest.fixture(scope="session")
def builder() -> Iterator[Builder]:
    """Builds images. Everybody may look into its folder, which those of pytest do not allow."""
    with tempfile.TemporaryDirectory(prefix="understudy-images-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield Builder(ROOT / "deploy" / "Dockerfile", ROOT, folder, path=_base_image(folder))


def _base_image(folder: Path) -> str:
    """The PATH of base images: their `python3.11`, and what else this machine has."""
    programs = folder / "base"
    programs.mkdir()
    python = Path(sys.executable).resolve()
    (programs / "python3.11").symlink_to(python)
    tools = {str(Path(found).parent) for tool in ("mvn", "java") if (found := shutil.which(tool))}
    return os.pathsep.join([str(programs), *sorted(tools), "/usr/bin", "/bin"])
