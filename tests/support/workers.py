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

__all__ = ["WholeWorlds", "is_heavy", "world"]

_ON_ONE_LOOP = re.compile(r'pytest\.mark\.asyncio\(loop_scope="(module|package)"\)')


_HEAVY = re.compile(r"pytest\.mark\.(slow|faults|browser)\b")


class WholeWorlds(LoadScopeScheduling):  # type: ignore[misc]  # xdist is untyped
    """Hands out tests one by one, but whole the modules and packages whose tests share a loop, and
    with it what takes long to start. Those begin, and those with the most tests first.

    One worker always has something light: where each has whole stacks of processes to itself, all
    of them starve.
    """

    def __init__(self, config: pytest.Config, log: Any) -> None:
        super().__init__(config, log)
        self._root = config.rootpath

    def _split_scope(self, nodeid: str) -> str:
        return world(self._root, nodeid.partition("::")[0]) or nodeid

    def _assign_work_unit(self, node: Any) -> None:
        others = [one for one in self.nodes if one is not node]
        if others and all(map(self._has_heavy, others)):
            light = next((scope for scope in self.workqueue if not self._is_heavy(scope)), None)
            if light is not None:
                self.workqueue.move_to_end(light, last=False)
        super()._assign_work_unit(node)

    def _has_heavy(self, node: Any) -> bool:
        """Whether it works at something heavy, or will."""
        units = self.assigned_work.get(node, {})
        return any(
            self._is_heavy(scope) and not all(done.values()) for scope, done in units.items()
        )

    def _is_heavy(self, scope: str) -> bool:
        return is_heavy(self._root, scope.partition("::")[0])


@cache
def is_heavy(root: Path, path: str) -> bool:
    """Whether it starts whole stacks of processes, or a browser. A folder is a shared world."""
    place = root / path
    if place.is_dir():
        return True
    return world(root, path) is not None or _HEAVY.search(place.read_text()) is not None


@cache
def world(root: Path, path: str) -> str | None:
    """The module, or its folder, if its tests share a loop. As it is written, since the process
    that hands out tests imports none."""
    declared = _ON_ONE_LOOP.search((root / path).read_text())
    if declared is None:
        return None
    return path if declared[1] == "module" else str(Path(path).parent)
