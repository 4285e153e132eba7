"""Why somebody is away is encrypted in the database, and stays readable when keys change."""

from __future__ import annotations

from typing import Any

import bson
import pytest
from cryptography.fernet import Fernet
from fastapi import FastAPI
from prometheus_client import REGISTRY

from services.scheduler.absences.domain import Absence, Kind, Reason
from services.scheduler.absences.keyring import KeyRing
from services.scheduler.absences.rotation import Rotation
from services.scheduler.absences.store import Absences
from services.scheduler.absences.usecases import Report, report_absence
from services.scheduler.metrics import measure_reasons
from shared.mongo import Document
from shared.service import Service
from tests.integration.scheduler.agency import LENA, Agency, As, TestClock
from tests.support.engines import ABSENCE_KEYS

NEWER = Fernet.generate_key().decode()
FOREIGN = Fernet.generate_key().decode()


@pytest.fixture
async def absence(agency: Agency) -> Absence:
    member = await agency.member("Jana")
    call = Report(None, None, None, Reason(Kind.SICK, "canary-3f9a"))
    absence, _ = await agency.do(
        lambda tx: report_absence(tx, agency.desk, LENA, member.id, call, agency.now)
    )
    return absence


async def stored(agency: Agency, absence: Absence) -> Document:
    row = await agency.service.mongo.collection("absences").find_one({"_id": absence.id})
    assert row is not None
    return row


def measured(name: str) -> float | None:
    return REGISTRY.get_sample_value(f"understudy_reasons_{name}")


async def rotate(service: Service, *keys: str) -> Absences:
    """As a scheduler that was started with these keys; returns what reads with them."""
    absences = Absences(service.mongo, KeyRing(keys))
    rotation = Rotation([absences.reasons], service.outbox, service.clock)
    while await rotation.work():
        pass
    await measure_reasons([absences.reasons])()
    return absences


async def test_the_database_tells_neither_kind_nor_note(agency: Agency, absence: Absence) -> None:
    raw = bson.encode(await stored(agency, absence))

    assert absence.member_id.encode() in raw  # it would be found
    assert b"canary" not in raw
    assert b"sick" not in raw
    assert await agency.desk.absences.reasons.get(absence.id) == Reason(Kind.SICK, "canary-3f9a")


@pytest.mark.parametrize(
    ("changes", "after"),
    [
        ({"kind": "other"}, Reason(Kind.OTHER, "canary-3f9a")),
        ({"note": ""}, Reason(Kind.SICK, "")),
        ({"kind": "holiday", "note": "Sylt"}, Reason(Kind.HOLIDAY, "Sylt")),
        ({}, Reason(Kind.SICK, "canary-3f9a")),
    ],
)
async def test_what_is_not_sent_stays(
    agency: Agency, absence: Absence, ask: As, changes: dict[str, Any], after: Reason
) -> None:
    body = {"starts_at": absence.starts_at.isoformat(), **changes}
    answer = await ask(LENA).put(
        f"/api/v1/absences/{absence.id}", json=body, headers={"If-Match": '"1"'}
    )

    assert answer.status_code == 200, answer.text
    assert await agency.desk.absences.reasons.get(absence.id) == after


async def test_with_a_newer_key_everything_is_encrypted_anew(
    agency: Agency, absence: Absence, service: Service
) -> None:
    await rotate(service, ABSENCE_KEYS, NEWER)  # first every replica must be able to read it
    assert (measured("outdated"), measured("unreadable")) == (0, 0)

    absences = await rotate(service, NEWER, ABSENCE_KEYS)

    assert (await stored(agency, absence))["reason"]["key"] == KeyRing([NEWER]).newest
    assert (measured("outdated"), measured("unreadable")) == (0, 0)
    assert await absences.reasons.get(absence.id) == Reason(Kind.SICK, "canary-3f9a")
    without_the_older = Absences(service.mongo, KeyRing([NEWER]))
    assert await without_the_older.reasons.get(absence.id) == Reason(Kind.SICK, "canary-3f9a")


async def test_what_an_earlier_version_stored_plainly_is_encrypted(
    agency: Agency, absence: Absence, service: Service
) -> None:
    plain = {"reason": {"kind": "training", "note": "canary-3f9a"}}
    await service.mongo.collection("absences").update_one({"_id": absence.id}, {"$set": plain})
    assert await agency.desk.absences.reasons.get(absence.id) == Reason(
        Kind.TRAINING, "canary-3f9a"
    )

    await rotate(service, ABSENCE_KEYS)

    assert b"canary" not in bson.encode(await stored(agency, absence))
    assert await agency.desk.absences.reasons.get(absence.id) == Reason(
        Kind.TRAINING, "canary-3f9a"
    )


async def test_it_looks_again_for_what_a_replica_wrote_that_did_not_know_the_newest_key(
    absence: Absence, service: Service, clock: TestClock
) -> None:
    absences = Absences(service.mongo, KeyRing([NEWER, ABSENCE_KEYS]))
    rotation = Rotation([absences.reasons], service.outbox, clock)
    while await rotation.work():
        pass
    late = Absences(service.mongo, KeyRing([ABSENCE_KEYS]))
    await service.outbox.transaction(
        lambda tx: late.reasons.put(tx, absence.id, Reason(Kind.OTHER, "late"))
    )

    assert not await rotation.work()
    clock.advance(minutes=1)
    assert await rotation.work()
    assert await absences.reasons.count_outdated() == 0
    assert await absences.reasons.get(absence.id) == Reason(Kind.OTHER, "late")


async def test_a_missing_key_hides_the_reason_alone_and_is_told(
    app: FastAPI, absence: Absence, service: Service, ask: As
) -> None:
    foreign = Absences(service.mongo, KeyRing([FOREIGN]))
    await service.outbox.transaction(
        lambda tx: foreign.reasons.put(tx, absence.id, Reason(Kind.SICK, "canary-3f9a"))
    )
    await rotate(service, ABSENCE_KEYS)
    assert (measured("outdated"), measured("unreadable")) == (0, 1)

    lena = ask(LENA)
    answer = await lena.get(f"/api/v1/absences/{absence.id}")
    assert (answer.status_code, answer.json()["code"]) == (503, "reason_unreadable")
    page = await lena.get(f"/absences/{absence.id}", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert "Why somebody is away cannot be read" in page.text
    body = {"starts_at": absence.starts_at.isoformat(), "note": "half of it"}
    half = await lena.put(f"/api/v1/absences/{absence.id}", json=body, headers={"If-Match": '"1"'})
    assert (half.status_code, half.json()["code"]) == (503, "reason_unreadable")
    ended = await lena.post(f"/api/v1/absences/{absence.id}/cancel", json={})
    assert ended.status_code == 200, ended.text


async def test_a_broken_token_holds_up_no_other(
    agency: Agency, absence: Absence, service: Service
) -> None:
    older = KeyRing([ABSENCE_KEYS]).newest
    await service.mongo.collection("absences").insert_one(
        {"_id": "0", "reason": {"token": b"broken", "key": older}}
    )

    await rotate(service, NEWER, ABSENCE_KEYS)

    assert (await stored(agency, absence))["reason"]["key"] == KeyRing([NEWER]).newest
    assert measured("outdated") == 1
