"""Imports through the machine interface, worked off as due work does."""

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx
from sqlalchemy import text

from .imports.sample_world import world
from .loaded_world import csv

if TYPE_CHECKING:
    from .conftest import Site

API = "/enrollment/api/v1/imports"


@dataclass
class Importing:
    """A site whose agencies upload files."""

    site: "Site"

    async def upload(
        self,
        content: bytes,
        kind: str,
        agency: str,
        *,
        name: str = "berkas.csv",
        key: str = "",
        roles: tuple[str, ...] = ("operator",),
        whose: str = "",
        columns: dict[str, str] | None = None,
        replace: bool = False,
    ) -> httpx.Response:
        query = {"agency": agency, "kind": kind, "name": name}
        if columns:
            query["columns"] = json.dumps(columns)
        if replace:
            query["replace"] = "true"
        async with self.site.client(*roles, person=900, agency=whose or agency) as client:
            headers = {"Idempotency-Key": key or str(uuid4()), "Content-Type": "application/octet-stream"}
            return await client.post(API, params=query, content=content, headers=headers)

    async def does(
        self, what: str, import_id: str, body: dict[str, Any] | None = None, agency: str = "5571"
    ) -> httpx.Response:
        return await self.site.command(
            f"imports/{import_id}/{what}", body or {}, "operator", person=900, agency=agency
        )

    async def gets(self, path: str, agency: str = "5571", *roles: str) -> httpx.Response:
        return await self.site.reads(f"imports/{path}", *(roles or ("operator",)), person=900, agency=agency)

    async def rows(self, import_id: str, agency: str = "5571", **asked) -> list[dict[str, Any]]:
        query = "&".join(f"{name}={value}" for name, value in {"limit": 1000, **asked}.items())
        answer = await self.gets(f"{import_id}/rows?{query}", agency)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    async def works(self, chunks: int = 100) -> None:
        """Do due work, at most so many chunks."""
        for _ in range(chunks):
            if not await self.site.svc.due.run():
                return

    async def applied(self, content: bytes, kind: str, agency: str = "5571", **more) -> dict[str, Any]:
        """Upload, confirm and work off a file."""
        uploaded = await self.upload(content, kind, agency, **more)
        assert uploaded.status_code == 201, uploaded.text
        one = uploaded.json()
        confirmed = await self.does("apply", one["id"], {"plan": one["plan"]}, agency)
        assert confirmed.status_code == 202, confirmed.text
        await self.works()
        return await self.shown(one["id"], agency)

    async def planned(
        self, content: bytes, kind: str, agency: str = "5571", *, replace: bool = False
    ) -> dict[str, Any]:
        """Upload a file: what it would do."""
        answer = await self.upload(content, kind, agency, replace=replace)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def confirmed(self, one: dict[str, Any], **more: int) -> dict[str, Any]:
        """Work a plan off."""
        return await self._done("apply", one["id"], {"plan": one["plan"], **more})

    async def undone(self, one: dict[str, Any]) -> dict[str, Any]:
        """Take an import back."""
        return await self._done("undo", one["id"], {})

    async def _done(self, what: str, import_id: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await self.does(what, import_id, body)
        assert answer.status_code == 202, answer.text
        await self.works()
        return await self.shown(import_id)

    async def shown(self, import_id: str, agency: str = "5571") -> dict[str, Any]:
        answer = await self.gets(import_id, agency)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def scalar(self, sql: str, **values) -> Any:
        async with self.site.svc.sessions() as session:
            return await session.scalar(text(sql), values)

    async def execute(self, sql: str, **values) -> None:
        async with self.site.svc.sessions() as session, session.begin():
            await session.execute(text(sql), values)


CITY = "5571"
PEOPLE = [p["nip"] for p in world()["asn"] if p["agency"] == CITY]
SMALL = "KEU-2026-03"
TAKEN = {e["nip"] for e in world()["enrolments"] if e["run"] == SMALL}
FREE = [nip for nip in PEOPLE if nip not in TAKEN]
PAST = "BTK-2026-05"


def enrolments(*nips: str, run: str = SMALL) -> bytes:
    return csv(("NIP", "Kode Angkatan"), *((nip, run) for nip in nips))


def results(*rows: tuple[str, str, int], run: str = PAST) -> bytes:
    head = ("NIP", "Kode Angkatan", "Status", "Tanggal Selesai", "JP", "Nomor Sertifikat")
    return csv(head, *((nip, run, "Lulus", "2026-10-06", jp, number) for nip, number, jp in rows))


def people(*rows: tuple[str, str, str, str]) -> bytes:
    """NIP, name, position, supervisor."""
    head = ("NIP", "Nama", "Kode Instansi", "Jabatan", "NIP Atasan")
    return csv(head, *((nip, name, CITY, position, above) for nip, name, position, above in rows))


def new_nip(n: int) -> str:
    return f"198703032010011{n:03d}"


async def told(importing: Importing) -> Counter[str]:
    return Counter(type(event).__name__ for event in await importing.site.svc.emitted())


async def states(importing: Importing, run: str = SMALL) -> Counter[str]:
    async with importing.site.svc.sessions() as session:
        rows = await session.execute(
            text("SELECT state FROM enrolments JOIN runs USING (run_id) WHERE run_code = :run"), {"run": run}
        )
        return Counter(row.state for row in rows)
