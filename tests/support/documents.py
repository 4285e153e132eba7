"""Programs that stand in the documentation, for tests that run them."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

__all__ = ["program", "running_program"]

_ROOT = Path(__file__).parents[2]


def program(document: str, name: str) -> str:
    """The code block that is headed by `name`."""
    text = (_ROOT / document).read_text()
    [code] = re.findall(
        rf"^```python {re.escape(name)}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE
    )
    return str(code)


@asynccontextmanager
async def running_program(
    code: str, environment: Mapping[str, str]
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Its output can be read while it runs; leaving the context ends it."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code),
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
