"""Couriers on a real mail server, and what they have to send."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from uuid import UUID

import pytest_asyncio
from sqlalchemy import text

from bina.messaging import clock
from bina.messaging.testing import ServiceUnderTest
from notification.deliveries.courier import Courier
from notification.settings import NotificationSettings

from . import story as facts
from .smtp import Server, serving
from .story import START, at

SECRET = "x" * 32


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Server]:
    async with serving() as server:
        yield server


@pytest_asyncio.fixture
async def courier(notification: ServiceUnderTest, server: Server) -> AsyncIterator[Courier]:
    async with a_life(notification, server) as courier:
        yield courier


def a_life(service: ServiceUnderTest, server: Server, worker: int = 0) -> "aclosing[Courier]":
    """A courier as another process would have it; it ends with its `with`."""
    settings = settings_of(service, server).model_copy(update={"worker": worker})
    return aclosing(Courier(service.runtime(settings)))


def settings_of(service: ServiceUnderTest, server: Server) -> NotificationSettings:
    return NotificationSettings(
        database_url=service.engine.url.render_as_string(hide_password=False),
        kafka="127.0.0.1:1",
        secret=SECRET,
        public_url="https://bina.example.go.id/",
        smtp_host="127.0.0.1",
        smtp_port=server.port,
        smtp_timeout_seconds=5,
        mail_tries=3,
        mail_retry_seconds=0,
    )


async def enrolled(service: ServiceUnderTest, *emails: str) -> list[UUID]:
    """People with contacts, each accepted to a run: one notice each."""
    training = facts.run()
    people = [facts.person(name=f"Peserta {n}") for n in range(len(emails))]
    # business time stands where the facts were told
    clock.move(START - clock.now() + clock.offset())
    await service.receives(
        at(training),
        *(at(p) for p in people),
        *(at(facts.contact(p.asn_id, email)) for p, email in zip(people, emails, strict=True) if email),
        *(at(facts.accepted(training.run_id, p.asn_id)) for p in people),
    )
    return [p.asn_id for p in people]


async def states(service: ServiceUnderTest) -> dict[UUID, tuple[str, int, str]]:
    rows = await service.rows("SELECT * FROM deliveries")
    return {row.recipient_id: (row.state, row.attempts, row.reason_code) for row in rows}


async def only(service: ServiceUnderTest, asn_id: UUID) -> None:
    await run(service, "UPDATE deliveries SET not_before = 'infinity' WHERE recipient_id <> :id", id=asn_id)


async def everyone(service: ServiceUnderTest) -> None:
    await run(service, "UPDATE deliveries SET not_before = '-infinity'")


async def run(service: ServiceUnderTest, sql: str, **values: object) -> None:
    async with service.sessions() as session, session.begin():
        await session.execute(text(sql), values)


async def amid_a_mail(courier: Courier, server: Server) -> tuple["asyncio.Task[object]", asyncio.Event]:
    """A courier that sends and waits for the answer to a mail, until the event is set."""
    server.pauses = [answer := asyncio.Event()]
    sending = asyncio.create_task(courier.run_once())
    await asyncio.wait_for(server.arrived.wait(), 60)
    return sending, answer
