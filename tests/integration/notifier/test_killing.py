"""`kill -9`, a pause and a polite stop of real processes at the worst moment: in mid-sending."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from tests.integration.notifier.conftest import until
from tests.integration.notifier.mail_server import Does, MailServer
from tests.integration.notifier.others import Others, agency, completed, received
from tests.support.engines import Engines
from tests.support.processes import ServiceProcesses
from tests.support.waiting import eventually

Db = Database[dict[str, Any]]
TOM = "tom@agency.example"

pytestmark = pytest.mark.faults


@pytest.fixture
async def processes(
    engines: Engines, topics: str, tmp_path: Path, mail_server: MailServer
) -> AsyncIterator[ServiceProcesses]:
    """Two replicas; the mail server is the test's own. Nothing runs yet."""
    env = {"SMTP_PORT": str(mail_server.port), "SMTP_TIMEOUT_SECONDS": "60"}
    async with ServiceProcesses(engines, topics, tmp_path, replicas=2, env=env) as processes:
        yield processes


async def in_mid_sending(others: Others, mail_server: MailServer, does: Does) -> None:
    """The server has the mail to Tom and has not answered."""
    mail_server.tell(TOM, does)
    await others.say(*agency(), completed(received("tom", "c1:copywriting"), leads=()))
    await eventually(lambda: mail_server.to(TOM))


async def test_a_killed_sender_leaves_an_unknown_outcome_and_no_second_mail(
    processes: ServiceProcesses, others: Others, mail_server: MailServer, database: Db
) -> None:
    await processes.start("notifier")
    await in_mid_sending(others, mail_server, Does.TAKE_AND_BE_SILENT)
    assert database.notifications.count_documents({"state": "sending"}) == 1
    processes["notifier"].kill()

    await processes.start("notifier")
    lost = await until(database, "h1:tom:brief", "unknown")
    assert lost["reason"] == "process_lost"
    await others.say(completed(received("tom", "c1:copywriting"), handover_id="h2", leads=()))
    await until(database, "h2:tom:brief", "sent")
    assert len(mail_server.to(TOM)) == 2
    assert database.notifications.find_one({"_id": "h1:tom:brief"}) == lost


async def test_another_replica_takes_over_from_a_killed_one(
    processes: ServiceProcesses, others: Others, mail_server: MailServer, database: Db
) -> None:
    await processes.start("notifier")
    await in_mid_sending(others, mail_server, Does.TAKE_AND_BE_SILENT)
    await processes.start("notifier-2")
    processes["notifier"].kill()

    await until(database, "h1:tom:brief", "unknown")
    await others.say(completed(received("tom", "c1:copywriting"), handover_id="h2", leads=()))
    await until(database, "h2:tom:brief", "sent")
    assert len(mail_server.to(TOM)) == 2


async def test_what_a_paused_sender_learns_late_ends_the_uncertainty(
    processes: ServiceProcesses, others: Others, mail_server: MailServer, database: Db
) -> None:
    await processes.start("notifier")
    await in_mid_sending(others, mail_server, Does.TAKE_AND_ANSWER_LATE)
    await processes.start("notifier-2")
    processes["notifier"].pause()
    await until(database, "h1:tom:brief", "unknown")

    mail_server.answer_now.set()
    processes["notifier"].resume()
    await until(database, "h1:tom:brief", "sent")
    assert len(mail_server.to(TOM)) == 1


async def test_a_polite_stop_waits_for_the_answer(
    processes: ServiceProcesses, others: Others, mail_server: MailServer, database: Db
) -> None:
    await processes.start("notifier")
    await in_mid_sending(others, mail_server, Does.TAKE_AND_ANSWER_LATE)
    processes["notifier"].signal(signal.SIGTERM)
    mail_server.answer_now.set()
    assert await processes["notifier"].ended() == 0
    await until(database, "h1:tom:brief", "sent")
