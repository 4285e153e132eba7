"""Which of the run's workers gets which tests.

pytest-xdist's own `--dist loadgroup` does not group with pytest 9.2, and says nothing:
https://github.com/pytest-dev/pytest-xdist/issues/1386
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

__all__ = ["WholeWorlds", "world"]

_ON_ONE_LOOP = re.compile(r'pytest\.mark\.asyncio\(loop_scope="(module|package)"\)')


class WholeWorlds(LoadScopeScheduling):  # type: ignore[misc]  # xdist is untyped
    """Hands out tests one by one, but whole the modules and packages whose tests share a loop, and
    with it what takes long to start. Those begin, and those with the most tests first."""

    def __init__(self, config: pytest.Config, log: Any) -> None:
        super().__init__(config, log)
        self._root = config.rootpath

    def _split_scope(self, nodeid: str) -> str:
        return world(self._root, nodeid.partition("::")[0]) or nodeid


@cache
def world(root: Path, path: str) -> str | None:
    """The module, or its folder, if its tests share a loop. As it is written, since the process
    that hands out tests imports none."""
    declared = _ON_ONE_LOOP.search((root / path).read_text())
    if declared is None:
        return None
    return path if declared[1] == "module" else str(Path(path).parent)
