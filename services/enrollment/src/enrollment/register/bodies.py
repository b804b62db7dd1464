"""What the register's commands take: up to 1,000 rows a call."""

from datetime import date
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bina.web.text import Code, Line, PlainText
from enrollment.register.domain import Appointment

Nip = Annotated[str, Field(pattern="^[0-9]{18}$", description="18 digits")]
Words = Annotated[PlainText, Field(max_length=300)]
Short = Annotated[PlainText, Field(max_length=64)]
GrantedRole = Literal[
    "asn", "operator", "trainer", "assessor", "evaluator", "head", "bkd", "auditor", "platform"
]
Leaving = Literal["", "pension", "resigned", "contract_over", "moved_out", "deceased", "other", "not_listed"]
LEAVING = frozenset(get_args(Leaving)) - {""}
ROWS = 1000


class Body(BaseModel):
    """Nothing unknown is taken silently."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class AgencyRow(Body):
    """An agency; `uploads` names, per kind of report, the employers it may report for (left out: itself)."""

    code: Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
    name: Line
    uploads: dict[Literal["pegawai", "pendaftaran", "kelulusan"], list[Code]] | None = None
    sandbox: bool | None = Field(
        default=None, description="to try against: its messages are answered and change nothing; for good"
    )


class AgencyRows(Body):
    """Agencies to record; one alone may stand without the list."""

    items: Annotated[list[AgencyRow], Field(min_length=1, max_length=ROWS)]

    @model_validator(mode="before")
    @classmethod
    def _one_alone(cls, data: Any) -> Any:
        return {"items": [data]} if isinstance(data, dict) and "code" in data else data


class UnitRow(Body):
    """A unit; its parent may stand in the same call, in any order."""

    id: UUID
    agency_code: Code
    name: Line
    parent_id: UUID | None = None
    remote: bool = False


class UnitRows(Body):
    """Units to record."""

    items: Annotated[list[UnitRow], Field(min_length=1, max_length=ROWS)]


class AsnRow(Body):
    """A person's whole record. Without `id`: the person of that NIP, or a new one.

    A supervisor is named by id (who may be recorded later) or by NIP (who must be known, or in this call).
    """

    id: UUID | None = None
    nip: Nip
    name: Line
    agency_code: Code
    employment: Literal["PNS", "PPPK"] | None = Field(default=None, description="left out: read from the NIP")
    appointment: Appointment = Field(
        default="", description="CPNS only for PNS, paruh_waktu only for PPPK; left out: as recorded"
    )
    unit_id: UUID | None = None
    position: Words = ""
    position_type: Short = ""
    job_level: Short = ""
    grade: Annotated[PlainText, Field(max_length=16)] = ""
    gender: Literal["L", "P", ""] = ""
    supervisor_id: UUID | None = None
    supervisor_nip: Nip | None = None
    started_on: Annotated[date, Field(ge=date(1900, 1, 1), le=date(2100, 12, 31))] | None = Field(
        default=None, description="TMT: appointment or contract"
    )
    left_on: Annotated[date, Field(ge=date(1900, 1, 1), le=date(2100, 12, 31))] | None = Field(
        default=None,
        description="the first day after service: retired, resigned, contract over; left out: as recorded, null: serves",
    )
    left_reason: Leaving = Field(default="", description="why they left; left out: as recorded for that day")
    contract_ends_on: Annotated[date, Field(ge=date(1900, 1, 1), le=date(2100, 12, 31))] | None = Field(
        default=None,
        description="PPPK: the last day of the contract that began on started_on; left out: open",
    )
    email: Annotated[PlainText, Field(max_length=254)] = ""
    phone: Annotated[PlainText, Field(max_length=20)] = ""
    language: Literal["id", "en"] = "id"


class AsnRows(Body):
    """People to record."""

    items: Annotated[list[AsnRow], Field(min_length=1, max_length=ROWS)]


class RoleRow(Body):
    """A role of a person, in an agency or below one of its units."""

    asn_id: UUID
    role: GrantedRole
    agency_code: Code
    unit_id: UUID | None = None
    shows: Words = Field(default="", description="for a demonstration's visitor: what this person shows")


class RoleRows(Body):
    """Roles to grant."""

    items: Annotated[list[RoleRow], Field(min_length=1, max_length=ROWS)]
