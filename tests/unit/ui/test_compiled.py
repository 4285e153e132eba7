"""Compiled templates are kept like compiled modules, and never used for what they are not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, FileSystemLoader

from shared.ui.compiled import CompiledTemplates


@pytest.fixture
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one template, where Python keeps what it compiles."""
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "hello.html").write_text("Hello {{ name }}")
    return folder


class Process:
    """An environment as a new process would have it; counts what it compiles."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, how: str = "x") -> None:
        monkeypatch.setattr(CompiledTemplates, "_loaded", {})
        self.compiled = 0
        self._environment = _Counting(self, folder, how)

    def says(self) -> str:
        return self._environment.get_template("hello.html").render(name="Jana")


class _Counting(Environment):
    def __init__(self, process: Process, folder: Path, how: str) -> None:
        super().__init__(loader=FileSystemLoader(folder), bytecode_cache=CompiledTemplates(how))
        self._process = process

    def compile(self, *arguments: Any, **options: Any) -> Any:
        self._process.compiled += 1
        return super().compile(*arguments, **options)


def _kept(templates: Path) -> Path:
    [file] = (templates.parent / "__pycache__").iterdir()
    return file


def test_another_process_uses_what_one_has_compiled(
    templates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Process(templates, monkeypatch)
    assert (first.says(), first.compiled) == ("Hello Jana", 1)

    second = Process(templates, monkeypatch)
    assert (second.says(), second.compiled) == ("Hello Jana", 0)


def test_whoever_runs_the_image_can_read_it(
    templates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Process(templates, monkeypatch).says()

    readable = (templates / "hello.html").stat().st_mode
    assert _kept(templates).stat().st_mode == readable


def test_a_changed_template_is_compiled_anew(
    templates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Process(templates, monkeypatch).says()
    (templates / "hello.html").write_text("Good morning {{ name }}")

    second = Process(templates, monkeypatch)
    assert (second.says(), second.compiled) == ("Good morning Jana", 1)


def test_code_made_in_another_way_is_not_used(
    templates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Process(templates, monkeypatch, how="with old options").says()

    second = Process(templates, monkeypatch, how="with new options")
    assert (second.says(), second.compiled) == ("Hello Jana", 1)


def test_a_file_cut_short_is_compiled_anew(
    templates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Process(templates, monkeypatch).says()
    _kept(templates).write_bytes(b"")

    second = Process(templates, monkeypatch)
    assert (second.says(), second.compiled) == ("Hello Jana", 1)


def test_where_nothing_can_be_written_pages_are_the_same(
    templates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (templates.parent / "__pycache__").write_text("in the way")

    process = Process(templates, monkeypatch)
    assert (process.says(), process.compiled) == ("Hello Jana", 1)
