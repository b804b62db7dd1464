"""A service with commands and readings of its own, whose audit is looked into, sealed, checked and tampered with."""

import contextlib
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID, uuid4

import asyncpg
import httpx
from fastapi import APIRouter, FastAPI, Request, Response
from sqlalchemy import text

from bina.messaging import Runtime, Settings, emit
from bina.messaging.testing import ServiceUnderTest
from bina.web import audit, permissions, tables
from bina.web.access import Person, issue_token
from bina.web.app import create_app
from bina.web.audit import OthersRecords
from bina.web.audit.digests import FIRST, block_hash, entry_of, instant, leaf_of
from bina.web.audit.exporting import records
from bina.web.audit.searching import Found, Sought
from bina.web.audit.searching import find as find_entries
from bina.web.audit.verifying import Finding, Verifier
from bina.web.commands import ApiCommand
from bina.web.live import watch
from bina.web.permissions import may
from bina.web.problems import Problem
from bina.web.tables import Column, Format, Key, Query
from messaging import toy
from messaging.facts import accepted
from web.sample import commands, pages
from web.sample.live import PEOPLE

SECRET = "a secret of the tests, 32 characters"
CLERK = uuid4()
api = APIRouter()


@api.post("/people/{asn_id}")
async def rename(
    asn_id: UUID, body: dict[str, str], _person: Annotated[Person, may("people.record")], command: ApiCommand
) -> Response:
    async def effect(session):
        found = await session.execute(text("SELECT name FROM people WHERE asn_id = :id"), {"id": asn_id})
        before = found.one_or_none()
        await session.execute(
            text("INSERT INTO people VALUES (:id, :name) ON CONFLICT (asn_id) DO UPDATE SET name = :name"),
            {"id": asn_id, "name": body["name"]},
        )
        old = {"name": before.name, "state": "known"} if before else None
        new = {"name": body["name"], "state": "known"}
        audit.changed(session, "person", asn_id, old, new, person=asn_id)
        audit.because(session, body.get("why", ""), person=asn_id)
        audit.on_behalf(session, [asn_id])
        await emit(session, [accepted(asn_id, asn_id)])
        if body["name"] == "refuse":
            raise Problem("refused", 409, "Ditolak.")
        return {"renamed": str(asn_id)}

    return await command.answer(effect)


@api.get("/people/{asn_id}")
async def show(
    asn_id: UUID, _person: Annotated[Person, may("home.read")], reads: OthersRecords
) -> dict[str, str]:
    await reads.of([asn_id], {"agency": "6472"})
    return {"name": "Ratna Dewi"}


@api.get("/people.{form}")
async def people_file(
    request: Request, _person: Annotated[Person, may("home.read")], reads: OthersRecords, form: Format
) -> Response:
    async def note(rows) -> None:
        await reads.of([row.asn_id for row in rows])

    columns = [Column("nama", "Nama", lambda row: row.name, [Key("name", "text")])]
    table = tables.Table("orang", columns, id=Key("asn_id", "uuid"), default="nama")
    return await tables.export(request, table, Query("SELECT asn_id, name FROM people"), form, note)


followed = APIRouter()


@followed.get("/toy/orang")
async def everybody(
    request: Request, _person: Annotated[Person, may("home.read")], reads: OthersRecords
) -> dict[str, list[str]]:
    """A page that renews itself."""
    async with request.app.state.runtime.sessions() as session:
        await watch(request, session, {PEOPLE: ["all"]})
        rows = list(await session.execute(text("SELECT asn_id, name FROM people ORDER BY asn_id")))
    await reads.of([row.asn_id for row in rows])
    return {"names": [row.name for row in rows]}


def app_over(service: ServiceUnderTest, table: permissions.Table) -> FastAPI:
    url = service.engine.url.render_as_string(hide_password=False)
    return create_app(
        Runtime(toy.service, Settings(database_url=url, kafka="127.0.0.1:1", secret=SECRET)),
        title="Contoh",
        api_routers=[api],
        page_routers=[pages.router, commands.forms, followed],
        subjects=[PEOPLE],
        table=table,
    )


def client_of(
    app: FastAPI,
    person: UUID | None = CLERK,
    *roles: str,
    name: str = "Endah Wulandari",
    session_id: UUID | None = None,
) -> httpx.AsyncClient:
    who = Person(person, name, frozenset(roles or ("operator",)), "6472")
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("10.1.2.3", 999))
    cookies = {"bina_session": issue_token(who, SECRET, session_id=session_id)}
    return httpx.AsyncClient(transport=transport, base_url="http://bina.test", cookies=cookies)


