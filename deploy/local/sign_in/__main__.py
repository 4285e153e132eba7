"""Run the sign-in page until it is asked to stop."""

from __future__ import annotations

import logging

import uvicorn

from deploy.local.sign_in.app import create_app
from deploy.local.sign_in.settings import SignInSettings


def main() -> None:
    settings = SignInSettings()
    logging.getLogger("httpx").setLevel(logging.WARNING)
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        access_log=False,
        server_header=False,
        proxy_headers=True,
        timeout_graceful_shutdown=5,
    )


if __name__ == "__main__":
    main()
