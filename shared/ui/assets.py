"""Static files under the service's own root path, cached for good under a content hash."""

from __future__ import annotations

import hashlib
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

__all__ = ["STYLESHEETS", "Assets"]

STYLESHEETS = (
    "tokens.css",
    "base.css",
    "shell.css",
    "components.css",
    "board.css",
    "matrix.css",
    "leave.css",
    "risk.css",
    "rota.css",
    "handover.css",
    "inbox.css",
    "notifications.css",
    "plan.css",
    "calendar.css",
    "print.css",
)
_FOR_GOOD = "public, max-age=31536000, immutable"
_FOR_AN_HOUR = "public, max-age=3600"


class Assets(StaticFiles):
    """Our own files, and beneath `vendor/` the libraries in the folder `vendor`, if it is set."""

    def __init__(self, own: Path) -> None:
        super().__init__(directory=own)
        self._own = own
        self.vendor: Path | None = None
        self._hashes: dict[str, str] = {}

    def url(self, name: str) -> str:
        """`name` relative to `/static`, with the hash of its content. Unknown names raise."""
        if name not in self._hashes:
            self._hashes[name] = self._hash(name)
        return f"static/{name}?v={self._hashes[name]}"

    def _hash(self, name: str) -> str:
        path = self._own / name
        if name.startswith("vendor/"):
            path = (self.vendor or self._own) / name.removeprefix("vendor/")
            if not path.exists():  # pages stay readable without the libraries
                return "missing"
        return hashlib.sha256(path.read_bytes()).hexdigest()[:12]

    async def get_response(self, path: str, scope: Scope) -> Response:
        if path.startswith("vendor/") and self.vendor is not None:
            libraries = StaticFiles(directory=self.vendor, check_dir=False)
            response = await libraries.get_response(path.removeprefix("vendor/"), scope)
        else:
            response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = self._caching(path, scope)
        return response

    def _caching(self, path: str, scope: Scope) -> str:
        # Fonts carry their weight, not their content, in the name, but never change.
        asked = scope["query_string"].decode("latin-1").removeprefix("v=")
        if path.startswith("fonts/"):
            return _FOR_GOOD
        try:
            current = self._hashes.get(path) or self._hash(path)
        except OSError:
            raise HTTPException(status_code=404) from None
        return _FOR_GOOD if asked == current else _FOR_AN_HOUR
