"""`docker-compose.yml` as Compose reads it: merged, and with the variables put in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.support.engines import ABSENCE_KEYS, AUTH_SECRET

__all__ = ["FILE", "ROOT", "SECRETS", "Compose", "MissingVariable", "interpolated", "variables"]

ROOT = Path(__file__).parents[3]
FILE = ROOT / "docker-compose.yml"
SECRETS = {"AUTH_SECRET": AUTH_SECRET, "ABSENCE_KEYS": ABSENCE_KEYS}
"""What `.env` must have."""
# The innermost first: a default may hold a variable itself.
_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?:(?P<how>:[-?])(?P<rest>[^${}]*))?\}")


class MissingVariable(Exception):
    """A required variable is not set; what the file says about that."""


class Compose:
    """The project under the given variables, which stand for `.env`."""

    def __init__(self, given: Mapping[str, str], file: Path = FILE) -> None:
        project = YAML(typ="safe").load(file)
        self.services: dict[str, dict[str, Any]] = _put_in(project["services"], given)
        self.volumes: dict[str, Any] = project["volumes"]

    def environment(self, service: str) -> dict[str, str]:
        """Without the names that the variables give no value."""
        given: dict[str, str | None] = self.services[service]["environment"]
        return {name: value for name, value in given.items() if value is not None}


def _put_in(value: Any, given: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {
            key: given.get(key) if each is None else _put_in(each, given)
            for key, each in value.items()
        }
    if isinstance(value, list):
        return [_put_in(each, given) for each in value]
    return interpolated(value, given) if isinstance(value, str) else value


def interpolated(text: str, given: Mapping[str, str]) -> str:
    """`text` with its variables replaced. Raises `MissingVariable`; any other `$` is refused."""

    def value(found: re.Match[str]) -> str:
        if present := given.get(found["name"]):
            return present
        if found["how"] == ":-":
            return found["rest"]
        raise MissingVariable(f"{found['name']}: {found['rest']}")

    while "${" in text:
        text, replaced = _VARIABLE.subn(value, text)
        if not replaced:
            raise ValueError(f"not a variable as we write them: {text}")
    if "$" in text:
        raise ValueError(f"a dollar sign that is no variable: {text}")
    return text


def variables(text: str) -> dict[str, str | None]:
    """The variables named in `text`, and their defaults."""
    found: dict[str, str | None] = {}
    while match := _VARIABLE.search(text):
        found[match["name"]] = match["rest"] if match["how"] == ":-" else None
        text = text.replace(match[0], f"<{match['name']}>")
    return found
