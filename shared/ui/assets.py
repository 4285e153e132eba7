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
    "handover.css",
    "inbox.css",
    "notifications.css",
    "print.css",
)
_FOR_GOOD = "public, max-age=31536000, immutable"
_FOR_AN_HOUR = "public, max-age=3600"


class Assets(StaticFiles):
    """Our own files, and beneath `vendor/` the libraries unpacked at set-up into `vendor`."""

    def __init__(self, own: Path, vendor: Path) -> None:
        super().__init__(directory=own)
        self._own = own
        self._vendor = StaticFiles(directory=vendor, check_dir=False)
        self._vendor_folder = vendor
        self._hashes: dict[str, str] = {}

    def url(self, name: str) -> str:
        """`name` relative to `/static`, with the hash of its content. Unknown names raise."""
        if name not in self._hashes:
            self._hashes[name] = self._hash(name)
        return f"static/{name}?v={self._hashes[name]}"

    def _hash(self, name: str) -> str:
        folder, rest = self._own, name
        if name.startswith("vendor/"):
            folder, rest = self._vendor_folder, name.removeprefix("vendor/")
            if not (folder / rest).exists():  # pages stay readable without the libraries
                return "missing"
        return hashlib.sha256((folder / rest).read_bytes()).hexdigest()[:12]

    async def get_response(self, path: str, scope: Scope) -> Response:
        if path.startswith("vendor/"):
            response = await self._vendor.get_response(path.removeprefix("vendor/"), scope)
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
