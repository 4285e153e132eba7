"""Expected failures: each has a stable `code`, and the edge turns it into a page or problem JSON.

    AppError
    ├── MalformedBody          400  malformed_body
    │   └── MalformedJson      400  malformed_json
    ├── NotSignedIn            401  not_signed_in
    ├── Forbidden              403  forbidden
    │   └── CrossSite          403  cross_site
    ├── NotFound               404  not_found
    ├── MethodNotAllowed       405  method_not_allowed
    ├── AlreadyExists          409  already_exists
    ├── NotAllowedNow          409  not_allowed_now (or a subclass's own)
    ├── StaleVersion           412  stale_version
    ├── TooLarge               413  too_large
    ├── InvalidRequest         422  invalid_request
    ├── IdempotencyKeyReused   422  idempotency_key_reused
    ├── PreconditionRequired   428  precondition_required
    ├── InternalError          500  internal_error
    └── TemporarilyUnavailable 503  temporarily_unavailable

Features derive their own codes:

    class Unqualified(NotAllowedNow):
        code = "unqualified"
        title = N_("The member is not qualified")
        detail = N_("{member} has no valid qualification for {discipline}.")

    raise Unqualified(member="Aylin Demir", discipline="copywriting")

Texts are English message ids with `{placeholders}`; whoever shows them translates the text first
and fills in `params` afterwards. Codes never change and are never translated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

__all__ = [
    "N_",
    "AlreadyExists",
    "AppError",
    "CrossSite",
    "FieldError",
    "Forbidden",
    "IdempotencyKeyReused",
    "InternalError",
    "InvalidRequest",
    "MalformedBody",
    "MalformedJson",
    "MethodNotAllowed",
    "NotAllowedNow",
    "NotFound",
    "NotSignedIn",
    "PreconditionRequired",
    "StaleVersion",
    "TemporarilyUnavailable",
    "TooLarge",
    "error_types",
    "fill",
]


def N_(message: str) -> str:  # noqa: N802 (the name gettext tools look for)
    """Marks a text for translation where it is written; it is translated where it is shown."""
    return message


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field. `pointer` is a JSON pointer into the body (`/legs/0/to`), or
    `query:name`, `path:name`, `header:name` for the other parts of a request. `message` is a
    message id like the texts of `AppError`, with its own `params`."""

    pointer: str
    message: str
    params: Mapping[str, Any] = field(default_factory=dict)


class AppError(Exception):
    """`title` says what happened, `detail` the particulars, `kept` what is safe, `remedy` what to
    do. `extra` become additional members of the problem document: they must be JSON and fit to be
    seen by whoever gets the answer, and so must `params`.
    """

    status: ClassVar[int] = 400
    code: ClassVar[str] = "bad_request"
    title: str = N_("The request cannot be carried out")
    detail: str = ""
    kept: str = N_("Nothing was changed.")
    remedy: str = N_("Check what you entered and try again.")

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: Sequence[FieldError] = (),
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **params: Any,
    ) -> None:
        if detail is not None:
            self.detail = detail
        self.errors = tuple(errors)
        self.extra = dict(extra or {})
        self.headers = dict(headers or {})
        self.params = params
        super().__init__(self.code)

    def __str__(self) -> str:
        return f"{self.code}: {fill(self.detail or self.title, self.params)}"


def fill(text: str, params: Mapping[str, Any]) -> str:
    """`text` with its placeholders filled in; a missing one stays visible, it is not an error."""
    return text.format_map(_Visible(params))


class _Visible(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"


def error_types(root: type[AppError] = AppError) -> Iterator[type[AppError]]:
    """All expected failures of the modules imported so far."""
    yield root
    for kind in root.__subclasses__():
        yield from error_types(kind)


class MalformedBody(AppError):
    status = 400
    code = "malformed_body"
    title = N_("The body cannot be read")


class MalformedJson(MalformedBody):
    code = "malformed_json"
    title = N_("The body is not JSON")


class NotSignedIn(AppError):
    status = 401
    code = "not_signed_in"
    title = N_("You are not signed in")
    detail = N_("A valid session or token is needed.")
    remedy = N_("Sign in and try again.")


class Forbidden(AppError):
    status = 403
    code = "forbidden"
    title = N_("You may not do this")
    detail = N_("Your role does not allow it.")
    remedy = N_("Ask a team lead if you need this.")


class CrossSite(Forbidden):
    code = "cross_site"
    detail = N_("The request came from another site, so it was not carried out.")
    remedy = N_("Open the page here and try again.")


class NotFound(AppError):
    """Also the answer for what exists outside the caller's scope: its existence is not told."""

    status = 404
    code = "not_found"
    title = N_("This does not exist")
    detail = N_("There is nothing here, or you have no access to it.")
    remedy = N_("Check the address, or start again from the overview.")


class MethodNotAllowed(AppError):
    status = 405
    code = "method_not_allowed"
    title = N_("This address does not take such a request")
    remedy = N_("See the API documentation for what it takes.")


class AlreadyExists(AppError):
    status = 409
    code = "already_exists"
    title = N_("This exists already")


class NotAllowedNow(AppError):
    """The state of the thing does not allow the command at present."""

    status = 409
    code = "not_allowed_now"
    title = N_("This is not possible at the moment")
    remedy = N_("Load the page again to see the present state.")


class StaleVersion(AppError):
    status = 412
    code = "stale_version"
    title = N_("Somebody else changed this in the meantime")
    detail = N_("You changed version {given}; the present one is {present}.")
    remedy = N_("Load the page again and make your change to the present version.")


class TooLarge(AppError):
    status = 413
    code = "too_large"
    title = N_("The request is too large")
    detail = N_("At most {limit} bytes are taken.")


class InvalidRequest(AppError):
    status = 422
    code = "invalid_request"
    title = N_("Some of what was sent cannot be used")


class IdempotencyKeyReused(AppError):
    status = 422
    code = "idempotency_key_reused"
    title = N_("This Idempotency-Key was used for another request")
    remedy = N_("Use a new key for a new request.")


class PreconditionRequired(AppError):
    status = 428
    code = "precondition_required"
    title = N_("The version being changed is missing")
    detail = N_("Send the ETag of what you read as If-Match.")


class InternalError(AppError):
    """Says nothing about the cause: that is in the log, under the same correlation id."""

    status = 500
    code = "internal_error"
    title = N_("Something failed on our side")
    detail = N_("The cause was recorded under the reference below.")
    kept = N_("What was saved before is safe. Whether this last change was saved is not certain.")
    remedy = N_("Look whether your change is there; if not, try again. Tell us the reference.")


class TemporarilyUnavailable(AppError):
    status = 503
    code = "temporarily_unavailable"
    title = N_("A part of the system is away for the moment")
    detail = N_("It is usually back within a minute.")
    kept = N_("What was saved before is safe. Whether this last change was saved is not certain.")
    remedy = N_("Wait a moment, then look whether your change is there; if not, try again.")
