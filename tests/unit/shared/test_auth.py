"""Tokens are good for one purpose and one time; the permission table is complete."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import jwt
import pytest

from shared import auth
from shared.auth import (
    PERMISSIONS,
    SYSTEM_SCOPE,
    Identity,
    Permission,
    Role,
    Scope,
    Tokens,
    is_public,
    public,
)
from shared.errors import NotSignedIn

SECRET = "a secret of more than thirty-two characters"
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
AYLIN = Identity(
    "m1", "Aylin Demir", Role.MEMBER, Scope(frozenset({"c2", "c1"})), tz="Europe/Lisbon", lang="de"
)


class Hands:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def test_a_token_gives_back_the_identity() -> None:
    tokens = Tokens(SECRET)
    assert tokens.verify(tokens.issue(AYLIN, HOUR)) == AYLIN


def test_a_token_ends_at_its_time() -> None:
    clock = Hands()
    tokens = Tokens(SECRET, clock)
    token = tokens.issue(AYLIN, HOUR)
    clock.now = NOW + HOUR - timedelta(seconds=1)
    assert tokens.verify(token) == AYLIN
    clock.now = NOW + HOUR
    with pytest.raises(NotSignedIn):
        tokens.verify(token)


@pytest.mark.parametrize("purpose", ["sign_in", "acknowledge:n1", "acknowledge:n2"])
def test_a_link_opens_nothing_else(purpose: str) -> None:
    tokens = Tokens(SECRET)
    token = tokens.issue(AYLIN, HOUR, purpose=purpose)
    assert tokens.verify(token, purpose) == AYLIN
    for other in {"session", "sign_in", "acknowledge:n1", "acknowledge:n2", ""} - {purpose}:
        with pytest.raises(NotSignedIn):
            tokens.verify(token, other)


def test_forged_tokens_are_refused() -> None:
    tokens = Tokens(SECRET)
    good = tokens.issue(AYLIN, HOUR)
    claims = jwt.decode(good, options={"verify_signature": False})
    forgeries = [
        "",
        "x",
        good[:-2],
        good + "x",
        jwt.encode(claims, SECRET.upper(), algorithm="HS256"),
        jwt.encode(claims, SECRET * 2, algorithm="HS512"),
        jwt.encode(claims, "", algorithm="none"),
        jwt.encode({**claims, "iss": "somebody"}, SECRET, algorithm="HS256"),
        jwt.encode({**claims, "role": "owner"}, SECRET, algorithm="HS256"),
        jwt.encode({**claims, "clients": 7}, SECRET, algorithm="HS256"),
        *(
            jwt.encode({k: v for k, v in claims.items() if k != gone}, SECRET, algorithm="HS256")
            for gone in ("exp", "iss", "sub", "purpose", "clients", "role")
        ),
    ]
    for forged in forgeries:
        with pytest.raises(NotSignedIn):
            tokens.verify(forged)


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="32"):
        Tokens("short")


def test_every_permission_has_its_roles_and_contacts_have_none() -> None:
    assert set(PERMISSIONS) == set(Permission)
    assert all(PERMISSIONS.values())
    assert not any(Role.CONTACT in roles for roles in PERMISSIONS.values())


def test_why_somebody_is_away_is_for_leads_only() -> None:
    assert PERMISSIONS[Permission.ABSENCE_READ_PRIVATE] == {Role.LEAD}


def test_scopes_filter() -> None:
    limited = AYLIN.scope
    assert limited.allows("c1")
    assert not limited.allows("c3")
    assert not limited.allows(None)  # internal to the agency
    assert limited.mongo() == {"client_id": {"$in": ["c1", "c2"]}}
    assert limited.mongo("_id") == {"_id": {"$in": ["c1", "c2"]}}
    assert Scope(frozenset()).mongo() == {"client_id": {"$in": []}}
    assert SYSTEM_SCOPE.allows(None)
    assert SYSTEM_SCOPE.mongo() == {}


def test_endpoints_are_public_only_if_marked() -> None:
    class Pages:
        @public
        async def marked(self) -> None: ...

        async def unmarked(self) -> None: ...

    assert is_public(Pages().marked)
    assert not is_public(Pages().unmarked)


def test_the_command_line_issues_what_services_take(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AUTH_SECRET", SECRET)
    whom = ["--sub=hr", "--name=HR", "--role=system"]
    arguments = [*whom, "--client=c1", "--client=c2", "--hours=1"]
    assert auth.main(arguments) == 0
    identity = Tokens(SECRET).verify(capsys.readouterr().out.strip())
    assert identity == Identity("hr", "HR", Role.SYSTEM, Scope(frozenset({"c1", "c2"})))


@pytest.mark.parametrize(
    ("secret", "arguments", "named"),
    [
        ("", [], "AUTH_SECRET"),
        (SECRET, ["--tz=Berlin"], "'Berlin'"),
        (SECRET, ["--tz=../etc"], "'../etc'"),
        (SECRET, ["--role=owner"], "owner"),
    ],
)
def test_the_command_line_names_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    secret: str,
    arguments: list[str],
    named: str,
) -> None:
    monkeypatch.setenv("AUTH_SECRET", secret)
    with pytest.raises(SystemExit):
        auth.main(["--sub=m", "--name=M", "--role=lead", *arguments])
    assert named in capsys.readouterr().err
