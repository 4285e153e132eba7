"""A mail from anybody: who sent it, whether that is proven, whether a machine did."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scheduler.absences.mailbox.mail import Mail, read_mail

OURS = "mx.agency.example"
PASS = f"{OURS}; dmarc=pass header.from=agency.example"


def head(*headers: str, body: str = "", sender: str = "Jana <Jana@Agency.example>") -> bytes:
    lines = [*headers, f"From: {sender}", "Subject: krank", "Message-ID: <1@x>", "", body]
    return "\r\n".join(lines).encode()


def read(content: bytes, *, trusted: str | None = OURS) -> Mail:
    return read_mail(content, trusted=trusted, own_address="away@agency.example")


@pytest.mark.parametrize(
    "headers",
    [
        (PASS,),
        (f"{OURS.upper()}; dmarc=pass header.from=Agency.Example",),
        (f"{OURS} 1; spf=fail; dmarc=pass (p=none) header.from=agency.example",),
        (f"{OURS}; dkim=pass header.d=agency.example", PASS),
        ("elsewhere.example; dmarc=fail header.from=agency.example", PASS),
    ],
    ids=["plain", "case", "version", "two-headers", "others-do-not-count"],
)  # fmt: skip
def test_proven_is_whose_domain_our_own_server_has_checked(headers: tuple[str, ...]) -> None:
    mail = read(head(*(f"Authentication-Results: {one}" for one in headers)))
    assert mail.sender == "jana@agency.example"
    assert mail.proven


@pytest.mark.parametrize(
    "headers",
    [
        (),
        (f"{OURS}; none",),
        (f"{OURS}; dmarc=fail header.from=agency.example",),
        (f"{OURS}; dmarc=pass header.from=attacker.example",),
        (f"{OURS}; dmarc=pass",),
        ("mx.attacker.example; dmarc=pass header.from=agency.example",),
        (f"x{OURS}; dmarc=pass header.from=agency.example",),
        (f"{OURS}; spf=pass smtp.mailfrom=jana@agency.example; dkim=pass header.d=agency.example",),
        (f"{OURS}; dmarc=fail header.from=agency.example", PASS),
        (PASS, f"{OURS}; dmarc=fail header.from=agency.example"),
        (PASS, f"{OURS}; =;"),
        (f"{OURS}; comment=(dmarc=pass header.from=agency.example)",),
    ],
    ids=[
        "nothing", "none", "fail", "other-domain", "no-domain", "not-ours", "like-ours", "spf-dkim",
        "fail-and-pass", "pass-and-fail", "one-is-broken", "in-a-comment",
    ],
)  # fmt: skip
def test_anything_less_proves_nothing(headers: tuple[str, ...]) -> None:
    assert not read(head(*(f"Authentication-Results: {one}" for one in headers))).proven


def test_without_a_trusted_server_nothing_is_proven() -> None:
    assert not read(head(f"Authentication-Results: {PASS}"), trusted=None).proven


@pytest.mark.parametrize(
    "sender",
    [
        "",
        "nobody",
        "jana@agency.example, eve@attacker.example",
        "Team: jana@agency.example;, eve@attacker.example",
        "jana@agency.example\r\nFrom: eve@attacker.example",
        "@agency.example",
    ],
)
def test_not_exactly_one_sender_is_none(sender: str) -> None:
    mail = read(head(f"Authentication-Results: {PASS}", sender=sender))
    assert mail.sender is None
    assert not mail.proven


def test_a_name_that_looks_like_an_address_is_a_name() -> None:
    eve = '"jana@agency.example" <eve@attacker.example>'
    assert read(head(sender=eve)).sender == "eve@attacker.example"


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated; owner-email=x@y.example",
        "Precedence: bulk",
        "List-Id: <team.agency.example>",
        "Return-Path: <>",
        "X-Autoreply: yes",
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b",
    ],
)
def test_machines_and_lists(header: str) -> None:
    assert read(head(header)).automatic


@pytest.mark.parametrize("header", ["Auto-Submitted: no", "Return-Path: <jana@agency.example>"])
def test_people(header: str) -> None:
    assert not read(head(header)).automatic


def test_our_own_mails_and_bounces_are_no_peoples() -> None:
    assert read(head(sender="Away <AWAY@agency.example>")).automatic
    assert read(head(sender="MAILER-DAEMON@mx.agency.example")).automatic


def test_the_subject_counts_then_the_first_line_after_a_hello() -> None:
    mail = read(head(body="\r\nHallo zusammen,\r\n\r\nkrank bis Freitag\r\nGrippe"))
    assert mail.lines == ("krank", "krank bis Freitag")


def test_of_a_page_only_what_is_read_counts() -> None:
    page = "<style>p{}</style><title>t</title><div>Hi,</div><p>bin <b>krank</b> &amp; müde<br>x"
    mail = read(head("Content-Type: text/html; charset=utf-8", body=page))
    assert mail.lines[1] == "bin krank & müde"


def test_nobody_uses_up_the_id_of_somebody_elses_mail() -> None:
    assert read(head()).fingerprint != read(head(sender="eve@attacker.example")).fingerprint
    assert read(head()).fingerprint == read(head("X-Again: 1")).fingerprint


def test_neither_words_nor_reason_show_in_a_repr() -> None:
    assert "krank" not in repr(read(head(body="canary")))


@given(st.binary(max_size=2_000))
def test_no_bytes_raise(content: bytes) -> None:
    read(content)


_HEADERS = st.sampled_from(
    ["From", "Subject", "Authentication-Results", "Content-Type", "Message-ID", "Auto-Submitted",
     "Return-Path", "Content-Transfer-Encoding"]
)  # fmt: skip
_VALUES = st.text(st.characters(exclude_characters="\r\n"), max_size=80) | st.sampled_from(
    ["=?x-unknown?Q?=FF?=", "=?utf-8?B?AAA?=", "multipart/mixed; boundary=", "base64", "<", '"',
     "text/html; charset=x", PASS, "a@b@c", "Jana <jana@agency.example>"]
)  # fmt: skip


@given(st.lists(st.tuples(_HEADERS, _VALUES), max_size=8), st.binary(max_size=300))
def test_no_headers_raise(headers: list[tuple[str, str]], body: bytes) -> None:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    read(lines.encode("utf-8", "surrogateescape") + b"\r\n" + body)


def test_a_mail_cut_off_in_an_attachment_is_read() -> None:
    mail = EmailMessage(policy=SMTP)
    mail["From"] = "jana@agency.example"
    mail["Subject"] = "x"
    mail.set_content("krank bis Freitag")
    mail.add_attachment(bytes(500_000), maintype="application", subtype="pdf", filename="a.pdf")
    assert read(mail.as_bytes()[:64_000]).lines == ("x", "krank bis Freitag")
