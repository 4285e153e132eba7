"""Ways to tell that something on this machine is ready. None of them raises."""

from __future__ import annotations

import asyncio
import socket

import httpx

from deploy.local.processes import Probe

__all__ = ["answers_http", "listens", "port_is_free"]

_PROBE_SECONDS = 2.0


def listens(host: str, port: int) -> Probe:
    """Somebody accepts connections there."""

    async def probe() -> bool:
        try:
            async with asyncio.timeout(_PROBE_SECONDS):
                _, writer = await asyncio.open_connection(host, port)
        except (OSError, TimeoutError):
            return False
        writer.close()
        return True

    return probe


def answers_http(url: str) -> Probe:
    """A GET is answered with a status of 2xx or 3xx."""

    async def probe() -> bool:
        try:
            async with httpx.AsyncClient(timeout=_PROBE_SECONDS, trust_env=False) as client:
                return (await client.get(url)).status_code < httpx.codes.BAD_REQUEST
        except httpx.HTTPError:
            return False

    return probe


def port_is_free(host: str, port: int) -> bool:
    with socket.socket() as candidate:
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            candidate.bind((host, port))
        except OSError:
            return False
    return True
