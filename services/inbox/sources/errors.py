"""What can be wrong with a webhook.

AppError
├── InvalidSignature  401  invalid_signature
└── StaleSignature    401  stale_signature
InvalidRequest
├── InvalidMessages   422  invalid_messages
└── UnknownPage       422  unknown_page
"""

from __future__ import annotations

from shared.errors import N_, AppError, InvalidRequest

__all__ = ["InvalidMessages", "InvalidSignature", "StaleSignature", "UnknownPage"]


class InvalidSignature(AppError):
    """Also the answer for a source that does not exist: which ones do is not told."""

    status = 401
    code = "invalid_signature"
    title = N_("The signature does not fit")
    detail = N_(
        "webhook-id, webhook-timestamp and webhook-signature must be those of Standard Webhooks, "
        "made with a valid secret of this source over the body as it was sent."
    )
    remedy = N_("Check the source's address and secret.")


class StaleSignature(InvalidSignature):
    code = "stale_signature"
    title = N_("The signature is too old or from the future")
    detail = N_("webhook-timestamp must be within five minutes of now.")
    remedy = N_("Sign each attempt anew, and check the sender's clock.")


class InvalidMessages(InvalidRequest):
    code = "invalid_messages"
    title = N_("Some of the messages cannot be used")
    detail = N_("The others were taken in: {accepted}.")
    kept = N_("The sound messages are stored.")
    remedy = N_("Mend the messages named and send them again; twice does no harm.")


class UnknownPage(InvalidRequest):
    code = "unknown_page"
    title = N_("There is no such page")
    detail = N_("A source belongs to a page that exists.")
