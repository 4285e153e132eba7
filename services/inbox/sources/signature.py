"""Standard Webhooks signatures, checked by the `standardwebhooks` library over the raw body."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable, Mapping

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from services.inbox.sources.errors import InvalidSignature, StaleSignature

__all__ = ["new_secret", "verify"]

_SECRET_BYTES = 32


def new_secret() -> str:
    return f"whsec_{base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()}"


def verify(valid_secrets: Iterable[str], body: bytes, headers: Mapping[str, str]) -> None:
    """Raises `InvalidSignature` unless one of the secrets has signed this very body, or
    `StaleSignature` if the timestamp is outside the library's five minutes."""
    for secret in valid_secrets:
        try:
            Webhook(secret).verify(body, dict(headers), json_parse=False)
            return
        except WebhookVerificationError as error:
            if str(error).startswith("Message timestamp"):
                raise StaleSignature from None
        except ValueError:  # the library takes malformed headers and bodies apart unchecked
            break
    raise InvalidSignature