class Audited:
    """The service under test and everything that is done to its audit."""

    def __init__(self, app: FastAPI, service: ServiceUnderTest, postgres: Any) -> None:
        self.app = app
        self.service = service
        self._postgres = postgres

    @property
    def name(self) -> str:
        return self.app.state.runtime.service.name

    @property
    def sealer(self):
        return self.app.state.sealer

    async def rename(
        self, asn_id: UUID, new: str, *, why: str = "", key: str = "", name: str = "Endah Wulandari"
    ) -> httpx.Response:
        async with client_of(self.app, name=name) as client:
            return await client.post(
                f"/{self.name}/api/v1/people/{asn_id}",
                json={"name": new, "why": why},
                headers={"Idempotency-Key": key or uuid4().hex, "User-Agent": "Mozilla/5.0 Firefox/140"},
            )

    async def chain(self, *counts: int) -> list[UUID]:
        """Blocks of so many entries; whose they are about."""
        people = []
        for count in counts:
            for number in range(count):
                people.append(uuid4())
                assert (await self.rename(people[-1], f"Pegawai {number}")).is_success
            assert await self.sealer.seal() == count
        return people

    async def entries(self, sought: Sought | None = None) -> list[Found]:
        async with self.app.state.runtime.sessions() as session:
            return list(reversed(await find_entries(session, sought or Sought(), limit=1000)))

    async def verified(self, anchors=()) -> Verifier:
        verifier = Verifier()
        async for record in self.records():
            verifier.take(record)
        verifier.finish(anchors)
        return verifier

    async def findings(self, anchors=()) -> list[Finding]:
        return (await self.verified(anchors)).findings

    def records(self) -> AsyncIterator[dict[str, Any]]:
        async def fetch(sql, *values):
            async with self.app.state.runtime.sessions() as session:
                return await session.fetch(sql, *values)

        return records(fetch, self.name)

    async def anchors(self) -> list[tuple[int, str]]:
        """What was told of the chain."""
        rows = await self.service.rows(
            """SELECT convert_from(value, 'UTF8')::jsonb AS told FROM messaging.outbox
            WHERE type = 'audit.sealed.v1' ORDER BY id"""
        )
        told = [json.loads(row.told) if isinstance(row.told, str) else row.told for row in rows]
        return [(one["number"], one["hash"]) for one in told]

    async def superuser(self) -> asyncpg.Connection:
        return await self._postgres.connect(self.service.engine.url.database)

    async def attacker(self) -> asyncpg.Connection:
        """Somebody with every right on the database, whom no trigger stops."""
        connection = await self.superuser()
        await connection.execute("SET session_replication_role = replica")
        return connection

    async def tamper(self, *statements: str) -> None:
        connection = await self.attacker()
        try:
            for statement in statements:
                done = await connection.execute(statement)
                assert not done.endswith(" 0"), f"changed nothing: {statement}"
        finally:
            await connection.close()

    @contextlib.asynccontextmanager
    async def without_marks(self) -> AsyncIterator[None]:
        """No entry can be written for a while."""
        await self._alter("ALTER TABLE audit.unsealed RENAME TO elsewhere")
        try:
            yield
        finally:
            await self._alter("ALTER TABLE audit.elsewhere RENAME TO unsealed")

    async def _alter(self, statement: str) -> None:
        connection = await self.attacker()
        await connection.execute(statement)
        await connection.close()

    async def rebuild(self) -> None:
        """Make the whole chain anew over the entries as they are now: every hash fits every other."""
        connection = await self.attacker()
        previous = FIRST
        for block in await connection.fetch("SELECT * FROM audit.blocks ORDER BY number"):
            rows = await connection.fetch(
                "SELECT * FROM audit.entries WHERE id = ANY ($1) ORDER BY id", block["entries"]
            )
            ids, leaves = [row["id"] for row in rows], b"".join(leaf_of(entry_of(row)) for row in rows)
            digest = block_hash(block["number"], instant(block["sealed_at"]), ids, leaves, previous)
            await connection.execute(
                "UPDATE audit.blocks SET entries = $2, leaves = $3, previous = $4, hash = $5 WHERE number = $1",
                *(block["number"], ids, leaves, previous, digest),
            )
            previous = digest
        await connection.close()
