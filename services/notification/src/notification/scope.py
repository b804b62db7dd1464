"""Whose notices somebody may see: the one place that says so, closed unless it names an agency."""

from dataclasses import dataclass
from uuid import UUID

from bina.web.access import Person
from bina.web.language import gettext as _
from bina.web.problems import Problem

SCOPED = """(:everything OR (p.agency_code = CAST(:agency AS text)
    AND (CAST(:unit AS uuid) IS NULL OR CAST(:unit AS uuid) = ANY (p.unit_path))))"""
"""SQL over `people p`, with the parameters of `Scope.parameters`."""
STAFF = ("operator", "bkd", "platform")


@dataclass(frozen=True, slots=True)
class Scope:
    """Everybody, or an agency's people, or those of one of its units and below."""

    everything: bool
    agency: str | None
    unit: UUID | None

    @property
    def parameters(self) -> dict[str, object]:
        """What `SCOPED` is filled with."""
        return {"everything": self.everything, "agency": self.agency, "unit": self.unit}


def scope_of(person: Person) -> Scope:
    """What a member of staff may see; 403 for staff of no agency."""
    if person.may("platform"):
        return Scope(everything=True, agency=None, unit=None)
    if not person.may(*STAFF) or not person.agency_code:
        raise Problem(
            "forbidden",
            403,
            _("Data ini di luar wewenang Anda."),
            mend=_("Bila seharusnya boleh, mintalah peran ini kepada pengelola di BKPSDM."),
        )
    return Scope(everything=False, agency=person.agency_code, unit=person.unit_id)


def own_id(person: Person) -> UUID:
    """Whose inbox it is; machines have none."""
    if person.person_id is None:
        raise Problem(
            "no-inbox",
            403,
            _("Kotak masuk hanya ada untuk orang."),
            mend=_("Masuk dengan akun pegawai."),
        )
    return person.person_id
