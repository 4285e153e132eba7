"""Carries out a Dockerfile without Docker: every stage in a folder that stands for its `/`.

Parsed by BuildKit's own parser. A base image is not there: the machine's Python 3.11, Java and
Maven stand for what it has, so a RUN must work by relative paths and by programs on the PATH. An
instruction that is not known here is refused, not skipped.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from string import Template

import dockerfile
from dockerfile import Command

__all__ = ["Builder", "Image", "ignored", "read", "stages"]

# They change nothing that a RUN sees, and are looked at by name.
_PROPERTIES = {"USER", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT"}


@dataclass(frozen=True)
class _Stage:
    name: str
    base: str
    commands: tuple[Command, ...]

    @property
    def declared(self) -> set[str]:
        return {each.value[0].partition("=")[0] for each in self.commands if each.cmd == "ARG"}


@dataclass
class Image:
    """What the instructions of one stage have made so far."""

    base: str
    root: Path
    workdir: PurePosixPath = field(default_factory=lambda: PurePosixPath("/"))
    environment: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    properties: dict[str, Command] = field(default_factory=dict)

    @property
    def directory(self) -> Path:
        """The working directory, on this machine."""
        return self.here(str(self.workdir))

    def here(self, path: str) -> Path:
        """Where a path of the image is on this machine."""
        return self.root / (self.workdir / path).relative_to("/")

    def found(self, text: str) -> str:
        """`text` with the paths in it that the image has, as they are on this machine."""
        parts = text.split(":")
        return ":".join(
            str(self.here(each)) if each.startswith("/") and self.here(each).exists() else each
            for each in parts
        )

    def environment_here(self) -> dict[str, str]:
        return {name: self.found(value) for name, value in self.environment.items()}


def read(path: Path) -> tuple[Command, ...]:
    return tuple(dockerfile.parse_file(str(path)))


def stages(commands: tuple[Command, ...]) -> list[_Stage]:
    """In the order of the file; the last one is the image."""
    starts = [index for index, each in enumerate(commands) if each.cmd == "FROM"]
    ends = [*starts[1:], len(commands)]
    return [
        _Stage(
            name=commands[start].value[2] if len(commands[start].value) > 1 else "",
            base=commands[start].value[0],
            commands=commands[start + 1 : end],
        )
        for start, end in zip(starts, ends, strict=True)
    ]


class Builder:
    """Builds into `folder`. A stage is built once for each value of the arguments it declares."""

    def __init__(self, file: Path, context: Path, folder: Path, *, path: str) -> None:
        self._stages = {stage.name: stage for stage in stages(read(file))}
        self._context = context
        self._ignored = ignored((context / ".dockerignore").read_text())
        self._folder = folder
        self._path = path
        self._built: dict[tuple[str, ...], Image] = {}

    def build(self, arguments: Mapping[str, str], name: str = "") -> Image:
        """The stage of that name, or the image. Raises `CalledProcessError` if a RUN fails."""
        stage = self._stages[name]
        given = {each: arguments[each] for each in sorted(stage.declared)}
        key = (name, *given.values())
        if key not in self._built:
            root = self._folder / "-".join((name or "image", *given.values()))
            root.mkdir()
            image = Image(stage.base, root, environment={"PATH": self._path})
            for command in stage.commands:
                self._carry_out(command, image, given)
            self._built[key] = image
        return self._built[key]

    def _carry_out(self, command: Command, image: Image, given: Mapping[str, str]) -> None:
        known = {**given, **image.environment}
        values = [Template(each).substitute(known).strip('"') for each in command.value]
        match command.cmd:
            case "ARG":
                pass
            case "WORKDIR":
                image.workdir /= values[0]
                image.directory.mkdir(parents=True, exist_ok=True)
            case "ENV":
                image.environment |= dict(zip(values[::2], values[1::2], strict=True))
            case "LABEL":
                image.labels |= dict(zip(values[::2], values[1::2], strict=True))
            case "COPY":
                self._copy(command, values, image, given)
            case "RUN":
                _run(command.value[0], image, given)
            case name if name in _PROPERTIES:
                image.properties[name] = command
            case name:
                raise NotImplementedError(f"{name} in line {command.start_line}")

    def _copy(
        self, command: Command, values: list[str], image: Image, given: Mapping[str, str]
    ) -> None:
        [*sources, target] = values
        flags = dict(flag.removeprefix("--").split("=") for flag in command.flags)
        stage = flags.pop("from", None)
        if flags:
            raise NotImplementedError(f"COPY with {flags} in line {command.start_line}")
        for source in sources:
            if stage is None:
                self._copy_from_context(source, target, image)
            else:
                _copy(self.build(given, stage).here(source), target, image)

    def _copy_from_context(self, source: str, target: str, image: Image) -> None:
        place = self._context / source
        files = [path for path in place.rglob("*") if path.is_file()] or [place]
        sent = [path for path in files if not self._ignored(_within(self._context, path))]
        if not sent:
            raise FileNotFoundError(f"{source} is not sent to the builder; see .dockerignore")
        for path in sent:
            if place.is_dir():
                goal = image.here(target) / path.relative_to(place)
                goal.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, goal)
            else:
                _copy(path, target, image)


def _copy(source: Path, target: str, image: Image) -> None:
    goal = image.here(target)
    if source.is_dir():
        # Linked: thousands of files, and nobody changes one of an earlier stage.
        shutil.copytree(source, goal, symlinks=True, dirs_exist_ok=True, copy_function=os.link)
        return
    if target.endswith("/"):
        goal.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, goal)


def _run(script: str, image: Image, given: Mapping[str, str]) -> None:
    """With this machine's environment, for what reaches the registries, but not its Python's."""
    outside = {
        name: value
        for name, value in os.environ.items()
        if name != "VIRTUAL_ENV" and not name.startswith(("PYTHON", "PYTEST"))
    }
    subprocess.run(
        ["/bin/sh", "-c", script],
        cwd=image.directory,
        env={**outside, **image.environment_here(), **given},
        check=True,
        capture_output=True,
    )


def _within(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()


def ignored(text: str) -> Callable[[str], bool]:
    """Whether a `.dockerignore` keeps a path back: the last line that matches it, or a folder that
    it is in, decides."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    rules = [(_pattern(line.removeprefix("!")), not line.startswith("!")) for line in lines]

    def decide(path: str) -> bool:
        parts = path.split("/")
        prefixes = ["/".join(parts[: end + 1]) for end in range(len(parts))]
        kept_back = False
        for pattern, keeps_back in rules:
            if any(pattern.fullmatch(each) for each in prefixes):
                kept_back = keeps_back
        return kept_back

    return decide


def _pattern(line: str) -> re.Pattern[str]:
    anywhere, name = line.startswith("**/"), line.removeprefix("**/")
    parts = [re.escape(part) for part in name.split("*")]
    return re.compile(("(?:.*/)?" if anywhere else "") + "[^/]*".join(parts))
