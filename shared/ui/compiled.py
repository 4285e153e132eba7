"""Compiled templates, kept as Python keeps compiled modules: in `__pycache__`, where it can be
written. Compiling the scheduler's takes longer than all else it does at its start.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import ClassVar

import jinja2
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

__all__ = ["CompiledTemplates"]


class CompiledTemplates(BytecodeCache):
    """Once for all environments of a process, since tests have hundreds of them, and on disk.

    `made_by`: what templates are compiled by; code of another one is not used. The code of a file
    `<folder>/templates/x.html` is `<folder>/__pycache__/x.html.<interpreter>.jinja`.
    """

    _loaded: ClassVar[dict[str, bytes]] = {}

    def __init__(self, made_by: str) -> None:
        self._made_by = f"{jinja2.__version__}\n{made_by}"

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        """The path of the compiled code."""
        file = Path(filename or name)
        tag = sys.implementation.cache_tag
        return str(file.parent.parent / "__pycache__" / f"{file.name}.{tag}.jinja")

    def get_source_checksum(self, source: str) -> str:
        return sha256(f"{self._made_by}\n{source}".encode()).hexdigest()

    def load_bytecode(self, bucket: Bucket) -> None:
        code = self._loaded.get(bucket.key) or _read(Path(bucket.key))
        if code:
            bucket.bytecode_from_string(code)
            self._loaded[bucket.key] = code

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._loaded[bucket.key] = code = bucket.bytecode_to_string()
        if not sys.dont_write_bytecode:
            with suppress(OSError):  # as with modules: what cannot be kept is compiled again
                _write(Path(bucket.key), code)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _write(path: Path, code: bytes) -> None:
    """Whole or not at all: processes that start together read and write the same files."""
    path.parent.mkdir(exist_ok=True)
    new = path.with_name(f"{path.name}.{os.getpid()}")
    new.write_bytes(code)
    new.replace(path)
