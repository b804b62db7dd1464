"""Requests for approval in the reader's words."""

from typing import NamedTuple

from bina.messaging import clock
from bina.web.access import Person
from bina.web.formats import day, number
from bina.web.language import counted
from bina.web.language import gettext as _
from bina.web.masking import masked_in, nip_for, reads_nip
from bina.web.permissions import reach_of
from enrollment.approvals.store import Listed
from enrollment.catalogue.admission import Approval
from enrollment.enrolments.domain import Awaiting
from enrollment.enrolments.view import span


class Line(NamedTuple):
    """A request as a page shows it; `mine`: this reader's word is what it waits for."""

    row: Listed
    nip: str
    note: str
    when: str
    stage: str
    missed: str
    mine: bool


def line(row: Listed, reader: Person) -> Line:
    """A request as its reader may see it."""
    one = row.awaiting
    nip = nip_for(reader, row.nip, one.asn_id, row.agency_code, row.unit_path)
    when = span(row.starts_on, row.ends_on)
    return Line(row, nip, noted(row, reader), when, stage_words(one), _missed(row), answers(row, reader))


def noted(row: Listed, reader: Person) -> str:
    """What its person wrote, without NIPs for whoever may not read them."""
    note = row.awaiting.note
    whole = reads_nip(reader, row.awaiting.asn_id, row.agency_code, row.unit_path)
    return note if whole else masked_in(note)


def answers(row: Listed, reader: Person) -> bool:
    """Whether a request waits for this reader's word."""
    if reader.person_id == row.awaiting.asn_id:
        return False
    if row.awaiting.stage == "supervisor":
        return reader.person_id is not None and reader.person_id == row.supervisor_id
    return reach_of(reader, "approval.decide").covers_place(row.agency_code, tuple(row.unit_path))


def stage_words(one: Awaiting) -> str:
    """Whose word a request waits for, and until when."""
    if one.stage == "agency":
        return _("Menunggu persetujuan instansi")
    if one.until is None:
        return _("Menunggu persetujuan atasan")
    until = day(one.until.astimezone(clock.ZONE).date())
    return _("Menunggu persetujuan atasan sampai %(day)s") % {"day": until}


def approval_words(approval: Approval) -> str:
    """Whose approval a run asks for; empty for none."""
    words = {
        "": "",
        "supervisor": _("atasan"),
        "agency": _("instansi"),
        "both": _("atasan, lalu instansi"),
    }
    return words[approval]


def _missed(row: Listed) -> str:
    if not row.missed:
        return _("Tidak pernah tercatat mangkir")
    return counted("%(n)s kali tidak hadir di pelatihan sebelumnya", row.missed) % {"n": number(row.missed)}
