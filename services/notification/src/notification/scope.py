"""What a reach (`bina.web.permissions`) means over this service's tables: the one place where it becomes rows."""

from uuid import UUID

from bina.web.access import Person
from bina.web.language import gettext as _
from bina.web.problems import Problem

PEOPLE = """(:everything OR (p.agency_code = CAST(:agency AS text)
    AND (CAST(:unit AS uuid) IS NULL OR CAST(:unit AS uuid) = ANY (p.unit_path))))"""
"""SQL over `people p`, with `Reach.parameters`: people of an agency, or of one of its units and below."""


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
