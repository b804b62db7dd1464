"""Who takes part in a journey, registered through HTTP as an agency's clerk would."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from bina.web.access import Person
from bina_local.mailbox import Mail
from journeys.agency import AgencySystem
from journeys.running import AGENCIES, Bina, Caller, eventually

_numbers = count(1)


@dataclass(frozen=True)
class Asn:
    """A registered civil servant."""

    asn_id: UUID
    nip: str
    name: str
    email: str
    agency: str

    def person(self, *roles: str) -> Person:
        return Person(self.asn_id, self.name, frozenset({"asn", *roles}), self.agency)


def new_nip() -> str:
    """A plausible NIP that nobody else of the session has."""
    years, serial = divmod(next(_numbers), 900)
    return f"{1980 + years}0417{2008 + years}031{serial + 1:03}"


class World:
    """One journey's agency, its people and its runs."""

    def __init__(self, bina: Bina, agency: str) -> None:
        self.bina = bina
        self.agency = agency
        self.platform = bina.platform
        self.operator = bina.caller(Person(uuid4(), "Operator", frozenset({"operator"}), agency))
        self.system = AgencySystem(bina, agency)

    @classmethod
    async def begin(cls, bina: Bina, agency: str) -> "World":
        world = cls(bina, agency)
        body = {"items": [{"code": agency, "name": AGENCIES[agency]}]}
        await world.platform.post("/enrollment/api/v1/agencies", body)
        return world

    def as_asn(self, asn: Asn, *roles: str) -> Caller:
        return self.bina.caller(asn.person(*roles))

    async def people(
        self,
        names: Sequence[str],
        *,
        supervisor: Asn | None = None,
        with_email: bool = True,
        **columns: Any,
    ) -> list[Asn]:
        """Register people of the agency, in one call."""
        nips = [new_nip() for _ in names]
        rows = [
            {
                "nip": nip,
                "name": name,
                "agency_code": self.agency,
                "email": f"{nip}@bina.example" if with_email else "",
                "supervisor_nip": supervisor.nip if supervisor else None,
                **columns,
            }
            for nip, name in zip(nips, names, strict=True)
        ]
        answer = await self.operator.post("/enrollment/api/v1/asn", {"items": rows})
        return [
            Asn(UUID(answer["ids"][row["nip"]]), row["nip"], row["name"], row["email"], self.agency)
            for row in rows
        ]

    async def programme(self, code: str, name: str, *, jp: int, competency: str = "T5") -> None:
        row = {"code": code, "name": name, "jp": jp, "competencies": [{"code": competency, "level": 1}]}
        await self.operator.post("/enrollment/api/v1/programmes", {"items": [row]})

    async def run(self, code: str, programme: str, **columns: Any) -> UUID:
        """Announce a run of one day, today unless told; gives its id."""
        today = self.bina.today().isoformat()
        row = {"code": code, "programme": programme, "organiser": self.agency, "starts_on": today}
        body = {"items": [{"ends_on": columns.get("starts_on", today), **row, **columns}]}
        answer = await self.operator.post("/enrollment/api/v1/runs", body)
        return UUID(answer["ids"][code])

    async def enrolments(self, run_id: UUID) -> dict[str, dict[str, Any]]:
        """A run's enrolments by NIP."""
        found: dict[str, dict[str, Any]] = {}
        cursor: str | None = None
        while True:
            more = {"cursor": cursor} if cursor else {}
            page = await self.operator.get("/enrollment/api/v1/enrolments", run=run_id, limit=200, **more)
            found |= {row["nip"]: row for row in page["items"]}
            if not (cursor := page["next"]):
                return found

    async def notices(self, asn: Asn, *kinds: str) -> dict[str, list[dict[str, Any]]]:
        """Somebody's notices by kind, once all of the kinds are there; nobody is told one thing twice."""
        caller = self.as_asn(asn)

        async def all_there() -> dict[str, list[dict[str, Any]]] | None:
            found = (await caller.get("/notification/api/v1/notices", limit=200))["notices"]
            told = Counter((notice["kind"], notice["about_id"]) for notice in found)
            assert not [what for what, times in told.items() if times > 1]
            by_kind: dict[str, list[dict[str, Any]]] = {}
            for notice in found:
                by_kind.setdefault(notice["kind"], []).append(notice)
            return by_kind if set(kinds) <= by_kind.keys() else None

        return await eventually(all_there)

    async def mail_of(self, asn: Asn, notice: dict[str, Any]) -> Mail:
        """The mail that carries a notice, once it arrived: its Message-ID names the notice."""

        async def arrived() -> Mail | None:
            mails = self.bina.mails_to(asn.email)
            return next((m for m in mails if notice["notice_id"] in m.header("message-id")), None)

        return await eventually(arrived)

    async def attend(self, run_id: UUID, people: Sequence[Asn], met_on: date | None = None) -> None:
        """The organiser records who was there."""
        enrolled = await self.enrolments(run_id)
        body = {
            "enrollments": [enrolled[asn.nip]["id"] for asn in people],
            "met_on": (met_on or self.bina.today()).isoformat(),
        }
        await self.operator.post("/enrollment/api/v1/attendance", body)
